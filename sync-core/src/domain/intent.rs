//! Edits as people make them, before they become changes. They can be stored, and replayed on another document.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::heads::{self, Way};
use super::measure::Measure;
use super::rewritten;
use super::vocabulary::{Activity, Attribution, CancelReason, StepState};
use crate::document::{EditError, Reason, Scalar, TextName};
use crate::ids::{DeviceId, IntentId, is_slug};
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
    /// Takes a measure back to "not reported": what the person saw is taken away from the counts, and every count of the
    /// measure is marked void until its device counts again.
    Void {
        /// What was counted.
        measure: Measure,
        /// The total the person saw.
        seen: i64,
        /// How many of it each device had counted; without it, what is beyond is left with whoever counted most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        counts: Option<BTreeMap<DeviceId, i64>>,
    },
    /// Heads are counted by another way from now on: what it lacks is carried over to it as unknown. How many that is, is
    /// reckoned when the edit is made.
    Switch {
        /// The way.
        to: Way,
        /// Names this switch, so that it can be taken back: chosen by chance, 1 to 64 of `a-z`, `0-9`, `-` and `.`.
        mark: String,
    },
    /// Takes a switch back.
    Unswitch {
        /// Its name.
        mark: String,
    },
    /// Adds a link: `lecturer/<id>`, or `noted/<measure>` for what took place without a reported number. Stored edits may
    /// bear `carried/<way>/<number>`.
    Link {
        /// The link.
        link: String,
    },
    /// Removes a link.
    Unlink {
        /// The link.
        link: String,
    },
    /// Makes of a long text what a person made of it. Sentences they did not change stay as they are now.
    Write {
        /// Which text.
        text: TextName,
        /// The whole text as they saw it; the text as it is now unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<String>,
        /// The whole text as they left it.
        value: String,
    },
    /// Someone has read what two people made of these sentences apart, and leaves it as it is.
    HaveRead {
        /// Which text.
        text: TextName,
        /// The sentences, as [`super::RewrittenView`] names them.
        sentences: Vec<String>,
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
    /// This cannot name a switch.
    #[error("not the mark of a switch: {0}")]
    Mark(String),
    /// The link is of no known form.
    #[error("unknown link: {0}")]
    Link(String),
    /// The amount is too large.
    #[error("the count is too large: {0}")]
    Count(i64),
    /// This is the name of no sentence.
    #[error("not a sentence: {0}")]
    Sentence(String),
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
            Self::Write { text, base, value } => Self::Write { text, base, value: text::lines(&value) },
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
            Self::Switch { mark, .. } | Self::Unswitch { mark } if !heads::is_name(mark) => {
                Err(IntentError::Mark(mark.chars().take(80).collect()))
            }
            Self::Write { value, .. } if value.chars().count() > TEXT_CHARS => Err(IntentError::TextLength),
            Self::HaveRead { sentences, .. } => match sentences.iter().find(|sentence| !rewritten::is_name(sentence)) {
                Some(sentence) => Err(IntentError::Sentence(sentence.chars().take(80).collect())),
                None => Ok(()),
            },
            Self::TakeBack { steps } => {
                let fits =
                    (1..=TAKEN_BACK).contains(&steps.len()) && steps.iter().all(|id| id.parse::<IntentId>().is_ok());
                if fits { Ok(()) } else { Err(IntentError::Steps) }
            }
            Self::Count { .. }
            | Self::Void { .. }
            | Self::Switch { .. }
            | Self::Unswitch { .. }
            | Self::Write { .. }
            | Self::Step { .. } => Ok(()),
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
            | Self::Switch { .. }
            | Self::Unswitch { .. }
            | Self::Link { .. }
            | Self::Unlink { .. }
            | Self::Write { .. }
            | Self::HaveRead { .. }
            | Self::Step { .. }
            | Self::TakeBack { .. } => None,
        }
    }
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
