//! Destroying what has been kept long enough, after a person has confirmed the list of it.
//!
//! Invariants: what was confirmed is written down before anything goes, and carried out to its end, after a restart too;
//! what has changed so that it is not due any more is left out; each destruction ends with a certificate and an entry of
//! the journal. Figures stay as they are: of a record a line of numbers remains, without texts, names and history.
//! The journal's beginning is cut off only behind an entry that says where, so that its chain still proves itself.

use std::time::Duration;

use sync_core::ids::{ChangeHash, DeviceId};

use super::due::{due, hash_of, text_of};
use super::strangers;
use super::{RetentionError, Subject, check, reach, years_of};
use crate::service::App;
use crate::service::access::{Action, Caller};
use crate::service::journal::{Act, Who, beginning};
use crate::service::pace::Pace;
use crate::service::purge::{Destroyed, Figures, destroy};
use crate::service::secret::random_token;
use crate::store::StoreError;
use crate::store::journal::JournalHead;
use crate::store::retention::{DecidedKey, DestructionRow};

/// Longest reason, in letters.
const REASON_LETTERS: usize = 500;
/// Things destroyed in one transaction.
const BATCH: usize = 200;
/// How often what falls due is looked for.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Takes a person's word for the list named `list` and begins to destroy what is on it. Returns the destruction's id.
pub async fn confirm(
    app: &App,
    caller: &Caller,
    subject: Subject,
    list: &str,
    reason: &str,
) -> Result<String, RetentionError> {
    check(caller)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_LETTERS {
        return Err(RetentionError::Reason);
    }
    let years = years_of(app, &caller.tenant, subject).await?.ok_or(RetentionError::Nothing)?;
    let due = due(app, &caller.tenant, subject, years).await?;
    if due.lines.is_empty() {
        return Err(RetentionError::Nothing);
    }
    if hex::encode(due.hash()) != list {
        return Err(RetentionError::Changed);
    }
    let digits = random_token()?;
    let row = DestructionRow {
        tenant: caller.tenant.clone(),
        destruction: format!("de-{}", digits.get(..16).unwrap_or(&digits)),
        subject: subject.as_str().to_owned(),
        years,
        fiscal_year: reach(app, years).0,
        reason: reason.to_owned(),
        begun_at: app.now().0,
        begun_by: caller.person.clone(),
        finished_at: None,
        item_count: due.count(),
        items: text_of(&due.lines),
        hash: due.hash(),
    };
    let id = row.destruction.clone();
    if !app.store.begin_destruction(&row).await? {
        return Err(RetentionError::GoesOn);
    }
    let act = Act::done(Action::SetRetention).to(&id);
    let act = act.saying(format!("begin {} {} {list}", row.subject, row.item_count));
    app.journal.note(caller, act).await?;
    Ok(id)
}

/// Carries a destruction out, or on. Safe to run twice.
async fn carry_out(app: &App, mut row: DestructionRow) -> Result<(), StoreError> {
    let Some(subject) = Subject::from_name(&row.subject) else { return Ok(()) };
    let lines: Vec<String> = row.items.lines().map(str::to_owned).collect();
    let tenant = row.tenant.clone();
    let done = match subject {
        Subject::Records => destroy_records(app, &row, lines).await?,
        Subject::Custody => {
            let keys: Vec<DecidedKey> = lines.iter().filter_map(|line| key_of(line)).collect();
            for part in keys.chunks(BATCH) {
                app.store.destroy_custody(&tenant, part).await?;
            }
            lines
        }
        Subject::Journal => {
            destroy_journal(app, &row, &lines).await?;
            lines
        }
        Subject::Tablets => {
            let devices: Vec<DeviceId> = lines.iter().filter_map(|line| line.parse().ok()).collect();
            app.store.forget_tablets(&tenant, &devices).await?;
            lines
        }
        Subject::SignIns => {
            app.store.destroy_sign_ins(&tenant, &lines).await?;
            lines
        }
    };
    app.store.forget_deleted().await?;
    if subject != Subject::Journal {
        row.item_count = done.len() as u64;
    }
    row.items = text_of(&done);
    row.hash = hash_of(&row.items);
    row.finished_at = Some(app.now().0);
    if app.store.finish_destruction(&row).await? {
        let (count, hash) = (row.item_count, hex::encode(row.hash));
        tracing::warn!(
            tenant,
            destruction = row.destruction,
            subject = row.subject,
            count,
            "what was due was destroyed"
        );
        let act = Act::done(Action::SetRetention).to(&row.destruction);
        let who = Who::person(&tenant, &row.begun_by);
        app.journal.note(who, act.saying(format!("end {} {count} {hash}", row.subject))).await?;
    }
    Ok(())
}

fn key_of(line: &str) -> Option<DecidedKey> {
    let mut words = line.split(' ');
    let (document, hash, device) = (words.next()?, words.next()?, words.next()?);
    let hash: [u8; 32] = hex::decode(hash).ok()?.try_into().ok()?;
    Some((document.parse().ok()?, ChangeHash::from_bytes(hash), device.parse().ok()?))
}

/// Destroys records one by one; returns those that were. A record that meanwhile belongs to a later year stays.
async fn destroy_records(app: &App, row: &DestructionRow, lines: Vec<String>) -> Result<Vec<String>, StoreError> {
    let who = Who::person(&row.tenant, &row.begun_by);
    let extent = Figures::Stay { up_to: row.fiscal_year };
    let mut done = Vec::with_capacity(lines.len());
    for line in lines {
        let Ok(document) = line.parse() else { continue };
        if destroy(app, &who, document, &row.reason, extent).await? != Destroyed::NotDue {
            done.push(line);
        }
    }
    Ok(done)
}

/// Cuts the beginning off the journal, behind an entry that says where it begins from then on.
async fn destroy_journal(app: &App, row: &DestructionRow, lines: &[String]) -> Result<(), StoreError> {
    for line in lines {
        let last = line.split_once('-').and_then(|(_, rest)| rest.split_once(' '));
        let Some((seq, hash)) = last else { continue };
        let hash = hex::decode(hash).ok().and_then(|bytes| bytes.try_into().ok());
        let (Ok(seq), Some(hash)) = (seq.parse(), hash) else { continue };
        cut_journal(app, Who::person(&row.tenant, &row.begun_by), JournalHead { seq, hash }).await?;
    }
    Ok(())
}

/// Cuts a chain off up to this row, behind an entry of `who` that says so.
pub(super) async fn cut_journal(app: &App, who: Who, last: JournalHead) -> Result<(), StoreError> {
    let tenant = who.tenant.clone();
    app.journal.note(who, beginning(last)).await?;
    app.store.destroy_journal(&tenant, last.seq).await
}

/// Carries one destruction out.
pub async fn carry_on_with(app: &App, tenant: &str, destruction: &str) -> Result<(), StoreError> {
    match app.store.lookup_destruction(tenant, destruction).await? {
        Some(row) if row.finished_at.is_none() => carry_out(app, row).await,
        _ => Ok(()),
    }
}

/// Carries on what was confirmed and has not ended. Returns how many destructions ended.
pub async fn carry_on(app: &App) -> Result<usize, StoreError> {
    let mut ended = 0;
    for tenant in app.store.list_tenants().await? {
        for row in app.store.list_destructions(&tenant).await?.into_iter().filter(|row| row.finished_at.is_none()) {
            carry_on_with(app, &tenant, &row.destruction).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Says in the log what falls due in each prefecture.
async fn tell(app: &App) -> Result<(), StoreError> {
    for tenant in app.store.list_tenants().await? {
        for row in app.store.list_retention(&tenant).await? {
            let Some(subject) = Subject::from_name(&row.subject) else { continue };
            let count = due(app, &tenant, subject, row.years).await?.count();
            if count > 0 {
                tracing::info!(tenant, subject = row.subject, count, "kept long enough; waits for an administrator");
            }
        }
    }
    Ok(())
}

/// Carries on at the start, and looks once a day for what falls due, until the process is told to end.
pub async fn run(app: App) {
    let mut days = Pace::every(&app, DAY);
    while days.next().await {
        let outcome = async {
            carry_on(&app).await?;
            strangers::cut(&app).await?;
            tell(&app).await
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%error, "destroying what is due was put off");
        }
    }
}
