//! What every replica makes of the same entries: a pure fold of operations in one total order.
//!
//! The order is that of [`Stamp`]: hybrid logical time, then author, epoch, topic and sequence.
//! It does not depend on how or when an entry arrived, so equal sets of entries give equal states, to the last bit of [`State::digest`].
//! Keys, elements and values are bytes that mean nothing here.
//! Where two operations get in each other's way a rule decides, and a [`Notice`] says what it decided.
//!
//! The rules and their sources are in `docs/math/replicated-state.md`.

mod base;
mod command;
mod decode;
mod escrow;
mod fold;
mod forecast;
mod notice;
mod operation;
mod register;
mod set;

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::ContentHasher;

use crate::codec::{put_bytes, put_u64};
use crate::entry::{EntryId, Header, LogicalTime};

pub use base::Base;
pub use command::{Command, Phase};
pub use escrow::Escrow;
pub use fold::{Fold, SNAPSHOT_EVERY, SNAPSHOTS_MAX};
pub use forecast::{Forecast, Forecasts};
pub use notice::Notice;
pub use operation::{KEY_BYTES_MAX, Operation, REMOVED_MAX};
pub use register::Register;
pub use set::Elements;

/// The name of a register, set, counter, account or forecast.
pub type Key = Vec<u8>;

/// Where an operation stands in the one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// When it was written.
    pub time: LogicalTime,
    /// Which entry it is.
    pub id: EntryId,
}

impl Stamp {
    /// Of an entry.
    pub fn of(header: &Header) -> Self {
        Self { time: header.time, id: header.id }
    }
}

/// What a prefix of the order comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    registers: BTreeMap<Name, Register>,
    sets: BTreeMap<Name, Elements>,
    counters: BTreeMap<Name, i128>,
    accounts: BTreeMap<Name, Escrow>,
    commands: BTreeMap<EntryId, Command>,
    forecasts: BTreeMap<Name, Forecasts>,
    /// Late entries that others carried over a checkpoint and that have acted.
    carried: BTreeSet<EntryId>,
}

/// A key as the state keeps it: two words instead of three.
type Name = Box<[u8]>;

const STATE_DOMAIN: &str = "cosmosmesh/sync/state/1";

impl State {
    /// Takes in the next operation of the order. What it got in the way of is told.
    pub fn apply(&mut self, stamp: Stamp, expiry: Option<MissionTime>, operation: &Operation) -> Option<Notice> {
        match operation {
            Operation::Write { key, value, over } => {
                let register = self.registers.entry(key.as_slice().into()).or_default();
                register.write(stamp.id, value, *over).map(|loser| Notice::Overwritten {
                    key: key.clone(),
                    winner: stamp.id,
                    loser,
                })
            }
            Operation::Add { key, element } => {
                self.sets.entry(key.as_slice().into()).or_default().add(stamp.id, element);
                None
            }
            Operation::Remove { key, element, seen } => {
                let set = self.sets.get_mut(key.as_slice())?;
                let kept = set.remove(element, seen);
                if set.is_empty() {
                    self.sets.remove(key.as_slice());
                }
                kept.map(|by| Notice::Kept { key: key.clone(), element: element.clone(), removal: stamp.id, by })
            }
            Operation::Count { key, by } => {
                let counter = self.counters.entry(key.as_slice().into()).or_default();
                // 2^63 in each of fewer than 2^64 entries: it cannot leave 128 bits.
                *counter = counter.wrapping_add(i128::from(*by));
                None
            }
            Operation::Grant { key, to, amount } => {
                self.accounts.entry(key.as_slice().into()).or_default().grant(*to, *amount);
                None
            }
            Operation::Transfer { key, to, amount } => {
                let account = self.accounts.entry(key.as_slice().into()).or_default();
                overdrawn(key, stamp.id, *amount, account.transfer(stamp.id.log.author, *to, *amount))
            }
            Operation::Spend { key, amount } => {
                let account = self.accounts.entry(key.as_slice().into()).or_default();
                overdrawn(key, stamp.id, *amount, account.spend(stamp.id.log.author, *amount))
            }
            Operation::Issue { over } => {
                let mut notice = None;
                if let Some(old) = over {
                    notice = self.advance(*old, Phase::Superseded, stamp);
                }
                self.commands.insert(stamp.id, Command::issued(stamp, expiry));
                notice
            }
            Operation::Acknowledge { command } => self.advance(*command, Phase::Acknowledged, stamp),
            Operation::Execute { command } => self.advance(*command, Phase::Executed, stamp),
            Operation::Foretell { key, from, until, value } => {
                let forecast = Forecast { id: stamp.id, from: *from, until: *until, value: value.clone() };
                self.forecasts.entry(key.as_slice().into()).or_default().take(forecast);
                None
            }
        }
    }

    fn advance(&mut self, id: EntryId, to: Phase, stamp: Stamp) -> Option<Notice> {
        match self.commands.get_mut(&id) {
            Some(command) => {
                command.advance(to, stamp).map(|from| Notice::OutOfTurn { command: id, by: stamp.id, from, to })
            }
            None => Some(Notice::Unknown { command: id, by: stamp.id }),
        }
    }

    /// The value of a register, with the entry that wrote it.
    pub fn register(&self, key: &[u8]) -> Option<&Register> {
        self.registers.get(key)
    }

    /// The elements of a set.
    pub fn set(&self, key: &[u8]) -> Option<&Elements> {
        self.sets.get(key)
    }

    /// The sum of what was counted; zero where nothing was.
    pub fn counter(&self, key: &[u8]) -> i128 {
        self.counters.get(key).copied().unwrap_or(0)
    }

    /// Who may still spend how much.
    pub fn account(&self, key: &[u8]) -> Option<&Escrow> {
        self.accounts.get(key)
    }

    /// A command, by the entry that issued it.
    pub fn command(&self, id: &EntryId) -> Option<&Command> {
        self.commands.get(id)
    }

    /// The commands, by the entries that issued them.
    pub fn commands(&self) -> impl Iterator<Item = (&EntryId, &Command)> {
        self.commands.iter()
    }

    /// What is foretold under a key.
    pub fn forecasts(&self, key: &[u8]) -> Option<&Forecasts> {
        self.forecasts.get(key)
    }

    /// Every key in use, with what it names: `register`, `set`, `counter`, `account`, `forecast`.
    pub fn keys(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let registers = self.registers.keys().map(|key| ("register", &**key));
        let sets = self.sets.keys().map(|key| ("set", &**key));
        let counters = self.counters.keys().map(|key| ("counter", &**key));
        let accounts = self.accounts.keys().map(|key| ("account", &**key));
        let forecasts = self.forecasts.keys().map(|key| ("forecast", &**key));
        registers.chain(sets).chain(counters).chain(accounts).chain(forecasts)
    }

    /// The hash of the state: equal for equal states, and for no others that anybody could find.
    pub fn digest(&self, hasher: &dyn ContentHasher) -> Digest {
        let mut out = Vec::new();
        self.encode(&mut out);
        digest_of(&out, hasher)
    }

    /// Whether a late entry has acted already because somebody carried it over a checkpoint.
    pub fn has_carried(&self, id: &EntryId) -> bool {
        self.carried.contains(id)
    }

    /// Notes that a carried entry acts; says no if it has acted before.
    pub(crate) fn carry(&mut self, id: EntryId) -> bool {
        self.carried.insert(id)
    }

    /// The one encoding of a state.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_all(out, &self.registers, |out, register| register.encode(out));
        put_all(out, &self.sets, |out, set| set.encode(out));
        put_all(out, &self.counters, |out, count| out.extend(count.to_be_bytes()));
        put_all(out, &self.accounts, |out, account| account.encode(out));
        put_u64(out, self.commands.len() as u64);
        for (id, command) in &self.commands {
            crate::entry::put_id(out, id);
            command.encode(out);
        }
        put_all(out, &self.forecasts, |out, forecasts| forecasts.encode(out));
        put_u64(out, self.carried.len() as u64);
        self.carried.iter().for_each(|id| crate::entry::put_id(out, id));
    }
}

/// The hash of a state in its one encoding.
pub(crate) fn digest_of(state: &[u8], hasher: &dyn ContentHasher) -> Digest {
    hasher.digest(STATE_DOMAIN, &[state])
}

fn put_all<T>(out: &mut Vec<u8>, map: &BTreeMap<Name, T>, put: impl Fn(&mut Vec<u8>, &T)) {
    put_u64(out, map.len() as u64);
    for (key, value) in map {
        put_bytes(out, key);
        put(out, value);
    }
}

fn overdrawn(key: &Key, by: EntryId, wanted: u64, outcome: Result<(), u64>) -> Option<Notice> {
    outcome.err().map(|had| Notice::Overdrawn { key: key.clone(), by, wanted, had })
}
