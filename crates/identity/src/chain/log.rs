use std::sync::Arc;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Verifier;
use serde_json::Value;

use super::entry::{Entry, node_of};
use super::event::key_hash_of;
use super::place::is_place;
use super::witness::{Approvals, Witnesses};
use super::{ChainError, Fault};

/// The most bytes of a chain.
pub const CHAIN_BYTES_MAX: usize = 1 << 22;

/// The most events of a chain: a new key every sol for eleven years.
pub const EVENTS_MAX: usize = 4_096;

/// A chain of key events in which every event was checked.
///
/// # Shape
/// JSON Lines, one event a line; docs/protocol/05-identity.md says what stands in them.
/// # Privacy
/// It shows every key that the node had and when it changed them, to whoever has the text.
/// # Source
/// did:webvh 1.0 (Decentralized Identity Foundation), without fetching.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyChain {
    did: String,
    portable: bool,
    versions: Vec<Version>,
    lines: Vec<String>,
}

/// What one event made of the identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Its number and hash.
    pub id: String,
    /// When, by the clock of whoever wrote it: seconds since 1970.
    pub at_unix_s: i64,
    /// The keys that may change the chain from here on, or could write this event.
    pub keys: Vec<NodeId>,
    /// The hashes of the keys that may come next; empty without pre-rotation.
    pub next: Vec<String>,
    /// Whether the identity has ended.
    pub deactivated: bool,
    /// Its document.
    pub document: Value,
    fraction: String,
    names: Vec<String>,
    /// Who must approve the events after this one.
    witnesses: Arc<Witnesses>,
    /// Who must have approved this one.
    due: Arc<Witnesses>,
}

impl KeyChain {
    /// Reads a chain without witnesses and checks everything: names, hashes, order, times, commitments, signatures.
    ///
    /// No event may be dated later than `latest_unix_s`: what the reader's clock shows, plus its bound.
    /// # Errors
    /// [`ChainError`] with the event and its fault.
    /// # Cost
    /// One signature check and three hashes for each event; memory follows the text.
    pub fn read(text: &[u8], latest_unix_s: i64, verifier: &dyn Verifier) -> Result<Self, ChainError> {
        let chain = Self::read_events(text, latest_unix_s, verifier)?;
        match chain.versions.iter().position(|version| !version.due.is_empty()) {
            None => Ok(chain),
            Some(k) => Err(Fault::Witnesses.at(k + 1)),
        }
    }

    /// The same for a chain that has witnesses, with the file of their proofs that stands beside it.
    ///
    /// Every event with witnesses must be approved, itself or by way of a later one, by as many of them as the chain says.
    /// # Errors
    /// As [`KeyChain::read`]; [`Fault::Unwitnessed`]; of the file as a whole at event 0.
    /// # Cost
    /// Besides, one signature check and two hashes for each proof of a witness.
    pub fn read_witnessed(
        text: &[u8],
        proofs: &[u8],
        latest_unix_s: i64,
        verifier: &dyn Verifier,
    ) -> Result<Self, ChainError> {
        let chain = Self::read_events(text, latest_unix_s, verifier)?;
        let names: Vec<&str> = chain.versions.iter().map(|version| version.id.as_str()).collect();
        let due: Vec<&Witnesses> = chain.versions.iter().map(|version| &*version.due).collect();
        let approved = Approvals::read(proofs, &names, &due, verifier).map_err(|fault| fault.at(0))?;
        for (k, due) in due.iter().enumerate() {
            due.check(k, &approved).map_err(|fault| fault.at(k + 1))?;
        }
        Ok(chain)
    }

    fn read_events(text: &[u8], latest_unix_s: i64, verifier: &dyn Verifier) -> Result<Self, ChainError> {
        if text.len() > CHAIN_BYTES_MAX {
            return Err(Fault::Length.at(0));
        }
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let mut chain = Self::empty();
        for (k, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let at = |fault: Fault| fault.at(k + 1);
            let line = core::str::from_utf8(line).map_err(|error| at(Fault::Json { detail: error.to_string() }))?;
            chain.admit(line, verifier).map_err(at)?;
            if chain.versions[k].at_unix_s > latest_unix_s {
                return Err(at(Fault::Future));
            }
        }
        Ok(chain)
    }

    pub(super) fn empty() -> Self {
        Self { did: String::new(), portable: false, versions: Vec::new(), lines: Vec::new() }
    }

    /// Takes the next event, or leaves everything as it was.
    ///
    /// # Source
    /// did:webvh 1.0, "Read (Resolve)", steps 1 to 7.
    pub(super) fn admit(&mut self, line: &str, verifier: &dyn Verifier) -> Result<(), Fault> {
        if self.versions.len() == EVENTS_MAX {
            return Err(Fault::Length);
        }
        let entry = Entry::read(line.as_bytes())?;
        let version = match self.versions.last() {
            None => self.first(&entry)?,
            Some(before) => self.next(&entry, before)?,
        };
        let before = self.versions.last();
        // The keys of this event count where the one before committed to them, and in the first.
        let keys = match before {
            Some(before) if before.next.is_empty() => &before.names,
            _ => &version.names,
        };
        entry.check_proofs(keys, verifier)?;
        if before.is_none() {
            self.portable = entry.parameters.portable.unwrap_or_default();
        }
        self.did = entry.id()?.to_owned();
        self.versions.push(version);
        self.lines.push(line.to_owned());
        Ok(())
    }

    fn first(&self, entry: &Entry) -> Result<Version, Fault> {
        let set = &entry.parameters;
        if !set.method {
            return Err(Fault::parameter("method"));
        }
        let scid = set.scid.as_deref().ok_or(Fault::parameter("scid"))?;
        let keys = set.update_keys.clone().filter(|keys| !keys.is_empty());
        let keys = keys.ok_or(Fault::parameter("updateKeys"))?;
        if entry.scid(scid)? != scid {
            return Err(Fault::Scid);
        }
        let (named, place) = split(entry.id()?).ok_or(Fault::Document)?;
        if named != scid {
            return Err(Fault::Scid);
        }
        if !is_place(place) {
            return Err(Fault::Place);
        }
        let id = numbered(entry, 1, scid)?;
        Ok(version(entry, id, keys, set.next_key_hashes.clone().unwrap_or_default(), &Arc::default()))
    }

    fn next(&self, entry: &Entry, before: &Version) -> Result<Version, Fault> {
        if before.deactivated {
            return Err(Fault::Deactivated);
        }
        let set = &entry.parameters;
        if set.scid.is_some() {
            return Err(Fault::parameter("scid"));
        }
        if set.portable == Some(true) && !self.portable {
            return Err(Fault::parameter("portable"));
        }
        if !before.next.is_empty() {
            let keys = set.update_keys.as_ref().ok_or(Fault::parameter("updateKeys"))?;
            if set.next_key_hashes.is_none() {
                return Err(Fault::parameter("nextKeyHashes"));
            }
            if let Some(key) = keys.iter().find(|key| !before.next.contains(&key_hash_of(key))) {
                return Err(Fault::NotCommitted { key: key.clone() });
            }
        }
        let ((named, place), (scid, _)) =
            (split(entry.id()?).ok_or(Fault::Document)?, split(&self.did).ok_or(Fault::Document)?);
        if named != scid || (entry.id()? != self.did && !self.portable) {
            return Err(Fault::Document);
        }
        if !is_place(place) {
            return Err(Fault::Place);
        }
        if (entry.time.0, entry.time.1.as_str()) <= (before.at_unix_s, before.fraction.as_str()) {
            return Err(Fault::Time);
        }
        let id = numbered(entry, self.versions.len() + 1, &before.id)?;
        let keys = set.update_keys.clone().unwrap_or_else(|| before.names.clone());
        let next = set.next_key_hashes.clone().unwrap_or_else(|| before.next.clone());
        Ok(version(entry, id, keys, next, &before.witnesses))
    }

    /// The identifier; after a move, the present one.
    pub fn did(&self) -> &str {
        &self.did
    }

    /// The part of the identifier that never changes: the hash of the first event.
    pub fn scid(&self) -> &str {
        split(&self.did).map_or("", |(scid, _)| scid)
    }

    /// What each event made of the identity, in order; at least one.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The present state.
    pub fn last(&self) -> &Version {
        self.versions.last().expect("this cannot fail because a chain is read with its first event")
    }

    /// The one key that signs for the identity now; none when it has ended, or if several may.
    pub fn key(&self) -> Option<NodeId> {
        match (self.last().deactivated, self.last().keys.as_slice()) {
            (false, [key]) => Some(*key),
            _ => None,
        }
    }

    /// Who must approve what comes next; nobody in a chain without witnesses.
    pub fn witnesses(&self) -> &Witnesses {
        &self.last().witnesses
    }

    /// The chain as did:webvh publishes it, one event a line.
    pub fn to_text(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line + "\n")
    }
}

fn version(entry: &Entry, id: String, names: Vec<String>, next: Vec<String>, before: &Arc<Witnesses>) -> Version {
    let witnesses = entry.parameters.witness.clone().map_or_else(|| Arc::clone(before), Arc::new);
    // A first list counts at once, every later one after its own event: did:webvh 1.0, "Witness Lists".
    let due = Arc::clone(if before.is_empty() { &witnesses } else { before });
    Version {
        id,
        at_unix_s: entry.time.0,
        keys: names.iter().filter_map(|name| node_of(name)).collect(),
        next,
        deactivated: entry.parameters.deactivated.unwrap_or_default(),
        document: entry.state.clone(),
        fraction: entry.time.1.clone(),
        names,
        witnesses,
        due,
    }
}

/// The event's name, if it is its number and its hash.
fn numbered(entry: &Entry, number: usize, before: &str) -> Result<String, Fault> {
    let (said, hash) = entry.version_id.split_once('-').ok_or(Fault::Order)?;
    if said != number.to_string() {
        return Err(Fault::Order);
    }
    if hash != entry.hash(before)? {
        return Err(Fault::Hash);
    }
    Ok(entry.version_id.clone())
}

/// The hash and the place of an identifier.
fn split(did: &str) -> Option<(&str, &str)> {
    did.strip_prefix("did:webvh:")?.split_once(':')
}
