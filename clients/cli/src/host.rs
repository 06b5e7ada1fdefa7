//! Runs the core's tablet: carries out what it asks for, in order, and reports back.
//!
//! Invariants: a call that records returns only when everything is durable; several edits given together are one
//! transaction. A host starts without a network and talks only in [`Host::sync`].
//! Time moves with the clock, and ahead of it where waiting would only gather edits into a change.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sync_core::document::Kind;
use sync_core::domain::Intent;
use sync_core::ids::DocumentId;
use sync_core::tablet::{
    Effect, Endpoint, Exchanged, Fault, Identity, Input, RecordDetail, RecordSummary, Status, Tablet, Write,
};
use sync_core::time::Timestamp;
use sync_core::wire::{Outcome, SyncResponse};

use crate::disk::Disk;
use crate::error::CliError;
use crate::home::{Credential, Home};
use crate::transport::Server;

/// Exchanges without an answer before giving up for this time.
const ATTEMPTS: u32 = 5;
/// Exchanges of one sync; a bound, so that a fault between both sides cannot go on for ever.
const EXCHANGES: u32 = 2_000;

/// What became of the pushed changes of one or more exchanges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    /// Now durable on the server.
    pub stored: u64,
    /// Were durable before.
    pub duplicate: u64,
    /// Kept aside for a person.
    pub custody: u64,
    /// Asked for again from an earlier one on.
    pub missing_deps: u64,
    /// Refused because the record was destroyed for good.
    pub purged: u64,
    /// Answers received.
    pub answers: u64,
}

/// A tablet with its disk and its server.
#[derive(Debug)]
pub struct Host {
    tablet: Tablet,
    disk: Disk,
    server: Server,
    credential: Credential,
    now: Timestamp,
    receipts: Receipts,
    /// Exchanges that brought an answer.
    answers: u64,
    lose_answers: u32,
}

impl Host {
    /// Opens an enrolled tablet.
    pub fn open(home: &Home, credential: Credential) -> Result<Self, CliError> {
        let server = Server::new(&credential.server)?;
        let disk = Disk::open(&home.store(&credential.server, &credential.tablet)?)?;
        let now = clock();
        let (seed, _) = uuid::Uuid::new_v4().as_u64_pair();
        let tablet = Tablet::open(now, Identity { device: credential.device }, seed, disk.rows()?);
        let receipts = Receipts::default();
        let mut host = Self { tablet, disk, server, credential, now, receipts, answers: 0, lose_answers: 0 };
        host.turn(Input::Online { online: false })?;
        Ok(host)
    }

    /// Who this is.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The state of the tablet.
    pub fn status(&self) -> Status {
        self.tablet.status()
    }

    /// Every record.
    pub fn list(&self) -> Vec<RecordSummary> {
        self.tablet.list()
    }

    /// One record.
    pub fn view(&self, document: DocumentId) -> Option<RecordDetail> {
        self.tablet.view(document)
    }

    /// One record in automerge's saved form.
    pub fn saved(&self, document: DocumentId) -> Option<&[u8]> {
        self.tablet.saved(document)
    }

    /// The registry as JSON.
    pub fn registry(&self) -> Option<&[u8]> {
        self.tablet.registry()
    }

    /// What became of pushed changes since this host was opened.
    pub fn receipts(&self) -> Receipts {
        self.receipts
    }

    /// Treats the next answer as lost on its way: what was pushed is then pushed again.
    pub fn lose_next_answer(&mut self) {
        self.lose_answers += 1;
    }

    /// Records edits; durable when this returns.
    pub fn record(&mut self, edits: impl IntoIterator<Item = (DocumentId, Kind, Intent)>) -> Result<(), CliError> {
        for (document, kind, intent) in edits {
            self.now = self.now.max(clock());
            let by = self.credential.person.id.clone();
            let input = Input::Record { document, kind, by, intent };
            self.tablet
                .handle(self.now, input)
                .map_err(|refusal| CliError::input("この入力は記録できません", refusal))?;
        }
        self.carry_out()
    }

    /// Ends the gathering of edits: every edit is part of a stored change when this returns.
    pub fn gather(&mut self) -> Result<(), CliError> {
        while let Some(next) = self.tablet.next_wakeup().filter(|_| !self.tablet.status().online) {
            self.now = self.now.max(next);
            self.turn(Input::Wake)?;
        }
        Ok(())
    }

    /// Exchanges with the server until there is nothing more to say, or the server does not answer.
    pub fn sync(&mut self) -> Result<(), CliError> {
        self.gather()?;
        let mut silent = 0;
        self.turn(Input::Online { online: true })?;
        let mut answers = self.answers;
        for _ in 0..EXCHANGES {
            let status = self.tablet.status();
            if self.answers > answers {
                // a line that breaks again and again gets on as long as answers come
                (answers, silent) = (self.answers, 0);
            }
            let due = self.tablet.next_wakeup();
            match status.last_fault {
                Some(Fault::Unauthorised) => return Err(self.unauthorised()),
                Some(Fault::Refused { code }) => return Err(refused(code)),
                Some(
                    Fault::Unreachable
                    | Fault::Cut
                    | Fault::TimedOut
                    | Fault::TooLarge
                    | Fault::Busy { .. }
                    | Fault::Unreadable,
                ) => {
                    silent += 1;
                    if silent >= ATTEMPTS {
                        break;
                    }
                    let wait = due.map_or(0, |due| due.0.saturating_sub(clock().0));
                    thread::sleep(Duration::from_millis(wait));
                }
                None if due.is_some_and(|due| due <= self.now) => {}
                None if status.unsent_changes > 0 => {
                    silent += 1;
                    if silent >= ATTEMPTS {
                        break;
                    }
                    self.now = self.now.max(due.unwrap_or(self.now));
                }
                None => break,
            }
            self.turn(Input::Wake)?;
        }
        self.turn(Input::Online { online: false })?;
        match self.tablet.status().last_fault {
            None if self.tablet.status().too_large.is_some() => Err(self.too_large()),
            Some(Fault::TooLarge) => Err(self.too_large()),
            Some(Fault::Unreadable) => Err(CliError::Answer { what: "/v1/sync".to_owned() }),
            Some(_) => Err(CliError::Unreachable {
                server: self.server.address().to_owned(),
                cause: format!("{ATTEMPTS}回試しました"),
            }),
            None => Ok(()),
        }
    }

    fn turn(&mut self, input: Input) -> Result<(), CliError> {
        self.now = self.now.max(clock());
        self.tablet.handle(self.now, input).map_err(|refusal| CliError::input("端末が受け付けません", refusal))?;
        self.carry_out()
    }

    /// Carries out what is asked for until nothing is. Writes that follow each other are stored together.
    fn carry_out(&mut self) -> Result<(), CliError> {
        let mut tasks = Vec::new();
        let mut writes: Vec<Write> = Vec::new();
        loop {
            let exchange = match self.tablet.poll_effect() {
                Some(Effect::Persist { task, writes: more }) => {
                    tasks.push(task);
                    writes.extend(more);
                    continue;
                }
                Some(Effect::Shown { .. }) => continue,
                Some(Effect::Exchange { task, endpoint, body }) => Some((task, endpoint, body)),
                None => None,
            };
            if tasks.is_empty() && exchange.is_none() {
                return Ok(());
            }
            let stored = if tasks.is_empty() { Ok(()) } else { self.disk.write(&writes) };
            writes.clear();
            for task in tasks.drain(..) {
                self.report(Input::Persisted { task, ok: stored.is_ok() })?;
            }
            stored.map_err(|_| CliError::NotStored)?;
            if let Some((task, endpoint, body)) = exchange {
                let result = self.exchange(endpoint, &body);
                self.report(Input::Exchanged { task, result })?;
            }
        }
    }

    fn report(&mut self, input: Input) -> Result<(), CliError> {
        self.now = self.now.max(clock());
        self.tablet.handle(self.now, input).map_err(|refusal| CliError::input("端末が受け付けません", refusal))
    }

    fn exchange(&mut self, endpoint: Endpoint, body: &[u8]) -> Exchanged {
        let result = self.server.exchange(endpoint, &self.credential.key, body);
        if self.lose_answers > 0 {
            self.lose_answers -= 1;
            return Exchanged::Fault(Fault::Unreachable);
        }
        self.answers += u64::from(matches!(result, Exchanged::Ok(_)));
        if let (Endpoint::Sync, Exchanged::Ok(answer)) = (endpoint, &result) {
            self.count_receipts(answer);
        }
        result
    }

    fn count_receipts(&mut self, answer: &[u8]) {
        let Ok(response) = SyncResponse::decode(answer) else { return };
        self.receipts.answers += 1;
        for run in response.receipts.iter().flat_map(|receipt| &receipt.runs) {
            *match run.outcome {
                Outcome::Stored => &mut self.receipts.stored,
                Outcome::Duplicate => &mut self.receipts.duplicate,
                Outcome::Custody => &mut self.receipts.custody,
                Outcome::MissingDeps => &mut self.receipts.missing_deps,
                Outcome::Purged => &mut self.receipts.purged,
            } += run.count;
        }
    }

    fn too_large(&self) -> CliError {
        let size = self.tablet.status().too_large.map_or(String::new(), |change| {
            format!("変更1件（{}・約{}KB）が、", change.document, change.bytes.div_ceil(1_000))
        });
        CliError::Refused {
            status: 413,
            code: "too_large".to_owned(),
            detail: format!(
                "{size}サーバーまでの経路の上限を超えているため送れません。記録は端末に残っています。経路の機器（プロキシ）の、本文の大きさの上限を上げるよう管理者に伝えてください"
            ),
        }
    }

    fn unauthorised(&self) -> CliError {
        CliError::Credential(format!(
            "サーバー {} はこの端末（{}）を知らないか、登録が取り消されています。記録は端末に残っています。新しいコードで tsudoi enrol を実行してください",
            self.server.address(),
            self.credential.tablet
        ))
    }
}

fn refused(code: Option<String>) -> CliError {
    CliError::Refused {
        status: 400,
        code: code.unwrap_or_else(|| "refused".to_owned()),
        detail:
            "同期の内容が受け付けられませんでした。記録は端末に残っています。サーバーと tsudoi の版を確かめてください"
                .to_owned(),
    }
}

/// The time now.
pub fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
