//! A tablet as tests of the domain need it: what it gives, it has committed.

use sync_core::document::{Document, Kind};
use sync_core::domain::Intent;
use sync_core::ids::{ActorId, DeviceId, DocumentId, IntentId};
use sync_core::time::Timestamp;

pub const DOCUMENT: DocumentId = DocumentId::from_bytes([9; 16]);

#[derive(Clone)]
pub struct Writer {
    pub device: DeviceId,
    pub number: u64,
    pub document: Document,
}

impl Writer {
    pub fn new(name: u8) -> Self {
        let device = DeviceId::from_bytes([name; 16]);
        let mut document = Document::genesis(DOCUMENT, Kind::Session).unwrap();
        document.write_as(ActorId::new(device, 1));
        Self { device, number: 0, document }
    }

    pub fn give(&mut self, intent: &Intent) -> &mut Self {
        self.number += 1;
        intent.apply(IntentId { device: self.device, number: self.number }, &mut self.document).unwrap();
        self.document.commit(Timestamp(1_700_000_000_000), "tanaka", intent.reason());
        self
    }

    pub fn take(&mut self, other: &Writer) -> &mut Self {
        self.document.merge(&mut other.document.clone()).unwrap();
        self
    }
}
