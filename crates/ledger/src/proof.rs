use core::fmt;

use cosmosmesh_contracts::key::Digest;

use crate::hash::{empty_root, node_hash};

/// The longest proof that a tree of up to 2^64 entries needs, in hashes.
pub const PROOF_HASHES_MAX: usize = 65;

/// Whether a leaf stands at `index` of the tree of `size` leaves with this root.
///
/// # Errors
/// [`ProofError`]; the proof says nothing then.
/// # Cost
/// One hash for each hash of the proof, no allocation.
/// # Source
/// RFC 9162, section 2.1.3.2.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length { found: proof.len() });
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    match () {
        () if last != 0 => Err(ProofError::Length { found: proof.len() }),
        () if hash != *root => Err(ProofError::Root),
        () => Ok(()),
    }
}

/// Whether the tree of `old` leaves is the beginning of the tree of `new` leaves.
///
/// # Errors
/// [`ProofError`]; the proof says nothing then.
/// # Source
/// RFC 9162, section 2.1.4.2; a tree without leaves is the beginning of every tree.
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    new: u64,
    new_root: &Digest,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        let expected = if old == new { *new_root } else { empty_root() };
        return match () {
            () if !proof.is_empty() => Err(ProofError::Length { found: proof.len() }),
            () if *old_root != expected => Err(ProofError::Root),
            () => Ok(()),
        };
    }
    let (first, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::Length { found: 0 })?;
        (*first, rest)
    };
    let (from_old, from_new) = climb(old, new, first, rest)?;
    if from_old == *old_root && from_new == *new_root { Ok(()) } else { Err(ProofError::Root) }
}

/// The two roots that a path leads to: that of the first `old` leaves and that of all `new`, for `0 < old < new`.
///
/// The path begins with the hash at which both begin, as [`crate::Tree::consistency_path`] gives it.
/// # Errors
/// [`ProofError`] if the path has not the length that the sizes ask for.
pub fn roots_of_path(old: u64, new: u64, path: &[Digest]) -> Result<(Digest, Digest), ProofError> {
    if old >= new || old == 0 {
        return Err(ProofError::Shrunk { old, new });
    }
    let (first, rest) = path.split_first().ok_or(ProofError::Length { found: 0 })?;
    climb(old, new, *first, rest)
}

/// Steps 4 to 8 of RFC 9162, section 2.1.4.2.
fn climb(old: u64, new: u64, first: Digest, rest: &[Digest]) -> Result<(Digest, Digest), ProofError> {
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut from_old, mut from_new) = (first, first);
    for hash in rest {
        if last == 0 {
            return Err(ProofError::Length { found: rest.len() });
        }
        if at & 1 == 1 || at == last {
            from_old = node_hash(hash, &from_old);
            from_new = node_hash(hash, &from_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            from_new = node_hash(&from_new, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 { Ok((from_old, from_new)) } else { Err(ProofError::Length { found: rest.len() }) }
}

/// Why a proof does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf cannot be in a tree of that size.
    Index {
        /// Which leaf.
        index: u64,
        /// Of how many.
        size: u64,
    },
    /// The proof has too few or too many hashes.
    Length {
        /// How many it has.
        found: usize,
    },
    /// The later tree is smaller than the earlier.
    Shrunk {
        /// Leaves of the earlier.
        old: u64,
        /// Leaves of the later.
        new: u64,
    },
    /// The hashes lead to another root.
    Root,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index { index, size } => write!(f, "entry {index} cannot be among {size}; ask for another proof"),
            Self::Length { found } => {
                write!(f, "a proof of {found} hashes does not fit these sizes; ask for another proof")
            }
            Self::Shrunk { old, new } => {
                write!(f, "a log of {old} entries cannot be the beginning of one of {new}; keep both checkpoints")
            }
            Self::Root => f.write_str("the proof leads to another root; the entry, the proof or the log was changed"),
        }
    }
}

impl std::error::Error for ProofError {}
