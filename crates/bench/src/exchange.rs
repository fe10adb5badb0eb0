//! The exchange with other solvers, measured from outside: the command exports and imports, HiGHS and Clarabel solve what it wrote.

mod highs;
mod optimum;
mod page;
mod process;
mod transfer;

use std::path::PathBuf;

pub use highs::{Highs, HighsAnswer};
pub use optimum::{Optimum, optima};
pub use page::write_into;
pub use process::{Cosmosmesh, Used};
pub use transfer::{Transfer, transfers};

/// What to measure and with what.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The command.
    pub program: PathBuf,
    /// A Python that has `highspy` and `numpy`.
    pub python: PathBuf,
    /// Where files are written.
    pub folder: PathBuf,
    /// Only time and memory, not the optima.
    pub only_transfers: bool,
}

impl Exchange {
    /// Measures and returns the tables as Markdown; every problem's row is told as soon as it is known.
    ///
    /// # Errors
    /// A sentence with what is missing or failed.
    pub fn run(&self, tell: &mut dyn FnMut(&Optimum)) -> Result<String, String> {
        let command = Cosmosmesh::new(self.program.clone())?;
        let (fleet_bytes, found) = transfers(&command, &self.folder)?;
        let mut text = page::transfers(fleet_bytes, &found);
        if !self.only_transfers {
            let highs = Highs::new(self.python.clone())?;
            let optima = optima(&command, &highs, &self.folder, tell)?;
            text = page::optima(&optima, &highs.version) + &text;
        }
        Ok(text)
    }
}
