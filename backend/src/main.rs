//! The binary `tsudoi-server`: hands its arguments to the library and maps the outcome to an exit code.

use std::process::ExitCode;

/// Documents are many small pieces of memory, made on one thread and given back on another. The system's allocator took
/// a fifth of the gate's time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // each time the allocator takes memory back into use, the system would clear a whole huge page for a small document;
    // where this cannot be said, the server is slower and larger
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_thp_disable(true);
    tsudoi_server::commands::run()
}
