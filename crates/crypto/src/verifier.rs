use std::num::NonZeroUsize;

use cosmosmesh_contracts::key::{KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::Verifier;
use ring::signature::{ED25519, UnparsedPublicKey};

/// Checks Ed25519 signatures by the one rule of the mesh.
///
/// A signature `(R, s)` of a message under a key `A` is accepted exactly if
/// 1. `A` is the canonical encoding of a point of the curve (`y < p`) that is not of small order;
/// 2. `R` does not have the `y` of a point of small order;
/// 3. `s < L`, the order of the base point;
/// 4. the 32 bytes of `R` equal the canonical encoding of `s B - k A`, `k = SHA-512(R || A || message)`: without cofactor, byte for byte.
///
/// A batch is checked one by one by the same rule: no equation over several signatures, which would accept what single checks refuse.
/// Apart from the canonical `A` this is ed25519-dalek's `verify_strict`; the tests compare the two.
/// # Source
/// RFC 8032, section 5.1.7; Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", 2020.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ed25519Verifier {
    threads: Option<NonZeroUsize>,
}

impl Ed25519Verifier {
    /// Checks on the caller's thread.
    pub fn new() -> Self {
        Self::default()
    }

    /// Batches are shared among so many threads; verdicts do not depend on it.
    pub fn with_threads(threads: NonZeroUsize) -> Self {
        Self { threads: Some(threads) }
    }
}

impl Verifier for Ed25519Verifier {
    fn verify(&self, signer: &NodeId, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        if !is_acceptable_key(signer) {
            return Err(KeyError::PublicKey);
        }
        let refused = KeyError::Signature { signer: *signer };
        let (r, _) = signature.as_bytes().split_first_chunk::<32>().ok_or(refused)?;
        if has_small_order(r) {
            return Err(refused);
        }
        // Rules 3 and 4, and that `A` is on the curve, are ring's own.
        UnparsedPublicKey::new(&ED25519, signer.as_bytes()).verify(message, signature.as_bytes()).map_err(|_| refused)
    }

    fn verify_all(&self, batch: &[(NodeId, &[u8], Signature)]) -> Vec<Result<(), KeyError>> {
        let one = |(signer, message, signature): &(NodeId, &[u8], Signature)| self.verify(signer, message, signature);
        let threads = self.threads.map_or(1, NonZeroUsize::get).min(batch.len().div_ceil(BATCH_MIN)).max(1);
        if threads == 1 {
            return batch.iter().map(one).collect();
        }
        let share = batch.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let work: Vec<_> =
                batch.chunks(share).map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<_>>())).collect();
            work.into_iter()
                .flat_map(|thread| thread.join().expect("this cannot fail because a check does not panic"))
                .collect()
        })
    }
}

/// Fewer checks than this are not worth a thread.
const BATCH_MIN: usize = 16;

/// Whether the bytes can be a node's key: the canonical encoding of a `y` that is not one of the small-order points'.
///
/// Whether a point with that `y` exists is seen by the first signature.
pub fn is_acceptable_key(key: &NodeId) -> bool {
    is_canonical(key.as_bytes()) && !has_small_order(key.as_bytes())
}

/// `2^255 - 19`, little-endian.
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// The `y` of the eight points whose order divides 8: 0, 1, -1, and the two of order 8, which are each other's negatives.
const SMALL_ORDER: [[u8; 32]; 5] = {
    let (mut zero, mut one, mut minus_one) = ([0; 32], [0; 32], P);
    zero[0] = 0;
    one[0] = 1;
    minus_one[0] -= 1;
    let eight = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    let other = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    [zero, one, minus_one, eight, other]
};

fn magnitude(bytes: &[u8; 32]) -> [u8; 32] {
    let mut y = *bytes;
    y[31] &= 0x7f;
    y
}

fn is_canonical(bytes: &[u8; 32]) -> bool {
    magnitude(bytes).iter().rev().lt(P.iter().rev())
}

fn has_small_order(bytes: &[u8; 32]) -> bool {
    SMALL_ORDER.contains(&magnitude(bytes))
}
