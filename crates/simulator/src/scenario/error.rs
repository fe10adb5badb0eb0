use core::fmt;

/// Why a scenario is refused, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioError {
    /// The file, or the name of a built-in scenario.
    pub file: String,
    /// The line, counted from 1; zero if the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub kind: ScenarioErrorKind,
}

/// The ways in which a scenario can be wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ScenarioErrorKind {
    /// There is no such built-in scenario and no such file.
    NotFound {
        /// The built-in names.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    Unreadable {
        /// What the system says.
        reason: String,
    },
    /// The file is larger than any scenario needs to be.
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Not TOML.
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key that means nothing here.
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        table: String,
        /// A key that looks like it.
        nearest: Option<&'static str>,
    },
    /// A key whose number would have no unit.
    MissingUnit {
        /// The key.
        key: String,
        /// The key with its unit.
        with_unit: &'static str,
    },
    /// A key that must be there.
    MissingKey {
        /// The key.
        key: &'static str,
        /// Where it belongs.
        table: String,
    },
    /// A value of another type.
    WrongType {
        /// The key.
        key: String,
        /// What it should be.
        expected: &'static str,
    },
    /// NaN or infinite.
    NotFinite {
        /// The key.
        key: String,
        /// The value.
        value: f64,
    },
    /// Below zero where nothing can be.
    Negative {
        /// The key.
        key: String,
        /// The value.
        value: f64,
    },
    /// A number beyond what makes sense.
    OutOfRange {
        /// The key.
        key: String,
        /// The value.
        value: f64,
        /// The least that is accepted.
        lower: f64,
        /// The most that is accepted.
        upper: f64,
    },
    /// A word that is none of the choices.
    UnknownChoice {
        /// The key.
        key: String,
        /// The word.
        value: String,
        /// The choices.
        choices: Vec<&'static str>,
    },
    /// A name that is not one.
    Id {
        /// What is wrong with it.
        error: cosmosmesh_contracts::IdError,
    },
    /// Two things of one name.
    Duplicate {
        /// The name.
        id: String,
        /// Where the first one stands.
        first_line: usize,
    },
    /// A name that no asset has.
    UnknownAsset {
        /// The key.
        key: String,
        /// The name.
        id: String,
    },
    /// No chain of links, ever, between an asset and the facilitator.
    Unreachable {
        /// The asset.
        asset: String,
        /// The facilitator.
        facilitator: String,
    },
    /// A stretch of time that ends before it begins, or things that cannot go together.
    Contradiction {
        /// What, and what to do about it.
        reason: String,
    },
    /// There is no asset.
    NoAssets,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys and words of the file are quoted; a control character in them would command the reader's terminal.
        let kind: String = self.kind.to_string().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        if self.line == 0 {
            write!(f, "{}: {kind}", self.file)
        } else {
            write!(f, "{}:{}: {kind}", self.file, self.line)
        }
    }
}

impl std::error::Error for ScenarioError {}

impl fmt::Display for ScenarioErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { known } => {
                write!(f, "no such scenario; give the path of a file, or one of: {}", known.join(", "))
            }
            Self::Unreadable { reason } => write!(f, "cannot be read ({reason}); check the path and the permissions"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "has {bytes} bytes, at most {limit} are read; is this a scenario?")
            }
            Self::Syntax { message } => write!(f, "{message}; correct the TOML"),
            Self::UnknownKey { key, table, nearest } => {
                write!(f, "unknown key `{key}` in {table}; ")?;
                match nearest {
                    Some(nearest) => write!(f, "did you mean `{nearest}`?"),
                    None => f.write_str("remove it"),
                }
            }
            Self::MissingUnit { key, with_unit } => {
                write!(f, "key `{key}` has no unit; write `{with_unit}`")
            }
            Self::MissingKey { key, table } => write!(f, "{table} has no `{key}`; add it"),
            Self::WrongType { key, expected } => write!(f, "`{key}` must be {expected}"),
            Self::NotFinite { key, value } => write!(f, "`{key}` is {value}; give a finite number"),
            Self::Negative { key, value } => write!(f, "`{key}` is {value}; it cannot be negative"),
            Self::OutOfRange { key, value, lower, upper } => {
                write!(f, "`{key}` is {value}; give a number between {lower} and {upper}")
            }
            Self::UnknownChoice { key, value, choices } => {
                write!(f, "`{key}` is \"{value}\"; choose one of: {}", choices.join(", "))
            }
            Self::Id { error } => error.fmt(f),
            Self::Duplicate { id, first_line } => {
                write!(f, "\"{id}\" is already used in line {first_line}; rename one of them")
            }
            Self::UnknownAsset { key, id } => {
                write!(f, "`{key}` names \"{id}\", but no asset has this id; correct the name or add the asset")
            }
            Self::Unreachable { asset, facilitator } => write!(
                f,
                "no chain of links ever joins asset \"{asset}\" to the facilitator \"{facilitator}\"; add a [[link]] for it"
            ),
            Self::Contradiction { reason } => f.write_str(reason),
            Self::NoAssets => f.write_str("the scenario has no [[asset]]; add at least one"),
        }
    }
}
