//! Every rule of sync-core/SPEC.md has a number of its own and a test that bears it.

use crate::{below, none, read};
use std::collections::BTreeSet;

/// Rules as written: `- **DOC-1** …`.
fn rules() -> Vec<String> {
    read("sync-core/SPEC.md")
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("**").map(|(id, _)| id.to_owned()))
        .collect()
}

/// Rules that tests bear in their names: `doc_2_…` is DOC-2, `inv_1_3_…` is INV-1 and INV-3.
fn cited() -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    for file in below("sync-core/", &[".rs"]).into_iter().chain(below("tests/", &[".rs"])) {
        for line in read(&file).lines() {
            let Some(name) = line.trim_start().strip_prefix("fn ") else { continue };
            let mut parts = name.split('_');
            let family = parts.next().unwrap_or_default().to_uppercase();
            for number in parts.map_while(|part| part.parse::<u32>().ok()) {
                cited.insert(format!("{family}-{number}"));
            }
        }
    }
    cited
}

#[test]
fn rule_numbers_are_never_reused() {
    let rules = rules();
    assert!(rules.len() > 10, "SPEC.md was read: {rules:?}");
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = rules.into_iter().filter(|rule| !seen.insert(rule.clone())).collect();
    none(&twice, "these numbers stand twice in sync-core/SPEC.md");
}

#[test]
fn every_rule_is_borne_by_a_test_and_every_such_test_by_a_rule() {
    let cited = cited();
    let rules: BTreeSet<String> = rules().into_iter().collect();
    none(&rules.difference(&cited).cloned().collect::<Vec<_>>(), "no test's name begins with these rules");
    let families: BTreeSet<&str> = rules.iter().filter_map(|rule| Some(rule.split_once('-')?.0)).collect();
    let unknown: Vec<String> = cited
        .difference(&rules)
        .filter(|id| id.split_once('-').is_some_and(|(family, _)| families.contains(family)))
        .cloned()
        .collect();
    none(&unknown, "tests name these rules, which SPEC.md does not have");
}
