use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What criterion found about one kernel, of any crate of the house.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// Group and function, as the bench names them.
    pub name: String,
    /// Nanoseconds: the lower end, the median itself, the upper end of its 95 % interval.
    pub median_ns: [f64; 3],
    /// How old the figure was when it was read, in hours.
    pub age_h: f64,
}

/// Folders in folders: more than a group, a function and a value is not criterion's.
const DEPTH_MAX: u32 = 6;

/// Every kernel of which criterion keeps figures below this folder, by name.
///
/// # Errors
/// Words that name the file, if the folder or one of criterion's files cannot be read.
pub fn kernels(folder: &Path) -> Result<Vec<Kernel>, String> {
    let mut found = Vec::new();
    collect(folder, DEPTH_MAX, &mut found)?;
    if found.is_empty() {
        let words = "criterion keeps no figures there; run `cargo xtask bench --package NAME` first";
        return Err(format!("{}: {words}", folder.display()));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn collect(folder: &Path, depth: u32, found: &mut Vec<Kernel>) -> Result<(), String> {
    let named = |path: &Path, error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    let estimates = folder.join("new/estimates.json");
    if estimates.exists() {
        found.push(read(folder, &estimates)?);
    }
    if depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(|error| named(folder, &error))? {
        let entry = entry.map_err(|error| named(folder, &error))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

fn read(folder: &Path, estimates: &Path) -> Result<Kernel, String> {
    let json = |path: &Path| -> Result<Value, String> {
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
    };
    let found = json(estimates)?;
    let median = &found["median"];
    let interval = &median["confidence_interval"];
    let figure = |value: &Value| {
        let found = value.as_f64().filter(|ns| ns.is_finite() && *ns >= 0.0);
        found.ok_or_else(|| format!("{}: it has no median with an interval", estimates.display()))
    };
    let name = json(&folder.join("new/benchmark.json"))?;
    let name = name["full_id"].as_str().ok_or_else(|| format!("{}: it has no full_id", folder.display()))?;
    let written = fs::metadata(estimates).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(Kernel {
        name: name.to_owned(),
        median_ns: [
            figure(&interval["lower_bound"])?,
            figure(&median["point_estimate"])?,
            figure(&interval["upper_bound"])?,
        ],
        age_h: SystemTime::now().duration_since(written).map_or(0.0, |age| age.as_secs_f64() / 3600.0),
    })
}

/// The section of the page about them.
pub fn kernel_section(kernels: &[Kernel], before: &[Kernel]) -> String {
    let mut page = String::from(
        "\n## Kernels\n\nBy criterion: the median with its 95 % interval, and how old the figure is.\n\
         Clock times of this machine; compare them with another run of the same hour only.\n\n\
         | kernel | median | interval | age, h | before |\n|---|---|---|---|---|\n",
    );
    for kernel in kernels {
        let [low, median, high] = kernel.median_ns;
        let old = before.iter().find(|old| old.name == kernel.name);
        let old = old.map_or_else(
            || "–".to_owned(),
            |old| format!("{} ({:.2}x now)", time(old.median_ns[1]), median / old.median_ns[1]),
        );
        let (low, high) = (time(low), time(high));
        let _ =
            writeln!(page, "| {} | {} | {low} to {high} | {:.1} | {old} |", kernel.name, time(median), kernel.age_h);
    }
    page
}

/// A time in the unit that suits it.
fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "us"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let decimals = (2.0 - value.max(1e-3).log10().floor()).clamp(0.0, 3.0) as usize;
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (ns, expected) in
            [(12.34, "12.3 ns"), (24_693.1, "24.7 us"), (1.5e6, "1.50 ms"), (2e9, "2.00 s"), (0.0, "0.000 ns")]
        {
            assert_eq!(time(ns), expected);
        }
    }
}
