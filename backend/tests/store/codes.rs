//! What codes are good for, and when a tablet's registration is in force, on every database.

use sync_core::ids::{DeviceId, ScopeId};
use tsudoi_server::store::Store;
use tsudoi_server::store::people::Membership;
use tsudoi_server::store::signin::NewLogin;
use tsudoi_server::store::types::{Association, CodePurpose, CodeRow, Enrolment, NewDevice, SecretHash};

use crate::rows::tablet;

const TABLET: DeviceId = DeviceId::from_bytes([151; 16]);

fn code(purpose: CodePurpose, device: Option<DeviceId>) -> CodeRow {
    CodeRow {
        tenant: "35".to_owned(),
        person: "pe-1".to_owned(),
        role: "staff".to_owned(),
        organisation: "hu-1".to_owned(),
        scopes: "association:hu-1 municipality:350001".to_owned(),
        uses_left: 9,
        expires_at: 1_000,
        purpose,
        device,
    }
}

fn device(device: DeviceId, key: u8, token: u8) -> NewDevice {
    let scopes = ["association:hu-1", "municipality:350001"].map(|scope| scope.parse().unwrap()).to_vec();
    NewDevice { device, key: [key; 32], name: "x".to_owned(), token_hash: [token; 32], scopes }
}

fn login(token: u8) -> NewLogin {
    NewLogin {
        token_hash: [token; 32],
        login: format!("lo-{token}"),
        method: "code".to_owned(),
        peer: String::new(),
        agent: String::new(),
        now: 5,
        expires_at: 900,
    }
}

async fn st_19_a_code_is_good_for_its_purpose_alone(store: &dyn Store) {
    let (for_tablets, for_people): (SecretHash, SecretHash) = ([151; 32], [152; 32]);
    store.upsert_code(&for_tablets, &code(CodePurpose::Tablet, None), "山田").await.unwrap();
    store.upsert_code(&for_people, &code(CodePurpose::SignIn, None), "山田").await.unwrap();
    assert!(store.login(&for_tablets, &login(153)).await.unwrap().is_none(), "a tablet's code signs nobody in");
    assert!(!store.use_code(&for_tablets, 5).await.unwrap(), "nor does it prove anything");
    assert!(store.lookup_code(&for_tablets, CodePurpose::SignIn, 5).await.unwrap().is_none());
    assert_eq!(store.enrol(&for_people, &device(TABLET, 1, 154), 5).await.unwrap(), Enrolment::NoCode);
    assert!(store.take_colleague(&for_people, "35", "hu-1", TABLET, 5).await.unwrap().is_none());
    assert!(store.login(&for_people, &login(153)).await.unwrap().is_some());
    assert_eq!(store.enrol(&for_tablets, &device(TABLET, 1, 154), 5).await.unwrap(), Enrolment::Done);
    assert!(store.take_colleague(&for_tablets, "35", "hu-1", TABLET, 5).await.unwrap().is_some());
    let left = store.lookup_code(&for_tablets, CodePurpose::Tablet, 5).await.unwrap().unwrap();
    assert_eq!(left.uses_left, 7, "what was refused used nothing up");
}

async fn st_20_a_known_tablet_is_registered_anew_by_its_own_key_or_a_code_that_names_it(store: &dyn Store) {
    let (any, named): (SecretHash, SecretHash) = ([155; 32], [156; 32]);
    store.upsert_code(&any, &code(CodePurpose::Any, None), "山田").await.unwrap();
    store.upsert_code(&named, &code(CodePurpose::Tablet, Some(TABLET)), "山田").await.unwrap();
    assert_eq!(store.enrol(&any, &device(TABLET, 2, 157), 5).await.unwrap(), Enrolment::DeviceTaken);
    assert!(tablet(store, [154; 32]).await.is_some(), "the honest tablet is as it was");
    assert_eq!(store.enrol(&any, &device(TABLET, 1, 157), 5).await.unwrap(), Enrolment::Done, "its own key");
    assert_eq!(store.enrol(&named, &device(TABLET, 2, 158), 5).await.unwrap(), Enrolment::Done);
    assert!(tablet(store, [157; 32]).await.is_none(), "the token before is worth nothing");
    let other = DeviceId::from_bytes([152; 16]);
    assert!(store.take_colleague(&named, "35", "hu-1", other, 5).await.unwrap().is_none(), "it names another tablet");
}

async fn st_21_a_registration_is_in_force_while_its_person_has_the_role(store: &dyn Store) {
    let in_force = async || tablet(store, [158; 32]).await.unwrap().held_in_force;
    let role = Membership { role: "staff".to_owned(), organisation: "hu-1".to_owned() };
    assert!(in_force().await);
    store.set_disabled("35", "pe-1", Some(8)).await.unwrap();
    assert!(!in_force().await, "disabled");
    store.set_disabled("35", "pe-1", None).await.unwrap();
    assert!(in_force().await);
    store.take_role("35", "pe-1", &role).await.unwrap();
    assert!(!in_force().await, "the role was taken");
    assert!(!store.list_tablets("35").await.unwrap()[0].held_in_force);
    store.give_role("35", "pe-1", &role).await.unwrap();
    assert!(in_force().await);
}

async fn st_22_tablets_of_a_hub_hold_what_it_covers(store: &dyn Store) {
    let held = async || -> Vec<ScopeId> { tablet(store, [158; 32]).await.unwrap().scopes };
    let names = |scopes: Vec<ScopeId>| scopes.iter().map(ScopeId::to_string).collect::<Vec<_>>();
    let covers = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let hub = |codes: &[&str]| Association {
        id: "hu-1".to_owned(),
        name: "拠点".to_owned(),
        municipalities: covers(codes),
        hub: true,
    };
    store.upsert_tenant("35", "山口県", &[]).await.unwrap();
    store.upsert_association("35", &hub(&["350001"])).await.unwrap();
    store.upsert_association("35", &hub(&["350002"])).await.unwrap();
    assert_eq!(names(held().await), ["association:hu-1", "municipality:350001", "municipality:350002"]);
    let standing = tablet(store, [158; 32]).await.unwrap().standing;
    assert_eq!(standing.scopes.len(), 3, "each has a feed from the start");
    store.change_association("35", "hu-1", "拠点", &covers(&["350002", "350003"])).await.unwrap();
    assert_eq!(names(held().await), ["association:hu-1", "municipality:350002", "municipality:350003"]);
    let association =
        Association { id: "as-1".to_owned(), name: "医師会".to_owned(), hub: false, ..hub(&["350004"]) };
    store.upsert_association("35", &association).await.unwrap();
    assert_eq!(held().await.len(), 3, "what another covers is not the hub's");
}

pub async fn codes(store: &dyn Store) {
    store.upsert_tenant("35", "山口県", &[]).await.unwrap();
    st_19_a_code_is_good_for_its_purpose_alone(store).await;
    st_20_a_known_tablet_is_registered_anew_by_its_own_key_or_a_code_that_names_it(store).await;
    st_21_a_registration_is_in_force_while_its_person_has_the_role(store).await;
    st_22_tablets_of_a_hub_hold_what_it_covers(store).await;
}
