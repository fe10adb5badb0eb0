use core::fmt;

use cosmosmesh_contracts::problem::ProblemError;

/// Why a problem was not written or a file not read: where, what, and what to do about it.
///
/// None of these is cured by trying again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CatoptError {
    /// The text is not what its format says, or uses a part of it that a convex problem has no place for.
    Text {
        /// Which format was read.
        format: &'static str,
        /// The line, counted from 1; 0 where it is not known.
        line: usize,
        /// What is wrong and what to do.
        what: String,
    },
    /// The content is no problem: a number that is none, bounds that cross, an entry given twice.
    Problem(ProblemError),
    /// A cost that is not convex.
    NotConvex {
        /// The asset, or the problem's name.
        object: String,
        /// The smallest eigenvalue of `P`.
        eigenvalue: f64,
    },
    /// A bound whose meaning differs from reader to reader.
    AmbiguousBound {
        /// The line.
        line: usize,
        /// The column.
        column: String,
    },
    /// The problem and the sidecar do not speak of the same thing.
    Sidecar {
        /// What does not fit.
        what: String,
    },
}

impl CatoptError {
    pub(crate) fn text(format: &'static str, line: usize, what: impl Into<String>) -> Self {
        Self::Text { format, line, what: what.into() }
    }

    pub(crate) fn json(format: &'static str, error: &serde_json::Error) -> Self {
        Self::Text { format, line: error.line(), what: error.to_string() }
    }

    pub(crate) fn sidecar(what: impl Into<String>) -> Self {
        Self::Sidecar { what: what.into() }
    }
}

/// The text as one printable line of at most 200 characters: it may quote a stranger's file to a terminal.
fn printable(text: &str) -> String {
    const CHARACTERS_MAX: usize = 200;
    let mut line: String =
        text.chars().take(CHARACTERS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        line.push_str("...");
    }
    line
}

impl fmt::Display for CatoptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { format, line: 0, what } => write!(f, "{format}: {}", printable(what)),
            Self::Text { format, line, what } => write!(f, "{format}, line {line}: {}", printable(what)),
            Self::Problem(error) => f.write_str(&printable(&error.to_string())),
            Self::NotConvex { object, eigenvalue } => write!(
                f,
                "P of `{}` is indefinite, with an eigenvalue of {eigenvalue:.6e}; correct it, or allow a nonconvex problem explicitly",
                printable(object)
            ),
            Self::AmbiguousBound { line, column } => write!(
                f,
                "line {line}: column `{}` has a negative upper bound and no lower one, which readers take differently; write LO or MI before UP",
                printable(column)
            ),
            Self::Sidecar { what } => {
                write!(f, "the sidecar does not fit: {}; take the one written with this file", printable(what))
            }
        }
    }
}

impl std::error::Error for CatoptError {}

impl From<ProblemError> for CatoptError {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}
