//! Documents and the domain: what merging must keep. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod writer;

use sync_core::document::{Document, Kind, Scalar};
use sync_core::domain::vocabulary::{Flag, Group, StepState};
use sync_core::domain::{Intent, facts, view};
use sync_core::ids::{DocumentId, IntentId};
use sync_core::time::Timestamp;

use writer::{DOCUMENT, Writer};

impl Writer {
    fn edit(&mut self, json: &str) -> &mut Self {
        self.give(&serde_json::from_str(json).unwrap())
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
    b.take(&a);
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
fn dom_2_attendance_is_the_greater_of_both_ways_of_counting_and_a_difference_is_flagged() {
    let mut a = Writer::new(1);
    a.edit(r#"{"type":"count","measure":"attendance.audience.resident","by":20}"#);
    assert_eq!(view(&a.document).attendance, Some(20));
    a.edit(r#"{"type":"count","measure":"attendance.band.unknown","by":1}"#);
    assert_eq!(view(&a.document).attendance, Some(20), "the total never falls");
    assert!(facts(&a.document).flags.contains(&Flag::AttendanceDiffers));
    a.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":48}"#);
    assert_eq!(view(&a.document).attendance, Some(49));
}

#[test]
fn doc_13_a_count_is_taken_back_to_not_reported_until_its_device_counts_again() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"count","measure":"screening.viewers","by":12}"#);
    b.take(&a);
    b.edit(r#"{"type":"count","measure":"screening.viewers","by":3}"#);
    b.edit(r#"{"type":"void","measure":"screening.viewers","seen":15}"#);
    assert_eq!(view(&b.document).total("screening.viewers"), None);
    assert_eq!(facts(&b.document).tallies.len(), 0);

    a.edit(r#"{"type":"count","measure":"screening.viewers","by":1}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).total("screening.viewers"), Some(1), "who counted meanwhile is not lost");
    b.edit(r#"{"type":"void","measure":"screening.viewers","seen":1}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).total("screening.viewers"), None);
    a.edit(r#"{"type":"count","measure":"screening.viewers","by":0}"#);
    assert_eq!(view(&a.document).total("screening.viewers"), Some(0), "a zero that is reported is a zero");
}

#[test]
fn doc_13_taking_it_back_gives_the_number_again_and_a_correction_down_to_zero_stays_a_zero() {
    let mut a = Writer::new(1);
    a.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":7}"#);
    a.edit(r#"{"type":"void","measure":"attendance.band.75-84","seen":7}"#);
    assert_eq!(view(&a.document).attendance, None);
    a.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":7,"reason":"undo"}"#);
    assert_eq!(view(&a.document).attendance, Some(7));
    a.edit(r#"{"type":"count","measure":"attendance.band.75-84","by":-7,"reason":"mistake"}"#);
    assert_eq!(view(&a.document).attendance, Some(0));
    let many = Intent::Void { measure: "screening.viewers".parse().unwrap(), seen: i64::MIN, counts: None };
    assert!(many.check().is_err());
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
fn dom_9_a_step_to_the_state_that_is_reached_records_nothing() {
    let mut a = Writer::new(1);
    for _ in 0..5 {
        a.edit(r#"{"type":"step","state":"held"}"#);
    }
    assert_eq!(view(&a.document).steps.len(), 1);
    a.edit(r#"{"type":"step","state":"cancelled","reason":"weather"}"#);
    a.edit(r#"{"type":"step","state":"cancelled","reason":"weather"}"#);
    a.edit(r#"{"type":"step","state":"cancelled","reason":"infection"}"#);
    assert_eq!(view(&a.document).steps.len(), 3, "another reason is another step");
    let mut b = Writer::new(2);
    b.edit(r#"{"type":"step","state":"held"}"#);
    meet(&mut a, &mut b);
    a.edit(r#"{"type":"step","state":"held"}"#);
    assert_eq!(view(&a.document).group, Group::Held, "one of several tips is not the state: the step settles them");
}

#[test]
fn dom_10_impossible_years_and_days_are_no_edits_and_foreign_ones_are_flagged() {
    let set = |field: &str, value: &str| format!(r#"{{"type":"set","field":"{field}","value":{value}}}"#);
    let check = |json: String| serde_json::from_str::<Intent>(&json).unwrap().check();
    for date in ["1988-12-31", "2101-01-01", "20261-01-01", "0002-06-01", "2026-02-31", "2026-13-01", "2026-00-01"] {
        assert!(check(set("date", &format!("{date:?}"))).is_err(), "{date}");
    }
    for month in ["1988-12", "2101-01", "2026-13", "9999-01"] {
        assert!(check(set("month", &format!("{month:?}"))).is_err(), "{month}");
    }
    for year in ["1988", "2101", "9999", "-1"] {
        assert!(check(set("fiscal_year", year)).is_err(), "{year}");
    }
    for (field, value) in
        [("date", r#""1989-01-08""#), ("date", r#""2100-12-31""#), ("month", r#""2024-02""#), ("fiscal_year", "2024")]
    {
        check(set(field, value)).unwrap();
    }
    let mut foreign = Writer::new(1);
    foreign.document.set_field("date", Some(&Scalar::Text("2026-02-31".into()))).unwrap();
    assert_eq!(facts(&foreign.document).flags, [Flag::DateUnreadable]);
}

#[test]
fn dom_11_times_set_apart_that_do_not_fit_together_are_flagged() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"set","field":"start","value":"15:00"}"#);
    b.edit(r#"{"type":"set","field":"end","value":"13:00"}"#);
    meet(&mut a, &mut b);
    assert_eq!(facts(&a.document).flags, [Flag::EndsBeforeStart]);
    a.edit(r#"{"type":"set","field":"end","value":"15:00"}"#);
    assert_eq!(facts(&a.document).flags, []);
}

/// Takes back the steps of these states.
fn take_back(writer: &mut Writer, states: &[StepState]) {
    let steps = view(&writer.document).steps;
    let ids: Vec<String> = steps.into_iter().filter(|step| states.contains(&step.state)).map(|step| step.id).collect();
    writer.edit(&format!(r#"{{"type":"take_back","steps":{}}}"#, serde_json::to_string(&ids).unwrap()));
}

#[test]
fn dom_12_a_step_that_is_taken_back_and_the_one_that_takes_it_back_are_left_out() {
    let mut a = Writer::new(1);
    a.edit(r#"{"type":"step","state":"held"}"#);
    take_back(&mut a, &[StepState::Held]);
    let record = view(&a.document);
    assert_eq!((record.state, record.group), (None, Group::Planned), "as before the first step");
    assert_eq!(record.steps.iter().filter(|step| step.taken_back).count(), 1);
    assert!(record.steps.iter().all(|step| !step.present));
    let readable = record.steps.iter().find(|step| !step.undoes.is_empty()).unwrap();
    assert_eq!(readable.state, StepState::Confirmed, "an older tablet reads a plan");

    a.edit(r#"{"type":"step","state":"requested"}"#);
    a.edit(r#"{"type":"step","state":"cancelled","reason":"weather"}"#);
    take_back(&mut a, &[StepState::Cancelled]);
    assert_eq!(view(&a.document).state, Some(StepState::Requested));
    take_back(&mut a, &[StepState::Cancelled]);
    assert_eq!(view(&a.document).steps.len(), 5, "what is taken back already is not taken back again");
    a.edit(r#"{"type":"step","state":"held"}"#);
    assert_eq!(view(&a.document).state, Some(StepState::Held), "what comes later follows past what is left out");
}

#[test]
fn dom_12_taking_back_leaves_what_others_decided_apart() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.edit(r#"{"type":"step","state":"confirmed"}"#).edit(r#"{"type":"step","state":"held"}"#);
    meet(&mut a, &mut b);
    take_back(&mut a, &[StepState::Held]);
    b.edit(r#"{"type":"step","state":"reported"}"#);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).state, Some(StepState::Reported));
    take_back(&mut b, &[StepState::Reported]);
    take_back(&mut a, &[StepState::Reported]);
    meet(&mut a, &mut b);
    assert_eq!(view(&a.document).state, Some(StepState::Confirmed));
    assert!(serde_json::from_str::<Intent>(r#"{"type":"take_back","steps":[]}"#).unwrap().check().is_err());
    assert!(serde_json::from_str::<Intent>(r#"{"type":"take_back","steps":["x"]}"#).unwrap().check().is_err());
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
