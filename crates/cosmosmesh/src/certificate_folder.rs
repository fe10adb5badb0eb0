//! Certificates on disk: a folder with one token and one X.509 certificate for each rung, whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::Verifier;
use cosmosmesh_identity::certificate::{CertificateError, MissionEpoch, Token, X509};
use pkcs8::LineEnding;
use pkcs8::der::Document;

use crate::exit::{Exit, Failure};
use crate::file;

/// How token files end.
pub(crate) const TOKEN_ENDING: &str = "cwt";

/// The most files of a folder that are looked at.
const FILES_MAX: usize = 4_096;

/// A token and the file it came from.
pub(crate) struct Shown {
    /// Where it was.
    pub(crate) path: PathBuf,
    /// What it says; its issuer's signature holds.
    pub(crate) token: Token,
}

/// Writes the files of a new folder: beside it, synced, renamed. A folder that is there is never touched.
///
/// # Errors
/// [`Failure`] naming the folder.
pub(crate) fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    check_free(folder)?;
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.with_file_name(name);
    let written = || -> std::io::Result<()> {
        fs::create_dir(&beside)?;
        for (name, bytes) in files {
            let mut file = File::create_new(beside.join(name))?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        #[cfg(unix)]
        File::open(&beside)?.sync_all()?;
        fs::rename(&beside, folder)?;
        #[cfg(unix)]
        File::open(folder.parent().filter(|up| !up.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    };
    written().map_err(|error| {
        // What was left half-written is nobody's.
        let _ = fs::remove_dir_all(&beside);
        Failure::unwritable(format!("{}: {error}; make room, or name a place that can be written", folder.display()))
    })
}

/// Whether a folder could be made at `path`.
///
/// # Errors
/// [`Failure`] if something is there, or its parent is not.
pub(crate) fn check_free(path: &Path) -> Result<(), Failure> {
    if path.exists() || path.file_name().is_none() {
        return Err(Failure::bad_input(format!(
            "{}: is there already; certificates are never overwritten, name a new folder",
            path.display()
        )));
    }
    file::check_writable(path)
}

/// A certificate as text between two lines of dashes.
///
/// # Errors
/// [`Failure`] that cannot happen with what this program encodes.
pub(crate) fn pem(certificate: &X509) -> Result<Vec<u8>, Failure> {
    let text = Document::try_from(certificate.as_der()).and_then(|der| der.to_pem("CERTIFICATE", LineEnding::LF));
    text.map(String::into_bytes)
        .map_err(|error| Failure::unwritable(format!("the certificate cannot be written: {error}")))
}

/// The tokens of a file or of a folder, in the order of their windows.
///
/// # Errors
/// [`Failure`] naming the file: not there, no token, or its issuer's signature does not hold.
pub(crate) fn read(path: &Path, epoch: MissionEpoch, verifier: &dyn Verifier) -> Result<Vec<Shown>, Failure> {
    let mut paths = vec![path.to_owned()];
    if path.is_dir() {
        let refuse = |error: std::io::Error| Failure::bad_input(format!("{}: {error}", path.display()));
        let entries = fs::read_dir(path).map_err(refuse)?.take(FILES_MAX);
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(refuse)?;
        paths = entries.into_iter().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == TOKEN_ENDING));
        if paths.is_empty() {
            return Err(Failure::bad_input(format!(
                "{}: holds no .cwt file; name one that `cert issue` wrote",
                path.display()
            )));
        }
    }
    let mut shown = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = file::read(&path)?;
        if bytes.starts_with(b"-----BEGIN") {
            return Err(Failure::bad_input(format!(
                "{}: is the X.509 form, which says nothing of roles and the log; name the .cwt beside it, or use `openssl verify`",
                path.display()
            )));
        }
        let token = Token::read(&bytes, epoch, verifier).map_err(|error| failure(&path, &error))?;
        shown.push(Shown { path, token });
    }
    shown.sort_by_key(|shown| (shown.token.certificate().window, shown.path.clone()));
    Ok(shown)
}

/// How a certificate's error ends the command.
pub(crate) fn failure(path: &Path, error: &CertificateError) -> Failure {
    let exit = match error {
        CertificateError::Key(_) | CertificateError::Holder => Exit::Tampered,
        _ => Exit::BadInput,
    };
    Failure { message: format!("{}: {error}", path.display()), exit }
}

/// The one to show at a time: the farthest from both ends of its window; before all of them the first, after them the last.
pub(crate) fn current(shown: &[Shown], now: MissionTime) -> Option<&Shown> {
    let inside = |shown: &&Shown| {
        let window = shown.token.certificate().window;
        now.ms_since(window.not_before()).min(window.not_after().ms_since(now))
    };
    shown.iter().max_by_key(inside)
}
