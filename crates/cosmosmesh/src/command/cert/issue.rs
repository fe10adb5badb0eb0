use std::path::{Path, PathBuf};

use clap::Args;
use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::traits::{SecureRandom, Signer};
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, SystemRandom};
use cosmosmesh_identity::certificate::{
    Certificate, CertificateError, Ladder, NAME_BYTES_MAX, Request, Token, Window, X509,
};
use cosmosmesh_identity::role::{Role, Roles};
use cosmosmesh_ledger::governance::{Decision, Governance, Renewal, Statement};
use serde_json::json;

use super::super::Answer;
use super::super::ledger::{append_and_sign, as_log_signer, now_posix_s};
use super::{at, epoch, fields, milliseconds};
use crate::certificate_folder::{self, TOKEN_ENDING};
use crate::exit::Failure;
use crate::fleet_view::{self, Renewed, Wait};
use crate::log_book::LogBook;
use crate::table::facts;
use crate::{civil, file, key_file, passphrase};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Issue {
    /// The member, by its name in the log; with --renew it follows from the request
    #[arg(required_unless_present = "renew", conflicts_with = "renew")]
    member: Option<String>,
    /// Answer this request of `cert renew` instead
    #[arg(long, value_name = "FILE")]
    renew: Option<PathBuf>,
    /// The governance log, in which the issuer is approved and the member stands
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// The issuer's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Write the certificates into this new folder
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// A role, at most those that the log gives; several times; all of them if none is named
    #[arg(long)]
    role: Vec<Role>,
    /// How many certificates, each for its own stretch of time: 1 to 64
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    rungs: u16,
    /// How long each stretch is, in hours
    #[arg(long, value_name = "HOURS", default_value_t = 72)]
    rung_hours: u32,
    /// When the first begins, as 2031-01-01T00:00:00Z or in seconds since 1970; now if left out
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// By how much the fleet's clocks may be wrong, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    clock_bound: u32,
    /// For how many further entries of the log they count
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    entries: u64,
    /// The fleet's domain in X.509 names; if left out, that of the log's origin
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// For how many days after its end a certificate still serves to renew
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    grace_days: u32,
    /// The log's key, to log a renewal in the grace window at once; without it the statement lies in the folder for `govern apply`
    #[arg(long, value_name = "FILE", requires = "renew")]
    log_key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh cert issue rover-1 --ledger ares.log --key issuer.key --out rover.certs
  cosmosmesh cert issue rover-1 --ledger ares.log --key issuer.key --rungs 10 --rung-hours 74 --clock-bound 10 --out rover.certs
  cosmosmesh cert issue --renew rover.request --ledger ares.log --key issuer.key --out rover.certs-2
  cosmosmesh cert issue --renew rover.request --ledger ares.log --key issuer.key --log-key log.key --out rover.certs-2

The folder holds for each rung K the token K.cwt and the X.509 form K.pem, and the issuer's own authority.pem:
  openssl verify -CAfile rover.certs/authority.pem rover.certs/00.pem
A renewal in the grace window stands in the log: it is logged with --log-key, or by `govern apply` of the folder's renewal.dsse.

Exit codes: 0 issued, 7 refused and it says what is needed, 8 the log or the request was changed, 64 bad input, 74 could not be written.";

/// The statement of a renewal in the grace window, beside the certificates.
const RENEWAL_FILE: &str = "renewal.dsse";

/// To whom, and as what.
struct Grant {
    asset: AssetId,
    roles: Roles,
    /// The certificate that is renewed in its grace window, if that is so.
    narrowed: Option<Certificate>,
}

impl Issue {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        certificate_folder::check_free(&self.out)?;
        let state = LogBook::open(&self.ledger)?.governance()?;
        let grant = match (&self.member, &self.renew) {
            (Some(member), _) => first(&state, member)?,
            (None, Some(_)) => self.renewed(&state)?,
            (None, None) => return Err(Failure::bad_input("name a member, or a request with --renew")),
        };
        let roles = self.asked(&grant)?;
        let member = present(&state, grant.asset.as_str())?;
        let domain = self.domain(&state)?;
        let mut line = None;
        let mut open =
            |path: &Path| key_file::read(path, &mut || self.passphrase.one_of(&mut line, &path.display().to_string()));
        let signer = open(&self.key)?;
        let log_key = self.log_key.as_deref().map(&mut open).transpose()?;
        let issuer = signer.node_id();
        if !state.issuers.get(&issuer).is_some_and(|standing| standing.is_approved()) {
            return Err(Failure::refused(format!(
                "{issuer} is no approved issuer; governors approve it: `govern propose issuer NAME --key {issuer} --ledger {}`",
                self.ledger.display()
            )));
        }
        let refuse = |error: CertificateError| Failure::bad_input(error.to_string());
        let (from, bound_ms) = (at(self.from.as_deref())?, milliseconds(self.clock_bound, 1));
        let rung_ms = milliseconds(self.rung_hours, 3_600);
        let ladder = Ladder::new(from, rung_ms, self.rungs, bound_ms).map_err(refuse)?;
        let serial = fresh_serial()?;
        let mut files = Vec::new();
        let mut tokens = Vec::new();
        for rung in 0..ladder.len() {
            let certificate = Certificate {
                issuer,
                serial: serial + u64::from(rung),
                subject: member,
                asset: grant.asset.clone(),
                roles,
                window: ladder.window(rung).map_err(refuse)?,
                positions: (state.entries, state.entries.saturating_add(self.entries)),
                rung,
            };
            let x509 = X509::issue(&certificate, &domain, epoch(), &signer).map_err(refuse)?;
            let token = Token::issue(certificate, epoch(), &signer).map_err(refuse)?;
            files.push((format!("{rung:02}.{TOKEN_ENDING}"), token.to_bytes()));
            files.push((format!("{rung:02}.pem"), certificate_folder::pem(&x509)?));
            tokens.push(token);
        }
        let ends = (ladder.window(0).map_err(refuse)?, ladder.window(ladder.len() - 1).map_err(refuse)?);
        let window = Window::new(ends.0.not_before(), ends.1.not_after()).map_err(refuse)?;
        let authority = X509::authority(&domain, window, epoch(), &signer).map_err(refuse)?;
        files.push(("authority.pem".to_owned(), certificate_folder::pem(&authority)?));
        // What is logged comes first: nobody holds narrowed certificates of which the log's keeper was not told.
        let renewal = match &grant.narrowed {
            None => None,
            Some(old) => {
                let decision = Decision::Renewal(Renewal {
                    member: grant.asset.as_str().to_owned(),
                    certificate: super::serial(old),
                    certificate_issuer: old.issuer,
                    issuer,
                    first: format!("{serial:016x}"),
                    rungs: ladder.len(),
                    roles: roles.iter().map(|role| role.word().to_owned()).collect(),
                });
                let (statement, entry) = self.record(&state, decision, &signer, log_key)?;
                files.push((RENEWAL_FILE.to_owned(), statement));
                Some(entry)
            }
        };
        certificate_folder::write(&self.out, &files)?;
        let (until_s, folder) = (ends.1.as_seconds().1, self.out.display().to_string());
        if self.json {
            let renewal =
                renewal.map(|entry| json!({ "statement": format!("{folder}/{RENEWAL_FILE}"), "entry": entry }));
            let certificates: Vec<_> = tokens.iter().map(fields).collect();
            let value = json!({
                "folder": folder, "domain": domain, "narrowed": grant.narrowed.is_some(), "renewal": renewal,
                "certificates": certificates,
            });
            return Ok(Answer::done(format!("{value}\n")));
        }
        let mut text = facts(&[
            ("member", grant.asset.as_str().to_owned()),
            ("key", member.to_string()),
            ("roles", roles.to_string()),
            ("rungs", format!("{}, of {} h each", ladder.len(), self.rung_hours)),
            ("first from", civil::date(ends.0.as_seconds().0)),
            ("last until", civil::date(until_s)),
            ("log", format!("from {} entries on", state.entries)),
            ("written to", folder),
        ]);
        let given = state.members.get(grant.asset.as_str()).map_or(Roles::NONE, fleet_view::roles);
        if grant.narrowed.is_some() && grant.roles != given {
            text.push_str(
                "These rights are the narrower ones of the grace window; the others come back when governors give the roles again and you issue anew.\n",
            );
        }
        match renewal {
            Some(Some(entry)) => text.push_str(&format!("The renewal stands in the log as entry {entry}.\n")),
            Some(None) => text.push_str(&format!(
                "The renewal belongs in the log: `govern apply {}/{RENEWAL_FILE} --ledger {} --key LOG_KEY`.\n",
                self.out.display(),
                self.ledger.display()
            )),
            None => {}
        }
        Ok(Answer::done(text))
    }

    /// A renewal as a signed statement, and its entry if it was logged.
    fn record(
        &self,
        state: &Governance,
        decision: Decision,
        issuer: &dyn Signer,
        log_key: Option<Ed25519Signer>,
    ) -> Result<(Vec<u8>, Option<u64>), Failure> {
        let Some(fleet) = state.fleet else { return Err(Failure::bad_input("no fleet is founded in this log")) };
        let version = state.version_due(decision.kind(), &decision.subject());
        let (fleet_name, issued_posix_s) = (state.fleet_name.clone(), now_posix_s()?);
        let statement = Statement { fleet_name, fleet, version, issued_posix_s, decision };
        let mut envelope = statement.to_envelope();
        envelope.sign(issuer).map_err(|error| Failure::bad_input(error.to_string()))?;
        let text = envelope.to_string();
        let entry = match (&self.log_key, log_key) {
            (None, _) | (_, None) => None,
            (Some(path), Some(key)) => {
                let mut book = LogBook::open_to_write(&self.ledger)?;
                let log_signer = as_log_signer(&book, None, path, key)?;
                Some(append_and_sign(&mut book, &[text.clone().into_bytes()], &log_signer)?)
            }
        };
        Ok((format!("{text}\n").into_bytes(), entry))
    }

    /// What a request brings, by the log and this machine's clock.
    fn renewed(&self, state: &Governance) -> Result<Grant, Failure> {
        let path = self.renew.as_deref().unwrap_or(Path::new("-"));
        let request = Request::read(&file::read(path)?, epoch(), &Ed25519Verifier::new())
            .map_err(|error| certificate_folder::failure(path, &error))?;
        let old = request.certificate();
        let now = at(None)?;
        let wait =
            Wait { clock_bound_ms: milliseconds(self.clock_bound, 1), grace_ms: milliseconds(self.grace_days, 86_400) };
        let shown = path.display();
        match fleet_view::renewed(state, old, now, wait) {
            Renewed::Granted { roles, narrowed } => {
                Ok(Grant { asset: old.asset.clone(), roles, narrowed: narrowed.then(|| old.clone()) })
            }
            Renewed::Keep { due } => Err(Failure::refused(format!(
                "{shown}: the certificate is good; renew it from {} on",
                civil::date(due.as_ms().div_euclid(1_000))
            ))),
            Renewed::RolesAwaited => Err(Failure::refused(format!(
                "{shown}: the grace window of {} days is over; governors give the roles again and you answer this request then: `govern propose roles {} --role ... --ledger {}`",
                self.grace_days,
                old.asset,
                self.ledger.display()
            ))),
            Renewed::Refused(why) => {
                Err(Failure::refused(format!("{shown}: cannot be renewed: {why}; governors may admit a new key")))
            }
        }
    }

    fn asked(&self, grant: &Grant) -> Result<Roles, Failure> {
        if self.role.is_empty() {
            return Ok(grant.roles);
        }
        let asked: Roles = self.role.iter().copied().collect();
        match asked.iter().find(|role| !grant.roles.contains(*role)) {
            None => Ok(asked),
            Some(role) => Err(Failure::refused(format!(
                "{} may be certified as {}, not as {role}; governors give roles: `govern propose roles {} --role {role} --ledger {}`",
                grant.asset,
                grant.roles,
                grant.asset,
                self.ledger.display()
            ))),
        }
    }

    fn domain(&self, state: &Governance) -> Result<String, Failure> {
        if let Some(domain) = &self.domain {
            return Ok(domain.clone());
        }
        let origin = state.root.as_ref().map_or("", |root| root.document.log.origin.as_str());
        let domain = origin.split('/').next().unwrap_or_default();
        if domain.is_empty() {
            return Err(Failure::bad_input("no fleet is founded in this log; begin with `govern propose root`"));
        }
        Ok(domain.to_owned())
    }
}

/// All that the log gives a member.
fn first(state: &Governance, member: &str) -> Result<Grant, Failure> {
    present(state, member)?;
    let asset = AssetId::new(member).ok().filter(|asset| asset.as_str().len() <= NAME_BYTES_MAX);
    let asset = asset.ok_or_else(|| {
        Failure::bad_input(format!("{member:?}: a certificate holds names of at most {NAME_BYTES_MAX} bytes"))
    })?;
    Ok(Grant { asset, roles: state.members.get(member).map_or(Roles::NONE, fleet_view::roles), narrowed: None })
}

fn present(state: &Governance, member: &str) -> Result<cosmosmesh_contracts::key::NodeId, Failure> {
    let node = state.members.get(member).and_then(cosmosmesh_ledger::governance::Member::node);
    node.ok_or_else(|| Failure::bad_input(format!("{member} is no member; `govern status` lists them")))
}

/// A number that no other certificate of the issuer has, but by a chance of one in 2^63 / their count; positive in X.509.
fn fresh_serial() -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|error| Failure::bad_input(error.to_string()))?;
    Ok(u64::from_be_bytes(bytes) >> 1 & !0xff)
}
