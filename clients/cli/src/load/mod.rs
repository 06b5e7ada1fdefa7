//! Enters wanted records the way people would: three tablets record their shares apart, then send them in turns.
//!
//! Invariants: only the sync path and the registry endpoints are used; a tablet records only what the record does not
//! say yet, so loading again, after a crash, or from another machine adds nothing.

mod crew;
mod registrar;
mod share;

pub use crew::{Crew, Loaded};
pub use registrar::Registrar;
