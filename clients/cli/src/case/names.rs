//! Names of a case file and the registry ids they stand for.

use crate::api::Registry;

use super::CaseError;
use super::form::Lecturer;
use super::words::half_width;

/// A registry, and the ids of the file's own lecturers.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The server's registry.
    pub registry: Registry,
    /// Ids of the file's lecturers, in the file's order.
    pub own_lecturers: Vec<(Lecturer, String)>,
}

/// A lecturer a file refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Registry id.
    pub id: String,
    /// Whether in the lecturer bank.
    pub bank: bool,
    /// Registry id of their association.
    pub association: Option<String>,
}

impl Names {
    /// The code of a municipality, by name or by code.
    pub fn municipality(&self, place: &str, name: &str) -> Result<String, CaseError> {
        find_municipality(&self.registry, name).ok_or_else(|| {
            CaseError::at(place, format!("市町村「{name}」は{}の台帳にありません", self.registry.tenant.name))
        })
    }

    /// The id of an association.
    pub fn association(&self, place: &str, name: &str) -> Result<String, CaseError> {
        let found = self.registry.associations.iter().find(|known| known.name == name.trim());
        found
            .map(|known| known.id.clone())
            .ok_or_else(|| CaseError::at(place, format!("医師会「{name}」が台帳にありません")))
    }

    /// The id of a medium when the registry knows it, else its name.
    pub fn medium(&self, name: &str) -> String {
        let found = self.registry.media.iter().find(|known| known.name == name.trim());
        found.map_or_else(|| name.trim().to_owned(), |known| known.id.clone())
    }

    /// Ids of a material and an eligibility.
    pub fn material(&self, place: &str, name: &str, eligibility: &str) -> Result<(String, String), CaseError> {
        let material = self.registry.materials.iter().find(|known| known.name == name.trim());
        let material = material.ok_or_else(|| CaseError::at(place, format!("配布物「{name}」が台帳にありません")))?;
        let found = material.eligibilities.iter().find(|known| known.name == eligibility);
        let found =
            found.ok_or_else(|| CaseError::at(place, format!("対象区分「{eligibility}」が台帳にありません")))?;
        Ok((material.id.clone(), found.id.clone()))
    }

    /// The lecturer of a surname, or of a surname and given name: first among the file's own, then in the registry.
    pub fn lecturer(&self, place: &str, name: &str) -> Result<Known, CaseError> {
        let own = self
            .own_lecturers
            .iter()
            .filter(|(lecturer, _)| is_called(name, &lecturer.surname, lecturer.given_name.as_deref()));
        let own: Vec<Known> = own
            .map(|(lecturer, id)| Known {
                id: id.clone(),
                bank: lecturer.bank,
                association: lecturer.association.as_ref().and_then(|name| self.association(place, name).ok()),
            })
            .collect();
        let found = if own.is_empty() {
            let known = self.registry.lecturers.iter();
            let known = known.filter(|known| is_called(name, &known.surname, known.given_name.as_deref()));
            known.map(|l| Known { id: l.id.clone(), bank: l.bank, association: l.association.clone() }).collect()
        } else {
            own
        };
        match found.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(CaseError::at(place, format!("講師「{name}」が lecturers にも台帳にもありません"))),
            _ => Err(CaseError::at(place, format!("講師「{name}」が複数います。姓と名で書いてください"))),
        }
    }
}

/// The code of a municipality in a registry, by name or by code.
pub fn find_municipality(registry: &Registry, name: &str) -> Option<String> {
    let wanted = half_width(name);
    let found = registry.municipalities.iter().find(|known| known.name == wanted || known.code == wanted);
    found.map(|known| known.code.clone())
}

fn is_called(name: &str, surname: &str, given_name: Option<&str>) -> bool {
    let plain = |text: &str| text.replace([' ', '\u{3000}'], "");
    let name = plain(name);
    name == plain(surname) || given_name.is_some_and(|given| name == plain(&format!("{surname}{given}")))
}
