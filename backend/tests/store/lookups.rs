//! Tablets that call at once are looked up together, and none of them notices.

use std::sync::Arc;

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use sync_core::ids::DeviceId;
use tokio::task::JoinSet;
use tsudoi_server::service::lookup::Lookup;
use tsudoi_server::store::types::{CodePurpose, CodeRow, DeviceRow, Enrolment, NewDevice, SecretHash};
use tsudoi_server::store::{Store, StoreError};
use tsudoi_tests::Cluster;

use crate::rows::{HONJO, KAMISATO, scope, tablet};
use crate::{postgres, sqlite};

/// The tablet whose row cannot be read.
const UNREADABLE: u8 = 9;
const TABLETS: u8 = 40;

async fn enrol_all(store: &dyn Store) {
    store.upsert_tenant("11", "埼玉県", &[]).await.unwrap();
    let code = CodeRow {
        tenant: "11".to_owned(),
        person: "pe-1".to_owned(),
        role: "staff".to_owned(),
        organisation: "112119".to_owned(),
        scopes: String::new(),
        uses_left: i64::from(TABLETS),
        expires_at: 100,
        purpose: CodePurpose::Any,
        device: None,
    };
    store.upsert_code(&[1; 32], &code, "人").await.unwrap();
    for number in 1..=TABLETS {
        let new = NewDevice {
            device: DeviceId::from_bytes([number; 16]),
            key: [number; 32],
            name: number.to_string(),
            token_hash: [number; 32],
            scopes: vec![scope(KAMISATO), scope(HONJO)],
        };
        assert_eq!(store.enrol(&[1; 32], &new, 50).await.unwrap(), Enrolment::Done);
    }
}

/// What is answered to calls that all come before one of them is answered, in their order.
async fn at_once(store: &Arc<dyn Store>, numbers: &[u8]) -> Vec<Result<Option<DeviceRow>, StoreError>> {
    let lookup = Lookup::new(store.clone());
    let mut running = JoinSet::new();
    for (place, number) in numbers.iter().copied().enumerate() {
        let lookup = lookup.clone();
        running.spawn(async move { (place, lookup.device([number; 32]).await) });
    }
    let mut answers = running.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn each_has_its_own_answer(store: Arc<dyn Store>) {
    let twice_and_unknown: Vec<u8> = (1..=TABLETS).chain([3, 200, 1]).collect();
    for (number, answer) in twice_and_unknown.iter().zip(at_once(&store, &twice_and_unknown).await) {
        match *number {
            UNREADABLE => assert!(matches!(answer, Err(StoreError::Corrupt { .. })), "{answer:?}"),
            200 => assert_eq!(answer.unwrap(), None),
            number => {
                let row = answer.unwrap().unwrap();
                assert_eq!((row.device, row.name), (DeviceId::from_bytes([number; 16]), number.to_string()));
                assert_eq!(row.scopes, [scope(KAMISATO), scope(HONJO)], "in the order they were given");
            }
        }
    }
    let hashes: [SecretHash; 4] = [[2; 32], [200; 32], [1; 32], [2; 32]];
    let rows = store.lookup_devices(&hashes).await.unwrap();
    let names: Vec<Option<&str>> = rows.iter().map(|row| row.as_ref().map(|row| row.name.as_str())).collect();
    assert_eq!(names, [Some("2"), None, Some("1"), Some("2")]);
    assert_eq!(rows[0], tablet(&*store, [2; 32]).await, "alone or in company");
    assert_eq!(store.lookup_devices(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn tablets_looked_up_at_once_have_each_their_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder).await;
    enrol_all(&store).await;
    let mut raw = SqliteConnection::connect(folder.path().join("t.sqlite").to_str().unwrap()).await.unwrap();
    let broken = |hex: &str| format!("UPDATE device_scope SET scope = 'broken' WHERE device = {hex} AND position = 1");
    let bytes = hex::encode([UNREADABLE; 16]);
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(broken(&format!("x'{bytes}'"))))).await.unwrap();
    each_has_its_own_answer(Arc::new(store)).await;

    let cluster = Cluster::start();
    let url = cluster.database();
    let store = postgres(&url).await;
    enrol_all(&store).await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    raw.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(broken(&format!("'\\x{bytes}'"))))).await.unwrap();
    each_has_its_own_answer(Arc::new(store)).await;
}
