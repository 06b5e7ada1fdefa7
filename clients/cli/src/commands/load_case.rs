//! `tsudoi load-case`: an area's year from a file, recorded by three tablets and sent.

use super::Place;
use crate::args::LoadCase;
use crate::case::form::CaseFile;
use crate::case::mapping::map;
use crate::case::names::Names;
use crate::case::{CaseError, text};
use crate::error::CliError;
use crate::load::{Crew, Loaded, Registrar};
use crate::say::say;

pub(super) fn run(place: &Place, args: &LoadCase) -> Result<(), CliError> {
    let bytes = std::fs::read(&args.file)
        .map_err(|source| CliError::input(format!("事例ファイル {} を読めません", args.file.display()), source))?;
    let case = CaseFile::parse(&text::decode(&bytes).map_err(CaseError::unreadable)?)?;
    let mut named = case.area.municipalities.clone();
    for activity in &case.activities {
        named.extend(activity.all_municipalities().into_iter().map(str::to_owned));
    }
    let mut registrar = Registrar::find(&place.home, place.server()?, args.code.as_deref(), &named)?;
    let names = registrar.enter(&case)?;
    let mapped = map(&case, &names)?;
    for note in &mapped.notes {
        say(format_args!("注意: {note}"))?;
    }
    let scopes = scopes(&case, &names)?;
    let mut crew = Crew::open(&place.home, &registrar, "case", &scopes)?;
    let loaded = crew.load(&mapped.records)?;
    let area = case.area.medical_area.clone().unwrap_or_default();
    say(format_args!(
        "{} {}年度 {area}（{}）",
        names.registry.tenant.name,
        case.fiscal_year,
        case.area.all_associations().join("、")
    ))?;
    print(&loaded)
}

/// Associations first: what belongs to no municipality then has its home with an association.
fn scopes(case: &CaseFile, names: &Names) -> Result<Vec<String>, CliError> {
    let mut scopes = Vec::new();
    for name in case.area.all_associations() {
        scopes.push(format!("association:{}", names.association("area.association", name)?));
    }
    for name in &case.area.municipalities {
        scopes.push(format!("municipality:{}", names.municipality("area.municipalities", name)?));
    }
    Ok(scopes)
}

/// What loading did, in three lines.
pub(super) fn print(loaded: &Loaded) -> Result<(), CliError> {
    let same = loaded.records - loaded.new - loaded.completed;
    say(format_args!(
        "記録 {} 件: 新しく記録 {} 件、足りない分を補った {} 件、変わりなし {same} 件",
        loaded.records, loaded.new, loaded.completed
    ))?;
    say(format_args!(
        "サーバーが受け取った変更 {} 件（送り直しで重なった {} 件は数えられていません）",
        loaded.stored, loaded.duplicate
    ))?;
    say("3台の端末とサーバーは照合済みです")
}
