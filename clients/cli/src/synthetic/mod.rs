//! A made-up year over a whole prefecture, so that dashboards have a shape before real records come.
//!
//! Invariants: every title begins with 見本, and so do its associations and lecturers; the same registry and date give
//! the same records, byte for byte in what they say. Deliberately absent: anything taken from a real municipality's work.

mod chance;
mod sessions;

use std::collections::BTreeMap;

use sync_core::domain::Date;

use crate::api::{NewLecturer, Registry};
use crate::error::CliError;
use crate::load::Registrar;
use crate::wanted::Wanted;

/// An association without municipalities in which the made-up records have their home, so that no municipality's tablets receive
/// those of another.
const HOME: &str = "見本の記録";

/// A municipality by which the prefecture is known among the remembered ones.
pub const CAPITAL: &str = "さいたま市";

/// Lecturers of each made-up association.
const LECTURERS: usize = 3;

/// Made-up associations and lecturers, by medical area.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// Registry id of the association where the records have their home.
    pub home: String,
    /// Registry ids: the association, and its lecturers.
    pub by_area: BTreeMap<String, (String, Vec<String>)>,
}

/// Enters one association with lecturers for each medical area.
pub fn enter_cast(registrar: &mut Registrar) -> Result<Cast, CliError> {
    let mut areas: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for municipality in &registrar.registry().municipalities {
        areas.entry(municipality.medical_area.clone()).or_default().push(municipality.code.clone());
    }
    let mut cast = Cast { home: registrar.association(HOME, Vec::new())?, ..Cast::default() };
    for (area, codes) in areas {
        let association = registrar.association(&format!("見本{area}医師会"), codes)?;
        let mut lecturers = Vec::new();
        for number in 1..=LECTURERS {
            let surname = format!("見本{area}{number}");
            lecturers.push(registrar.lecturer(&NewLecturer {
                surname: &surname,
                given_name: None,
                title: Some("医師"),
                affiliation: None,
                association: Some(association.clone()),
                bank: true,
                in_training: number == LECTURERS,
            })?);
        }
        cast.by_area.insert(area, (association, lecturers));
    }
    registrar.refresh()?;
    Ok(cast)
}

/// The records of the fiscal year before that of `until`, and of its own: held up to that day, planned after it.
pub fn records(registry: &Registry, cast: &Cast, until: Date) -> Vec<Wanted> {
    let mut records = Vec::new();
    for year in [until.fiscal_year() - 1, until.fiscal_year()] {
        for municipality in &registry.municipalities {
            if let Some((association, lecturers)) = cast.by_area.get(&municipality.medical_area) {
                sessions::of_municipality(municipality, association, lecturers, year, until, &mut records);
            }
        }
        for (area, (association, _)) in &cast.by_area {
            sessions::of_association(area, association, year, until, &mut records);
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sync_core::document::Scalar;

    use super::*;
    use crate::api::Municipality;

    fn prefecture() -> (Registry, Cast) {
        let mut registry = Registry::default();
        let mut cast = Cast::default();
        for n in 0..63 {
            let area = format!("地域{}", n % 10);
            let name = if n < 40 { format!("見本{n}市") } else { format!("見本{n}町") };
            registry.municipalities.push(Municipality { code: format!("11{n:04}"), name, medical_area: area.clone() });
            cast.by_area.insert(
                area.clone(),
                (format!("as-{}", n % 10), (0..3).map(|l| format!("le-{}-{l}", n % 10)).collect()),
            );
        }
        (registry, cast)
    }

    #[test]
    fn the_year_has_a_shape_and_is_the_same_every_time() {
        let (registry, cast) = prefecture();
        let until = Date::parse("2026-11-20").unwrap();
        let records = records(&registry, &cast, until);
        assert_eq!(records, super::records(&registry, &cast, until));
        assert!((350..=550).contains(&records.len()), "{}", records.len());
        let ids: BTreeSet<_> = records.iter().map(|record| record.document).collect();
        assert_eq!(ids.len(), records.len());
        for record in &records {
            assert!(matches!(&record.fields["title"], Scalar::Text(title) if title.starts_with("見本")));
            for intent in record.missing(None) {
                intent.check().unwrap();
            }
        }
        let with = |state: &str| records.iter().filter(|r| r.steps.iter().any(|(s, _)| s.as_str() == state)).count();
        assert!(with("cancelled") > 3 && with("held") > 200);
        assert!(
            records
                .iter()
                .filter(|r| r.steps.iter().all(|(s, _)| matches!(s.as_str(), "requested" | "confirmed")))
                .count()
                > 10
        );
        assert!(records.iter().any(|r| r.steps.iter().any(|(s, _)| s.as_str() == "held") && r.totals.is_empty()));
    }
}
