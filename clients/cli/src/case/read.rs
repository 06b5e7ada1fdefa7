//! Reading single values of a case file, each with an error that says what is wrong with it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sync_core::domain::Date;

use super::form::is_item;

pub(super) fn item<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !is_item(&text) => Err(D::Error::custom(format!("事業項目はアからクです: {text}"))),
        other => Ok(other),
    }
}

pub(super) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<IsoDate>::deserialize(deserializer)?.map(|date| date.0))
}

pub(super) fn dates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Option<String>>>, D::Error> {
    let dates = Option::<Vec<Option<IsoDate>>>::deserialize(deserializer)?;
    Ok(dates.map(|dates| dates.into_iter().map(|date| date.map(|date| date.0)).collect()))
}

struct IsoDate(String);

impl<'de> Deserialize<'de> for IsoDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Date::parse(&text) {
            Some(_) => Ok(Self(text)),
            None => Err(D::Error::custom(format!("日付は 2024-12-18 の形で書いてください: {text}"))),
        }
    }
}

pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text]),
        Value::Array(values) => {
            let text = |value: Value| match value {
                Value::String(text) => Ok(text),
                other => Err(D::Error::custom(format!("文字ではありません: {other}"))),
            };
            values.into_iter().map(text).collect()
        }
        other => Err(D::Error::custom(format!("文字か文字の並びではありません: {other}"))),
    }
}
