//! A server in memory, as small as the protocol allows: gate, feed per scope, digest, receipts after "commit".
//! It stands for any host of the same rules; the real one is put through the same scenarios in `tests/`.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::digest::{Digest, FeedState};
use sync_core::document::{Document, Heads};
use sync_core::domain::view;
use sync_core::gate::{Code, Limits, Verdict, admit};
use sync_core::ids::{DeviceId, DocumentId, ScopeId};
use sync_core::time::Timestamp;
use sync_core::wire::{
    DocumentPayload, FeedEntry, Outcome, PROTOCOL, Receipt, Run, ScopeCursor, ScopePage, SyncRequest, SyncResponse,
    WireLimits,
};

/// Entries of a page: few, so that paging happens.
const PAGE: usize = 3;

#[derive(Clone, Default)]
struct Feed {
    seq: u64,
    entries: BTreeMap<DocumentId, (u64, FeedState)>,
}

/// Everything that is durable.
#[derive(Clone)]
pub struct Server {
    epoch: [u8; 16],
    /// Saved bytes and the heads they have.
    documents: BTreeMap<DocumentId, (Vec<u8>, Heads)>,
    feeds: BTreeMap<ScopeId, Feed>,
    /// Records nobody may write to; their changes go to custody.
    pub forbidden: BTreeSet<DocumentId>,
    pub custody: usize,
}

pub fn home() -> ScopeId {
    ScopeId::municipality("112119").unwrap()
}

impl Server {
    pub fn new() -> Self {
        let feeds = BTreeMap::from([(home(), Feed::default())]);
        Self { epoch: [1; 16], documents: BTreeMap::new(), feeds, forbidden: BTreeSet::new(), custody: 0 }
    }

    /// The state of a backup, under a new epoch.
    pub fn restored(mut self, epoch: u8) -> Self {
        self.epoch = [epoch; 16];
        self
    }

    pub fn documents(&self) -> impl Iterator<Item = Document> + '_ {
        self.documents.values().map(|(saved, _)| Document::load(saved).unwrap())
    }

    pub fn digest(&self, scope: &ScopeId) -> (u64, Digest) {
        let present = |feed: &Feed| {
            feed.entries.iter().filter(|(_, (_, s))| *s == FeedState::Present).map(|(id, _)| *id).collect()
        };
        let ids: Vec<DocumentId> = self.feeds.get(scope).map(present).unwrap_or_default();
        ids.iter().fold((0, Digest::ZERO), |(count, sum), id| {
            (count + 1, sum.plus(Digest::of(*id, FeedState::Present, &self.documents[id].1)))
        })
    }

    /// One exchange. Everything it changes is durable when it returns.
    pub fn exchange(&mut self, device: DeviceId, scopes: &[ScopeId], body: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        let request = SyncRequest::decode(body, &WireLimits::default()).ok()?;
        let mut receipts = Vec::new();
        let mut same = BTreeSet::new();
        for push in &request.pushes {
            let changes: Vec<Vec<u8>> = push.changes.iter().map(|bytes| bytes.to_vec()).collect();
            let known = self.documents.get(&push.document).map(|(saved, _)| Document::load(saved).unwrap());
            let document = known.unwrap_or_else(|| Document::genesis(push.document, push.kind).unwrap());
            let mut admission = admit(document, device, &changes, &Limits::default());
            if self.forbidden.contains(&push.document) {
                admission.snapshot = None;
                for verdict in &mut admission.verdicts {
                    verdict.1 = Verdict::Custody(Code::NotInScope);
                }
            }
            if let Some(snapshot) = admission.snapshot {
                self.documents.insert(push.document, (snapshot, admission.document.heads()));
                self.list(push.document, &mut admission.document);
                if admission.document.heads() == push.heads {
                    same.insert(push.document);
                }
            }
            let mut runs: Vec<Run> = Vec::new();
            for (hash, verdict) in admission.verdicts {
                let (outcome, code) = match verdict {
                    Verdict::Stored => (Outcome::Stored, None),
                    Verdict::Duplicate => (Outcome::Duplicate, None),
                    Verdict::MissingDeps => (Outcome::MissingDeps, None),
                    Verdict::Custody(code) => {
                        self.custody += 1;
                        (Outcome::Custody, Some(code.as_str().to_owned()))
                    }
                };
                match runs.last_mut() {
                    Some(run) if run.outcome == outcome && run.code == code => {
                        run.count += 1;
                        run.last = hash;
                    }
                    _ => runs.push(Run { outcome, count: 1, last: hash, code }),
                }
            }
            receipts.push(Receipt { document: push.document, runs });
        }
        let mut wanted = BTreeSet::new();
        let pages: Vec<ScopePage> =
            scopes.iter().map(|scope| self.page(scope, &request.cursors, &mut wanted)).collect();
        let documents = wanted
            .difference(&same)
            .filter_map(|id| Some(DocumentPayload { document: *id, snapshot: self.documents.get(id)?.0.clone() }))
            .collect();
        let response = SyncResponse {
            protocol: PROTOCOL,
            clock: now,
            receipts,
            scopes: pages,
            documents,
            ..SyncResponse::default()
        };
        Some(response.encode())
    }

    fn list(&mut self, id: DocumentId, document: &mut Document) {
        let mut scopes = BTreeSet::from([home()]);
        if let Some(association) = view(document).text("association") {
            scopes.insert(ScopeId::association(association).unwrap());
        }
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

    fn page(&self, scope: &ScopeId, cursors: &[ScopeCursor], wanted: &mut BTreeSet<DocumentId>) -> ScopePage {
        let feed = self.feeds.get(scope).cloned().unwrap_or_default();
        let cursor = cursors.iter().find(|cursor| cursor.scope == *scope);
        let after = match cursor {
            Some(cursor) if cursor.epoch == Some(self.epoch) && cursor.seq <= feed.seq => cursor.seq,
            _ => 0,
        };
        let mut entries: Vec<FeedEntry> = feed
            .entries
            .iter()
            .filter(|(_, (seq, _))| *seq > after)
            .map(|(document, (seq, state))| FeedEntry { document: *document, seq: *seq, state: *state })
            .collect();
        entries.sort_by_key(|entry| entry.seq);
        let more = entries.len() > PAGE;
        entries.truncate(PAGE);
        let next_seq = if more { entries[PAGE - 1].seq } else { feed.seq };
        wanted.extend(entries.iter().filter(|entry| entry.state == FeedState::Present).map(|entry| entry.document));
        let (count, digest) = self.digest(scope);
        ScopePage { scope: scope.clone(), epoch: self.epoch, entries, next_seq, more, count, digest, below: None }
    }
}
