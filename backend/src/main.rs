//! The binary `tsudoi-server`: hands its arguments to the library and maps the outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    tsudoi_server::commands::run()
}
