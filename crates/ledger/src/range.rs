use cosmosmesh_contracts::key::Digest;

use crate::hash::{empty_root, node_hash};
use crate::proof::{PROOF_HASHES_MAX, ProofError};
use crate::tree::{Tree, TreeError, split};

/// Proves that some leaves are *all* the leaves from one index to another: none left out, none put in.
///
/// The hashes are those of the largest complete subtrees left and right of the range, from left to right.
/// # Shape
/// At most [`PROOF_HASHES_MAX`] hashes on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeProof {
    /// Subtrees before the range.
    pub left: Vec<Digest>,
    /// Subtrees after it.
    pub right: Vec<Digest>,
}

impl Tree {
    /// What proves the leaves `begin..end` to be complete in the tree of the first `size` leaves.
    ///
    /// # Errors
    /// [`TreeError`] if the range is not within the leaves.
    pub fn range(&self, begin: u64, end: u64, size: u64) -> Result<RangeProof, TreeError> {
        self.root_at(size)?;
        if end > size {
            return Err(TreeError::Size { asked: end, size });
        }
        if begin > end {
            return Err(TreeError::Index { index: begin, size: end });
        }
        let mut proof = RangeProof { left: Vec::new(), right: Vec::new() };
        if begin < end {
            self.outside(0, size, begin, end, &mut proof);
        }
        Ok(proof)
    }

    fn outside(&self, from: u64, to: u64, begin: u64, end: u64, proof: &mut RangeProof) {
        if to <= begin {
            proof.left.push(self.subtree(from, to));
        } else if from >= end {
            proof.right.push(self.subtree(from, to));
        } else if begin > from || end < to {
            let middle = from + split(to - from);
            self.outside(from, middle, begin, end, proof);
            self.outside(middle, to, begin, end, proof);
        }
    }
}

/// Whether these are all the leaves from `begin` on, as many as are given, in the tree of `size` leaves with this root.
///
/// # Errors
/// [`ProofError`]; the leaves may then be incomplete, or others.
/// # Cost
/// One hash for each leaf and each hash of the proof.
pub fn verify_range(
    leaves: &[Digest],
    begin: u64,
    size: u64,
    proof: &RangeProof,
    root: &Digest,
) -> Result<(), ProofError> {
    let end = begin.checked_add(leaves.len() as u64).filter(|end| *end <= size);
    let end = end.ok_or(ProofError::Index { index: begin.saturating_add(leaves.len() as u64), size })?;
    let count = proof.left.len() + proof.right.len();
    if proof.left.len() > PROOF_HASHES_MAX || proof.right.len() > PROOF_HASHES_MAX {
        return Err(ProofError::Length { found: count });
    }
    if begin == end {
        // Nothing is asked, so nothing need be proven; but a root of nothing is known.
        let sound = count == 0 && (size > 0 || *root == empty_root());
        return if sound { Ok(()) } else { Err(ProofError::Length { found: count }) };
    }
    let mut walk = Walk { left: proof.left.iter(), right: proof.right.iter(), leaves, begin, end };
    let found = walk.hash(0, size).ok_or(ProofError::Length { found: count })?;
    if walk.left.len() + walk.right.len() > 0 {
        return Err(ProofError::Length { found: count });
    }
    if found == *root { Ok(()) } else { Err(ProofError::Root) }
}

struct Walk<'a> {
    left: core::slice::Iter<'a, Digest>,
    right: core::slice::Iter<'a, Digest>,
    leaves: &'a [Digest],
    begin: u64,
    end: u64,
}

impl Walk<'_> {
    /// The hash of the leaves `from..to`; nothing if the proof is too short.
    fn hash(&mut self, from: u64, to: u64) -> Option<Digest> {
        if to <= self.begin {
            return self.left.next().copied();
        }
        if from >= self.end {
            return self.right.next().copied();
        }
        if to - from == 1 {
            return Some(self.leaves[(from - self.begin) as usize]);
        }
        let middle = from + split(to - from);
        let left = self.hash(from, middle)?;
        Some(node_hash(&left, &self.hash(middle, to)?))
    }
}
