//! Skipping what is up to date: a step's inputs are fingerprinted by path, size and time of change.
//!
//! The fingerprint is written only after the step succeeded, so an interrupted step runs again.

use crate::failure::Result;
use crate::house::House;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The inputs and outputs of one step.
pub struct Stamp {
    file: PathBuf,
    inputs: Vec<PathBuf>,
    outputs: Vec<PathBuf>,
}

impl Stamp {
    /// Folders among the inputs stand for every file below them except `node_modules`, `dist` and `target`.
    pub fn new(house: &House, name: &str, inputs: &[PathBuf], outputs: &[PathBuf]) -> Self {
        Self { file: house.target.join("xtask").join(name), inputs: inputs.to_vec(), outputs: outputs.to_vec() }
    }

    /// True when the outputs exist and the inputs are those of the last success.
    pub fn is_fresh(&self) -> bool {
        self.outputs.iter().all(|path| path.exists())
            && fs::read_to_string(&self.file).is_ok_and(|last| self.fingerprint().is_ok_and(|now| now == last))
    }

    /// Remembers the inputs as they are now.
    pub fn write(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(&self.file, self.fingerprint()?)?)
    }

    fn fingerprint(&self) -> Result<String> {
        let mut text = String::new();
        for input in &self.inputs {
            collect(input, &mut text)?;
        }
        Ok(text)
    }
}

fn collect(path: &Path, text: &mut String) -> Result<()> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    if metadata.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        for entry in entries {
            let skipped =
                entry.file_name().is_some_and(|name| name == "node_modules" || name == "dist" || name == "target");
            if !skipped {
                collect(&entry, text)?;
            }
        }
    } else {
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_nanos());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {} {changed}", path.display(), metadata.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::collect;
    use std::fs;

    #[test]
    fn a_changed_file_changes_the_fingerprint_and_a_package_folder_does_not() {
        let folder = std::env::temp_dir().join(format!("tsudoi-stamp-{}", std::process::id()));
        fs::create_dir_all(folder.join("node_modules")).unwrap();
        fs::write(folder.join("a"), "1").unwrap();
        let print = || {
            let mut text = String::new();
            collect(&folder, &mut text).unwrap();
            text
        };
        let first = print();
        fs::write(folder.join("node_modules/b"), "2").unwrap();
        assert_eq!(print(), first);
        fs::write(folder.join("a"), "12").unwrap();
        assert_ne!(print(), first);
        fs::remove_dir_all(&folder).unwrap();
    }
}
