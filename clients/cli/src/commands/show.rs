//! `tsudoi show`: the list, or one record with its conflicts, counts and history.

use std::collections::BTreeMap;

use sync_core::document::Scalar;
use sync_core::tablet::RecordDetail;

use super::{Place, record};
use crate::api::Registry;
use crate::args::Show;
use crate::error::CliError;
use crate::output;
use crate::say::say;

pub(super) fn run(place: &Place, args: &Show) -> Result<(), CliError> {
    let host = place.open()?;
    let registry: Registry = host.registry().and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
    let Some(document) = &args.document else {
        let mut list = host.list();
        list.sort_by(|a, b| (&a.date, &a.start, a.document).cmp(&(&b.date, &b.start, b.document)));
        if args.json {
            say(serde_json::json!({ "status": host.status(), "records": list }))?;
        } else {
            say(format_args!("記録 {} 件。{}", list.len(), output::status_lines(&host.status()).replace('\n', "。")))?;
            for record in &list {
                say(output::record_line(record))?;
            }
        }
        return Ok(());
    };
    let document = record::parse_id(document)?;
    let detail = host.view(document).ok_or_else(|| CliError::NoRecord(document.to_string()))?;
    if let Some(file) = &args.saved {
        let saved = host.saved(document).ok_or_else(|| CliError::NoRecord(document.to_string()))?;
        std::fs::write(file, saved)
            .map_err(|error| CliError::input(format!("{} に書き出せません", file.display()), error))?;
    }
    if args.json {
        say(serde_json::to_string(&detail).unwrap_or_default())?;
    } else {
        say(text(&detail, &registry))?;
    }
    Ok(())
}

fn text(detail: &RecordDetail, registry: &Registry) -> String {
    let record = &detail.record;
    let names = names(registry);
    let shown = |value: &str| names.get(value).map_or_else(|| value.to_owned(), |name| (*name).to_owned());
    let scalar = |value: &Scalar| match value {
        Scalar::Text(text) => shown(text),
        Scalar::Number(number) => number.to_string(),
    };
    let mut lines = vec![format!("{}  {}", record.document, output::save_word(detail.save_state))];
    let state = record.state.map_or("予定", output::state_word);
    lines.push(format!("状態: {state}  参加者: {}", output::number_word(record.attendance)));
    for (name, field) in &record.fields {
        lines.push(format!("{}: {}", output::field_word(name), scalar(&field.value)));
        for other in &field.alternatives {
            let who = other.authorship.as_ref();
            let who = who.map_or_else(|| "この端末".to_owned(), |a| format!("{} {}", a.by, output::time_word(a.at)));
            lines.push(format!("  食い違い: {}（{who}）", scalar(&other.value)));
        }
    }
    for link in &record.links {
        match link.split_once('/') {
            Some(("lecturer", id)) => lines.push(format!("講師: {}", shown(id))),
            Some(("noted", measure)) => lines.push(format!("{measure}: 実施、数は報告なし")),
            _ => lines.push(link.clone()),
        }
    }
    for tally in &record.tallies {
        lines.push(format!("{}: {}（{} 台で計数）", tally.measure, tally.total, tally.by_device.len()));
    }
    for (name, value) in record.texts.iter().filter(|(_, value)| !value.is_empty()) {
        lines.push(format!("[{}] {value}", output::text_word(*name)));
    }
    for entry in &detail.history {
        lines.push(format!("履歴: {} {}", output::time_word(entry.at), entry.by));
    }
    lines.join("\n")
}

fn names(registry: &Registry) -> BTreeMap<&str, &str> {
    let mut names = BTreeMap::new();
    names.extend(registry.municipalities.iter().map(|m| (m.code.as_str(), m.name.as_str())));
    names.extend(registry.associations.iter().map(|a| (a.id.as_str(), a.name.as_str())));
    names.extend(registry.lecturers.iter().map(|l| (l.id.as_str(), l.surname.as_str())));
    names.extend(registry.media.iter().map(|m| (m.id.as_str(), m.name.as_str())));
    names
}
