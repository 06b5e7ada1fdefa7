//! A wire that breaks at any byte: what was taken in stays, at most the page under way is sent again, nothing doubles.

use sync_core::ids::DocumentId;
use tsudoi_tests::{Chance, Cut, Headless, Proxy, Server, band, set};

const RECORDS: u8 = 30;
/// Small, so that there are several pages.
const PAGE: &str = "6000";

fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

fn filled(server: &Server) -> Headless {
    let mut writer = Headless::enrol(server, server.sign_in("staff-112119"), "現場", None);
    for number in 1..=RECORDS {
        let venue = format!("第{number}公民館のとても長い名前の会議室");
        writer.record(document(number), [set("municipality", "112119"), set("venue", &venue), band("75-84", 2)]);
    }
    writer.sync().unwrap();
    writer
}

#[test]
fn a_first_sync_that_breaks_at_any_byte_loses_at_most_the_page_under_way() {
    let mut chance = Chance::from_environment("cut_down", 77);
    let server = Server::start_with(&[("TSUDOI_PAGE_LIMIT_BYTES", PAGE), ("TSUDOI_DEVICE_EXCHANGES_PER_MINUTE", "0")]);
    let writer = filled(&server);
    let proxy = Proxy::to(server.address());
    let mut tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "新しい端末", None);
    let empty = tablet.rows();

    // without a cut: after which byte how many records are there
    tablet.connect(proxy.address());
    let mut pages = vec![(0, 0)];
    tablet.sync_watched(|tablet| pages.push((proxy.came_down(), tablet.list().len()))).unwrap();
    let whole = proxy.came_down();
    assert_eq!(tablet.list().len(), usize::from(RECORDS));
    assert!(pages.iter().filter(|(_, records)| *records > 0).count() > 3, "several pages: {pages:?}");
    assert_eq!(tablet.digests(), writer.digests());

    let regular = (1..whole).step_by(whole / 60);
    let random: Vec<usize> = (0..30).map(|_| 1 + usize::try_from(chance.below(whole as u64 - 1)).unwrap()).collect();
    for cut in regular.chain(random) {
        tablet.restart(empty.clone());
        proxy.cut(Cut { down: Some(cut), ..Cut::default() });
        tablet.connect(proxy.address());
        let broken = tablet.sync();
        // headers differ by a few bytes between runs
        let safe = pages.iter().filter(|(bytes, _)| bytes + 32 <= cut).map(|(_, records)| *records).max().unwrap_or(0);
        let kept = tablet.list().len();
        assert!(kept >= safe, "cut at {cut} of {whole}: {kept} records kept of {safe}");
        assert!(broken.is_err() || kept == usize::from(RECORDS), "cut at {cut}");
        tablet.crash();
        assert_eq!(tablet.list().len(), kept, "cut at {cut}: what was there is there after a restart");
        proxy.cut(Cut::default());
        tablet.connect(proxy.address());
        let before = proxy.came_down();
        tablet.sync().unwrap();
        if kept > 0 {
            assert!(proxy.came_down() - before < whole, "cut at {cut}: everything was sent again");
        }
        assert_eq!(tablet.digests(), writer.digests(), "cut at {cut}");
    }
}

#[test]
fn a_push_that_breaks_at_any_byte_is_taken_in_once() {
    let mut chance = Chance::from_environment("cut_up", 78);
    let server = Server::start_with(&[("TSUDOI_DEVICE_EXCHANGES_PER_MINUTE", "0")]);
    let proxy = Proxy::to(server.address());
    let mut tablet = Headless::enrol(&server, server.sign_in("staff-112119"), "現場", None);
    let mut expected = 0;
    for round in 0..60 {
        for number in 1..=5 {
            tablet.record(document(number), [set("municipality", "112119"), band("75-84", 1)]);
        }
        expected += 1;
        let bytes = usize::try_from(chance.below(1_800)).unwrap();
        let cut = if round % 2 == 0 {
            Cut { up: Some(bytes), ..Cut::default() }
        } else {
            Cut { down: Some(bytes / 2), ..Cut::default() }
        };
        proxy.cut(cut);
        tablet.connect(proxy.address());
        let _ = tablet.sync();
        if chance.below(3) == 0 {
            tablet.crash();
        }
    }
    proxy.cut(Cut::default());
    tablet.connect(proxy.address());
    tablet.sync().unwrap();
    assert_eq!(tablet.status().unsent_changes, 0);
    let mut witness = Headless::enrol(&server, server.sign_in("staff-112119"), "証人", None);
    witness.sync().unwrap();
    for record in witness.list() {
        assert_eq!(record.attendance, Some(expected), "{}", record.document);
    }
    assert_eq!(witness.list().len(), 5);
    assert_eq!(witness.digests(), tablet.digests());
    server.verify();
}
