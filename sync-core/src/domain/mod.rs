//! What documents mean: fields, measures, steps, and the facts that figures are made of.
//!
//! Deliberately absent: names of participants, a clock, and anything that refuses a merge. What is odd is flagged.

mod date;
mod edit;
mod facts;
mod heads;
mod intent;
mod measure;
mod rewritten;
mod sentences;
mod steps;
mod tally;
mod typed;
mod view;
pub mod vocabulary;

pub use date::Date;
pub use edit::Edit;
pub use facts::{FISCAL_YEARS, Facts, facts};
pub use heads::{Switch, Way};
pub use intent::{COUNT_BY, FIELD_CHARS, Intent, IntentError, TEXT_CHARS, YEARS};
pub use measure::{Measure, MeasureError};
pub use steps::{Present, Step, group_of};
pub use tally::TallyView;
pub use view::{Alternative, FieldView, RecordView, RewrittenView, StepView, view};

/// Whether a field only says what somebody did; people do not see it as a field.
pub fn is_mark(field: &str) -> bool {
    rewritten::is_mark(field) || heads::is_switch(field) || tally::is_voided(field) || typed::is_typed(field)
}
