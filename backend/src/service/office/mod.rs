//! Use cases of the office console.
