//! Writing events: one key at a time, always with a commitment to the next.

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Signer, Verifier};
use serde_json::{Map, Value, json};

use super::canonical::{canonical, multihash};
use super::entry::{METHOD, PLACEHOLDER, SUITE, replaced, to_be_signed};
use super::log::KeyChain;
use super::place::{is_domain, segment};
use super::{ChainError, Fault};
use crate::civil;
use crate::did::DidKey;

/// What a chain begins with.
#[derive(Clone, Copy, Debug)]
pub struct Genesis<'a> {
    /// Under which domain it would be published; nothing is fetched from there.
    pub domain: &'a str,
    /// What the node is called; the last part of the identifier.
    pub name: &'a str,
    /// The key after the first; only its hash is told.
    pub next: NodeId,
    /// When, in seconds since 1970.
    pub at_unix_s: i64,
}

/// By what a chain commits itself to a key before it shows it.
///
/// # Source
/// did:webvh 1.0, "Pre-Rotation Key Hash Generation and Verification".
pub fn key_hash(key: &NodeId) -> String {
    key_hash_of(&multibase(key))
}

pub(super) fn key_hash_of(multibase: &str) -> String {
    multihash(multibase)
}

fn multibase(key: &NodeId) -> String {
    DidKey::Ed25519(*key).multibase()
}

impl KeyChain {
    /// The chain of a new identity, whose first key is the signer's.
    ///
    /// # Errors
    /// [`Fault::Place`], [`Fault::Time`], [`Fault::Reused`] if the next key is the first, or what the key answers.
    pub fn begin(genesis: &Genesis<'_>, signer: &dyn Signer, verifier: &dyn Verifier) -> Result<Self, ChainError> {
        let (at, key) = (|fault: Fault| fault.at(1), signer.node_id());
        if !is_domain(genesis.domain) || genesis.name.is_empty() {
            return Err(at(Fault::Place));
        }
        if genesis.next == key {
            return Err(at(Fault::Reused { key: multibase(&key) }));
        }
        let did = format!("did:webvh:{PLACEHOLDER}:{}:{}", genesis.domain.to_ascii_lowercase(), segment(genesis.name));
        let time = civil::date(genesis.at_unix_s).ok_or(at(Fault::Time))?;
        let parameters = json!({
            "method": METHOD, "scid": PLACEHOLDER,
            "updateKeys": [multibase(&key)], "nextKeyHashes": [key_hash(&genesis.next)],
        });
        let event = event(PLACEHOLDER, &time, parameters, document(&did, Some(&key)));
        let scid = multihash(&canonical(&Value::Object(event.clone())).map_err(at)?);
        let Value::Object(mut event) = replaced(&Value::Object(event), PLACEHOLDER, &scid) else {
            unreachable!("an object with other texts is an object");
        };
        event.insert("versionId".to_owned(), scid.into());
        let mut chain = Self::empty();
        chain.append(event, 1, signer, verifier).map_err(at)?;
        Ok(chain)
    }

    /// The same identity with the signer's key, which the last event committed to, and a commitment to another.
    ///
    /// # Errors
    /// [`Fault::NotCommitted`], [`Fault::Reused`], [`Fault::Time`], [`Fault::Deactivated`], or what the key answers.
    pub fn rotate(
        &self,
        signer: &dyn Signer,
        next: NodeId,
        at_unix_s: i64,
        verifier: &dyn Verifier,
    ) -> Result<Self, ChainError> {
        let key = signer.node_id();
        let had = |key: &NodeId| self.versions().iter().any(|version| version.keys.contains(key));
        if let Some(key) = [key, next].iter().find(|key| had(key)).or((next == key).then_some(&next)) {
            return Err(Fault::Reused { key: multibase(key) }.at(self.versions().len() + 1));
        }
        let set = json!({ "updateKeys": [multibase(&key)], "nextKeyHashes": [key_hash(&next)] });
        let document = document(self.did(), Some(&key));
        self.continued(set, document, signer, at_unix_s, verifier)
    }

    /// The same identity, ended for ever by the key that the last event committed to.
    ///
    /// Two events, a second apart, because the keys can be taken away only when no commitment is open.
    /// # Errors
    /// As [`KeyChain::rotate`].
    /// # Source
    /// did:webvh 1.0, "Deactivate (Revoke)".
    pub fn deactivate(&self, signer: &dyn Signer, at_unix_s: i64, verifier: &dyn Verifier) -> Result<Self, ChainError> {
        let key = signer.node_id();
        let set = json!({ "updateKeys": [multibase(&key)], "nextKeyHashes": [] });
        let open = self.continued(set, document(self.did(), Some(&key)), signer, at_unix_s, verifier)?;
        let set = json!({ "updateKeys": [], "deactivated": true });
        open.continued(set, document(self.did(), None), signer, at_unix_s.saturating_add(1), verifier)
    }

    fn continued(
        &self,
        parameters: Value,
        document: Value,
        signer: &dyn Signer,
        at_unix_s: i64,
        verifier: &dyn Verifier,
    ) -> Result<Self, ChainError> {
        let number = self.versions().len() + 1;
        let at = |fault: Fault| fault.at(number);
        // What nobody has approved yet is no event of a chain with witnesses.
        if !self.witnesses().is_empty() {
            return Err(at(Fault::Witnesses));
        }
        let time = civil::date(at_unix_s).ok_or(at(Fault::Time))?;
        let event = event(&self.last().id, &time, parameters, document);
        let mut chain = self.clone();
        chain.append(event, number, signer, verifier).map_err(at)?;
        Ok(chain)
    }

    /// Names, signs and takes an event; what is written is read before it is handed out.
    fn append(
        &mut self,
        mut event: Map<String, Value>,
        number: usize,
        signer: &dyn Signer,
        verifier: &dyn Verifier,
    ) -> Result<(), Fault> {
        let hash = multihash(&canonical(&Value::Object(event.clone()))?);
        event.insert("versionId".to_owned(), format!("{number}-{hash}").into());
        let key = multibase(&signer.node_id());
        let mut proof = Map::from_iter([
            ("type".to_owned(), "DataIntegrityProof".into()),
            ("cryptosuite".to_owned(), SUITE.into()),
            ("proofPurpose".to_owned(), "assertionMethod".into()),
            ("verificationMethod".to_owned(), format!("did:key:{key}#{key}").into()),
            ("created".to_owned(), event.get("versionTime").cloned().unwrap_or_default()),
        ]);
        let signature = signer.sign(&to_be_signed(&proof, &event)?).map_err(Fault::Signature)?;
        let value = format!("z{}", bs58::encode(signature.as_bytes()).into_string());
        proof.insert("proofValue".to_owned(), value.into());
        event.insert("proof".to_owned(), json!([proof]));
        self.admit(&canonical(&Value::Object(event))?, verifier)
    }
}

fn event(before: &str, time: &str, parameters: Value, state: Value) -> Map<String, Value> {
    Map::from_iter([
        ("versionId".to_owned(), before.into()),
        ("versionTime".to_owned(), time.into()),
        ("parameters".to_owned(), parameters),
        ("state".to_owned(), state),
    ])
}

/// What the identity stands for: its key signs, asserts, and invokes and delegates capabilities; an ended one has none.
fn document(did: &str, key: Option<&NodeId>) -> Value {
    let context = json!(["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]);
    let Some(key) = key else { return json!({ "@context": context, "id": did }) };
    let multibase = multibase(key);
    let method = format!("{did}#{multibase}");
    json!({
        "@context": context,
        "id": did,
        "verificationMethod": [{
            "id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": multibase,
        }],
        "authentication": [method],
        "assertionMethod": [method],
        "capabilityDelegation": [method],
        "capabilityInvocation": [method],
    })
}
