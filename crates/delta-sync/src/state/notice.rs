use core::fmt;

use super::{Key, Phase};
use crate::entry::EntryId;

/// Two operations got in each other's way, and this is what the rule decided. A function of the entries, like the state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A write put aside another that its author had not seen.
    Overwritten {
        /// Which register.
        key: Key,
        /// Whose value stands.
        winner: EntryId,
        /// Whose value is gone.
        loser: EntryId,
    },
    /// An element stays because of an addition that its removal had not seen.
    Kept {
        /// Which set.
        key: Key,
        /// The element.
        element: Vec<u8>,
        /// The removal.
        removal: EntryId,
        /// The addition.
        by: EntryId,
    },
    /// A node spent or handed on more than it held; nothing was done.
    Overdrawn {
        /// Which account.
        key: Key,
        /// The entry.
        by: EntryId,
        /// What it wanted.
        wanted: u64,
        /// What its author held.
        had: u64,
    },
    /// A step of a command that was not its turn. Executed counts all the same, since it happened.
    OutOfTurn {
        /// Which command.
        command: EntryId,
        /// The entry.
        by: EntryId,
        /// How far the command had come.
        from: Phase,
        /// What was said of it.
        to: Phase,
    },
    /// A late entry was carried over a checkpoint once more; it had acted already, and nothing was done.
    Repeated {
        /// The late entry.
        entry: EntryId,
        /// The entry that carries it again.
        by: EntryId,
    },
    /// Something is said of a command that no entry before it issues.
    Unknown {
        /// The command named.
        command: EntryId,
        /// The entry.
        by: EntryId,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overwritten { key, winner, loser } => {
                write!(
                    f,
                    "register {}: {} stands, and {}, which its author had not seen, is put aside",
                    Name(key),
                    Place(winner),
                    Place(loser)
                )
            }
            Self::Kept { key, element, removal, by } => write!(
                f,
                "set {}: {} stays by {}, which the removal {} had not seen",
                Name(key),
                Name(element),
                Place(by),
                Place(removal)
            ),
            Self::Overdrawn { key, by, wanted, had } => {
                write!(
                    f,
                    "account {}: {} wanted {wanted} and its author held {had}; nothing was done",
                    Name(key),
                    Place(by)
                )
            }
            Self::OutOfTurn { command, by, from, to } => {
                write!(f, "command {}: {} says {to} when it was {from}", Place(command), Place(by))?;
                f.write_str(if *to == Phase::Executed {
                    "; it counts, since it happened"
                } else {
                    "; it does not count"
                })
            }
            Self::Repeated { entry, by } => {
                write!(f, "{} carries {}, which had acted already", Place(by), Place(entry))
            }
            Self::Unknown { command, by } => {
                write!(f, "{} speaks of the command {}, which nothing before it issues", Place(by), Place(command))
            }
        }
    }
}

struct Name<'a>(&'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.escape_ascii())
    }
}

struct Place<'a>(&'a EntryId);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EntryId { log, sequence } = self.0;
        write!(f, "{:.8}/{}/{}/{sequence}", log.author.to_string(), log.epoch, log.topic.0)
    }
}
