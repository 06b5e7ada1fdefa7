//! What the made-up municipalities and associations did: talks, screenings, things handed out, meetings, consultations.

use chrono::{Datelike as _, Days, NaiveDate};
use sync_core::document::{Kind, TextName};
use sync_core::domain::vocabulary::{AGE_BANDS, CancelReason, StepState};
use sync_core::domain::{Date, Measure};
use sync_core::ids::DocumentId;
use uuid::Uuid;

use super::chance::Chance;
use crate::api::Municipality;
use crate::wanted::Wanted;

const NAMESPACE: Uuid = Uuid::from_u128(0x0a1d_49d3_63c2_5b0e_8f5b_1b9a_55e0_7a02);

/// Talks: activity, title, occasion.
const TALKS: [(&str, &str, &str); 5] = [
    ("lecture", "見本 人生会議の講話", "通いの場"),
    ("round_table", "見本 もしもの話をする座談会", "通いの場"),
    ("visiting_lecture", "見本 人生会議の出前講座", "民生委員研修会"),
    ("public_lecture", "見本 人生会議の講演会", "市民講座"),
    ("booth", "見本 終活フェアの相談ブース", "終活フェア"),
];

/// How large a municipality's work is, in tenths. Names that are not in the list count by their type.
fn size(name: &str) -> i64 {
    match name {
        "さいたま市" => 60,
        "川口市" => 40,
        "川越市" | "所沢市" | "越谷市" => 28,
        "草加市" | "春日部市" | "上尾市" | "熊谷市" | "新座市" => 20,
        _ if name.ends_with('市') => 12,
        _ => 5,
    }
}

struct Maker<'a> {
    key: String,
    chance: Chance,
    year: i64,
    until: Date,
    association: &'a str,
    municipality: Option<&'a str>,
}

impl Maker<'_> {
    fn start(&mut self, what: &str, activity: &str, title: &str, kind: Kind) -> Wanted {
        let name = format!("{}|{}|{what}", self.key, self.year);
        self.chance = Chance::new(&name);
        let id = DocumentId::from_bytes(Uuid::new_v5(&NAMESPACE, name.as_bytes()).into_bytes());
        let mut wanted = Wanted::new(id, kind);
        wanted.set_number("fiscal_year", self.year);
        wanted.set_text("activity", Some(activity));
        wanted.set_text("title", Some(title));
        wanted.set_text("municipality", self.municipality);
        wanted.set_text("association", Some(self.association));
        wanted
    }

    /// A working day of the year between two months, counted from April.
    fn day(&mut self, from: i64, months: i64) -> Option<NaiveDate> {
        let april = NaiveDate::from_ymd_opt(i32::try_from(self.year).ok()?, 4, 1)?;
        let days = from * 30 + self.chance.below(months * 30);
        let day = april.checked_add_days(Days::new(u64::try_from(days).ok()?))?;
        let weekend = u64::from(day.weekday().num_days_from_monday().saturating_sub(4));
        day.checked_add_days(Days::new(if weekend > 0 { 3 - weekend } else { 0 }))
    }

    /// Dates a record and says whether that day is past.
    fn date(&self, wanted: &mut Wanted, day: NaiveDate) -> bool {
        let text = day.format("%Y-%m-%d").to_string();
        wanted.set_text("date", Some(&text));
        Date::parse(&text).is_some_and(|date| date <= self.until)
    }
}

/// A municipality's year.
pub(super) fn of_municipality(
    municipality: &Municipality,
    association: &str,
    lecturers: &[String],
    year: i64,
    until: Date,
    records: &mut Vec<Wanted>,
) {
    let size = size(&municipality.name);
    let key = municipality.code.clone();
    let mut maker =
        Maker { chance: Chance::new(&key), key, year, until, association, municipality: Some(&municipality.code) };
    let talks = (size + maker.chance.below(8)) / 10;
    for number in 0..talks.min(6) {
        records.extend(talk(&mut maker, lecturers, size, number));
    }
    let rounds = if size >= 20 { 4 } else { 2 };
    for round in 0..rounds {
        records.extend(handed_out(&mut maker, size, round, 12 / rounds));
    }
    if size >= 12 && maker.chance.percent(30) {
        records.extend(screening(&mut maker));
    }
}

/// An association's year: meetings and consultations.
pub(super) fn of_association(area: &str, association: &str, year: i64, until: Date, records: &mut Vec<Wanted>) {
    let key = format!("area|{area}");
    let mut maker = Maker { chance: Chance::new(&key), key, year, until, association, municipality: None };
    for half in 0..2 {
        let mut wanted = maker.start(&format!("meeting{half}"), "meeting", "見本 ネットワーク会議", Kind::Session);
        wanted.set_text("item", Some("イ"));
        if let Some(day) = maker.day(2 + half * 6, 2) {
            if maker.date(&mut wanted, day) {
                wanted.steps.push((StepState::Held, None));
                wanted.totals.insert(Measure::Audience("medical"), 8 + maker.chance.below(12));
                wanted.totals.insert(Measure::Audience("care"), 6 + maker.chance.below(12));
            } else {
                wanted.steps.push((StepState::Confirmed, None));
            }
            records.push(wanted);
        }
    }
    for month in (0..12).step_by(4) {
        let mut wanted = maker.start(
            &format!("consultation{month}"),
            "consultation",
            "見本 在宅医療連携拠点 相談",
            Kind::Consultation,
        );
        wanted.set_text("item", Some("オ"));
        if let Some(day) = maker.day(month, 1)
            && Date::parse(&day.format("%Y-%m-%d").to_string()).is_some_and(|date| date <= until)
        {
            wanted.set_text("month", Some(&day.format("%Y-%m").to_string()));
            wanted.steps.push((StepState::Held, None));
            for way in ["visit", "interview", "telephone"] {
                wanted.totals.insert(Measure::Consultation(way), 1 + maker.chance.below(9));
            }
            records.push(wanted);
        }
    }
}

fn talk(maker: &mut Maker<'_>, lecturers: &[String], size: i64, number: i64) -> Option<Wanted> {
    let mut wanted = maker.start(&format!("talk{number}"), "lecture", "", Kind::Session);
    let (activity, title, occasion) = maker.chance.pick(&TALKS)?;
    wanted.set_text("activity", Some(activity));
    wanted.set_text("title", Some(title));
    wanted.set_text("occasion", Some(occasion));
    wanted.set_text("item", Some("キ"));
    wanted.set_text("start", maker.chance.pick(&["10:00", "13:30", "14:00"]).copied());
    let held = {
        let day = maker.day(1, 10)?;
        maker.date(&mut wanted, day)
    };
    let is_dispatch = *activity != "booth" && maker.chance.percent(75);
    if is_dispatch {
        wanted.set_text("dispatched_by", Some(maker.association));
        wanted.links.insert(format!("lecturer/{}", maker.chance.pick(lecturers)?));
        wanted.steps.push((StepState::Requested, None));
    }
    if maker.chance.percent(9) {
        let reasons = [CancelReason::Infection, CancelReason::Lecturer, CancelReason::FewPeople, CancelReason::Weather];
        wanted.steps.push((StepState::Cancelled, maker.chance.pick(&reasons).copied()));
        return Some(wanted);
    }
    if !held {
        wanted.steps.push((if is_dispatch { StepState::Confirmed } else { StepState::Requested }, None));
        wanted.steps.dedup();
        return Some(wanted);
    }
    wanted.steps.push((StepState::Held, None));
    if maker.chance.percent(15) {
        return Some(wanted);
    }
    let heads = 12 + maker.chance.below(10 + size / 2);
    for (band, share) in AGE_BANDS.into_iter().zip([2, 3, 5, 8, 15, 22, 30, 10, 5]) {
        let part = heads * share / 100;
        if part > 0 {
            wanted.totals.insert(Measure::Band(band), part);
        }
    }
    if maker.chance.percent(60) {
        let knows = heads / 4 + maker.chance.below(heads / 3);
        wanted.totals.insert(Measure::Answer { question: "knows-acp", answer: "yes" }, knows);
        wanted.totals.insert(Measure::Answer { question: "knows-acp", answer: "no" }, heads - knows);
    }
    if maker.chance.percent(25) {
        wanted.texts.insert(TextName::Outcome, "見本 家族と話すきっかけになったという声が多かった。".to_owned());
        wanted.texts.insert(TextName::Issue, "見本 男性の参加が少ない。".to_owned());
    }
    Some(wanted)
}

fn handed_out(maker: &mut Maker<'_>, size: i64, round: i64, months: i64) -> Option<Wanted> {
    let mut wanted =
        maker.start(&format!("handout{round}"), "distribution", "見本 カードとあんしんセットの配布", Kind::Session);
    wanted.set_text("item", Some("エ"));
    let day = maker.day(round * months, months)?;
    if !maker.date(&mut wanted, day) {
        return None;
    }
    wanted.steps.push((StepState::Held, None));
    for (material, eligibility, most) in [
        ("contact-card", "age-75", 6),
        ("contact-card", "newly-certified", 4),
        ("anshin-set", "newly-certified", 3),
        ("anshin-set", "living-alone", 2),
    ] {
        let measure = Measure::Material { material: material.to_owned(), eligibility: eligibility.to_owned() };
        let number = most * size / 4 + maker.chance.below(most * size / 2 + 1);
        wanted.count_or_note(measure, (!maker.chance.percent(12)).then_some(number));
    }
    Some(wanted)
}

fn screening(maker: &mut Maker<'_>) -> Option<Wanted> {
    let mut wanted = maker.start("screening", "screening", "見本 DVD上映", Kind::Session);
    wanted.set_text("item", Some("キ"));
    wanted.set_text("occasion", maker.chance.pick(&["特定健診", "通いの場", "民生委員研修会"]).copied());
    wanted.set_text("medium", Some("jinsei-kaigi-dvd"));
    let day = maker.day(2, 9)?;
    if !maker.date(&mut wanted, day) {
        return None;
    }
    wanted.steps.push((StepState::Held, None));
    let viewers = maker.chance.percent(60).then(|| 10 + maker.chance.below(40));
    wanted.count_or_note(Measure::Viewers, viewers);
    Some(wanted)
}
