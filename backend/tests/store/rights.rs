//! Journal, people and roles, on every database.

use tsudoi_server::service::journal::{ChainFault, verify};
use tsudoi_server::store::Store;
use tsudoi_server::store::journal::{JournalFilter, JournalHead, NewEntry};
use tsudoi_server::store::people::{Membership, PersonName};
use tsudoi_server::store::signin::NewLogin;
use tsudoi_server::store::types::{CodePurpose, CodeRow};

fn entry(tenant: &str, number: u64) -> NewEntry {
    NewEntry {
        tenant: tenant.to_owned(),
        at: 100 + number,
        person: format!("pe-{}", number % 2),
        action: if number.is_multiple_of(3) { "read_records" } else { "sign_in" }.to_owned(),
        outcome: if number == 4 { "forbidden" } else { "done" }.to_owned(),
        device: (number == 5).then_some(crate::rows::DEVICE),
        ..NewEntry::default()
    }
}

async fn st_16_the_journal_is_one_chain_for_each_prefecture(store: &dyn Store) {
    assert_eq!(store.journal_head("31").await.unwrap(), JournalHead { seq: 0, hash: [0; 32] });
    // several at once, of several prefectures, and several writers at the same time
    let batches: Vec<Vec<NewEntry>> = (0..8)
        .map(|batch| {
            (0..6).map(|number| entry(if number % 2 == 0 { "31" } else { "32" }, batch * 6 + number)).collect()
        })
        .collect();
    let writes: Vec<_> = batches.iter().map(|batch| store.append_journal(batch)).collect();
    for written in futures(writes).await {
        written.unwrap();
    }
    for tenant in ["31", "32"] {
        let chain = verify(store, tenant, None).await.unwrap();
        assert_eq!((chain.rows, chain.fault), (24, None));
        assert_eq!(chain.head, store.journal_head(tenant).await.unwrap());
        let elsewhere = JournalHead { seq: 24, hash: [7; 32] };
        assert_eq!(verify(store, tenant, Some(elsewhere)).await.unwrap().fault, Some(ChainFault::Changed(24)));
    }
    let all = store.list_journal("31", &JournalFilter::default(), None, 100).await.unwrap();
    assert!(all.windows(2).all(|pair| pair[0].seq == pair[1].seq + 1), "latest first");
    let count = async |filter: JournalFilter| store.list_journal("31", &filter, None, 100).await.unwrap().len();
    let has = |test: &dyn Fn(&NewEntry) -> bool| all.iter().filter(|row| test(&row.entry)).count();
    let person = JournalFilter { person: Some("pe-0".to_owned()), ..JournalFilter::default() };
    assert_eq!(count(person).await, has(&|entry| entry.person == "pe-0"));
    let action = JournalFilter { action: Some("sign_in".to_owned()), ..JournalFilter::default() };
    assert_eq!(count(action).await, has(&|entry| entry.action == "sign_in"));
    let refused = JournalFilter { refused: Some(true), ..JournalFilter::default() };
    assert_eq!(count(refused).await, 1);
    let time = JournalFilter { from: Some(110), until: Some(120), ..JournalFilter::default() };
    assert_eq!(count(time).await, has(&|entry| (110..120).contains(&entry.at)));
    let rest = store.list_journal("31", &JournalFilter::default(), Some(5), 100).await.unwrap();
    assert_eq!(rest.len(), 4);
}

/// Polls all of them together.
async fn futures<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.into_iter().map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

const fn named(written: &str) -> PersonName<'_> {
    PersonName { written, reading: None }
}

async fn people_stand_in_the_order_of_their_readings(store: &dyn Store) {
    store.upsert_tenant("35", "県", &[]).await.unwrap();
    let staff = Membership { role: "staff".to_owned(), organisation: "112119".to_owned() };
    for (id, written, reading) in
        [("pe-1", "渡辺", "わたなべ"), ("pe-2", "安藤", "あんどう"), ("pe-3", "一二三", "うたかね")]
    {
        let name = PersonName { written, reading: Some(reading) };
        assert!(store.add_person("35", id, name, &staff).await.unwrap());
    }
    let listed = async || {
        let people = store.list_people("35").await.unwrap();
        people.into_iter().map(|one| (one.person, one.reading.unwrap())).collect::<Vec<_>>()
    };
    let order = [("pe-2", "あんどう"), ("pe-3", "うたかね"), ("pe-1", "わたなべ")];
    assert_eq!(listed().await, order.map(|(id, reading)| (id.to_owned(), reading.to_owned())));
    let name = PersonName { written: "一二三", reading: Some("ひふみ") };
    assert!(store.rename_person("35", "pe-3", name).await.unwrap());
    let order = [("pe-2", "あんどう"), ("pe-3", "ひふみ"), ("pe-1", "わたなべ")];
    assert_eq!(listed().await, order.map(|(id, reading)| (id.to_owned(), reading.to_owned())));
}

async fn st_17_a_sign_in_holds_while_the_person_has_the_role(store: &dyn Store) {
    store.upsert_tenant("33", "県", &[]).await.unwrap();
    let staff = Membership { role: "staff".to_owned(), organisation: "112119".to_owned() };
    let officer = Membership { role: "municipal".to_owned(), organisation: "112119".to_owned() };
    let version = store.registry_version("33").await.unwrap();
    assert!(store.add_person("33", "pe-1", named("山田"), &staff).await.unwrap());
    assert!(!store.add_person("33", "pe-1", named("佐藤"), &officer).await.unwrap(), "the id is taken");
    assert_eq!(store.registry_version("33").await.unwrap(), version + 1);
    let renamed = async || store.registry("33").await.unwrap().unwrap().renamed;
    assert_eq!(renamed().await, [], "who is new has no other name than at first");
    let same = PersonName { written: "山田", reading: Some("やまだ") };
    assert!(store.rename_person("33", "pe-1", same).await.unwrap());
    assert_eq!(renamed().await, [], "the name is the same");
    let version = store.registry_version("33").await.unwrap() - 1;
    assert!(store.rename_person("33", "pe-1", named("鈴木")).await.unwrap());
    assert_eq!(renamed().await, [("pe-1".to_owned(), "鈴木".to_owned())]);
    assert!(!store.rename_person("34", "pe-1", named("鈴木")).await.unwrap(), "unknown in another prefecture");
    assert_eq!(store.lookup_person("33", "pe-1").await.unwrap().unwrap().name, "鈴木");
    assert_eq!(store.registry_version("33").await.unwrap(), version + 2, "tablets see the new name");
    assert!(store.rename_person("33", "pe-1", named("山田")).await.unwrap());
    assert!(store.give_role("33", "pe-1", &officer).await.unwrap());
    assert!(!store.give_role("33", "pe-1", &officer).await.unwrap());
    let person = store.lookup_person("33", "pe-1").await.unwrap().unwrap();
    assert_eq!((person.name.as_str(), &person.memberships), ("山田", &vec![officer.clone(), staff.clone()]));
    assert_eq!(store.list_people("33").await.unwrap(), [person]);
    assert!(store.lookup_person("34", "pe-1").await.unwrap().is_none(), "unknown in another prefecture");

    let code = CodeRow {
        tenant: "33".to_owned(),
        person: "pe-1".to_owned(),
        role: "staff".to_owned(),
        organisation: "112119".to_owned(),
        scopes: String::new(),
        uses_left: 9,
        expires_at: 1_000,
        purpose: CodePurpose::Any,
        device: None,
    };
    let (key, token) = ([31; 32], [32; 32]);
    store.upsert_code(&key, &code, "山田").await.unwrap();
    store.login(&key, &new_login(token, 5)).await.unwrap().unwrap();
    assert_eq!(store.lookup_person("33", "pe-1").await.unwrap().unwrap().signed_in_at, Some(5));
    assert!(store.switch_role(&token, &officer).await.unwrap());
    let elsewhere = Membership { role: "municipal".to_owned(), organisation: "113859".to_owned() };
    assert!(!store.switch_role(&token, &elsewhere).await.unwrap());
    assert_eq!(store.lookup_login(&token, 6, 0).await.unwrap().unwrap().role, "municipal");
    assert!(store.take_role("33", "pe-1", &officer).await.unwrap());
    assert!(store.lookup_login(&token, 6, 0).await.unwrap().is_none(), "the role it was in is gone");
    assert!(store.lookup_code(&key, CodePurpose::SignIn, 6).await.unwrap().is_some(), "the code was for another role");

    store.login(&key, &new_login(token, 7)).await.unwrap().unwrap();
    store.set_disabled("33", "pe-1", Some(8)).await.unwrap();
    assert!(store.lookup_login(&token, 9, 0).await.unwrap().is_none());
    assert!(store.lookup_code(&key, CodePurpose::SignIn, 9).await.unwrap().is_none());
    assert!(store.login(&key, &new_login([33; 32], 9)).await.unwrap().is_none());
    store.set_disabled("33", "pe-1", None).await.unwrap();
    assert!(store.lookup_code(&key, CodePurpose::SignIn, 9).await.unwrap().is_some());
    assert!(store.take_role("33", "pe-1", &staff).await.unwrap());
    assert!(store.lookup_code(&key, CodePurpose::SignIn, 9).await.unwrap().is_none(), "codes end with the role");
    assert!(!store.take_role("33", "pe-1", &staff).await.unwrap());
}

pub async fn rights(store: &dyn Store) {
    st_16_the_journal_is_one_chain_for_each_prefecture(store).await;
    st_17_a_sign_in_holds_while_the_person_has_the_role(store).await;
    people_stand_in_the_order_of_their_readings(store).await;
}

fn new_login(token_hash: [u8; 32], now: u64) -> NewLogin {
    NewLogin {
        token_hash,
        login: "lo".to_owned(),
        method: "code".to_owned(),
        peer: String::new(),
        agent: String::new(),
        now,
        expires_at: 1_000,
    }
}
