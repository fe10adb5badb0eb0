//! Where passphrases come from: a prompt that does not show them, or a file descriptor for scripts.

use std::io::Read;

use clap::Args;
use zeroize::Zeroizing;

use crate::exit::Failure;

/// A passphrase, wiped when it is dropped.
#[derive(Clone)]
pub(crate) struct Passphrase(Zeroizing<String>);

/// Where the passphrase of a key comes from.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Source {
    /// Read the passphrase from this file descriptor instead of asking; its first line
    #[arg(long, value_name = "FD")]
    passphrase_fd: Option<u32>,
}

/// The longest passphrase, in bytes.
const BYTES_MAX: u64 = 4_096;

impl Passphrase {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Source {
    /// The passphrase of a key that is there.
    ///
    /// # Errors
    /// [`Failure`] if there is neither a terminal nor a descriptor.
    pub(crate) fn existing(self, of: &str) -> Result<Passphrase, Failure> {
        match self.passphrase_fd {
            Some(fd) => from_descriptor(fd),
            None => ask(&format!("passphrase of {of}: ")),
        }
    }

    /// The passphrase of one of several keys: a descriptor has one line, which is for all of them, and a person is asked for each.
    ///
    /// # Errors
    /// As [`Source::existing`].
    pub(crate) fn one_of(self, line: &mut Option<Passphrase>, of: &str) -> Result<Passphrase, Failure> {
        match (self.passphrase_fd, &*line) {
            (Some(_), Some(line)) => Ok(line.clone()),
            (Some(_), None) => Ok(line.insert(self.existing(of)?).clone()),
            (None, _) => self.existing(of),
        }
    }

    /// The passphrase of a key that is made now: asked twice, and not empty.
    ///
    /// # Errors
    /// As [`Source::existing`]; and if the two differ, or are empty.
    pub(crate) fn fresh(self, of: &str) -> Result<Passphrase, Failure> {
        let first = self.existing(of)?;
        if first.as_bytes().is_empty() {
            return Err(Failure::bad_input("an empty passphrase protects nothing; choose one"));
        }
        if self.passphrase_fd.is_none() && ask("once more: ")?.as_bytes() != first.as_bytes() {
            return Err(Failure::bad_input("the two passphrases differ; try again"));
        }
        Ok(first)
    }
}

fn ask(prompt: &str) -> Result<Passphrase, Failure> {
    rpassword::prompt_password(prompt).map(|text| Passphrase(Zeroizing::new(text))).map_err(|error| {
        Failure::bad_input(format!("no passphrase can be asked for ({error}); hand it over with --passphrase-fd"))
    })
}

fn from_descriptor(fd: u32) -> Result<Passphrase, Failure> {
    let named = |what: &dyn std::fmt::Display| {
        Failure::bad_input(format!("file descriptor {fd}: {what}; open it, as in `--passphrase-fd 3 3<FILE`"))
    };
    if fd == 1 || fd == 2 {
        return Err(named(&"is for output"));
    }
    let mut text = Zeroizing::new(String::new());
    let file = std::fs::File::open(format!("/dev/fd/{fd}")).map_err(|error| named(&error))?;
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| named(&error))?;
    let line = text.split('\n').next().unwrap_or_default();
    if line.len() as u64 > BYTES_MAX {
        return Err(named(&"the passphrase is longer than 4,096 bytes"));
    }
    Ok(Passphrase(Zeroizing::new(line.trim_end_matches('\r').to_owned())))
}
