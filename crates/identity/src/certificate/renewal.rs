use cosmosmesh_contracts::MissionTime;

use super::{Certificate, Evidence, Invalid, Tolerance, Verdict, judge};
use crate::role::{Role, Roles};

/// The roles that a certificate renewed in the grace window can have: to take part and to read.
pub const GRACE_ROLES: Roles = Roles::NONE.with(Role::Asset).with(Role::Observer);

/// What a node may have in exchange for an old certificate and a signature of the key it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Less than a third of its life is over: keep it.
    Keep {
        /// From when on a renewal is due.
        due: MissionTime,
    },
    /// A new one with the same roles.
    Same,
    /// A new one with these roles only, until the next renewal finds it valid; the roles' return is for governance.
    Narrow {
        /// What is left of the roles.
        roles: Roles,
    },
    /// The grace window is over, but the key is a member's: a governor's fresh approval of that same key, which expires on no clock, brings a new certificate.
    Readmission,
    /// The key is no member's, or the certificate is revoked or its issuer is not approved; only governance can admit a new key.
    Refused,
}

/// What an issuer may give for an old certificate: judged by log position and by the issuer's own clock, never by the holder's.
///
/// For a key that the log counts as a member's there is always a way on: nothing here that a member needs expires.
/// When the clock leaves open whether the old one still holds, the narrower renewal is given.
pub fn renewal(certificate: &Certificate, evidence: &Evidence<'_>, tolerance: &Tolerance) -> Renewal {
    let view = evidence.view;
    if !view.holds_key(&certificate.asset, &certificate.subject, view.position()) {
        return Renewal::Refused;
    }
    let (from, to) = (certificate.window.not_before(), certificate.window.not_after());
    match judge(certificate, evidence, tolerance) {
        Verdict::Valid { .. } => {
            let due = from.plus_ms(to.ms_since(from) / 3);
            if evidence.now < due { Renewal::Keep { due } } else { Renewal::Same }
        }
        Verdict::Invalid(Invalid::Early) => Renewal::Keep { due: from },
        Verdict::Invalid(Invalid::Expired | Invalid::Superseded) | Verdict::Indeterminate { .. } => {
            let earliest = evidence.now.plus_ms(-evidence.clock_bound_ms.max(0));
            if earliest < to.plus_ms(tolerance.grace_ms.max(0)) {
                let roles = certificate.roles.iter().filter(|role| GRACE_ROLES.contains(*role)).collect();
                Renewal::Narrow { roles }
            } else {
                Renewal::Readmission
            }
        }
        // Revoked, its issuer withdrawn, or another's key.
        Verdict::Invalid(_) => Renewal::Refused,
    }
}
