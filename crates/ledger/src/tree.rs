use core::fmt;

use cosmosmesh_contracts::key::Digest;

use crate::hash::{empty_root, leaf_hash, node_hash};

/// An append-only Merkle tree: every hash of a complete subtree, so that a proof is looked up rather than computed.
///
/// # Cost
/// 64 bytes of memory an entry, one to two hashes an append on average; a proof takes at most `2 log2(size)` hashes.
/// # Source
/// RFC 6962, section 2.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// `levels[k][i]` is the hash of the leaves `i * 2^k .. (i + 1) * 2^k`.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// A tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of these entries.
    pub fn of<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>) -> Self {
        let mut tree = Self::new();
        entries.into_iter().for_each(|entry| tree.push(leaf_hash(entry.as_ref())));
        tree
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            if nodes.len() % 2 == 1 {
                return;
            }
            hash = node_hash(&nodes[nodes.len() - 2], &hash);
        }
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The hash that stands for all leaves.
    pub fn root(&self) -> Digest {
        self.subtree(0, self.size())
    }

    /// The root as it was when the tree had `size` leaves.
    ///
    /// # Errors
    /// [`TreeError::Size`] if it never had so many.
    pub fn root_at(&self, size: u64) -> Result<Digest, TreeError> {
        self.has(size)?;
        Ok(self.subtree(0, size))
    }

    /// The hash of a leaf.
    pub fn leaf(&self, index: u64) -> Option<Digest> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }

    /// The hash of the complete subtree `index` of height `level`, if it is complete.
    pub fn node(&self, level: u32, index: u64) -> Option<Digest> {
        self.levels.get(level as usize)?.get(usize::try_from(index).ok()?).copied()
    }

    /// The hashes that tie leaf `index` to the root of the first `size` leaves, from the leaf's sibling upwards.
    ///
    /// # Errors
    /// [`TreeError`] if there are not so many leaves or no such leaf among them.
    /// # Source
    /// RFC 6962, section 2.1.1.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, TreeError> {
        self.has(size)?;
        if index >= size {
            return Err(TreeError::Index { index, size });
        }
        let mut proof = Vec::with_capacity(64);
        let (mut begin, mut end) = (0, size);
        while end - begin > 1 {
            let middle = begin + split(end - begin);
            if index < middle {
                proof.push(self.subtree(middle, end));
                end = middle;
            } else {
                proof.push(self.subtree(begin, middle));
                begin = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The hashes that prove the first `old` leaves to be the beginning of the first `new`.
    ///
    /// # Errors
    /// [`TreeError`] if there are not so many leaves, or `old` is more than `new`.
    /// # Source
    /// RFC 6962, section 2.1.2.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, TreeError> {
        let mut proof = self.consistency_path(old, new)?;
        if old.is_power_of_two() && old != new {
            // The verifier holds this one already: it is the old root.
            proof.remove(0);
        }
        Ok(proof)
    }

    /// As [`Tree::consistency`], but always with the hash at which both roots begin; what evidence of a split view carries.
    ///
    /// # Errors
    /// As [`Tree::consistency`].
    pub fn consistency_path(&self, old: u64, new: u64) -> Result<Vec<Digest>, TreeError> {
        self.has(new)?;
        if old > new {
            return Err(TreeError::Size { asked: old, size: new });
        }
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let mut proof = Vec::with_capacity(64);
        let (mut begin, mut end) = (0, new);
        while end != old {
            let middle = begin + split(end - begin);
            if old <= middle {
                proof.push(self.subtree(middle, end));
                end = middle;
            } else {
                proof.push(self.subtree(begin, middle));
                begin = middle;
            }
        }
        proof.push(self.subtree(begin, end));
        proof.reverse();
        Ok(proof)
    }

    /// The hash of the leaves `begin..end`, where `begin` is a multiple of the smallest power of two that holds them.
    pub(crate) fn subtree(&self, begin: u64, end: u64) -> Digest {
        let count = end - begin;
        if count == 0 {
            return empty_root();
        }
        if count.is_power_of_two() {
            let level = count.trailing_zeros();
            return self.levels[level as usize][(begin >> level) as usize];
        }
        let middle = begin + split(count);
        node_hash(&self.subtree(begin, middle), &self.subtree(middle, end))
    }

    fn has(&self, size: u64) -> Result<(), TreeError> {
        if size > self.size() { Err(TreeError::Size { asked: size, size: self.size() }) } else { Ok(()) }
    }
}

/// The largest power of two below `count`, which is at least two.
pub(crate) fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Why a tree cannot prove what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeError {
    /// More leaves were asked for than there are.
    Size {
        /// How many were asked for.
        asked: u64,
        /// How many there are.
        size: u64,
    },
    /// The leaf is not among the leaves.
    Index {
        /// Which one was asked for.
        index: u64,
        /// Of how many.
        size: u64,
    },
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { asked, size } => write!(f, "{asked} entries were asked for, there are {size}; ask for fewer"),
            Self::Index { index, size } => {
                write!(f, "entry {index} is not among {size}; entries are counted from 0")
            }
        }
    }
}

impl std::error::Error for TreeError {}
