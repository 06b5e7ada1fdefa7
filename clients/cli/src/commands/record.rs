//! `tsudoi record`: records without a network. What is printed as recorded is durable.

use std::io::BufRead as _;

use serde::{Deserialize, Serialize};
use sync_core::document::{Kind, Scalar};
use sync_core::domain::Intent;
use sync_core::ids::DocumentId;

use super::Place;
use crate::api::Registry;
use crate::args::{Edit, Record};
use crate::case::text;
use crate::error::CliError;
use crate::host::Host;
use crate::say::say;

pub(super) fn run(place: &Place, args: &Record) -> Result<(), CliError> {
    let mut host = place.open()?;
    if args.json {
        return read_lines(&mut host);
    }
    match (args.document.as_deref(), &args.edit) {
        (Some("new"), None) => {
            let document = new_id();
            let kind = if args.consultation { Kind::Consultation } else { Kind::Session };
            let intents = first_intents(args);
            if intents.is_empty() {
                return Err(CliError::input(
                    "--activity か --title などを1つ以上付けてください",
                    "何も書かれていません",
                ));
            }
            check_places(&host, &intents)?;
            host.record(intents.into_iter().map(|intent| (document, kind, intent)))?;
            say(document)
        }
        (Some(document), Some(edit)) => {
            let document = parse_id(document)?;
            let kind = kind_of(&host, document).ok_or_else(|| CliError::NoRecord(document.to_string()))?;
            let intents = [intent(edit)?];
            check_places(&host, &intents)?;
            host.record(intents.map(|intent| (document, kind, intent)))?;
            say(document)
        }
        _ => Err(CliError::input(
            "tsudoi record new … か tsudoi record 記録 set|count|link|unlink|write|step … の形で書いてください",
            "何をするかがありません",
        )),
    }
}

/// Refuses a municipality or an association that the registry on this tablet does not have. A record of nowhere is seen by
/// nobody.
fn check_places(host: &Host, intents: &[Intent]) -> Result<(), CliError> {
    let registry = host.registry().and_then(|json| serde_json::from_slice::<Registry>(json).ok());
    let Some(registry) = registry else { return Ok(()) };
    for intent in intents {
        let Intent::Set { field, value: Some(Scalar::Text(code)) } = intent else { continue };
        let is_known = match field.as_str() {
            "municipality" => registry.municipalities.iter().any(|one| one.code == *code),
            "association" | "dispatched_by" => registry.associations.iter().any(|one| one.id == *code),
            _ => true,
        };
        if !is_known {
            return Err(CliError::input(
                "市町村は6桁の番号（例: 112119）、医師会は as- で始まる番号で書いてください",
                format!("「{code}」は{}の台帳にありません", registry.tenant.name),
            ));
        }
    }
    Ok(())
}

/// One line of input: an edit of a record; a new record when none is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    document: Option<DocumentId>,
    #[serde(default)]
    kind: Option<Kind>,
    intent: Intent,
}

/// One line of output, printed when the edit is durable.
#[derive(Serialize)]
struct Recorded {
    line: usize,
    document: DocumentId,
}

fn read_lines(host: &mut Host) -> Result<(), CliError> {
    for (index, line) in std::io::stdin().lock().lines().enumerate() {
        let number = index + 1;
        let bad = |cause: String| {
            CliError::input(format!("標準入力の {number} 行目を直してください。その前の行までは記録しました"), cause)
        };
        let line = line.map_err(|error| bad(error.to_string()))?;
        let line = line.trim_start_matches(text::BOM);
        if line.trim().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
        let document = line.document.unwrap_or_else(new_id);
        let kind = line.kind.or_else(|| kind_of(host, document)).unwrap_or(Kind::Session);
        host.record([(document, kind, line.intent)]).map_err(|error| match error {
            CliError::Input { cause, .. } => bad(cause),
            other => other,
        })?;
        let recorded = serde_json::to_string(&Recorded { line: number, document }).unwrap_or_default();
        say(recorded)?;
    }
    Ok(())
}

fn first_intents(args: &Record) -> Vec<Intent> {
    let fields = [
        ("activity", &args.activity),
        ("date", &args.date),
        ("month", &args.month),
        ("start", &args.start),
        ("title", &args.title),
        ("venue", &args.venue),
        ("occasion", &args.occasion),
        ("municipality", &args.municipality),
        ("association", &args.association),
    ];
    let given = fields.into_iter().filter_map(|(field, value)| Some((field, value.clone()?)));
    given.map(|(field, value)| Intent::Set { field: field.to_owned(), value: Some(Scalar::Text(value)) }).collect()
}

fn intent(edit: &Edit) -> Result<Intent, CliError> {
    Ok(match edit {
        Edit::Set { field, value } => {
            let value = value.as_ref().map(|value| match (field.as_str(), value.parse::<i64>()) {
                ("fiscal_year" | "minutes", Ok(number)) => Scalar::Number(number),
                _ => Scalar::Text(value.clone()),
            });
            Intent::Set { field: field.clone(), value }
        }
        Edit::Count { measure, by, reason } => Intent::Count {
            measure: measure.parse().map_err(|error| CliError::input("数えるものの名前を確かめてください", error))?,
            by: *by,
            reason: reason.as_deref().map(word).transpose()?,
        },
        Edit::Link { link } => Intent::Link { link: link.clone() },
        Edit::Unlink { link } => Intent::Unlink { link: link.clone() },
        Edit::Write { text, value } => Intent::Write { text: word(text)?, base: None, value: value.clone() },
        Edit::Step { state, reason } => {
            Intent::Step { state: word(state)?, reason: reason.as_deref().map(word).transpose()? }
        }
    })
}

/// A word of one of the core's closed lists.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, CliError> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|error| CliError::input("使える言葉を確かめてください", error))
}

fn kind_of(host: &Host, document: DocumentId) -> Option<Kind> {
    host.view(document).map(|detail| detail.record.kind)
}

fn new_id() -> DocumentId {
    DocumentId::from_bytes(uuid::Uuid::new_v4().into_bytes())
}

pub(super) fn parse_id(text: &str) -> Result<DocumentId, CliError> {
    text.parse().map_err(|error| CliError::input("記録の番号を確かめてください", error))
}
