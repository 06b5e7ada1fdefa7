//! tsudoi-wasm.
