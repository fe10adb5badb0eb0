//! Every reader of the crate on the same bytes: what is read is written back the same.

use cosmosmesh_contracts::key::{KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::Verifier;
use cosmosmesh_identity::certificate::{MissionEpoch, Request, Token};
use cosmosmesh_identity::chain::KeyChain;
use cosmosmesh_identity::civil;
use cosmosmesh_identity::did::DidKey;
use cosmosmesh_identity::role::Policy;

/// Takes every signature for good, so that what stands behind the check is reached.
struct Anybody;

impl Verifier for Anybody {
    fn verify(&self, _: &NodeId, _: &[u8], _: &Signature) -> Result<(), KeyError> {
        Ok(())
    }
}

/// How many readers took the bytes.
pub(crate) fn read_all(bytes: &[u8]) -> usize {
    let mut taken = 0;
    for unix_s in [0, 1_924_992_000, -(1 << 40)] {
        let epoch = MissionEpoch::from_unix_s(unix_s).expect("the seconds are in range");
        if let Ok(token) = Token::read(bytes, epoch, &Anybody) {
            assert_eq!(token.to_bytes(), bytes, "a token has one encoding");
            taken += 1;
        }
        if let Ok(request) = Request::read(bytes, epoch, &Anybody) {
            assert_eq!(request.to_bytes(), bytes, "a request has one encoding");
            taken += 1;
        }
    }
    if let Ok(chain) = KeyChain::read(bytes, i64::MAX, &Anybody) {
        let again = KeyChain::read(chain.to_text().as_bytes(), i64::MAX, &Anybody);
        assert_eq!(again.as_ref(), Ok(&chain), "a chain comes back");
        taken += 1;
    }
    // Proofs of witnesses are a list; signatures count for good here, so that the counting is reached.
    if bytes.starts_with(b"[") {
        let chain = include_bytes!("../data/webvh/witness-update.jsonl");
        taken += usize::from(KeyChain::read_witnessed(chain, bytes, i64::MAX, &Anybody).is_ok());
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return taken };
    if let Some(second) = civil::second(text) {
        assert_eq!(civil::date(second).as_deref(), Some(text), "a date has one form");
        taken += 1;
    }
    if let Ok(did) = text.parse::<DidKey>() {
        assert_eq!(did.to_string(), text, "an identifier has one form");
        taken += 1;
    }
    taken + usize::from(Policy::read(text).is_ok())
}
