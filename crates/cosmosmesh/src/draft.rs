//! A file in the making: there whole or not at all, whatever happens in between.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// A file that is written beside its place and put there when it is whole.
///
/// What stood in the place stays until then; if the draft is dropped before, nothing has changed.
/// A place that is no ordinary file, such as a pipe or `/dev/stdout`, is written into as it comes, and a link is followed.
pub(crate) struct Draft {
    file: File,
    /// Where the bytes wait, unless they go straight to their place.
    beside: Option<PathBuf>,
    place: PathBuf,
    shown: String,
}

/// Who may read a file, and whether there may be one already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whoever the file before it let, or the folder lets; it replaces the file before it.
    Open,
    /// Its owner alone, and it replaces nothing.
    Secret,
}

impl Draft {
    /// Begins a file.
    ///
    /// # Errors
    /// [`Failure`] naming the file, if nothing can be written beside it.
    pub(crate) fn begin(path: &Path, kind: Kind) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let began = Self::opened(path, kind);
        let (file, beside, place) = began.map_err(|error| unwritable(&shown, &error))?;
        Ok(Self { file, beside, place, shown })
    }

    fn opened(path: &Path, kind: Kind) -> io::Result<(File, Option<PathBuf>, PathBuf)> {
        let before = fs::metadata(path).ok();
        if before.as_ref().is_some_and(|about| !about.is_file()) {
            return Ok((OpenOptions::new().write(true).open(path)?, None, path.to_owned()));
        }
        // A rename replaces the link, and what is meant is the file that it leads to.
        let place = if before.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
        let mut name = OsString::from(place.file_name().unwrap_or_default());
        name.push(format!(".{}.new", std::process::id()));
        let beside = folder(&place).join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if kind == Kind::Secret {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(&beside)?;
        if let Some(about) = before.filter(|_| kind == Kind::Open) {
            // On a disk without owners this fails and does not matter.
            let _ = file.set_permissions(about.permissions());
        }
        Ok((file, Some(beside), place))
    }

    /// Puts drafts into their places: none of them before all are safely on the disk.
    ///
    /// # Errors
    /// [`Failure`] naming the file. Only a breakdown between two renames leaves some of them in place and others not.
    pub(crate) fn place(drafts: Vec<Self>) -> Result<(), Failure> {
        for draft in drafts.iter().filter(|draft| draft.beside.is_some()) {
            draft.file.sync_all().map_err(|error| unwritable(&draft.shown, &error))?;
        }
        drafts.into_iter().try_for_each(|draft| draft.moved(|beside, place| fs::rename(beside, place)))
    }

    /// Puts a draft into a place where nothing may be yet.
    ///
    /// # Errors
    /// [`Failure`] naming the file; bad input if somebody was there first.
    pub(crate) fn place_new(self) -> Result<(), Failure> {
        let shown = self.shown.clone();
        self.file.sync_all().map_err(|error| unwritable(&shown, &error))?;
        self.moved(|beside, place| match fs::hard_link(beside, place) {
            // A link is made only where no name is.
            Ok(()) => fs::remove_file(beside),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // A disk without links.
            Err(_) if fs::symlink_metadata(place).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(beside, place),
        })
    }

    fn moved(mut self, rename: impl FnOnce(&Path, &Path) -> io::Result<()>) -> Result<(), Failure> {
        let Some(beside) = self.beside.take() else { return Ok(()) };
        if let Err(error) = rename(&beside, &self.place) {
            self.beside = Some(beside);
            if error.kind() == io::ErrorKind::AlreadyExists {
                return Err(Failure::bad_input(format!("{}: is there already; it is never overwritten", self.shown)));
            }
            return Err(unwritable(&self.shown, &error));
        }
        // The name is durable when the folder is.
        #[cfg(unix)]
        File::open(folder(&self.place))
            .and_then(|folder| folder.sync_all())
            .map_err(|error| unwritable(&self.shown, &error))?;
        Ok(())
    }

    /// The words for an error of writing this file.
    pub(crate) fn failure(&self, error: &io::Error) -> Failure {
        unwritable(&self.shown, error)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What was left half-written is nobody's.
        let _ = self.beside.take().map(fs::remove_file);
    }
}

fn folder(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unwritable(shown: &str, error: &io::Error) -> Failure {
    Failure::unwritable(format!("{shown}: {error}; make room, or name a place that can be written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cosmosmesh-draft-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_that_is_dropped_changes_nothing() {
        let folder = scratch("dropped");
        fs::write(folder.join("a"), "before").unwrap();
        let mut draft = Draft::begin(&folder.join("a"), Kind::Open).unwrap();
        draft.write_all(b"half of").unwrap();
        assert_eq!(fs::read(folder.join("a")).unwrap(), b"before");
        drop(draft);
        assert_eq!((names(&folder), fs::read(folder.join("a")).unwrap()), (vec!["a".to_owned()], b"before".to_vec()));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_place_that_is_taken_is_kept() {
        let folder = scratch("taken");
        let draft = Draft::begin(&folder.join("a"), Kind::Secret).unwrap();
        // Somebody else comes in between.
        fs::write(folder.join("a"), "first").unwrap();
        let failure = draft.place_new().unwrap_err();
        assert_eq!(failure.exit, crate::exit::Exit::BadInput);
        assert!(failure.message.contains("is there already; it is never overwritten"), "{failure}");
        assert_eq!((names(&folder), fs::read(folder.join("a")).unwrap()), (vec!["a".to_owned()], b"first".to_vec()));
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_rights_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = scratch("links");
        fs::write(folder.join("a"), "before").unwrap();
        fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a", folder.join("link")).unwrap();
        let mut draft = Draft::begin(&folder.join("link"), Kind::Open).unwrap();
        draft.write_all(b"after").unwrap();
        Draft::place(vec![draft]).unwrap();
        assert_eq!(names(&folder), ["a", "link"]);
        assert_eq!(fs::read(folder.join("a")).unwrap(), b"after");
        assert_eq!(fs::metadata(folder.join("a")).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(folder.join("link")).unwrap().is_symlink());
        fs::remove_dir_all(folder).unwrap();
    }
}
