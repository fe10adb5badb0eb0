use super::{Act, Moment, ShownError, Verdict};
use crate::key::NodeId;
use crate::traits::{TrustPolicy, Verifier};

/// Everybody may do everything, and nobody is asked for a certificate.
///
/// For simulations, and where all parties are one process; signatures are still checked against the roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenTrust;

impl TrustPolicy for OpenTrust {
    fn judge(&self, _author: &NodeId, _act: Act, _at: &Moment) -> Verdict {
        Verdict::Valid { evidence_age_ms: 0 }
    }

    fn hear(&mut self, _shown: &[u8], _at: &Moment, _verifier: &dyn Verifier) -> Result<(), ShownError> {
        Err(ShownError::Unwanted)
    }
}
