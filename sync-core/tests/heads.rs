//! Heads counted by one way and then by the other, by several tablets apart; and counts taken back apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod writer;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sync_core::document::{Reason, Scalar};
use sync_core::domain::vocabulary::Flag;
use sync_core::domain::{Intent, Measure, RecordView, Way, facts, view};
use sync_core::ids::{DeviceId, IntentId};
use sync_core::time::Timestamp;

use writer::Writer;

const BAND: &str = "attendance.band.75-84";
const NO_AGE: &str = "attendance.band.unknown";
const RESIDENT: &str = "attendance.audience.resident";
const NO_AUDIENCE: &str = "attendance.audience.unknown";
const VIEWERS: &str = "screening.viewers";

impl Writer {
    fn count(&mut self, measure: &str, by: i64) -> &mut Self {
        self.give(&Intent::Count { measure: measure.parse().unwrap(), by, reason: None })
    }

    fn switch(&mut self, to: Way) -> String {
        let mark = format!("{}.mark", self.number);
        let mark =
            format!("{:?}-{mark}", self.device).to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let mark: String = mark.chars().rev().take(60).collect();
        self.give(&Intent::Switch { to, mark: mark.clone() });
        mark
    }

    fn void(&mut self, measure: &str, seen: i64) -> &mut Self {
        let counts = self.by_device(measure).filter(|counts| counts.values().sum::<i64>() == seen);
        self.void_of(measure, seen, counts)
    }

    fn by_device(&self, measure: &str) -> Option<BTreeMap<DeviceId, i64>> {
        self.view().tallies.into_iter().find(|tally| tally.measure == measure).map(|tally| tally.by_device)
    }

    fn void_of(&mut self, measure: &str, seen: i64, counts: Option<BTreeMap<DeviceId, i64>>) -> &mut Self {
        self.give(&Intent::Void { measure: measure.parse().unwrap(), seen, counts })
    }

    fn view(&self) -> RecordView {
        view(&self.document)
    }

    fn heads(&self) -> (Option<i64>, bool) {
        let differs = facts(&self.document).flags.contains(&Flag::AttendanceDiffers);
        assert_eq!(differs, self.view().attendance_differs);
        (self.view().attendance, differs)
    }

    fn sums(&self) -> (i64, i64) {
        let sum = |prefix: &str| {
            self.view().tallies.iter().filter(|tally| tally.measure.starts_with(prefix)).map(|tally| tally.total).sum()
        };
        (sum("attendance.band."), sum("attendance.audience."))
    }
}

fn meet(a: &mut Writer, b: &mut Writer) {
    a.take(b);
    b.take(a);
    assert_eq!(a.view(), b.view());
}

#[test]
fn dom_13_who_switches_carries_the_missing_heads_over_and_the_next_head_adds_one() {
    let mut a = Writer::new(1);
    a.count(RESIDENT, 20);
    let mark = a.switch(Way::Band);
    assert_eq!((a.heads(), a.view().total(NO_AGE)), ((Some(20), false), Some(20)));
    assert!(a.view().fields.is_empty(), "a switch is no field that people see");

    assert_eq!(a.count(NO_AGE, 1).heads(), (Some(21), false), "the way that was left does not keep up");
    let second = a.switch(Way::Audience);
    a.count("attendance.audience.family", 1);
    assert_eq!(
        (a.heads(), a.view().total(NO_AUDIENCE)),
        ((Some(22), false), Some(1)),
        "nor does it after switching back"
    );

    a.give(&Intent::Unswitch { mark: second });
    assert_eq!((a.heads().0, a.view().total(NO_AUDIENCE)), (Some(21), None), "the switch before it stands again");
    a.give(&Intent::Unswitch { mark });
    assert_eq!(a.view().total(NO_AGE), Some(1), "one edit takes it back");
}

#[test]
fn dom_13_what_is_missing_is_reckoned_when_the_edit_is_made() {
    let mut a = Writer::new(1);
    let switch = Intent::Switch { to: Way::Band, mark: "chosen-before".to_owned() };
    a.count(RESIDENT, 19).count(RESIDENT, 1).give(&switch).count(BAND, 1);
    assert_eq!(a.heads().0, Some(21));
    a.give(&Intent::Switch { to: Way::Band, mark: "again".to_owned() });
    assert_eq!((a.sums(), a.heads()), ((21, 21), (Some(21), false)), "nothing is missing");
}

#[test]
fn dom_13_each_head_counts_when_one_tablet_counts_by_both_ways_in_two_tabs() {
    let mut a = Writer::new(1);
    a.count(RESIDENT, 19);
    a.switch(Way::Band);
    for (number, measure) in (20..).zip([RESIDENT, BAND, BAND, RESIDENT, BAND, RESIDENT, RESIDENT]) {
        assert_eq!(a.count(measure, 1).heads().0, Some(number));
    }
}

#[test]
fn dom_13_heads_taken_away_after_a_switch_do_not_come_back_with_the_next() {
    let mut a = Writer::new(1);
    a.count(RESIDENT, 10).switch(Way::Band);
    a.switch(Way::Audience);
    assert_eq!(a.count(RESIDENT, -3).heads(), (Some(7), false), "three were a mistake");
    assert_eq!(a.count(RESIDENT, 1).heads(), (Some(8), false));
    a.switch(Way::Band);
    assert_eq!(a.count(BAND, 1).heads(), (Some(9), false));
    assert_eq!(a.count(BAND, -1).count(BAND, 1).heads(), (Some(9), false), "a tap taken back and made again");

    let (mut b, mut c) = (Writer::new(2), Writer::new(3));
    b.count(RESIDENT, 10).count(BAND, 4).switch(Way::Band);
    assert_eq!(b.count(BAND, -1).heads(), (Some(10), true), "ten by the other way");
    assert_eq!(b.count(BAND, 1).heads(), (Some(10), false), "and nothing was carried over for it");

    c.take(&b).count(RESIDENT, -2);
    b.count(BAND, 5);
    meet(&mut b, &mut c);
    assert_eq!(b.heads(), (Some(13), false), "taken away by another tablet");
}

#[test]
fn dom_13_heads_that_two_tablets_carry_over_apart_are_carried_once() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.count(RESIDENT, 20);
    b.take(&a);
    a.switch(Way::Band);
    a.count(NO_AGE, 2);
    b.count(RESIDENT, 3).switch(Way::Band);
    b.count("attendance.band.85+", 1);
    meet(&mut a, &mut b);
    assert_eq!(a.heads().0, Some(26), "20, 3 more, then 2 and 1 by the other way");
}

#[test]
fn dom_13_heads_carried_over_from_different_sights_count_once() {
    let (mut a, mut b, mut c) = (Writer::new(1), Writer::new(2), Writer::new(3));
    c.count(BAND, 5);
    a.count(RESIDENT, 10);
    b.take(&a);
    let seen_by_both = a.take(&c).switch(Way::Band);
    assert_eq!(a.heads(), (Some(10), false));
    let mark = b.switch(Way::Band);
    meet(&mut a, &mut b);
    assert_eq!((a.heads(), a.sums()), ((Some(10), false), (10, 10)), "who saw all of it has said so");

    b.give(&Intent::Unswitch { mark });
    meet(&mut a, &mut b);
    assert_eq!(a.sums(), (10, 10), "taking back one's own leaves that of others");
    a.give(&Intent::Unswitch { mark: seen_by_both });
    assert_eq!(a.heads(), (Some(10), true));
}

#[test]
fn dom_13_two_who_carry_over_their_own_heads_apart_add_up() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.count(RESIDENT, 10).switch(Way::Band);
    b.count(RESIDENT, 4).switch(Way::Band);
    a.count(BAND, 2);
    b.count(BAND, 1);
    meet(&mut a, &mut b);
    assert_eq!((a.heads().0, a.sums()), (Some(17), (17, 14)));
}

#[test]
fn dom_13_what_nobody_has_seen_together_is_flagged_until_somebody_switches_again() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.count(RESIDENT, 10).switch(Way::Band);
    b.count(BAND, 5).switch(Way::Audience);
    meet(&mut a, &mut b);
    assert_eq!((a.heads(), a.sums()), ((Some(15), true), (15, 15)));
    a.switch(Way::Audience);
    meet(&mut a, &mut b);
    assert_eq!(b.heads(), (Some(15), false));

    a.count(RESIDENT, 1);
    b.count(BAND, 1);
    meet(&mut a, &mut b);
    assert_eq!(a.heads(), (Some(16), true), "equal sums, but of heads counted apart");
}

#[test]
fn dom_13_links_of_documents_from_before_are_read_and_only_those_a_switch_made() {
    let mut a = Writer::new(1);
    for link in ["carried/band/0", "carried/band/-3", "carried/band/020", "carried/band/9999999", "carried/age/3"] {
        let intent = Intent::Link { link: link.to_owned() };
        assert!(intent.apply(IntentId { device: a.device, number: 1 }, &mut a.document).is_err(), "{link}");
        a.document.link(link).unwrap();
    }
    assert_eq!(a.heads().0, None, "also when another program writes it");

    a.count(RESIDENT, 20).give(&Intent::Link { link: "carried/band/20".to_owned() });
    assert_eq!((a.heads(), a.sums()), ((Some(20), false), (20, 20)));
    a.count(BAND, 2).switch(Way::Audience);
    assert_eq!(a.count(RESIDENT, 1).heads().0, Some(23));
}

#[test]
fn dom_13_what_no_tablet_would_say_of_a_switch_counts_for_nothing() {
    let mut a = Writer::new(1);
    a.count(RESIDENT, 3);
    let device = a.device;
    for (mark, text) in [
        ("x", "{}".to_owned()),
        ("x y", format!(r#"{{"to":"band","carried":3,"heads":3,"by":"{device}"}}"#)),
        ("far", format!(r#"{{"to":"band","carried":3,"heads":9999999,"by":"{device}"}}"#)),
        ("low", format!(r#"{{"to":"band","carried":3,"heads":3,"by":"{device}","band":{{"{device}":-9000000}}}}"#)),
        ("ring", format!(r#"{{"to":"band","carried":3,"heads":900,"by":"{device}","after":["ring"]}}"#)),
    ] {
        a.document.set_field(&format!("switched.{mark}"), Some(&Scalar::Text(text))).unwrap();
    }
    assert_eq!((a.heads(), a.sums()), ((Some(3), false), (0, 3)));
    assert!(Intent::Switch { to: Way::Band, mark: "A".to_owned() }.check().is_err());
    assert!(Intent::Unswitch { mark: String::new() }.check().is_err());
}

#[test]
fn doc_13_what_two_people_take_back_apart_is_taken_back_once() {
    let (mut a, mut b, mut c) = (Writer::new(1), Writer::new(2), Writer::new(3));
    a.count(BAND, 50);
    b.take(&a).void(BAND, 50);
    c.take(&a).void(BAND, 50);
    meet(&mut b, &mut c);
    assert_eq!((b.view().total(BAND), b.heads()), (None, (None, false)));

    meet(&mut a, &mut b);
    a.count(BAND, 1);
    c.count(BAND, 2);
    meet(&mut a, &mut c);
    assert_eq!(a.heads().0, Some(3), "who counts again begins anew");
}

#[test]
fn doc_13_what_older_tablets_took_back_apart_has_no_value_and_counting_begins_anew() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    let devices: Vec<DeviceId> = (1..=3).map(|name| DeviceId::from_bytes([name; 16])).collect();
    for (device, by) in devices.iter().zip([50, -50, -50]) {
        a.document.count(VIEWERS, *device, by).unwrap();
        a.document.link(&format!("void/{VIEWERS}@{device}")).unwrap();
    }
    a.document.commit(Timestamp(0), "tanaka", None);
    assert_eq!(a.view().total(VIEWERS), None);
    assert!(facts(&a.document).flags.is_empty());

    b.take(&a);
    a.count(VIEWERS, 4);
    b.count(VIEWERS, 0);
    meet(&mut a, &mut b);
    assert_eq!(a.view().total(VIEWERS), Some(4));
}

#[test]
fn doc_13_what_was_counted_after_a_look_is_not_taken_back() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.count(VIEWERS, 12);
    b.take(&a).count(VIEWERS, 1).void(VIEWERS, 12);
    assert_eq!(b.view().total(VIEWERS), Some(1), "a tap that came between");
    b.void(VIEWERS, 1);
    assert_eq!(b.view().total(VIEWERS), None);
    a.count(VIEWERS, 1);
    meet(&mut a, &mut b);
    assert_eq!(a.view().total(VIEWERS), Some(1), "counted apart");

    a.count(VIEWERS, -1).count(VIEWERS, 5);
    b.take(&a).void(VIEWERS, 5).count(VIEWERS, 5);
    assert_eq!(b.view().total(VIEWERS), Some(5), "the number again");
}

#[test]
fn doc_13_a_number_emptied_after_a_look_at_the_other_way_of_counting_is_in_no_total() {
    let mut a = Writer::new(1);
    a.count(BAND, 3).switch(Way::Audience);
    a.switch(Way::Band);
    a.void(BAND, 3);
    assert_eq!((a.heads(), a.sums()), ((None, false), (0, 0)));
    a.count(BAND, 2);
    assert_eq!(a.heads(), (Some(2), false));
    // a tap that is taken back leaves nothing reported, and nothing of what was taken away comes back with it
    a.switch(Way::Audience);
    a.switch(Way::Band);
    a.count(BAND, -1).count("attendance.band.60-69", 1);
    assert_eq!(a.heads(), (Some(2), false));
    a.void("attendance.band.60-69", 1);
    assert_eq!(a.heads(), (Some(1), false));
}

#[test]
fn doc_13_what_one_had_not_seen_stays_when_another_takes_the_same_back_apart() {
    let (mut a, mut b, mut c, mut d) = (Writer::new(1), Writer::new(2), Writer::new(3), Writer::new(4));
    a.count(VIEWERS, 12);
    c.take(&a).void(VIEWERS, 12);
    d.count(VIEWERS, 2);
    // the two come while the box is being emptied
    b.take(&a);
    let seen = b.by_device(VIEWERS);
    b.take(&d).void_of(VIEWERS, 12, seen);
    assert_eq!(b.view().total(VIEWERS), Some(2));
    meet(&mut b, &mut c);
    assert_eq!(b.view().total(VIEWERS), Some(2));
}

#[test]
fn doc_13_nobody_changes_what_stands_under_the_name_of_another() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.count(VIEWERS, 50);
    b.take(&a).void(VIEWERS, 50);
    assert_eq!(b.view().total(VIEWERS), None);
    a.take(&b).count(VIEWERS, 1);
    let counts = a.by_device(VIEWERS).unwrap();
    assert_eq!((a.view().total(VIEWERS), counts[&a.device], counts[&b.device]), (Some(1), 51, -50));
    b.take(&a).count(VIEWERS, 50);
    let counts = b.by_device(VIEWERS).unwrap();
    assert_eq!(
        (b.view().total(VIEWERS), counts[&b.device]),
        (Some(51), 0),
        "taken back again by who had taken it back"
    );

    // what no tablet would write
    let mut c = Writer::new(3);
    c.take(&b);
    for (mark, text) in [
        ("far", format!(r#"{{"measure":"{VIEWERS}","took":9223372036854775807,"seen":{{"{}":3}}}}"#, a.device)),
        ("more", format!(r#"{{"measure":"{VIEWERS}","took":900,"seen":{{"{}":3}}}}"#, a.device)),
        ("none", format!(r#"{{"measure":"{BAND}","took":0,"seen":{{"{}":3}}}}"#, a.device)),
        ("half", "{".to_owned()),
    ] {
        c.document.set_field(&format!("voided.{mark}"), Some(&Scalar::Text(text))).unwrap();
    }
    assert_eq!(c.by_device(VIEWERS), b.by_device(VIEWERS));
    assert_eq!(c.view().total(BAND), None, "what nobody counted");
    let under_own_name = format!(r#"{{"measure":"{VIEWERS}","took":0,"seen":{{"{}":30}}}}"#, a.device);
    c.document.set_field("voided.own", Some(&Scalar::Text(under_own_name))).unwrap();
    let counts = c.by_device(VIEWERS).unwrap();
    assert_eq!((counts[&a.device], counts.get(&c.device)), (51, None), "what was taken back before");
    assert!(c.view().fields.is_empty());
}

#[test]
fn doc_13_tablets_that_know_no_fields_come_to_the_same() {
    let (mut a, mut b) = (Writer::new(1), Writer::new(2));
    a.count(VIEWERS, 50);
    b.take(&a).void(VIEWERS, 50);
    let sum = |writer: &Writer| writer.document.tallies().iter().map(|(.., count)| count).sum::<i64>();
    assert_eq!(sum(&b), 0);
    b.count(VIEWERS, 3);
    assert_eq!((sum(&b), b.view().total(VIEWERS)), (3, Some(3)));
}

#[test]
fn doc_13_heads_carried_over_are_taken_back_like_others() {
    let mut a = Writer::new(1);
    a.count(RESIDENT, 20).switch(Way::Band);
    a.void(NO_AGE, 20);
    assert_eq!((a.view().total(NO_AGE), a.heads().0), (None, Some(20)));
    a.count(NO_AGE, 0);
    assert_eq!(a.view().total(NO_AGE), Some(0), "who says that there were none means it");
    a.void(NO_AGE, 0).switch(Way::Band);
    assert_eq!((a.view().total(NO_AGE), a.heads()), (Some(20), (Some(20), false)), "until somebody switches again");

    // those carried over are told apart by age
    let (mut b, mut c) = (Writer::new(2), Writer::new(3));
    b.count(RESIDENT, 4).switch(Way::Band);
    assert_eq!(b.count(BAND, 4).heads(), (Some(8), false));
    c.take(&b).void(NO_AGE, 4);
    b.void(NO_AGE, 4);
    meet(&mut b, &mut c);
    assert_eq!((b.view().total(NO_AGE), b.heads()), (None, (Some(4), false)), "two who empty it apart empty it once");
    assert_eq!(b.count(NO_AGE, 0).heads(), (Some(4), false));
    assert_eq!(b.count(NO_AGE, 3).heads().0, Some(7));
}

/// What somebody does: a tap by the way they count by, a switch, or taking in what another tablet has.
#[derive(Clone, Debug)]
enum Act {
    Tap,
    Switch,
    Take(usize),
}

fn act() -> impl Strategy<Value = (usize, Act)> {
    let act = prop_oneof![5 => Just(Act::Tap), 2 => Just(Act::Switch), 2 => (0..3_usize).prop_map(Act::Take)];
    (0..3_usize, act)
}

/// What came of acts: the tablets, how many heads they counted, each once, and whether somebody who had to judge what was
/// counted apart took another number for true.
struct Outcome {
    tablets: [Writer; 3],
    heads: i64,
    judged: bool,
}

fn carried_out(acts: &[(usize, Act)], begin: [Way; 3]) -> Outcome {
    let mut tablets = [Writer::new(1), Writer::new(2), Writer::new(3)];
    let mut seen: [BTreeSet<usize>; 3] = std::array::from_fn(|_| BTreeSet::new());
    let (mut ways, mut judged) = (begin, false);
    for (number, (own, act)) in acts.iter().enumerate() {
        let (before, differed) = tablets[*own].heads();
        match act {
            Act::Tap => {
                seen[*own].insert(number);
                tablets[*own].count(if ways[*own] == Way::Band { BAND } else { RESIDENT }, 1);
            }
            Act::Switch => {
                if before.unwrap_or(0) != seen[*own].len() as i64 {
                    assert!(differed || judged, "who judges is told");
                    judged = true;
                }
                ways[*own] = if ways[*own] == Way::Band { Way::Audience } else { Way::Band };
                tablets[*own].switch(ways[*own]);
                assert_eq!(tablets[*own].heads().0, before, "a switch changes no total");
            }
            Act::Take(other) => {
                let (other, known) = (tablets[*other].clone(), seen[*other].clone());
                tablets[*own].take(&other);
                seen[*own].extend(known);
            }
        }
    }
    let heads = acts.iter().filter(|(_, act)| matches!(act, Act::Tap)).count() as i64;
    Outcome { tablets, heads, judged }
}

fn together(tablets: &[Writer; 3], order: [usize; 3]) -> Writer {
    let mut all = tablets[order[0]].clone();
    all.take(&tablets[order[1]]).take(&tablets[order[2]]);
    all
}

proptest! {
    #[test]
    fn dom_13_alone_each_head_counts_whatever_is_switched(acts in prop::collection::vec(any::<bool>(), 1..40)) {
        let acts: Vec<(usize, Act)> = acts.into_iter().map(|tap| (0, if tap { Act::Tap } else { Act::Switch })).collect();
        let Outcome { tablets, heads, .. } = carried_out(&acts, [Way::Audience; 3]);
        prop_assert_eq!(tablets[0].heads().0.unwrap_or(0), heads);
    }

    #[test]
    fn dom_13_alone_heads_taken_away_are_gone_or_flagged(acts in prop::collection::vec(0..7_u8, 1..40)) {
        let mut tablet = Writer::new(1);
        let (mut way, mut came) = (Way::Audience, 0);
        let mut counted = [0, 0];
        for act in acts {
            let measure = if way == Way::Band { BAND } else { RESIDENT };
            let own = &mut counted[usize::from(way == Way::Band)];
            match act {
                6 => {
                    if let Some(total) = tablet.view().total(measure) {
                        tablet.void(measure, total);
                        (*own, came) = (0, came - *own);
                    }
                }
                0 | 1 => {
                    tablet.count(measure, 1);
                    (*own, came) = (*own + 1, came + 1);
                }
                2 | 3 if *own > 0 => {
                    tablet.count(measure, -1);
                    (*own, came) = (*own - 1, came - 1);
                }
                2 | 3 => {}
                _ => {
                    let before = tablet.heads();
                    prop_assert!(before.0.unwrap_or(0) == came || before.1, "who judges is told");
                    came = before.0.unwrap_or(0);
                    way = if way == Way::Band { Way::Audience } else { Way::Band };
                    tablet.switch(way);
                    prop_assert_eq!(tablet.heads().0, before.0, "a switch changes no total");
                }
            }
            let (total, differs) = tablet.heads();
            prop_assert!(total.unwrap_or(0) == came || differs, "{total:?} of {came} without a flag");
            prop_assert!(total.unwrap_or(0) >= came, "{total:?} of {came}");
        }
    }

    #[test]
    fn dom_13_apart_a_total_that_is_not_flagged_is_what_came(
        acts in prop::collection::vec(act(), 1..30), way in prop_oneof![Just(Way::Band), Just(Way::Audience)],
    ) {
        let Outcome { tablets, heads, judged } = carried_out(&acts, [way; 3]);
        let all = together(&tablets, [0, 1, 2]);
        for order in [[0, 2, 1], [1, 0, 2], [2, 1, 0]] {
            prop_assert_eq!(together(&tablets, order).view(), all.view());
        }
        let (total, differs) = all.heads();
        let (bands, audiences) = all.sums();
        prop_assert!(bands.max(audiences) == total.unwrap_or(0));
        prop_assert!(total.unwrap_or(0) <= heads, "no head is counted twice: {total:?} of {heads}");
        prop_assert!(differs || judged || total.unwrap_or(0) == heads, "{total:?} of {heads} without a flag");
    }
}

#[test]
fn dom_15_a_number_that_two_type_apart_is_told_until_somebody_types_it_again() {
    let typed = |writer: &mut Writer, by| {
        writer.give(&Intent::Count { measure: VIEWERS.parse().unwrap(), by, reason: Some(Reason::Recount) });
    };
    let is_told = |writer: &Writer| facts(&writer.document).flags.contains(&Flag::TypedApart);
    let (mut a, mut b, mut c) = (Writer::new(1), Writer::new(2), Writer::new(3));
    typed(&mut a, 10);
    c.take(&a);
    typed(&mut c, -2);
    assert!(!is_told(&c), "who corrects what they see");
    typed(&mut b, 10);
    meet(&mut a, &mut b);
    assert_eq!((a.view().total(VIEWERS), is_told(&a), a.view().typed_apart.len()), (Some(20), true, 1));
    assert!(a.view().fields.is_empty());
    let mut same = a.clone();
    typed(&mut same, 0);
    assert!(!is_told(&same), "it was right");
    typed(&mut b, -10);
    meet(&mut a, &mut b);
    assert_eq!((a.view().total(VIEWERS), is_told(&a)), (Some(10), false));

    // what no tablet would write
    let other = format!("typed.{VIEWERS}@{}", c.device);
    a.document.set_field(&other, Some(&Scalar::Text(format!(r#"{{"{}":999}}"#, c.device)))).unwrap();
    assert!(!is_told(&a), "in the name of another");
}

#[test]
fn dom_13_ways_and_their_measures_are_named_alike() {
    for (way, measure) in [(Way::Band, Measure::Band("unknown")), (Way::Audience, Measure::Audience("unknown"))] {
        assert!(measure.to_string().contains(way.as_str()));
    }
}
