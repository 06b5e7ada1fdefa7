//! Three tablets of one place. They hold what they recorded until it is sent, also over a crash.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use sync_core::document::{Kind, Reason};
use sync_core::domain::{Intent, Measure, RecordView};
use sync_core::ids::DocumentId;

use super::Registrar;
use super::share::{TABLETS, shares};
use crate::commands::enrol_tablet;
use crate::error::CliError;
use crate::home::{Credential, Home};
use crate::host::Host;
use crate::wanted::Wanted;

/// Records whose edits are gathered at a time.
const CHUNK: usize = 40;

/// Registers one of the three with the code that registered the device that enters the registry.
fn enrol(
    home: &Home,
    registrar: &Registrar,
    tablet: &str,
    name: &str,
    scopes: &[String],
) -> Result<Credential, CliError> {
    let needs =
        |what: &str| CliError::LoaderCode { what: what.to_owned(), tenant: registrar.credential().tenant.code.clone() };
    let enrolled = enrol_tablet(home, registrar.server(), tablet, &registrar.credential().code, name, Some(scopes))
        .map_err(|error| match error {
            CliError::Refused { status: 401, .. } => {
                needs("コードの使える回数が残っていません。台帳の登録と3台の端末に、同じコードを4回使います")
            }
            other => other,
        })?;
    if scopes.iter().all(|scope| enrolled.scopes.contains(scope)) {
        return Ok(enrolled);
    }
    home.forget(registrar.server().address(), tablet)?;
    Err(needs("このコードでは、読み込む市町村や医師会を端末の範囲にできません"))
}

/// Three opened tablets.
#[derive(Debug)]
pub struct Crew {
    hosts: Vec<Host>,
}

/// What loading did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Records asked for.
    pub records: usize,
    /// Records that were not there before.
    pub new: usize,
    /// Records that were there and lacked something.
    pub completed: usize,
    /// Changes the server took.
    pub stored: u64,
    /// Changes the server had already, pushed again after a lost answer.
    pub duplicate: u64,
}

/// How much each tablet had counted before it sent what was left over from an earlier run.
type LeftOver = Vec<BTreeMap<(DocumentId, Measure), i64>>;

impl Crew {
    /// Opens the crew of a set of scopes, enrolling those not yet enrolled.
    pub fn open(home: &Home, registrar: &Registrar, purpose: &str, scopes: &[String]) -> Result<Self, CliError> {
        let sum = Sha256::digest(scopes.join("\n").as_bytes());
        let short: String = sum.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        let mut hosts = Vec::new();
        for (role, name) in TABLETS {
            let tablet = format!("{purpose}-{}-{short}-{role}", registrar.credential().tenant.code);
            let known = home.credential(registrar.server().address(), &tablet)?;
            let credential = match known {
                Some(credential) => credential,
                None => enrol(home, registrar, &tablet, name, scopes)?,
            };
            hosts.push(Host::open(home, credential)?);
        }
        Ok(Self { hosts })
    }

    /// Makes the records say what is wanted, and waits until all tablets and the server agree.
    pub fn load(&mut self, wanted: &[Wanted]) -> Result<Loaded, CliError> {
        let left_over = self.left_over(wanted);
        self.sync_all()?;
        self.sync_all()?;
        self.take_back(wanted, &left_over)?;
        let mut loaded = Loaded { records: wanted.len(), ..Loaded::default() };
        for chunk in wanted.chunks(CHUNK) {
            self.record(chunk, &mut loaded)?;
        }
        if loaded.new + loaded.completed > 0 {
            // the answer to the second tablet is lost on its way, so it sends everything again
            self.hosts[1].lose_next_answer();
            for index in [1, 0, 2] {
                self.hosts[index].sync()?;
            }
        }
        self.sync_all()?;
        self.check(wanted)?;
        for host in &self.hosts {
            loaded.stored += host.receipts().stored;
            loaded.duplicate += host.receipts().duplicate;
        }
        Ok(loaded)
    }

    fn record(&mut self, wanted: &[Wanted], loaded: &mut Loaded) -> Result<(), CliError> {
        let mut edits: [Vec<(DocumentId, Kind, Intent)>; 3] = Default::default();
        for wanted in wanted {
            let view = self.view(0, wanted.document);
            let missing = wanted.missing(view.as_ref());
            match (missing.is_empty(), view.is_some()) {
                (true, _) => continue,
                (false, true) => loaded.completed += 1,
                (false, false) => loaded.new += 1,
            }
            for (edits, share) in edits.iter_mut().zip(shares(missing)) {
                edits.extend(share.into_iter().map(|intent| (wanted.document, wanted.kind, intent)));
            }
        }
        for (host, edits) in self.hosts.iter_mut().zip(edits) {
            host.record(edits)?;
            host.gather()?;
        }
        Ok(())
    }

    /// What tablets with unsent work had counted, before it is sent.
    fn left_over(&self, wanted: &[Wanted]) -> LeftOver {
        let of_host = |host: &Host| {
            let mut counts = BTreeMap::new();
            if host.status().unsent_changes > 0 {
                for wanted in wanted {
                    let Some(view) = host.view(wanted.document) else { continue };
                    for measure in wanted.totals.keys() {
                        if let Some(own) = own_count(&view.record, measure, host) {
                            counts.insert((wanted.document, measure.clone()), own);
                        }
                    }
                }
            }
            counts
        };
        self.hosts.iter().map(of_host).collect()
    }

    /// Counts left over from a crash may have been recorded meanwhile from another machine: takes back what is too much,
    /// never more than the tablet itself had counted.
    fn take_back(&mut self, wanted: &[Wanted], left_over: &LeftOver) -> Result<(), CliError> {
        for (index, before) in left_over.iter().enumerate() {
            let mut took_back = false;
            for wanted in wanted {
                for (measure, total) in &wanted.totals {
                    let Some(own) = before.get(&(wanted.document, measure.clone())) else { continue };
                    let present = self.view(index, wanted.document).and_then(|view| view.total(&measure.to_string()));
                    let excess = (present.unwrap_or(0) - total).min(*own);
                    if excess > 0 {
                        let intent =
                            Intent::Count { measure: measure.clone(), by: -excess, reason: Some(Reason::Recount) };
                        self.hosts[index].record([(wanted.document, wanted.kind, intent)])?;
                        took_back = true;
                    }
                }
            }
            if took_back {
                self.sync_all()?;
                self.sync_all()?;
            }
        }
        Ok(())
    }

    fn sync_all(&mut self) -> Result<(), CliError> {
        self.hosts.iter_mut().try_for_each(Host::sync)
    }

    fn check(&self, wanted: &[Wanted]) -> Result<(), CliError> {
        for (index, host) in self.hosts.iter().enumerate() {
            let status = host.status();
            if status.unsent_records > 0 {
                return Err(CliError::Unsent { records: status.unsent_records });
            }
            let held =
                host.list().iter().filter(|record| record.save_state == sync_core::tablet::SaveState::Held).count();
            if held > 0 {
                return Err(CliError::Held { records: held });
            }
            let lacks = |wanted: &&Wanted| !wanted.missing(self.view(index, wanted.document).as_ref()).is_empty();
            if wanted.iter().any(|wanted| lacks(&wanted)) || status.scopes.iter().any(|scope| !scope.agreed) {
                return Err(CliError::Differs);
            }
        }
        Ok(())
    }

    fn view(&self, index: usize, document: DocumentId) -> Option<RecordView> {
        self.hosts.get(index)?.view(document).map(|detail| detail.record)
    }
}

fn own_count(view: &RecordView, measure: &Measure, host: &Host) -> Option<i64> {
    let name = measure.to_string();
    let tally = view.tallies.iter().find(|tally| tally.measure == name)?;
    tally.by_device.get(&host.credential().device).copied()
}
