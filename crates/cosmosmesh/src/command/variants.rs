use clap::Args;
use cosmosmesh_solver_core::Method;
use serde_json::json;

use super::Answer;
use crate::table::{Align, Table};

/// `cosmosmesh variants`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cosmosmesh variants\n  cosmosmesh variants --json")]
pub(crate) struct Variants {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

impl Variants {
    pub(super) fn run(&self) -> Answer {
        let is_default = |method: Method| method == Method::default();
        if self.json {
            let variants = Method::ALL.iter().map(
                |method| json!({ "name": method.name(), "summary": method.summary(), "default": is_default(*method) }),
            );
            return Answer::done(format!("{}\n", variants.collect::<serde_json::Value>()));
        }
        let mut table = Table::new(&[("variant", Align::Left), ("", Align::Left), ("what it does", Align::Left)]);
        for method in Method::ALL {
            let mark = if is_default(method) { "default" } else { "" };
            table.push(vec![method.name().to_owned(), mark.to_owned(), method.summary().to_owned()]);
        }
        Answer::done(table.text())
    }
}
