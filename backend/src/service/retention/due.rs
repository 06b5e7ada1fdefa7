//! What falls due: a list of lines, one for each thing, in a fixed order, and the SHA-256 that names it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Subject, YearCount, reach};
use crate::service::App;
use crate::store::StoreError;

/// What falls due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// A line each: a record's id, a change's record, hash and tablet, a tablet's id, a person's id; of the journal one
    /// line with the first and the last place and the hash there.
    pub lines: Vec<String>,
    /// Of records: by fiscal year.
    pub by_year: Vec<YearCount>,
    /// Of the journal: how many entries.
    pub entries: u64,
}

/// The text of a list: each line ends with a line feed.
pub fn text_of(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// The SHA-256 of a list's text.
pub fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

impl Due {
    /// How much it is.
    pub fn count(&self) -> u64 {
        self.entries.max(self.lines.len() as u64)
    }

    /// Names the list.
    pub fn hash(&self) -> [u8; 32] {
        hash_of(&text_of(&self.lines))
    }
}

/// What of a subject falls due today when it is kept for so many years.
pub async fn due(app: &App, tenant: &str, subject: Subject, years: i64) -> Result<Due, StoreError> {
    let (last, before) = reach(app, years);
    let mut due = Due::default();
    match subject {
        Subject::Records => {
            let mut by_year: BTreeMap<Option<i64>, u64> = BTreeMap::new();
            for (document, fiscal_year) in app.store.list_due_records(tenant, last, before).await? {
                *by_year.entry(fiscal_year).or_default() += 1;
                due.lines.push(document.to_string());
            }
            due.by_year = by_year.into_iter().map(|(fiscal_year, count)| YearCount { fiscal_year, count }).collect();
        }
        Subject::Custody => {
            let keys = app.store.list_due_custody(tenant, before).await?;
            due.lines = keys.iter().map(|(document, hash, device)| format!("{document} {hash} {device}")).collect();
        }
        Subject::Journal => {
            if let Some(part) = app.store.journal_before(tenant, before).await? {
                due.entries = part.last.seq + 1 - part.from;
                due.lines.push(format!("{}-{} {}", part.from, part.last.seq, hex::encode(part.last.hash)));
            }
        }
        Subject::Tablets => {
            due.lines = app.store.list_due_tablets(tenant, before).await?.iter().map(ToString::to_string).collect();
        }
        Subject::SignIns => due.lines = app.store.list_due_sign_ins(tenant, before).await?,
    }
    Ok(due)
}
