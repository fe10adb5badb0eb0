//! `cosmosmesh cert`: short-lived certificates, from the issuer's key to a judge's verdict.

mod inspect;
mod issue;
mod renew;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};
use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::certificate::{Certificate, MissionEpoch, Token};
use serde_json::{Value, json};

use super::Answer;
use super::ledger::now_posix_s;
use crate::exit::Failure;
use crate::{certificate_folder, civil};

/// `cosmosmesh cert`
#[derive(Args, Debug)]
pub(crate) struct Cert {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Issue a ladder of certificates to a member, as a token and as X.509 each
    Issue(issue::Issue),
    /// Ask for the next certificates with the present one, as its holder
    Renew(renew::Renew),
    /// Judge certificates by the log and the clock: valid, invalid or indeterminate
    Verify(verify::Verify),
    /// Say what certificates say, without judging them
    Inspect(inspect::Inspect),
}

impl Cert {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Issue(issue) => issue.run(),
            Verb::Renew(renew) => renew.run(),
            Verb::Verify(verify) => verify.run(),
            Verb::Inspect(inspect) => inspect.run(),
        }
    }
}

/// The command's mission time is civil time: tokens carry civil seconds, and another epoch would change no byte of them.
fn epoch() -> MissionEpoch {
    MissionEpoch::default()
}

/// A time that the command line gives, or what the clock reads.
fn at(text: Option<&str>) -> Result<MissionTime, Failure> {
    let unix_s = match text {
        Some(text) => civil::second(text)?,
        None => i64::try_from(now_posix_s()?).unwrap_or(i64::MAX),
    };
    Ok(MissionTime(unix_s.saturating_mul(1_000)))
}

/// A length of time that the command line gives, in milliseconds; none is longer than a clock can tell.
fn milliseconds(count: u32, unit_s: i64) -> i64 {
    i64::from(count) * unit_s * 1_000
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a certificate says, for machines.
fn fields(token: &Token) -> Value {
    let certificate = token.certificate();
    let (from, to) = certificate.window.as_seconds();
    let bytes = token.to_bytes();
    json!({
        "name": certificate.name(),
        "serial": serial(certificate),
        "issuer": certificate.issuer,
        "subject": certificate.subject,
        "asset": certificate.asset.as_str(),
        "roles": certificate.roles.iter().map(|role| role.word()).collect::<Vec<_>>(),
        "rung": certificate.rung,
        "not_before": { "unix_s": from, "date": civil::date(from) },
        "not_after": { "unix_s": to, "date": civil::date(to) },
        "positions": [certificate.positions.0.to_string(), certificate.positions.1.to_string()],
        "token": hexadecimal(&bytes),
        "token_bytes": bytes.len(),
    })
}

/// The number and the issuer of a certificate in a file, as revocations name it.
///
/// # Errors
/// [`Failure`] naming the file.
pub(super) fn name_of(path: &Path) -> Result<(String, NodeId), Failure> {
    let shown = certificate_folder::read(path, epoch(), &Ed25519Verifier::new())?;
    match shown.as_slice() {
        [one] => Ok((serial(one.token.certificate()), one.token.certificate().issuer)),
        _ => Err(Failure::bad_input(format!(
            "{}: holds {} certificates and a revocation is about one; name a .cwt file of it",
            path.display(),
            shown.len()
        ))),
    }
}

/// The number of a certificate as revocations write it.
fn serial(certificate: &Certificate) -> String {
    format!("{:016x}", certificate.serial)
}
