//! A tablet whose disk was copied: both copies go on under one name. Nothing is lost or counted twice, and people are told.

use sync_core::ids::DocumentId;
use tsudoi_tests::{Cluster, Headless, Office, Server, band, set};

const DOCUMENT: DocumentId = DocumentId::from_bytes([7; 16]);

/// What the console says of a tablet.
fn marked(office: &Office, tablet: &Headless) -> bool {
    let shown = office.get(&format!("/v1/devices/{}", tablet.device()));
    !shown["tablet"]["copied_at"].is_null()
}

fn two_hosts_from_one_home(server: &Server) {
    let mut first = Headless::enrol(server, server.sign_in("staff-112119"), "受付", None);
    let office = Office::sign_in(server, server.sign_in("administrator-11"));
    first.record(DOCUMENT, [set("municipality", "112119"), band("75-84", 5)]);
    first.sync().unwrap();
    first.crash();
    first.sync().unwrap();
    assert!(!marked(&office, &first) && first.status().copied_at.is_none(), "opening a tablet again is no copy");

    let mut second = first.copy(server);
    for (host, heads) in [(&mut first, 1), (&mut second, 2)] {
        host.crash();
        host.record(DOCUMENT, [band("75-84", heads)]);
        host.sync().unwrap();
    }
    assert!(marked(&office, &second), "the office sees it");
    assert!(second.status().copied_at.is_some(), "whoever noticed it is told at once");
    first.sync().unwrap();
    assert!(first.status().copied_at.is_some(), "and the other with its next exchange");
    second.sync().unwrap();
    first.sync().unwrap();
    let totals = [&first, &second].map(|host| host.view(DOCUMENT).record.attendance);
    assert_eq!(totals, [Some(8); 2], "nothing is lost and nothing counts twice");
    server.verify();

    // the one that stays is registered anew
    let device = first.device().to_string();
    let person = ["--person", "職員", "--role", "staff", "--organisation", "112119", "--scope", "municipality:112119"];
    let said = server.command(&[&["code", "--tenant", "11", "--device", &device][..], &person].concat());
    let code = said.split_whitespace().find(|word| word.len() == 9 && word.contains('-')).unwrap();
    first.enrol_anew(code);
    first.sync().unwrap();
    assert!(!marked(&office, &first));
    assert!(second.sync().is_err(), "the other copy is let in no more");
}

#[test]
fn a_copied_disk_is_noticed_until_one_of_the_two_is_registered_anew() {
    two_hosts_from_one_home(&Server::start());
}

#[test]
fn a_copied_disk_is_noticed_on_postgresql() {
    let cluster = Cluster::start();
    two_hosts_from_one_home(&Server::start_on(cluster.database()));
}
