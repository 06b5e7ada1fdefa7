//! The sign that two people rewrote one sentence apart.
//!
//! Whoever changes a sentence sets the field `rewrote.<text>.<sentence>`, the sentence as they saw it: `+` for one insertion
//! or deletion within, `-` when it was taken out, else the intent that rewrote it. Where the sentence did not stand any
//! more as they saw it, what others did to it is named beside. More than one word, in one value or in several that were
//! set apart, is the sign. Someone who has read the text sets the field to the intent that says so.
//! Source: SPEC DOC-9.

use std::collections::BTreeSet;

use super::sentences::{Touch, Touched};
use crate::document::{Document, Scalar, TextName};
use crate::ids::IntentId;

const PREFIX: &str = "rewrote.";
/// Stands for what someone did who set no such field.
const UNKNOWN: &str = "?";

/// Text and sentence of such a field.
pub(super) fn read(field: &str) -> Option<(TextName, &str)> {
    let (text, sentence) = field.strip_prefix(PREFIX)?.split_once('.')?;
    let text = TextName::ALL.into_iter().find(|name| name.as_str() == text)?;
    is_name(sentence).then_some((text, sentence))
}

/// Whether a field only says that a sentence was changed.
pub(super) fn is_mark(field: &str) -> bool {
    read(field).is_some()
}

/// Whether this can be the name of a sentence.
pub(super) fn is_name(sentence: &str) -> bool {
    sentence.len() == 8 && sentence.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether values of such a field are the sign.
pub(super) fn is_sign<'a>(values: impl Iterator<Item = &'a Scalar>) -> bool {
    words(values).len() > 1
}

/// The field to set for a changed sentence, and its value.
pub(super) fn of_touched(document: &Document, text: TextName, touched: &Touched, id: IntentId) -> (String, Scalar) {
    let field = field(text, &touched.sentence);
    let own = match touched.touch {
        Touch::Within => "+".to_owned(),
        Touch::Removed => "-".to_owned(),
        Touch::Rewritten => id.to_string(),
    };
    let before = document.field(&field);
    let mut words = words(before.iter());
    if touched.stood && words.len() < 2 {
        words.clear();
    } else if words.is_empty() {
        words.insert(UNKNOWN);
    }
    words.insert(&own);
    let value = words.into_iter().collect::<Vec<_>>().join(" ");
    (field, Scalar::Text(value))
}

/// The field of a sentence whose text someone has read.
pub(super) fn of_read(text: TextName, sentence: &str, id: IntentId) -> (String, Scalar) {
    (field(text, sentence), Scalar::Text(id.to_string()))
}

fn field(text: TextName, sentence: &str) -> String {
    format!("{PREFIX}{}.{sentence}", text.as_str())
}

fn words<'a>(values: impl Iterator<Item = &'a Scalar>) -> BTreeSet<&'a str> {
    let texts = values.filter_map(|value| match value {
        Scalar::Text(text) => Some(text.as_str()),
        Scalar::Number(_) => None,
    });
    texts.flat_map(str::split_whitespace).collect()
}
