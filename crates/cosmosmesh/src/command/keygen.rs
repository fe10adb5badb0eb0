use std::path::PathBuf;

use clap::Args;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Secret, SystemRandom};
use serde_json::json;

use super::Answer;
use crate::exit::Failure;
use crate::table::facts;
use crate::{file, key_file, passphrase, recovery};

/// `cosmosmesh keygen`
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Keygen {
    /// Write the encrypted key here, and its public half beside it as .pub
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print recovery sheets: 1 keeps the whole key on one, 3/5 gives it back from any three of five
    #[arg(long, value_name = "SHEETS")]
    recovery: Option<String>,
    /// Make the key from recovery sheets, one a line, instead of anew; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    recover: Option<PathBuf>,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh keygen --out rover.key
  cosmosmesh keygen --out alice.key --recovery 3/5
  cosmosmesh keygen --out alice.key --recover sheets.txt
  cosmosmesh keygen --out rover.key --passphrase-fd 3 3<passphrase.txt

The key is Ed25519 in PKCS#8, sealed by scrypt and AES-256-CBC; `openssl pkey -in FILE` reads it.

Exit codes: 0 written, 64 bad input, 74 could not be written.";

impl Keygen {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        key_file::check_free(&self.out)?;
        let sheets = self.recovery.as_deref().map(sheets).transpose()?;
        let seed = match &self.recover {
            Some(path) => recovery::join(&text(path)?)?.0,
            None => Secret::random(&mut SystemRandom::new()).map_err(|error| Failure::bad_input(error.to_string()))?,
        };
        let node = Ed25519Signer::new(Secret::take(&mut seed.expose().to_owned())).node_id();
        let lines = sheets.map_or(Vec::new(), |(threshold, count)| recovery::split(&seed, &node, threshold, count));
        let passphrase = self.passphrase.fresh(&self.out.display().to_string())?;
        key_file::write(&self.out, seed, &passphrase)?;
        let public = key_file::public_path(&self.out);
        if self.json {
            let value = json!({
                "node": node, "key": self.out.display().to_string(), "public": public.display().to_string(),
                "recovery": lines,
            });
            return Ok(Answer::done(format!("{value}\n")));
        }
        let mut text = facts(&[
            ("node", node.to_string()),
            ("key", self.out.display().to_string()),
            ("public half", public.display().to_string()),
        ]);
        if !lines.is_empty() {
            text.push_str("\nWrite each line on its own sheet and keep the sheets apart:\n");
            lines.iter().for_each(|line| {
                text.push_str(line);
                text.push('\n');
            });
        }
        Ok(Answer::done(text))
    }
}

fn text(path: &std::path::Path) -> Result<String, Failure> {
    String::from_utf8(file::read(path)?)
        .map_err(|_| Failure::bad_input(format!("{}: is not text; type the sheets, one a line", path.display())))
}

/// `1` or `3/5`.
fn sheets(text: &str) -> Result<(u8, u8), Failure> {
    let (threshold, count) = text.split_once('/').unwrap_or((text, text));
    match (threshold.parse::<u8>(), count.parse::<u8>()) {
        (Ok(1), Ok(1)) => Ok((1, 1)),
        (Ok(threshold), Ok(count)) if (2..=count).contains(&threshold) && count <= recovery::SHEETS_MAX => {
            Ok((threshold, count))
        }
        _ => Err(Failure::bad_input(format!(
            "--recovery {text}: not 1, or so many of at most {} as in 3/5; choose two at least",
            recovery::SHEETS_MAX
        ))),
    }
}
