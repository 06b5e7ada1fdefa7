//! What each change of a record did, in the form in which held changes are shown too.
//!
//! Long texts are told by the sentence: what the writer took out, and what they put in.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use sync_core::document::{Authorship, Deed, Document};
use sync_core::domain::{Step, Switch, is_mark};
use utoipa::ToSchema;

use super::custody::{Effect, EffectKind};
use super::record::{Author, Names, scalar_text, text_name};

/// Changes whose deeds are looked up; of older ones only who and when is told.
const MOST: usize = 500;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastChange {
    /// Who made it.
    pub author: Author,
    /// What it did; null: not looked up.
    pub effects: Option<Vec<Effect>>,
}

/// Every change, oldest first, without the names of what it is about; older ones are not looked up once `is_over`.
pub(super) fn history(document: &mut Document, is_over: &dyn Fn() -> bool) -> Vec<(Authorship, Option<Vec<Effect>>)> {
    let steps = steps(document);
    let told = |deeds: Vec<Deed>| deeds.into_iter().flat_map(|deed| effects(deed, &steps)).collect();
    document.past(MOST, is_over).into_iter().map(|past| (past.author, past.deeds.map(told))).collect()
}

/// A change as it is shown.
pub(super) fn named((author, effects): (Authorship, Option<Vec<Effect>>), names: &Names<'_>) -> PastChange {
    let effects = effects.map(|effects| effects.into_iter().map(|effect| effect.named(names)).collect());
    PastChange { author: names.author(&author), effects }
}

/// The readable steps of a document by id.
fn steps(document: &Document) -> BTreeMap<String, Step> {
    let read = |(id, text): (String, String)| Some((id, serde_json::from_str(&text).ok()?));
    document.steps().into_iter().filter_map(read).collect()
}

/// What one deed is to people: mostly one thing; a step that takes others back is those.
fn effects(deed: Deed, steps: &BTreeMap<String, Step>) -> Vec<Effect> {
    vec![match deed {
        Deed::Field { name, before, after } if is_mark(&name) => {
            let (kind, value) = match after {
                Some(after) => (EffectKind::Link, Some(after)),
                None => (EffectKind::Unlink, before.into_iter().next()),
            };
            let switch = value.and_then(|value| Switch::read(&name, &value));
            let told = |switch: Switch| Effect::new(kind, format!("carried/{}/{}", switch.to.as_str(), switch.carried));
            return switch.map(told).into_iter().collect();
        }
        Deed::Field { name, before, after } => Effect {
            before: before.first().map(scalar_text),
            after: after.as_ref().map(scalar_text),
            ..Effect::new(EffectKind::Field, name)
        },
        Deed::Count { measure, by, .. } => Effect { by: Some(by), ..Effect::new(EffectKind::Count, measure) },
        Deed::Link { name, is_added } => {
            Effect::new(if is_added { EffectKind::Link } else { EffectKind::Unlink }, name)
        }
        Deed::Step { step } => {
            let Ok(step) = serde_json::from_str::<Step>(&step) else { return Vec::new() };
            if !step.undoes.is_empty() {
                let back = step.undoes.iter().filter_map(|id| steps.get(id));
                return back.map(|step| Effect::new(EffectKind::TakeBack, step.state.as_str())).collect();
            }
            let reason = step.reason.map(|reason| reason.as_str().to_owned());
            Effect { after: reason, ..Effect::new(EffectKind::Step, step.state.as_str()) }
        }
        Deed::Text { name, before, after } => {
            let (gone, new) = (without(&before, &after), without(&after, &before));
            Effect { before: Some(gone), after: Some(new), ..Effect::new(EffectKind::Text, text_name(name)) }
        }
    }]
}

/// The sentences of a text that another does not have, each as often as it lacks it.
fn without(text: &str, other: &str) -> String {
    let sentences = |text| str::split_inclusive(text, ['。', '！', '？', '\n']);
    let mut had: HashMap<&str, usize> = HashMap::new();
    for sentence in sentences(other) {
        *had.entry(sentence).or_default() += 1;
    }
    let mut lacking = String::new();
    for sentence in sentences(text) {
        match had.get_mut(sentence) {
            Some(left) if *left > 0 => *left -= 1,
            _ => lacking.push_str(sentence),
        }
    }
    lacking
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use sync_core::document::{Kind, Reason, Scalar, TextName};
    use sync_core::ids::{ActorId, DeviceId, DocumentId};
    use sync_core::time::Timestamp;

    use super::*;

    /// Kind, name, before, after, and by how many.
    type Told = (EffectKind, String, Option<String>, Option<String>, Option<i64>);

    fn told(document: &mut Document) -> Vec<Told> {
        let steps = steps(document);
        let deeds = document.past(MOST, &|| false).into_iter().flat_map(|past| past.deeds.unwrap());
        deeds
            .flat_map(|deed| effects(deed, &steps))
            .map(|one| (one.kind, one.name, one.before, one.after, one.by))
            .collect()
    }

    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn a_switch_of_the_way_heads_are_counted_is_told_and_so_is_what_takes_it_back() {
        let device = DeviceId::from_bytes([2; 16]);
        let mut one = Document::genesis(DocumentId::from_bytes([1; 16]), Kind::Session).unwrap();
        one.write_as(ActorId::new(device, 1));
        let intents = [
            r#"{"type":"count","measure":"attendance.audience.resident","by":20}"#,
            r#"{"type":"switch","to":"band","mark":"m"}"#,
            r#"{"type":"unswitch","mark":"m"}"#,
            r#"{"type":"void","measure":"attendance.audience.resident","seen":20}"#,
        ];
        for (number, intent) in (1..).zip(intents) {
            let intent: sync_core::domain::Intent = serde_json::from_str(intent).unwrap();
            intent.apply(sync_core::ids::IntentId { device, number }, &mut one).unwrap();
            one.commit(Timestamp(1_700_000_000_000), "pe-a", intent.reason());
        }
        let told: Vec<(EffectKind, String)> = told(&mut one).into_iter().map(|(kind, name, ..)| (kind, name)).collect();
        let void = format!("void/attendance.audience.resident@{device}");
        let resident = "attendance.audience.resident";
        let names = [resident, "carried/band/20", "carried/band/20", resident, &void];
        let kinds = [EffectKind::Count, EffectKind::Link, EffectKind::Unlink, EffectKind::Count, EffectKind::Link];
        assert_eq!(told, kinds.into_iter().zip(names.map(str::to_owned)).collect::<Vec<_>>());
    }

    #[test]
    fn each_change_is_told_by_what_it_did_to_what_its_writer_saw() {
        let device = DeviceId::from_bytes([2; 16]);
        let mut one = Document::genesis(DocumentId::from_bytes([1; 16]), Kind::Session).unwrap();
        one.write_as(ActorId::new(device, 1));
        let at = Timestamp(1_700_000_000_000);
        one.set_field("venue", Some(&Scalar::Text("児玉公民館".into()))).unwrap();
        one.commit(at, "pe-a", None).unwrap();
        one.count("attendance.band.75-84", device, 3).unwrap();
        one.count("attendance.band.75-84", device, -1).unwrap();
        one.commit(at, "pe-a", Some(Reason::Mistake)).unwrap();
        one.splice_text(TextName::Issue, 0, 0, "会場が寒かった。駐車場が足りない。").unwrap();
        one.commit(at, "pe-a", None).unwrap();
        let mut other = one.clone();
        other.write_as(ActorId::new(DeviceId::from_bytes([3; 16]), 1));
        one.set_field("venue", Some(&Scalar::Text("本庄市役所".into()))).unwrap();
        one.set_field("rewrote.issue.00000000", Some(&Scalar::Text("+".into()))).unwrap();
        one.commit(at, "pe-a", None).unwrap();
        other.set_field("venue", None).unwrap();
        other.splice_text(TextName::Issue, 0, "会場が寒かった。".chars().count(), "会場は暑かった。").unwrap();
        other.append_step("s1", "{\"state\":\"cancelled\",\"reason\":\"weather\"}").unwrap();
        other.link("lecturer/le-1").unwrap();
        other.commit(at, "pe-b", None).unwrap();
        one.merge(&mut other).unwrap();

        let mut told = told(&mut one);
        // two who wrote apart stand in either order
        told[3..].sort_by(|one, other| (one.0, &one.1, &one.3).cmp(&(other.0, &other.1, &other.3)));
        assert_eq!(
            told,
            [
                (EffectKind::Field, "venue".into(), None, text("児玉公民館"), None),
                (EffectKind::Count, "attendance.band.75-84".into(), None, None, Some(2)),
                (EffectKind::Text, "issue".into(), text(""), text("会場が寒かった。駐車場が足りない。"), None),
                (EffectKind::Field, "venue".into(), text("児玉公民館"), None, None),
                (EffectKind::Field, "venue".into(), text("児玉公民館"), text("本庄市役所"), None),
                (EffectKind::Link, "lecturer/le-1".into(), None, None, None),
                (EffectKind::Step, "cancelled".into(), None, text("weather"), None),
                (EffectKind::Text, "issue".into(), text("会場が寒かった。"), text("会場は暑かった。"), None),
            ]
        );
    }

    #[test]
    fn of_very_many_changes_the_last_are_told() {
        let device = DeviceId::from_bytes([2; 16]);
        let mut document = Document::genesis(DocumentId::from_bytes([1; 16]), Kind::Session).unwrap();
        document.write_as(ActorId::new(device, 1));
        for _ in 0..3 {
            document.count("attendance", device, 1).unwrap();
            document.commit(Timestamp(1_700_000_000_000), "pe-a", None).unwrap();
        }
        let looked_up: Vec<bool> = document.past(2, &|| false).iter().map(|past| past.deeds.is_some()).collect();
        assert_eq!(looked_up, [false, true, true]);

        let asked = Cell::new(0);
        let is_over = || asked.replace(asked.get() + 1) > 0;
        let looked_up: Vec<bool> = document.past(3, &is_over).iter().map(|past| past.deeds.is_some()).collect();
        assert_eq!(looked_up, [false, false, true], "when the time is over, the older ones are left");
    }
}
