//! The form of a case file. A field or word outside it is an error that names its place; `null` is "not reported".

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;
use sync_core::domain::vocabulary::{Activity as Kind, CancelReason};
use sync_core::domain::{FIELD_CHARS, TEXT_CHARS};

use super::text::Place;
use super::{CaseError, read};

/// A whole file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// For people; not loaded.
    #[serde(default)]
    pub about: Value,
    /// Starting year.
    pub fiscal_year: i64,
    /// As printed; not loaded.
    #[serde(default)]
    pub fiscal_year_label: Option<String>,
    /// Whose year it is.
    pub area: Area,
    /// Registry entries.
    #[serde(default)]
    pub lecturers: Vec<Lecturer>,
    /// What was done.
    pub activities: Vec<Activity>,
    /// Checked, not loaded.
    #[serde(default)]
    pub stock: Option<Vec<Stock>>,
    /// Checked, not loaded.
    #[serde(default)]
    pub plan_next_year: Option<Plan>,
    /// For tests; not loaded.
    #[serde(default)]
    pub report_must_say: Value,
}

/// The area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// 二次保健医療圏.
    #[serde(default)]
    pub medical_area: Option<String>,
    /// The one association.
    #[serde(default)]
    pub association: Option<String>,
    /// Or several.
    #[serde(default)]
    pub associations: Option<Vec<String>>,
    /// Municipalities by name.
    pub municipalities: Vec<String>,
}

impl Area {
    /// All associations named.
    pub fn all_associations(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.association.iter().map(String::as_str).collect();
        for name in self.associations.iter().flatten() {
            if !all.contains(&name.as_str()) {
                all.push(name);
            }
        }
        all
    }

    /// The association, when there is exactly one.
    pub fn only_association(&self) -> Option<&str> {
        match self.all_associations().as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

/// A registry entry of a lecturer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lecturer {
    /// 姓.
    pub surname: String,
    /// 名.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Such as 医師.
    #[serde(default)]
    pub title: Option<String>,
    /// Where they work.
    #[serde(default)]
    pub affiliation: Option<String>,
    /// Their association, by name.
    #[serde(default)]
    pub association: Option<String>,
    /// Whether they are in the lecturer bank.
    pub bank: bool,
    /// Whether they are being trained.
    #[serde(default)]
    pub in_training: Option<bool>,
}

/// How an activity ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It took place.
    #[default]
    Held,
    /// It was called off.
    Cancelled,
    /// It was put off.
    Postponed,
    /// It took place over the network.
    Online,
}

/// One line of what was done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Kind of outreach.
    pub kind: Kind,
    /// Programme item.
    #[serde(default, deserialize_with = "read::item")]
    pub item: Option<String>,
    /// Title.
    #[serde(default)]
    pub title: Option<String>,
    /// Theme.
    #[serde(default)]
    pub theme: Option<String>,
    /// The gathering it rode on.
    #[serde(default)]
    pub occasion: Option<String>,
    /// Host.
    #[serde(default)]
    pub host: Option<String>,
    /// Place.
    #[serde(default)]
    pub venue: Option<String>,
    /// Where, one.
    #[serde(default)]
    pub municipality: Option<String>,
    /// Where, several.
    #[serde(default)]
    pub municipalities: Option<Vec<String>>,
    /// When, one.
    #[serde(default, deserialize_with = "read::date")]
    pub date: Option<String>,
    /// When, several.
    #[serde(default, deserialize_with = "read::dates")]
    pub dates: Option<Vec<Option<String>>>,
    /// How many records; for consultations how many consultations.
    #[serde(default)]
    pub count: Option<u32>,
    /// How they spread, e.g. 1市3町.
    #[serde(default)]
    pub spread: Option<String>,
    /// Surnames.
    #[serde(default)]
    pub lecturers: Option<Vec<String>>,
    /// Association that sent bank lecturers, by name.
    #[serde(default)]
    pub dispatched_by: Option<String>,
    /// How it ended.
    #[serde(default)]
    pub status: Option<Status>,
    /// Why it did not take place.
    #[serde(default)]
    pub reason: Option<CancelReason>,
    /// Heads in all.
    #[serde(default)]
    pub attendance: Option<u32>,
    /// Heads by age.
    #[serde(default)]
    pub attendance_by_band: Option<BTreeMap<String, Option<u32>>>,
    /// Heads by audience.
    #[serde(default)]
    pub attendance_by_audience: Option<BTreeMap<String, Option<u32>>>,
    /// What was screened.
    #[serde(default)]
    pub medium: Option<String>,
    /// Who saw it.
    #[serde(default)]
    pub viewers: Option<u32>,
    /// What else was done.
    #[serde(default, deserialize_with = "read::one_or_many")]
    pub also: Vec<String>,
    /// What was handed out.
    #[serde(default)]
    pub material: Option<String>,
    /// To whom.
    #[serde(default)]
    pub eligibility: Option<String>,
    /// How many.
    #[serde(default)]
    pub quantity: Option<u32>,
    /// Consultations by way.
    #[serde(default)]
    pub by: Option<Ways>,
    /// 内容・実績.
    #[serde(default)]
    pub outcome: Option<String>,
    /// 課題・問題点.
    #[serde(default)]
    pub issue: Option<String>,
    /// 取組計画.
    #[serde(default)]
    pub plan: Option<String>,
}

/// Consultations by way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ways {
    /// 訪問.
    #[serde(default)]
    pub visit: Option<u32>,
    /// 面接.
    #[serde(default)]
    pub interview: Option<u32>,
    /// 電話.
    #[serde(default)]
    pub telephone: Option<u32>,
}

/// What is left of a material.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stock {
    /// Which.
    pub material: String,
    /// Whose, a municipality.
    pub holder: String,
    /// How many came.
    #[serde(default)]
    pub received: Option<u32>,
    /// How many are left.
    #[serde(default)]
    pub left: Option<u32>,
    /// Whether the source says it is short.
    #[serde(default)]
    pub short: Option<bool>,
    /// For people.
    #[serde(default)]
    pub note: Option<String>,
}

/// What is planned.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Starting year.
    pub fiscal_year: i64,
    /// Texts by programme item.
    #[serde(default)]
    pub items: BTreeMap<String, Texts>,
    /// Figures to reach.
    #[serde(default)]
    pub targets: Option<Vec<Target>>,
}

/// One text or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read::one_or_many(deserializer).map(Self)
    }
}

/// A figure to reach.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Of what.
    pub measure: String,
    /// Whose.
    #[serde(default)]
    pub holder: Option<String>,
    /// How many.
    #[serde(default)]
    pub value: Option<f64>,
}

impl CaseFile {
    /// Reads a file and checks what can be checked without a registry.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let case: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { "先頭".to_owned() } else { path };
            CaseError::at(place, in_words(text, &error.into_inner()))
        })?;
        reader.end().map_err(|error| CaseError::at("末尾", in_words(text, &error)))?;
        case.check()?;
        Ok(case)
    }

    fn check(&self) -> Result<(), CaseError> {
        check_year("fiscal_year", self.fiscal_year)?;
        if self.area.municipalities.is_empty() {
            return Err(CaseError::at("area.municipalities", "市町村を1つ以上書いてください"));
        }
        for (index, lecturer) in self.lecturers.iter().enumerate() {
            if lecturer.surname.trim().is_empty() {
                return Err(CaseError::at(format!("lecturers[{index}].surname"), "姓が空です"));
            }
        }
        for (index, activity) in self.activities.iter().enumerate() {
            activity.check(&format!("activities[{index}]"))?;
        }
        if let Some(plan) = &self.plan_next_year {
            check_year("plan_next_year.fiscal_year", plan.fiscal_year)?;
            for name in plan.items.keys() {
                if !is_item(name) {
                    return Err(CaseError::at(format!("plan_next_year.items.{name}"), "事業項目はアからクです"));
                }
            }
        }
        Ok(())
    }
}

/// What a parser says, with line and letter in front.
fn in_words(text: &str, error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let place = Place::of(text, error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("{place}でファイルが途中で終わっています。もう一度書き出してください（{said}）"),
        Category::Data => format!("{place}: {said}"),
        _ => format!("{place}が JSON の書き方に合いません。かぎ括弧やコンマを確かめてください（{said}）"),
    }
}

impl Activity {
    fn check(&self, place: &str) -> Result<(), CaseError> {
        let fields = [
            ("title", &self.title),
            ("theme", &self.theme),
            ("occasion", &self.occasion),
            ("host", &self.host),
            ("venue", &self.venue),
            ("medium", &self.medium),
        ];
        let too_long = |text: &Option<String>, most: usize| text.as_ref().is_some_and(|t| t.chars().count() > most);
        if let Some((name, _)) = fields.iter().find(|(_, text)| too_long(text, FIELD_CHARS)) {
            return Err(CaseError::at(format!("{place}.{name}"), format!("{FIELD_CHARS}字までです")));
        }
        let texts = [("outcome", &self.outcome), ("issue", &self.issue), ("plan", &self.plan)];
        if let Some((name, _)) = texts.iter().find(|(_, text)| too_long(text, TEXT_CHARS)) {
            return Err(CaseError::at(format!("{place}.{name}"), format!("{TEXT_CHARS}字までです")));
        }
        if self.material.is_none() && self.quantity.is_some() {
            return Err(CaseError::at(format!("{place}.quantity"), "material（配ったもの）がありません"));
        }
        if self.kind == Kind::Distribution && self.material.is_none() {
            return Err(CaseError::at(format!("{place}.material"), "配布には material（配ったもの）が要ります"));
        }
        let known = self.dates.as_ref().map_or(0, |dates| dates.len());
        if self.kind != Kind::Consultation && self.count.is_some_and(|count| (count as usize) < known) {
            return Err(CaseError::at(format!("{place}.dates"), "count より多くの日付があります"));
        }
        Ok(())
    }

    /// Every municipality named, in order.
    pub fn all_municipalities(&self) -> Vec<&str> {
        let many = self.municipalities.iter().flatten();
        let mut all: Vec<&str> = Vec::new();
        for name in self.municipality.iter().chain(many) {
            if !all.contains(&name.as_str()) {
                all.push(name);
            }
        }
        all
    }

    /// Every date stated, in order; `None` for one that is not reported.
    pub fn all_dates(&self) -> Vec<Option<&str>> {
        match (&self.dates, &self.date) {
            (Some(dates), _) if !dates.is_empty() => dates.iter().map(Option::as_deref).collect(),
            (_, Some(date)) => vec![Some(date.as_str())],
            (_, None) => Vec::new(),
        }
    }
}

fn check_year(place: &str, year: i64) -> Result<(), CaseError> {
    if (1_989..=2_200).contains(&year) {
        Ok(())
    } else {
        Err(CaseError::at(place, "年度は西暦4桁の開始年で書いてください"))
    }
}

pub(super) fn is_item(text: &str) -> bool {
    matches!(text, "ア" | "イ" | "ウ" | "エ" | "オ" | "カ" | "キ" | "ク")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_activity(activity: &str) -> String {
        format!(
            r#"{{"fiscal_year":2024,"area":{{"municipalities":["本庄市"]}},"activities":[{{"kind":"meeting"}},{activity}]}}"#
        )
    }

    #[test]
    fn the_published_year_is_of_the_form() {
        let case = CaseFile::parse(include_str!("../../cases/honjo-kodama-r6.json")).unwrap();
        assert_eq!((case.activities.len(), case.lecturers.len()), (13, 4));
    }

    #[test]
    fn what_is_outside_the_form_is_named_with_its_place() {
        let table = [
            (with_activity(r#"{"kind":"meeting","colour":"red"}"#), "activities[1]", "colour"),
            (with_activity(r#"{"kind":"concert"}"#), "activities[1].kind", "concert"),
            (with_activity(r#"{"kind":"meeting","item":"ケ"}"#), "activities[1].item", "ケ"),
            (with_activity(r#"{"kind":"meeting","date":"2024-02-30"}"#), "activities[1].date", "2024-02-30"),
            (with_activity(r#"{"kind":"meeting","dates":["2024-02-01","x"]}"#), "activities[1].dates", "x"),
            (with_activity(r#"{"kind":"meeting","attendance":-1}"#), "activities[1].attendance", "-1"),
            (with_activity(r#"{"kind":"meeting","status":"maybe"}"#), "activities[1].status", "maybe"),
            (with_activity(r#"{"kind":"consultation","by":{"letter":1}}"#), "activities[1].by", "letter"),
            (with_activity(r#"{"kind":"distribution","quantity":1}"#), "activities[1].quantity", "material"),
            (with_activity(r#"{"title":"x"}"#), "activities[1]", "kind"),
            (
                r#"{"fiscal_year":2024,"area":{"municipalities":[]},"activities":[]}"#.to_owned(),
                "area.municipalities",
                "1つ以上",
            ),
            (r#"{"fiscal_year":24,"area":{"municipalities":["a"]},"activities":[]}"#.to_owned(), "fiscal_year", "4桁"),
            ("{".to_owned(), "", "EOF"),
        ];
        for (text, place, word) in table {
            let error = CaseFile::parse(&text).unwrap_err();
            assert!(error.place.starts_with(place), "{error}");
            assert!(error.message.contains(word), "{error}");
        }
    }
}
