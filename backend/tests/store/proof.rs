//! The contract of destroying, damage, healing, custody decisions and closing. Runs after `contract` on the same store.

use std::collections::HashMap;
use std::slice::from_ref;

use sync_core::digest::{Digest, FeedState};
use sync_core::document::Kind;
use sync_core::ids::{ChangeHash, DeviceId};
use tsudoi_server::store::Store;
use tsudoi_server::store::office::{CustodyFilter, Within};
use tsudoi_server::store::types::{
    ChangedRow, CorrectionCount, CustodyDecision, CustodyRow, DecideOutcome, HeldFilter, PageSize, Projection, Purge,
    PurgeOutcome, PushOutcome, PushWrite, Rebuilt, RollupKey, RollupValue, Rollups, StoredDocument,
};

use crate::rows::{DEVICE, HONJO, KAMISATO, heads, id, in_scope, place, pull_all, push, scope, scopes, want, write};

/// Bytes that must not be found in the database's files after they were destroyed.
pub const SECRET: &[u8] = b"burn after reading, twenty-one heads";
const CLOSED: &str = "municipality:112038";
const HEALED: &str = "municipality:112097";

async fn revision(store: &dyn Store, number: u8) -> i64 {
    store.load_documents("11", &[id(number)]).await.unwrap()[0].revision
}

async fn st_13_a_destroyed_document_stays_destroyed(store: &dyn Store) {
    let mut secret = write(50, None, 1);
    secret.snapshot = SECRET.repeat(200);
    secret.places.push(place(id(50), KAMISATO, FeedState::Present, &heads(1)));
    let held = CustodyRow {
        document: id(50),
        hash: ChangeHash::from_bytes([50; 32]),
        kind: Kind::Session,
        code: "sequence".to_owned(),
        bytes: SECRET.to_vec(),
    };
    let with = PushWrite { custody: vec![held], ..push(vec![secret]) };
    assert_eq!(store.commit_pushes("11", from_ref(&with)).await.unwrap(), PushOutcome::Committed);
    let before = scopes(store, &[scope(HONJO), scope(KAMISATO)]).await;
    let figures = store.list_rollups("11").await.unwrap();
    let negative = |value: &RollupValue| RollupValue {
        reported: -value.reported,
        unreported: -value.unreported,
        total: -value.total,
    };
    let mut purge = Purge {
        tenant: "11".to_owned(),
        document: id(50),
        revision: Some(9),
        rollups: with.rollups.iter().map(|(key, value)| (key.clone(), negative(value))).collect(),
        by: "pe-1".to_owned(),
        reason: "本人の希望".to_owned(),
        now: 77,
        retired: false,
    };
    assert_eq!(store.purge(&purge).await.unwrap(), PurgeOutcome::Outdated);
    assert!(store.list_purged("11", &[id(50)]).await.unwrap().is_empty(), "nothing was written");
    purge.revision = Some(1);
    assert_eq!(store.purge(&purge).await.unwrap(), PurgeOutcome::Done(vec![scope(HONJO), scope(KAMISATO)]));
    assert_eq!(store.purge(&purge).await.unwrap(), PurgeOutcome::Already);
    let purged = store.list_purged("11", &[id(50), id(1)]).await.unwrap();
    assert_eq!((purged.len(), purged[0].document, purged[0].at, purged[0].by.as_str()), (1, id(50), 77, "pe-1"));

    assert!(store.load_documents("11", &[id(50)]).await.unwrap().is_empty());
    assert!(!store.list_documents("11", None, 1_000).await.unwrap().iter().any(|stored| stored.document == id(50)));
    assert!(store.load_custody("11", id(50), DEVICE, 1_000).await.unwrap().0.is_empty());
    let total = |rollups: &Rollups| rollups.values().map(|value| value.total).sum::<i64>();
    assert_eq!(total(&store.list_rollups("11").await.unwrap()), total(&figures) - 1);
    let after = scopes(store, &[scope(HONJO), scope(KAMISATO)]).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((after.seq, after.document_count), (before.seq + 1, before.document_count - 1));
        assert_eq!(after.digest, before.digest.minus(Digest::of(id(50), FeedState::Present, &heads(1))));
        let cursor = Some((before.epoch, before.seq));
        let wanted = [want(before.scope.as_str(), cursor, None)];
        let pull = store.pull("11", &wanted, &[id(50)], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap();
        assert_eq!(pull.pages[0].entries, [(id(50), after.seq, FeedState::Purged)], "its tablets are told");
        assert!(pull.documents.is_empty());
    }

    for base in [None, Some(1), Some(2)] {
        let again = push(vec![write(50, base, 2)]);
        assert_eq!(store.commit_pushes("11", from_ref(&again)).await.unwrap(), PushOutcome::Outdated(vec![id(50)]));
    }
    let never = Purge { document: id(51), revision: None, rollups: Rollups::new(), ..purge };
    assert_eq!(store.purge(&never).await.unwrap(), PurgeOutcome::Done(Vec::new()));
    let late = push(vec![write(51, None, 1)]);
    assert_eq!(store.commit_pushes("11", from_ref(&late)).await.unwrap(), PushOutcome::Outdated(vec![id(51)]));
}

async fn damage_is_asked_for_until_it_is_repaired(store: &dyn Store) {
    let first = push((60..63).map(|number| in_scope(write(number, None, 1), HEALED)).collect());
    store.commit_pushes("11", from_ref(&first)).await.unwrap();
    store.note_damaged("11", &[id(61), id(61)], 9).await.unwrap();
    store.note_damaged("11", &[id(61)], 10).await.unwrap();
    assert_eq!(store.list_damaged("11").await.unwrap(), [(id(61), 9)]);
    let pull = pull_all(store, HEALED).await;
    assert_eq!((pull.damaged.as_slice(), pull.pages[0].entries.len()), (&[id(61)][..], 3));
    assert!(!pull.documents.iter().any(|(document, _)| *document == id(61)), "damaged bytes go nowhere");
    let scope_row = &pull.pages[0].scope;
    let idle = [want(HEALED, Some((scope_row.epoch, scope_row.seq)), None)];
    let pull = store.pull("11", &idle, &[], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap();
    assert_eq!(pull.damaged, [id(61)], "asked for although nothing else is new");
    assert!(pull_all(store, HONJO).await.damaged.is_empty(), "of other scopes nobody is asked");

    let mut repair = in_scope(write(61, Some(1), 2), HEALED);
    repair.repaired = true;
    let repair = PushWrite { healed_documents: 1, healed_changes: 4, now: 20, ..push(vec![repair]) };
    assert_eq!(store.commit_pushes("11", from_ref(&repair)).await.unwrap(), PushOutcome::Committed);
    assert!(store.list_damaged("11").await.unwrap().is_empty());
    assert!(store.pull("11", &idle, &[], &PageSize::whole(1 << 20), &HashMap::new()).await.unwrap().damaged.is_empty());
    let healing = store.list_healing("11", 10).await.unwrap();
    assert_eq!((healing.len(), healing[0].device, healing[0].healed_at), (1, DEVICE, 20));
    assert_eq!((healing[0].documents, healing[0].changes), (1, 4));
    for now in 21..24 {
        let more =
            PushWrite { healed_documents: 1, healed_changes: 5, now, rollups: Rollups::new(), ..push(Vec::new()) };
        store.commit_pushes("11", &[more]).await.unwrap();
    }
    assert_eq!(store.list_healing("11", 2).await.unwrap().len(), 2);
    assert_eq!(store.sum_healing("11").await.unwrap(), 19, "of all, whatever is listed");
    assert_eq!(store.sum_healing("14").await.unwrap(), 0);

    store.note_damaged("11", &[id(64)], 9).await.unwrap();
    let empty = store.load_documents("11", &[id(64)]).await.unwrap();
    assert!(empty[0].snapshot.is_empty(), "a missing document gets a row that a push can replace");
    let (row, entries) = store.audit_entries("11", &scope(HEALED)).await.unwrap().unwrap();
    assert_eq!((row.document_count, entries.len()), (3, 3));
    let present = entries.iter().filter(|(_, state, _)| *state == FeedState::Present);
    assert_eq!(present.fold(Digest::ZERO, |sum, (.., one)| sum.plus(*one)), row.digest);
    assert_eq!(store.audit_entries("14", &scope(HEALED)).await.unwrap(), None);

    let before = store.list_scopes("11").await.unwrap();
    assert_eq!(store.renew_epochs(Some("11")).await.unwrap(), before.len() as u64);
    let after = store.list_scopes("11").await.unwrap();
    for (before, after) in before.iter().zip(&after) {
        assert!(before.epoch != after.epoch);
        assert_eq!((before.seq, before.digest), (after.seq, after.digest));
    }
    assert_eq!(store.renew_epochs(None).await.unwrap(), before.len() as u64);
}

async fn st_14_custody_is_decided_once(store: &dyn Store) {
    let held = |number: u8| CustodyRow {
        document: id(70),
        hash: ChangeHash::from_bytes([number; 32]),
        kind: Kind::Session,
        code: "not_in_scope".to_owned(),
        bytes: vec![number; 5],
    };
    let with = PushWrite { custody: vec![held(71), held(72), held(73)], rollups: Rollups::new(), ..push(Vec::new()) };
    store.commit_pushes("11", from_ref(&with)).await.unwrap();
    let filter = |decided| CustodyFilter { document: Some(id(70)), decided, ..CustodyFilter::default() };
    assert_eq!(store.list_custody("11", &filter(Some(false)), 10).await.unwrap().entries.len(), 3);
    let decision = |numbers: &[u8], admitted| CustodyDecision {
        tenant: "11".to_owned(),
        document: id(70),
        device: DEVICE,
        hashes: numbers.iter().map(|number| ChangeHash::from_bytes([*number; 32])).collect(),
        admitted,
        by: "pe-1".to_owned(),
        reason: "確認済み".to_owned(),
        now: 30,
    };
    let waiting = decision(&[71, 73, 79], true).hashes;
    let whole = |code| HeldFilter { code, change_bytes: 5, bytes: 1 << 20 };
    let held = store.list_held("11", DEVICE, &waiting, whole("not_in_scope")).await.unwrap();
    assert_eq!(
        held.iter().map(|(document, change)| (*document, change.bytes.len())).collect::<Vec<_>>(),
        [(id(70), 5); 2]
    );
    assert!(
        store.list_held("11", DEVICE, &waiting, whole("too_complex")).await.unwrap().is_empty(),
        "of this code alone"
    );
    for (most, room, fit) in [(4, 1 << 20, 0), (5, 204, 0), (5, 205, 1), (5, 410, 2)] {
        let held = store
            .list_held("11", DEVICE, &waiting, HeldFilter { code: "not_in_scope", change_bytes: most, bytes: room })
            .await
            .unwrap();
        assert_eq!(held.len(), fit, "no more than there is room for");
    }
    assert!(store.list_held("14", DEVICE, &waiting, whole("not_in_scope")).await.unwrap().is_empty());

    let stale = push(vec![write(1, None, 9)]);
    let outcome = store.decide_custody(&decision(&[71, 72], true), Some(&stale)).await.unwrap();
    assert_eq!(outcome, DecideOutcome::Outdated(vec![id(1)]));
    assert_eq!(store.list_custody("11", &filter(Some(true)), 10).await.unwrap().entries.len(), 0, "nothing was noted");

    let hashes = decision(&[71, 72], true).hashes.into_iter().map(|hash| (id(70), hash)).collect();
    let lets_in = PushWrite { released: hashes, ..push(vec![write(70, None, 1)]) };
    assert_eq!(store.decide_custody(&decision(&[71, 72], true), Some(&lets_in)).await.unwrap(), DecideOutcome::Done);
    assert_eq!(revision(store, 70).await, 1);
    let outcome = store.decide_custody(&decision(&[73, 72], false), None).await.unwrap();
    assert_eq!(outcome, DecideOutcome::AlreadyDecided);
    assert_eq!(store.decide_custody(&decision(&[73], false), None).await.unwrap(), DecideOutcome::Done);

    let (all, more) = store.load_custody("11", id(70), DEVICE, 1 << 20).await.unwrap();
    assert!(!more);
    for (bytes, read) in [(0, 1), (410, 2), (615, 3)] {
        let (held, more) = store.load_custody("11", id(70), DEVICE, bytes).await.unwrap();
        assert_eq!((held.len(), more), (read, read < 3), "as far as there is room, and at least one");
    }
    let admitted: Vec<bool> = all.iter().map(|held| held.decision.as_ref().unwrap().admitted).collect();
    assert_eq!((admitted, all[0].bytes.len()), (vec![true, true, false], 5), "what was decided stays readable");
    let named = decision(&[71, 73, 79], true).hashes;
    assert!(store.list_held("11", DEVICE, &named, whole("not_in_scope")).await.unwrap().is_empty(), "decided on");
    let decisions = store.list_decisions("11", DEVICE, &named).await.unwrap();
    assert_eq!(decisions.len(), 2);
    let last = decisions.iter().find(|one| one.hash == named[1]).unwrap();
    assert_eq!((last.document, last.decision.admitted, last.decision.at), (id(70), false, 30));
    assert_eq!((last.decision.by_name.as_str(), last.decision.reason.as_str()), ("人", "確認済み"));
    let elsewhere = CustodyFilter { within: Within::Municipality("999999".to_owned()), ..filter(None) };
    assert!(store.list_custody("11", &elsewhere, 10).await.unwrap().entries.is_empty());
    assert!(store.list_decisions("14", DEVICE, &named).await.unwrap().is_empty());
}

/// What one tablet sent of one document is one matter, and no number of changes hides another.
async fn custody_is_listed_by_matters(store: &dyn Store) {
    let held = |document: u8, hash: u8| CustodyRow {
        document: id(document),
        hash: ChangeHash::from_bytes([hash; 32]),
        kind: Kind::Session,
        code: "not_in_scope".to_owned(),
        bytes: vec![hash; 5],
    };
    let [loud, quiet] = [210, 211].map(|number| DeviceId::from_bytes([number; 16]));
    let sent = async |device, now, custody| {
        let push = PushWrite { device, now, custody, rollups: Rollups::new(), ..push(Vec::new()) };
        store.commit_pushes("15", &[PushWrite { tenant: "15".to_owned(), ..push }]).await.unwrap();
    };
    sent(quiet, 100, vec![held(220, 1)]).await;
    for document in [220, 221, 222] {
        sent(loud, 200 + u64::from(document), (1..=40).map(|hash| held(document, hash)).collect()).await;
    }
    let declined = CustodyDecision {
        tenant: "15".to_owned(),
        document: id(221),
        device: loud,
        hashes: (1..=40).map(|hash| ChangeHash::from_bytes([hash; 32])).collect(),
        admitted: false,
        by: "pe-1".to_owned(),
        reason: "確認済み".to_owned(),
        now: 30,
    };
    assert_eq!(store.decide_custody(&declined, None).await.unwrap(), DecideOutcome::Done);
    let (mut filter, mut seen) = (CustodyFilter::default(), Vec::new());
    loop {
        let page = store.list_custody("15", &filter, 1).await.unwrap();
        assert!((1..=5).contains(&page.entries.len()), "{}", page.entries.len());
        seen.push((page.entries[0].document, page.entries[0].device));
        assert!(page.entries.iter().all(|entry| (entry.document, entry.device) == seen[seen.len() - 1]));
        let Some(next) = page.next else { break };
        filter.after = Some(next);
    }
    assert_eq!(seen, [(id(222), loud), (id(220), loud), (id(220), quiet), (id(221), loud)], "decided last");
    let one = CustodyFilter { document: Some(id(220)), device: Some(quiet), ..CustodyFilter::default() };
    let rows = store.list_custody("15", &one, 1).await.unwrap();
    assert_eq!((rows.entries.len(), rows.entries[0].device, rows.next), (1, quiet, None));
}

async fn st_15_what_was_reported_stays_as_it_was(store: &dyn Store) {
    let figure = |municipality: &str, total| {
        let key = RollupKey {
            fiscal_year: 2026,
            measure: "attendance".to_owned(),
            municipality: municipality.to_owned(),
            association: String::new(),
            holder: String::new(),
            month: "2026-05".to_owned(),
        };
        (key, RollupValue { reported: 1, unreported: 0, total })
    };
    let of_month = |number: u8, base, now| {
        let mut one = in_scope(write(number, base, 1 + u8::from(base.is_some())), CLOSED);
        one.projection.fact.month = Some("2026-05".to_owned());
        one.projection.fact.fiscal_year = Some(2026);
        PushWrite { now, rollups: Rollups::from([figure("112119", 12)]), ..push(vec![one]) }
    };
    store.commit_pushes("11", &[of_month(80, None, 100)]).await.unwrap();
    assert!(store.list_corrections("11", "2026-05").await.unwrap().is_empty(), "an open month has none");
    assert!(store.close_month("11", "2026-05", 2026, "pe-1", 100).await.unwrap());
    assert!(!store.close_month("11", "2026-05", 2026, "pe-2", 200).await.unwrap(), "closed once");
    assert!(store.list_corrections("11", "2026-05").await.unwrap().is_empty());
    let late =
        PushWrite { rollups: Rollups::from([figure("112119", 3), figure("113859", 4)]), ..of_month(81, None, 150) };
    store.commit_pushes("11", from_ref(&late)).await.unwrap();
    let corrections = store.list_corrections("11", "2026-05").await.unwrap();
    let shown: Vec<_> = corrections.iter().map(|one| (one.reported.total, one.now.total)).collect();
    assert_eq!(shown, [(12, 15), (0, 4)]);
    let count = |municipality: &str| CorrectionCount {
        month: "2026-05".to_owned(),
        municipality: municipality.to_owned(),
        association: String::new(),
        figures: 1,
    };
    let mut counts = store.count_corrections("11", 2026).await.unwrap();
    counts.sort_by(|a, b| a.municipality.cmp(&b.municipality));
    assert_eq!(counts, [count("112119"), count("113859")]);
    assert!(store.count_corrections("11", 2025).await.unwrap().is_empty());
    let changed = store.list_changed_since_closing("11", "2026-05", &Within::Tenant, 0, 10).await.unwrap();
    assert_eq!(changed, [ChangedRow { document: id(81), was_there: false, is_there: true }]);
    let closings = store.list_closings("11", Some(2026)).await.unwrap();
    assert_eq!((closings.len(), closings[0].closed_at, closings[0].closed_by_name.as_str()), (1, 100, "人"));
    assert!(store.list_closings("11", Some(2025)).await.unwrap().is_empty());
}

/// A record with a change to its facts, and the roll-ups of its month touched; always at the same moment of the clock.
fn in_month(number: u8, revision: Option<i64>, edit: impl Fn(&mut Projection)) -> PushWrite {
    let head = revision.map_or(1, |revision| u8::try_from(revision).unwrap() + 1);
    let mut one = in_scope(write(number, revision, head), CLOSED);
    let fact = &mut one.projection.fact;
    (fact.month, fact.fiscal_year) = (Some("2026-07".to_owned()), Some(2026));
    (fact.municipality, fact.association) = (Some("112119".to_owned()), Some("as-1".to_owned()));
    (fact.state, fact.group) = ("held".to_owned(), "held".to_owned());
    fact.attendance = Some(20);
    one.projection.tallies.insert("attendance".to_owned(), Some(20));
    edit(&mut one.projection);
    let key = |month: &str| RollupKey {
        fiscal_year: 2026,
        measure: "attendance".to_owned(),
        municipality: "112119".to_owned(),
        association: "as-1".to_owned(),
        holder: String::new(),
        month: month.to_owned(),
    };
    // records of one month may add and take away the same
    let rollups = ["2026-07", "2026-08"].map(|month| (key(month), RollupValue::default())).into();
    PushWrite { now: 100, rollups, ..push(vec![one]) }
}

/// Runs last: it makes all projections anew.
pub async fn st_15_every_record_that_makes_a_difference_is_named(store: &dyn Store) {
    let same = |_: &mut Projection| {};
    let month = |month: &'static str| move |one: &mut Projection| one.fact.month = Some(month.to_owned());
    let put = async |push: PushWrite| {
        assert_eq!(store.commit_pushes("11", from_ref(&push)).await.unwrap(), PushOutcome::Committed);
    };
    for number in 230..=238 {
        put(in_month(number, None, if number == 237 { |one: &mut Projection| one.fact.month = None } else { same }))
            .await;
    }
    assert!(store.close_month("11", "2026-07", 2026, "pe-1", 100).await.unwrap());
    let changed = async |organisation: &Within| {
        let mut rows = store.list_changed_since_closing("11", "2026-07", organisation, 0, 100).await.unwrap();
        rows.sort_by_key(|row| row.document);
        rows.iter().map(|row| (row.document.as_bytes()[0], row.was_there, row.is_there)).collect::<Vec<_>>()
    };
    assert_eq!(changed(&Within::Tenant).await, []);

    put(in_month(230, Some(1), |one| one.fact.title = Some("題".to_owned()))).await;
    put(in_month(231, Some(1), |one| {
        one.tallies.insert("attendance".to_owned(), Some(21));
    }))
    .await;
    put(in_month(232, Some(1), month("2026-08"))).await;
    put(in_month(233, Some(1), |one| one.fact.municipality = Some("113859".to_owned()))).await;
    put(in_month(234, Some(1), |one| one.fact.group = "cancelled".to_owned())).await;
    put(in_month(234, Some(2), same)).await;
    put(in_month(235, Some(1), |one| one.tallies = [("screening.viewers".to_owned(), Some(0))].into())).await;
    put(in_month(237, Some(1), same)).await;
    put(in_month(239, None, same)).await;
    put(in_month(240, None, month("2026-08"))).await;
    let purge = |number, retired| Purge {
        tenant: "11".to_owned(),
        document: id(number),
        revision: Some(1),
        rollups: if retired { Rollups::new() } else { in_month(236, None, same).rollups },
        by: "pe-1".to_owned(),
        reason: "本人の希望".to_owned(),
        now: 100,
        retired,
    };
    for (number, retired) in [(236, false), (238, true)] {
        assert!(matches!(store.purge(&purge(number, retired)).await.unwrap(), PurgeOutcome::Done(_)));
    }
    let all = [
        (231, true, true),
        (232, true, false),
        (233, true, true),
        (235, true, true),
        (236, true, false),
        (237, false, true),
        (239, false, true),
    ];
    assert_eq!(changed(&Within::Tenant).await, all, "a title, a way there and back, and what is kept change no figure");
    let moved = changed(&Within::Municipality("113859".to_owned())).await;
    assert_eq!(moved, [(233, true, true)]);
    let left = changed(&Within::Municipality("112119".to_owned())).await;
    assert_eq!(left, all, "also what went to another municipality");
    assert_eq!(changed(&Within::Association("as-1".to_owned())).await, all);
    assert_eq!(changed(&Within::Association("as-9".to_owned())).await, []);
    assert_eq!(changed(&Within::Nothing).await, []);
    let page = store.list_changed_since_closing("11", "2026-07", &Within::Tenant, 3, 2).await.unwrap();
    assert_eq!(page.len(), 2);
    assert!(store.list_changed_since_closing("11", "2026-08", &Within::Tenant, 0, 9).await.unwrap().is_empty(), "open");

    // figures that a rebuild makes otherwise
    let all_documents = store.list_documents("11", None, 1_000).await.unwrap().into_iter();
    let projections: HashMap<_, _> = all_documents.map(|stored| (stored.document, stored.projection)).collect();
    let project = |stored: &StoredDocument| {
        let mut projection = projections.get(&stored.document)?.clone()?;
        if stored.document == id(230) {
            projection.tallies.insert("attendance".to_owned(), Some(5));
        }
        Some(Rebuilt { projection, rollups: Rollups::new(), places: stored.places.clone() })
    };
    store.rebuild("11", 100, &project, &|_| Rollups::new()).await.unwrap();
    let rebuilt: Vec<_> = [(230, true, true)].into_iter().chain(all).collect();
    assert_eq!(changed(&Within::Tenant).await, rebuilt);
    let corrections = store.list_corrections("11", "2026-05").await.unwrap();
    let shown: Vec<_> = corrections.iter().map(|one| (one.reported.total, one.now.total)).collect();
    assert_eq!(shown, [(12, 0)], "of the figures nothing was left");
}

pub async fn proof(store: &dyn Store) {
    st_13_a_destroyed_document_stays_destroyed(store).await;
    damage_is_asked_for_until_it_is_repaired(store).await;
    st_14_custody_is_decided_once(store).await;
    custody_is_listed_by_matters(store).await;
    st_14_what_was_brought_back_is_kept_once_and_settled_for_all(store).await;
    st_15_what_was_reported_stays_as_it_was(store).await;
}

async fn st_14_what_was_brought_back_is_kept_once_and_settled_for_all(store: &dyn Store) {
    let hash = |number: u8| ChangeHash::from_bytes([number; 32]);
    let held = |number: u8, code: &str| CustodyRow {
        document: id(75),
        hash: hash(number),
        kind: Kind::Session,
        code: code.to_owned(),
        bytes: vec![number; 5],
    };
    let [first, second, third] = [1, 2, 3].map(|number| DeviceId::from_bytes([200 + number; 16]));
    let of = |device, custody| PushWrite { device, custody, rollups: Rollups::new(), ..push(Vec::new()) };
    let all = CustodyFilter { document: Some(id(75)), ..CustodyFilter::default() };
    let both = [of(first, vec![held(1, "brought_back")]), of(second, vec![held(1, "brought_back")])];
    store.commit_pushes("11", &both).await.unwrap();
    store.commit_pushes("11", &[of(third, vec![held(1, "brought_back"), held(2, "brought_back")])]).await.unwrap();
    store.commit_pushes("11", &[of(third, vec![held(1, "not_in_scope"), held(3, "not_in_scope")])]).await.unwrap();
    let mut kept: Vec<_> = store.list_custody("11", &all, 10).await.unwrap().entries;
    kept.sort_by_key(|entry| (entry.hash.clone(), entry.device));
    let kept: Vec<_> = kept.iter().map(|entry| (entry.device, entry.code.as_str())).collect();
    let expected = [(first, "brought_back"), (third, "not_in_scope"), (third, "brought_back"), (third, "not_in_scope")];
    assert_eq!(kept, expected);

    // made anew by another device, nothing goes; part of the document, all of that name
    let replaces = PushWrite { device: second, replaced: vec![(id(75), hash(2))], ..push(Vec::new()) };
    store.commit_pushes("11", &[replaces]).await.unwrap();
    assert_eq!(store.list_custody("11", &all, 10).await.unwrap().entries.len(), 4);
    let releases = PushWrite { device: second, released: vec![(id(75), hash(2))], ..push(Vec::new()) };
    store.commit_pushes("11", &[releases]).await.unwrap();
    assert_eq!(store.list_custody("11", &all, 10).await.unwrap().entries.len(), 3);
    let decision = CustodyDecision {
        tenant: "11".to_owned(),
        document: id(75),
        device: first,
        hashes: vec![hash(1)],
        admitted: true,
        by: "pe-1".to_owned(),
        reason: "確認済み".to_owned(),
        now: 30,
    };
    let lets_in = push(vec![write(75, None, 1)]);
    assert_eq!(store.decide_custody(&decision, Some(&lets_in)).await.unwrap(), DecideOutcome::Done);
    let told = store.list_decisions("11", third, &[hash(1), hash(3)]).await.unwrap();
    assert_eq!(told.len(), 1, "whoever else had sent it is told");
    assert!(told[0].hash == hash(1) && told[0].decision.admitted);
}
