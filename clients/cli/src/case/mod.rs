//! A year of an area as its own report states it, read from a case file and turned into wanted records.
//!
//! [`text`] reads the letters, [`form`] reads and checks the file, [`words`] knows the wordings, [`spread`] places records, [`mapping`] makes the
//! records. Deliberately absent: the network, and the plan and stock of a file, which are checked and not entered.

pub mod form;
pub mod mapping;
pub mod names;
pub mod places;
mod read;
pub mod spread;
pub mod text;
pub mod words;

/// A case file that cannot be loaded, and where it says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("事例ファイルの {place} を直してください: {message}")]
pub struct CaseError {
    /// Path of the value, such as `activities[2].kind`.
    pub place: String,
    /// What is wrong there.
    pub message: String,
}

impl CaseError {
    /// A file whose letters cannot be read.
    pub fn unreadable(message: String) -> Self {
        Self::at("文字", message)
    }

    /// An error at a place.
    pub fn at(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}
