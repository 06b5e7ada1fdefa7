//! Pushes that come while another is being written share the next transaction.
//!
//! A transaction costs a flush to the disk and about the same statements whether it holds one push or twenty, and pushes
//! to one scope wait for each other anyway. So each lane, the pushes whose documents are at home in one scope, has one
//! transaction at a time.
//!
//! Invariants: a push is answered after its commit; no transaction writes a document twice; what is outdated or cannot
//! be written holds up nobody it shares a transaction with; whoever asked may go away, and what was begun is finished.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::slice::from_ref;
use std::sync::{Arc, Mutex, PoisonError};

use sync_core::ids::{DocumentId, ScopeId};
use tokio::sync::{broadcast, oneshot};

use super::Notice;
use crate::store::types::{PushOutcome, PushWrite};
use crate::store::{Store, StoreError};

/// Documents of one transaction, unless a single push has more.
const DOCUMENTS: usize = 256;

type Lane = (String, Option<ScopeId>);
type Outcome = Result<PushOutcome, StoreError>;

struct Waiting {
    push: PushWrite,
    answer: oneshot::Sender<Outcome>,
}

/// Writes pushes. Cheap to clone.
#[derive(Clone)]
pub struct Commits {
    store: Arc<dyn Store>,
    notices: broadcast::Sender<Notice>,
    lanes: Arc<Mutex<HashMap<Lane, VecDeque<Waiting>>>>,
}

impl Commits {
    /// Writes to the store, and announces there what is new.
    pub fn new(store: Arc<dyn Store>, notices: broadcast::Sender<Notice>) -> Self {
        Self { store, notices, lanes: Arc::default() }
    }

    /// Writes a push. On [`PushOutcome::Outdated`] and on errors nothing of it is in the database.
    pub async fn write(&self, push: PushWrite) -> Outcome {
        let home = push.documents.first().and_then(|write| write.home_scope.clone());
        let lane = (push.tenant.clone(), home);
        let (answer, outcome) = oneshot::channel();
        let waiting = Waiting { push, answer };
        let is_idle = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            let is_idle = !lanes.contains_key(&lane);
            lanes.entry(lane.clone()).or_default().push_back(waiting);
            is_idle
        };
        if is_idle {
            tokio::spawn(self.clone().serve(lane));
        }
        outcome.await.unwrap_or(Err(StoreError::Busy))
    }

    /// Writes what waits in a lane until nothing does.
    async fn serve(self, lane: Lane) {
        while let Some(group) = self.next(&lane) {
            let one = tokio::spawn(self.clone().write_group(lane.0.clone(), group));
            if let Err(error) = one.await {
                // those in it are answered "busy": their answers went with it
                tracing::error!(%error, "writing pushes ended");
            }
        }
    }

    /// The pushes of the next transaction; `None` ends the lane.
    fn next(&self, lane: &Lane) -> Option<Vec<Waiting>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = lanes.get_mut(lane)?;
        let mut documents: HashSet<DocumentId> = HashSet::new();
        let mut group = Vec::new();
        while let Some(waiting) = queue.pop_front() {
            let its: Vec<DocumentId> = waiting.push.documents.iter().map(|write| write.document).collect();
            let is_full = documents.len() + its.len() > DOCUMENTS;
            if !group.is_empty() && (is_full || its.iter().any(|document| documents.contains(document))) {
                queue.push_front(waiting);
                break;
            }
            documents.extend(its);
            group.push(waiting);
        }
        if group.is_empty() {
            lanes.remove(lane);
            return None;
        }
        Some(group)
    }

    async fn write_group(self, tenant: String, group: Vec<Waiting>) {
        let (mut pushes, mut answers): (Vec<PushWrite>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.push, waiting.answer)).unzip();
        while !pushes.is_empty() {
            match self.store.commit_pushes(&tenant, &pushes).await {
                Ok(PushOutcome::Committed) => {
                    self.tell(&tenant, &pushes);
                    return answers.into_iter().for_each(|answer| reply(answer, Ok(PushOutcome::Committed)));
                }
                Ok(PushOutcome::Outdated(outdated)) => {
                    let outdated: BTreeSet<DocumentId> = outdated.into_iter().collect();
                    (pushes, answers) = without(outdated, pushes, answers);
                }
                Err(error) if pushes.len() == 1 => {
                    if let Some(answer) = answers.pop() {
                        reply(answer, Err(error));
                    }
                    return;
                }
                Err(error) => {
                    tracing::warn!(tenant, %error, pushes = pushes.len(), "pushes could not be written together");
                    for (push, answer) in pushes.iter().zip(answers) {
                        let outcome = self.store.commit_pushes(&tenant, from_ref(push)).await;
                        if matches!(outcome, Ok(PushOutcome::Committed)) {
                            self.tell(&tenant, from_ref(push));
                        }
                        reply(answer, outcome);
                    }
                    return;
                }
            }
        }
    }

    /// Tells who listens where there is something new, and the log what came back.
    fn tell(&self, tenant: &str, pushes: &[PushWrite]) {
        let scopes: BTreeSet<ScopeId> = pushes.iter().flat_map(PushWrite::scopes).collect();
        announce(&self.notices, tenant, scopes);
        for push in pushes.iter().filter(|push| push.healed_changes > 0) {
            let (device, documents, changes) = (push.device, push.healed_documents, push.healed_changes);
            tracing::info!(tenant, %device, documents, changes, "tablets brought back");
        }
    }
}

/// Tells everyone who listens that there is something new in these scopes.
pub(super) fn announce(notices: &broadcast::Sender<Notice>, tenant: &str, scopes: impl IntoIterator<Item = ScopeId>) {
    for scope in scopes {
        // no listener is no fault
        let _ = notices.send(Notice { tenant: tenant.to_owned(), scope });
    }
}

/// Answers the pushes that hold outdated documents; the others remain.
fn without(
    outdated: BTreeSet<DocumentId>,
    pushes: Vec<PushWrite>,
    answers: Vec<oneshot::Sender<Outcome>>,
) -> (Vec<PushWrite>, Vec<oneshot::Sender<Outcome>>) {
    let mut rest = (Vec::new(), Vec::new());
    for (push, answer) in pushes.into_iter().zip(answers) {
        let its = push.documents.iter().map(|write| write.document).filter(|document| outdated.contains(document));
        let its: Vec<DocumentId> = its.collect();
        if its.is_empty() {
            rest.0.push(push);
            rest.1.push(answer);
        } else {
            reply(answer, Ok(PushOutcome::Outdated(its)));
        }
    }
    rest
}

/// Whoever asked may be gone.
fn reply(answer: oneshot::Sender<Outcome>, outcome: Outcome) {
    let _ = answer.send(outcome);
}
