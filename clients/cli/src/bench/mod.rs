//! bench
use crate::args::BenchSyncDay;
use crate::error::CliError;
/// run
pub fn run(_args: &BenchSyncDay) -> Result<(), CliError> { Ok(()) }
