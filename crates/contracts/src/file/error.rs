use core::fmt;

use serde_json::error::Category;

use super::place;
use crate::message::EnvelopeError;
use crate::problem::{ProblemError, ProblemErrorKind};

/// Why a file was refused: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FileError {
    /// The text is not JSON.
    Syntax(TextFault),
    /// The text is JSON of another shape: a key unknown, missing or given twice, a value of another kind, another format.
    Shape(TextFault),
    /// The shape is right and the content is not.
    Content(ProblemError),
    /// An envelope or the body in it fails its own check.
    Message(EnvelopeError),
    /// A result speaks of another fleet than the one it is held against.
    OtherFleet {
        /// The path into the result.
        place: String,
        /// What is there.
        found: String,
        /// What the fleet has there.
        expected: String,
    },
}

/// A fault at a position of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// Counts from 1.
    pub line: usize,
    /// Counts bytes from 1.
    pub column: usize,
    /// The path into the document, such as `agents[2].rows.A[17]`; empty for the whole.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: &'static str,
}

impl FileError {
    pub(super) fn content(place: impl Into<String>, kind: ProblemErrorKind) -> Self {
        Self::Content(ProblemError::at(place, kind))
    }

    /// The error of the JSON reader, with the place that its line and column point to.
    pub(super) fn from_json(text: &[u8], error: &serde_json::Error) -> Self {
        let (line, column) = (error.line().max(1), error.column().max(1));
        let offset = place::offset_of(text, line, error.column());
        let message = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let reason = message.strip_suffix(&position).unwrap_or(&message);
        let place = place::place_at(text, offset);
        if error.classify() == Category::Data {
            let fault = TextFault { line, column, place, what: printable(reason), remedy: shape_remedy(reason) };
            return Self::Shape(fault);
        }
        let token = place::token_at(text, offset);
        let what = if token.is_empty() { printable(reason) } else { format!("{} at `{token}`", printable(reason)) };
        Self::Syntax(TextFault { line, column, place, what, remedy: syntax_remedy(reason, &token) })
    }
}

fn syntax_remedy(reason: &str, token: &str) -> &'static str {
    if ["nan", "inf", "-inf", "+inf"].iter().any(|word| token.to_ascii_lowercase().starts_with(word)) {
        "JSON has neither NaN nor infinity; write null in a bound that is open, a finite number elsewhere"
    } else if reason.starts_with("number out of range") {
        "the number overflows; write null in a bound that is open, a number within 1.7e308 elsewhere"
    } else if reason.starts_with("EOF") {
        "the text ends too early; was the file cut off?"
    } else {
        "correct the JSON here"
    }
}

fn shape_remedy(reason: &str) -> &'static str {
    if reason.starts_with("missing field") {
        "add it"
    } else if reason.starts_with("unknown field") {
        "remove it or correct its name"
    } else if reason.starts_with("duplicate field") {
        "keep one"
    } else {
        "correct the value"
    }
}

/// The text as one printable line of at most 300 characters: it may quote a stranger's file to a terminal.
pub(super) fn printable(text: &str) -> String {
    const CHARACTERS_MAX: usize = 300;
    let mut line: String =
        text.chars().take(CHARACTERS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        line.push_str("...");
    }
    line
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.place.is_empty() {
            write!(f, ", {}", self.place)?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(fault) => write!(f, "{fault}"),
            Self::Shape(fault) => write!(f, "{fault}"),
            Self::Content(error) => f.write_str(&printable(&error.to_string())),
            Self::Message(error) => f.write_str(&printable(&error.to_string())),
            Self::OtherFleet { place, found, expected } => {
                write!(f, "{place}: `{found}` stands where the fleet has `{expected}`; take the result of this problem")
            }
        }
    }
}

impl std::error::Error for FileError {}

impl From<ProblemError> for FileError {
    fn from(error: ProblemError) -> Self {
        Self::Content(error)
    }
}
