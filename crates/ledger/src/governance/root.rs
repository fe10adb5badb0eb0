use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::key::NodeId;
use serde::{Deserialize, Serialize};

use super::name::is_name;
use crate::checkpoint::LogPolicy;
use crate::note_key::{NoteKey, NoteKeyKind, is_key_name};

/// Who may decide what in a fleet, until when, and which log its decisions stand in.
///
/// Its version is the statement's: each root names exactly the next, and is signed by the quorum of the old root and by its own.
/// # Source
/// The Update Framework, specification 1.0, sections 4.3 and 5.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// From when on nothing can be approved under it but the next root.
    ///
    /// # Units
    /// Seconds since 1970, without leap seconds.
    pub expires_posix_s: u64,
    /// The keys that decide, with the names of their holders.
    pub governors: BTreeMap<NodeId, String>,
    /// Which of them, and how many, for what. What is not named is decided as [`Authority::Root`] is.
    pub authorities: BTreeMap<Authority, Quorum>,
    /// The log of the decisions.
    pub log: LogTrust,
}

/// What a quorum decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// The root itself.
    Root,
    /// Who belongs to the fleet, with which key and which roles.
    Membership,
    /// What the roles may do.
    Policy,
    /// Which schemas messages may have.
    Schema,
    /// What privacy loss an asset may spend.
    Budget,
    /// Who issues certificates.
    Issuer,
    /// Emergency powers.
    BreakGlass,
}

/// So many of these keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Whose signatures count.
    pub keys: BTreeSet<NodeId>,
    /// How many it takes: more than half of the keys.
    pub threshold: u32,
}

/// Whom to believe about the log of decisions; as text, so that every reader of the root can check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogTrust {
    /// What its checkpoints call it.
    pub origin: String,
    /// Its own keys, as C2SP signed-note writes them.
    pub keys: Vec<String>,
    /// Its witnesses' keys.
    pub witnesses: Vec<String>,
    /// How many of them make a checkpoint final.
    pub quorum: u32,
}

/// The most governors of a fleet.
pub const GOVERNORS_MAX: usize = 64;

/// The most keys and the most witnesses of a log.
const LOG_KEYS_MAX: usize = 64;

impl Authority {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Root, Self::Membership, Self::Policy, Self::Schema, Self::Budget, Self::Issuer, Self::BreakGlass];

    /// Its word in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Membership => "membership",
            Self::Policy => "policy",
            Self::Schema => "schema",
            Self::Budget => "budget",
            Self::Issuer => "issuer",
            Self::BreakGlass => "break-glass",
        }
    }
}

impl Root {
    /// Who decides about something.
    pub fn quorum(&self, authority: Authority) -> Option<&Quorum> {
        self.authorities.get(&authority).or_else(|| self.authorities.get(&Authority::Root))
    }

    /// The holder's name of a governor's key.
    pub fn governor(&self, key: &NodeId) -> Option<&str> {
        self.governors.get(key).map(String::as_str)
    }

    /// The log's keys and witnesses, ready to open checkpoints.
    pub fn log_policy(&self) -> Option<LogPolicy> {
        let read = |texts: &[String]| texts.iter().map(|text| NoteKey::parse(text)).collect::<Option<Vec<_>>>();
        let quorum = usize::try_from(self.log.quorum).ok()?;
        Some(LogPolicy {
            origin: self.log.origin.clone(),
            keys: read(&self.log.keys)?,
            witnesses: read(&self.log.witnesses)?,
            quorum,
        })
    }

    /// Whether it can be a root at all.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub fn check(&self) -> Result<(), String> {
        let governors = self.governors.len();
        if governors == 0 || governors > GOVERNORS_MAX {
            return Err(format!("a root has 1 to {GOVERNORS_MAX} governors; this one has {governors}"));
        }
        let mut names = BTreeSet::new();
        for name in self.governors.values() {
            if !is_name(name) {
                return Err(format!("{name:?} is no name for a governor; {}", super::name::REMEDY));
            }
            if !names.insert(name) {
                return Err(format!("two governors are called {name}; a name stands for one key"));
            }
        }
        if !self.authorities.contains_key(&Authority::Root) {
            return Err("the authority `root` is not there; name its keys and threshold".to_owned());
        }
        for (authority, quorum) in &self.authorities {
            let (authority, count) = (authority.name(), quorum.keys.len());
            if let Some(key) = quorum.keys.iter().find(|key| !self.governors.contains_key(key)) {
                return Err(format!("{key} decides about {authority} but is no governor; list it among them"));
            }
            let threshold = quorum.threshold as usize;
            if threshold > count || 2 * threshold <= count {
                return Err(format!(
                    "{threshold} of {count} keys cannot decide about {authority}; it takes more than half of them, at most all"
                ));
            }
        }
        self.check_log()
    }

    fn check_log(&self) -> Result<(), String> {
        let log = &self.log;
        if !is_key_name(&log.origin) {
            return Err(format!("{:?} is no name for a log; it has neither white space nor a plus", log.origin));
        }
        if log.keys.is_empty() || log.keys.len() > LOG_KEYS_MAX || log.witnesses.len() > LOG_KEYS_MAX {
            return Err(format!("a log has 1 to {LOG_KEYS_MAX} keys and at most as many witnesses"));
        }
        let of_kind = |texts: &[String], kind: NoteKeyKind| {
            let wrong = texts.iter().find(|text| NoteKey::parse(text).is_none_or(|key| key.kind() != kind));
            wrong.map_or(Ok(()), |text| {
                Err(format!(
                    "{text:?} is no key of the kind that stands there; take the line that `identity show` prints"
                ))
            })
        };
        of_kind(&log.keys, NoteKeyKind::Ed25519)?;
        of_kind(&log.witnesses, NoteKeyKind::Cosignature)?;
        if log.quorum as usize > log.witnesses.len() {
            return Err(format!("{} witnesses cannot be a quorum of {}; lower it", log.witnesses.len(), log.quorum));
        }
        Ok(())
    }

    /// What is allowed but will be regretted, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let all = |(authority, quorum): (&Authority, &Quorum)| {
            (quorum.threshold as usize == quorum.keys.len()).then(|| {
                format!(
                    "{} needs every one of its {} keys: one lost key ends it; add a governor",
                    authority.name(),
                    quorum.keys.len()
                )
            })
        };
        let mut warnings: Vec<String> = self.authorities.iter().filter_map(all).collect();
        if self.log.quorum == 0 {
            warnings.push("nobody needs to witness the log, so it can show two faces; name witnesses".to_owned());
        }
        warnings
    }
}
