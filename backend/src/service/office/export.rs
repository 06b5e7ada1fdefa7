//! The list of records as CSV rows: the same records as the list behind a figure, however many there are.
//!
//! Read month by month: which records first, then page by page what they are, so that memory grows with the ids of one
//! month at most, and a record that others write meanwhile is neither left out of its month nor in it twice.
//! A quantity nobody reported is an empty cell, never 0.

use sync_core::ids::DocumentId;
use tokio::sync::mpsc::Sender;

use super::records::{RecordItem, RecordQuery, filter, items};
use super::spreadsheet::{MARK, harmless, lines};
use super::{Named, OfficeError};
use crate::service::App;
use crate::service::access::Caller;
use crate::store::office::{NOT_REPORTED, RecordFilter};
use crate::store::types::Registry;

/// Records of a page. Two pages are read at once.
const PAGE: usize = 1_024;
/// The first cells of a table, in the order of the columns.
const HEADERS: [&str; 16] = [
    "番号",
    "種別",
    "種類",
    "名称",
    "きっかけ",
    "日付",
    "月",
    "市町村",
    "会場",
    "医師会",
    "派遣元",
    "講師",
    "状態",
    "理由",
    "参加者",
    "見た人",
];

/// Sends the table in pieces, the first with the headers; ends early when nobody takes them any more.
pub async fn send(app: &App, caller: &Caller, query: RecordQuery, to: &Sender<Vec<u8>>) -> Result<(), OfficeError> {
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let all = filter(app, caller, query);
    let mut piece = MARK.as_bytes().to_vec();
    piece.extend(lines([HEADERS])?);
    if to.send(piece).await.is_err() {
        return Ok(());
    }
    let years = match all.fiscal_year {
        Some(year) => vec![year],
        None => {
            let mut years = app.store.list_years(&caller.tenant, &all.within).await?;
            years.reverse();
            years.push(0);
            years
        }
    };
    for year in years {
        for month in months(year, all.month.as_deref()) {
            let part = RecordFilter { fiscal_year: Some(year), month: Some(month), ..all.clone() };
            if !send_part(app, &caller.tenant, &registry, &part, to).await? {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn send_part(
    app: &App,
    tenant: &str,
    registry: &Registry,
    part: &RecordFilter,
    to: &Sender<Vec<u8>>,
) -> Result<bool, OfficeError> {
    for pages in app.store.list_record_ids(tenant, part).await?.chunks(2 * PAGE) {
        let (first, second) = pages.split_at(pages.len().min(PAGE));
        // the database answers one while the other is written
        let pieces = tokio::try_join!(piece(app, tenant, registry, first), piece(app, tenant, registry, second))?;
        for piece in [pieces.0, pieces.1] {
            if !piece.is_empty() && to.send(piece).await.is_err() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The lines of these records, in this order.
async fn piece(app: &App, tenant: &str, registry: &Registry, records: &[DocumentId]) -> Result<Vec<u8>, OfficeError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let rows = app.store.list_records_of(tenant, records).await?;
    lines(items(app, tenant, registry, rows).await?.iter().map(cells))
}

/// The months of a fiscal year, the latest first, and at last the records without one; only `wanted` when it is stated.
fn months(year: i64, wanted: Option<&str>) -> Vec<String> {
    if let Some(month) = wanted {
        return vec![month.to_owned()];
    }
    let month = |month: i64| format!("{:04}-{month:02}", if month < 4 { year + 1 } else { year });
    let order = [3, 2, 1, 12, 11, 10, 9, 8, 7, 6, 5, 4];
    let known = if year == 0 { Vec::new() } else { order.into_iter().map(month).collect() };
    known.into_iter().chain([NOT_REPORTED.to_owned()]).collect()
}

fn cells(record: &RecordItem) -> [String; 16] {
    let text = |text: &Option<String>| text.as_deref().map(harmless).unwrap_or_default();
    let name = |named: &Option<Named>| named.as_ref().map(|named| harmless(&named.name)).unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let lecturers: Vec<&str> = record.lecturers.iter().map(|named| named.name.as_str()).collect();
    let among = if record.among { "（いずれか）" } else { "" };
    [
        record.document.clone(),
        kind(&record.kind).to_owned(),
        record.activity.as_deref().map(activity).unwrap_or_default(),
        if record.destroyed { "（消去済み）".to_owned() } else { text(&record.title) },
        text(&record.occasion),
        text(&record.date),
        text(&record.month),
        name(&record.municipality),
        text(&record.venue),
        name(&record.association),
        name(&record.dispatched_by),
        harmless(&format!("{}{among}", lecturers.join("、"))),
        group(&record.group).to_owned(),
        record.reason.as_deref().map(reason).unwrap_or_default(),
        number(record.attendance),
        number(record.viewers),
    ]
}

fn kind(kind: &str) -> &str {
    match kind {
        "session" => "活動",
        "consultation" => "相談",
        other => other,
    }
}

fn group(group: &str) -> &str {
    match group {
        "planned" => "予定",
        "held" => "実施",
        "cancelled" => "中止",
        "postponed" => "延期",
        "conflict" => "食い違い",
        other => other,
    }
}

fn activity(activity: &str) -> String {
    let word = match activity {
        "lecture" => "講話",
        "round_table" => "座談会",
        "public_lecture" => "講演会",
        "visiting_lecture" => "出前講座",
        "training" => "多職種研修",
        "booth" => "相談ブース",
        "meeting" => "会議",
        "screening" => "DVD上映",
        "distribution" => "配布",
        "publicity" => "広報",
        "consultation" => "相談",
        other => return harmless(other),
    };
    word.to_owned()
}

fn reason(reason: &str) -> String {
    let word = match reason {
        "infection" => "感染症",
        "lecturer" => "講師都合",
        "few_people" => "参加者不足",
        "weather" => "天候",
        "other" => "その他",
        other => return harmless(other),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fiscal_year_is_read_from_march_back_to_april_and_then_without_month() {
        let months = months(2026, None);
        assert_eq!((months.len(), months[0].as_str(), months[11].as_str()), (13, "2027-03", "2026-04"));
        assert_eq!(months[12], NOT_REPORTED);
        assert_eq!(super::months(0, None), [NOT_REPORTED]);
        assert_eq!(super::months(2026, Some("2026-05")), ["2026-05"]);
    }
}
