//! sync-core.
