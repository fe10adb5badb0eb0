//! One event as JSON: what stands in it, its hash, and its proofs.

use cosmosmesh_contracts::key::{NodeId, Signature};
use cosmosmesh_contracts::traits::Verifier;
use serde_json::{Map, Value};

use super::Fault;
use super::canonical::{canonical, multihash, sha256};
use super::strict::Strict;
use super::witness::Witnesses;
use crate::civil;
use crate::did::DidKey;

pub(super) const METHOD: &str = "did:webvh:1.0";
pub(super) const SUITE: &str = "eddsa-jcs-2022";
/// What stands for the chain's name while its hash is taken.
pub(super) const PLACEHOLDER: &str = "{SCID}";
const FIELDS: [&str; 5] = ["parameters", "proof", "state", "versionId", "versionTime"];

/// An event whose form was checked, and nothing else.
pub(super) struct Entry {
    pub(super) version_id: String,
    /// The text of the time, and what it says: whole seconds, and digits of a fraction.
    pub(super) time: (i64, String),
    pub(super) parameters: Parameters,
    pub(super) state: Value,
    proofs: Vec<Map<String, Value>>,
    /// The whole event without its proofs.
    bare: Map<String, Value>,
}

/// What an event sets; what it does not set stays as it was.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) method: bool,
    pub(super) scid: Option<String>,
    pub(super) update_keys: Option<Vec<String>>,
    pub(super) next_key_hashes: Option<Vec<String>>,
    pub(super) portable: Option<bool>,
    pub(super) deactivated: Option<bool>,
    pub(super) witness: Option<Witnesses>,
}

impl Entry {
    pub(super) fn read(line: &[u8]) -> Result<Self, Fault> {
        let Strict(value) = serde_json::from_slice(line).map_err(|error| Fault::Json { detail: error.to_string() })?;
        let Value::Object(mut bare) = value else {
            return Err(Fault::Json { detail: "an event is an object".to_owned() });
        };
        if let Some(name) = bare.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(Fault::field(name));
        }
        let proofs = match bare.remove("proof") {
            // The specification says an array; a single proof is what older writers put there.
            Some(Value::Object(proof)) => vec![proof],
            Some(Value::Array(proofs)) => {
                let object = |proof| match proof {
                    Value::Object(proof) => Ok(proof),
                    _ => Err(Fault::field("proof")),
                };
                proofs.into_iter().map(object).collect::<Result<_, _>>()?
            }
            _ => return Err(Fault::field("proof")),
        };
        let version_id = text(&bare, "versionId")?.to_owned();
        let time = instant(text(&bare, "versionTime")?).ok_or(Fault::Time)?;
        let parameters = match bare.get("parameters") {
            Some(Value::Object(parameters)) => Parameters::read(parameters)?,
            _ => return Err(Fault::field("parameters")),
        };
        let state = bare.get("state").filter(|state| state.is_object()).ok_or(Fault::field("state"))?.clone();
        Ok(Self { version_id, time, parameters, state, proofs, bare })
    }

    /// The identifier that the document is about.
    pub(super) fn id(&self) -> Result<&str, Fault> {
        self.state.get("id").and_then(Value::as_str).ok_or(Fault::Document)
    }

    /// The hash of the event after the one that was called `before`.
    ///
    /// # Source
    /// did:webvh 1.0, "Entry Hash Generation and Verification".
    pub(super) fn hash(&self, before: &str) -> Result<String, Fault> {
        let mut event = self.bare.clone();
        event.insert("versionId".to_owned(), before.into());
        Ok(multihash(&canonical(&Value::Object(event))?))
    }

    /// The name that a chain with this first event has.
    ///
    /// # Source
    /// did:webvh 1.0, "SCID Generation and Verification".
    pub(super) fn scid(&self, said: &str) -> Result<String, Fault> {
        let mut event = self.bare.clone();
        event.insert("versionId".to_owned(), PLACEHOLDER.into());
        Ok(multihash(&canonical(&replaced(&Value::Object(event), said, PLACEHOLDER))?))
    }

    /// Whether every proof is by one of these keys and fits.
    ///
    /// # Source
    /// W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3 (eddsa-jcs-2022); did:webvh 1.0, "Authorized Keys".
    pub(super) fn check_proofs(&self, keys: &[String], verifier: &dyn Verifier) -> Result<(), Fault> {
        if self.proofs.is_empty() {
            return Err(Fault::Proof { part: "signature" });
        }
        let may = |key: &str| keys.iter().any(|update| update == key);
        self.proofs.iter().try_for_each(|proof| check_proof(proof, &may, &self.bare, verifier).map(|_| ()))
    }
}

/// The key of a proof, as multibase, if it is one of those that may and the proof fits the document.
pub(super) fn check_proof<'p>(
    proof: &'p Map<String, Value>,
    may: &dyn Fn(&str) -> bool,
    document: &Map<String, Value>,
    verifier: &dyn Verifier,
) -> Result<&'p str, Fault> {
    let is = |name: &'static str, value: &str| match proof.get(name).and_then(Value::as_str) {
        Some(found) if found == value => Ok(()),
        _ => Err(Fault::Proof { part: name }),
    };
    is("type", "DataIntegrityProof")?;
    is("cryptosuite", SUITE)?;
    is("proofPurpose", "assertionMethod")?;
    let method = proof.get("verificationMethod").and_then(Value::as_str).unwrap_or_default();
    let named = method.strip_prefix("did:key:").and_then(|rest| rest.split_once('#'));
    let (key, _) = named.filter(|(body, name)| body == name).ok_or(Fault::Proof { part: "verificationMethod" })?;
    if !may(key) {
        return Err(Fault::Signer { key: key.to_owned() });
    }
    let node = node_of(key).ok_or(Fault::Proof { part: "verificationMethod" })?;
    let mut options = proof.clone();
    let value = options.remove("proofValue");
    let digits = value.as_ref().and_then(Value::as_str).and_then(|value| value.strip_prefix('z'));
    // 64 bytes have at most 88 digits.
    let digits = digits.filter(|digits| digits.len() <= 88);
    let bytes = digits.and_then(|digits| bs58::decode(digits).into_vec().ok());
    let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes));
    let signature = signature.ok_or(Fault::Proof { part: "proofValue" })?;
    let signed = to_be_signed(&options, document)?;
    verifier.verify(&node, &signed, &signature).map_err(Fault::Signature)?;
    Ok(key)
}

/// What a proof signs: the hash of its own options, then that of the event.
pub(super) fn to_be_signed(options: &Map<String, Value>, event: &Map<String, Value>) -> Result<[u8; 64], Fault> {
    let hash = |map: &Map<String, Value>| canonical(&Value::Object(map.clone())).map(|text| sha256(text.as_bytes()));
    let mut signed = [0; 64];
    signed[..32].copy_from_slice(&hash(options)?);
    signed[32..].copy_from_slice(&hash(event)?);
    Ok(signed)
}

/// The Ed25519 key of a multibase text; the method permits no other kind.
pub(super) fn node_of(multibase: &str) -> Option<NodeId> {
    format!("did:key:{multibase}").parse::<DidKey>().ok()?.signing_key()
}

/// Every occurrence of a text in the names and texts of a value, by another.
pub(super) fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => text.replace(from, to).into(),
        Value::Array(items) => items.iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, item)| (name.replace(from, to), replaced(item, from, to))).collect()
        }
        other => other.clone(),
    }
}

impl Parameters {
    fn read(map: &Map<String, Value>) -> Result<Self, Fault> {
        let mut parameters = Self::default();
        for (name, value) in map {
            let wrong = || Fault::parameter(name);
            match (name.as_str(), value) {
                ("method", Value::String(method)) if method == METHOD => parameters.method = true,
                ("method", found) => {
                    let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                    return Err(Fault::Method { found: found.chars().take(64).collect() });
                }
                ("scid", Value::String(scid)) => parameters.scid = Some(scid.clone()),
                ("updateKeys", value) => {
                    let keys = texts(value).filter(|keys| keys.iter().all(|key| node_of(key).is_some()));
                    parameters.update_keys = Some(keys.ok_or_else(wrong)?);
                }
                ("nextKeyHashes", value) => parameters.next_key_hashes = Some(texts(value).ok_or_else(wrong)?),
                ("portable", Value::Bool(portable)) => parameters.portable = Some(*portable),
                ("deactivated", Value::Bool(deactivated)) => parameters.deactivated = Some(*deactivated),
                ("witness", Value::Object(witness)) => {
                    parameters.witness = Some(Witnesses::read(witness).ok_or_else(wrong)?);
                }
                ("watchers", value) => drop(texts(value).ok_or_else(wrong)?),
                ("ttl", Value::Number(ttl)) if ttl.is_u64() => {}
                _ => return Err(wrong()),
            }
        }
        Ok(parameters)
    }
}

/// Different texts.
fn texts(value: &Value) -> Option<Vec<String>> {
    let texts: Vec<String> =
        value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    let twice = texts.iter().enumerate().any(|(k, text)| texts[..k].contains(text));
    (!twice).then_some(texts)
}

fn text<'a>(map: &'a Map<String, Value>, name: &str) -> Result<&'a str, Fault> {
    map.get(name).and_then(Value::as_str).ok_or_else(|| Fault::field(name))
}

/// A time of UTC: whole seconds, and the digits of a fraction without trailing zeros.
fn instant(text: &str) -> Option<(i64, String)> {
    let (whole, fraction) = match text.strip_suffix('Z')?.split_once('.') {
        Some((whole, digits))
            if (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            (format!("{whole}Z"), digits.trim_end_matches('0'))
        }
        Some(_) => return None,
        None => (text.to_owned(), ""),
    };
    Some((civil::second(&whole)?, fraction.to_owned()))
}
