//! The two databases against each other: the same tables, every statement prepares, and the queries that must be quick
//! use indexes.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _, SqliteConnection};
use tsudoi_server::store::journal::JournalFilter;
use tsudoi_server::store::office::{CustodyFilter, CustodyPlace, RecordFilter, Within};
use tsudoi_server::store::postgres::PostgresStore;
use tsudoi_server::store::sqlite::SqliteStore;
use tsudoi_tests::Cluster;

use crate::{postgres, sqlite};

/// Table, then its columns, then its keys and indexes, a line each.
type Schema = BTreeMap<String, Vec<String>>;

fn shown(schema: &Schema) -> String {
    let mut text = String::from("The schema both databases have. Written by the test that compares them.\n");
    for (table, lines) in schema {
        text.push_str(&format!("\n{table}\n"));
        lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text
}

/// What stands for a part of an index that is no column.
const EXPRESSION: &str = "an expression";

async fn sqlite_schema(raw: &mut SqliteConnection) -> Schema {
    let mut schema = Schema::new();
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' \
        AND name NOT LIKE 'sqlite%'";
    for table in sqlx::query_scalar::<_, String>(tables).fetch_all(&mut *raw).await.unwrap() {
        let strict = "SELECT strict FROM pragma_table_list WHERE name = $1";
        let strict: i64 = sqlx::query_scalar(strict).bind(&table).fetch_one(&mut *raw).await.unwrap();
        assert_eq!(strict, 1, "{table} is not STRICT");
        let columns = "SELECT name, type, \"notnull\" FROM pragma_table_info($1) ORDER BY cid";
        let mut lines: Vec<String> = Vec::new();
        for row in sqlx::query(columns).bind(&table).fetch_all(&mut *raw).await.unwrap() {
            let of = match row.get::<String, _>("type").as_str() {
                "TEXT" => "text",
                "BLOB" => "bytes",
                "INTEGER" => "integer",
                other => panic!("{table} has a column of type {other}"),
            };
            lines.push(column(&row.get::<String, _>("name"), of, row.get::<i64, _>("notnull") == 0));
        }
        let indexes = "SELECT name, \"unique\", origin, partial FROM pragma_index_list($1)";
        let mut keys = Vec::new();
        for row in sqlx::query(indexes).bind(&table).fetch_all(&mut *raw).await.unwrap() {
            let names = "SELECT name, \"desc\" FROM pragma_index_xinfo($1) WHERE key = 1 ORDER BY seqno";
            let names = sqlx::query(names).bind(row.get::<String, _>("name")).fetch_all(&mut *raw).await.unwrap();
            let names = names.iter().map(|row| (row.get::<Option<String>, _>("name"), row.get::<i64, _>("desc") == 1));
            let names = names.map(|(name, desc)| (name.unwrap_or_else(|| EXPRESSION.to_owned()), desc));
            let (primary, unique) = (row.get::<String, _>("origin") == "pk", row.get::<i64, _>("unique") == 1);
            keys.push(index(primary, unique, &names.collect::<Vec<_>>(), row.get::<i64, _>("partial") == 1));
        }
        keys.sort();
        lines.extend(keys);
        schema.insert(table, lines);
    }
    schema
}

async fn postgres_schema(raw: &mut PgConnection) -> Schema {
    let mut schema = Schema::new();
    let columns = "SELECT table_name::TEXT, column_name::TEXT, data_type::TEXT, is_nullable::TEXT, collation_name::TEXT \
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%' \
        ORDER BY table_name, ordinal_position";
    for row in sqlx::query(columns).fetch_all(&mut *raw).await.unwrap() {
        let table: String = row.get(0);
        let of = match row.get::<String, _>(2).as_str() {
            "text" => "text",
            "bytea" => "bytes",
            "bigint" => "integer",
            other => panic!("{table} has a column of type {other}"),
        };
        if of == "text" {
            assert_eq!(
                row.get::<Option<String>, _>(4).as_deref(),
                Some("C"),
                "{table} is compared otherwise than by bytes"
            );
        }
        let line = column(&row.get::<String, _>(1), of, row.get::<String, _>(3) == "YES");
        schema.entry(table).or_default().push(line);
    }
    let indexes = "SELECT t.relname::TEXT AS name, i.indisprimary, i.indisunique, i.indpred IS NOT NULL AS partial, \
        ARRAY(SELECT CASE WHEN i.indkey[k - 1] = 0 THEN 'an expression' ELSE pg_get_indexdef(i.indexrelid, k, true) END FROM generate_series(1, i.indnkeyatts) k)::TEXT[] AS names, \
        ARRAY(SELECT i.indoption[k - 1] & 1 FROM generate_series(1, i.indnkeyatts) k)::BIGINT[] AS descending \
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
        WHERE t.relnamespace = 'public'::REGNAMESPACE AND t.relname NOT LIKE '\\_%'";
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query(indexes).fetch_all(&mut *raw).await.unwrap() {
        let (names, descending): (Vec<String>, Vec<i64>) = (row.get("names"), row.get("descending"));
        let names: Vec<_> = names.into_iter().zip(descending).map(|(name, one)| (name, one == 1)).collect();
        let line = index(row.get("indisprimary"), row.get("indisunique"), &names, row.get("partial"));
        keys.entry(row.get("name")).or_default().push(line);
    }
    for (table, mut keys) in keys {
        keys.sort();
        schema.get_mut(&table).unwrap().extend(keys);
    }
    schema
}

fn column(name: &str, of: &str, nullable: bool) -> String {
    format!("{name} {of}{}", if nullable { " or not reported" } else { "" })
}

fn index(primary: bool, unique: bool, names: &[(String, bool)], partial: bool) -> String {
    let kind = if primary {
        "key"
    } else if unique {
        "unique"
    } else {
        "index"
    };
    let names: Vec<String> =
        names.iter().map(|(name, desc)| format!("{name}{}", if *desc { " desc" } else { "" })).collect();
    format!("{kind} ({}){}", names.join(", "), if partial { " of some rows" } else { "" })
}

/// Every part of a filter of the journal.
fn everything() -> JournalFilter {
    JournalFilter {
        from: Some(1),
        until: Some(2),
        person: Some(String::new()),
        action: Some(String::new()),
        device: Some(crate::rows::DEVICE),
        target: Some(String::new()),
        refused: Some(true),
    }
}

/// Every part of a filter of custody.
fn held() -> CustodyFilter {
    let (document, device) = (crate::rows::id(1), crate::rows::DEVICE);
    CustodyFilter {
        within: Within::Municipality("112119".to_owned()),
        decided: Some(true),
        document: Some(document),
        device: Some(device),
        until: Some(1),
        after: Some(CustodyPlace { waits: true, at: 1, document, device }),
    }
}

fn filters() -> Vec<RecordFilter> {
    let year = RecordFilter { fiscal_year: Some(2026), ..RecordFilter::default() };
    let text = || Some("112119".to_owned());
    vec![
        year.clone(),
        RecordFilter { municipality: text(), ..year.clone() },
        RecordFilter { within: Within::Municipality("112119".to_owned()), ..year.clone() },
        RecordFilter { within: Within::Association("as-1".to_owned()), ..year.clone() },
        RecordFilter { association: text(), ..year.clone() },
        RecordFilter { dispatched_by: text(), is_dispatch: Some(true), ..year.clone() },
        RecordFilter { flag: Some("date_implausible".to_owned()), ..RecordFilter::default() },
        RecordFilter { dates_doubtful_until: Some(2027), ..RecordFilter::default() },
        RecordFilter { is_dispatch: Some(true), ..year.clone() },
        RecordFilter { report_missing_on: Some("2026-06-01".to_owned()), ..year.clone() },
        RecordFilter { lecturer: text(), ..year.clone() },
        RecordFilter { among: vec!["a".to_owned(), "b".to_owned()], ..year.clone() },
        RecordFilter { month: text(), measure: text(), ..year.clone() },
        RecordFilter { fiscal_year: Some(0), ..RecordFilter::default() },
    ]
}

pub async fn alike(sqlite_file: &Path, postgres_url: &str) {
    let mut lite = SqliteConnection::connect(&format!("sqlite://{}", sqlite_file.display())).await.unwrap();
    let mut pg = PgConnection::connect(postgres_url).await.unwrap();
    let (one, other) = (shown(&sqlite_schema(&mut lite).await), shown(&postgres_schema(&mut pg).await));
    assert_eq!(one, other, "the schemas differ");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/schema.txt");
    if std::env::var_os("TSUDOI_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &one).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), one, "set TSUDOI_WRITE_SNAPSHOTS=1 to write it anew");

    let (mut texts, mut dashboards) = (SqliteStore::statement_texts(), SqliteStore::record_texts(&filters()));
    texts.push(SqliteStore::journal_text(&everything()));
    texts.push(SqliteStore::custody_text(&held()));
    for text in texts.iter().chain(&dashboards) {
        (&mut lite).prepare(AssertSqlSafe(text.clone()).into_sql_str()).await.map_err(|error| (error, text)).unwrap();
    }
    (texts, dashboards) = (PostgresStore::statement_texts(), PostgresStore::record_texts(&filters()));
    texts.push(PostgresStore::journal_text(&everything()));
    texts.push(PostgresStore::custody_text(&held()));
    assert!(texts.len() > 80, "{}", texts.len());
    for text in texts.iter().chain(&dashboards) {
        (&mut pg).prepare(AssertSqlSafe(text.clone()).into_sql_str()).await.map_err(|error| (error, text)).unwrap();
    }
}

/// Queries whose cost would otherwise grow with the whole table. Those that are given nothing but the tenant are there
/// to read everything of it.
fn must_be_quick(text: &str) -> bool {
    let of_tenant = !text.contains("$2") && !text.contains('?');
    !of_tenant
        && [
            "FROM record_fact",
            "FROM feed",
            "FROM document",
            "FROM rollup",
            "FROM custody",
            "JOIN feed",
            "FROM tally_fact",
        ]
        .iter()
        .any(|table| text.contains(table))
}

/// Words of a plan that reads a whole table.
async fn sqlite_scans(raw: &mut SqliteConnection, text: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(raw).await.unwrap();
    let details = rows.iter().map(|row| row.get::<String, _>("detail"));
    details
        .filter(|detail| detail.starts_with("SCAN") && !detail.contains("USING") && !detail.contains("CONSTANT ROW"))
        .collect()
}

pub async fn plans_use_indexes(sqlite_file: &Path, postgres_url: &str) {
    let mut lite = SqliteConnection::connect(&format!("sqlite://{}", sqlite_file.display())).await.unwrap();
    let allowed = [
        "SCAN y",
        "SCAN parts",
        "SCAN municipality",
        "SCAN device",
        "SCAN code",
        "SCAN login",
        "SCAN tenant",
        "SCAN scope",
    ];
    let texts = SqliteStore::statement_texts().into_iter().chain(SqliteStore::record_texts(&filters()));
    for text in texts.filter(|text| must_be_quick(text)) {
        let scans = sqlite_scans(&mut lite, &text).await;
        let scans: Vec<_> = scans.iter().filter(|scan| !allowed.contains(&scan.as_str())).collect();
        assert!(scans.is_empty(), "{scans:?} in {text}");
    }
    assert!(!sqlite_scans(&mut lite, "SELECT * FROM record_fact").await.is_empty(), "a scan is seen as one");

    let mut pg = PgConnection::connect(postgres_url).await.unwrap();
    for fill in FILL {
        pg.execute(*fill).await.unwrap();
    }
    // with these few rows reading everything once and hashing it would be as good
    for setting in ["plan_cache_mode = force_generic_plan", "enable_hashjoin = off", "enable_mergejoin = off"] {
        pg.execute(AssertSqlSafe(format!("SET {setting}")).into_sql_str()).await.unwrap();
    }
    // the first filter means a whole year: its sums, after its list and its count, leave nothing out
    let records = PostgresStore::record_texts(&filters()).into_iter().enumerate();
    let records = records.filter(|(number, _)| !(2..10).contains(number)).map(|(_, text)| text);
    let texts = PostgresStore::statement_texts().into_iter().chain(records);
    let mut scans = Vec::new();
    for (number, text) in texts.filter(|text| must_be_quick(text)).enumerate() {
        pg.execute(AssertSqlSafe(format!("PREPARE q{number} AS {text}")).into_sql_str()).await.unwrap();
        let count = (1..).take_while(|place| text.contains(&format!("${place}"))).count();
        let nulls = vec!["NULL"; count].join(", ");
        let call = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN EXECUTE q{number}{call}")))
            .fetch_all(&mut pg)
            .await
            .unwrap();
        let tables = ["record_fact", "feed", "document", "rollup", "tally_fact", "record_lecturer"];
        let scan = plan.iter().find(|line| {
            let rest = line.split("Seq Scan on ").nth(1).map(|rest| rest.split_whitespace().next().unwrap_or_default());
            rest.is_some_and(|table| tables.contains(&table))
        });
        scans.extend(scan.map(|_| format!("{text}\n{}", plan.join("\n"))));
    }
    assert!(scans.is_empty(), "whole tables are read:\n{}", scans.join("\n\n"));
}

/// Enough rows that reading a whole table is the wrong plan.
const FILL: &[&str] = &[
    "INSERT INTO record_fact (tenant, document, kind, fiscal_year, month, date, municipality, association, dispatched_by, \
     state, record_group, is_dispatch, conflict_count, updated_at) SELECT '14', decode(md5(n::TEXT), 'hex'), 'session', \
     2020 + n % 7, '2026-05', '2026-05-' || lpad((n % 28 + 1)::TEXT, 2, '0'), '14' || n % 60, 'as-' || n % 30, \
     CASE WHEN n % 20 = 0 THEN 'as-' || n % 30 END, CASE WHEN n % 50 = 0 THEN 'confirmed' ELSE 'reported' END, CASE WHEN n % 50 = 0 THEN 'planned' ELSE 'held' END, \
     CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END, 0, n FROM generate_series(1, 60000) n",
    "INSERT INTO document (tenant, document, kind, home_scope, heads, snapshot, revision, updated_at) \
     SELECT tenant, document, kind, '', '', '', 1, 1 FROM record_fact WHERE tenant = '14'",
    "INSERT INTO feed (tenant, scope, document, seq, state, contribution) SELECT tenant, 'municipality:' || municipality, \
     document, row_number() OVER (PARTITION BY municipality ORDER BY document), 0, '' FROM record_fact WHERE tenant = '14'",
    "INSERT INTO tally_fact SELECT tenant, document, 'screening.viewers', 5 FROM record_fact WHERE tenant = '14'",
    "INSERT INTO record_lecturer SELECT tenant, document, 'le-' || substr(encode(document, 'hex'), 1, 2), 'named' \
     FROM record_fact WHERE tenant = '14'",
    "INSERT INTO rollup SELECT '14', 2020 + n % 7, 'm' || n, 'c' || n % 63, 'a' || n % 30, 'measure' || n % 40, 1, 0, 5, '' \
     FROM generate_series(1, 30000) n",
    "ANALYZE",
];

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_one_schema_and_use_its_indexes() {
    let (cluster, folder) = (Cluster::start(), tempfile::tempdir().unwrap());
    let (url, file) = (cluster.database(), folder.path().join("t.sqlite"));
    let lite = sqlite(&folder).await;
    let pg = postgres(&url).await;
    alike(&file, &url).await;
    plans_use_indexes(&file, &url).await;
    crate::summaries::count_each_record_once(&file, &url).await;
    drop((lite, pg));
}
