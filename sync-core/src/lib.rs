//! The part of Tsudoi that decides, the same on the server, on a tablet and in a script.

pub mod digest;
pub mod document;
pub mod domain;
pub mod figures;
pub mod gate;
pub mod ids;
pub mod sync;
pub mod tablet;
pub mod text;
pub mod time;
pub mod wire;
