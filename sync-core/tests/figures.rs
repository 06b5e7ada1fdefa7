//! Figures: each rule reckoned by hand. Each test names the rule of SPEC.md it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use sync_core::document::{Document, Kind, Scalar};
use sync_core::domain::vocabulary::{Activity, CancelReason, Flag, Group, StepState};
use sync_core::domain::{Facts, Intent, Measure, facts};
use sync_core::figures::{Credit, Figure, Place, Sum, Unit, contributions, sums};
use sync_core::ids::{ActorId, DeviceId, DocumentId, IntentId};
use sync_core::time::Timestamp;

const DEVICE: DeviceId = DeviceId::from_bytes([1; 16]);

/// A record in the making: 2026-09-01 in 本庄市 unless it is set otherwise.
struct Record(Document, u64);

impl Record {
    fn new(kind: Kind) -> Self {
        let mut document = Document::genesis(DocumentId::from_bytes([9; 16]), kind).unwrap();
        document.write_as(ActorId::new(DEVICE, 1));
        Self(document, 0).set("date", "2026-09-01").set("municipality", "112119")
    }

    fn session(activity: &str) -> Self {
        Self::new(Kind::Session).set("activity", activity)
    }

    fn edit(mut self, intent: &Intent) -> Self {
        self.1 += 1;
        intent.apply(IntentId { device: DEVICE, number: self.1 }, &mut self.0).unwrap();
        self.0.commit(Timestamp(0), "tanaka", intent.reason());
        self
    }

    fn set(self, field: &str, value: &str) -> Self {
        // no time is stated
        self.set_at(Timestamp(0), field, value)
    }

    fn set_at(mut self, at: Timestamp, field: &str, value: &str) -> Self {
        // as another program might write it
        self.0.set_field(field, Some(&Scalar::Text(value.to_owned()))).unwrap();
        self.0.commit(at, "tanaka", None);
        self
    }

    fn count(self, measure: &str, by: i64) -> Self {
        self.edit(&Intent::Count { measure: measure.parse().unwrap(), by, reason: None })
    }

    fn link(self, link: &str) -> Self {
        self.edit(&Intent::Link { link: link.to_owned() })
    }

    fn step(self, state: StepState) -> Self {
        let reason = (state == StepState::Cancelled).then_some(CancelReason::Weather);
        self.edit(&Intent::Step { state, reason })
    }

    fn facts(&self) -> Facts {
        facts(&self.0)
    }

    /// What it adds, by id.
    fn adds(&self) -> BTreeMap<String, Option<i64>> {
        contributions(&self.facts()).into_iter().map(|(figure, value)| (figure.to_string(), value)).collect()
    }
}

fn of<const N: usize>(pairs: [(&str, Option<i64>); N]) -> BTreeMap<String, Option<i64>> {
    pairs.into_iter().map(|(id, value)| (id.to_owned(), value)).collect()
}

#[test]
fn fig_1_what_was_held_adds_its_heads_materials_and_answers() {
    let held = Record::session("lecture")
        .count("attendance.band.75-84", 12)
        .count("material.contact-card.age-75", 4)
        .count("material.contact-card.other", 3)
        .count("answer.intends.yes", 5)
        .step(StepState::Held);
    let expected = of([
        ("record.lecture.held", Some(1)),
        ("attendance", Some(12)),
        ("attendance.band.75-84", Some(12)),
        ("material.contact-card.age-75", Some(4)),
        ("material.contact-card.other", Some(3)),
        ("together.material.contact-card", Some(7)),
        ("answer.intends.yes", Some(5)),
    ]);
    assert_eq!(held.adds(), expected);
    assert_eq!(held.step(StepState::Reported).adds(), expected, "reported is held");
}

#[test]
fn fig_2_what_did_not_take_place_adds_no_quantity_and_is_flagged() {
    let counted = |state: Option<StepState>| {
        let record = Record::session("lecture")
            .set("medium", "人生会議DVD")
            .count("attendance.band.75-84", 12)
            .count("screening.viewers", 12)
            .count("material.contact-card.age-75", 4);
        state.into_iter().fold(record, Record::step)
    };
    for (state, id) in [
        (None, "record.lecture.planned"),
        (Some(StepState::Confirmed), "record.lecture.planned"),
        (Some(StepState::Cancelled), "record.lecture.cancelled"),
        (Some(StepState::Postponed), "record.lecture.postponed"),
    ] {
        let record = counted(state);
        assert_eq!(record.adds(), of([(id, Some(1))]));
        assert!(record.facts().flags.contains(&Flag::CountedNotHeld));
    }
    assert!(!counted(Some(StepState::Held)).facts().flags.contains(&Flag::CountedNotHeld));
}

#[test]
fn fig_2_contradicting_decisions_add_nothing_until_a_person_decides() {
    let mut held = Record::session("lecture").count("attendance.band.75-84", 12);
    let mut other = held.0.clone();
    held = held.step(StepState::Held);
    let writer = DeviceId::from_bytes([2; 16]);
    other.write_as(ActorId::new(writer, 1));
    let cancelled = Intent::Step { state: StepState::Cancelled, reason: None };
    cancelled.apply(IntentId { device: writer, number: 1 }, &mut other).unwrap();
    other.commit(Timestamp(0), "sato", None);
    held.0.merge(&mut other).unwrap();
    assert_eq!(held.adds(), of([("record.lecture.conflict", Some(1))]));
    assert_eq!(held.step(StepState::Held).adds().get("attendance"), Some(&Some(12)));
}

#[test]
fn fig_3_a_gathering_without_heads_a_screening_without_viewers_and_what_is_noted_are_gaps() {
    let gaps = |record: Record| {
        let adds = record.step(StepState::Held).adds();
        adds.into_iter().filter(|(_, value)| value.is_none()).map(|(id, _)| id).collect::<Vec<_>>()
    };
    for activity in ["lecture", "round_table", "public_lecture", "visiting_lecture", "training", "booth", "meeting"] {
        assert_eq!(gaps(Record::session(activity)), ["attendance"], "{activity}");
    }
    for activity in ["distribution", "publicity", "consultation"] {
        assert!(gaps(Record::session(activity)).is_empty(), "{activity}");
    }
    assert_eq!(gaps(Record::new(Kind::Session)), ["attendance"], "an activity nobody stated");
    assert_eq!(gaps(Record::session("screening")), ["screening.viewers"]);
    assert_eq!(gaps(Record::session("meeting").set("medium", "人生会議DVD")), ["attendance", "screening.viewers"]);
    let noted = Record::session("distribution").link("noted/material.contact-card.age-75");
    assert_eq!(gaps(noted), ["material.contact-card.age-75", "together.material.contact-card"]);
    assert!(gaps(Record::session("meeting").count("attendance.band.unknown", 0)).is_empty(), "0 is a number");
}

#[test]
fn fig_4_a_dispatch_counts_by_how_far_it_came_and_for_whom_is_named() {
    let sent = || Record::session("lecture").set("dispatched_by", "as-1").set("association", "as-1");
    let dispatches = |record: &Record| -> Vec<String> {
        record.adds().into_keys().filter(|id| id.starts_with("dispatch")).collect()
    };
    assert_eq!(dispatches(&sent()), ["dispatch.by.none.planned", "dispatch.planned"]);
    let two = sent().link("lecturer/le-1").link("lecturer/le-2");
    let two = two.step(StepState::Held);
    assert_eq!(dispatches(&two), ["dispatch.by.le-1.held", "dispatch.by.le-2.held", "dispatch.held"]);
    assert_eq!(
        dispatches(&two.set("lecturer_attribution", "among")),
        ["dispatch.among.le-1+le-2.held", "dispatch.held"]
    );
    assert_eq!(
        dispatches(&sent().step(StepState::Cancelled)),
        ["dispatch.by.none.cancelled", "dispatch.cancelled", "dispatch.cancelled.weather"]
    );
    assert!(dispatches(&Record::session("lecture").link("lecturer/le-1")).is_empty(), "nobody sent them");
}

#[test]
fn fig_5_a_hub_and_the_association_that_sent_the_lecturer_each_count_it_and_a_total_once() {
    let at_hub = Record::session("lecture").set("association", "hub-1").set("dispatched_by", "as-1");
    let at_hub = at_hub.count("attendance.band.unknown", 20).step(StepState::Held).facts();
    let own = Record::session("lecture").set("association", "as-1").set("dispatched_by", "as-1");
    let own = own.count("attendance.band.unknown", 5).step(StepState::Held).facts();
    let heads = |place: Place| {
        sums([&at_hub, &own].into_iter(), Some(2026), &place).get(&Figure::Attendance).map_or(0, |sum| sum.total)
    };
    assert_eq!(heads(Place::Association("hub-1".to_owned())), 20);
    assert_eq!(heads(Place::Association("as-1".to_owned())), 25);
    assert_eq!(heads(Place::Municipality("112119".to_owned())), 25);
    assert_eq!(heads(Place::Everywhere), 25);
    assert_eq!(heads(Place::Association("as-2".to_owned())), 0);
}

#[test]
fn fig_6_consultations_count_as_they_are_and_a_record_once_for_all_ways() {
    let tally = Record::new(Kind::Consultation).count("consultation.visit", 2).count("consultation.telephone", 3);
    let expected = of([
        ("record.consultation.held", Some(1)),
        ("consultation.visit", Some(2)),
        ("consultation.telephone", Some(3)),
        ("together.consultation", Some(5)),
    ]);
    assert_eq!(tally.adds(), expected);
    assert!(tally.facts().flags.is_empty());
}

#[test]
fn fig_7_a_sum_says_how_many_gave_a_number_and_how_many_did_not() {
    let meeting = |heads: Option<i64>| {
        let record = Record::session("meeting");
        let record = heads.into_iter().fold(record, |record, heads| record.count("attendance.band.unknown", heads));
        record.step(StepState::Held).facts()
    };
    let records = [meeting(Some(7)), meeting(Some(0)), meeting(None)];
    let of_year = |year| sums(records.iter(), year, &Place::Everywhere);
    let sum = of_year(Some(2026))[&Figure::Attendance];
    assert_eq!(sum, Sum { reported: 2, unreported: 1, total: 7 });
    assert!(of_year(Some(2025)).is_empty() && of_year(None).is_empty());
}

#[test]
fn fig_8_every_figure_has_one_id_a_unit_and_what_it_is_kept_by() {
    let measures = Measure::fixed().map(Figure::Counted);
    let group = Group::Held;
    let others = [
        Figure::Records { activity: None, group },
        Figure::Records { activity: Some(Activity::Booth), group },
        Figure::Dispatches { group: Group::Cancelled },
        Figure::Cancelled { reason: None },
        Figure::Cancelled { reason: Some(CancelReason::Weather) },
        Figure::DispatchesOf { credit: Credit::Nobody, group },
        Figure::DispatchesOf { credit: Credit::Lecturer("le-1".to_owned()), group },
        Figure::DispatchesOf { credit: Credit::Among(vec!["le-1".to_owned(), "le-2".to_owned()]), group },
        Figure::Attendance,
        Figure::Counted("material.contact-card.age-75".parse().unwrap()),
        Figure::Material("contact-card".to_owned()),
        Figure::Consultations,
    ];
    for figure in measures.chain(others) {
        assert_eq!(figure.to_string().parse::<Figure>().as_ref(), Ok(&figure));
    }
    assert_eq!(Figure::Material("contact-card".to_owned()).unit(), Unit::Pieces);
    assert_eq!((Figure::Attendance.unit(), Figure::Consultations.unit()), (Unit::People, Unit::Records));
    let by_lecturer = Figure::DispatchesOf { credit: Credit::Nobody, group };
    assert!(!by_lecturer.by_month() && !by_lecturer.by_municipality());
    assert!(Figure::Attendance.by_month() && !Figure::Consultations.by_month());
    for text in ["", "record.x.held", "dispatch.by.le-1", "together.answer", "attendance.band.90"] {
        assert!(text.parse::<Figure>().is_err(), "{text}");
    }
}

#[test]
fn dom_14_a_year_nobody_reports_for_is_none_and_is_flagged() {
    for date in ["1979-05-01", "9999-01-01", "2000-03-31", "2100-04-01"] {
        let facts = Record::session("lecture").set("date", date).facts();
        assert_eq!((facts.fiscal_year, facts.month), (None, None), "{date}");
        assert_eq!((facts.date.as_deref(), &facts.flags[..]), (Some(date), &[Flag::DateImplausible][..]));
    }
    for (date, year) in [("2000-04-01", 2000), ("2100-03-31", 2099)] {
        let facts = Record::session("lecture").set("date", date).facts();
        assert_eq!((facts.fiscal_year, facts.flags.is_empty()), (Some(year), true));
    }
}

#[test]
fn dom_14_a_day_far_from_when_it_was_written_is_flagged_and_counts_in_its_year() {
    // 2026-08-31 at 23:59:59 and the second after it, in Japan
    for (written, near, far) in [
        (1_788_188_399, ["2025-08-30", "2027-09-01"], ["2025-08-29", "2027-09-02"]),
        (1_788_188_400, ["2025-08-31", "2027-09-02"], ["2025-08-30", "2027-09-03"]),
    ] {
        let flags = |date: &str| {
            let facts = Record::session("lecture").set_at(Timestamp::from_seconds(written), "date", date).facts();
            assert_eq!(facts.fiscal_year, Some(date[..4].parse::<i64>().unwrap()));
            facts.flags
        };
        assert_eq!(near.map(flags), [vec![], vec![]], "{written}");
        assert_eq!(far.map(flags), [vec![Flag::DateFar], vec![Flag::DateFar]], "{written}");
    }
}
