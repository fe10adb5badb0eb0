//! The named tables of docs/perf/solver.md: what each measures, and the page made from what was measured.
//!
//! Measuring and writing are apart: a table's rows are kept in `data/tables/NAME.json` with revision, date and machine,
//! and the page is a function of those files alone.

mod fast;
mod hindsight;
mod page;
mod plans;
mod rounds;
mod store;
mod work;

pub use hindsight::tuned;
pub use page::{BEGIN, END, block, page, with_block};
pub use store::{Data, Row, Stamp};
pub use work::{Context, Need};

/// One named table.
pub struct Table {
    /// Its name on the command line, and that of its file.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What is measured and what must be reached, in Markdown.
    pub about: &'static str,
    /// Whether a row is measured and kept seed by seed, since a seed takes long and says nothing about our own methods.
    pub seed_by_seed: bool,
    /// Its rows, in order: measured one by one, and kept one by one.
    needs: fn() -> Vec<Need>,
    /// Measures a row.
    measure: fn(&Need, &Context) -> Result<Row, String>,
    /// The table in Markdown.
    render: fn(&Data) -> String,
    /// Figures against goals.
    goals: fn(&Data) -> Vec<Goal>,
}

/// A figure against what must be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What.
    pub what: String,
    /// The figure.
    pub figure: String,
    /// What must be reached.
    pub goal: String,
    /// Whether it is.
    pub reached: bool,
    /// On how many problems or timings the figure stands.
    pub measured: usize,
}

impl Table {
    /// Every table, in the page's order.
    pub const ALL: [Self; 13] = [
        rounds::ROUNDS,
        rounds::SAFE,
        hindsight::HINDSIGHT,
        plans::INFEASIBLE,
        plans::REPLANNING,
        plans::ABSENCE,
        plans::FIXED,
        plans::BYTES,
        plans::CORRECT,
        plans::HARD,
        fast::LOCAL,
        fast::FLEET,
        fast::GROWTH,
    ];

    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name == name)
    }

    /// Its rows, in order.
    pub fn needs(&self) -> Vec<Need> {
        (self.needs)()
    }

    /// Measures one of its rows.
    ///
    /// # Errors
    /// In words, if a problem cannot be made.
    pub fn measure(&self, need: &Need, context: &Context) -> Result<Row, String> {
        (self.measure)(need, context)
    }

    /// Its figures against its goals, from the rows kept; none before something was measured.
    pub fn goals(&self, data: &Data) -> Vec<Goal> {
        let mut goals = (self.goals)(data);
        goals.retain(|goal| goal.measured > 0);
        goals
    }
}
