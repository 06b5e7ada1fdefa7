//! Months that were closed by the rules before: after the upgrade the list of what changed since says what was reported, and
//! names a record only where it adds something else by the rules of today.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

const UPGRADE: &str = "202611301200_figures.sql";

/// The statements of every migration before the upgrade, and those of the upgrade.
fn migrations(of: &str) -> (Vec<String>, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(of);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.as_str() < UPGRADE).collect();
    names.sort();
    assert!(names.len() > 10);
    (names.iter().map(|name| read(name)).collect(), read(UPGRADE))
}

/// Records of a closed month as the version before stored them; the last two were touched since.
fn records() -> String {
    let mut text = String::from(
        "INSERT INTO closing (tenant, month, fiscal_year, closed_at, closed_by) VALUES ('11', '2026-04', 2026, 1, 'pe-1');",
    );
    let mut add = |number: u8, state: &str, attendance: &str, tallies: &[(&str, i64)]| {
        text.push_str(&format!(
            "INSERT INTO record_fact (tenant, document, kind, activity, fiscal_year, month, municipality, association, state, \
             is_dispatch, attendance, conflict_count, updated_at) VALUES ('11', {}, 'session', 'lecture', 2026, '2026-04', \
             '112119', 'as-1', '{state}', 1, {attendance}, 0, 1);",
            bytes(number)
        ));
        for (measure, value) in tallies {
            text.push_str(&format!(
                "INSERT INTO tally_fact (tenant, document, measure, value) VALUES ('11', {}, '{measure}', {value});",
                bytes(number)
            ));
        }
    };
    let bands = [("attendance.band.65-74", 12), ("screening.viewers", 9)];
    add(1, "held", "12", &bands);
    add(2, "cancelled", "12", &bands);
    add(3, "confirmed", "NULL", &[]);
    add(4, "held", "12", &bands);
    add(5, "held", "12", &bands);
    let same = "lecture|held|dispatch|12||attendance.band.65-74=12 screening.viewers=9";
    for (number, contribution) in [(4, same), (5, "lecture|held|dispatch|7||attendance.band.65-74=7")] {
        text.push_str(&format!(
            "INSERT INTO late_record (tenant, month, document, municipality, association, contribution) \
             VALUES ('11', '2026-04', {}, '112119', 'as-1', '{contribution}');",
            bytes(number)
        ));
    }
    text
}

fn bytes(number: u8) -> String {
    format!("CAST('{number}' AS BLOB)")
}

/// What each record added to the month, by the table and by today's rules.
const KEPT: &str = "SELECT l.contribution FROM late_record l ORDER BY l.document";

fn expected() -> Vec<String> {
    let held = "lecture|held|dispatch|attendance=12 attendance.band.65-74=12 screening.viewers=9";
    let planned = "lecture|planned|dispatch|";
    // the cancelled one had added its counts, and the last one differs from what was reported
    let cancelled = "lecture|cancelled|dispatch none|attendance.band.65-74=12 screening.viewers=9";
    let late = "lecture|held|dispatch|7||attendance.band.65-74=7";
    [held, cancelled, planned, held, late].map(str::to_owned).to_vec()
}

#[tokio::test]
async fn what_was_reported_of_closed_months_outlives_the_change_of_rules() {
    let (before, upgrade) = migrations("sqlite");
    let mut lite = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    for text in before.into_iter().chain([records(), upgrade]) {
        lite.execute(AssertSqlSafe(text)).await.unwrap();
    }
    let kept: Vec<String> = sqlx::query_scalar(KEPT).fetch_all(&mut lite).await.unwrap();
    assert_eq!(kept, expected());

    let cluster = tsudoi_tests::Cluster::start();
    let mut pg = PgConnection::connect(&cluster.database()).await.unwrap();
    let (before, upgrade) = migrations("postgres");
    let records = records().replace("CAST('", "CONVERT_TO('").replace("' AS BLOB)", "', 'UTF8')");
    for text in before.into_iter().chain([records, upgrade]) {
        pg.execute(AssertSqlSafe(text)).await.unwrap();
    }
    let kept: Vec<String> = sqlx::query_scalar(KEPT).fetch_all(&mut pg).await.unwrap();
    assert_eq!(kept, expected());
}
