//! From a case file to wanted records, without making anything up.
//!
//! | the file says | the records say |
//! | --- | --- |
//! | quantity, viewers or consultations `null` or absent | `noted/<measure>`: it took place, no number |
//! | `attendance` `null` or absent | nothing: not reported |
//! | `attendance` without bands, or more than the bands' sum | the (rest of the) heads in the band `unknown` |
//! | a band wider than ours (65歳以上) | `unknown`, and a note |
//! | one number for several records | the number once, on a record that shares place and date with all of them, or on a record of its own without activity; a note in its text; never split |
//! | several lecturers for several records | all linked, `lecturer_attribution` = `among` |
//! | `spread` naming all of the area's towns | one record in each, the remaining ones without municipality |
//! | `spread` naming some of them | no municipality, and a note |
//! | several municipalities | one record each; fewer records than municipalities: none placed, and a note |
//! | a talk by a bank lecturer | `dispatched_by` as stated, else the lecturers' association, else the area's only one |
//! | a lecturer outside the bank | a link, no dispatch |
//! | no eligibility | the eligibility 区分不明 |
//! | `online` | held; venue オンライン, or `also` when a venue is stated |
//! | `stock`, `plan_next_year` | nothing yet: checked, and a note |

use std::collections::{BTreeMap, BTreeSet};

use sync_core::document::{Kind, TextName};
use sync_core::domain::Measure;
use sync_core::domain::vocabulary::{Activity as ActivityKind, CONSULTATION_WAYS, StepState};
use sync_core::ids::DocumentId;
use uuid::Uuid;

use super::CaseError;
use super::form::{Activity, CaseFile, Status};
use super::names::{Known, Names};
use super::places;
use super::words::{self, Band};
use crate::output::activity_word;
use crate::wanted::Wanted;
use places::Slot;

/// Names every record that comes from a case file.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d0b_6c0e_2f6b_5a3f_9d57_7c1e_84a1_1c01);

/// What a file asks for, and what a person should know about how it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// The records.
    pub records: Vec<Wanted>,
    /// Notes for the person who loads the file.
    pub notes: Vec<String>,
}

/// Makes the wanted records of a file.
pub fn map(case: &CaseFile, names: &Names) -> Result<Mapped, CaseError> {
    let mut mapper = Mapper { case, names, mapped: Mapped::default(), seen: BTreeMap::new() };
    for (index, name) in case.area.municipalities.iter().enumerate() {
        names.municipality(&format!("area.municipalities[{index}]"), name)?;
    }
    for (index, activity) in case.activities.iter().enumerate() {
        mapper.activity(&format!("activities[{index}]"), activity)?;
    }
    let mut unread = Vec::new();
    if let Some(stock) = case.stock.as_ref().filter(|stock| !stock.is_empty()) {
        unread.push(format!("在庫 {} 件", stock.len()));
    }
    if case.plan_next_year.is_some() {
        unread.push("次年度の計画".to_owned());
    }
    if !unread.is_empty() {
        mapper.mapped.notes.push(format!("{}は読みましたが、入れる先がないため登録していません", unread.join("と")));
    }
    Ok(mapper.mapped)
}

/// Every measure an activity speaks of; `None` where it gives no number.
type Amounts = BTreeMap<Measure, Option<i64>>;

struct Mapper<'a> {
    case: &'a CaseFile,
    names: &'a Names,
    mapped: Mapped,
    /// How many records of each identity there are already.
    seen: BTreeMap<String, u32>,
}

impl Mapper<'_> {
    fn activity(&mut self, place: &str, activity: &Activity) -> Result<(), CaseError> {
        let label = activity.title.clone().unwrap_or_else(|| activity_word(activity.kind).to_owned());
        let slots = places::slots(&self.case.area, activity, place, &mut |note| {
            self.mapped.notes.push(format!("{label}: {note}"));
        })?;
        let amounts = self.amounts(place, activity, &label)?;
        let lecturers: Vec<Known> = activity
            .lecturers
            .iter()
            .flatten()
            .enumerate()
            .map(|(i, name)| self.names.lecturer(&format!("{place}.lecturers[{i}]"), name))
            .collect::<Result<_, _>>()?;
        let dispatched_by = self.dispatched_by(place, activity, &lecturers, &label)?;
        let carrier = places::carrier(&slots);
        let has_total = slots.len() > 1 && amounts.values().any(Option::is_some);
        let texts_at = |slot: &Slot, index: usize| match slots.iter().any(|slot| slot.municipality.is_some()) {
            true if slots.iter().any(|other| other.municipality != slot.municipality) => slot.municipality.is_some(),
            _ => index == 0,
        };
        let mut group = Vec::new();
        for (index, slot) in slots.iter().enumerate() {
            let mut wanted = self.common(place, activity, slot)?;
            wanted.set_text("activity", Some(activity.kind.as_str()));
            wanted.set_text("title", activity.title.as_deref());
            wanted.set_text("dispatched_by", dispatched_by.as_deref());
            wanted.set_text("medium", activity.medium.as_deref().map(|name| self.names.medium(name)).as_deref());
            if !lecturers.is_empty() {
                let among = lecturers.len() > 1 && slots.len() > 1;
                wanted.set_text("lecturer_attribution", Some(if among { "among" } else { "named" }));
                wanted.links.extend(lecturers.iter().map(|lecturer| format!("lecturer/{}", lecturer.id)));
            }
            if texts_at(slot, index) {
                write_texts(&mut wanted, activity);
            }
            let carries = slots.len() == 1 || carrier == Some(index);
            for (measure, value) in &amounts {
                let value = value.filter(|_| carries);
                if value.is_some() || !is_attendance(measure) {
                    wanted.count_or_note(measure.clone(), value);
                }
            }
            group.push(wanted);
        }
        if has_total {
            let note = format!("ここの人数・数量は、同じ内容の{}件の合計として報告されたもの", slots.len());
            self.mapped
                .notes
                .push(format!("{label}: {}件の合計だけが報告されているため、1件ごとには分けていません", slots.len()));
            match carrier {
                Some(index) => append_outcome(&mut group[index], &note),
                None => {
                    let mut total = self.common(place, activity, &places::shared(&slots))?;
                    total.document = self.id(activity, &places::shared(&slots), "合計");
                    total.set_text("title", Some(&format!("{label}（合計）")));
                    for (measure, value) in amounts.iter().filter(|(_, value)| value.is_some()) {
                        total.count_or_note(measure.clone(), *value);
                    }
                    append_outcome(&mut total, &note);
                    group.push(total);
                }
            }
        }
        self.mapped.records.extend(group);
        Ok(())
    }

    /// What every record of an activity says, apart from what it counts.
    fn common(&mut self, place: &str, activity: &Activity, slot: &Slot) -> Result<Wanted, CaseError> {
        let kind = match activity.kind {
            ActivityKind::Consultation => Kind::Consultation,
            _ => Kind::Session,
        };
        let mut wanted = Wanted::new(self.id(activity, slot, ""), kind);
        wanted.set_number("fiscal_year", self.case.fiscal_year);
        wanted.set_text("item", activity.item.as_deref());
        wanted.set_text("theme", activity.theme.as_deref());
        wanted.set_text("occasion", activity.occasion.as_deref());
        wanted.set_text("host", activity.host.as_deref());
        wanted.set_text("venue", activity.venue.as_deref());
        wanted.set_text("medical_area", self.case.area.medical_area.as_deref());
        wanted.set_text("date", slot.date.as_deref());
        if let Some(name) = &slot.municipality {
            let code = self.names.municipality(&format!("{place}.municipality"), name)?;
            wanted.set_text("municipality", Some(&code));
        }
        if let Some(name) = self.case.area.only_association() {
            let id = self.names.association("area.association", name)?;
            wanted.set_text("association", Some(&id));
        }
        let mut also = activity.also.clone();
        let status = activity.status.unwrap_or_default();
        if status == Status::Online {
            if activity.venue.is_none() {
                wanted.set_text("venue", Some("オンライン"));
            } else {
                also.push("オンライン".to_owned());
            }
        }
        wanted.set_text("also", Some(&also.join("、")));
        wanted.steps.push(match status {
            Status::Held | Status::Online => (StepState::Held, None),
            Status::Cancelled => (StepState::Cancelled, activity.reason),
            Status::Postponed => (StepState::Postponed, activity.reason),
        });
        Ok(wanted)
    }

    /// The same id for the same record, from every machine and in every order of the file's lines.
    fn id(&mut self, activity: &Activity, slot: &Slot, role: &str) -> DocumentId {
        let area = &self.case.area;
        let text = |text: &Option<String>| text.as_deref().unwrap_or("").trim().to_owned();
        let mut associations = area.all_associations();
        associations.sort_unstable();
        let municipalities = if associations.is_empty() { area.municipalities.join("|") } else { String::new() };
        let identity = [
            self.names.registry.tenant.code.clone(),
            text(&area.medical_area),
            associations.join("|"),
            municipalities,
            self.case.fiscal_year.to_string(),
            activity.kind.as_str().to_owned(),
            text(&activity.item),
            text(&activity.title),
            text(&activity.theme),
            text(&activity.occasion),
            text(&activity.host),
            text(&activity.venue),
            text(&activity.medium),
            text(&activity.material),
            text(&activity.eligibility),
            text(&slot.municipality),
            text(&slot.date),
            role.to_owned(),
        ]
        .join("\u{1f}");
        let occurrence = self.seen.entry(identity.clone()).or_insert(0);
        *occurrence += 1;
        let name = format!("{identity}\u{1f}{occurrence}");
        DocumentId::from_bytes(Uuid::new_v5(&NAMESPACE, name.as_bytes()).into_bytes())
    }

    fn dispatched_by(
        &mut self,
        place: &str,
        activity: &Activity,
        lecturers: &[Known],
        label: &str,
    ) -> Result<Option<String>, CaseError> {
        if let Some(name) = &activity.dispatched_by {
            return self.names.association(&format!("{place}.dispatched_by"), name).map(Some);
        }
        let is_talk = matches!(
            activity.kind,
            ActivityKind::Lecture
                | ActivityKind::RoundTable
                | ActivityKind::PublicLecture
                | ActivityKind::VisitingLecture
                | ActivityKind::Training
        );
        let bank: Vec<&Known> = lecturers.iter().filter(|lecturer| lecturer.bank).collect();
        if !is_talk || bank.is_empty() {
            return Ok(None);
        }
        let own: BTreeSet<&String> = bank.iter().filter_map(|lecturer| lecturer.association.as_ref()).collect();
        let all_state_one = bank.iter().all(|lecturer| lecturer.association.is_some());
        match (own.first(), own.len(), all_state_one, self.case.area.only_association()) {
            (Some(only), 1, true, _) => Ok(Some((*only).clone())),
            (_, _, false, Some(area)) => self.names.association("area.association", area).map(Some),
            _ => {
                let note = "どの医師会の派遣かが書かれていないため、派遣としては数えません（dispatched_by で示せます）";
                self.mapped.notes.push(format!("{label}: {note}"));
                Ok(None)
            }
        }
    }

    fn amounts(&mut self, place: &str, activity: &Activity, label: &str) -> Result<Amounts, CaseError> {
        let mut amounts = Amounts::new();
        self.attendance(place, activity, label, &mut amounts)?;
        if activity.kind == ActivityKind::Screening || activity.medium.is_some() || activity.viewers.is_some() {
            amounts.insert(Measure::Viewers, activity.viewers.map(i64::from));
        }
        if let Some(name) = &activity.material {
            let eligibility = words::eligibility(activity.eligibility.as_deref());
            let (material, eligibility) = self.names.material(&format!("{place}.material"), name, eligibility)?;
            amounts.insert(Measure::Material { material, eligibility }, activity.quantity.map(i64::from));
        }
        if activity.kind == ActivityKind::Consultation || activity.by.is_some() {
            consultations(activity, &mut amounts);
        }
        Ok(amounts)
    }

    fn attendance(
        &mut self,
        place: &str,
        activity: &Activity,
        label: &str,
        amounts: &mut Amounts,
    ) -> Result<(), CaseError> {
        let mut in_bands = None;
        for (wording, heads) in activity.attendance_by_band.iter().flatten() {
            let at = || CaseError::at(format!("{place}.attendance_by_band.{wording}"), "この年齢区分は知りません");
            let band = match words::band(wording).ok_or_else(at)? {
                Band::Known(band) => band,
                Band::Unplaceable => {
                    self.mapped.notes.push(format!(
                        "{label}: 年齢区分「{wording}」は本システムの区分に収まらないため「不明」に数えます"
                    ));
                    "unknown"
                }
            };
            if let Some(heads) = heads {
                add(amounts, Measure::Band(band), i64::from(*heads));
                in_bands = Some(in_bands.unwrap_or(0) + i64::from(*heads));
            }
        }
        for (wording, heads) in activity.attendance_by_audience.iter().flatten() {
            let at =
                || CaseError::at(format!("{place}.attendance_by_audience.{wording}"), "この参加者区分は知りません");
            let audience = words::audience(wording).ok_or_else(at)?;
            if let Some(heads) = heads {
                add(amounts, Measure::Audience(audience), i64::from(*heads));
            }
        }
        if let Some(total) = activity.attendance.map(i64::from) {
            let rest = total - in_bands.unwrap_or(0);
            if rest > 0 || in_bands.is_none() {
                add(amounts, Measure::Band("unknown"), rest);
            }
            if rest < 0 {
                self.mapped
                    .notes
                    .push(format!("{label}: 年齢区分の合計が参加者数 {total} を超えています。区分のまま登録します"));
            }
        }
        Ok(())
    }
}

fn consultations(activity: &Activity, amounts: &mut Amounts) {
    let ways = activity.by.map_or([None; 3], |by| [by.visit, by.interview, by.telephone]);
    let mut stated = None;
    for (way, number) in CONSULTATION_WAYS.into_iter().zip(ways) {
        if let Some(number) = number {
            amounts.insert(Measure::Consultation(way), Some(i64::from(number)));
            stated = Some(stated.unwrap_or(0) + i64::from(number));
        }
    }
    let days = activity.all_dates().len();
    let total = activity.count.map(i64::from).or_else(|| i64::try_from(days).ok().filter(|days| *days > 0));
    match (total, stated) {
        (Some(total), stated) if stated.is_none_or(|stated| total > stated) => {
            amounts.insert(Measure::Consultation("unknown"), Some(total - stated.unwrap_or(0)));
        }
        (None, None) => {
            amounts.insert(Measure::Consultation("unknown"), None);
        }
        _ => {}
    }
}

fn add(amounts: &mut Amounts, measure: Measure, by: i64) {
    let value = amounts.entry(measure).or_insert(None);
    *value = Some(value.unwrap_or(0) + by);
}

fn is_attendance(measure: &Measure) -> bool {
    matches!(measure, Measure::Band(_) | Measure::Audience(_))
}

fn write_texts(wanted: &mut Wanted, activity: &Activity) {
    let texts =
        [(TextName::Outcome, &activity.outcome), (TextName::Issue, &activity.issue), (TextName::Plan, &activity.plan)];
    for (name, text) in texts {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            wanted.texts.insert(name, text.clone());
        }
    }
}

fn append_outcome(wanted: &mut Wanted, note: &str) {
    let text = wanted.texts.entry(TextName::Outcome).or_default();
    let line = if text.is_empty() { "" } else { "\n" };
    *text = format!("{text}{line}（{note}）");
}
