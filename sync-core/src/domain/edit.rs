//! What an intent does to a document, in edits so small that a change can end between any two of them.

use super::intent::{Intent, IntentError};
use super::measure::Measure;
use super::sentences::{Revision, Splice, revise};
use super::tally::void_link;
use super::{Step, rewritten};
use crate::document::{Container, Document, Scalar, TextName};
use crate::ids::{DeviceId, IntentId};

/// Letters of a long text that one edit changes.
const LETTERS: usize = 25;

/// One small edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit(Inner);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    Set(String, Option<Scalar>),
    Count(Measure, i64),
    Link(String),
    Unlink(String),
    Splice(TextName, Splice),
    Step(Step),
}

impl Edit {
    /// Makes it, on behalf of the intent's own device. The document then has pending edits.
    pub fn apply(&self, id: IntentId, document: &mut Document) -> Result<(), IntentError> {
        match &self.0 {
            Inner::Set(field, value) => document.set_field(field, value.as_ref())?,
            Inner::Count(measure, by) => document.count(&measure.to_string(), id.device, *by)?,
            Inner::Link(link) => document.link(link)?,
            Inner::Unlink(link) => document.unlink(link)?,
            Inner::Splice(text, splice) => {
                document.splice_text(*text, splice.at, splice.delete, &splice.insert)?;
            }
            Inner::Step(step) => document.append_step(&id.to_string(), &step.to_text())?,
        }
        Ok(())
    }

    /// How many writers it names at most beside the genesis.
    pub fn writers(&self, document: &Document) -> usize {
        match &self.0 {
            Inner::Splice(_, splice) => splice.delete + 1,
            Inner::Set(..) | Inner::Count(..) | Inner::Link(_) | Inner::Unlink(_) | Inner::Step(_) => {
                self.replaces().map_or(1, |(container, key)| document.count_values(container, key))
            }
        }
    }

    /// Where it takes the place of everything that stands there, whoever wrote it.
    pub fn replaces(&self) -> Option<(Container, &str)> {
        match &self.0 {
            Inner::Set(field, _) => Some((Container::Fields, field)),
            Inner::Unlink(link) => Some((Container::Links, link)),
            Inner::Count(..) | Inner::Link(_) | Inner::Splice(..) | Inner::Step(_) => None,
        }
    }
}

impl Intent {
    /// The edits that make it, to be made in this order and with nothing between them.
    pub fn edits(&self, id: IntentId, document: &Document) -> Result<Vec<Edit>, IntentError> {
        self.check()?;
        let one = |edit: Inner| vec![Edit(edit)];
        let step = |step: Option<Step>| step.into_iter().map(|step| Edit(Inner::Step(step))).collect();
        Ok(match self {
            Self::Set { field, value } => one(Inner::Set(field.clone(), value.clone())),
            Self::Count { measure, by, .. } => {
                let link = void_link(&measure.to_string(), id.device);
                vec![Edit(Inner::Count(measure.clone(), *by)), Edit(Inner::Unlink(link))]
            }
            Self::Void { measure, seen } => void(document, measure, id.device, *seen),
            Self::Link { link } => one(Inner::Link(link.clone())),
            Self::Unlink { link } => one(Inner::Unlink(link.clone())),
            Self::Step { state, reason } => step(Step::towards(document, *state, *reason)),
            Self::TakeBack { steps } => step(Step::taking_back(document, steps)),
            Self::Write { text, base, value } => {
                let present = document.text(*text);
                let Revision { splices, touched } = revise(base.as_ref().unwrap_or(&present), value, &present);
                let splices = splices.iter().flat_map(|splice| splice.steps(LETTERS));
                let splices = splices.map(|splice| Edit(Inner::Splice(*text, splice)));
                let signs = touched.iter().map(|touched| rewritten::of_touched(document, *text, touched, id));
                splices.chain(signs.map(|(field, value)| Edit(Inner::Set(field, Some(value))))).collect()
            }
            Self::HaveRead { text, sentences } => {
                let fields = sentences.iter().map(|sentence| rewritten::of_read(*text, sentence, id));
                fields.map(|(field, value)| Edit(Inner::Set(field, Some(value)))).collect()
            }
        })
    }

    /// Makes all of it at once.
    pub fn apply(&self, id: IntentId, document: &mut Document) -> Result<(), IntentError> {
        for edit in self.edits(id, document)? {
            edit.apply(id, document)?;
        }
        Ok(())
    }
}

/// What was seen goes from this device's count, so that what others count meanwhile stays.
fn void(document: &Document, measure: &Measure, id: DeviceId, seen: i64) -> Vec<Edit> {
    let name = measure.to_string();
    let taken = (seen != 0).then(|| Edit(Inner::Count(measure.clone(), -seen)));

    let tallies = document.tallies();
    let mut devices: Vec<DeviceId> =
        tallies.iter().filter(|(of, ..)| *of == name).map(|(_, device, _)| *device).collect();
    if taken.is_some() && !devices.contains(&id) {
        devices.push(id);
    }
    let links = devices.into_iter().map(|device| Edit(Inner::Link(void_link(&name, device))));
    taken.into_iter().chain(links).collect()
}
