use cosmosmesh_contracts::file::write_fleet;
use cosmosmesh_contracts::problem::FleetProblem;

/// Where and on what a comparison was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The processor's own name, if the system tells it.
    pub processor: String,
    /// How many threads run at once.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// How the program was built.
    pub build: String,
    /// How many problems.
    pub problem_count: usize,
    /// A fingerprint of the problems' files, so that two tables can be told to be about the same set.
    pub problem_set: String,
}

impl Environment {
    /// Of this process and these problems.
    pub fn of<'a>(problems: impl IntoIterator<Item = &'a FleetProblem>) -> Self {
        let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|l| l.1);
        let compiler = std::process::Command::new("rustc").arg("--version").output().ok();
        let compiler = compiler.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
        let (mut print, mut problem_count) = (FNV_START, 0);
        for problem in problems {
            print = write_fleet(problem).bytes().fold(print, fnv);
            problem_count += 1;
        }
        Self {
            processor: name.unwrap_or("unknown processor").trim().to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            build: format!(
                "cosmosmesh {}, {}, {}",
                env!("CARGO_PKG_VERSION"),
                if compiler.is_empty() { "unknown compiler" } else { compiler.trim() },
                if cfg!(debug_assertions) { "debug: times mean nothing" } else { "release" }
            ),
            problem_count,
            problem_set: format!("{print:016x}"),
        }
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV-1a with 64 bits: a fingerprint against mix-ups, not against an adversary.
fn fnv(print: u64, byte: u8) -> u64 {
    (print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(b"a".iter().copied().fold(FNV_START, fnv), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(b"foobar".iter().copied().fold(FNV_START, fnv), 0x8594_4171_f739_67e8);
    }
}
