//! `tsudoi sync`: sends what is unsent and receives what is new, until nothing more is to be said.

use serde_json::json;

use super::Place;
use crate::error::CliError;
use crate::output::{save_word, status_lines};
use crate::say::say;
use sync_core::tablet::SaveState;

pub(super) fn run(place: &Place, json: bool) -> Result<(), CliError> {
    let mut host = place.open()?;
    let talked = host.sync();
    let (status, receipts) = (host.status(), host.receipts());
    let held = host.list().iter().filter(|record| record.save_state == SaveState::Held).count();
    if json {
        let receipts = json!({
            "stored": receipts.stored,
            "duplicate": receipts.duplicate,
            "custody": receipts.custody,
            "missing_deps": receipts.missing_deps,
            "purged": receipts.purged,
        });
        say(json!({ "receipts": receipts, "held_records": held, "status": status }))?;
    } else {
        say(format_args!(
            "受け取られた変更 {} 件、受け取り済みだった変更 {} 件、預かりになった変更 {} 件",
            receipts.stored, receipts.duplicate, receipts.custody
        ))?;
        say(status_lines(&status))?;
        if held > 0 {
            say(format_args!("{} の記録 {held} 件", save_word(SaveState::Held)))?;
        }
    }
    talked?;
    if status.unsent_records > 0 {
        return Err(CliError::Unsent { records: status.unsent_records });
    }
    if held > 0 {
        return Err(CliError::Held { records: held });
    }
    if status.scopes.iter().any(|scope| !scope.agreed) {
        return Err(CliError::Differs);
    }
    Ok(())
}
