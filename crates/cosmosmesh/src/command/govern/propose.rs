use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::trust::Role;
use cosmosmesh_identity::role::EPOCHS_MAX;
use cosmosmesh_ledger::governance::{
    ApprovalChange, Authority, Decision, Delegation, Group, Issuer, KeyRotation, Kind, LogTrust, Membership,
    MembershipChange, Policy, Quorum, Revocation, Roles, Root, Statement, key_commitment,
};
use cosmosmesh_ledger::{NoteKey, NoteKeyKind};
use serde_json::Value;

use super::super::Answer;
use super::super::ledger::now_posix_s;
use super::said;
use crate::exit::Failure;
use crate::file;
use crate::key_file::PublicKey;
use crate::log_book::LogBook;

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Propose {
    #[command(subcommand)]
    what: What,
}

const HELP: &str = "\
Examples:
  cosmosmesh govern propose root --fleet ares --governor alice=alice.pub --governor bob=bob.pub --governor carol=carol.pub \\
      --threshold 2 --days 365 --origin example.org/ares --log-key log.pub --out found.dsse
  cosmosmesh govern propose admit rover-1 --key rover.pub --ledger ares.log --out admit.dsse
  cosmosmesh govern propose roles rover-1 --role asset --ledger ares.log --out roles.dsse
  cosmosmesh govern propose rotate rover-1 --to rover-2.pub --ledger ares.log --out rotate.dsse
  cosmosmesh govern propose issuer base --key issuer.pub --ledger ares.log --out issuer.dsse
  cosmosmesh govern propose revocation rover.certs/03.cwt --reason \"seized\" --ledger ares.log --out revoke.dsse
  cosmosmesh govern propose group north --member rover-1 --member drone-1 --ledger ares.log --out group.dsse
  cosmosmesh govern propose delegation planner --from base --to rover-1 --entries 20 --ledger ares.log --out hand-on.dsse
  cosmosmesh govern propose delegation planner --from base --to rover-1 --end --ledger ares.log --out take-back.dsse
  cosmosmesh govern propose decision budget --file budget.json --ledger ares.log --out budget.dsse

Keys are .pub files of `keygen` or 64 hexadecimal digits.

Exit codes: 0 written, 8 the log was changed, 64 bad input, 74 could not be written.";

#[derive(Debug, Subcommand)]
enum What {
    /// Found a fleet, or give it its next root
    Root(RootWords),
    /// Take a member in
    Admit(Admit),
    /// Let a member go
    Remove(Remove),
    /// Say all roles of a member
    Roles(RolesWords),
    /// Give a member its next key
    Rotate(Rotate),
    /// Put a policy in force
    Policy(PolicyWords),
    /// Approve an issuer of certificates, or approve it no longer
    Issuer(IssuerWords),
    /// Revoke a certificate from here on
    Revocation(RevocationWords),
    /// Say all members of a group
    Group(GroupWords),
    /// Hand a member's role on to another for a while, or take it back
    Delegation(DelegationWords),
    /// Anything else, as JSON: docs/protocol/06-governance.md
    Decision(Anything),
}

#[derive(Args, Debug)]
struct Place {
    /// The log's file, for the fleet and the version that is due
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// Write the statement here
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args, Debug)]
struct RootWords {
    /// The fleet's name, when it is founded
    #[arg(long, value_name = "NAME")]
    fleet: Option<String>,
    /// A governor: name=key; several times
    #[arg(long, value_name = "NAME=KEY", required = true)]
    governor: Vec<String>,
    /// How many of them decide: more than half
    #[arg(long, value_name = "COUNT")]
    threshold: u32,
    /// For how many days from now it holds
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u64).range(..=36_500))]
    days: u64,
    /// What the log is called
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// The log's key
    #[arg(long, value_name = "KEY")]
    log_key: String,
    /// A witness of the log: name=key; several times
    #[arg(long, value_name = "NAME=KEY")]
    witness: Vec<String>,
    /// How many witnesses make a checkpoint final
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    quorum: u32,
    /// The log's file, if the fleet is founded already
    #[arg(long, value_name = "LOG")]
    ledger: Option<PathBuf>,
    /// Write the statement here
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args, Debug)]
struct Admit {
    /// The name that stays when keys change
    member: String,
    /// Its key
    #[arg(long, value_name = "KEY")]
    key: String,
    /// Its next key, to which alone it can rotate by itself; only a digest of it is told
    #[arg(long, value_name = "KEY")]
    next_key: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Remove {
    /// Who
    member: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct RolesWords {
    /// Whose
    member: String,
    /// A role; several times, or not at all to take all away
    #[arg(long)]
    role: Vec<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Rotate {
    /// Whose key
    member: String,
    /// The key from now on
    #[arg(long, value_name = "KEY")]
    to: String,
    /// The key after that; only a digest of it is told
    #[arg(long, value_name = "KEY")]
    next_key: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct PolicyWords {
    /// Its name
    policy: String,
    /// The document
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct IssuerWords {
    /// What the issuer is called
    issuer: String,
    /// Its key
    #[arg(long, value_name = "KEY")]
    key: String,
    /// Approve it no longer; what it issued ends with it
    #[arg(long)]
    revoke: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct RevocationWords {
    /// The certificate: its .cwt file, or its name SERIAL@ISSUER as `cert inspect` prints it
    certificate: String,
    /// Why, for those who read the log
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct GroupWords {
    /// What the group is called
    group: String,
    /// A member; several times, or not at all to end the group
    #[arg(long, value_name = "NAME")]
    member: Vec<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct DelegationWords {
    /// The role
    role: String,
    /// Who hands it on, and signs this
    #[arg(long, value_name = "NAME")]
    from: String,
    /// Who receives it
    #[arg(long, value_name = "NAME")]
    to: String,
    /// The first position of the log, in entries, at which it holds; the one behind this statement if left out
    #[arg(long, value_name = "COUNT")]
    begins: Option<u64>,
    /// For how many positions of the log it holds: 1 to 64
    #[arg(long, value_name = "COUNT", default_value_t = EPOCHS_MAX, value_parser = clap::value_parser!(u64).range(1..=EPOCHS_MAX))]
    entries: u64,
    /// Take it back; governors may sign that too
    #[arg(long, conflicts_with_all = ["begins", "entries"])]
    end: bool,
    #[command(flatten)]
    place: Place,
}

#[derive(Args, Debug)]
struct Anything {
    /// Its kind: schema, budget, break-glass, anchor or any other
    kind: String,
    /// The decision as JSON
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Propose {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.what {
            What::Root(words) => words.run(),
            What::Admit(words) => words.place.propose(|_| {
                Ok(Decision::Membership(Membership {
                    member: words.member.clone(),
                    node: PublicKey::named(&words.key)?,
                    next_key: words
                        .next_key
                        .as_deref()
                        .map(PublicKey::named)
                        .transpose()?
                        .map(|key| key_commitment(&key)),
                    change: MembershipChange::Admit,
                }))
            }),
            What::Remove(words) => words.place.propose(|state| {
                let change = MembershipChange::Remove;
                let node = present_key(state, &words.member)?;
                Ok(Decision::Membership(Membership { member: words.member.clone(), node, next_key: None, change }))
            }),
            What::Roles(words) => words.place.propose(|_| {
                let roles: BTreeSet<String> = words.role.iter().cloned().collect();
                Ok(Decision::Roles(Roles { member: words.member.clone(), roles }))
            }),
            What::Rotate(words) => words.place.propose(|state| {
                let next = words.next_key.as_deref().map(PublicKey::named).transpose()?;
                Ok(Decision::KeyRotation(KeyRotation {
                    member: words.member.clone(),
                    old: present_key(state, &words.member)?,
                    new: PublicKey::named(&words.to)?,
                    next_key: next.map(|key| key_commitment(&key)),
                }))
            }),
            What::Policy(words) => words.place.propose(|_| {
                let document = String::from_utf8(file::read(&words.file)?).map_err(|_| {
                    Failure::bad_input(format!("{}: is not text; a policy is a text", words.file.display()))
                })?;
                Ok(Decision::Policy(Policy { policy: words.policy.clone(), document }))
            }),
            What::Issuer(words) => words.place.propose(|_| {
                let change = if words.revoke { ApprovalChange::Revoke } else { ApprovalChange::Approve };
                let node = PublicKey::named(&words.key)?;
                Ok(Decision::Issuer(Issuer { issuer: words.issuer.clone(), node, change }))
            }),
            What::Revocation(words) => words.place.propose(|_| words.read()),
            What::Group(words) => words.place.propose(|_| {
                Ok(Decision::Group(Group {
                    group: words.group.clone(),
                    members: words.member.iter().cloned().collect(),
                }))
            }),
            What::Delegation(words) => words.place.propose(|state| {
                // What entry `k` decides holds from position `k + 1` on.
                let begins = words.begins.unwrap_or(state.entries + 1);
                let ends = if words.end { begins } else { begins.saturating_add(words.entries) };
                let (from, to, role) = (words.from.clone(), words.to.clone(), words.role.parse::<Role>());
                let role = role.map_err(|error| Failure::bad_input(format!("role: {error}")))?.word().to_owned();
                Ok(Decision::Delegation(Delegation { from, to, role, begins, ends }))
            }),
            What::Decision(words) => words.place.propose(|_| words.read()),
        }
    }
}

fn present_key(state: &cosmosmesh_ledger::governance::Governance, member: &str) -> Result<NodeId, Failure> {
    let node = state.members.get(member).and_then(cosmosmesh_ledger::governance::Member::node);
    node.ok_or_else(|| Failure::bad_input(format!("{member} is no member; `govern status` lists them")))
}

impl Place {
    fn propose(
        &self,
        decide: impl FnOnce(&cosmosmesh_ledger::governance::Governance) -> Result<Decision, Failure>,
    ) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let state = LogBook::open(&self.ledger)?.governance()?;
        let Some(fleet) = state.fleet else {
            return Err(Failure::bad_input(format!(
                "{}: no fleet is founded in this log; begin with `govern propose root`",
                self.ledger.display()
            )));
        };
        let decision = decide(&state)?;
        let statement = Statement {
            fleet_name: state.fleet_name.clone(),
            fleet,
            version: state.version_due(decision.kind(), &decision.subject()),
            issued_posix_s: now_posix_s()?,
            decision,
        };
        written(&statement, &self.out)
    }
}

fn written(statement: &Statement, out: &std::path::Path) -> Result<Answer, Failure> {
    statement.decision.check().map_err(Failure::bad_input)?;
    file::write(out, format!("{}\n", statement.to_envelope()).as_bytes())?;
    let mut text = format!("{}\n", said(statement));
    if let Decision::Root(root) = &statement.decision {
        root.warnings().iter().for_each(|warning| text.push_str(&format!("warning: {warning}\n")));
    }
    text.push_str(&format!("{}\n", statement.decision.kind().rule()));
    text.push_str(&format!("written to {}; `govern sign` it\n", out.display()));
    Ok(Answer::done(text))
}

fn pair(text: &str) -> Result<(String, NodeId), Failure> {
    let (name, key) = text
        .split_once('=')
        .ok_or_else(|| Failure::bad_input(format!("{text:?}: write name=key, as in alice=alice.pub")))?;
    Ok((name.to_owned(), PublicKey::named(key)?))
}

impl RootWords {
    fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let governors: BTreeMap<NodeId, String> =
            self.governor.iter().map(|text| pair(text).map(|(name, key)| (key, name))).collect::<Result<_, _>>()?;
        if governors.len() != self.governor.len() {
            return Err(Failure::bad_input("two governors have one key; each needs their own"));
        }
        let quorum = Quorum { keys: governors.keys().copied().collect(), threshold: self.threshold };
        let line = |name: &str, kind, node| {
            NoteKey::new(name, kind, node).map(|key| key.to_string()).ok_or_else(|| {
                Failure::bad_input(format!(
                    "{name:?} is no name for a log or witness; it has neither white space nor a plus"
                ))
            })
        };
        let witness = |text: &String| pair(text).and_then(|(name, key)| line(&name, NoteKeyKind::Cosignature, key));
        let log = LogTrust {
            origin: self.origin.clone(),
            keys: vec![line(&self.origin, NoteKeyKind::Ed25519, PublicKey::named(&self.log_key)?)?],
            witnesses: self.witness.iter().map(witness).collect::<Result<_, _>>()?,
            quorum: self.quorum,
        };
        let now = now_posix_s()?;
        let expires_posix_s = self.days.saturating_mul(86_400).saturating_add(now);
        let authorities = BTreeMap::from([(Authority::Root, quorum)]);
        let root = Root { expires_posix_s, governors, authorities, log };
        let state = self.ledger.as_deref().map(|path| LogBook::open(path)?.governance()).transpose()?;
        let statement = match (state, &self.fleet) {
            (Some(state), _) if state.fleet.is_some() => Statement {
                fleet_name: state.fleet_name.clone(),
                fleet: state.fleet.unwrap_or_else(|| cosmosmesh_ledger::governance::fleet_id(&root)),
                version: state.version_due(Kind::Root, ""),
                issued_posix_s: now,
                decision: Decision::Root(root),
            },
            (_, Some(fleet)) => Statement::founding(fleet, now, root),
            (_, None) => {
                return Err(Failure::bad_input("name the new fleet with --fleet, or its log with --ledger"));
            }
        };
        written(&statement, &self.out)
    }
}

impl RevocationWords {
    fn read(&self) -> Result<Decision, Failure> {
        let named = self.certificate.split_once('@').and_then(|(serial, issuer)| {
            let is_serial = serial.len() == 16 && serial.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            NodeId::from_hex(issuer).filter(|_| is_serial).map(|issuer| (serial.to_owned(), issuer))
        });
        let (certificate, issuer) = match named {
            Some(named) => named,
            None => super::super::cert::name_of(std::path::Path::new(&self.certificate))?,
        };
        Ok(Decision::Revocation(Revocation { issuer, certificate, reason: self.reason.clone() }))
    }
}

impl Anything {
    fn read(&self) -> Result<Decision, Failure> {
        let shown = self.file.display();
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            Failure::bad_input(format!("{:?} is no kind of decision; one of {}", self.kind, names.join(", ")))
        })?;
        let value: Value = serde_json::from_slice(&file::read(&self.file)?)
            .map_err(|error| Failure::bad_input(format!("{shown}: {error}; correct the JSON")))?;
        Decision::from_json(kind, value).map_err(|error| Failure::bad_input(format!("{shown}: {error}")))
    }
}
