//! The parts of synchronisation that know nothing of what is recorded: what waits to be sent, where the device stands
//! in each scope, when to talk to the server, and how much at a time.
//!
//! Invariants: a change is sent only once it is durable here; it leaves the outbox only when the server names it; a
//! cursor moves only in the same transaction as the documents it passed.
//! Deliberately absent: documents (`document`), their meaning (`domain`), and any input or output: `tablet` drives
//! these parts, and its host stores and sends.

mod backoff;
mod outbox;
mod parts;
mod schedule;
mod size;
mod standing;

pub use backoff::{Chance, delay_ms};
pub use outbox::{Outbox, Queued, Settled};
pub use parts::{Added, Parts};
pub use schedule::Schedule;
pub use size::Sizes;
pub use standing::{Own, Standing, Standings, Taken};
