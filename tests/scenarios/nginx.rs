//! Behind nginx as it is installed: news come at once, files say where they end, and a wrong address is called one.

use std::time::Duration;

use sync_core::ids::DocumentId;
use sync_core::tablet::Fault;
use tsudoi_tests::{Headless, Nginx, Office, Server, band, set};

/// Far below the minute after which a tablet asks by itself.
const SOON: Duration = Duration::from_secs(20);

fn record(tablet: &mut Headless, number: u8) {
    let document = DocumentId::from_bytes([number; 16]);
    tablet.record(document, [set("municipality", "112119"), set("title", "3-4"), band("75-84", 2)]);
}

#[test]
fn news_come_through_at_once_and_a_file_ends_with_its_last_line() {
    let server = Server::start();
    let nginx = Nginx::before(server.address());
    let mut tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "受付", None);
    let office = Office::sign_in(&server, server.sign_in("administrator-11")).through(nginx.address());

    let news = office.lines("/v1/events");
    let next = |wanted: &str| {
        let mut heard = Vec::new();
        while !heard.iter().any(|line: &String| line.contains(wanted)) {
            heard.push(news.recv_timeout(SOON).unwrap_or_else(|_| panic!("no {wanted} after {heard:?}")));
        }
    };
    next("event: listening");
    record(&mut tablet, 1);
    tablet.sync().unwrap();
    next("event: changed");

    let lines: Vec<String> = office.lines("/v1/records.csv").into_iter().collect();
    assert!(lines.last().unwrap().starts_with("以上 1件（令和"), "{lines:?}");
}

#[test]
fn a_tablet_behind_a_proxy_that_changes_its_host_is_told_of_the_address_and_works_once_that_is_set() {
    let server = Server::start();
    let nginx = Nginx::before(server.address());
    let mut tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "受付", None);
    tablet.connect(nginx.address());
    record(&mut tablet, 1);
    let fault = tablet.sync().unwrap_err();
    assert_eq!(fault, Fault::Refused { code: Some("address_mismatch".to_owned()) }, "its registration is not broken");
    assert!(tablet.status().unsent_changes > 0);

    let door = Nginx::door();
    let server = Server::start_with(&[("TSUDOI_PUBLIC_URL", &door.address())]);
    let nginx = door.open(server.address());
    let mut tablet = Headless::enrol_at(nginx.address(), server.sign_in("staff-112119"), "受付", None);
    record(&mut tablet, 1);
    tablet.sync().unwrap();
    assert_eq!(tablet.digests(), tablet.server_digests());
}
