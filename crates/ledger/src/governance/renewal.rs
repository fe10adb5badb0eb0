use std::collections::BTreeSet;

use cosmosmesh_contracts::key::NodeId;
use serde::{Deserialize, Serialize};

/// A certificate was renewed after its end, within the grace window, with narrower roles.
///
/// It gives nothing by itself: what the new certificates say is in force as far as the log gives it.
/// It is there so that whoever reads the log sees who came back when, by whose word, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// Whose certificates.
    pub member: String,
    /// The old one's identifier, as its issuer's certificates carry it.
    pub certificate: String,
    /// Who issued the old one.
    pub certificate_issuer: NodeId,
    /// Who issued the new ones, and signs this.
    pub issuer: NodeId,
    /// The identifier of the first new one; the others are counted on from it.
    pub first: String,
    /// How many new ones there are.
    pub rungs: u16,
    /// As what.
    pub roles: BTreeSet<String>,
}

impl Renewal {
    /// Whether it can be meant.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.rungs == 0 {
            return Err("a renewal brings one certificate at least; issue it anew".to_owned());
        }
        if self.certificate == self.first && self.certificate_issuer == self.issuer {
            return Err("the new certificate is the old one; issue it anew".to_owned());
        }
        Ok(())
    }
}
