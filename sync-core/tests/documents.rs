//! Documents and the domain: what merging must keep. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use sync_core::document::{Document, Kind};
use sync_core::domain::vocabulary::{Group, StepState};
use sync_core::domain::{Intent, facts, view};
use sync_core::ids::{ActorId, DeviceId, DocumentId, IntentId};
use sync_core::time::Timestamp;

const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);

struct Writer {
    device: DeviceId,
    number: u64,
    document: Document,
}

impl Writer {
    fn new(name: u8) -> Self {
        let device = DeviceId::from_bytes([name; 16]);
        let mut document = Document::genesis(DOCUMENT, Kind::Session).unwrap();
        document.write_as(ActorId::new(device, 1));
        Self { device, number: 0, document }
    }

    fn edit(&mut self, json: &str) -> &mut Self {
        self.number += 1;
        let intent: Intent = serde_json::from_str(json).unwrap();
        intent.apply(IntentId { device: self.device, number: self.number }, &mut self.document).unwrap();
        self.document.commit(Timestamp(1_700_000_000_000), "tanaka", intent.reason());
        self
    }

    fn take(&mut self, other: &mut Writer) {
        self.document.merge(&mut other.document.clone()).unwrap();
    }
}

fn meet(a: &mut Writer, b: &mut Writer) {
    a.take(b);
    b.take(a);
    assert_eq!(a.document.heads(), b.document.heads());
    assert_eq!(view(&a.document), view(&b.document));
}

#[test]
fn doc_1_genesis_is_the_same_on_every_device() {
    let mut a = Document::genesis(DOCUMENT, Kind::Session).unwrap();
    let mut b = Document::genesis(DOCUMENT, Kind::Session).unwrap();
    assert_eq!(a.save(), b.save());
    let mut other = Document::genesis(DocumentId::from_bytes([8; 16]), Kind::Session).unwrap();
    assert_ne!(a.heads(), other.heads());
    assert!(Document::load(&a.save()).unwrap().begins_with_genesis());
}

#[test]
fn doc_2_counts_first_touched_apart_add_up() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    for _ in 0..5 {
        a.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":1}"#);
    }
    b.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":7}"#);
    b.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":-1,"reason":"undo"}"#);
    meet(&mut a, &mut b);
    let record = view(&a.document);
    assert_eq!(record.total("attendance.band.75-84"), Some(11));
    assert_eq!(record.tallies[0].by_device[&a.device], 5);
    assert_eq!(record.tallies[0].by_device[&b.device], 6);
}

#[test]
fn doc_3_a_measure_nobody_touched_has_no_value_and_zero_is_a_value() {
    let mut a = Writer::new(1);
    assert_eq!(view(&a.document).attendance, None);
    a.edit(r#"{"type":"link","link":"noted/screening.viewers"}"#);
    let noted = facts(&a.document);
    assert_eq!(noted.viewers, None);
    assert_eq!(noted.tallies.get(&"screening.viewers".parse().unwrap()), Some(&None));
    a.edit(r#"{"type":"count","measure":"screening.viewers","by":0}"#);
    assert_eq!(facts(&a.document).viewers, Some(0));
}

#[test]
fn doc_4_different_values_of_a_field_are_all_kept_until_a_person_chooses() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"set","field":"venue","value":"児玉公民館"}"#);
    b.edit(r#"{"type":"set","field":"venue","value":"はにぽんプラザ"}"#);
    meet(&mut a, &mut b);
    let record = view(&a.document);
    let venue = &record.fields["venue"];
    assert_eq!(venue.alternatives.len(), 2);
    assert!(venue.alternatives.iter().all(|one| { one.authorship.as_ref().is_some_and(|who| who.by == "tanaka") }));
    assert_eq!(record.conflict_count(), 1);
    a.edit(r#"{"type":"set","field":"venue","value":"児玉公民館"}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&b.document).conflict_count(), 0);
}

#[test]
fn doc_4_the_same_value_set_apart_is_no_conflict() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"set","field":"date","value":"2024-12-18"}"#);
    b.edit(r#"{"type":"set","field":"date","value":"2024-12-18"}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).conflict_count(), 0);
}

#[test]
fn dom_1_contradicting_steps_are_a_conflict_until_a_later_step() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"step","state":"confirmed"}"#);
    b.take(&mut a);
    a.edit(r#"{"type":"step","state":"held"}"#);
    b.edit(r#"{"type":"step","state":"cancelled","reason":"weather"}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).group, Group::Conflict);
    b.edit(r#"{"type":"step","state":"held"}"#);
    meet(&mut a, &mut b);
    let settled = view(&a.document);
    assert_eq!((settled.group, settled.state), (Group::Held, Some(StepState::Held)));
}

#[test]
fn dom_1_a_plan_made_apart_does_not_contradict_a_decision() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"step","state":"held"}"#);
    b.edit(r#"{"type":"step","state":"confirmed"}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).group, Group::Held);
}

#[test]
fn dom_2_attendance_is_the_sum_of_bands_else_of_audiences() {
    let mut a = Writer::new(1);
    a.edit(r#"{"type":"count","measure":"attendance.audience.resident","by":20}"#);
    assert_eq!(view(&a.document).attendance, Some(20));
    a.edit(r#"{"type":"count","measure":"attendance.band.unknown","by":49}"#);
    assert_eq!(view(&a.document).attendance, Some(49));
    assert!(facts(&a.document).flags.iter().any(|flag| flag.as_str() == "attendance_differs"));
}

#[test]
fn dom_3_the_fiscal_year_comes_from_the_date_else_from_the_field() {
    let mut a = Writer::new(1);
    a.edit(r#"{"type":"set","field":"fiscal_year","value":2024}"#);
    assert_eq!(facts(&a.document).fiscal_year, Some(2024));
    assert_eq!(facts(&a.document).month, None);
    a.edit(r#"{"type":"set","field":"date","value":"2025-04-01"}"#);
    assert_eq!(facts(&a.document).fiscal_year, Some(2025));
    assert_eq!(facts(&a.document).month.as_deref(), Some("2025-04"));
}

#[test]
fn dom_4_an_intent_that_makes_no_sense_records_nothing() {
    let mut a = Writer::new(1);
    let heads = a.document.heads();
    for json in [
        r#"{"type":"set","field":"patient_name","value":"x"}"#,
        r#"{"type":"set","field":"date","value":"2024-02-30"}"#,
        r#"{"type":"set","field":"minutes","value":"ten"}"#,
        r#"{"type":"link","link":"patient/1"}"#,
        r#"{"type":"count","measure":"attendance.band.85+","by":9999999}"#,
    ] {
        let intent: Intent = serde_json::from_str(json).unwrap();
        assert!(intent.apply(IntentId { device: a.device, number: 1 }, &mut a.document).is_err(), "{json}");
    }
    assert_eq!(a.document.heads(), heads);
}

#[test]
fn doc_6_a_session_of_sixty_taps_stays_small() {
    let mut a = Writer::new(1);
    let mut raw = 0;
    for _ in 0..20 {
        for _ in 0..3 {
            Intent::Count { measure: "attendance.band.75-84".parse().unwrap(), by: 1, reason: None }
                .apply(IntentId { device: a.device, number: 1 }, &mut a.document)
                .unwrap();
        }
        raw += a.document.commit(Timestamp(0), "tanaka", None).unwrap().bytes.len();
    }
    let saved = a.document.save().len();
    assert!(raw < 10_000 && saved < 1_500, "raw {raw}, saved {saved}");
}
