use cosmosmesh_contracts::key::Digest;
use sha2::{Digest as _, Sha256};

/// The hash of an entry as a leaf of the tree.
///
/// # Source
/// RFC 6962, section 2.1: SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Digest {
    sha256(&[&[0x00], entry])
}

/// The hash of a node from those of its children.
///
/// # Source
/// RFC 6962, section 2.1: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut input = [0x01; 1 + 2 * Digest::LEN];
    input[1..=Digest::LEN].copy_from_slice(left.as_bytes());
    input[1 + Digest::LEN..].copy_from_slice(right.as_bytes());
    sha256(&[&input])
}

/// The root of a tree without leaves: the hash of nothing.
pub fn empty_root() -> Digest {
    sha256(&[])
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> Digest {
    let mut state = Sha256::new();
    parts.iter().for_each(|part| state.update(part));
    Digest::from_bytes(state.finalize().into())
}
