//! Letting held work in, or declining it: once, by a named person, with a reason, in one transaction with its effect.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sync_core::gate::{Code, Verdict, author_of};
use sync_core::ids::{ChangeHash, DeviceId, ScopeId};
use utoipa::ToSchema;

use super::super::OfficeError;
use super::preview::in_order;
use super::{Held, ids};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::service::commit::announce;
use crate::service::gate::Work;
use crate::service::journal::Act;
use crate::service::push::ATTEMPTS;
use crate::store::StoreError;
use crate::store::types::{CustodyDecision, DecideOutcome, HeldChange, PushWrite, is_brought_back};

/// Longest reason, in letters.
const REASON_LETTERS: usize = 500;

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CustodyRuling)]
pub enum Ruling {
    /// Let it in.
    Admitted,
    /// Leave it out.
    Declined,
}

/// A decision on held work.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCustodyDecision)]
pub struct NewDecision {
    /// The document.
    pub document: String,
    /// The tablet it came from.
    pub device: String,
    /// Names of the changes, hex; all that wait unless given.
    pub hashes: Option<Vec<String>>,
    /// What is decided.
    pub decision: Ruling,
    /// Why; shown to the tablet's people.
    pub reason: String,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CustodyDecided)]
pub struct Decided {
    /// How many changes.
    pub changes: u64,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The caller sees it and may not decide.
    #[error("the caller may not decide")]
    Forbidden,
    /// No reason, or too long a one.
    #[error("no usable reason")]
    Reason,
    /// Nothing of it waits any more.
    #[error("decided before")]
    AlreadyDecided,
    /// The record was destroyed.
    #[error("the record was destroyed")]
    Purged,
    /// It follows changes that are not there.
    #[error("it follows changes that are not there")]
    MissingDeps,
    /// It was written by a device that is no tablet of this prefecture.
    #[error("written by an unknown device")]
    AuthorUnknown,
    /// It can never be let in as it is.
    #[error("the gate refuses it: {}", .0.as_str())]
    Refused(Code),
    /// The record itself is damaged; tablets are asked for it.
    #[error("the record is damaged")]
    Damaged,
    /// Unknown, unreadable, or the database failed.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl From<StoreError> for DecideError {
    fn from(error: StoreError) -> Self {
        Self::Office(error.into())
    }
}

/// Decides on held work.
pub async fn decide(app: &App, caller: &Caller, new: &NewDecision) -> Result<Decided, DecideError> {
    let (document, device) = ids(&new.document, &new.device)?;
    let reason = new.reason.trim();
    for _ in 0..ATTEMPTS {
        let held = Held::open(app, caller, document, device).await?;
        if !held.may_be_decided_by(caller) {
            return Err(DecideError::Forbidden);
        }
        if reason.is_empty() || reason.chars().count() > REASON_LETTERS {
            return Err(DecideError::Reason);
        }
        let chosen: Vec<HeldChange> =
            held.waiting().into_iter().filter(|change| is_chosen(new, change)).cloned().collect();
        let named = new.hashes.as_ref().map_or(chosen.len(), Vec::len);
        if chosen.is_empty() || chosen.len() != named {
            return Err(DecideError::AlreadyDecided);
        }
        let hashes: Vec<ChangeHash> = chosen.iter().map(|change| change.hash).collect();
        let changes = hashes.len() as u64;
        let decision = CustodyDecision {
            tenant: caller.tenant.clone(),
            document,
            device,
            hashes,
            admitted: new.decision == Ruling::Admitted,
            by: caller.person.clone(),
            reason: reason.to_owned(),
            now: app.now().0,
        };
        let push = match new.decision {
            Ruling::Admitted => Some(let_in(app, caller, held, &decision, chosen).await?),
            Ruling::Declined => None,
        };
        match app.store.decide_custody(&decision, push.as_ref()).await? {
            DecideOutcome::Done => {
                let (by, admitted) = (&decision.by, decision.admitted);
                tracing::info!(tenant = caller.tenant, %document, %device, by, admitted, changes, "custody was decided on");
                announce(&app.notices, &caller.tenant, push.map(|push| push.scopes()).unwrap_or_default());
                let ruling = if admitted { "admitted" } else { "declined" };
                let act = Act::done(Action::DecideCustody).to(document).saying(format!("{device} {ruling} {changes}"));
                app.journal.note(caller, act).await?;
                return Ok(Decided { changes });
            }
            DecideOutcome::AlreadyDecided => return Err(DecideError::AlreadyDecided),
            DecideOutcome::Outdated(_) => {}
        }
    }
    Err(StoreError::Busy.into())
}

fn is_chosen(new: &NewDecision, change: &HeldChange) -> bool {
    let name = hex::encode(change.hash.as_bytes());
    new.hashes.as_ref().is_none_or(|hashes| hashes.contains(&name))
}

/// What was brought back of these changes, and who wrote it, in that order. All of them must be tablets of this
/// prefecture.
async fn brought_back(
    app: &App,
    caller: &Caller,
    changes: &[HeldChange],
) -> Result<(HashSet<ChangeHash>, Vec<DeviceId>), DecideError> {
    let brought: Vec<&HeldChange> = changes.iter().filter(|change| is_brought_back(&change.code)).collect();
    if brought.is_empty() {
        return Ok((HashSet::new(), Vec::new()));
    }
    let tablets = app.store.list_tablets(&caller.tenant).await?;
    let mut authors = Vec::with_capacity(brought.len());
    for change in &brought {
        let author = author_of(&change.bytes, app.gate.limits()).ok_or(DecideError::AuthorUnknown)?;
        if !tablets.iter().any(|tablet| tablet.device == author) {
            return Err(DecideError::AuthorUnknown);
        }
        authors.push(author);
    }
    authors.dedup();
    Ok((brought.iter().map(|change| change.hash).collect(), authors))
}

/// Where a record is at home that these tablets began: with the first of them that has a home.
async fn home_of(app: &App, caller: &Caller, tablets: Vec<DeviceId>) -> Result<Option<ScopeId>, StoreError> {
    for tablet in tablets {
        let home = app.store.home_of(&caller.tenant, tablet).await?;
        if home.is_some() {
            return Ok(home);
        }
    }
    Ok(None)
}

/// Puts the changes through the gate, with the rule of scopes waived; all of them, or none. What was brought back is
/// judged as its author's, and counts as brought back by the tablet that held it. A person vouches for all of them.
async fn let_in(
    app: &App,
    caller: &Caller,
    held: Held,
    decision: &CustodyDecision,
    changes: Vec<HeldChange>,
) -> Result<PushWrite, DecideError> {
    let document = decision.document;
    if held.stored.is_none() && !app.store.list_purged(&caller.tenant, &[document]).await?.is_empty() {
        return Err(DecideError::Purged);
    }
    let changes = in_order(changes, app.gate.limits());
    let (healing, mut tablets) = brought_back(app, caller, &changes).await?;
    tablets.push(decision.device);
    let own = changes.iter().filter(|change| author_of(&change.bytes, app.gate.limits()) == Some(decision.device));
    let brought = healing.iter().copied().chain(own.map(|change| change.hash)).collect();
    // without a home no tablet would ever get a record that names no place, nor could one go on with it
    let home = if held.stored.is_none() { home_of(app, caller, tablets).await? } else { None };
    let kind = changes.first().map(|change| change.kind).ok_or(DecideError::AlreadyDecided)?;
    let work = Work {
        document,
        kind,
        changes: changes.into_iter().map(|change| change.bytes).collect(),
        again: false,
        replaces: Vec::new(),
        brought,
        stored: held.stored,
        kept: 0,
        turned_away: None,
        home,
    };
    let judged = app.gate.judge(&caller.tenant, decision.device, vec![work]).await.judged.pop();
    let judged = judged.filter(|judged| !judged.is_cut()).ok_or(StoreError::Busy)?;
    if judged.newly_damaged {
        return Err(DecideError::Damaged);
    }
    for (_, verdict) in &judged.verdicts {
        match verdict {
            Verdict::Stored | Verdict::Duplicate => {}
            Verdict::MissingDeps => return Err(DecideError::MissingDeps),
            Verdict::Custody(code) => return Err(DecideError::Refused(*code)),
        }
    }
    let healed = |(hash, verdict): &&(ChangeHash, Verdict)| *verdict == Verdict::Stored && healing.contains(hash);
    let healed_changes = judged.verdicts.iter().filter(healed).count() as u64;
    Ok(PushWrite {
        tenant: caller.tenant.clone(),
        device: decision.device,
        now: decision.now,
        documents: judged.write.into_iter().collect(),
        custody: Vec::new(),
        released: Vec::new(),
        replaced: Vec::new(),
        rollups: judged.rollups,
        healed_documents: u64::from(healed_changes > 0),
        healed_changes,
    })
}
