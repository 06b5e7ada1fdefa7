//! Names of those who wrote in records that a tablet has already (SYN-19).

use sync_core::document::TextName;
use sync_core::ids::DocumentId;
use sync_core::time::Timestamp;
use sync_core::wire::{AskedName, Author, Name, Names, SyncRequest, SyncResponse};
use tsudoi_server::config::Config;
use tsudoi_server::service::access::Role;
use tsudoi_server::store::people::PersonName;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, server, server_with};

/// Who counts in a record, and whose names are asked for.
struct Writer {
    person: String,
    device: Device,
}

/// A tablet whose person has written in a record of its municipality.
async fn writer(server: &Server, number: u8, role: Role, scope: &str) -> Writer {
    let mut device = server.device_as(number, role, scope).await;
    let name = format!("{} 112119", role.as_str());
    let people = server.app.store.registry("11").await.unwrap().unwrap().people;
    let person = people.into_iter().find(|(_, known)| *known == name).unwrap().0;
    let document = document_id(number);
    let own = device.device;
    device.document(document).count("screening.viewers", own, 1).unwrap();
    let change = device.document(document).commit(Timestamp(1_700_000_000_000), &person, None).unwrap();
    let push = device.push(document, vec![change.bytes]);
    server.sync(&device, &device.request(vec![push])).await;
    Writer { person, device }
}

fn asking(record: DocumentId, writer: &Writer) -> [AskedName; 2] {
    let asked = |of| AskedName { record, of };
    [asked(Author::Person(writer.person.clone())), asked(Author::Device(writer.device.device))]
}

fn names(response: &SyncResponse) -> Vec<&str> {
    let told = response.names.as_ref();
    let all = told.into_iter().flat_map(|names| names.people.iter().chain(&names.devices));
    all.map(|one| one.name.as_str()).collect()
}

#[tokio::test]
async fn syn_19_a_tablet_is_told_the_names_of_its_own_records_and_no_others() {
    let server = server().await;
    let mine = writer(&server, 1, Role::Staff, HONJO).await;
    let theirs = writer(&server, 2, Role::Coordinator, KAMISATO).await;
    let reader = server.device(3, HONJO).await;
    let first = server.pull_all(&reader).await;
    let idle =
        SyncRequest { registry_version: first.registry.as_ref().unwrap().version, ..reader.request_from(&first) };
    assert_eq!(server.sync(&reader, &idle).await.names_version, None, "an older tablet is told of no version");
    let told = server.sync(&reader, &SyncRequest { names_version: Some(0), ..idle.clone() }).await;
    let version = told.names_version.expect("a tablet without one is told the version");
    assert_eq!((&told.names, told.names_answered), (&None, None));

    // honest questions, one by its record and one of a record elsewhere; and those that no record bears out
    let honest = asking(document_id(1), &mine);
    let elsewhere = asking(document_id(2), &theirs);
    let guessed = asking(document_id(1), &theirs);
    let nowhere = asking(document_id(9), &mine);
    let all = [elsewhere, honest, guessed, nowhere].concat();
    let asked = SyncRequest { names_version: Some(version), names: all, ..idle.clone() };
    let answer = server.sync(&reader, &asked).await;
    assert_eq!(names(&answer), ["staff 112119", "端末1"]);
    assert_eq!((answer.names_answered, answer.names_version), (Some(8), None));
    let bytes = String::from_utf8_lossy(&answer.encode()).into_owned();
    assert!(!bytes.contains("coordinator") && !bytes.contains("端末2"));
}

#[tokio::test]
async fn syn_19_who_is_new_moves_the_version_for_nobody_and_a_new_or_erased_name_does() {
    let server = server().await;
    let mine = writer(&server, 1, Role::Staff, HONJO).await;
    let reader = server.device(3, HONJO).await;
    let first = server.pull_all(&reader).await;
    let told = server.sync(&reader, &SyncRequest { names_version: Some(0), ..reader.request_from(&first) }).await;
    let version = told.names_version.unwrap();
    let idle = SyncRequest { names_version: Some(version), ..reader.request_from(&first) };

    server.device(4, KAMISATO).await;
    server.code(Role::Municipal, "113859", "", 1).await;
    assert_eq!(server.sync(&reader, &idle).await.names_version, None);

    let name = PersonName { written: "佐藤", reading: None };
    assert!(server.app.store.rename_person("11", &mine.person, name).await.unwrap());
    let renamed = server.sync(&reader, &idle).await.names_version.expect("a new name");
    let asked = SyncRequest { names: asking(document_id(1), &mine).to_vec(), ..idle.clone() };
    assert_eq!(names(&server.sync(&reader, &asked).await), ["佐藤", "端末1"]);
    let now = SyncRequest { names_version: Some(renamed), ..asked.clone() };
    assert_eq!(server.sync(&reader, &now).await.names_version, None);

    server.app.store.revoke_device("11", mine.device.device, "pe-1", 1).await.unwrap();
    server.app.store.forget_tablets("11", &[mine.device.device]).await.unwrap();
    let answer = server.sync(&reader, &now).await;
    assert!(answer.names_version.is_some_and(|erased| erased != renamed && erased != version));
    let gone = Names {
        people: vec![Name { id: mine.person.clone(), name: "佐藤".to_owned() }],
        devices: vec![Name { id: mine.device.device.to_string(), name: String::new() }],
    };
    assert_eq!(answer.names, Some(gone), "the tablet is told to forget it");
}

#[tokio::test]
async fn syn_19_records_are_read_for_names_as_far_as_there_is_room() {
    let server = server_with(Config { gate_document_bytes: 8 << 10, ..Config::default() }).await;
    let mut mine = writer(&server, 1, Role::Staff, HONJO).await;
    let mut questions: Vec<AskedName> = Vec::new();
    for number in 2..5 {
        let text: String = (0..1_200_u32).filter_map(|n| char::from_u32(0x4e00 + n * 17 % 9_001)).collect();
        let mut changes = Vec::new();
        for piece in text.chars().collect::<Vec<_>>().chunks(200) {
            let piece: String = piece.iter().collect();
            changes.push(mine.device.edit(document_id(number), |document, _| {
                document.splice_text(TextName::Outcome, 0, 0, &piece).unwrap();
            }));
        }
        let push = mine.device.push(document_id(number), changes);
        server.sync(&mine.device, &mine.device.request(vec![push])).await;
        questions.extend(asking(document_id(number), &mine));
    }
    let mut rounds = 0;
    while !questions.is_empty() {
        let request = SyncRequest { page_bytes: 4 << 10, names: questions.clone(), ..mine.device.request(Vec::new()) };
        let answered = server.sync(&mine.device, &request).await.names_answered.unwrap();
        assert!(answered > 0, "every exchange gets on");
        questions.drain(..usize::try_from(answered).unwrap());
        rounds += 1;
    }
    assert!(rounds > 1, "{rounds}");
}
