use std::fmt;
use std::process::ExitCode;

use cosmosmesh_contracts::plan::Status;

/// How the command ends, as a shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Solved to the tolerance, or nothing was to be solved.
    Optimal,
    /// Two stores differ.
    Differs,
    /// No plan exists; the result says which fleet rows prove it.
    Infeasible,
    /// Stopped by a limit or by the user; the best safe plan was written, if there was one.
    Limit,
    /// The cost can fall without end.
    Unbounded,
    /// The arithmetic broke down.
    Numerical,
    /// A simulated sol broke a limit.
    Broken,
    /// A rule of governance refused a statement.
    Refused,
    /// A log or proof is not what was signed.
    Tampered,
    /// What is known does not settle it.
    Indeterminate,
    /// The input or the command line is wrong.
    BadInput,
    /// A result could not be written.
    Unwritable,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Optimal => 0,
            Self::Differs => 1,
            Self::Infeasible => 2,
            Self::Limit => 3,
            Self::Unbounded => 4,
            Self::Numerical => 5,
            Self::Broken => 6,
            Self::Refused => 7,
            Self::Tampered => 8,
            Self::Indeterminate => 9,
            Self::BadInput => 64,
            Self::Unwritable => 74,
        }
    }
}

impl From<Status> for Exit {
    fn from(status: Status) -> Self {
        match status {
            Status::Optimal => Self::Optimal,
            Status::Infeasible => Self::Infeasible,
            Status::Unbounded => Self::Unbounded,
            Status::RoundLimit => Self::Limit,
            Status::Numerical => Self::Numerical,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command gave no answer: one sentence with place and remedy, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The sentence.
    pub(crate) message: String,
    /// The code.
    pub(crate) exit: Exit,
}

impl Failure {
    /// The input is wrong.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::BadInput }
    }

    /// A log or proof is not what was signed.
    pub(crate) fn tampered(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::Tampered }
    }

    /// A rule of governance says no, and this is what would be needed.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::Refused }
    }

    /// A result could not be written.
    pub(crate) fn unwritable(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit: Exit::Unwritable }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
