use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What is shown while the command works, on standard error: one moving line on a terminal, plain lines if asked for, else nothing.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
}

impl Progress {
    /// How often the moving line turns.
    const TICK: Duration = Duration::from_millis(120);

    /// A moving line if standard error is a terminal; `verbose` asks for plain lines instead.
    pub(crate) fn new(verbose: bool) -> Self {
        let moving = !verbose && std::io::stderr().is_terminal();
        let bar = moving.then(|| {
            let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {wide_msg}");
            let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Self::TICK);
            bar
        });
        Self { bar, lines: verbose }
    }

    /// Shows where the work stands.
    pub(crate) fn show(&self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(line.to_owned());
        } else if self.lines {
            eprintln!("{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
