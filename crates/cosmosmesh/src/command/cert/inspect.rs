use std::path::PathBuf;

use clap::Args;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::did::DidKey;
use serde_json::{Value, json};

use super::super::Answer;
use super::{epoch, fields};
use crate::exit::Failure;
use crate::table::facts;
use crate::{certificate_folder, civil};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh cert inspect rover.certs/00.cwt\n  cosmosmesh cert inspect rover.certs --json\n\n\
    The issuer's signature is checked; whether the issuer may say so is for `cert verify`.\n\n\
    Exit codes: 0 shown, 8 the signature does not hold, 64 bad input."
)]
pub(super) struct Inspect {
    /// A .cwt file, or a folder of them
    certificate: PathBuf,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let shown = certificate_folder::read(&self.certificate, epoch(), &Ed25519Verifier::new())?;
        if self.json {
            let each = |shown: &certificate_folder::Shown| {
                let mut value = fields(&shown.token);
                value["file"] = json!(shown.path.display().to_string());
                value
            };
            return Ok(Answer::done(format!("{}\n", Value::Array(shown.iter().map(each).collect()))));
        }
        let each = |shown: &certificate_folder::Shown| {
            let certificate = shown.token.certificate();
            let (from, to) = certificate.window.as_seconds();
            let (first, last) = certificate.positions;
            facts(&[
                ("file", shown.path.display().to_string()),
                ("certificate", certificate.name()),
                ("asset", certificate.asset.as_str().to_owned()),
                ("key", DidKey::Ed25519(certificate.subject).to_string()),
                ("issuer", DidKey::Ed25519(certificate.issuer).to_string()),
                ("roles", certificate.roles.to_string()),
                ("rung", certificate.rung.to_string()),
                ("from", civil::date(from)),
                ("until", civil::date(to)),
                ("log", format!("from {first} to {last} entries")),
                ("token", format!("{} bytes", shown.token.to_bytes().len())),
            ])
        };
        Ok(Answer::done(shown.iter().map(each).collect::<Vec<_>>().join("\n")))
    }
}
