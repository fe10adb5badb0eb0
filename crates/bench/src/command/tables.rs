use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cosmosmesh_bench::tables::{Context, Data, Row, Table, block, page, with_block};
use cosmosmesh_solver_core::Method;

/// Named tables: what to measure, and whether to write the pages.
pub(super) struct Tables<'a> {
    /// Names; `all` stands for every table.
    pub(super) names: &'a [String],
    pub(super) method: Method,
    pub(super) seeds_max: Option<u64>,
    pub(super) jobs: Option<usize>,
    pub(super) threads: Option<usize>,
    /// Rows whose key contains this.
    pub(super) row: Option<&'a str>,
    /// Measures rows of the present revision again.
    pub(super) again: bool,
    pub(super) write_docs: bool,
}

impl Tables<'_> {
    /// Measures row by row, keeping each as soon as it is there. Returns whether something was claimed wrongly.
    pub(super) fn run(&self) -> Result<bool, Box<dyn Error>> {
        let mut wrong = false;
        let root = root();
        let folder = root.join("crates/bench/data");
        let mut data = Data::read(&folder)?;
        let mut context = Context::of(&root, self.method);
        context.seeds_max = self.seeds_max.unwrap_or(u64::MAX);
        context.jobs = self.jobs.unwrap_or(context.jobs);
        context.threads = self.threads.unwrap_or(context.threads);
        for table in self.chosen()? {
            for need in table.needs() {
                if self.row.is_some_and(|part| !need.key.contains(part)) {
                    continue;
                }
                let wanted = need.seeds.min(context.seeds_max) as usize;
                let fresh = |row: &Row| {
                    let revision = &row.stamp.revision;
                    *revision == context.stamp.revision && !revision.ends_with('+') && row.problems.len() >= wanted
                };
                if !self.again && data.row(table.name, &need.key).is_some_and(fresh) {
                    eprintln!("{}: {}: kept, measured at this revision", table.name, need.key);
                    continue;
                }
                let start = std::time::Instant::now();
                if table.seed_by_seed {
                    let kept = data.row(table.name, &need.key).filter(|_| !self.again);
                    for seed in kept.map_or(0, |row| row.problems.len() as u64)..wanted as u64 {
                        let one = Context { seeds_from: seed, seeds_max: seed + 1, ..context.clone() };
                        let row = table.measure(&need, &one)?;
                        if self.again && seed == 0 {
                            data.keep(table.name, &need.key, row);
                        } else {
                            data.extend(table.name, &need.key, row);
                        }
                        data.write(&folder, table.name)?;
                        eprintln!("{}: {}: seed {seed}: {:.0} s", table.name, need.key, start.elapsed().as_secs_f64());
                    }
                    continue;
                }
                let row = table.measure(&need, &context)?;
                eprintln!("{}: {}: {:.0} s", table.name, need.key, start.elapsed().as_secs_f64());
                wrong |= !row.wrong.is_empty();
                row.wrong.iter().for_each(|words| eprintln!("  wrongly claimed: {words}"));
                data.keep(table.name, &need.key, row);
                data.write(&folder, table.name)?;
            }
            for goal in table.goals(&data) {
                println!("{}: {} (goal: {})", goal.what, goal.figure, goal.goal);
            }
        }
        if self.write_docs {
            write_docs(&root, &data)?;
        }
        Ok(wrong)
    }

    fn chosen(&self) -> Result<Vec<Table>, String> {
        if self.names.iter().any(|name| name == "all") {
            return Ok(Table::ALL.into_iter().collect());
        }
        let known = || Table::ALL.map(|table| table.name).join(", ");
        self.names
            .iter()
            .map(|name| {
                Table::named(name)
                    .ok_or_else(|| format!("there is no table `{name}`; choose `all` or one of {}", known()))
            })
            .collect()
    }
}

fn write_docs(root: &Path, data: &Data) -> Result<(), Box<dyn Error>> {
    let solver = root.join("docs/perf/solver.md");
    fs::write(&solver, page(data)).map_err(|error| format!("{}: {error}", solver.display()))?;
    let readme = root.join("README.md");
    let text = fs::read_to_string(&readme).map_err(|error| format!("{}: {error}", readme.display()))?;
    let text = with_block(&text, &block(data)).ok_or("README.md has lost the marks of its table")?;
    fs::write(&readme, text).map_err(|error| format!("{}: {error}", readme.display()))?;
    println!("Written: docs/perf/solver.md and the README's table.");
    Ok(())
}

/// The checkout this was started in.
pub(super) fn root() -> PathBuf {
    // `cargo run` sets the variable for the running checkout; the compiled-in value may be another clone's.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.ancestors().nth(2).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
