//! What the migration of summaries works out for a database that has records already.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};

/// Cards for two reasons and one record without a number, elsewhere sets, and consultations of two ways.
const RECORDS: [(u8, &str, &str, &str, &str); 6] = [
    (1, "112119", "as-1", "material.contact-card.age-75", "4"),
    (1, "112119", "as-1", "material.contact-card.other", "3"),
    (2, "112119", "as-1", "material.contact-card.age-75", "NULL"),
    (3, "113859", "as-1", "material.anshin-set.other", "9"),
    (4, "112119", "as-2", "consultation.phone", "1"),
    (4, "112119", "as-2", "consultation.visit", "NULL"),
];

/// Puts the records in, makes the summaries by the last statement of `migration`, and says what they are.
macro_rules! summaries {
    ($connection:expr, $id:expr, $migration:expr) => {{
        for (number, municipality, association, measure, value) in RECORDS {
            let id = format!($id, number);
            let fact = format!(
                "INSERT INTO record_fact (tenant, document, kind, fiscal_year, month, municipality, association, state, \
                 is_dispatch, conflict_count, updated_at) VALUES ('15', {id}, 'session', 2026, '2026-05', '{municipality}', \
                 '{association}', 'held', 0, 0, 0) ON CONFLICT DO NOTHING"
            );
            let tally = format!(
                "INSERT INTO tally_fact (tenant, document, measure, value) VALUES ('15', {id}, '{measure}', {value})"
            );
            for text in [fact, tally] {
                $connection.execute(AssertSqlSafe(text)).await.unwrap();
            }
        }
        let last = $migration.split("INSERT INTO rollup").nth(1).unwrap();
        $connection.execute(AssertSqlSafe(format!("INSERT INTO rollup{last}"))).await.unwrap();
        let made = "SELECT municipality, association, month, measure, reported, unreported, total FROM rollup \
            WHERE tenant = '15' AND fiscal_year = 2026 ORDER BY measure, municipality";
        let rows = sqlx::query(made).fetch_all(&mut $connection).await.unwrap();
        let line = |row: &_| -> String {
            fn text<'r, R: Row>(row: &'r R, place: usize) -> String
            where
                usize: sqlx::ColumnIndex<R>,
                String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            {
                row.get::<String, _>(place)
            }
            let numbers: Vec<i64> = (4..7).map(|place| Row::get(row, place)).collect();
            format!("{} {} {:?} {} {numbers:?}", text(row, 0), text(row, 1), text(row, 2), text(row, 3))
        };
        rows.iter().map(line).collect::<Vec<_>>()
    }};
}

pub async fn count_each_record_once(sqlite_file: &Path, postgres_url: &str) {
    let expected = [
        "112119 as-2 \"\" together.consultation [1, 0, 1]",
        "113859 as-1 \"\" together.material.anshin-set [1, 0, 9]",
        "112119 as-1 \"\" together.material.contact-card [1, 1, 7]",
    ];
    let mut lite = SqliteConnection::connect(&format!("sqlite://{}", sqlite_file.display())).await.unwrap();
    let migration = include_str!("../../../migrations/sqlite/202611211150_summaries.sql");
    assert_eq!(summaries!(lite, "x'{:032x}'", migration), expected);
    let mut pg = PgConnection::connect(postgres_url).await.unwrap();
    let migration = include_str!("../../../migrations/postgres/202611211150_summaries.sql");
    assert_eq!(summaries!(pg, "decode('{:032x}', 'hex')", migration), expected);
}
