//! tsudoi-tests.
