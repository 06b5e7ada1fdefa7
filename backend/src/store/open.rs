//! Opening a database, with what has to hold before anything is written.
//!
//! Only who brings a schema up to date may make a database or change its schema, and on SQLite only one such process works
//! on a file. All others find a database of exactly the known schema, or are told what to do. An SQLite file that nobody
//! serves is checked first, without writing: a log left beside it by another file would be written into it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::postgres::PostgresStore;
use super::sqlite::{Hold, SqliteStore, check, may_be_database};
use super::{Store, StoreError, is_url};

/// How long a process that serves may take to end before another is told to give up.
const HANDOVER: Duration = Duration::from_secs(30);

/// What is meant to be done with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Make what is missing, bring the schema to this version, and work with it.
    Upgrade,
    /// Work with what is there.
    Use,
}

/// How a schema stands to the one this binary knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The same.
    Same,
    /// Of an earlier version.
    Older,
    /// Of a later version.
    Newer,
    /// None.
    Empty,
}

/// Numbers a store is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// SQLite: connections that read.
    pub readers: u32,
    /// PostgreSQL: connections.
    pub connections: u32,
    /// How long a statement may be silent.
    pub answer: Duration,
    /// SQLite: how long a file is checked.
    pub check: Duration,
}

/// Why a database is not opened, and what to do, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no database {}: check the name, or make a new one with `tsudoi-server migrate`", .0.display())]
    Missing(PathBuf),
    /// The file or its folder cannot be used.
    #[error("cannot open the database {}: {cause}; check that its folder is there and may be written", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The file is not what was written last.
    #[error(
        "the database {0} is damaged: {finding}. Nothing was changed. If a backup has just been put in its place, remove \
         {0}-wal and {0}-shm, which belong to the file before, put the backup there again, and start; else restore a backup",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        finding: String,
    },
    /// Another process brings it up to date or serves.
    #[error(
        "another tsudoi-server works on {} and has not ended within {} s; stop it first",
        .0.display(), HANDOVER.as_secs()
    )]
    Held(PathBuf),
    /// It holds no tables of this program.
    #[error("{0} holds no records of Tsudoi yet: check the name, or prepare it with `tsudoi-server migrate`")]
    Empty(String),
    /// An earlier version made it.
    #[error(
        "{0} was made by an older version of tsudoi-server: stop its servers, make a backup, and run `tsudoi-server migrate`"
    )]
    Older(String),
    /// A later version made it.
    #[error("{0} was made by a newer version than this tsudoi-server ({version}): use that one", version = env!("CARGO_PKG_VERSION"))]
    Newer(String),
    /// The store failed.
    #[error("{database}: {source}")]
    Store {
        /// The database, without its password.
        database: String,
        /// Why.
        source: StoreError,
    },
}

/// Opens a URL of PostgreSQL, or else an SQLite file.
pub async fn open(database: &str, limits: Limits, purpose: Purpose) -> Result<Arc<dyn Store>, OpenError> {
    let failed = |source| OpenError::Store { database: shown(database), source };
    let store: Arc<dyn Store> = if is_url(database) {
        Arc::new(PostgresStore::open_within(database, limits.connections, limits.answer).await.map_err(failed)?)
    } else {
        Arc::new(file(Path::new(database), limits, purpose).await?)
    };
    match (store.schema().await.map_err(failed)?, purpose) {
        (Schema::Newer, _) => Err(OpenError::Newer(shown(database))),
        (_, Purpose::Upgrade) => store.migrate().await.map_err(failed),
        (Schema::Same, Purpose::Use) => Ok(()),
        (Schema::Older, Purpose::Use) => Err(OpenError::Older(shown(database))),
        (Schema::Empty, Purpose::Use) => Err(OpenError::Empty(shown(database))),
    }?;
    Ok(store)
}

async fn file(path: &Path, limits: Limits, purpose: Purpose) -> Result<SqliteStore, OpenError> {
    let there = path.try_exists().map_err(|error| unreadable(path, error))?;
    if !there && purpose == Purpose::Use {
        return Err(OpenError::Missing(path.to_owned()));
    }
    if there {
        may_be_database(path, purpose == Purpose::Upgrade)?;
    }
    let held = match purpose {
        Purpose::Upgrade => Some(hold(path).await?),
        Purpose::Use => Hold::take(path).map_err(|error| unreadable(path, error))?,
    };
    if there && held.is_some() {
        check(path, limits.check).await?;
    }
    let opened = SqliteStore::open(path, limits.readers).await;
    let store = opened.map_err(|error| {
        unreadable(path, std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string))
    })?;
    let store = store.within(limits.answer);
    Ok(match purpose {
        Purpose::Upgrade => store.held(held),
        Purpose::Use => store,
    })
}

/// The file for this process alone, once another has let go of it.
async fn hold(path: &Path) -> Result<Hold, OpenError> {
    let mut told = false;
    let until = tokio::time::Instant::now() + HANDOVER;
    loop {
        if let Some(held) = Hold::take(path).map_err(|error| unreadable(path, error))? {
            return Ok(held);
        }
        if tokio::time::Instant::now() > until {
            return Err(OpenError::Held(path.to_owned()));
        }
        if !told {
            tracing::warn!(database = %path.display(), "waiting until another tsudoi-server has ended");
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn unreadable(path: &Path, cause: impl std::fmt::Display) -> OpenError {
    OpenError::Unreadable { path: path.to_owned(), cause: cause.to_string() }
}

/// The database without its password.
pub fn shown(database: &str) -> String {
    match database.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?))) {
        Some((scheme, (login, rest))) if is_url(database) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{rest}")
        }
        _ => database.to_owned(),
    }
}
