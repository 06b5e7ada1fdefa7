//! What scenarios stand on.
