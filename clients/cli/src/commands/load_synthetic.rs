//! `tsudoi load-synthetic`: a made-up year over the whole prefecture, marked 見本 everywhere, recorded and sent like any other.

use sync_core::domain::Date;

use super::{Place, load_case};
use crate::args::LoadSynthetic;
use crate::error::CliError;
use crate::load::{Crew, Registrar};
use crate::say::say;
use crate::synthetic;

pub(super) fn run(place: &Place, args: &LoadSynthetic) -> Result<(), CliError> {
    let bad = || CliError::input("--until は 2026-11-20 の形で書いてください", &args.until);
    let until = Date::parse(&args.until).ok_or_else(bad)?;
    let mut registrar =
        Registrar::find(&place.home, place.server()?, args.code.as_deref(), &[synthetic::CAPITAL.to_owned()])?;
    let cast = synthetic::enter_cast(&mut registrar)?;
    let records = synthetic::records(registrar.registry(), &cast, until);
    let mut crew = Crew::open(&place.home, &registrar, "synthetic", &[format!("association:{}", cast.home)])?;
    let loaded = crew.load(&records)?;
    say(format_args!("見本の記録（{}、{}まで）", registrar.registry().tenant.name, args.until))?;
    load_case::print(&loaded)
}
