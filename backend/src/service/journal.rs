//! The journal: who did what, from where, when. What is done is noted by the service that did it; what is read and what
//! is refused is noted by the guard before the endpoints.
//!
//! Invariants: an act that was answered is in the journal durably; entries have their place in the order they were
//! noted; entries of many requests share a transaction.
//! Deliberately absent: names of people, contents of records, anything secret. Who looks at the journal sees the names
//! the registry has then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sync_core::ids::DeviceId;
use tokio::sync::{mpsc, oneshot};

use super::access::{Action, Caller};
use super::clock::Clock;
use crate::store::journal::{JournalFilter, JournalHash, JournalHead, NewEntry};
use crate::store::{Store, StoreError};

/// The outcome of what was done.
pub const DONE: &str = "done";
/// Stands in place of a person's id for what the command line does.
pub const COMMAND_LINE: &str = "tsudoi-server";

/// Entries waiting for the disk; who notes more waits.
const WAITING: usize = 4_096;
/// Most entries of one transaction.
const BATCH: usize = 512;
/// The same person reading the same again within this time is not noted again.
const SAME_READING_MS: u64 = 600_000;
/// Readings remembered for that.
const READINGS: usize = 20_000;
/// Longest text of an entry, in letters.
const LETTERS: usize = 500;
/// Refusals of callers nobody knows that are noted in a minute; of more only the number is.
const UNKNOWN_PER_MINUTE: u64 = 120;
/// How often an entry that could not be written is tried again, a second apart.
const ATTEMPTS: u32 = 30;
/// Rows looked at in one step along a chain.
const STEP: u32 = 1_000;

/// Where a call comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address.
    pub peer: String,
    /// Name of the request, as in the log.
    pub request: String,
}

tokio::task_local! {
    static ORIGIN: Origin;
}

/// Where the present call comes from.
pub fn origin() -> Origin {
    ORIGIN.try_with(Clone::clone).unwrap_or_default()
}

/// Runs a call that comes from there. Whatever it notes bears the origin.
pub async fn from<F: Future>(origin: Origin, call: F) -> F::Output {
    ORIGIN.scope(origin, call).await
}

/// Who an entry is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Who {
    /// The prefecture; '' when none is known.
    pub tenant: String,
    /// Registry id; '' when nobody is known.
    pub person: String,
    /// The role's stable name.
    pub role: String,
    /// The role's organisation.
    pub organisation: String,
    /// The tablet.
    pub device: Option<DeviceId>,
}

impl From<&Caller> for Who {
    fn from(caller: &Caller) -> Self {
        Self {
            tenant: caller.tenant.clone(),
            person: caller.person.clone(),
            role: caller.role.as_str().to_owned(),
            organisation: caller.organisation.clone(),
            device: caller.device.as_ref().map(|tablet| tablet.device),
        }
    }
}

impl Who {
    /// A person whose role does not matter here, such as one whose sign-in failed.
    pub fn person(tenant: &str, person: &str) -> Self {
        Self { tenant: tenant.to_owned(), person: person.to_owned(), ..Self::default() }
    }

    /// The command line of the server.
    pub fn command_line(tenant: &str) -> Self {
        Self::person(tenant, COMMAND_LINE)
    }
}

/// What is noted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Act {
    action: Action,
    outcome: String,
    target: String,
    detail: String,
}

impl Act {
    /// It was done.
    pub fn done(action: Action) -> Self {
        Self { action, outcome: DONE.to_owned(), target: String::new(), detail: String::new() }
    }

    /// It was refused, under the stable code that the caller was answered.
    pub fn refused(action: Action, code: &str) -> Self {
        Self { outcome: code.to_owned(), ..Self::done(action) }
    }

    /// To what: an id or an address.
    #[must_use]
    pub fn to(mut self, target: impl ToString) -> Self {
        self.target = target.to_string();
        self
    }

    /// What else is worth knowing; nothing secret, and no names.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

/// Conditions whose values are words of a record. A record may be destroyed; the journal stays.
const WORDS: [&str; 3] = ["title", "venue", "occasion"];

/// What was asked for, as the journal keeps it: of words of records only that they were asked for.
pub fn asked(query: &str) -> String {
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) if WORDS.contains(&name) => format!("{name}=…"),
        _ => part.to_owned(),
    };
    query.split('&').map(part).collect::<Vec<_>>().join("&")
}

struct Line {
    entry: NewEntry,
    written: Option<oneshot::Sender<bool>>,
}

/// Who read what, and from where.
type Reading = (Who, String, Act);

#[derive(Default)]
struct Memory {
    readings: HashMap<Reading, u64>,
    /// The minute, refusals of unknown callers in it, and those of them not noted.
    unknown: (u64, u64, u64),
}

/// Where acts are noted. Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    sender: mpsc::Sender<Line>,
    clock: Arc<dyn Clock>,
    memory: Arc<Mutex<Memory>>,
}

impl Journal {
    /// A journal in this store. Call it inside the runtime.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(write(store, receiver));
        Self { sender, clock, memory: Arc::default() }
    }

    /// Notes an act and returns when it is on the disk.
    ///
    /// Errors: it could not be written for long; the act stands, and the log says what was not noted.
    pub async fn note(&self, who: impl Into<Who>, act: Act) -> Result<(), StoreError> {
        let (written, done) = oneshot::channel();
        let line = Line { entry: self.entry(who.into(), act), written: Some(written) };
        self.sender.send(line).await.map_err(|_| StoreError::Busy)?;
        if done.await.unwrap_or(false) { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// Notes a refusal soon. Of callers nobody knows only so many a minute are noted, so that nobody fills the disk.
    pub async fn note_refused(&self, who: impl Into<Who>, act: Act) {
        let (who, mut act) = (who.into(), act);
        if who.person.is_empty() {
            let minute = self.clock.now().0 / 60_000;
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            if memory.unknown.0 != minute {
                let left_out = memory.unknown.2;
                memory.unknown = (minute, 0, 0);
                if left_out > 0 {
                    act.detail = format!("このほか {left_out} 件は書き残していません");
                }
            }
            memory.unknown.1 += 1;
            if memory.unknown.1 > UNKNOWN_PER_MINUTE {
                memory.unknown.2 += 1;
                return;
            }
        }
        self.note_soon(who, act).await;
    }

    /// Notes that something was read, soon; the same again, by the same person from the same place within ten minutes, is
    /// one reading.
    pub async fn note_read(&self, who: impl Into<Who>, act: Act) {
        let who = who.into();
        let now = self.clock.now().0;
        let reading = (who.clone(), origin().peer, act.clone());
        {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            if memory.readings.get(&reading).is_some_and(|at| now.saturating_sub(*at) < SAME_READING_MS) {
                return;
            }
            if memory.readings.len() >= READINGS {
                memory.readings.retain(|_, at| now.saturating_sub(*at) < SAME_READING_MS);
            }
            if memory.readings.len() >= READINGS {
                memory.readings.clear();
            }
            memory.readings.insert(reading, now);
        }
        self.note_soon(who, act).await;
    }

    /// Returns when everything noted so far is on the disk.
    pub async fn flush(&self) {
        let (written, done) = oneshot::channel();
        let line = Line { entry: NewEntry::default(), written: Some(written) };
        if self.sender.send(line).await.is_ok() {
            let _ = done.await;
        }
    }

    /// Notes an act; it is on the disk soon.
    pub async fn note_soon(&self, who: impl Into<Who>, act: Act) {
        let line = Line { entry: self.entry(who.into(), act), written: None };
        if self.sender.send(line).await.is_err() {
            tracing::error!("the journal is closed");
        }
    }

    fn entry(&self, who: Who, act: Act) -> NewEntry {
        let origin = origin();
        let short = |text: String| text.chars().filter(|letter| !letter.is_control()).take(LETTERS).collect();
        NewEntry {
            tenant: who.tenant,
            at: self.clock.now().0,
            person: who.person,
            role: who.role,
            organisation: who.organisation,
            device: who.device,
            peer: origin.peer,
            action: act.action.as_str().to_owned(),
            outcome: act.outcome,
            target: short(act.target),
            detail: short(act.detail),
            request: origin.request,
        }
    }
}

/// Writes what is noted, many entries at a time, until nobody can note any more.
async fn write(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Line>) {
    let mut lines = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut lines, BATCH).await > 0 {
        // an entry without an action only asks to be told
        let entries = lines.iter().map(|line| &line.entry).filter(|entry| !entry.action.is_empty());
        let entries: Vec<NewEntry> = entries.cloned().collect();
        let written = append(store.as_ref(), &entries).await;
        for line in lines.drain(..) {
            if let Some(told) = line.written {
                // who asked may be gone
                let _ = told.send(written);
            }
        }
    }
}

async fn append(store: &dyn Store, entries: &[NewEntry]) -> bool {
    for attempt in 1..=ATTEMPTS {
        match store.append_journal(entries).await {
            Ok(()) => return true,
            Err(error) => {
                tracing::error!(%error, entries = entries.len(), attempt, "the journal cannot be written");
                if attempt < ATTEMPTS {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
    false
}

/// The target of entries that say up to where a chain's beginning is destroyed.
const BEGINNING: &str = "journal";

/// Says that a chain's beginning is destroyed up to this row. Noted before its rows go: from then on the chain begins
/// behind it.
pub fn beginning(last: JournalHead) -> Act {
    Act::done(Action::SetRetention).to(BEGINNING).saying(format!("{} {}", last.seq, hex::encode(last.hash)))
}

/// Where a chain whose first row has this place begins; `None`: no entry says that what was before it was destroyed.
async fn base(store: &dyn Store, tenant: &str, first: u64) -> Result<Option<JournalHead>, StoreError> {
    let none = JournalHead { seq: 0, hash: [0; 32] };
    if first <= 1 {
        return Ok(Some(none));
    }
    let filter = JournalFilter {
        action: Some(Action::SetRetention.as_str().to_owned()),
        target: Some(BEGINNING.to_owned()),
        refused: Some(false),
        ..JournalFilter::default()
    };
    let said = store.list_journal(tenant, &filter, None, STEP).await?;
    let head = |detail: &str| {
        let (seq, hash) = detail.split_once(' ')?;
        Some(JournalHead { seq: seq.parse().ok()?, hash: hex::decode(hash).ok()?.try_into().ok()? })
    };
    Ok(said.iter().filter_map(|row| head(&row.entry.detail)).find(|head| head.seq + 1 == first))
}

/// What walking along a chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Rows looked at.
    pub rows: u64,
    /// Rows before them that were destroyed when their time was over, as an entry of the chain says.
    pub destroyed: u64,
    /// Where it stands, by the rows.
    pub head: JournalHead,
    /// The first thing that is wrong; nothing after it can be trusted.
    pub fault: Option<ChainFault>,
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// A row is not there.
    #[error("row {0} is missing")]
    Missing(u64),
    /// A row says something else than when it was written, or something before it does.
    #[error("row {0} was changed")]
    Changed(u64),
    /// Rows are missing at the end, or the end was written by someone else.
    #[error("the journal ends at row {rows}, and should at row {head}")]
    End {
        /// By the rows.
        rows: u64,
        /// By what was noted as the end.
        head: u64,
    },
}

/// Walks along the chain of a prefecture. `noted`: an end that was written down before, which it has to pass; one among
/// the rows that were destroyed since says nothing any more.
pub async fn verify(store: &dyn Store, tenant: &str, noted: Option<JournalHead>) -> Result<Chain, StoreError> {
    // the head first: rows added while we walk come after it
    let stated = store.journal_head(tenant).await?;
    let first = store.walk_journal(tenant, 0, 1).await?.first().map_or(1, |row| row.seq);
    let Some(base) = base(store, tenant, first).await? else {
        let head = JournalHead { seq: 0, hash: [0; 32] };
        return Ok(Chain { rows: 0, destroyed: 0, head, fault: Some(ChainFault::Missing(1)) });
    };
    let mut head = base;
    let mut ends: HashMap<u64, JournalHash> = HashMap::from([(base.seq, base.hash)]);
    let chain = |head: JournalHead, fault| Chain { rows: head.seq - base.seq, destroyed: base.seq, head, fault };
    loop {
        let rows = store.walk_journal(tenant, head.seq, STEP).await?;
        for row in &rows {
            if row.seq != head.seq + 1 {
                return Ok(chain(head, Some(ChainFault::Missing(head.seq + 1))));
            }
            if row.entry.hash(row.seq, &head.hash) != row.hash {
                return Ok(chain(head, Some(ChainFault::Changed(row.seq))));
            }
            head = JournalHead { seq: row.seq, hash: row.hash };
            if row.seq == stated.seq || noted.is_some_and(|noted| noted.seq == row.seq) {
                ends.insert(row.seq, row.hash);
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    for end in [Some(stated), noted].into_iter().flatten().filter(|end| end.seq > 0 && end.seq >= base.seq) {
        match ends.get(&end.seq) {
            None => return Ok(chain(head, Some(ChainFault::End { rows: head.seq, head: end.seq }))),
            Some(hash) if *hash != end.hash => return Ok(chain(head, Some(ChainFault::Changed(end.seq)))),
            Some(_) => {}
        }
    }
    // rows without a head: the head was taken away
    let beheaded = stated.seq == 0 && head.seq > 0 && store.journal_head(tenant).await?.seq == 0;
    Ok(chain(head, beheaded.then_some(ChainFault::End { rows: head.seq, head: 0 })))
}
