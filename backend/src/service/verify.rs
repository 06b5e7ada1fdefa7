//! Comparing everything that follows from documents with the documents, and making it anew.

use std::collections::BTreeMap;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Document;
use sync_core::ids::ScopeId;

use super::App;
use super::projection::{figures, places, project};
use crate::store::StoreError;
use crate::store::types::{
    Part, Place, Rebuilt, RollupKey, RollupValue, Rollups, ScopeRow, StoredDocument, accumulate,
};

/// Longest list of differences that is kept.
const DIFFERENCES: usize = 1_000;

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Documents looked at.
    pub documents: u64,
    /// Scopes looked at.
    pub scopes: u64,
    /// How many differences there are.
    pub count: u64,
    /// The first of them, a line each.
    pub differences: Vec<String>,
}

impl Findings {
    fn add(&mut self, difference: String) {
        self.count += 1;
        if self.differences.len() < DIFFERENCES {
            self.differences.push(difference);
        }
    }
}

/// What should follow from a stored document; `None` when it cannot be loaded or has another genesis or other heads.
pub fn derive(stored: &StoredDocument) -> Option<Rebuilt> {
    let mut document = Document::load(&stored.snapshot).ok()?;
    if document.id() != stored.document || document.heads() != stored.heads || !document.begins_with_genesis() {
        return None;
    }
    let projection = project(&document);
    Some(Rebuilt {
        rollups: figures(&projection),
        places: places(stored.document, &stored.heads, stored.home_scope.as_ref(), &projection, &stored.places),
        projection,
    })
}

/// Compares a tenant's projections, roll-ups, feed and digests with its documents, all of one moment: people may go on
/// writing.
pub async fn verify(app: &App, tenant: &str) -> Result<Findings, StoreError> {
    let mut findings = Findings::default();
    let mut rollups = Rollups::new();
    let mut sums: BTreeMap<ScopeId, (u64, Digest)> = BTreeMap::new();
    let mut see = |part: Part| match part {
        Part::Documents(page) => {
            for stored in &page {
                findings.documents += 1;
                compare(stored, &mut findings, &mut rollups, &mut sums);
            }
        }
        Part::Retired(page) => page.iter().for_each(|(_, line)| accumulate(&mut rollups, &figures(line), 1)),
        Part::Rollups(stored) => compare_rollups(&rollups, &stored, &mut findings),
        Part::Scopes(rows) => compare_scopes(&rows, &mut sums, &mut findings),
    };
    app.store.survey(tenant, &mut see).await?;
    Ok(findings)
}

fn compare_scopes(rows: &[ScopeRow], sums: &mut BTreeMap<ScopeId, (u64, Digest)>, findings: &mut Findings) {
    for row in rows {
        findings.scopes += 1;
        let (count, digest) = sums.remove(&row.scope).unwrap_or((0, Digest::ZERO));
        if (row.document_count, row.digest) != (count, digest) {
            findings.add(format!(
                "scope {}: count {} digest {}, should be {count} {}",
                row.scope,
                row.document_count,
                row.digest.hex(),
                digest.hex()
            ));
        }
    }
    for scope in sums.keys() {
        findings.add(format!("scope {scope}: missing"));
    }
}

fn compare(
    stored: &StoredDocument,
    findings: &mut Findings,
    rollups: &mut Rollups,
    sums: &mut BTreeMap<ScopeId, (u64, Digest)>,
) {
    let id = stored.document;
    let Some(derived) = derive(stored) else {
        findings.add(format!("document {id}: cannot be loaded as it was stored"));
        return;
    };
    accumulate(rollups, &derived.rollups, 1);
    match &stored.projection {
        None => findings.add(format!("document {id}: has no facts")),
        Some(projection) if *projection != derived.projection => {
            findings.add(format!("document {id}: facts are {projection:?}, should be {:?}", derived.projection));
        }
        Some(_) => {}
    }
    if stored.places != derived.places {
        let shown = |places: &[Place]| places.iter().map(|p| format!("{} {:?}", p.scope, p.state)).collect::<Vec<_>>();
        let (is, should) = (shown(&stored.places), shown(&derived.places));
        findings.add(format!("document {id}: feed is {is:?}, should be {should:?} with the digest of its heads"));
    }
    for place in derived.places.iter().filter(|place| place.state == FeedState::Present) {
        let (count, digest) = sums.entry(place.scope.clone()).or_default();
        *count += 1;
        *digest = digest.plus(place.contribution);
    }
}

fn compare_rollups(should: &Rollups, is: &Rollups, findings: &mut Findings) {
    for (key, value) in should.iter().filter(|(_, value)| !value.is_zero()) {
        match is.get(key) {
            Some(stored) if stored == value => {}
            other => {
                let is = other.map_or_else(|| "missing".to_owned(), shown_value);
                findings.add(format!("{}: is {is}, should be {}", shown_key(key), shown_value(value)));
            }
        }
    }
    for (key, value) in is.iter().filter(|(key, _)| !should.contains_key(*key)) {
        findings.add(format!("{}: is {}, should not be there", shown_key(key), shown_value(value)));
    }
}

fn shown_key(key: &RollupKey) -> String {
    let RollupKey { fiscal_year, measure, municipality, association, holder, month } = key;
    format!(
        "roll-up {measure} year {fiscal_year} month '{month}' municipality '{municipality}' association '{association}' \
         holder '{holder}'"
    )
}

fn shown_value(value: &RollupValue) -> String {
    format!("{} ({} reported, {} unreported)", value.total, value.reported, value.unreported)
}

/// Makes anew what a migration left to be made anew: rules have changed, and what stands there follows older ones. To be
/// called before anything is served or written.
pub async fn refresh(app: &App) -> Result<(), StoreError> {
    for tenant in app.store.list_stale_tenants().await? {
        tracing::info!(tenant, "figures follow older rules and are made anew; this may take minutes");
        let documents = rebuild(app, &tenant).await?;
        tracing::info!(tenant, documents, "figures were made anew");
    }
    Ok(())
}

/// Replaces everything that follows from a tenant's documents. Returns how many documents there are.
pub async fn rebuild(app: &App, tenant: &str) -> Result<u64, StoreError> {
    app.store.rebuild(tenant, app.now().0, &|stored| derive(stored), &figures).await
}
