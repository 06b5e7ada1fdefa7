//! tsudoi-server.
