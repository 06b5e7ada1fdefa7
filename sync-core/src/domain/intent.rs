//! Edits as people make them, before they become changes. They can be stored, and replayed on another document.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::measure::Measure;
use super::steps::Step;
use super::tally::{Way, void_link};
use super::vocabulary::{Activity, Attribution, CancelReason, StepState};
use crate::document::{Document, EditError, Reason, Scalar, TextName};
use crate::ids::{IntentId, is_slug};
use crate::text::{self, COLUMN_CHARS};

/// Longest text of a field, in characters.
pub const FIELD_CHARS: usize = COLUMN_CHARS;
/// Longest long text, in characters. Longer edits would not fit a change; hosts stop the person before.
pub const TEXT_CHARS: usize = 10_000;
/// Largest amount one count may add.
pub const COUNT_BY: i64 = 100_000;
/// Years a record can be of. Everything outside is a slip of the finger.
pub const YEARS: RangeInclusive<i64> = 1_989..=2_100;
/// Steps that one edit can take back.
const TAKEN_BACK: usize = 16;

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Intent {
    /// Sets a field, or clears it with `null`.
    Set {
        /// Name of the field.
        field: String,
        /// The value.
        value: Option<Scalar>,
    },
    /// Adds to this device's count of a measure. Zero reports that there were none.
    Count {
        /// What is counted.
        measure: Measure,
        /// How many more; negative for a correction.
        by: i64,
        /// Why, for corrections.
        #[serde(default)]
        reason: Option<Reason>,
    },
    /// Takes a measure back to "not reported": what the person saw is taken away from this device's count, and every
    /// count of the measure is marked void until its device counts again.
    Void {
        /// What was counted.
        measure: Measure,
        /// The total the person saw.
        seen: i64,
    },
    /// Adds a link: `lecturer/<id>`, `noted/<measure>` for what took place without a reported number, or
    /// `carried/<way>/<number>` for heads carried over to the way they are counted by from now on.
    Link {
        /// The link.
        link: String,
    },
    /// Removes a link.
    Unlink {
        /// The link.
        link: String,
    },
    /// Makes a long text read like this.
    Write {
        /// Which text.
        text: TextName,
        /// The whole new text.
        value: String,
    },
    /// Appends a step after all steps seen. A state that is reached already is not reached again.
    Step {
        /// The new state.
        state: StepState,
        /// Why, when cancelled or postponed.
        #[serde(default)]
        reason: Option<CancelReason>,
    },
    /// Takes steps back.
    TakeBack {
        /// Their ids.
        steps: Vec<String>,
    },
}

/// An edit that makes no sense as it stands; nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// The field does not exist.
    #[error("unknown field: {0}")]
    Field(String),
    /// The value does not fit the field.
    #[error("{field} cannot have this value: {value}")]
    Value {
        /// Name of the field.
        field: String,
        /// What was given, shortened.
        value: String,
    },
    /// It would end before it starts.
    #[error("the end is before the start: {start}, {end}")]
    Order {
        /// When it starts, `HH:MM`.
        start: String,
        /// When it ends, `HH:MM`.
        end: String,
    },
    /// The steps to take back are none, too many, or no ids.
    #[error("no steps to take back")]
    Steps,
    /// The link is of no known form.
    #[error("unknown link: {0}")]
    Link(String),
    /// The amount is too large.
    #[error("the count is too large: {0}")]
    Count(i64),
    /// The text is longer than [`TEXT_CHARS`].
    #[error("the text is too long")]
    TextLength,
    /// Automerge refused the edit.
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl Intent {
    /// Reads a stored edit, of any version of the app before; `None` when it is of a later one.
    pub fn read(json: &str) -> Option<Self> {
        serde_json::from_str::<Self>(json).ok().map(Self::cleaned)
    }

    /// The edit with its texts as [`text::line`] and [`text::lines`] leave them; hosts pass on what was typed as it is.
    ///
    /// Source: SPEC DOM-5.
    #[must_use]
    pub fn cleaned(self) -> Self {
        match self {
            Self::Set { field, value: Some(Scalar::Text(value)) } => {
                Self::Set { field, value: Some(Scalar::Text(text::line(&value))) }
            }
            Self::Write { text, value } => Self::Write { text, value: text::lines(&value) },
            other => other,
        }
    }

    /// Whether the edit makes sense, before it is stored. Nothing else can fail later.
    pub fn check(&self) -> Result<(), IntentError> {
        match self {
            Self::Set { field, value } => check_field(field, value.as_ref()),
            Self::Count { by, .. } | Self::Void { seen: by, .. } if !(-COUNT_BY..=COUNT_BY).contains(by) => {
                Err(IntentError::Count(*by))
            }
            Self::Link { link } | Self::Unlink { link } => match link.split_once('/') {
                Some(("lecturer", id)) if is_slug(id) => Ok(()),
                Some(("noted", measure)) if measure.parse::<Measure>().is_ok() => Ok(()),
                Some(("carried", _)) if Way::carried(link).is_some() => Ok(()),
                _ => Err(IntentError::Link(link.chars().take(80).collect())),
            },
            Self::Write { value, .. } if value.chars().count() > TEXT_CHARS => Err(IntentError::TextLength),
            Self::TakeBack { steps } => {
                let fits =
                    (1..=TAKEN_BACK).contains(&steps.len()) && steps.iter().all(|id| id.parse::<IntentId>().is_ok());
                if fits { Ok(()) } else { Err(IntentError::Steps) }
            }
            Self::Count { .. } | Self::Void { .. } | Self::Write { .. } | Self::Step { .. } => Ok(()),
        }
    }

    /// Whether the edit makes sense beside the fields the person saw. What others set is not known here: where both do
    /// not fit together, the record is flagged.
    pub fn check_beside(&self, mut seen: impl FnMut(&str) -> Option<String>) -> Result<(), IntentError> {
        let Self::Set { field, value: Some(Scalar::Text(text)) } = self else { return Ok(()) };
        let (start, end) = match field.as_str() {
            "start" => (Some(text.clone()), seen("end")),
            "end" => (seen("start"), Some(text.clone())),
            _ => return Ok(()),
        };
        match start.zip(end) {
            Some((start, end)) if ends_before_start(&start, &end) => Err(IntentError::Order { start, end }),
            _ => Ok(()),
        }
    }

    /// Why the edit was made, as far as the change must say it.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Count { reason, .. } => *reason,
            Self::Void { .. } => Some(Reason::Recount),
            Self::Set { .. }
            | Self::Link { .. }
            | Self::Unlink { .. }
            | Self::Write { .. }
            | Self::Step { .. }
            | Self::TakeBack { .. } => None,
        }
    }

    /// Makes the edit in a document, on behalf of the intent's own device. The document then has pending edits.
    pub fn apply(&self, id: IntentId, document: &mut Document) -> Result<(), IntentError> {
        self.check()?;
        match self {
            Self::Set { field, value } => document.set_field(field, value.as_ref())?,
            Self::Count { measure, by, .. } => {
                let measure = measure.to_string();
                document.count(&measure, id.device, *by)?;
                document.unlink(&void_link(&measure, id.device))?;
            }
            Self::Void { measure, seen } => void(document, &measure.to_string(), id, *seen)?,
            Self::Link { link } => document.link(link)?,
            Self::Unlink { link } => document.unlink(link)?,
            Self::Write { text, value } => document.write_text(*text, value)?,
            Self::Step { state, reason } => append(document, id, Step::towards(document, *state, *reason))?,
            Self::TakeBack { steps } => append(document, id, Step::taking_back(document, steps))?,
        }
        Ok(())
    }
}

/// What was seen goes from this device's count, so that what others count meanwhile stays.
fn void(document: &mut Document, measure: &str, id: IntentId, seen: i64) -> Result<(), EditError> {
    if seen != 0 {
        document.count(measure, id.device, -seen)?;
    }
    for (_, device, _) in document.tallies().into_iter().filter(|(counted, ..)| counted == measure) {
        document.link(&void_link(measure, device))?;
    }
    Ok(())
}

fn append(document: &mut Document, id: IntentId, step: Option<Step>) -> Result<(), IntentError> {
    if let Some(step) = step {
        document.append_step(&id.to_string(), &step.to_text())?;
    }
    Ok(())
}

/// Times of day of one form compare as text.
pub(super) fn ends_before_start(start: &str, end: &str) -> bool {
    is_time(start) && is_time(end) && end < start
}

fn check_field(field: &str, value: Option<&Scalar>) -> Result<(), IntentError> {
    let is_code = |text: &str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    let fits = |text: &str| -> Option<bool> {
        Some(match field {
            "date" => is_date(text),
            "month" => is_date(&format!("{text}-01")),
            "start" | "end" => is_time(text),
            "activity" => Activity::parse(text).is_some(),
            "municipality" => is_code(text),
            "association" | "dispatched_by" => is_slug(text),
            "lecturer_attribution" => Attribution::parse(text).is_some(),
            "item" => matches!(text, "ア" | "イ" | "ウ" | "エ" | "オ" | "カ" | "キ" | "ク"),
            "title" | "theme" | "occasion" | "host" | "venue" | "medical_area" | "audience" | "medium" | "also" => {
                !text.is_empty() && text.chars().count() <= FIELD_CHARS
            }
            _ => return None,
        })
    };
    let refused = |value: String| IntentError::Value { field: field.to_owned(), value };
    let unknown = || IntentError::Field(field.chars().take(80).collect());
    let is_number = matches!(field, "fiscal_year" | "minutes");
    match value {
        Some(Scalar::Number(number)) if is_number => {
            let range = if field == "minutes" { 0..=1_440 } else { YEARS };
            if range.contains(number) { Ok(()) } else { Err(refused(number.to_string())) }
        }
        Some(Scalar::Text(text)) if is_number => Err(refused(text.chars().take(80).collect())),
        Some(Scalar::Text(text)) => match fits(text) {
            Some(true) => Ok(()),
            Some(false) => Err(refused(text.chars().take(80).collect())),
            None => Err(unknown()),
        },
        Some(Scalar::Number(number)) => Err(fits("").map_or_else(unknown, |_| refused(number.to_string()))),
        None if is_number || fits("").is_some() => Ok(()),
        None => Err(unknown()),
    }
}

fn is_date(text: &str) -> bool {
    Date::parse(text).is_some_and(|date| YEARS.contains(&date.year))
}

fn is_time(text: &str) -> bool {
    let parts = text.split_once(':');
    let number = |part: &str, end: u8| part.len() == 2 && part.parse::<u8>().is_ok_and(|n| n < end);
    parts.is_some_and(|(hour, minute)| number(hour, 24) && number(minute, 60))
}
