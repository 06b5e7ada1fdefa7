//! What is kept between requests, bounded by bytes. May be emptied at any time; only speed changes.

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use sync_core::document::{Document, Heads};
use sync_core::ids::DocumentId;

/// What a loaded document takes beside what grows with its history, in bytes.
const DOCUMENT_BASE: usize = 8 * 1024;
/// What a loaded document takes for each byte of its saved form: history is kept at about a fiftieth of it.
const DOCUMENT_PER_BYTE: usize = 50;

/// Values by key, those used last, as many as their stated sizes allow.
pub struct ByteCache<K: Hash + Eq, V> {
    limit: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K: Hash + Eq, V> {
    values: LruCache<K, (usize, V)>,
    bytes: usize,
}

impl<K: Hash + Eq, V> ByteCache<K, V> {
    /// Room for values of `limit` bytes together; 0 for none.
    pub fn new(limit: usize) -> Self {
        Self { limit, entries: Mutex::new(Entries { values: LruCache::unbounded(), bytes: 0 }) }
    }

    /// Takes a value out.
    pub fn take(&self, key: &K) -> Option<V> {
        let mut entries = self.lock();
        let (size, value) = entries.values.pop(key)?;
        entries.bytes -= size;
        Some(value)
    }

    /// Keeps a value of about `size` bytes. One larger than the whole cache is not kept.
    pub fn put(&self, key: K, value: V, size: usize) {
        let mut entries = self.lock();
        if let Some((old, _)) = entries.values.pop(&key) {
            entries.bytes -= old;
        }
        if size > self.limit {
            return;
        }
        while entries.bytes > self.limit - size {
            let Some((_, (old, _))) = entries.values.pop_lru() else { break };
            entries.bytes -= old;
        }
        entries.values.put(key, (size, value));
        entries.bytes += size;
    }

    /// Number of values, and their stated sizes together.
    pub fn size(&self) -> (usize, usize) {
        let entries = self.lock();
        (entries.values.len(), entries.bytes)
    }

    /// Forgets the values with such keys.
    pub fn forget(&self, is_one: impl Fn(&K) -> bool)
    where
        K: Clone,
    {
        let mut entries = self.lock();
        let keys: Vec<K> = entries.values.iter().map(|(key, _)| key).filter(|key| is_one(key)).cloned().collect();
        for key in keys {
            if let Some((size, _)) = entries.values.pop(&key) {
                entries.bytes -= size;
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.values.clear();
        entries.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V: Clone> ByteCache<K, V> {
    /// A copy of a value.
    pub fn get(&self, key: &K) -> Option<V> {
        self.lock().values.get(key).map(|(_, value)| value.clone())
    }
}

type Key = (String, DocumentId);

/// Loaded documents by tenant and id, each with the heads it was stored with.
pub struct DocumentCache {
    documents: ByteCache<Key, (Heads, Document)>,
}

impl DocumentCache {
    /// Room for about `bytes` of loaded documents; 0 for none.
    pub fn new(bytes: usize) -> Self {
        Self { documents: ByteCache::new(bytes) }
    }

    /// The document with exactly these heads, taken out: two requests never share one.
    pub fn take(&self, tenant: &str, document: DocumentId, heads: &Heads) -> Option<Document> {
        let (held, found) = self.documents.take(&(tenant.to_owned(), document))?;
        (held == *heads).then_some(found)
    }

    /// Keeps a document that has these heads and was saved in this many bytes.
    pub fn put(&self, tenant: &str, heads: Heads, document: Document, saved_bytes: usize) {
        let size = DOCUMENT_BASE.saturating_add(saved_bytes.saturating_mul(DOCUMENT_PER_BYTE));
        self.documents.put((tenant.to_owned(), document.id()), (heads, document), size);
    }

    /// Forgets a document.
    pub fn forget(&self, tenant: &str, document: DocumentId) {
        self.documents.take(&(tenant.to_owned(), document));
    }

    /// Forgets every document.
    pub fn clear(&self) {
        self.documents.clear();
    }

    /// Number of documents, and about what they take in bytes.
    pub fn size(&self) -> (usize, usize) {
        self.documents.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_used_go_first_and_the_sum_never_exceeds_the_limit() {
        let cache = ByteCache::new(100);
        for number in 0..20 {
            cache.put(number, number, 30);
            assert!(cache.size().1 <= 100);
        }
        assert_eq!(cache.get(&17), Some(17));
        cache.put(20, 20, 30);
        assert_eq!((cache.get(&17), cache.get(&18), cache.size()), (Some(17), None, (3, 90)));
        cache.put(17, 1, 101);
        assert_eq!((cache.get(&17), cache.size()), (None, (2, 60)), "too large for the cache, and the old one is gone");
        assert_eq!((cache.take(&20), cache.size()), (Some(20), (1, 30)));
        cache.forget(|key| *key == 19);
        assert_eq!((cache.get(&19), cache.size()), (None, (0, 0)));
        assert_eq!(ByteCache::<u8, u8>::new(0).get(&1), None);
    }
}
