//! Keys for tests: quick, repeatable, and worth nothing as cryptography.

use std::sync::Arc;

use cosmosmesh_contracts::key::{Digest, KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{ContentHasher, Signer, Verifier};
use cosmosmesh_delta_sync::Keys;

pub(crate) struct TestHasher;

fn absorb(state: &mut [u64; 4], bytes: &[u8]) {
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        for (lane, salt) in state.iter_mut().zip([
            0x9E37_79B9_7F4A_7C15_u64,
            0xBF58_476D_1CE4_E5B9,
            0x94D0_49BB_1331_11EB,
            0xD6E8_FEB8_6659_FD93,
        ]) {
            *lane = (*lane ^ word).wrapping_mul(salt).rotate_left(29) ^ (*lane >> 17);
        }
    }
    state[0] = state[0].wrapping_add(bytes.len() as u64);
    let [a, b, c, d] = *state;
    *state = [a ^ d.rotate_left(7), b.wrapping_add(a), c ^ b.rotate_left(13), d.wrapping_add(c)];
}

impl ContentHasher for TestHasher {
    fn digest(&self, domain: &str, parts: &[&[u8]]) -> Digest {
        let mut state = [1, 2, 3, 4];
        absorb(&mut state, domain.as_bytes());
        for part in parts {
            absorb(&mut state, part);
        }
        absorb(&mut state, &[0xff]);
        absorb(&mut state, &[0xfe]);
        let mut bytes = [0; 32];
        for (out, lane) in bytes.chunks_exact_mut(8).zip(state) {
            out.copy_from_slice(&lane.to_le_bytes());
        }
        Digest::from_bytes(bytes)
    }

    fn expand(&self, key: &[u8; 32], context: &[u8], offset: u64, output: &mut [u8]) {
        for (k, byte) in output.iter_mut().enumerate() {
            let at = offset + k as u64;
            let block = self.digest("expand", &[key, context, &(at / 32).to_le_bytes()]);
            *byte = block.as_bytes()[(at % 32) as usize];
        }
    }
}

pub(crate) struct TestSigner(pub(crate) NodeId);

fn signature(node: &NodeId, message: &[u8]) -> Signature {
    let mut bytes = [0; 64];
    for (half, domain) in bytes.chunks_exact_mut(32).zip(["sign/1", "sign/2"]) {
        half.copy_from_slice(TestHasher.digest(domain, &[node.as_bytes(), message]).as_bytes());
    }
    Signature::from_bytes(bytes)
}

impl Signer for TestSigner {
    fn node_id(&self) -> NodeId {
        self.0
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        Ok(signature(&self.0, message))
    }
}

pub(crate) struct TestVerifier;

impl Verifier for TestVerifier {
    fn verify(&self, signer: &NodeId, message: &[u8], given: &Signature) -> Result<(), KeyError> {
        if signature(signer, message) == *given { Ok(()) } else { Err(KeyError::Signature { signer: *signer }) }
    }
}

pub(crate) fn node(number: u64) -> NodeId {
    NodeId::from_bytes(*TestHasher.digest("node", &[&number.to_le_bytes()]).as_bytes())
}

pub(crate) fn keys(number: u64) -> Keys {
    Keys { signer: Arc::new(TestSigner(node(number))), verifier: Arc::new(TestVerifier), hasher: Arc::new(TestHasher) }
}
