//! Files in and out: bounded reads, and writes that fail before the work and not after it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use crate::draft::{Draft, Kind};
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

/// Writes a file whole or not at all.
///
/// # Errors
/// [`Failure`] naming the file.
pub(crate) fn write(path: &Path, bytes: &(impl AsRef<[u8]> + ?Sized)) -> Result<(), Failure> {
    let mut draft = Draft::begin(path, Kind::Open)?;
    draft.write_all(bytes.as_ref()).map_err(|error| draft.failure(&error))?;
    Draft::place(vec![draft])
}

/// A file that text is written into piece by piece, so that it never stands in memory as a whole.
///
/// It is there when [`Sink::finish`] has been called, and not before; the first error stops the writing and is told by it.
pub(crate) struct Sink {
    draft: BufWriter<Draft>,
    error: Option<io::Error>,
}

impl Sink {
    /// Begins the file; what is there stays until the end.
    ///
    /// # Errors
    /// [`Failure`] naming the file.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        Ok(Self { draft: BufWriter::with_capacity(1 << 16, Draft::begin(path, Kind::Open)?), error: None })
    }

    /// Writes what is still in hand and puts the file into its place.
    ///
    /// # Errors
    /// [`Failure`] naming the file, if any piece could not be written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        Self::finish_all([self])
    }

    /// [`Sink::finish`] for files that belong together: all of them or none.
    ///
    /// # Errors
    /// [`Failure`] naming the file.
    pub(crate) fn finish_all(sinks: impl IntoIterator<Item = Self>) -> Result<(), Failure> {
        let whole = |mut sink: Self| {
            let last = sink.draft.flush();
            match sink.error.take().map_or(last, Err) {
                Ok(()) => Ok(sink.draft.into_parts().0),
                Err(error) => {
                    let failure = sink.draft.get_ref().failure(&error);
                    // What could not be written is not tried again when the buffer goes.
                    drop(sink.draft.into_parts());
                    Err(failure)
                }
            }
        };
        Draft::place(sinks.into_iter().map(whole).collect::<Result<_, _>>()?)
    }
}

impl fmt::Write for Sink {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.error.is_none() {
            self.error = self.draft.write_all(piece.as_bytes()).err();
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
