//! The work of the day: sessions as tablets record them, a few taps to a change.

use sync_core::document::{Document, Heads, Kind, Scalar};
use sync_core::domain::Intent;
use sync_core::domain::vocabulary::StepState;
use sync_core::ids::{ActorId, DeviceId, DocumentId, IntentId};
use sync_core::time::Timestamp;
use sync_core::wire::{DocumentPush, PROTOCOL, SyncRequest};
use uuid::Uuid;

use super::failed;
use crate::error::CliError;

const BANDS: [&str; 5] = ["50-59", "60-69", "70-74", "75-84", "85+"];
/// When the first tap was made.
const DAY_MS: u64 = 1_780_000_000_000;

/// A tablet with a day's work: the same changes for the limit, and encoded for the server.
pub(super) struct Tablet {
    pub documents: Vec<(DocumentId, Vec<Vec<u8>>)>,
    /// Where each document stands afterwards, in the same order.
    pub heads: Vec<Heads>,
    pub changes: u64,
    pub body: Vec<u8>,
}

impl Tablet {
    pub(super) fn make(
        device: DeviceId,
        place: &str,
        sessions: usize,
        changes: usize,
        registry_version: u64,
    ) -> Result<Self, CliError> {
        let (mut documents, mut ends) = (Vec::new(), Vec::new());
        let mut pushes = Vec::new();
        let mut number = 0;
        for session in 0..sessions {
            let name = format!("{device}|{session}");
            let id = DocumentId::from_bytes(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).into_bytes());
            let mut document = Document::genesis(id, Kind::Session).map_err(failed)?;
            document.write_as(ActorId::new(device, 1));
            let mut raw = Vec::new();
            for change in 0..changes {
                for intent in edits(change, session, place)? {
                    number += 1;
                    intent.apply(IntentId { device, number }, &mut document).map_err(failed)?;
                }
                let at = Timestamp(DAY_MS + number * 7_000);
                raw.push(document.commit(at, "pe-bench", None).ok_or_else(|| failed("nothing to commit"))?.bytes);
            }
            let changes = raw.iter().map(|bytes| bytes.clone().into()).collect();
            ends.push(document.heads());
            pushes.push(DocumentPush::new(id, Kind::Session, document.heads(), changes));
            documents.push((id, raw));
        }
        let request = SyncRequest {
            protocol: PROTOCOL,
            clock: Timestamp(DAY_MS),
            pushes,
            cursors: Vec::new(),
            registry_version,
            page_bytes: 1_000_000,
            ..SyncRequest::default()
        };
        let changes = u64::try_from(sessions * changes).unwrap_or(u64::MAX);
        Ok(Self { documents, heads: ends, changes, body: request.encode() })
    }
}

fn edits(change: usize, session: usize, place: &str) -> Result<Vec<Intent>, CliError> {
    let set =
        |field: &str, value: &str| Intent::Set { field: field.to_owned(), value: Some(Scalar::Text(value.to_owned())) };
    let count = |measure: &str, by: i64| -> Result<Intent, CliError> {
        Ok(Intent::Count { measure: measure.parse().map_err(failed)?, by, reason: None })
    };
    Ok(match change {
        0 => vec![
            set("municipality", place),
            set("activity", "round_table"),
            set("date", &format!("2026-11-{:02}", 1 + session % 28)),
            set("venue", "公民館"),
            set("title", &format!("座談会 {session}")),
        ],
        1 => vec![
            set("occasion", "通いの場"),
            set("start", "13:30"),
            Intent::Link { link: format!("lecturer/le-{}", session % 40) },
        ],
        2 => vec![Intent::Step { state: StepState::Held, reason: None }],
        _ if change % 6 == 3 => {
            vec![count("material.contact-card.age-75", 1)?, count("material.anshin-set.living-alone", 1)?]
        }
        _ => {
            let band = BANDS[(change + session) % BANDS.len()];
            vec![count(&format!("attendance.band.{band}"), 1 + i64::try_from(change % 3).unwrap_or(0))?]
        }
    })
}
