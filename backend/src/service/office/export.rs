//! The list of records as CSV rows: the same records as the list behind a figure, however many there are, with everything
//! that is counted in each.
//!
//! All of it is of one moment. Which records comes first, then page by page what they are, so that memory grows with their ids
//! alone. A quantity nobody reported is an empty cell, never 0.

use std::collections::HashMap;

use super::era::short_year;
use super::records::{RecordItem, RecordQuery, filter, item};
use super::spreadsheet::{MARK, cell, end, lines};
use super::words::{activity, group, measures, reason, state};
use super::{Named, OfficeError, Pieces};
use crate::service::App;
use crate::service::access::Caller;
use crate::store::office::{NOT_REPORTED, WholeRow, Within};
use crate::store::types::Registry;

/// Records of a page.
const PAGE: usize = 1_024;
/// The first cells of a line, in the order of the columns; every measure follows.
const HEADERS: [&str; 18] = [
    "番号",
    "記録の種類",
    "種類",
    "名称",
    "きっかけ",
    "年度",
    "月",
    "日付",
    "市町村",
    "会場",
    "医師会・拠点",
    "派遣元",
    "講師",
    "状態",
    "集計の区分",
    "理由",
    "参加者",
    "見た人",
];
/// Figures that have columns among the first.
const OWN_COLUMNS: [&str; 2] = ["attendance", "screening.viewers"];
/// What is counted under a name the registry does not know.
const OTHER: &str = "ほかの数";

/// The columns of measures.
struct Columns {
    names: Vec<String>,
    /// Where each measure stands.
    places: HashMap<String, usize>,
}

impl Columns {
    fn of(registry: &Registry) -> Self {
        let (measures, names): (Vec<_>, Vec<_>) = measures(registry).into_iter().unzip();
        Self { names, places: measures.into_iter().zip(0..).collect() }
    }

    /// The numbers of a record, each in its column, and in the last what has none.
    fn cells(&self, tallies: &[(String, Option<i64>)]) -> Vec<String> {
        let mut cells = vec![String::new(); self.names.len()];
        let mut other = Vec::new();
        for (measure, value) in tallies.iter().filter_map(|(measure, value)| Some((measure, (*value)?))) {
            match self.places.get(measure).and_then(|place| cells.get_mut(*place)) {
                Some(cell) => *cell = value.to_string(),
                None if OWN_COLUMNS.contains(&measure.as_str()) => {}
                None => other.push(format!("{measure} {value}")),
            }
        }
        cells.push(cell(&other.join("、")));
        cells
    }
}

/// The name of the file: its year, its place and what is in it. The registry and the place are the caller's.
pub async fn file_name(app: &App, caller: &Caller, query: &RecordQuery) -> Result<String, OfficeError> {
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let within = super::records::within(caller);
    let municipality = query.municipality.as_ref().filter(|code| *code != NOT_REPORTED);
    let association = query.association.as_ref().filter(|id| *id != NOT_REPORTED);
    let place = match (municipality, association, &within) {
        (Some(code), ..) | (None, None, Within::Municipality(code)) => registry.municipality_name(code),
        (None, Some(id), _) | (None, None, Within::Association(id)) => registry.association_name(id),
        (None, None, Within::Tenant | Within::Nothing) => None,
    };
    let year = query.fiscal_year.map_or("全年度".to_owned(), |year| match year {
        0 => "年度なし".to_owned(),
        year => short_year(year),
    });
    let month = query.month.as_deref().and_then(|month| month.split_once('-')?.1.parse::<u8>().ok());
    let month = month.map(|month| format!("{month}月_")).unwrap_or_default();
    Ok(format!("{year}_{month}{}_記録", place.unwrap_or(registry.tenant_name)))
}

/// Writes the table in pieces, the first with the headers; ends early when nobody takes them any more.
pub async fn send(app: &App, caller: &Caller, query: RecordQuery, to: &mut impl Pieces) -> Result<(), OfficeError> {
    let all = filter(app, caller, query);
    let as_of = app.now().0;
    let mut moment = app.store.moment(&caller.tenant).await?;
    let registry = moment.registry().await?.ok_or(OfficeError::NotFound)?;
    let columns = Columns::of(&registry);

    let mut piece = MARK.as_bytes().to_vec();
    let names = HEADERS.into_iter().chain(columns.names.iter().map(String::as_str)).chain([OTHER]);
    piece.extend(lines([names.map(cell)])?);
    to.take(piece).await?;

    let records = moment.list_record_ids(&all).await?;
    let written = |rows: Vec<WholeRow>| lines(rows.into_iter().map(|row| line(&registry, &columns, row)));
    let mut read = Vec::new();
    for page in records.chunks(PAGE) {
        // the database reads a page while the one before is written
        let before = std::mem::take(&mut read);
        let written = async { to.take(written(before)?).await };
        let (rows, taken) = tokio::join!(moment.list_whole(page), written);
        taken?;
        read = rows?;
    }
    to.take(written(read)?).await?;
    to.take(end(HEADERS.len() + columns.names.len() + 1, records.len(), as_of)?).await
}

/// The cells of a record.
fn line(registry: &Registry, columns: &Columns, row: WholeRow) -> Vec<String> {
    let year = row.record.fiscal_year;
    let item = item(registry, row.record, &row.lecturers, row.destroyed);
    // what was counted and did not take place is in no figure, and in no column that people add up
    let counted =
        OWN_COLUMNS.map(|id| row.tallies.iter().find(|(figure, _)| figure == id).and_then(|(_, value)| *value));
    first_cells(&item, year, counted).into_iter().chain(columns.cells(&row.tallies)).collect()
}

fn first_cells(record: &RecordItem, fiscal_year: Option<i64>, counted: [Option<i64>; 2]) -> [String; 18] {
    let text = |text: &Option<String>| text.as_deref().map(cell).unwrap_or_default();
    let name = |named: &Option<Named>| named.as_ref().map(|named| cell(&named.name)).unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let lecturers: Vec<&str> = record.lecturers.iter().map(|named| named.name.as_str()).collect();
    let among = if record.among { "（いずれか）" } else { "" };
    let month = record.month.as_deref().and_then(|month| month.split_once('-')?.1.parse::<i64>().ok());
    [
        record.document.clone(),
        kind(&record.kind).to_owned(),
        record.activity.as_deref().map(|code| cell(activity(code))).unwrap_or_default(),
        if record.destroyed { "（消去済み）".to_owned() } else { text(&record.title) },
        text(&record.occasion),
        number(fiscal_year),
        number(month),
        record.date.clone().unwrap_or_default(),
        name(&record.municipality),
        text(&record.venue),
        name(&record.association),
        name(&record.dispatched_by),
        cell(&format!("{}{among}", lecturers.join("、"))),
        cell(state(&record.state)),
        cell(group(&record.group)),
        record.reason.as_deref().map(|code| cell(reason(code))).unwrap_or_default(),
        number(counted[0]),
        number(counted[1]),
    ]
}

fn kind(kind: &str) -> &str {
    match kind {
        "session" => "催し",
        "consultation" => "相談",
        other => other,
    }
}
