//! Answers for poor lines: documents and the registry in parts, audits in portions; and whose names come with them.

use axum::http::{Request, header};
use sync_core::digest::Buckets;
use sync_core::document::{Document, Scalar, TextName};
use sync_core::time::Timestamp;
use sync_core::wire::{
    AuditRequest, AuditResponse, DocumentPush, PROTOCOL, PartCursor, RegistryCursor, SyncRequest, SyncResponse,
};
use tsudoi_server::service::access::Role;
use tsudoi_server::store::types::Lecturer;

use crate::support::{Device, HONJO, KAMISATO, Server, document_id, server};

const PAGE: u64 = 4 << 10;
/// Letters of one change.
const STEP: usize = 200;

/// Writes a long text into a record, in changes as large as people make.
fn long(device: &mut Device, number: u8, letters: usize) -> DocumentPush {
    let id = document_id(number);
    let mut changes = vec![device.set(id, "municipality", "112119")];
    for round in 0..letters / STEP {
        let more: String =
            (0..STEP as u32).filter_map(|n| char::from_u32(0x4e00 + (n * 7 + round as u32 * 131) % 0x5000)).collect();
        changes.push(device.edit(id, |document, _| {
            document.splice_text(TextName::Outcome, round * STEP, 0, &more).unwrap();
        }));
    }
    device.push(id, changes)
}

/// The next request of a tablet that takes parts.
fn next(device: &Device, response: &SyncResponse, held: u64) -> SyncRequest {
    let part = response.part.as_ref().map(|part| PartCursor {
        document: part.document,
        heads: part.heads.clone(),
        offset: part.place.offset + part.bytes.len() as u64,
    });
    SyncRequest { page_bytes: PAGE, part, registry_version: held, ..device.request_from(response) }
}

#[tokio::test]
async fn syn_15_a_large_document_comes_in_parts_and_no_cursor_passes_it_before_the_last() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    for number in [1, 3] {
        let push = writer.set(document_id(number), "municipality", "112119");
        let push = writer.push(document_id(number), vec![push]);
        server.sync(&writer, &writer.request(vec![push])).await;
    }
    let push = long(&mut writer, 2, 8_000);
    server.sync(&writer, &writer.request(vec![push])).await;
    let reader = server.device(2, HONJO).await;
    let mut response = server.sync(&reader, &SyncRequest { page_bytes: PAGE, ..reader.request(Vec::new()) }).await;
    let held = response.registry.as_ref().map_or(0, |registry| registry.version);
    let (mut bytes, mut answers) = (Vec::new(), 0);
    loop {
        answers += 1;
        let part = response.part.as_ref().expect("it comes in parts");
        assert_eq!((part.document, part.place.offset), (document_id(2), bytes.len() as u64));
        bytes.extend(&part.bytes);
        if bytes.len() as u64 == part.place.size {
            break;
        }
        assert!(part.bytes.len() as u64 <= PAGE && response.documents.is_empty());
        assert!(response.scopes[0].more && response.scopes[0].entries.is_empty(), "nothing goes past it");
        response = server.sync(&reader, &next(&reader, &response, held)).await;
    }
    assert!(answers > 4);
    assert_eq!(Document::load(&bytes).unwrap().heads(), writer.heads(document_id(2)));
    assert_eq!(response.scopes[0].entries[0].document, document_id(2), "with the last part it is passed");
    let names: Vec<&str> = response.names.as_ref().unwrap().devices.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["端末1"], "names come with the last part");
    while response.scopes[0].more {
        response = server.sync(&reader, &next(&reader, &response, held)).await;
        assert_eq!(response.part, None);
    }

    // a tablet that asks as the first ones did gets it whole
    let first = SyncRequest { page_bytes: 1_000_000, ..reader.request(Vec::new()) };
    let whole = server.sync(&reader, &first).await;
    assert!(whole.part.is_none() && whole.documents.iter().any(|payload| payload.snapshot == bytes));
}

#[tokio::test]
async fn syn_14_a_document_that_changed_begins_anew_and_one_of_others_is_not_given() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    let push = long(&mut writer, 2, 8_000);
    server.sync(&writer, &writer.request(vec![push])).await;
    let (reader, outsider) = (server.device(2, HONJO).await, server.device(3, KAMISATO).await);
    let begun = server.sync(&reader, &SyncRequest { page_bytes: PAGE, ..reader.request(Vec::new()) }).await;
    let on = next(&reader, &begun, 0);
    let stolen = SyncRequest { part: on.part.clone(), page_bytes: PAGE, ..outsider.request(Vec::new()) };
    assert_eq!(server.sync(&outsider, &stolen).await.part, None, "what one may not hold is as unknown");

    let change = writer.set(document_id(2), "venue", "会場");
    let push = writer.push(document_id(2), vec![change]);
    server.sync(&writer, &writer.request(vec![push])).await;
    let anew = server.sync(&reader, &on).await.part.expect("from the beginning");
    assert_eq!((anew.place.offset, anew.heads), (0, writer.heads(document_id(2))));
    let far = PartCursor { offset: u64::MAX, ..on.part.clone().unwrap() };
    let beyond = server.sync(&reader, &SyncRequest { part: Some(far), ..on }).await;
    assert!(beyond.part.is_some_and(|part| part.place.offset == 0));
}

#[tokio::test]
async fn syn_14_the_registry_comes_in_parts_of_one_version() {
    let server = server().await;
    let add = async |number: u16| {
        let lecturer = Lecturer {
            id: format!("le-{number}"),
            surname: format!("講師{number}"),
            given_name: Some("太郎".into()),
            title: Some("医師".into()),
            affiliation: Some(format!("第{number}診療所")),
            association: None,
            bank: true,
            in_training: false,
            reading: None,
            registered_in: None,
            left_in: None,
        };
        server.app.store.upsert_lecturer("11", &lecturer).await.unwrap();
    };
    for number in 0..150 {
        add(number).await;
    }
    let tablet = server.device(1, HONJO).await;
    let (mut json, mut registry_part) = (Vec::new(), None);
    let begun = server.pull_all(&tablet).await.registry.unwrap();
    for number in 2.. {
        let request = SyncRequest { page_bytes: PAGE, registry_part, ..tablet.request(Vec::new()) };
        let registry = server.sync(&tablet, &request).await.registry.unwrap();
        let place = registry.part.expect("too large for one answer");
        assert!(registry.json.len() as u64 <= PAGE && place.offset == json.len() as u64);
        json.extend(registry.json);
        if json.len() as u64 == place.size {
            break;
        }
        registry_part = Some(RegistryCursor { version: registry.version, offset: json.len() as u64 });
        // who enrols makes no other registry; a new lecturer does, and what was begun still comes to its end
        server.device(number, HONJO).await;
        let next = server.pull_all(&tablet).await.registry.unwrap();
        assert_eq!(next.version == begun.version, number == 2);
        add(1_000 + u16::from(number)).await;
    }
    assert_eq!((begun.json, begun.part), (json, None));
    let whole = server.pull_all(&tablet).await.registry.unwrap();
    let old = RegistryCursor { version: whole.version - 1, offset: 9_000 };
    let request = SyncRequest { page_bytes: PAGE, registry_part: Some(old), ..tablet.request(Vec::new()) };
    assert_eq!(server.sync(&tablet, &request).await.registry.unwrap().part.unwrap().offset, 0, "another version");
}

async fn audited(server: &Server, device: &Device, page_bytes: Option<u64>, from: u8) -> AuditResponse {
    let buckets = Buckets::of(std::iter::empty());
    let request = AuditRequest { protocol: PROTOCOL, scope: HONJO.parse().unwrap(), buckets, page_bytes, from };
    let request = Request::post("/v1/audit")
        .header(header::AUTHORIZATION, &device.authorization)
        .header(header::CONTENT_TYPE, "application/cbor")
        .body(axum::body::Body::from(request.encode()));
    AuditResponse::decode(&server.send(request.unwrap()).await.body).unwrap()
}

#[tokio::test]
async fn syn_17_an_audit_answers_the_lowest_buckets_that_fit() {
    let server = server().await;
    let mut writer = server.device(1, HONJO).await;
    let mut pushes = Vec::new();
    for number in 1..=60 {
        let change = writer.set(document_id(number), "municipality", "112119");
        pushes.push(writer.push(document_id(number), vec![change]));
    }
    server.sync(&writer, &writer.request(pushes)).await;
    let all = audited(&server, &writer, None, 0).await;
    assert_eq!((all.entries.len(), all.next), (60, None));
    let (mut found, mut from, mut answers) = (Vec::new(), 0, 0);
    loop {
        let part = audited(&server, &writer, Some(1_024), from).await;
        answers += 1;
        assert!(!part.entries.is_empty() && part.entries.len() <= 16);
        assert!(part.differing.iter().all(|bucket| *bucket >= from));
        found.extend(part.entries);
        let Some(next) = part.next else { break };
        assert!(next > from);
        from = next;
    }
    assert!(answers >= 4);
    assert_eq!(found, all.entries);
    assert_eq!(audited(&server, &writer, Some(1), 0).await.differing.len(), 1, "one at least");
}

#[tokio::test]
async fn syn_18_names_are_those_of_the_records_and_of_nobody_else() {
    let server = server().await;
    let mut mine = server.device(1, HONJO).await;
    let mut theirs = server.device_as(2, Role::Staff, KAMISATO).await;
    server.code(Role::Municipal, "113859", "", 1).await;
    let people = server.app.store.registry("11").await.unwrap().unwrap().people;
    let id = |name: &str| people.iter().find(|(_, known)| known == name).unwrap().0.clone();
    let written = [(1, &mut mine, "112119", "staff 112119"), (2, &mut theirs, "113859", "municipal 113859")];
    for (number, device, place, by) in written {
        let document = document_id(number);
        device.document(document).set_field("municipality", Some(&Scalar::Text(place.to_owned()))).unwrap();
        let change = device.document(document).commit(Timestamp(1_700_000_000_000), &id(by), None).unwrap();
        let push = device.push(document, vec![change.bytes]);
        server.sync(device, &device.request(vec![push])).await;
    }

    let reader = server.device(3, HONJO).await;
    let answer = server.pull_all(&reader).await;
    let names = answer.names.clone().unwrap();
    let shown = |all: &[sync_core::wire::Name]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(shown(&names.people), ["staff 112119"]);
    assert_eq!(shown(&names.devices), ["端末1"]);
    let registry = server.get("/v1/registry", reader.credential()).await.body;
    let told = [answer.encode(), registry].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    for (other, bytes) in
        ["municipal 113859", "端末2"].iter().flat_map(|other| told.iter().map(move |one| (other, one)))
    {
        assert!(!bytes.contains(other), "{other}");
    }
    assert!(!told[1].contains("staff 112119") && !told[1].contains("端末"));
    let idle =
        SyncRequest { registry_version: answer.registry.as_ref().unwrap().version, ..reader.request_from(&answer) };
    assert_eq!(server.sync(&reader, &idle).await.names, None, "nothing new, no names");
}
