//! What is asked of the reader of scenarios on every input; shared by the fuzz target and the test that replays its corpus.

use cosmosmesh_simulator::fleet::Fleet;
use cosmosmesh_simulator::scenario::Scenario;

/// Fleets with more slots than this, over all assets, are read but not prepared, so that an input takes little time.
const SLOTS_MAX: usize = 2_000;

/// A scenario is read, and its fleet prepared, or it is refused with a line that exists and a remedy. Whether it was read.
pub(crate) fn scenario(bytes: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(bytes) else { return false };
    match Scenario::parse("base.toml", text) {
        Ok(scenario) => {
            if scenario.horizon.len() * scenario.assets.len() <= SLOTS_MAX
                && let Err(error) = Fleet::prepare(&scenario)
            {
                assert!(!error.to_string().is_empty());
            }
            true
        }
        Err(error) => {
            assert!(error.line <= text.lines().count() + 1, "{error}");
            let sentence = error.to_string();
            assert!(sentence.starts_with("base.toml:"), "{sentence}");
            assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
            false
        }
    }
}
