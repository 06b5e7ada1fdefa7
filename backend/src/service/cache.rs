//! Documents kept loaded between requests, at most a fixed number. May be emptied at any time; only speed changes.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard};

use lru::LruCache;
use sync_core::document::{Document, Heads};
use sync_core::ids::DocumentId;

type Key = (String, DocumentId);

/// Loaded documents by tenant and id, each with the heads it was stored with.
pub struct DocumentCache {
    documents: Option<Mutex<LruCache<Key, (Heads, Document)>>>,
}

impl DocumentCache {
    /// Room for `count` documents; 0 for none.
    pub fn new(count: usize) -> Self {
        Self { documents: NonZeroUsize::new(count).map(|count| Mutex::new(LruCache::new(count))) }
    }

    /// The document with exactly these heads, taken out: two requests never share one.
    pub fn take(&self, tenant: &str, document: DocumentId, heads: &Heads) -> Option<Document> {
        let mut documents = self.lock()?;
        let (held, found) = documents.pop(&(tenant.to_owned(), document))?;
        (held == *heads).then_some(found)
    }

    /// Keeps a document as it is stored now.
    pub fn put(&self, tenant: &str, heads: Heads, document: Document) {
        if let Some(mut documents) = self.lock() {
            documents.put((tenant.to_owned(), document.id()), (heads, document));
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, LruCache<Key, (Heads, Document)>>> {
        self.documents.as_ref()?.lock().ok()
    }
}
