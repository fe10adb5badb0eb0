use std::collections::{BTreeMap, BTreeSet};

use crate::codec::{put_bytes, put_u64};
use crate::entry::{EntryId, put_id};

/// A set in which an addition wins over a removal that had not seen it.
///
/// # Source
/// Bieniusa et al., "An optimized conflict-free replicated set", 2012 (OR-set); additions are named by their entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elements {
    added: BTreeMap<Vec<u8>, BTreeSet<EntryId>>,
}

impl Elements {
    /// Whether an element is in the set.
    pub fn contains(&self, element: &[u8]) -> bool {
        self.added.contains_key(element)
    }

    /// The elements, rising.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.added.keys().map(Vec::as_slice)
    }

    /// The entries that hold an element in the set: what a removal names.
    pub fn holding(&self, element: &[u8]) -> Vec<EntryId> {
        self.added.get(element).into_iter().flatten().copied().collect()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
    }

    pub(super) fn add(&mut self, id: EntryId, element: &[u8]) {
        self.added.entry(element.to_vec()).or_default().insert(id);
    }

    /// Gives an addition that the removal had not seen and that keeps the element.
    pub(super) fn remove(&mut self, element: &[u8], seen: &[EntryId]) -> Option<EntryId> {
        let holding = self.added.get_mut(element)?;
        for id in seen {
            holding.remove(id);
        }
        let kept = holding.first().copied();
        if kept.is_none() {
            self.added.remove(element);
        }
        kept
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.added.len() as u64);
        for (element, holding) in &self.added {
            put_bytes(out, element);
            put_u64(out, holding.len() as u64);
            holding.iter().for_each(|id| put_id(out, id));
        }
    }
}
