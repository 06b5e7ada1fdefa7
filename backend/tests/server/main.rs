//! The server's tests, in one binary: the store contract, every endpoint in process, and what must never happen.

mod http_identity;
mod http_other;
mod http_sync;
mod store_contract;
mod support;
