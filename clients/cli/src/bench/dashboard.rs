//! A million sessions over five years: every query of the console, and an export of a hundred thousand rows.
//!
//! The rows are put into the projections directly, by SQL, because dashboards read nothing else; the roll-ups are made
//! from them by the same rules as the server's. Twelve months, 63 municipalities, 30 associations, three measures a
//! session; all but one in nineteen belong to the association that covers their municipality. Ten months of the year that is
//! asked for are closed, and one record in forty was written after that; twenty thousand changes of two hundred tablets are
//! held, and six hundred times something came back.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use reqwest::blocking::Response;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::process::ServerProcess;
use super::{Enrolled, failed, p95_ms, round, store_name};
use crate::api::{self, NewAssociation, NewLecturer};
use crate::args::Bench;
use crate::error::CliError;

const ASSOCIATIONS: usize = 30;
const LECTURERS_EACH: usize = 4;
const P95_MS: f64 = 50.0;
const EXPORT_SECONDS: f64 = 5.0;
/// How much more memory an export may hold than there was before.
const EXPORT_MB: f64 = 64.0;
const EXPORT_LIMIT: Duration = Duration::from_secs(120);
const ROUNDS: usize = 40;
const YEAR: i64 = 2025;

/// The console of someone who signed in.
struct Office<'a> {
    client: reqwest::blocking::Client,
    address: &'a str,
    cookie: String,
}

impl<'a> Office<'a> {
    fn sign_in(process: &'a ServerProcess) -> Result<Self, CliError> {
        let client = reqwest::blocking::Client::builder().timeout(EXPORT_LIMIT).build().map_err(failed)?;
        let login = client.post(format!("{}/v1/login", process.address)).json(&json!({ "code": process.code }));
        let login = login.send().and_then(Response::error_for_status).map_err(failed)?;
        let cookie = login.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok()?.split(';').next());
        let cookie = cookie.ok_or_else(|| failed("signing in gave no cookie"))?.to_owned();
        Ok(Self { client, address: &process.address, cookie })
    }

    /// Reads an answer to its end and counts its lines. Nothing of it is kept.
    fn lines(&self, path: &str) -> Result<u64, CliError> {
        let request = self.client.get(format!("{}{path}", self.address)).header(COOKIE, &self.cookie);
        let mut answer = request.send().and_then(Response::error_for_status).map_err(failed)?;
        let (mut piece, mut lines) = (vec![0; 64 * 1024], 0);
        loop {
            match answer.read(&mut piece).map_err(failed)? {
                0 => return Ok(lines),
                count => lines += piece[..count].iter().filter(|byte| **byte == b'\n').count() as u64,
            }
        }
    }
}

pub(super) fn run(args: &Bench) -> Result<Value, CliError> {
    let process = ServerProcess::start(args, &[])?;
    let caller = Enrolled::new(&process, &[])?;
    let places = fill_registry(&caller)?;
    fill(&process, args.sessions)?;

    let office = Office::sign_in(&process)?;
    let mut queries = BTreeMap::new();
    for (name, path) in paths(&places) {
        let mut seconds = Vec::new();
        for round in 0..=ROUNDS {
            let start = Instant::now();
            office.lines(&path)?;
            // the first call finds cold caches of the database
            if round > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        queries.insert(name, p95_ms(&mut seconds));
    }
    let worst = queries.values().copied().fold(0.0, f64::max);

    // an export of everything wants someone who has just shown who they are; the first one finds cold caches of the
    // database too, which is memory it keeps
    let office = Office::sign_in(&process)?;
    office.lines(&format!("/v1/records.csv?fiscal_year={}&is_dispatch=true", YEAR - 1))?;
    let before = process.rss_mb();
    let start = Instant::now();
    let path = format!("/v1/records.csv?fiscal_year={YEAR}&is_dispatch=true");
    let rows = office.lines(&path)?.saturating_sub(1);
    let export_seconds = start.elapsed().as_secs_f64();
    let export_mb = (process.peak_rss_mb() - before).max(0.0);
    let per_second = export_seconds * 100_000.0 / f64::from(u32::try_from(rows.max(1)).unwrap_or(u32::MAX));
    Ok(json!({
        "benchmark": "dashboard",
        "store": store_name(args.store),
        "sessions": args.sessions,
        "worst_p95_ms": worst,
        "p95_ms": queries,
        "export_rows": rows,
        "export_seconds": round(export_seconds),
        "export_seconds_per_100000_rows": round(per_second),
        "export_memory_growth_mb": round(export_mb),
        "target": { "worst_p95_ms": P95_MS, "export_seconds_per_100000_rows": EXPORT_SECONDS, "export_memory_growth_mb": EXPORT_MB },
        "met": worst <= P95_MS && per_second <= EXPORT_SECONDS && export_mb <= EXPORT_MB && rows > 0,
    }))
}

/// A municipality and an association to ask for.
struct Places {
    municipality: String,
    association: String,
}

fn fill_registry(caller: &Enrolled) -> Result<Places, CliError> {
    let registry = api::registry(&caller.server, &caller.key)?;
    let codes: Vec<String> = registry.municipalities.iter().map(|one| one.code.clone()).collect();
    let mut associations = Vec::new();
    for index in 0..ASSOCIATIONS {
        let name = format!("見本医師会{index:02}");
        let municipalities = codes.iter().skip(index).step_by(ASSOCIATIONS).cloned().collect();
        let new = NewAssociation { name: &name, municipalities };
        associations.push(api::enter_association(&caller.server, &caller.key, &new)?);
    }
    for index in 0..ASSOCIATIONS * LECTURERS_EACH {
        let surname = format!("見本{index:03}");
        let new = NewLecturer {
            surname: &surname,
            given_name: None,
            title: Some("医師"),
            affiliation: None,
            association: associations.get(index % ASSOCIATIONS).cloned(),
            bank: true,
            in_training: false,
        };
        api::enter_lecturer(&caller.server, &caller.key, &new)?;
    }
    let first = |list: &[String]| list.first().cloned().ok_or_else(|| failed("an empty registry"));
    Ok(Places { municipality: first(&codes)?, association: first(&associations)? })
}

fn paths(places: &Places) -> Vec<(&'static str, String)> {
    let Places { municipality, association } = places;
    vec![
        ("prefecture", format!("/v1/dashboard/prefecture?fiscal_year={YEAR}")),
        ("municipality", format!("/v1/dashboard/municipality/{municipality}?fiscal_year={YEAR}")),
        ("association", format!("/v1/dashboard/association/{association}?fiscal_year={YEAR}")),
        ("records_of_year", format!("/v1/records?fiscal_year={YEAR}")),
        ("records_of_municipality", format!("/v1/records?fiscal_year={YEAR}&municipality={municipality}")),
        (
            "records_with_measure",
            format!("/v1/records?fiscal_year={YEAR}&municipality={municipality}&measure=attendance"),
        ),
        ("reports_missing", format!("/v1/records?fiscal_year={YEAR}&report_missing=true")),
        ("closings", format!("/v1/closings?fiscal_year={YEAR}")),
        ("corrections", format!("/v1/corrections?month={YEAR}-06")),
        ("publication", format!("/v1/publication.csv?fiscal_year={YEAR}")),
        ("custody", "/v1/custody".to_owned()),
        ("healing", "/v1/healing".to_owned()),
        ("devices", "/v1/devices".to_owned()),
        ("people", "/v1/people".to_owned()),
        ("journal", "/v1/journal".to_owned()),
    ]
}

/// Puts sessions into the projections.
fn fill(process: &ServerProcess, sessions: usize) -> Result<(), CliError> {
    if let Some(cluster) = &process.database.cluster {
        for statement in
            statements(sessions, |number, bytes| format!("decode(lpad(to_hex({number}), {}, '0'), 'hex')", 2 * bytes))
        {
            cluster.sql("bench", &statement)?;
        }
        // as the housekeeping of a server leaves tables behind
        return cluster.sql("bench", "VACUUM ANALYZE").map(drop);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(&process.database.name).pragma("synchronous", "OFF");
        let mut database = options.connect().await.map_err(failed)?;
        for statement in statements(sessions, |number, bytes| format!("unhex(printf('%0{}x', {number}))", 2 * bytes)) {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut database).await.map_err(failed)?;
        }
        sqlx::query("ANALYZE").execute(&mut database).await.map_err(failed)?;
        database.close().await.map_err(failed)
    })
}

/// What fills the tables. `id` makes the expression of an id of so many bytes from that of a number.
fn statements(sessions: usize, id: impl Fn(&str, usize) -> String) -> Vec<String> {
    let (document, hash, device) = (id("i", 16), id("i", 32), id("(i % 200)", 16));
    let two = |number: &str| format!("(CASE WHEN {number} < 10 THEN '0' ELSE '' END || CAST({number} AS TEXT))");
    let month = two("(1 + (i / 5 + 3) % 12)");
    let day = two("(1 + i % 28)");
    let place = "((i / 60) % (SELECT COUNT(*) FROM municipality WHERE tenant = '11'))";
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {sessions})");
    vec![
        format!(
            "CREATE TABLE bench_session AS {numbers} SELECT i, {document} AS document, \
             2022 + i % 5 AS fiscal_year, \
             CAST(2022 + i % 5 + CASE WHEN (i / 5 + 3) % 12 < 3 THEN 1 ELSE 0 END AS TEXT) || '-' || {month} AS month, \
             {day} AS day, {place} AS m, \
             CASE WHEN i % 19 = 0 THEN (i / 7) % {ASSOCIATIONS} ELSE {place} % {ASSOCIATIONS} END AS a, \
             (i / 11) % {LECTURERS_EACH} AS l, \
             CASE i % 6 WHEN 0 THEN 'lecture' WHEN 1 THEN 'round_table' WHEN 2 THEN 'booth' WHEN 3 THEN 'training' \
             WHEN 4 THEN 'screening' ELSE 'meeting' END AS activity, \
             CASE WHEN i % 50 = 0 THEN 'cancelled' WHEN i % 50 = 1 THEN 'confirmed' ELSE 'held' END AS state FROM n"
        ),
        "INSERT INTO record_fact (tenant, document, kind, activity, fiscal_year, month, date, start_time, municipality, \
         association, dispatched_by, title, occasion, venue, state, record_group, reason, is_dispatch, attendance, viewers, conflict_count, \
         updated_at) \
         SELECT '11', s.document, 'session', s.activity, s.fiscal_year, s.month, s.month || '-' || s.day, '13:30', m.code, \
         a.association, CASE WHEN (s.i / 13) % 2 = 0 THEN a.association END, '見本の会 ' || CAST(s.i % 200 AS TEXT), \
         CASE WHEN s.activity = 'screening' THEN 'サロン' || CAST(s.i % 7 AS TEXT) END, '公民館', s.state, \
         CASE s.state WHEN 'confirmed' THEN 'planned' ELSE s.state END, \
         CASE WHEN s.state = 'cancelled' THEN 'weather' END, CASE WHEN (s.i / 13) % 2 = 0 THEN 1 ELSE 0 END, \
         CASE WHEN s.state = 'held' AND s.i % 10 <> 3 THEN 5 + s.i % 40 END, \
         CASE WHEN s.state = 'held' AND s.activity = 'screening' THEN s.i % 30 END, 0, 0 \
         FROM bench_session s \
         JOIN (SELECT code, ROW_NUMBER() OVER (ORDER BY code) - 1 AS k FROM municipality WHERE tenant = '11') m ON m.k = s.m \
         JOIN (SELECT association, ROW_NUMBER() OVER (ORDER BY association) - 1 AS k FROM association WHERE tenant = '11') a ON a.k = s.a"
            .to_owned(),
        "INSERT INTO tally_fact (tenant, document, measure, value) \
         SELECT '11', document, measure, CASE WHEN i % 10 <> 3 THEN 1 + i % 20 END FROM bench_session, \
         (SELECT 'attendance.band.75-84' AS measure UNION ALL SELECT 'attendance.band.85+' \
         UNION ALL SELECT 'material.contact-card.age-75') AS measures WHERE state = 'held'"
            .to_owned(),
        "INSERT INTO tally_fact (tenant, document, measure, value) SELECT '11', document, 'attendance', attendance \
         FROM record_fact WHERE record_group = 'held' AND (attendance IS NOT NULL OR activity <> 'screening')"
            .to_owned(),
        "INSERT INTO tally_fact (tenant, document, measure, value) SELECT '11', document, 'screening.viewers', viewers \
         FROM record_fact WHERE record_group = 'held' AND activity = 'screening'"
            .to_owned(),
        format!(
            "INSERT INTO record_lecturer (tenant, document, lecturer, attribution) \
             SELECT '11', s.document, l.lecturer, 'named' FROM bench_session s \
             JOIN (SELECT lecturer, ROW_NUMBER() OVER (ORDER BY lecturer) - 1 AS k FROM lecturer WHERE tenant = '11') l ON l.k = s.a * {LECTURERS_EACH} + s.l \
             WHERE (s.i / 13) % 2 = 0"
        ),
        rollup("'record.' || r.activity || '.' || r.record_group", "1", "TRUE"),
        rollup("'dispatch.' || r.record_group", "1", "r.is_dispatch = 1"),
        rollup("'dispatch.cancelled.' || r.reason", "1", "r.is_dispatch = 1 AND r.state = 'cancelled'"),
        format!(
            "INSERT INTO rollup (tenant, fiscal_year, month, municipality, association, measure, reported, unreported, total) \
             SELECT '11', r.fiscal_year, '', '', r.dispatched_by, 'dispatch.by.' || l.lecturer || '.' || \
             r.record_group, COUNT(*), 0, COUNT(*) FROM record_fact r \
             JOIN record_lecturer l ON l.tenant = r.tenant AND l.document = r.document WHERE r.is_dispatch = 1 \
             GROUP BY r.fiscal_year, r.dispatched_by, 6"
        ),
        format!("{ROLLUP} t.measure, COUNT(t.value), COUNT(*) - COUNT(t.value), COALESCE(SUM(t.value), 0) \
                 FROM record_fact r JOIN tally_fact t ON t.tenant = r.tenant AND t.document = r.document \
                 GROUP BY r.fiscal_year, r.month, r.municipality, COALESCE(r.dispatched_by, r.association), t.measure"),
        "INSERT INTO rollup (tenant, fiscal_year, month, municipality, association, measure, reported, unreported, total) \
         SELECT '11', r.fiscal_year, '', r.municipality, COALESCE(r.dispatched_by, r.association), \
         'together.material.contact-card', COUNT(t.value), COUNT(*) - COUNT(t.value), COALESCE(SUM(t.value), 0) \
         FROM record_fact r JOIN tally_fact t ON t.tenant = r.tenant AND t.document = r.document \
         WHERE t.measure = 'material.contact-card.age-75' \
         GROUP BY r.fiscal_year, r.municipality, COALESCE(r.dispatched_by, r.association)"
            .to_owned(),
        format!(
            "INSERT INTO closing (tenant, month, fiscal_year, closed_at, closed_by) SELECT DISTINCT '11', month, fiscal_year, 1, '' \
             FROM bench_session WHERE fiscal_year = {YEAR} AND month < '{}-02'",
            YEAR + 1
        ),
        "INSERT INTO closed_rollup (tenant, month, fiscal_year, measure, municipality, association, reported, unreported, \
         total) SELECT r.tenant, r.month, r.fiscal_year, r.measure, r.municipality, r.association, r.reported, r.unreported, \
         CASE WHEN r.measure = 'attendance' THEN r.total + 1 ELSE r.total END FROM rollup r \
         JOIN closing c ON c.tenant = r.tenant AND c.month = r.month AND c.fiscal_year = r.fiscal_year"
            .to_owned(),
        "INSERT INTO late_record (tenant, month, document, municipality, association, contribution) SELECT '11', s.month, \
         s.document, '', '', CASE WHEN s.i % 3 = 0 THEN 'another' END FROM bench_session s JOIN closing c ON c.tenant = '11' \
         AND c.month = s.month AND c.fiscal_year = s.fiscal_year WHERE (s.i / 60) % 40 = 0"
            .to_owned(),
        "INSERT INTO late_figure (tenant, month, measure, municipality, association) SELECT k.tenant, k.month, k.measure, \
         k.municipality, k.association FROM closed_rollup k WHERE k.tenant = '11' AND k.measure < 'm'"
            .to_owned(),
        format!(
            "{numbers} INSERT INTO custody (tenant, document, hash, kind, device, code, bytes, received_at, decision, decided_at, \
             decided_by, decision_reason) SELECT '11', {}, {hash}, 'session', {device}, 'not_in_scope', {hash}, i, \
             CASE WHEN i % 4 > 0 THEN 'declined' END, CASE WHEN i % 4 > 0 THEN i END, CASE WHEN i % 4 > 0 THEN '' END, \
             CASE WHEN i % 4 > 0 THEN '' END FROM n WHERE i <= 20000",
            id("(i / 8)", 16)
        ),
        format!(
            "{numbers} INSERT INTO healing (tenant, device, healed_at, documents, changes) SELECT '11', {device}, i, 5, 20 FROM n \
             WHERE i <= 600"
        ),
        "DROP TABLE bench_session".to_owned(),
    ]
}

const ROLLUP: &str = "INSERT INTO rollup (tenant, fiscal_year, month, municipality, association, measure, reported, \
     unreported, total) SELECT '11', r.fiscal_year, r.month, r.municipality, COALESCE(r.dispatched_by, r.association),";

fn rollup(measure: &str, value: &str, condition: &str) -> String {
    format!(
        "{ROLLUP} {measure}, COUNT({value}), COUNT(*) - COUNT({value}), COALESCE(SUM({value}), 0) FROM record_fact r \
         WHERE {condition} GROUP BY r.fiscal_year, r.month, r.municipality, COALESCE(r.dispatched_by, r.association), 6"
    )
}
