//! A look that lasts, over any store.

use std::slice::from_ref;

use tsudoi_server::store::Store;
use tsudoi_server::store::office::RecordFilter;
use tsudoi_server::store::types::{DocumentWrite, PushOutcome, PushWrite};

use crate::rows::{id, push, write};

const TENANT: &str = "19";

fn dated(mut write: DocumentWrite, month: &str, heads: i64) -> PushWrite {
    write.projection.fact.month = Some(month.to_owned());
    write.projection.fact.fiscal_year = Some(2026);
    write.projection.tallies = [("attendance.band.75-84".to_owned(), Some(heads))].into();
    PushWrite { tenant: TENANT.to_owned(), ..push(vec![write]) }
}

async fn commit(store: &dyn Store, push: &PushWrite) {
    assert_eq!(store.commit_pushes(TENANT, from_ref(push)).await.unwrap(), PushOutcome::Committed);
}

pub async fn st_24_a_look_that_lasts_is_of_one_moment(store: &dyn Store) {
    for number in 1..=3 {
        commit(store, &dated(write(number, None, 1), "2026-05", 10)).await;
    }
    let mut moment = store.moment(TENANT).await.unwrap();
    let of = |month: &str| RecordFilter { month: Some(month.to_owned()), ..RecordFilter::default() };
    let april = moment.list_record_ids(&of("2026-04")).await.unwrap();
    assert!(april.is_empty());

    // one record moves to a month that was read, one is counted on, one is new
    commit(store, &dated(write(1, Some(1), 2), "2026-04", 10)).await;
    commit(store, &dated(write(2, Some(1), 2), "2026-05", 11)).await;
    commit(store, &dated(write(4, None, 1), "2026-05", 10)).await;

    let may = moment.list_record_ids(&of("2026-05")).await.unwrap();
    assert_eq!(may, [id(1), id(2), id(3)], "a record that moves is neither left out nor there twice");
    let whole = moment.list_whole(&may).await.unwrap();
    let counted: Vec<_> = whole.iter().flat_map(|row| &row.tallies).map(|(_, value)| *value).collect();
    assert_eq!(counted, [Some(10); 3], "what is counted is of the same moment");
    assert!(whole.iter().all(|row| row.lecturers.len() == 1 && !row.destroyed));
    drop(moment);

    let mut later = store.moment(TENANT).await.unwrap();
    assert_eq!(later.list_record_ids(&of("2026-04")).await.unwrap(), [id(1)]);
    assert_eq!(later.list_record_ids(&of("2026-05")).await.unwrap(), [id(2), id(3), id(4)]);
}
