//! The server's tests, in one binary: every endpoint in process, and what must never happen.

#[cfg(test)]
mod http_identity;
#[cfg(test)]
mod http_other;
#[cfg(test)]
mod http_sync;
#[cfg(test)]
mod pressure;
#[cfg(test)]
mod support;
