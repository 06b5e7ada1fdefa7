//! What an intent does to a document, in edits so small that a change can end between any two of them.

use super::heads::{self, Switch, Way};
use super::intent::{Intent, IntentError};
use super::measure::Measure;
use super::sentences::{Revision, Splice, revise};
use super::tally::{self, Void};
use super::typed;
use super::{Step, rewritten};
use crate::document::{Container, Document, Reason, Scalar, TextName};
use crate::ids::IntentId;

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
            Self::Count { measure, by, reason } => count(document, measure, *by, *reason, id),
            Self::Void { measure, seen, counts } => {
                let name = measure.to_string();
                let taken_back = tally::read(document).void(&name, id, *seen, counts.as_ref());
                taken_back.map(|taken_back| void(measure, taken_back)).unwrap_or_default()
            }
            Self::Switch { to, mark } => {
                let counted = tally::read(document);
                let switched = counted.heads.switch(*to, id.device);
                switched.map(|switch| self::switch(&counted, &switch, mark)).unwrap_or_default()
            }
            Self::Unswitch { mark } => one(Inner::Set(heads::field(mark), None)),
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

/// A head that a device which has switched counts by a way that lacks heads switches to it.
fn count(document: &Document, measure: &Measure, by: i64, reason: Option<Reason>, id: IntentId) -> Vec<Edit> {
    let name = measure.to_string();
    let way = Way::of(measure).filter(|_| by > 0 && heads::has_switches(document));
    let is_typed = reason == Some(Reason::Recount);
    let is_read = is_typed || way.is_some() || tally::was_taken_back(document, &name);
    let counted = is_read.then(|| tally::read(document));
    let mut edits = Vec::new();
    if let Some(counted) = &counted {
        let switched = way.and_then(|way| counted.heads.switch_with_count(way, id.device));
        edits.extend(switched.iter().flat_map(|switch| self::switch(counted, switch, &id.to_string())));
        edits.extend(counted.rest_of_void(&name, id).into_iter().flat_map(|rest| self::void(measure, rest)));
        edits.push(Edit(Inner::Unlink(tally::void_link(&name, id.device))));
    }
    edits.push(Edit(Inner::Count(measure.clone(), by)));
    if let Some(counted) = counted.filter(|_| is_typed) {
        let before = counted.tallies.iter().find(|tally| tally.measure == name);
        let (field, value) = typed::field(&name, before, id.device, by);
        edits.push(Edit(Inner::Set(field, Some(value))));
    }
    edits
}

fn void(measure: &Measure, void: Void) -> Vec<Edit> {
    let (field, value) = void.field;
    let first = [Edit(Inner::Set(field, Some(value))), Edit(Inner::Count(measure.clone(), void.by))];
    first.into_iter().chain(void.links.into_iter().map(|link| Edit(Inner::Link(link)))).collect()
}

/// The field of a switch; what is carried over is reported, whoever took it back before.
fn switch(counted: &tally::Counted, switch: &Switch, mark: &str) -> Vec<Edit> {
    let text = serde_json::to_string(switch).unwrap_or_default();
    let unknown = switch.to.unknown().to_string();
    let links = counted.void_links(&unknown).map(|link| Edit(Inner::Unlink(link.clone())));
    let field = Edit(Inner::Set(heads::field(mark), Some(Scalar::Text(text))));
    links.chain([field]).collect()
}
