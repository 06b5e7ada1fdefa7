//! The yearly figures of a prefecture by municipality, as a table that may be published.
//!
//! Small counts are not in it, and cannot be worked out from it (`suppression`); what nobody reported says so. No
//! column is the sum of others.

use std::collections::BTreeMap;

use sync_core::domain::Measure;
use sync_core::domain::vocabulary::{Activity, Group};
use sync_core::figures::Figure as Counted;

use super::era::short_year;
use super::spreadsheet::{MARK, cell, end, lines};
use super::suppression::{Published, publish};
use super::{OfficeError, day_in_japan, fiscal_year_of};
use crate::service::App;
use crate::service::access::{Action, Caller, Extent};
use crate::store::types::RollupValue;

/// Columns before the counts.
const PLACE: [&str; 4] = ["年度", "市町村コード", "市町村", "二次保健医療圏"];

fn shown(published: Published) -> String {
    match published {
        Published::NotReported => "報告なし".to_owned(),
        Published::Number(number) => number.to_string(),
        Published::Small => "5未満".to_owned(),
        Published::LeftOut => "非公表".to_owned(),
    }
}

/// The column a figure counts for in this table, as its key.
fn column_of(figure: &str) -> Option<String> {
    match figure.parse().ok()? {
        Counted::Records { activity: Some(Activity::Distribution | Activity::Consultation), .. } => None,
        Counted::Records { group: Group::Held, .. } => Some("held".to_owned()),
        Counted::Attendance => Some("attendance".to_owned()),
        Counted::Counted(Measure::Viewers) => Some("viewers".to_owned()),
        Counted::Counted(Measure::Material { material, .. }) => Some(format!("material.{material}")),
        _ => None,
    }
}

/// The name of the file of a year, and its table; the present one unless stated.
pub async fn table(app: &App, caller: &Caller, fiscal_year: Option<i64>) -> Result<(String, Vec<u8>), OfficeError> {
    if caller.extent(Action::ExportRecords) != Extent::Prefecture {
        return Err(OfficeError::NotFound);
    }
    let as_of = app.now().0;
    let mut moment = app.store.moment(&caller.tenant).await?;
    let registry = moment.registry().await?.ok_or(OfficeError::NotFound)?;
    let year = fiscal_year.unwrap_or_else(|| fiscal_year_of(day_in_japan(as_of)));
    let mut columns: Vec<(String, String)> =
        [("held", "実施回数"), ("attendance", "参加者数"), ("viewers", "DVDを見た人数")]
            .map(|(key, name)| (key.to_owned(), name.to_owned()))
            .to_vec();
    for material in &registry.materials {
        columns.push((format!("material.{}", material.id), format!("{}（{}）", material.name, material.unit)));
    }
    let mut sums: BTreeMap<(String, String), RollupValue> = BTreeMap::new();
    let mut figures = Vec::new();
    for prefix in ["record", "attendance", "screening.viewers", "material"] {
        figures.extend(moment.list_figures(year, prefix).await?);
    }
    for (key, value) in figures {
        let Some(column) = column_of(&key.measure) else { continue };
        let known = registry.municipalities.iter().any(|one| one.code == key.municipality);
        let place = if known { key.municipality } else { String::new() };
        sums.entry((column, place)).or_default().merge(&value);
    }
    // what is of no municipality of the prefecture is a place of its own
    let mut rows: Vec<Vec<String>> = Vec::new();
    let places: Vec<&str> = registry.municipalities.iter().map(|one| one.code.as_str()).chain([""]).collect();
    for one in &registry.municipalities {
        rows.push(vec![year.to_string(), one.code.clone(), cell(&one.name), cell(&one.medical_area)]);
    }
    rows.push(vec![year.to_string(), String::new(), "市町村の記入なし・県外".to_owned(), String::new()]);
    let mut total = vec![year.to_string(), String::new(), "計".to_owned(), String::new()];
    for (column, _) in &columns {
        let counts: Vec<Option<i64>> = places
            .iter()
            .map(|place| match sums.get(&(column.clone(), (*place).to_owned())) {
                // a year without a record is a year with none; of what is counted in them nobody said anything
                None => (column == "held").then_some(0),
                Some(value) => (value.reported > 0).then_some(value.total),
            })
            .collect();
        let (cells, sum) = publish(&counts);
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(shown(cell)));
        total.push(shown(sum));
    }
    rows.push(total);
    let heading: Vec<String> =
        PLACE.map(str::to_owned).into_iter().chain(columns.iter().map(|(_, name)| cell(name))).collect();
    let (width, count) = (heading.len(), rows.len());
    let mut table = MARK.as_bytes().to_vec();
    table.extend(lines([heading].into_iter().chain(rows))?);
    table.extend(end(width, count, as_of)?);
    Ok((format!("{}_{}_公表用の集計", short_year(year), registry.tenant_name), table))
}
