use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The command under measurement.
#[derive(Clone, Debug)]
pub struct Cosmosmesh {
    program: PathBuf,
}

/// What one run of the command took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Used {
    /// Wall time in seconds.
    pub wall_s: f64,
    /// The most memory that was resident, in bytes, as the kernel counts it; nothing where it does not.
    pub peak_bytes: Option<u64>,
}

impl Cosmosmesh {
    /// The command at this path.
    ///
    /// # Errors
    /// A sentence if no file is there.
    pub fn new(program: PathBuf) -> Result<Self, String> {
        if program.is_file() {
            return Ok(Self { program });
        }
        let shown = program.display();
        Err(format!(
            "{shown}: is no file; build the command (`cargo build --release -p cosmosmesh`) or name it with --program"
        ))
    }

    /// Runs it and returns what it took.
    ///
    /// The kernel's high-water mark is asked for again and again while it runs, so memory that is taken in the last half millisecond is not seen.
    /// # Errors
    /// The command's own words if it ends with another code than those allowed.
    pub fn run(&self, arguments: &[&str], codes: &[i32]) -> Result<Used, String> {
        let begun = Instant::now();
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut peak_bytes = None;
        let ended = loop {
            peak_bytes = high_water(&status).max(peak_bytes);
            match child.try_wait().map_err(|error| error.to_string())? {
                Some(ended) => break ended,
                None => std::thread::sleep(Duration::from_micros(500)),
            }
        };
        let wall_s = begun.elapsed().as_secs_f64();
        if ended.code().is_some_and(|code| codes.contains(&code)) {
            return Ok(Used { wall_s, peak_bytes });
        }
        let words = child.wait_with_output().map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
        Err(format!("cosmosmesh {}: {ended}: {}", arguments.join(" "), words.unwrap_or_default().trim()))
    }
}

fn high_water(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
