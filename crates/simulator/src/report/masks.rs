use cosmosmesh_privacy::mask::Roster;
use serde::Serialize;

use crate::scenario::Scenario;

/// Who took the masks off the sums, and what that cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MaskReport {
    /// The guardians' names.
    pub guardians: Vec<String>,
    /// How many of them open a round.
    pub threshold: u8,
    /// How many of them may be corrupt, the facilitator included if it is one.
    pub corrupt_max: u8,
    /// How many assets may be missing from a round by the protocol; the planning waits for all the same.
    pub missing_assets_max: u32,
    /// How many guardians may be missing from a round.
    pub missing_guardians_max: u32,
    /// Bits of a word.
    pub word_bits: u32,
    /// Whether guardians are asked together with the assets.
    pub ahead: bool,
    /// The most bytes that an asset sent for the set-up, once an epoch: its keys to the guardians, and as a guardian its acceptances.
    pub bytes_set_up: u64,
    /// When every guardian held every asset's keys.
    pub set_up_ms: Option<i64>,
    /// Bytes of requests that the busiest guardian heard.
    pub guardian_bytes_down: u64,
    /// Bytes of openings that the busiest guardian sent.
    pub guardian_bytes_up: u64,
    /// How often guardians were silent too long and others were asked.
    pub silences: u32,
    /// How many answers came too late for their round's sum, which went on without them.
    pub absences: u32,
    /// How many rounds were void and asked again.
    pub again: u32,
    /// Guardians that cheated.
    pub blamed: Vec<String>,
}

impl MaskReport {
    pub(crate) fn new(scenario: &Scenario, roster: &Roster) -> Self {
        let name = |k: &usize| scenario.assets[*k].id.to_string();
        let (committee, survival) = (roster.committee(), roster.survival());
        Self {
            guardians: scenario.planning.guardians.iter().map(name).collect(),
            threshold: committee.threshold(),
            corrupt_max: committee.corrupt(),
            missing_assets_max: survival.agents,
            missing_guardians_max: survival.guardians,
            word_bits: roster.terms().width.bits(),
            ahead: scenario.planning.ahead,
            bytes_set_up: 0,
            set_up_ms: None,
            guardian_bytes_down: 0,
            guardian_bytes_up: 0,
            silences: 0,
            absences: 0,
            again: 0,
            blamed: Vec::new(),
        }
    }
}
