use crate::key::NodeId;
use crate::traits::Verifier;
use crate::trust::{Act, Moment, ShownError, TrustRefusal, Verdict};

/// Whether an author may do what its message does: asked for every message of a round before anything else is done with it.
///
/// It knows nothing of signatures of messages: who asks checks those too, and a message needs both.
/// Implemented by `node::standing::Certified` (certificates and roles over a fleet's log) and [`crate::trust::OpenTrust`]; used by the node's gate and `conformance::trust_policy`.
pub trait TrustPolicy {
    /// What is to be said of the act. The same question twice has the same answer.
    ///
    /// # Cost
    /// No signature check, and nothing that grows with the fleet's size beyond a search.
    fn judge(&self, author: &NodeId, act: Act, at: &Moment) -> Verdict;

    /// Takes in what somebody shows so that its acts can be judged. Who shows it does not matter: it speaks for itself or not at all.
    ///
    /// # Errors
    /// [`ShownError`]; nothing is kept of what was shown then.
    /// # Cost
    /// A signature check for each certificate, once for the time it lasts and not once a message.
    fn hear(&mut self, shown: &[u8], at: &Moment, verifier: &dyn Verifier) -> Result<(), ShownError>;

    /// The verdict, if the act is heard: a valid one, or an indeterminate one for what goes on in doubt.
    ///
    /// # Errors
    /// [`TrustRefusal`]: whose act, which, and why it is not heard.
    fn admit(&self, author: &NodeId, act: Act, at: &Moment) -> Result<Verdict, TrustRefusal> {
        let verdict = self.judge(author, act, at);
        match verdict {
            Verdict::Valid { .. } => Ok(verdict),
            Verdict::Indeterminate { .. } if act.goes_on_in_doubt() => Ok(verdict),
            _ => Err(TrustRefusal { author: *author, act, verdict }),
        }
    }
}
