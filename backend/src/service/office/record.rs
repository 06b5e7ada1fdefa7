//! One whole record: every value with its conflicts, every count with who counted, every step and the history.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use sync_core::digest::FeedState;
use sync_core::document::{Authorship, Document, Reason, Scalar, TextName};
use sync_core::domain::view;
use sync_core::ids::{DeviceId, DocumentId};
use utoipa::ToSchema;

use super::history::{self, PastChange};
use super::{Named, OfficeError, named};
use crate::service::App;
use crate::service::access::Caller;
use crate::store::types::{Registry, StoredDocument};

/// Who did something, when, on which tablet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Author {
    /// The person; null: not stated.
    pub person: Option<Named>,
    /// The tablet.
    pub device: Option<Named>,
    /// When by the tablet's clock, ms.
    pub at: u64,
    /// Why, for corrections: undo, mistake or recount.
    pub why: Option<String>,
}

/// One of several values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValueDetail {
    /// The value as text.
    pub value: String,
    /// What a registry id or code stands for.
    pub name: Option<String>,
    /// Who set it.
    pub author: Option<Author>,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldDetail {
    /// The value shown, as text.
    pub value: String,
    /// What a registry id or code stands for.
    pub name: Option<String>,
    /// All differing values when the field is in conflict, else empty.
    pub alternatives: Vec<ValueDetail>,
}

/// What one tablet counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceCount {
    /// The tablet.
    pub device: Named,
    /// Its count.
    pub count: i64,
}

/// A measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TallyDetail {
    /// Stable name.
    pub measure: String,
    /// The sum; null: took place, number not reported.
    pub total: Option<i64>,
    /// By tablet.
    pub by_device: Vec<DeviceCount>,
    /// Heads carried over when somebody switched to this way of counting them; part of the sum.
    pub carried: i64,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StepDetail {
    /// Its id.
    pub id: String,
    /// The state reached.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// The steps it follows.
    pub after: Vec<String>,
    /// The steps it takes back; then it is no state itself.
    pub undoes: Vec<String>,
    /// Whether another step takes it back.
    pub taken_back: bool,
    /// Who took it.
    pub author: Option<Author>,
}

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordDetail {
    /// When this was read, ms.
    pub as_of: u64,
    /// Its id.
    pub document: String,
    /// session or consultation.
    pub kind: String,
    /// Fields with a value, by name.
    pub fields: BTreeMap<String, FieldDetail>,
    /// Measures.
    pub tallies: Vec<TallyDetail>,
    /// Lecturers.
    pub lecturers: Vec<Named>,
    /// Whether the source does not say which of the lecturers it was.
    pub among: bool,
    /// outcome, issue, plan.
    pub texts: BTreeMap<String, String>,
    /// Steps, earliest first.
    pub steps: Vec<StepDetail>,
    /// `none`, a step's state, or `conflict`.
    pub state: String,
    /// What it counts as.
    pub group: String,
    /// Why cancelled or postponed.
    pub reason: Option<String>,
    /// Heads.
    pub attendance: Option<i64>,
    /// Fields and steps in conflict.
    pub conflict_count: i64,
    /// What a person should look at.
    pub flags: Vec<String>,
    /// Who changed what, earliest first.
    pub history: Vec<PastChange>,
}

/// Whether a record is the caller's to see.
pub(super) fn may_see(caller: &Caller, stored: &StoredDocument) -> bool {
    let sees = |scope: &str| match scope.split_once(':') {
        Some(("municipality", code)) => caller.sees_municipality(code),
        Some(("association", id)) => caller.sees_association(id),
        _ => false,
    };
    let present = stored.places.iter().filter(|place| place.state == FeedState::Present);
    caller.sees_prefecture() || present.map(|place| place.scope.as_str()).any(sees)
}

/// Reads a record.
pub async fn detail(app: &App, caller: &Caller, document: &str) -> Result<RecordDetail, OfficeError> {
    let id: DocumentId = document.parse().map_err(|_| OfficeError::NotFound)?;
    let stored = app.store.load_documents(&caller.tenant, &[id]).await?.pop().ok_or(OfficeError::NotFound)?;
    if !may_see(caller, &stored) {
        return Err(OfficeError::NotFound);
    }
    let registry = app.store.registry(&caller.tenant).await?.ok_or(OfficeError::NotFound)?;
    let time = Duration::from_millis(app.config.preview_budget_ms);
    // a record may hold a megabyte of long texts, each of whose changes takes a look at the whole
    let read = tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        let mut document = Document::load(&stored.snapshot).map_err(|_| OfficeError::Unreadable)?;
        let history = history::history(&mut document, &|| started.elapsed() >= time);
        Ok((view(&document), history, stored.projection))
    });
    let (record, past, projection) = read.await.unwrap_or(Err(OfficeError::Unreadable))?;
    let names = Names(&registry);
    let noted = record.links.iter().filter_map(|link| link.strip_prefix("noted/"));
    let noted = noted.filter(|measure| record.total(measure).is_none()).map(|measure| TallyDetail {
        measure: measure.to_owned(),
        total: None,
        by_device: Vec::new(),
        carried: 0,
    });
    let counted = record.tallies.iter().map(|tally| TallyDetail {
        measure: tally.measure.clone(),
        total: Some(tally.total),
        by_device: tally
            .by_device
            .iter()
            .map(|(device, count)| DeviceCount { device: names.device(*device), count: *count })
            .collect(),
        carried: tally.carried,
    });
    let mut steps: Vec<StepDetail> = record
        .steps
        .iter()
        .map(|step| StepDetail {
            id: step.id.clone(),
            state: step.state.as_str().to_owned(),
            reason: step.reason.map(|reason| reason.as_str().to_owned()),
            after: step.after.clone(),
            undoes: step.undoes.clone(),
            taken_back: step.taken_back,
            author: step.authorship.as_ref().map(|author| names.author(author)),
        })
        .collect();
    steps.sort_by_key(|step| step.author.as_ref().map(|author| author.at));
    let lecturers = record.links.iter().filter_map(|link| link.strip_prefix("lecturer/"));
    let held = projection.map(|held| (held.fact.state, held.fact.group, held.flags));
    let (state, group, flags) = held.unwrap_or_default();
    Ok(RecordDetail {
        as_of: app.now().0,
        document: id.to_string(),
        kind: record.kind.as_str().to_owned(),
        fields: record.fields.iter().map(|(name, field)| (name.clone(), names.field(name, field))).collect(),
        tallies: counted.chain(noted).collect(),
        lecturers: lecturers.map(|id| named(&registry, Registry::lecturer_name, id)).collect(),
        among: record.text("lecturer_attribution") == Some("among"),
        texts: record.texts.iter().map(|(name, text)| (text_name(*name).to_owned(), text.clone())).collect(),
        steps,
        state,
        group,
        reason: record.reason.map(|reason| reason.as_str().to_owned()),
        attendance: record.attendance,
        conflict_count: i64::try_from(record.conflict_count()).unwrap_or(i64::MAX),
        flags: flags.into_iter().collect(),
        history: past.into_iter().map(|change| history::named(change, &names)).collect(),
    })
}

/// A value as text.
pub(super) fn scalar_text(value: &Scalar) -> String {
    match value {
        Scalar::Text(text) => text.clone(),
        Scalar::Number(number) => number.to_string(),
    }
}

/// Stable name of a long text.
pub(super) const fn text_name(name: TextName) -> &'static str {
    match name {
        TextName::Outcome => "outcome",
        TextName::Issue => "issue",
        TextName::Plan => "plan",
    }
}

const fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Undo => "undo",
        Reason::Mistake => "mistake",
        Reason::Recount => "recount",
    }
}

/// Names for ids.
pub(super) struct Names<'a>(pub &'a Registry);

impl Names<'_> {
    /// A tablet by name.
    pub(super) fn device(&self, device: DeviceId) -> Named {
        let known = self.0.devices.iter().find(|(id, _)| *id == device);
        let id = device.to_string();
        Named { name: known.map_or_else(|| id.clone(), |(_, name)| name.clone()), id }
    }

    /// Who did something, with names.
    pub(super) fn author(&self, author: &Authorship) -> Author {
        let person = |id: &str| {
            let known = self.0.people.iter().find(|(known, _)| known == id);
            Named { id: id.to_owned(), name: known.map_or_else(|| id.to_owned(), |(_, name)| name.clone()) }
        };
        Author {
            person: (!author.by.is_empty()).then(|| person(&author.by)),
            device: author.device.map(|device| self.device(device)),
            at: author.at.0,
            why: author.reason.map(|reason| reason_name(reason).to_owned()),
        }
    }

    /// What a field's value stands for, when it is an id or code.
    pub(super) fn value(&self, field: &str, text: &str) -> Option<String> {
        match field {
            "municipality" => self.0.municipality_name(text),
            "association" | "dispatched_by" => self.0.association_name(text),
            _ => None,
        }
    }

    /// A lecturer's name.
    pub(super) fn lecturer(&self, id: &str) -> Option<String> {
        self.0.lecturer_name(id)
    }

    fn text(&self, field: &str, value: &Scalar) -> (String, Option<String>) {
        let text = scalar_text(value);
        let name = self.value(field, &text);
        (text, name)
    }

    fn field(&self, name: &str, field: &sync_core::domain::FieldView) -> FieldDetail {
        let (value, shown) = self.text(name, &field.value);
        let alternatives = field.alternatives.iter().map(|one| {
            let (value, name) = self.text(name, &one.value);
            ValueDetail { value, name, author: one.authorship.as_ref().map(|author| self.author(author)) }
        });
        FieldDetail { value, name: shown, alternatives: alternatives.collect() }
    }
}
