//! Into how many records an activity falls, and which place and date each of them is known to have.
//!
//! Invariant: a place and a date stand in one record only when the source says they belong together.

use sync_core::domain::vocabulary::Activity as Kind;

use super::form::{Activity, Area};
use super::{CaseError, spread};

/// One record's place and date, as far as reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Municipality by name.
    pub municipality: Option<String>,
    /// ISO date.
    pub date: Option<String>,
}

impl Slot {
    fn new(municipality: Option<&str>, date: Option<&str>) -> Self {
        Self { municipality: municipality.map(str::to_owned), date: date.map(str::to_owned) }
    }
}

/// The records of an activity.
pub fn slots(
    area: &Area,
    activity: &Activity,
    place: &str,
    note: &mut dyn FnMut(String),
) -> Result<Vec<Slot>, CaseError> {
    let named = activity.all_municipalities();
    let dates = activity.all_dates();
    if activity.kind == Kind::Consultation {
        let date = if dates.len() == 1 { dates[0] } else { None };
        return Ok(match named.as_slice() {
            [] => vec![Slot::new(None, date)],
            named => named.iter().map(|name| Slot::new(Some(name), date)).collect(),
        });
    }
    let stated = activity.count.map(|count| count as usize);
    let same_day = if activity.dates.is_none() { dates.first().copied().flatten() } else { None };
    if stated == Some(0) {
        note("件数が 0 のため、記録は作りません".to_owned());
        return Ok(Vec::new());
    }
    if let Some(text) = &activity.spread {
        let at = |message: String| CaseError::at(format!("{place}.spread"), message);
        let parts = spread::parse(text).ok_or_else(|| at(format!("「1市3町」の形で書いてください: {text}")))?;
        let all: Vec<&str> = area.municipalities.iter().map(String::as_str).collect();
        let placement = spread::place(&parts, if named.is_empty() { &all } else { &named });
        let count = stated.unwrap_or(placement.named.max(dates.len()));
        if count < placement.named {
            return Err(at(format!("件数 {count} が広がり {text} より少なくなっています")));
        }
        for (kind, named, present) in &placement.open {
            note(format!(
                "{kind} {named} か所のうちどこかが書かれていない（地域には {present}）ため、その分は市町村なしで登録します"
            ));
        }
        if dates.len() > 1 {
            note("どの日がどの市町村かが書かれていないため、日付は登録しません".to_owned());
        }
        let names = placement.placed.iter().map(|name| Some(name.as_str()));
        return Ok(names.chain(std::iter::repeat(None)).take(count).map(|name| Slot::new(name, same_day)).collect());
    }
    if named.len() <= 1 {
        let count = stated.unwrap_or(dates.len().max(1));
        let name = named.first().copied();
        let mut day = dates.iter().copied().chain(std::iter::repeat(None));
        return Ok((0..count).map(|_| Slot::new(name, same_day.or_else(|| day.next().flatten()))).collect());
    }
    let count = stated.unwrap_or(named.len().max(dates.len()));
    if count == named.len() && dates.len() == count {
        note("市町村と日付は、並んでいる順に組み合わせます".to_owned());
        return Ok(named.iter().zip(&dates).map(|(name, date)| Slot::new(Some(name), *date)).collect());
    }
    if dates.len() > 1 || count < named.len() {
        note(format!("{count} 件がどの市町村のものかが書かれていないため、市町村なしで登録します"));
        let mut day = dates.iter().copied().chain(std::iter::repeat(None));
        return Ok((0..count).map(|_| Slot::new(None, same_day.or_else(|| day.next().flatten()))).collect());
    }
    let names = named.iter().map(|name| Some(*name)).chain(std::iter::repeat(None));
    Ok(names.take(count).map(|name| Slot::new(name, dates.first().copied().flatten())).collect())
}

/// The record that may hold a number for all of them: its place and date are true of all, or it states none.
pub fn carrier(slots: &[Slot]) -> Option<usize> {
    let shared = shared(slots);
    slots.iter().position(|slot| *slot == shared)
}

/// What is true of all records.
pub fn shared(slots: &[Slot]) -> Slot {
    let first = slots.first().cloned().unwrap_or_default();
    let place = slots.iter().all(|slot| slot.municipality == first.municipality);
    let date = slots.iter().all(|slot| slot.date == first.date);
    Slot { municipality: first.municipality.filter(|_| place), date: first.date.filter(|_| date) }
}
