//! JavaScript values to and from the tablet's own.

use std::fmt::Display;

use js_sys::{Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use sync_core::tablet::{Effect, Row, Table, Write};
use sync_core::time::Timestamp;
use wasm_bindgen::{JsCast, JsError, JsValue};

/// Milliseconds since the Unix epoch; what is before it counts as the epoch.
pub(crate) fn time(now: f64) -> Timestamp {
    // a cast from float saturates
    Timestamp(now as u64)
}

pub(crate) fn error_to_js(error: impl Display) -> JsError {
    JsError::new(&error.to_string())
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, JsError> {
    serde_json::to_string(value).map_err(error_to_js)
}

const TABLES: [(Table, &str); 5] = [
    (Table::Document, "document"),
    (Table::Outbox, "outbox"),
    (Table::Intent, "intent"),
    (Table::Scope, "scope"),
    (Table::Meta, "meta"),
];

fn table_name(table: Table) -> &'static str {
    TABLES.iter().find(|(known, _)| *known == table).map_or("meta", |(_, name)| name)
}

/// The host's rows. A row of another shape is an error of the host, and opens nothing.
pub(crate) fn rows_from_js(rows: &Array) -> Result<Vec<Row>, JsError> {
    rows.iter().map(|row| row_from_js(&row).ok_or_else(|| JsError::new("not a row"))).collect()
}

fn row_from_js(row: &JsValue) -> Option<Row> {
    let part = |name: &str| Reflect::get(row, &JsValue::from_str(name)).ok();
    let table = part("table")?.as_string()?;
    let (table, _) = TABLES.iter().find(|(_, name)| *name == table)?;
    let key = part("key")?.as_string()?;
    let value = part("value")?.dyn_into::<Uint8Array>().ok()?.to_vec();
    Some(Row { table: *table, key, value })
}

pub(crate) fn effect_to_js(effect: Effect) -> JsValue {
    match effect {
        Effect::Persist { task, writes } => object(&[
            ("type", "persist".into()),
            ("task", (task.0 as f64).into()),
            ("writes", writes.into_iter().map(write_to_js).collect::<Array>().into()),
        ]),
        Effect::Exchange { task, endpoint, body } => object(&[
            ("type", "exchange".into()),
            ("task", (task.0 as f64).into()),
            ("path", endpoint.path().into()),
            ("body", Uint8Array::from(body.as_slice()).into()),
        ]),
        Effect::Shown { documents } => {
            let documents: Array = documents.iter().map(|id| JsValue::from(id.to_string())).collect();
            object(&[("type", "shown".into()), ("documents", documents.into())])
        }
    }
}

fn write_to_js(write: Write) -> JsValue {
    let value = write.value.map_or(JsValue::NULL, |bytes| Uint8Array::from(bytes.as_slice()).into());
    object(&[("table", table_name(write.table).into()), ("key", write.key.into()), ("value", value)])
}

fn object(parts: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in parts {
        // setting a property of a fresh plain object cannot fail
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}
