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
    /// Two things of one name.
    NameTaken {
        /// An object, a port of an object, a junction.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that nothing bears.
    Unknown {
        /// An object, a port, a junction, a schema.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A port that no wire leaves.
    DanglingPort {
        /// Whose port.
        object: String,
        /// The port.
        port: String,
    },
    /// A port that two wires leave.
    WiredTwice {
        /// Whose port.
        object: String,
        /// The port.
        port: String,
    },
    /// A wire between two units with no factor, or a wrong one, between them.
    UnitClash(Box<UnitClash>),
    /// A wire between two spaces of different dimension.
    DimensionClash {
        /// Whose port.
        object: String,
        /// The port.
        port: String,
        /// The port's dimension.
        found: usize,
        /// The junction.
        junction: String,
        /// The junction's dimension.
        expected: usize,
    },
    /// A wire's factor that is zero, infinite or no number.
    Factor {
        /// Whose port.
        object: String,
        /// The port.
        port: String,
        /// The factor.
        value: f64,
    },
    /// A balance that others may join has a limit of its own, which would then count twice or not at all.
    ExposedLimit {
        /// The junction.
        junction: String,
    },
    /// An object that is only a label: it can be routed and versioned, not solved.
    Opaque {
        /// The object.
        object: String,
        /// What its objective says.
        label: String,
    },
    /// The content of an object is not what its hash says.
    Hash {
        /// The object.
        object: String,
        /// The hash in the file.
        stated: String,
        /// The hash of the content.
        found: String,
    },
    /// A plan, a dual or a solution does not fit the problem.
    Solution {
        /// What does not fit.
        what: String,
    },
    /// A redaction policy, a migration or a delta does not fit what it is applied to.
    Step {
        /// What does not fit and what to do.
        what: String,
    },
}

/// Two units that meet and should not.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitClash {
    /// Whose port.
    pub object: String,
    /// The port.
    pub port: String,
    /// The port's unit.
    pub unit: String,
    /// The junction.
    pub junction: String,
    /// The junction's unit.
    pub wanted: String,
    /// The factor that would be right, if one is.
    pub factor: Option<f64>,
}

impl CatoptError {
    pub(crate) fn text(format: &'static str, line: usize, what: impl Into<String>) -> Self {
        Self::Text { format, line, what: what.into() }
    }

    pub(crate) fn json(format: &'static str, error: &serde_json::Error) -> Self {
        // The line is told once, by the error as a whole.
        let what = error.to_string();
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
        let remedy = if error.is_eof() { "; was the file cut off?" } else { "" };
        Self::Text { format, line: error.line(), what: format!("{what}{remedy}") }
    }

    pub(crate) fn solution(what: impl Into<String>) -> Self {
        Self::Solution { what: what.into() }
    }

    pub(crate) fn step(what: impl Into<String>) -> Self {
        Self::Step { what: what.into() }
    }

    pub(crate) fn unknown(what: &'static str, name: impl Into<String>) -> Self {
        Self::Unknown { what, name: name.into() }
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
            Self::Text { format, line, what } => {
                f.write_str(format)?;
                if *line > 0 {
                    write!(f, ", line {line}")?;
                }
                let what = printable(what);
                write!(f, ": {what}")?;
                // What is plainly wrong is plainly put right; where it is not so plain, `what` says how, unless what it quotes is too long.
                if what.contains("; ") { Ok(()) } else { f.write_str("; correct it there") }
            }
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
            Self::NameTaken { what, name } => write!(f, "two {what}s are called `{}`; rename one", printable(name)),
            Self::Unknown { what, name } => {
                write!(f, "there is no {what} `{}`; correct the name or add it", printable(name))
            }
            Self::DanglingPort { object, port } => write!(
                f,
                "port `{}` of `{}` hangs loose; wire it to a junction or remove it",
                printable(port),
                printable(object)
            ),
            Self::WiredTwice { object, port } => write!(
                f,
                "port `{}` of `{}` is wired twice; keep one wire, or add a port",
                printable(port),
                printable(object)
            ),
            Self::UnitClash(clash) => clash.fmt(f),
            Self::DimensionClash { object, port, found, junction, expected } => write!(
                f,
                "port `{}` of `{}` has dimension {found} and junction `{}` has {expected}; make them agree",
                printable(port),
                printable(object),
                printable(junction)
            ),
            Self::Factor { object, port, value } => write!(
                f,
                "the wire of port `{}` of `{}` has the factor {value}; give a finite number that is not zero",
                printable(port),
                printable(object)
            ),
            Self::ExposedLimit { junction } => write!(
                f,
                "balance `{}` is exposed and has a limit other than zero; put the limit where the sum is closed",
                printable(junction)
            ),
            Self::Opaque { object, label } => write!(
                f,
                "`{}` is opaque, its objective is the label `{}`; it can be routed and versioned but not solved: give it P, q and rows",
                printable(object),
                printable(label)
            ),
            Self::Hash { object, stated, found } => write!(
                f,
                "the content of `{}` has the hash {found} and the file says {}; take an untouched copy, or remove the hash if you changed it on purpose",
                printable(object),
                printable(stated)
            ),
            Self::Solution { what } => {
                write!(f, "the solution does not fit: {}; take the one of this problem", printable(what))
            }
            Self::Step { what } => f.write_str(&printable(what)),
        }
    }
}

impl fmt::Display for UnitClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "port `{}` of `{}` is in `{}` and junction `{}` in `{}`; ",
            printable(&self.port),
            printable(&self.object),
            printable(&self.unit),
            printable(&self.junction),
            printable(&self.wanted)
        )?;
        match self.factor {
            Some(factor) => write!(f, "the wire between them needs the factor {factor:?}"),
            None => f.write_str(
                "these do not convert into each other: wire another port, or state the factor if both are units of your own",
            ),
        }
    }
}

impl std::error::Error for CatoptError {}

impl From<ProblemError> for CatoptError {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}
