//! Witnesses of a chain: who must have approved which event, and the proofs in the file beside it.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::traits::Verifier;
use serde_json::{Map, Value};

use super::Fault;
use super::entry::{check_proof, node_of};
use super::strict::Strict;

/// Who must approve the events of a chain, and how many of them.
///
/// # Source
/// did:webvh 1.0, "The `witness` Parameter".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses {
    threshold: usize,
    /// Multibase texts of their keys.
    keys: Vec<String>,
}

impl Witnesses {
    /// Whether nobody has to approve anything.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many of them must have approved.
    pub fn threshold(&self) -> usize {
        self.threshold
    }

    /// The parameter's value; nothing if it is none.
    pub(super) fn read(map: &Map<String, Value>) -> Option<Self> {
        if map.is_empty() {
            return Some(Self::default());
        }
        let threshold = usize::try_from(map.get("threshold")?.as_u64()?).ok()?;
        let list = map.get("witnesses")?.as_array()?;
        if list.len() > WITNESSES_MAX {
            return None;
        }
        let mut keys = Vec::with_capacity(list.len());
        for item in list {
            let item = item.as_object().filter(|item| item.len() == 1)?;
            let key = item.get("id")?.as_str()?.strip_prefix("did:key:")?;
            node_of(key)?;
            if keys.iter().any(|other| other == key) {
                return None;
            }
            keys.push(key.to_owned());
        }
        (map.len() == 2 && (1..=keys.len()).contains(&threshold)).then_some(Self { threshold, keys })
    }

    /// Whether enough approved the event with this index.
    ///
    /// Who approved an event approved all before it.
    pub(super) fn check(&self, event: usize, approved: &Approvals) -> Result<(), Fault> {
        let found = self.keys.iter().filter(|key| approved.0.get(*key).is_some_and(|last| *last >= event)).count();
        if found < self.threshold {
            return Err(Fault::Unwitnessed { found, threshold: self.threshold });
        }
        Ok(())
    }
}

/// The most witnesses of one list.
pub const WITNESSES_MAX: usize = 64;

/// By key, the last event that it approved.
#[derive(Default)]
pub(super) struct Approvals(BTreeMap<String, usize>);

impl Approvals {
    /// Reads the file of proofs beside a chain whose events have these names.
    ///
    /// Proofs of names that the chain does not have are of events that are not published, and say nothing; proofs that do not hold count for nobody.
    /// # Source
    /// did:webvh 1.0, "The Witness Proofs File" and "Verifying Witness Proofs During Resolution".
    pub(super) fn read(text: &[u8], names: &[&str], of: &[&Witnesses], verifier: &dyn Verifier) -> Result<Self, Fault> {
        if text.len() > super::CHAIN_BYTES_MAX {
            return Err(Fault::Length);
        }
        let Strict(value) = serde_json::from_slice(text).map_err(|error| Fault::Json { detail: error.to_string() })?;
        let records = value.as_array().ok_or(Fault::Json { detail: "a file of proofs is a list".to_owned() })?;
        let events: BTreeMap<&str, usize> = names.iter().enumerate().map(|(k, name)| (*name, k)).collect();
        let known: BTreeSet<&str> = of.iter().flat_map(|witnesses| witnesses.keys.iter().map(String::as_str)).collect();
        let is_witness = |key: &str| known.contains(key);
        let mut approved = Self::default();
        for record in records {
            let name = record.get("versionId").and_then(Value::as_str).ok_or(Fault::field("versionId"))?;
            let Some(event) = events.get(name).copied() else { continue };
            let proofs = match record.get("proof") {
                Some(Value::Array(proofs)) => proofs.as_slice(),
                _ => return Err(Fault::field("proof")),
            };
            let document = Map::from_iter([("versionId".to_owned(), name.into())]);
            for proof in proofs.iter().filter_map(Value::as_object) {
                if let Ok(key) = check_proof(proof, &is_witness, &document, verifier) {
                    let last = approved.0.entry(key.to_owned()).or_default();
                    *last = event.max(*last);
                }
            }
        }
        Ok(approved)
    }
}
