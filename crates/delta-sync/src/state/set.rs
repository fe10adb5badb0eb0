use crate::codec::{CodecError, Reader, put_bytes, put_u64};
use crate::entry::{BODY_BYTES_MAX, EntryId, put_id, read_id};

/// A set in which an addition wins over a removal that had not seen it.
///
/// # Cost
/// Elements stand in one sorted row, so that a set of one costs one; an addition moves those after it.
/// # Source
/// Bieniusa et al., "An optimized conflict-free replicated set", 2012 (OR-set); additions are named by their entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elements {
    added: Vec<(Box<[u8]>, Vec<EntryId>)>,
}

impl Elements {
    /// Whether an element is in the set.
    pub fn contains(&self, element: &[u8]) -> bool {
        self.place(element).is_ok()
    }

    /// The elements, rising.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.added.iter().map(|(element, _)| &**element)
    }

    /// The entries that hold an element in the set: what a removal names.
    pub fn holding(&self, element: &[u8]) -> Vec<EntryId> {
        self.place(element).map(|at| self.added[at].1.clone()).unwrap_or_default()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
    }

    fn place(&self, element: &[u8]) -> Result<usize, usize> {
        self.added.binary_search_by(|(other, _)| (**other).cmp(element))
    }

    pub(super) fn add(&mut self, id: EntryId, element: &[u8]) {
        match self.place(element) {
            Ok(at) => {
                let holding = &mut self.added[at].1;
                if let Err(place) = holding.binary_search(&id) {
                    holding.insert(place, id);
                }
            }
            Err(at) => self.added.insert(at, (element.into(), vec![id])),
        }
    }

    /// Gives an addition that the removal had not seen and that keeps the element.
    pub(super) fn remove(&mut self, element: &[u8], seen: &[EntryId]) -> Option<EntryId> {
        let at = self.place(element).ok()?;
        let holding = &mut self.added[at].1;
        holding.retain(|id| !seen.contains(id));
        let kept = holding.first().copied();
        if kept.is_none() {
            self.added.remove(at);
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

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.count(37)?;
        let mut added: Vec<(Box<[u8]>, Vec<EntryId>)> = Vec::with_capacity(count);
        for _ in 0..count {
            let element = reader.bytes(BODY_BYTES_MAX)?;
            if added.last().is_some_and(|(last, _)| **last >= *element) {
                return Err(CodecError::Order);
            }
            let count = reader.count(35)?;
            let mut holding = Vec::with_capacity(count);
            for _ in 0..count {
                holding.push(read_id(reader)?);
            }
            if holding.is_empty() || !holding.is_sorted_by(|a, b| a < b) {
                return Err(CodecError::Order);
            }
            added.push((element.into(), holding));
        }
        if added.is_empty() { Err(CodecError::Order) } else { Ok(Self { added }) }
    }
}
