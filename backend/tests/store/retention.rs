//! The contract of keeping and destroying, on every database. Runs after the others on the same store.

use sync_core::document::Kind;
use sync_core::ids::ChangeHash;
use tsudoi_server::store::Store;
use tsudoi_server::store::journal::{JournalFilter, NewEntry};
use tsudoi_server::store::retention::DestructionRow;
use tsudoi_server::store::types::{
    CustodyDecision, CustodyRow, Projection, Purge, PurgeOutcome, PushOutcome, PushWrite, RollupKey, RollupValue,
    Rollups, StoredDocument,
};

use crate::rows::{DEVICE, id, in_scope, push, write};

const KEPT: &str = "municipality:112038";

fn figures(projection: &Projection) -> Rollups {
    let key = RollupKey {
        fiscal_year: projection.fact.fiscal_year.unwrap_or(0),
        measure: "kept".to_owned(),
        municipality: String::new(),
        association: String::new(),
        holder: String::new(),
        month: String::new(),
    };
    Rollups::from([(key, RollupValue { reported: 1, unreported: 0, total: projection.fact.attendance.unwrap_or(0) })])
}

async fn st_13_of_a_record_kept_long_enough_a_line_of_numbers_stays(store: &dyn Store) {
    let dated = |number: u8, year: Option<i64>, now: u64| {
        let mut one = in_scope(write(number, None, 1), KEPT);
        one.projection.fact.fiscal_year = year;
        one.projection.fact.title = Some("題名".to_owned());
        one.projection.fact.occasion = Some("通いの場".to_owned());
        one.projection.fact.medium = Some("映像".to_owned());
        one.projection.fact.attendance = Some(12);
        PushWrite { now, rollups: figures(&one.projection), ..push(vec![one]) }
    };
    for write in [dated(90, Some(1999), 10), dated(91, Some(2000), 10), dated(92, None, 10), dated(93, None, 90)] {
        assert_eq!(store.commit_pushes("11", &[write]).await.unwrap(), PushOutcome::Committed);
    }
    let held = CustodyRow {
        document: id(91),
        hash: ChangeHash::from_bytes([91; 32]),
        kind: Kind::Session,
        code: "not_in_scope".to_owned(),
        bytes: vec![1],
    };
    let waits = PushWrite { custody: vec![held], rollups: Rollups::new(), now: 20, ..push(Vec::new()) };
    store.commit_pushes("11", &[waits]).await.unwrap();
    let due = async |year, before| {
        let all = store.list_due_records("11", year, before).await.unwrap();
        all.into_iter().filter(|(one, _)| (90..94).any(|number| *one == id(number))).collect::<Vec<_>>()
    };
    assert_eq!(due(1998, 0).await, []);
    assert_eq!(due(2000, 50).await, [(id(90), Some(1999)), (id(92), None)], "what waits in custody holds its record");
    let before = store.list_rollups("11").await.unwrap();
    let purge = Purge {
        tenant: "11".to_owned(),
        document: id(90),
        revision: Some(1),
        rollups: Rollups::new(),
        by: "pe-1".to_owned(),
        reason: "期限".to_owned(),
        now: 99,
        retired: true,
    };
    assert!(matches!(store.purge(&purge).await.unwrap(), PurgeOutcome::Done(_)));
    assert_eq!(store.purge(&purge).await.unwrap(), PurgeOutcome::Already);
    store.forget_deleted().await.unwrap();
    assert_eq!(due(2000, 0).await, []);
    let lines = store.list_retired("11", None, 10).await.unwrap();
    let (document, projection) = &lines[0];
    let fact = &projection.fact;
    assert_eq!((lines.len(), *document, fact.title.as_deref(), fact.attendance), (1, id(90), None, Some(12)));
    assert_eq!((fact.medium.as_deref(), fact.occasion.as_deref()), (Some(""), Some("通いの場")));
    assert_eq!((projection.tallies.len(), projection.lecturers.len(), projection.flags.len()), (1, 1, 0));
    assert!(store.load_documents("11", &[id(90)]).await.unwrap().is_empty());
    assert_eq!(store.list_rollups("11").await.unwrap(), before, "no figure has changed");
    let nothing = |_: &StoredDocument| None;
    store.rebuild("11", 100, &nothing, &figures).await.unwrap();
    let anew = store.list_rollups("11").await.unwrap();
    let kept = |year| anew.iter().filter(|(key, _)| key.fiscal_year == year).map(|(_, value)| value.total).sum::<i64>();
    assert_eq!(
        (kept(1999), kept(2000)),
        (12, 12),
        "made anew, so is what was kept long enough and what cannot be read"
    );
    assert_eq!(store.list_retired("11", None, 10).await.unwrap(), lines);
    assert!(store.list_retired("11", Some(id(90)), 10).await.unwrap().is_empty());

    let decision = CustodyDecision {
        tenant: "11".to_owned(),
        document: id(91),
        device: DEVICE,
        hashes: vec![ChangeHash::from_bytes([91; 32])],
        admitted: false,
        by: "pe-1".to_owned(),
        reason: "不要".to_owned(),
        now: 70,
    };
    let key = (id(91), ChangeHash::from_bytes([91; 32]), DEVICE);
    store.destroy_custody("11", &[key]).await.unwrap();
    store.decide_custody(&decision, None).await.unwrap();
    assert!(!store.list_due_custody("11", 70).await.unwrap().contains(&key));
    assert!(store.list_due_custody("11", 71).await.unwrap().contains(&key), "what nobody decided on was not destroyed");
    store.destroy_custody("11", &[key]).await.unwrap();
    assert!(store.load_custody("11", id(91), DEVICE, 1_000).await.unwrap().0.is_empty());
}

async fn times_are_set_and_destructions_noted(store: &dyn Store) {
    store.set_retention("11", "records", Some(5), "pe-1", 1).await.unwrap();
    store.set_retention("11", "records", Some(7), "pe-2", 2).await.unwrap();
    store.set_retention("11", "journal", Some(3), "pe-2", 2).await.unwrap();
    store.set_retention("11", "journal", None, "pe-2", 3).await.unwrap();
    let rows = store.list_retention("11").await.unwrap();
    assert_eq!((rows.len(), rows[0].years, rows[0].set_by.as_str()), (1, 7, "pe-2"));
    assert!(store.list_retention("14").await.unwrap().is_empty());

    let mut row = DestructionRow {
        tenant: "11".to_owned(),
        destruction: "de-1".to_owned(),
        subject: "records".to_owned(),
        years: 7,
        fiscal_year: 2000,
        reason: "期限".to_owned(),
        begun_at: 5,
        begun_by: "pe-1".to_owned(),
        finished_at: None,
        item_count: 2,
        items: "a\nb\n".to_owned(),
        hash: [1; 32],
    };
    assert!(store.begin_destruction(&row).await.unwrap());
    let other = DestructionRow { destruction: "de-2".to_owned(), ..row.clone() };
    assert!(!store.begin_destruction(&other).await.unwrap(), "one of a subject at a time");
    (row.finished_at, row.item_count, row.items, row.hash) = (Some(9), 1, "a\n".to_owned(), [2; 32]);
    assert!(store.finish_destruction(&row).await.unwrap());
    assert!(!store.finish_destruction(&row).await.unwrap());
    assert_eq!(store.lookup_destruction("11", "de-1").await.unwrap(), Some(row.clone()));
    assert_eq!(store.lookup_destruction("14", "de-1").await.unwrap(), None);
    assert!(store.begin_destruction(&other).await.unwrap());
    let listed = store.list_destructions("11").await.unwrap();
    assert_eq!(listed.iter().map(|one| one.items.as_str()).collect::<Vec<_>>(), ["", ""]);
}

async fn the_journal_loses_its_beginning(store: &dyn Store) {
    let entry = |at| NewEntry { tenant: "35".to_owned(), at, action: "sign_in".to_owned(), ..NewEntry::default() };
    assert_eq!(store.journal_before("35", 100).await.unwrap(), None);
    // a clock that went back once: only what lies before the first row that is kept is the beginning
    let entries: Vec<NewEntry> = [10, 20, 50, 30, 60].into_iter().map(entry).collect();
    store.append_journal(&entries).await.unwrap();
    assert_eq!(store.journal_before("35", 10).await.unwrap(), None);
    let part = store.journal_before("35", 40).await.unwrap().unwrap();
    assert_eq!((part.from, part.last.seq), (1, 2));
    let all = store.journal_before("35", 100).await.unwrap().unwrap();
    assert_eq!((all.from, all.last), (1, store.journal_head("35").await.unwrap()));
    store.destroy_journal("35", part.last.seq).await.unwrap();
    let left = store.list_journal("35", &JournalFilter::default(), None, 10).await.unwrap();
    assert_eq!(left.iter().map(|row| row.seq).collect::<Vec<_>>(), [5, 4, 3]);
}

pub async fn retention(store: &dyn Store) {
    st_13_of_a_record_kept_long_enough_a_line_of_numbers_stays(store).await;
    times_are_set_and_destructions_noted(store).await;
    the_journal_loses_its_beginning(store).await;
}
