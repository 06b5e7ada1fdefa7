//! A server in memory, as small as the protocol allows: gate, feed per scope, digest, receipts after "commit".
//! It stands for any host of the same rules; the real one is put through the same scenarios in `tests/`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sync_core::digest::{Buckets, Digest, FeedState};
use sync_core::document::{Change, Document, Heads, hash_of};
use sync_core::domain::view;
use sync_core::gate::{Code, Limits, Verdict, admit, admit_again, admit_brought, author_of, restore, turn_away};
use sync_core::ids::{ChangeHash, DeviceId, DocumentId, ScopeId};
use sync_core::tablet::Endpoint;
use sync_core::time::Timestamp;
use sync_core::wire::{
    AuditEntry, AuditRequest, AuditResponse, Decision, DocumentPush, FeedEntry, Outcome, PROTOCOL, Receipt, Run,
    SyncRequest, SyncResponse, WireLimits,
};

use crate::device::Device;
use crate::pages::Basket;

#[derive(Clone, Default)]
struct Feed {
    seq: u64,
    entries: BTreeMap<DocumentId, (u64, FeedState)>,
}

#[derive(Clone)]
pub struct Stored {
    /// Of whoever pushed it first.
    home: ScopeId,
    pub saved: Vec<u8>,
    /// What the saved bytes should have.
    pub heads: Heads,
}

impl Stored {
    /// What can be read of it.
    fn base(&self) -> Option<Document> {
        Document::load(&self.saved).ok()
    }

    fn is_damaged(&self) -> bool {
        self.base().is_none_or(|mut document| document.heads() != self.heads)
    }
}

/// Everything that is durable.
#[derive(Clone)]
pub struct Server {
    epoch: [u8; 16],
    documents: BTreeMap<DocumentId, Stored>,
    feeds: BTreeMap<ScopeId, Feed>,
    custody: BTreeMap<(DocumentId, ChangeHash), (DeviceId, Vec<u8>)>,
    /// What others than its author brought back.
    brought: BTreeMap<(DocumentId, ChangeHash), Vec<u8>>,
    decisions: BTreeMap<ChangeHash, (DocumentId, bool)>,
    /// Where records that a tablet begins are at home.
    homes: BTreeMap<DeviceId, ScopeId>,
    /// What people decided and what can never be taken in; kept apart from what a restored backup takes back.
    pub rulings: Rulings,
}

#[derive(Clone, Default)]
pub struct Rulings {
    /// Records nobody may write to; their changes go to custody.
    pub forbidden: BTreeSet<DocumentId>,
    /// Records destroyed for good.
    pub purged: BTreeSet<DocumentId>,
    /// Changes the gate does not take.
    pub refused: BTreeSet<ChangeHash>,
    /// Changes it took once: it takes them again.
    taken: BTreeSet<ChangeHash>,
}

/// Two municipalities between which records move.
pub const PLACES: [&str; 2] = ["112119", "113859"];

pub fn place(which: usize) -> ScopeId {
    ScopeId::municipality(PLACES[which]).unwrap()
}

impl Server {
    pub fn new() -> Self {
        Self {
            epoch: [1; 16],
            documents: BTreeMap::new(),
            feeds: BTreeMap::from([place(0), place(1)].map(|scope| (scope, Feed::default()))),
            custody: BTreeMap::new(),
            brought: BTreeMap::new(),
            decisions: BTreeMap::new(),
            homes: BTreeMap::new(),
            rulings: Rulings::default(),
        }
    }

    /// The state of a backup under a new epoch, with the rulings of today.
    pub fn restored(mut self, epoch: u8, rulings: Rulings) -> Self {
        self.epoch = [epoch; 16];
        self.rulings = rulings;
        for document in self.rulings.purged.clone() {
            self.purge(document);
        }
        self
    }

    /// How many changes it keeps aside.
    pub fn held(&self) -> usize {
        self.custody.len() + self.brought.len()
    }

    pub fn stored(&self) -> &BTreeMap<DocumentId, Stored> {
        &self.documents
    }

    /// Epoch, last number and entries of a feed.
    pub fn feed(&self, scope: &ScopeId) -> ([u8; 16], u64, Vec<FeedEntry>) {
        let feed = self.feeds.get(scope).cloned().unwrap_or_default();
        let entry = |(document, (seq, state))| FeedEntry { document, seq, state };
        (self.epoch, feed.seq, feed.entries.into_iter().map(entry).collect())
    }

    pub fn documents(&self) -> impl Iterator<Item = Document> + '_ {
        self.documents.values().map(|stored| stored.base().unwrap())
    }

    pub fn is_damaged(&self) -> bool {
        self.documents.values().any(Stored::is_damaged)
    }

    /// A bit of the stored bytes turns over.
    pub fn damage(&mut self, document: DocumentId, place: usize) {
        if let Some(stored) = self.documents.get_mut(&document) {
            let place = place % stored.saved.len();
            stored.saved[place] ^= 0x20;
        }
    }

    /// Whether a tablet has all that is stored of a document.
    pub fn is_same(&self, document: DocumentId, device: &Device) -> bool {
        let own = device.tablet.saved(document).and_then(|saved| Document::load(saved).ok());
        let heads = self.documents.get(&document).map(|stored| stored.heads.clone());
        own.zip(heads).is_some_and(|(mut own, heads)| heads.as_slice().iter().all(|head| own.contains(head)))
    }

    pub fn purge(&mut self, document: DocumentId) {
        self.rulings.purged.insert(document);
        self.documents.remove(&document);
        self.custody.retain(|(held, _), _| *held != document);
        self.brought.retain(|(held, _), _| *held != document);
        for feed in self.feeds.values_mut().filter(|feed| feed.entries.contains_key(&document)) {
            feed.seq += 1;
            feed.entries.insert(document, (feed.seq, FeedState::Purged));
        }
    }

    /// From here on the gate does not take this change, unless it took it once.
    pub fn refuse(&mut self, hash: ChangeHash) {
        let waits = self.custody.keys().any(|(_, held)| *held == hash);
        if !waits && !self.rulings.taken.contains(&hash) {
            self.rulings.refused.insert(hash);
        }
    }

    /// A person decides on everything held of a record.
    pub fn decide(&mut self, document: DocumentId, admitted: bool) {
        let held: Vec<_> = self.custody.keys().filter(|(held, _)| *held == document).copied().collect();
        if admitted {
            self.rulings.forbidden.remove(&document);
        }
        for key in held {
            self.decisions.insert(key.1, (document, admitted));
        }
        while admitted && self.admit_one_held(document) {}
    }

    /// A person lets in what was brought back, as its authors'. What is there already, or cannot come in yet, stays.
    pub fn admit_brought_back(&mut self) {
        let limits = Limits::default();
        while let Some((key, document, saved)) = self.brought.iter().find_map(|(key, bytes)| {
            let stored = self.documents.get(&key.0);
            if stored.is_some_and(Stored::is_damaged)
                || self.rulings.forbidden.contains(&key.0)
                || self.rulings.refused.contains(&key.1)
            {
                return None;
            }
            let genesis = || Document::genesis(key.0, sync_core::document::Kind::Session).unwrap();
            let base = stored.and_then(Stored::base).unwrap_or_else(genesis);
            let (sender, names) = (DeviceId::from_bytes([250; 16]), HashSet::from([key.1]));
            let admission = admit_brought(base, sender, &names, std::slice::from_ref(bytes), &limits);
            Some((*key, admission.document, admission.snapshot?))
        }) {
            let mut document = document;
            self.rulings.taken.insert(key.1);
            let author = self.brought.remove(&key).and_then(|bytes| author_of(&bytes, &limits)).unwrap();
            self.keep(key.0, author, saved, document.heads());
            self.list(key.0, &mut document);
        }
    }

    /// A person lets in all that waits of these records, but for what is decided on otherwise. Whether nothing is left.
    /// What a damaged request put under the id of no record stays, until somebody declines it.
    pub fn admit_held(&mut self, records: &[DocumentId]) -> bool {
        let waits = |((document, hash), _): &(&(DocumentId, ChangeHash), _)| {
            records.contains(document)
                && !self.rulings.forbidden.contains(document)
                && !matches!(self.decisions.get(hash), Some((_, false)))
        };
        let open: BTreeSet<DocumentId> = self.custody.iter().filter(waits).map(|((id, _), _)| *id).collect();
        let mut left = false;
        for document in open {
            while self.admit_one_held(document) {}
            left |= self
                .custody
                .keys()
                .any(|(held, hash)| *held == document && !matches!(self.decisions.get(hash), Some((_, false))));
        }
        !left
    }

    /// What a person could not let in, and why not.
    pub fn not_admitted(&self) -> Vec<(DocumentId, DeviceId, Verdict, bool)> {
        let held = self.custody.iter().map(|((document, hash), (device, bytes))| {
            let genesis = || Document::genesis(*document, sync_core::document::Kind::Session).unwrap();
            let base = self.documents.get(document).and_then(Stored::base).unwrap_or_else(genesis);
            let admission = admit(base, *device, std::slice::from_ref(bytes), &Limits::default());
            (*document, *device, admission.verdicts[0].1, self.decisions.contains_key(hash))
        });
        held.collect()
    }

    /// Whether a change is in its document, or in custody with all that it follows: durable here.
    pub fn holds(&self, document: DocumentId, hash: &ChangeHash) -> bool {
        let genesis = || Document::genesis(document, sync_core::document::Kind::Session).unwrap();
        let mut stored = self.documents.get(&document).and_then(Stored::base).unwrap_or_else(genesis);
        self.leads_to(&mut stored, document, hash)
    }

    fn leads_to(&self, stored: &mut Document, document: DocumentId, hash: &ChangeHash) -> bool {
        let held = self.custody.get(&(document, *hash)).and_then(|(_, bytes)| Change::parse(bytes).ok());
        stored.contains(hash)
            || held.is_some_and(|held| held.dependencies().all(|before| self.leads_to(stored, document, &before)))
    }

    /// A person gives up what is in custody of a tablet that is gone and follows what nobody has any more: a backup from
    /// before was restored, and the tablet's store was evicted before it offered that again.
    pub fn give_up(&mut self, device: DeviceId) {
        let lost = |((document, hash), (by, _)): (&(DocumentId, ChangeHash), &(DeviceId, Vec<u8>))| {
            (*by == device && !self.holds(*document, hash)).then_some((*document, *hash))
        };
        let lost: Vec<_> = self.custody.iter().filter_map(lost).collect();
        self.custody.retain(|held, _| !lost.contains(held));
    }

    /// Whether one of these scopes holds the document now.
    pub fn is_in(&self, document: &DocumentId, scopes: &[ScopeId]) -> bool {
        let state = |scope: &ScopeId| self.feeds.get(scope)?.entries.get(document).map(|(_, state)| *state);
        scopes.iter().any(|scope| state(scope) == Some(FeedState::Present))
    }

    fn may_write(&self, document: &DocumentId, scopes: &[ScopeId]) -> bool {
        let reaches = |stored: &Stored| scopes.contains(&stored.home) || self.is_in(document, scopes);
        !self.rulings.forbidden.contains(document) && self.documents.get(document).is_none_or(reaches)
    }

    fn keep(&mut self, document: DocumentId, device: DeviceId, saved: Vec<u8>, heads: Heads) {
        let begun = || self.homes.get(&device).cloned().unwrap_or_else(|| place(0));
        let home = self.documents.get(&document).map_or_else(begun, |stored| stored.home.clone());
        self.documents.insert(document, Stored { home, saved, heads });
    }

    /// Lets the next held change in whose predecessors are there. Returns whether there was one.
    fn admit_one_held(&mut self, document: DocumentId) -> bool {
        let mut current = match self.documents.get(&document) {
            Some(stored) if stored.is_damaged() => return false,
            Some(stored) => stored.base().unwrap(),
            None => Document::genesis(document, sync_core::document::Kind::Session).unwrap(),
        };
        let held: Vec<_> = self.custody.iter().filter(|((held, _), _)| *held == document).collect();
        let limits = Limits::default();
        for ((_, hash), (device, bytes)) in held {
            let admission = admit(current.clone(), *device, std::slice::from_ref(bytes), &limits);
            let (device, hash) = (*device, *hash);
            if let Some(saved) = admission.snapshot {
                self.custody.remove(&(document, hash));
                self.decisions.insert(hash, (document, true));
                self.rulings.taken.insert(hash);
                current = admission.document;
                self.keep(document, device, saved, current.heads());
                self.list(document, &mut current);
                return true;
            }
            if current.contains(&hash) {
                self.custody.remove(&(document, hash));
                return true;
            }
        }
        false
    }

    pub fn digest(&self, scope: &ScopeId) -> (u64, Digest) {
        let add =
            |(count, sum): (u64, Digest), (_, contribution): (DocumentId, Digest)| (count + 1, sum.plus(contribution));
        self.contributions(scope).into_iter().fold((0, Digest::ZERO), add)
    }

    fn contributions(&self, scope: &ScopeId) -> Vec<(DocumentId, Digest)> {
        let present = |feed: &Feed| -> Vec<DocumentId> {
            feed.entries.iter().filter(|(_, (_, s))| *s == FeedState::Present).map(|(id, _)| *id).collect()
        };
        let ids = self.feeds.get(scope).map(present).unwrap_or_default();
        ids.into_iter().map(|id| (id, Digest::of(id, FeedState::Present, &self.documents[&id].heads))).collect()
    }

    /// One exchange. Everything it changes is durable when it returns.
    pub fn exchange(
        &mut self,
        device: DeviceId,
        scopes: &[ScopeId],
        endpoint: Endpoint,
        body: &[u8],
        now: Timestamp,
    ) -> Option<Vec<u8>> {
        self.homes.insert(device, scopes[0].clone());
        match endpoint {
            Endpoint::Audit => self.audit(scopes, &AuditRequest::decode(body).ok()?).map(|answer| answer.encode()),
            Endpoint::Sync => Some(
                self.sync(device, scopes, SyncRequest::decode(body, &WireLimits::of(body.len())).ok()?, now).encode(),
            ),
        }
    }

    /// What a revoked tablet still brings waits for a person; it is told nothing else. `None`: it brought nothing.
    pub fn late(&mut self, device: DeviceId, body: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        let request = SyncRequest::decode(body, &WireLimits::of(body.len())).ok()?;
        let mut receipts = Vec::new();
        for push in &request.pushes {
            receipts.push(Receipt { document: push.document, runs: self.push(device, None, push) });
        }
        let answer = SyncResponse { clock: now, receipts, ..SyncResponse::default() };
        (!request.pushes.is_empty()).then(|| answer.encode())
    }

    fn audit(&self, scopes: &[ScopeId], request: &AuditRequest) -> Option<AuditResponse> {
        let feed = self.feeds.get(&request.scope).filter(|_| scopes.contains(&request.scope))?;
        let differing = Buckets::of(self.contributions(&request.scope)).differing(&request.buckets);
        // one bucket an answer
        let mut differing = differing.into_iter().filter(|bucket| *bucket >= request.from);
        let (differing, next) = (differing.next(), differing.next());
        let named = feed.entries.iter().filter(|(id, _)| differing == Some(Buckets::number(**id)));
        let entries = named.map(|(document, (_, state))| {
            let stored = self.documents.get(document).filter(|stored| !stored.is_damaged());
            AuditEntry {
                document: *document,
                heads: stored.map(|stored| stored.heads.clone()).unwrap_or_default(),
                state: *state,
            }
        });
        let entries = entries.collect();
        let scope = request.scope.clone();
        let (epoch, seq, differing) = (self.epoch, feed.seq, differing.into_iter().collect());
        Some(AuditResponse { protocol: PROTOCOL, scope, epoch, seq, differing, entries, next })
    }

    fn sync(&mut self, device: DeviceId, scopes: &[ScopeId], request: SyncRequest, now: Timestamp) -> SyncResponse {
        let mut receipts = Vec::new();
        let mut same = BTreeSet::new();
        for push in &request.pushes {
            receipts.push(Receipt { document: push.document, runs: self.push(device, Some(scopes), push) });
            if self.documents.get(&push.document).is_some_and(|stored| stored.heads == push.heads) {
                same.insert(push.document);
            }
        }
        let in_scope = |id: &DocumentId| self.is_in(id, scopes);
        let mut basket = Basket::new(self, &request, scopes, same);
        let mut wishes: Vec<DocumentId> = request.wanted.iter().filter(|id| in_scope(id)).copied().collect();
        wishes.sort_unstable();
        let _ = wishes.iter().take_while(|id| basket.put(**id, true)).count();
        let pages = scopes.iter().map(|scope| basket.page(self, scope, &request.cursors)).collect();
        let (part, documents) = basket.part();
        let damaged = self.documents.iter().filter(|(id, stored)| in_scope(id) && stored.is_damaged());
        let decision = |hash: &ChangeHash| {
            let (document, admitted) = self.decisions.get(hash)?;
            let (reason, by) = ("理由".to_owned(), "山田".to_owned());
            Some(Decision { document: *document, hash: *hash, admitted: *admitted, reason, by, at: now })
        };
        SyncResponse {
            clock: now,
            receipts,
            scopes: pages,
            documents,
            part,
            wanted: damaged.map(|(id, _)| *id).collect(),
            purged: request.wanted.iter().filter(|id| self.rulings.purged.contains(id)).copied().collect(),
            decisions: request.held.iter().filter_map(decision).collect(),
            ..SyncResponse::default()
        }
    }

    /// `scopes` are those of a tablet that is not revoked.
    fn push(&mut self, device: DeviceId, scopes: Option<&[ScopeId]>, push: &DocumentPush) -> Vec<Run> {
        let pushed: Vec<Vec<u8>> = push.changes.iter().map(|bytes| bytes.to_vec()).collect();
        // what came of a damaged record before is judged together with what comes now
        let is_damaged = self.documents.get(&push.document).is_some_and(Stored::is_damaged);
        let brought = self.brought.iter().filter(|((id, _), _)| is_damaged && push.again && *id == push.document);
        let kept: Vec<Vec<u8>> = brought.map(|(_, bytes)| bytes.clone()).collect();
        let before = kept.len();
        let all = [kept, pushed].concat();
        let every = |verdict: Verdict| all.iter().map(|bytes| (hash_of(bytes), verdict)).collect::<Vec<_>>();
        if self.rulings.purged.contains(&push.document) {
            return runs(all.iter().skip(before).map(|bytes| (hash_of(bytes), Outcome::Purged, None)));
        }
        let stored = self.documents.get(&push.document);
        let damaged = stored.is_some_and(Stored::is_damaged);
        let genesis = || Document::genesis(push.document, push.kind).unwrap();
        let base = stored.and_then(Stored::base).unwrap_or_else(genesis);
        let limits = Limits::default();
        let refused: BTreeSet<ChangeHash> =
            all.iter().map(|bytes| hash_of(bytes)).filter(|hash| self.rulings.refused.contains(hash)).collect();
        let allowed = scopes.is_some_and(|scopes| self.may_write(&push.document, scopes));
        let verdicts = if !allowed {
            // what waits for a person can be let in
            self.rulings.refused.retain(|hash| !refused.contains(hash));
            let mut sound = stored.and_then(Stored::base).filter(|_| !damaged);
            turn_away(sound.as_mut(), device, push.again, &all, Code::NotInScope, &limits)
        } else if damaged && !push.again {
            every(Verdict::MissingDeps)
        } else {
            let offered: Vec<Vec<u8>> =
                all.iter().filter(|bytes| !refused.contains(&hash_of(bytes))).cloned().collect();
            let (mut admission, whole) = match stored.filter(|_| damaged) {
                Some(stored) => {
                    let restored = restore(base, &stored.heads, device, &offered, &limits);
                    (restored.admission, restored.whole)
                }
                None if push.again => (admit_again(base, device, &offered, &limits), true),
                None => (admit(base, device, &offered, &limits), true),
            };
            if let Some(saved) = admission.snapshot {
                let recorded = self.documents.get(&push.document).map(|stored| stored.heads.clone());
                let heads = recorded.filter(|_| !whole).unwrap_or_else(|| admission.document.heads());
                self.keep(push.document, device, saved, heads);
                if whole {
                    self.list(push.document, &mut admission.document);
                }
            }
            let mut judged = admission.verdicts.into_iter();
            let verdict = |bytes: &Vec<u8>| match hash_of(bytes) {
                hash if refused.contains(&hash) => (hash, Verdict::Custody(Code::TooComplex)),
                _ => judged.next().unwrap(),
            };
            all.iter().map(verdict).collect()
        };
        if verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::Stored | Verdict::Duplicate)) {
            self.custody.retain(|(id, hash), _| *id != push.document || !push.replaces.contains(hash));
        }
        for ((hash, verdict), bytes) in verdicts.iter().zip(&all) {
            match verdict {
                Verdict::Custody(Code::NotInScope) => {
                    self.custody.insert((push.document, *hash), (device, bytes.clone()));
                }
                Verdict::Custody(Code::BroughtBack) => {
                    self.brought.entry((push.document, *hash)).or_insert_with(|| bytes.clone());
                }
                Verdict::Stored | Verdict::Duplicate => {
                    self.rulings.taken.insert(*hash);
                    self.brought.remove(&(push.document, *hash));
                    self.custody.remove(&(push.document, *hash));
                }
                Verdict::Custody(_) | Verdict::MissingDeps => {}
            }
        }
        let judged = verdicts.into_iter().zip(&all).skip(before);
        runs(judged.map(|((hash, verdict), bytes)| match verdict {
            Verdict::Stored => (hash, Outcome::Stored, None),
            Verdict::Custody(Code::BroughtBack) if author_of(bytes, &limits) == Some(device) => {
                (hash, Outcome::MissingDeps, None)
            }
            Verdict::Duplicate => (hash, Outcome::Duplicate, None),
            Verdict::MissingDeps => (hash, Outcome::MissingDeps, None),
            Verdict::Custody(code) => (hash, Outcome::Custody, Some(code.as_str().to_owned())),
        }))
    }

    fn list(&mut self, id: DocumentId, document: &mut Document) {
        let record = view(document);
        let mut scopes = BTreeSet::from([self.documents[&id].home.clone()]);
        scopes.extend(record.text("association").map(|one| ScopeId::association(one).unwrap()));
        scopes.extend(record.text("municipality").map(|one| ScopeId::municipality(one).unwrap()));
        for scope in &scopes {
            self.feeds.entry(scope.clone()).or_default();
        }
        for (scope, feed) in &mut self.feeds {
            let state = if scopes.contains(scope) { FeedState::Present } else { FeedState::Left };
            if state == FeedState::Present || feed.entries.contains_key(&id) {
                feed.seq += 1;
                feed.entries.insert(id, (feed.seq, state));
            }
        }
    }
}

/// Consecutive changes with the same outcome, named by the last.
fn runs(outcomes: impl Iterator<Item = (ChangeHash, Outcome, Option<String>)>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (hash, outcome, code) in outcomes {
        match runs.last_mut() {
            Some(run) if run.outcome == outcome && run.code == code => {
                run.count += 1;
                run.last = hash;
            }
            _ => runs.push(Run { outcome, count: 1, last: hash, code }),
        }
    }
    runs
}
