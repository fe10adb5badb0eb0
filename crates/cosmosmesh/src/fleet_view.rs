//! What an issuer answers to whoever asks for a renewal, by the fleet's governance.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_identity::certificate::{Certificate, Evidence, Renewal, Tolerance, Verdict, judge, renewal};
use cosmosmesh_identity::role::Roles;
use cosmosmesh_ledger::governance::Governance;
pub(crate) use cosmosmesh_node::standing::{FleetView, roles};

/// What an issuer waits for and how sure it is of the time, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// How far its clock may be off.
    pub(crate) clock_bound_ms: i64,
    /// How long after its end a certificate still serves to renew.
    pub(crate) grace_ms: i64,
}

/// What an issuer answers to the holder of an old certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// New certificates with these roles.
    Granted {
        /// At most those that the log gives.
        roles: Roles,
        /// Whether they are the narrower ones of the grace window.
        narrowed: bool,
    },
    /// Nothing yet.
    Keep {
        /// From when on a renewal is due.
        due: MissionTime,
    },
    /// Nothing before governors give the roles again.
    RolesAwaited,
    /// Nothing, by this verdict.
    Refused(Verdict),
}

/// The answer to a renewal, by the whole log and the issuer's clock.
///
/// Roles that governance took away since do not come back by a renewal.
/// When the grace window is over, a decision about the member's roles after the old certificate was issued is the governors' fresh approval of the same key: it stands in the log and expires on no clock.
pub(crate) fn renewed(state: &Governance, old: &Certificate, now: MissionTime, wait: Wait) -> Renewed {
    let view = FleetView { state, heard: now };
    let evidence = Evidence { now, clock_bound_ms: wait.clock_bound_ms, position: state.entries, view: &view };
    // An issuer answers by the log it has; whether that is fresh, its operator knows better than a file's date.
    let tolerance = Tolerance { evidence_age_ms_max: i64::MAX, grace_ms: wait.grace_ms };
    let member = state.members.get(old.asset.as_str());
    let given = member.map_or(Roles::NONE, roles);
    let still = |roles: Roles| roles.iter().filter(|role| given.contains(*role)).collect::<Roles>();
    match renewal(old, &evidence, &tolerance) {
        Renewal::Keep { due } => Renewed::Keep { due },
        Renewal::Same => Renewed::Granted { roles: still(old.roles), narrowed: false },
        Renewal::Narrow { roles } => Renewed::Granted { roles: still(roles), narrowed: true },
        Renewal::Readmission if member.is_some_and(|member| member.roles_since >= old.positions.0) => {
            Renewed::Granted { roles: given, narrowed: false }
        }
        Renewal::Readmission => Renewed::RolesAwaited,
        Renewal::Refused => Renewed::Refused(judge(old, &evidence, &tolerance)),
    }
}

#[cfg(test)]
mod tests;
