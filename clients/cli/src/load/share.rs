//! Who of the three records what. Some edits are made by two of them, and larger counts are split, as when a hall has
//! two doors; the parts add up to the whole.

use sync_core::domain::{Intent, Measure};

/// The tablet at the door, the one that hands things out, and the lecturer's.
pub(super) const TABLETS: [(&str, &str); 3] =
    [("door", "受付の端末"), ("handout", "配布の端末"), ("lecturer", "講師の端末")];

const DOOR: usize = 0;
const HANDOUT: usize = 1;
const LECTURER: usize = 2;

/// The shares of a record's edits, by tablet.
pub(super) fn shares(intents: Vec<Intent>) -> [Vec<Intent>; 3] {
    let mut shares: [Vec<Intent>; 3] = Default::default();
    for intent in intents {
        match &intent {
            Intent::Set { field, .. } => match field.as_str() {
                "activity" | "title" => {
                    shares[DOOR].push(intent.clone());
                    shares[LECTURER].push(intent);
                }
                "theme" | "occasion" | "host" | "item" | "dispatched_by" | "lecturer_attribution" | "also" => {
                    shares[LECTURER].push(intent);
                }
                "medium" | "minutes" | "audience" => shares[HANDOUT].push(intent),
                _ => shares[DOOR].push(intent),
            },
            Intent::Count { measure, by, reason } => {
                let (first, second) = match measure {
                    Measure::Material { .. } | Measure::Viewers => (HANDOUT, DOOR),
                    Measure::Band(_) | Measure::Audience(_) => (DOOR, LECTURER),
                    Measure::Answer { .. } | Measure::Consultation(_) => (LECTURER, HANDOUT),
                };
                let (part, rest) = (by - by / 2, by / 2);
                let count = |by: i64| Intent::Count { measure: measure.clone(), by, reason: *reason };
                shares[first].push(count(part));
                if rest > 0 {
                    shares[second].push(count(rest));
                }
            }
            Intent::Link { link } if link.starts_with("noted/") => shares[HANDOUT].push(intent),
            Intent::Link { .. } | Intent::Unlink { .. } | Intent::Write { .. } | Intent::HaveRead { .. } => {
                shares[LECTURER].push(intent);
            }
            Intent::Step { .. }
            | Intent::TakeBack { .. }
            | Intent::Void { .. }
            | Intent::Switch { .. }
            | Intent::Unswitch { .. } => shares[DOOR].push(intent),
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_count_add_up_and_a_reported_zero_stays_a_report() {
        for by in [0, 1, 2, 49, 100_000] {
            let count = Intent::Count { measure: "attendance.band.unknown".parse().unwrap(), by, reason: None };
            let all: Vec<i64> = shares(vec![count])
                .into_iter()
                .flatten()
                .map(|intent| match intent {
                    Intent::Count { by, .. } => by,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(all.iter().sum::<i64>(), by);
            assert_eq!(all.len(), if by > 1 { 2 } else { 1 });
        }
    }
}
