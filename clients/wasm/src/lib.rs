//! The browser's door to [`sync_core::tablet`]: one class, [`WasmTablet`], of the shape the web worker's host drives.
//!
//! Views and inputs cross as JSON text, bytes as `Uint8Array`. Times are milliseconds since the Unix epoch.
//! Deliberately absent: any decision, and any use of the browser's clock, randomness, storage or network.

mod convert;
#[cfg(target_arch = "wasm32")]
mod fixed;

use sync_core::figures::Place;
use sync_core::ids::DocumentId;
use sync_core::tablet::{Exchanged, Identity, Input, Tablet, TaskId};
use wasm_bindgen::prelude::*;

use convert::{effect_to_js, error_to_js, json, rows_from_js, time};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type WasmEffect =
  | { readonly type: 'persist'; readonly task: number; readonly writes: readonly { readonly table: string; readonly key: string; readonly value: Uint8Array | null }[] }
  | { readonly type: 'exchange'; readonly task: number; readonly path: string; readonly body: Uint8Array }
  | { readonly type: 'shown'; readonly documents: readonly string[] };
export type WasmRow = { readonly table: string; readonly key: string; readonly value: Uint8Array };
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(text: &str);
}

/// Lets a breakdown of the core say where it happened; the host then opens it anew.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}

/// One open tablet.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WasmTablet {
    tablet: Tablet,
}

#[wasm_bindgen]
impl WasmTablet {
    /// Opens the tablet of this device from the rows the host holds. `seed` is at least eight random bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(
        device: &str,
        seed: &[u8],
        #[wasm_bindgen(unchecked_param_type = "readonly WasmRow[]")] rows: js_sys::Array,
        now: f64,
    ) -> Result<WasmTablet, JsError> {
        let identity = Identity { device: device.parse().map_err(error_to_js)? };
        let chance = seed.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let tablet = Tablet::open(time(now), identity, chance, rows_from_js(&rows)?);
        Ok(Self { tablet })
    }

    /// Takes one input as JSON. Throws when it is not one, or when the edit makes no sense.
    pub fn handle(&mut self, now: f64, input: &str) -> Result<(), JsError> {
        let input: Input = serde_json::from_str(input).map_err(error_to_js)?;
        self.tablet.handle(time(now), input).map_err(error_to_js)
    }

    /// Takes the answer to an exchange, which is too large to cross as JSON.
    pub fn answered(&mut self, now: f64, task: f64, body: Vec<u8>) -> Result<(), JsError> {
        let input = Input::Exchanged { task: TaskId(task as u64), result: Exchanged::Ok(body) };
        self.tablet.handle(time(now), input).map_err(error_to_js)
    }

    /// The next thing the host must do.
    #[wasm_bindgen(unchecked_return_type = "WasmEffect | undefined")]
    pub fn poll_effect(&mut self) -> JsValue {
        self.tablet.poll_effect().map_or(JsValue::UNDEFINED, effect_to_js)
    }

    /// When to wake the tablet, if nothing happens before.
    pub fn next_wakeup(&self) -> Option<f64> {
        self.tablet.next_wakeup().map(|at| at.0 as f64)
    }

    /// The state of the tablet, JSON.
    pub fn status(&self) -> Result<String, JsError> {
        json(&self.tablet.status())
    }

    /// Every record in a line, JSON.
    pub fn list(&self) -> Result<String, JsError> {
        json(&self.tablet.list())
    }

    /// The figures of a fiscal year over the records here, by id, JSON. `scope` names the organisation whose they are.
    pub fn figures(&self, fiscal_year: i32, scope: &str) -> Result<String, JsError> {
        json(&self.tablet.figures(i64::from(fiscal_year), &Place::of_scope(scope)))
    }

    /// The line of one record, JSON; undefined when it is not here.
    pub fn summary(&self, document: &str) -> Result<Option<String>, JsError> {
        let id: DocumentId = document.parse().map_err(error_to_js)?;
        self.tablet.summary(id).map(|summary| json(&summary)).transpose()
    }

    /// One whole record, JSON; undefined when it is not here.
    pub fn view(&self, document: &str) -> Result<Option<String>, JsError> {
        let id: DocumentId = document.parse().map_err(error_to_js)?;
        self.tablet.view(id).map(|detail| json(&detail)).transpose()
    }

    /// Names of people and tablets known here, JSON.
    pub fn names(&self) -> Result<String, JsError> {
        json(&self.tablet.names())
    }

    /// The registry, JSON; undefined before the first exchange.
    pub fn registry(&self) -> Option<String> {
        self.tablet.registry().map(|json| String::from_utf8_lossy(json).into_owned())
    }
}
