//! Answers every request for randomness with the same bytes.
//!
//! Automerge names a writer at random whenever a document is made or loaded, before the core sets the device's own.
//! The name is never used: a change under it would be refused by the gate, since it belongs to no device.

#![expect(unsafe_code, reason = "the linker finds the source of randomness by a symbol, and passes raw memory")]

/// The source of randomness that `getrandom` links to.
///
/// # Safety
/// `destination` must be valid for writes of `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(destination: *mut u8, length: usize) -> Result<(), getrandom::Error> {
    // SAFETY: getrandom passes memory of exactly this length.
    unsafe { destination.write_bytes(0, length) };
    Ok(())
}
