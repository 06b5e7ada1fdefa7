//! Scenarios across the parts: the real server as a process, several tablets, and what must never be lost.

mod apart;
mod case;
mod crash;
mod hostile;
