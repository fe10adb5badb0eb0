use std::path::PathBuf;

use clap::Args;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::certificate::Request;
use serde_json::json;

use super::super::Answer;
use super::super::ledger::signer;
use super::{at, epoch};
use crate::certificate_folder::{self, current};
use crate::exit::Failure;
use crate::{file, passphrase};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Renew {
    /// The present certificate: a .cwt file, or a folder of them, of which the clock chooses one
    certificate: PathBuf,
    /// The key that the certificate names
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Write the request here
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of a sentence
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh cert renew rover.certs --key rover.key --out rover.request
  cosmosmesh cert issue --renew rover.request --ledger ares.log --key issuer.key --out rover.certs-2

The holder asks here; the issuer answers with `cert issue --renew`, from a third of the certificate's life on and until the end of the grace window.

Exit codes: 0 written, 8 the certificate was changed or is another key's, 64 bad input, 74 could not be written.";

impl Renew {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let shown = certificate_folder::read(&self.certificate, epoch(), &Ed25519Verifier::new())?;
        let chosen = current(&shown, at(None)?).ok_or_else(|| Failure::bad_input("no certificate is there"))?;
        let signer = signer(&self.key, self.passphrase)?;
        let request = Request::sign(chosen.token.clone(), &signer)
            .map_err(|error| certificate_folder::failure(&chosen.path, &error))?;
        let bytes = request.to_bytes();
        file::write(&self.out, &bytes)?;
        let (name, written) = (request.certificate().name(), self.out.display().to_string());
        if self.json {
            let value = json!({
                "certificate": name, "shown": chosen.path.display().to_string(), "written": written, "bytes": bytes.len(),
            });
            return Ok(Answer::done(format!("{value}\n")));
        }
        Ok(Answer::done(format!(
            "{} shows {} and asks for the next, {} bytes\nwritten to {written}; the issuer answers with `cert issue --renew`\n",
            request.certificate().asset,
            chosen.path.display(),
            bytes.len()
        )))
    }
}
