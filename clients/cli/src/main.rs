//! tsudoi.
fn main() {}
