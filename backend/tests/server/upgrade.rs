//! A database of an earlier release, full of records: migrated by this binary it holds everything it held, and its figures
//! are those of today's rules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use sync_core::document::Document;
use sync_core::domain::vocabulary::Group;
use sync_core::domain::{Facts, facts};
use sync_core::ids::DocumentId;
use sync_core::wire::Outcome;
use tsudoi_server::config::Config;
use tsudoi_server::service::access::{Caller, Role};
use tsudoi_server::service::{purge, verify};
use tsudoi_server::store::Store;
use tsudoi_server::store::postgres::PostgresStore;
use tsudoi_server::store::sqlite::SqliteStore;
use tsudoi_tests::Cluster;

use crate::figures::{all_say_the_same, records};
use crate::support::{HONJO, Server, document_id, outcomes, server_on};

/// The last step of the schema in the release before figures had one set of rules.
const EARLIER: i64 = 202_611_281_020;
const SEED: u64 = 12;

/// A database, by whatever driver.
enum Raw {
    Lite(SqliteConnection),
    Pg(PgConnection),
}

impl Raw {
    async fn run(&mut self, text: &str) {
        let text = AssertSqlSafe(text.to_owned());
        match self {
            Self::Lite(lite) => drop(lite.execute(sqlx::raw_sql(text)).await.unwrap()),
            Self::Pg(pg) => drop(pg.execute(sqlx::raw_sql(text)).await.unwrap()),
        }
    }

    /// The one column of text that a question is answered with.
    async fn list(&mut self, text: &str) -> Vec<String> {
        let text = AssertSqlSafe(text.to_owned());
        match self {
            Self::Lite(lite) => sqlx::query_scalar(text).fetch_all(lite).await.unwrap(),
            Self::Pg(pg) => sqlx::query_scalar(text).fetch_all(pg).await.unwrap(),
        }
    }

    /// An empty schema of the earlier release, with what was filled beside it as `filled`.
    async fn begin_earlier(&mut self, filled: &Path) {
        let steps = |database| Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(database);
        let earlier = async |folder: PathBuf| {
            let mut steps = Migrator::new(folder).await.unwrap();
            steps.migrations.to_mut().retain(|step| step.version <= EARLIER);
            steps
        };
        match self {
            Self::Lite(lite) => earlier(steps("sqlite")).await.run(lite).await.unwrap(),
            Self::Pg(pg) => {
                pg.execute("ALTER SCHEMA public RENAME TO filled; CREATE SCHEMA public").await.unwrap();
                earlier(steps("postgres")).await.run(pg).await.unwrap();
            }
        }
        if let Self::Lite(_) = self {
            self.run(&format!("ATTACH '{}' AS filled", filled.display())).await;
        }
    }

    /// The tables there are, with their columns.
    async fn tables(&mut self) -> BTreeMap<String, Vec<String>> {
        let columns = match self {
            Self::Lite(_) => {
                "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' \
                 AND m.name NOT LIKE 'sqlite%' ORDER BY c.cid"
            }
            Self::Pg(_) => {
                "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' \
                 ORDER BY ordinal_position"
            }
        };
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in self.list(columns).await {
            let (table, column) = column.split_once('.').unwrap();
            tables.entry(table.to_owned()).or_default().push(column.to_owned());
        }
        tables.retain(|table, _| !table.starts_with("_sqlx"));
        tables
    }

    /// Everything in these columns, but what follows from documents and is made anew.
    async fn content(&mut self, tables: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
        let mut content = BTreeMap::new();
        for (table, columns) in tables.iter().filter(|(table, _)| !DERIVED.contains(&table.as_str())) {
            // moves on with everything that is made anew
            let columns: Vec<&String> = columns.iter().filter(|column| *column != "revision").collect();
            let row = match self {
                Self::Lite(_) => {
                    columns.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ' ' || ")
                }
                Self::Pg(_) => {
                    format!("ROW({})::text", columns.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", "))
                }
            };
            let mut rows = self.list(&format!("SELECT {row} FROM {table}")).await;
            rows.sort_unstable();
            content.insert(table.clone(), rows);
        }
        content
    }

    fn id(&self, document: DocumentId) -> String {
        let hex = hex::encode(document.as_bytes());
        match self {
            Self::Lite(_) => format!("x'{hex}'"),
            Self::Pg(_) => format!("decode('{hex}', 'hex')"),
        }
    }

    /// What the earlier release stored by its own rules: counts of what did not take place, sums of them, years that are none, no
    /// word on odd dates, and one code for whatever came from those who may not write.
    async fn store_by_earlier_rules(&mut self, records: &[(DocumentId, Facts)]) {
        self.run("UPDATE rollup SET total = total + 7, reported = reported + 1").await;
        self.run("DELETE FROM flag WHERE code LIKE 'date%'").await;
        self.run("DELETE FROM tally_fact WHERE measure = 'attendance'").await;
        self.run("UPDATE record_fact SET fiscal_year = 1979, month = '1979-05' WHERE date = '1979-05-01'").await;
        self.run("UPDATE custody SET code = 'not_in_scope'").await;
        for (document, facts) in records.iter().filter(|(_, facts)| facts.group != Group::Held) {
            let id = self.id(*document);
            for (measure, value) in &facts.tallies {
                let value = value.map_or("NULL".to_owned(), |value| value.to_string());
                let insert = "INSERT INTO tally_fact (tenant, document, measure, value) VALUES";
                self.run(&format!("{insert} ('11', {id}, '{measure}', {value}) ON CONFLICT DO NOTHING")).await;
            }
        }
    }
}

/// What follows from documents, and what each record added to a closed month, which gets today's form.
const DERIVED: [&str; 6] = ["record_fact", "tally_fact", "record_lecturer", "flag", "rollup", "late_record"];

/// Fills a server with records of every kind, what is held, what was destroyed and a closed month.
async fn fill(server: &Server) -> Vec<(DocumentId, Facts)> {
    records(server, SEED, 60).await;
    let (mut stranger, mut ended) = (server.device(3, "association:as-9").await, server.device(4, HONJO).await);
    assert!(server.app.store.revoke_device("11", ended.device, "pe-x", 1).await.unwrap());
    for (device, number, code) in [(&mut stranger, 1, "not_in_scope"), (&mut ended, 201, "tablet_ended")] {
        let id = document_id(number);
        let change = device.set(id, "title", "預かり");
        let push = device.push(id, vec![change]);
        let response = server.sync(device, &device.request(vec![push])).await;
        assert_eq!(outcomes(&response, id), [(Outcome::Custody, 1, code.to_owned())]);
    }
    purge::purge(&server.app, &Caller::command_line("11"), document_id(2), "本人の求め").await.unwrap();
    let prefectural = server.signed_in(Role::Prefectural, "11").await;
    let month = json!({ "month": "2026-05" });
    assert_eq!(
        server.post("/v1/closings", Some(("cookie", &prefectural)), &month).await.status,
        StatusCode::NO_CONTENT
    );

    let ids: Vec<DocumentId> = (1..=60).map(document_id).collect();
    let stored = server.app.store.load_documents("11", &ids).await.unwrap();
    stored.iter().map(|one| (one.document, facts(&Document::load(&one.snapshot).unwrap()))).collect()
}

/// Makes an earlier database of a filled one, migrates it by the binary, and looks at everything.
async fn upgrade(
    raw: &mut Raw,
    filled: &Path,
    records: &[(DocumentId, Facts)],
    database: &str,
    open: impl AsyncFn() -> Arc<dyn Store>,
) {
    raw.begin_earlier(filled).await;
    let tables = raw.tables().await;
    for (table, columns) in &tables {
        let columns = columns.join(", ");
        let kept = if table == "rollup" { " WHERE holder = ''" } else { "" };
        raw.run(&format!("DELETE FROM {table}")).await;
        raw.run(&format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM filled.{table}{kept}")).await;
    }
    raw.store_by_earlier_rules(records).await;
    match raw {
        Raw::Lite(_) => raw.run("DETACH filled").await,
        Raw::Pg(_) => raw.run("DROP SCHEMA filled CASCADE").await,
    }
    let before = raw.content(&tables).await;

    let migrated =
        Command::new(env!("CARGO_BIN_EXE_tsudoi-server")).arg("migrate").env("TSUDOI_DATABASE", database).output();
    let migrated = migrated.unwrap();
    let said = String::from_utf8_lossy(&migrated.stderr);
    assert!(migrated.status.success(), "{said}: {:?}", open().await.migrate().await);
    let after = raw.content(&tables).await;
    let codes = raw.list("SELECT code FROM custody ORDER BY code").await;
    assert_eq!(codes, ["not_in_scope", "tablet_ended"], "what came from an ended tablet is held as such");
    for (table, rows) in before.iter().filter(|(table, _)| *table != "custody") {
        assert_eq!(after.get(table), Some(rows), "{table}: something is lost, or another");
    }

    let server = server_on(open().await, Config::default(), tempfile::tempdir().unwrap()).await;
    verify::refresh(&server.app).await.unwrap();
    let records: Vec<Facts> = records.iter().map(|(_, facts)| facts.clone()).collect();
    all_say_the_same(&server, &records, SEED).await;
    assert!(server.app.store.list_stale_tenants().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_earlier_file_full_of_records_is_migrated_whole() {
    let folder = tempfile::tempdir().unwrap();
    let [filled, file] = ["filled.sqlite", "earlier.sqlite"].map(|name| folder.path().join(name));
    let store = Arc::new(SqliteStore::open(&filled, 4).await.unwrap());
    let server = server_on(store, Config::default(), tempfile::tempdir().unwrap()).await;
    let records = fill(&server).await;
    server.app.store.close().await;

    let database = file.display().to_string();
    let connection = SqliteConnection::connect(&format!("sqlite://{database}?mode=rwc")).await.unwrap();
    let open = async || Arc::new(SqliteStore::open(&file, 4).await.unwrap()) as Arc<dyn Store>;
    upgrade(&mut Raw::Lite(connection), &filled, &records, &database, open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_postgresql_full_of_records_is_migrated_whole() {
    let cluster = Cluster::start();
    let url = cluster.database();
    let open = async || Arc::new(PostgresStore::open(&url, 8).await.unwrap()) as Arc<dyn Store>;
    let server = server_on(open().await, Config::default(), tempfile::tempdir().unwrap()).await;
    let records = fill(&server).await;
    server.app.store.close().await;

    let connection = PgConnection::connect(&url).await.unwrap();
    upgrade(&mut Raw::Pg(connection), Path::new(""), &records, &url, open).await;
}
