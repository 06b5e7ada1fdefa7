//! A PostgreSQL cluster of a test's own. Without PostgreSQL the test fails.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tsudoi::bench::cluster;

/// A running cluster. Dropping it, or ending the process, stops it and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    cluster: cluster::Cluster,
    databases: AtomicU32,
}

impl Cluster {
    /// A new cluster. It survives no loss of power, which makes it quick.
    pub fn start() -> Self {
        let settings = ["fsync=off", "full_page_writes=off", "shared_buffers=64MB"];
        Self { cluster: cluster::Cluster::start(&settings).unwrap(), databases: AtomicU32::new(0) }
    }

    /// A new empty database: its URL.
    pub fn database(&self) -> String {
        self.cluster.database(&format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed))).unwrap()
    }

    /// Runs statements in a database as the owner of the cluster; what they print, bare.
    pub fn sql(&self, database: &str, text: &str) -> String {
        self.cluster.sql(database, text).unwrap()
    }

    /// One of PostgreSQL's programs, set to reach this cluster.
    pub fn program(&self, name: &str) -> Command {
        self.cluster.program(name)
    }
}
