//! Running other programs: shown as they run, or quiet with their output kept for the error.

use crate::failure::{Context as _, Failure, Result};
use std::process::{Command, Stdio};

/// The command as a person would type it, for messages.
pub fn shown(command: &Command) -> String {
    let mut words = vec![
        std::path::Path::new(command.get_program())
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs to the end with its output on the terminal. Never reads the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let text = shown(command);
    let status = command.stdin(Stdio::null()).status().context(|| format!("`{text}` did not start"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{text}` ended with {status}"))) }
}

/// Runs to the end and returns what it printed; its error output becomes the failure's words.
pub fn read(command: &mut Command) -> Result<String> {
    let text = shown(command);
    let output = command.stdin(Stdio::null()).output().context(|| format!("`{text}` did not start"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.is_empty() {
        said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }
    Err(Failure::new(format!("`{text}` ended with {}\n{said}", output.status)))
}

/// Whether a program of this name can be found.
pub fn found(program: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}
