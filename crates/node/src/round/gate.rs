use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{TrustPolicy, Verifier};
use cosmosmesh_contracts::trust::{Act, Moment, OpenTrust, ShownError, TrustRefusal, Unknown, Verdict};

use super::RefusalLog;

/// Whom a node hears: a trust policy, the clock it is asked with, and the log of what was refused.
///
/// It stands before every role of a [`super::Party`], so no engine acts on a message that it did not let in.
pub struct Gate<T = OpenTrust> {
    trust: T,
    clock_bound_ms: i64,
    log: RefusalLog,
    /// Whose standing is in doubt, and why, so that it is told once.
    doubted: BTreeMap<NodeId, Unknown>,
}

/// What is to be told of an act that is heard.
pub(crate) enum Heard {
    /// Nothing new.
    Plainly,
    /// Its author's standing is in doubt since now.
    InDoubt(Unknown),
}

impl Gate<OpenTrust> {
    /// Open to everybody in the roster: for simulations, and where all parties are one process.
    pub fn open() -> Self {
        Self::new(OpenTrust, 0, RefusalLog::in_memory())
    }
}

impl<T: TrustPolicy> Gate<T> {
    /// A gate of this policy, for a clock that is off by at most so many milliseconds.
    pub fn new(trust: T, clock_bound_ms: i64, log: RefusalLog) -> Self {
        Self { trust, clock_bound_ms: clock_bound_ms.max(0), log, doubted: BTreeMap::new() }
    }

    /// Who decides.
    pub fn trust(&self) -> &T {
        &self.trust
    }

    /// Who decides, to be told that the fleet's log has grown.
    pub fn trust_mut(&mut self) -> &mut T {
        &mut self.trust
    }

    /// What was refused.
    pub fn refusals(&self) -> &RefusalLog {
        &self.log
    }

    /// What was refused, when the node is over.
    pub fn into_refusals(self) -> RefusalLog {
        self.log
    }

    /// Whether an act would be heard; nothing is noted.
    pub(crate) fn would_admit(&self, author: &NodeId, act: Act, now: MissionTime) -> Result<Verdict, TrustRefusal> {
        self.trust.admit(author, act, &Moment::live(now, self.clock_bound_ms))
    }

    /// Whether an act is heard; what is refused goes into the log.
    ///
    /// The error of the log comes beside the refusal, which stands either way.
    pub(crate) fn admit(
        &mut self,
        author: &NodeId,
        act: Act,
        now: MissionTime,
    ) -> Result<Heard, (TrustRefusal, Option<String>)> {
        match self.would_admit(author, act, now) {
            Ok(Verdict::Indeterminate { unknown, .. }) => {
                let is_new = self.doubted.insert(*author, unknown) != Some(unknown);
                self.log.forgive(author);
                Ok(if is_new { Heard::InDoubt(unknown) } else { Heard::Plainly })
            }
            Ok(_) => {
                self.doubted.remove(author);
                self.log.forgive(author);
                Ok(Heard::Plainly)
            }
            Err(refusal) => {
                let noted = self.log.note(now, refusal).err().map(|error| error.to_string());
                Err((refusal, noted))
            }
        }
    }

    pub(crate) fn hear(&mut self, shown: &[u8], now: MissionTime, verifier: &dyn Verifier) -> Result<(), ShownError> {
        self.trust.hear(shown, &Moment::live(now, self.clock_bound_ms), verifier)
    }
}
