//! The tablet's rows in one file: five tables of bytes under text keys, as the core asks for them.
//!
//! Invariants: everything of one call to [`Disk::write`] is in one transaction, durable (fsync) when the call returns;
//! a process killed at any moment leaves the last whole transaction. One process at a time holds the file.

use std::path::{Path, PathBuf};

use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use sync_core::tablet::{Row, Table, Write};

use crate::error::CliError;

type Definition = TableDefinition<'static, &'static str, &'static [u8]>;

const TABLES: [(Table, Definition); 5] = [
    (Table::Document, TableDefinition::new("document")),
    (Table::Outbox, TableDefinition::new("outbox")),
    (Table::Intent, TableDefinition::new("intent")),
    (Table::Scope, TableDefinition::new("scope")),
    (Table::Meta, TableDefinition::new("meta")),
];

/// See the module page.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    database: Database,
}

impl Disk {
    /// Opens the file, making it when there is none.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let failed = |error: redb::Error| CliError::Disk { path: path.display().to_string(), cause: error.to_string() };
        if !path.exists() {
            make(path).map_err(failed)?;
        }
        let database = Database::create(path).map_err(|error| failed(error.into()))?;
        Ok(Self { path: path.to_owned(), database })
    }

    /// Every row.
    pub fn rows(&self) -> Result<Vec<Row>, CliError> {
        self.read().map_err(|error| self.failed(&error))
    }

    /// Stores all writes in one durable transaction.
    pub fn write(&self, writes: &[Write]) -> Result<(), CliError> {
        self.store(writes).map_err(|error| self.failed(&error))
    }

    fn read(&self) -> Result<Vec<Row>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let mut rows = Vec::new();
        for (table, definition) in TABLES {
            let opened = match transaction.open_table(definition) {
                Ok(opened) => opened,
                Err(redb::TableError::TableDoesNotExist(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            for row in opened.iter()? {
                let (key, value) = row?;
                rows.push(Row { table, key: key.value().to_owned(), value: value.value().to_vec() });
            }
        }
        Ok(rows)
    }

    fn store(&self, writes: &[Write]) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        for (table, definition) in TABLES {
            let mut of_table = writes.iter().filter(|write| write.table == table).peekable();
            if of_table.peek().is_none() {
                continue;
            }
            let mut opened = transaction.open_table(definition)?;
            for write in of_table {
                match &write.value {
                    Some(value) => opened.insert(write.key.as_str(), value.as_slice())?,
                    None => opened.remove(write.key.as_str())?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn failed(&self, error: &redb::Error) -> CliError {
        CliError::Disk { path: self.path.display().to_string(), cause: error.to_string() }
    }
}

/// Makes an empty file under another name first: a process killed meanwhile leaves no half-made store under this one.
fn make(path: &Path) -> Result<(), redb::Error> {
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    drop(Database::create(&new)?);
    std::fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_left_half_made_by_a_killed_process_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        std::fs::write(folder.path().join("store.new"), [0; 100]).unwrap();
        assert_eq!(Disk::open(&path).unwrap().rows().unwrap(), []);
    }

    fn write(table: Table, key: &str, value: Option<&[u8]>) -> Write {
        Write { table, key: key.to_owned(), value: value.map(<[u8]>::to_vec) }
    }

    #[test]
    fn rows_come_back_after_reopening_and_deleted_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let disk = Disk::open(&path).unwrap();
        assert_eq!(disk.rows().unwrap(), []);
        disk.write(&[write(Table::Intent, "1", Some(b"a")), write(Table::Outbox, "1", Some(b"b"))]).unwrap();
        disk.write(&[write(Table::Intent, "1", None), write(Table::Meta, "1", Some(b"c"))]).unwrap();
        drop(disk);
        let rows = Disk::open(&path).unwrap().rows().unwrap();
        let keys: Vec<(Table, Vec<u8>)> = rows.into_iter().map(|row| (row.table, row.value)).collect();
        assert_eq!(keys, [(Table::Outbox, b"b".to_vec()), (Table::Meta, b"c".to_vec())]);
    }

    #[test]
    fn a_store_in_use_is_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let _held = Disk::open(&path).unwrap();
        assert!(Disk::open(&path).unwrap_err().to_string().contains("別の tsudoi"));
    }
}
