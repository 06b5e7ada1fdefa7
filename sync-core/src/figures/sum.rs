//! Sums of what records add, as a whole or at one place.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Contributions, Figure, contributions};
use crate::domain::Facts;

/// A figure summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Records with a number.
    pub reported: i64,
    /// Records that should have a number and have none.
    pub unreported: i64,
    /// Sum of the numbers. Where `reported` is 0 it says nothing.
    pub total: i64,
}

impl Sum {
    /// Adds what one record adds.
    pub fn add(&mut self, value: Option<i64>) {
        match value {
            Some(number) => {
                self.reported += 1;
                self.total = self.total.saturating_add(number);
            }
            None => self.unreported += 1,
        }
    }

    /// Adds another.
    pub fn merge(&mut self, other: &Self) {
        self.reported += other.reported;
        self.unreported += other.unreported;
        self.total = self.total.saturating_add(other.total);
    }

    /// Nothing to add.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a record's figures count. `None` is "not reported".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Starting year of the fiscal year.
    pub fiscal_year: Option<i64>,
    /// `YYYY-MM`.
    pub month: Option<String>,
    /// Six-digit code.
    pub municipality: Option<String>,
    /// The association whose totals it enters: the one that sent the lecturer, else the record's own.
    pub association: Option<String>,
    /// The association or hub whose record it is, when another one sent the lecturer. On its page the record counts too; in
    /// a total above both it counts once.
    pub holder: Option<String>,
}

impl Split {
    /// Of a record that is of `own` and whose lecturer was sent by `sender`.
    pub fn new(own: Option<String>, sender: Option<String>) -> Self {
        let holder = own.clone().filter(|own| sender.as_ref().is_some_and(|sender| sender != own));
        Self { association: sender.or(own), holder, ..Self::default() }
    }

    /// Of a record.
    pub fn of(facts: &Facts) -> Self {
        Self {
            fiscal_year: facts.fiscal_year,
            month: facts.month.clone(),
            municipality: facts.municipality.clone(),
            ..Self::new(facts.association.clone(), facts.dispatched_by.clone())
        }
    }
}

/// Whose figures are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everybody's.
    Everywhere,
    /// Those of a municipality, by its code.
    Municipality(String),
    /// Those of an association or hub, by its registry id.
    Association(String),
}

impl Place {
    /// What a scope stands for; other scopes than those of an organisation ask for everything that is there.
    pub fn of_scope(scope: &str) -> Self {
        match scope.split_once(':') {
            Some(("municipality", code)) => Self::Municipality(code.to_owned()),
            Some(("association", id)) => Self::Association(id.to_owned()),
            _ => Self::Everywhere,
        }
    }

    /// Whether a record counts there.
    pub fn holds(&self, split: &Split) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Municipality(code) => split.municipality.as_ref() == Some(code),
            Self::Association(id) => split.association.as_ref() == Some(id) || split.holder.as_ref() == Some(id),
        }
    }
}

/// Sums the figures of a fiscal year at a place, by figure. A year of `None` stands for records whose year is not known.
pub fn sums<'a>(
    records: impl Iterator<Item = &'a Facts>,
    fiscal_year: Option<i64>,
    place: &Place,
) -> BTreeMap<Figure, Sum> {
    let mut sums: BTreeMap<Figure, Sum> = BTreeMap::new();
    for facts in records {
        let split = Split::of(facts);
        if split.fiscal_year != fiscal_year || !place.holds(&split) {
            continue;
        }
        let all: Contributions = contributions(facts);
        for (figure, value) in all {
            sums.entry(figure).or_default().add(value);
        }
    }
    sums
}
