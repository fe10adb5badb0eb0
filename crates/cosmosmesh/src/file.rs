//! Files in and out: bounded reads, and writes that fail before the work and not after it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use crate::exit::Failure;

/// The largest file that is read, in bytes: 2 GiB.
pub(crate) const BYTES_MAX: u64 = 1 << 31;

/// The bytes of a file; `-` is standard input.
///
/// # Errors
/// [`Failure`] naming the file: not there, a directory, larger than [`BYTES_MAX`].
/// # Cost
/// Memory follows what is really there, never what a file claims about itself.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let refuse = |error: io::Error| Failure::bad_input(format!("{shown}: {error}; check the path and its permissions"));
    if path == Path::new("-") {
        return bounded(io::stdin().lock(), "standard input", BYTES_MAX);
    }
    let file = File::open(path).map_err(refuse)?;
    let about = file.metadata().map_err(refuse)?;
    if about.is_dir() {
        return Err(Failure::bad_input(format!("{shown}: is a directory; name a file")));
    }
    if about.len() > BYTES_MAX {
        return Err(too_large(&shown.to_string(), BYTES_MAX));
    }
    let mut bytes = Vec::new();
    // What the file says of its size is a hint; what is really there is what is read.
    let _ = bytes.try_reserve_exact(usize::try_from(about.len() + 1).unwrap_or(0));
    filled(bytes, file, &shown.to_string(), BYTES_MAX)
}

fn bounded(source: impl Read, name: &str, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    filled(Vec::new(), source, name, bytes_max)
}

fn filled(mut bytes: Vec<u8>, source: impl Read, name: &str, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    source
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::bad_input(format!("{name}: {error}; check the path and its permissions")))?;
    if bytes.len() as u64 > bytes_max {
        return Err(too_large(name, bytes_max));
    }
    Ok(bytes)
}

fn too_large(name: &str, bytes_max: u64) -> Failure {
    Failure::bad_input(format!("{name}: larger than {bytes_max} bytes; split or coarsen the problem"))
}

/// Whether a file could be written at `path`, asked before the work and without leaving a trace.
///
/// # Errors
/// [`Failure`] if the path is a directory or its folder is not there.
pub(crate) fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::bad_input(format!("{}: is a directory; name a file to write", path.display())));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(Failure::bad_input(format!(
            "{}: the folder {} is not there; create it first",
            path.display(),
            folder.display()
        ))),
        _ => Ok(()),
    }
}

/// Makes a folder for results, with the folders it lies in.
///
/// # Errors
/// [`Failure`] naming the folder.
pub(crate) fn create_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path)
        .map_err(|error| Failure::unwritable(format!("{}: {error}; name a folder that can be written", path.display())))
}

/// Writes a file whole.
///
/// # Errors
/// [`Failure`] naming the file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::unwritable(format!("{}: {error}", path.display())))
}

/// A file that text is written into piece by piece, so that it never stands in memory as a whole.
///
/// The first error stops the writing and is told by [`Sink::finish`].
pub(crate) struct Sink {
    file: BufWriter<File>,
    shown: String,
    error: Option<io::Error>,
}

impl Sink {
    /// Makes or empties the file.
    ///
    /// # Errors
    /// [`Failure`] naming the file.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let file = File::create(path).map_err(|error| Failure::unwritable(format!("{shown}: {error}")))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 16, file), shown, error: None })
    }

    /// Writes what is still in hand.
    ///
    /// # Errors
    /// [`Failure`] naming the file, if any piece could not be written.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let last = self.file.flush();
        let error = self.error.take().map_or(last, Err);
        error.map_err(|error| Failure::unwritable(format!("{}: {error}", self.shown)))
    }
}

impl fmt::Write for Sink {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.error.is_none() {
            self.error = self.file.write_all(piece.as_bytes()).err();
        }
        if self.error.is_some() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_stops_one_byte_past_the_limit() {
        assert_eq!(bounded(&b"1234"[..], "four", 4).unwrap(), b"1234");
        let failure = bounded(io::repeat(b'x'), "endless", 4).unwrap_err();
        assert!(failure.message.starts_with("endless: larger than 4 bytes"), "{failure}");
    }
}
