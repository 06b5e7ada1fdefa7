//! The binary `tsudoi-server`: hands its arguments to the library and maps the outcome to an exit code.

use std::process::ExitCode;

/// Documents are many small pieces of memory, made on one thread and given back on another. The system's allocator took
/// a fifth of the gate's time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tsudoi_server::commands::run()
}
