//! What a fleet decides, and who may: statements with many signatures, folded from the log into one state.
//!
//! ```text
//! entry of the log ─► Envelope (DSSE) ─► Statement (in-toto) ─► rule of its kind ─► Governance
//! ```

mod decision;
mod envelope;
mod fold;
mod name;
mod refusal;
mod renewal;
mod root;
mod rule;
mod state;
mod statement;

pub use decision::{
    Anchor, ApprovalChange, BREAK_GLASS_S_MAX, BreakGlass, BudgetGrant, Decision, Delegation, Group, Issuer,
    KeyRotation, Kind, Membership, MembershipChange, Policy, Revocation, Roles, SchemaApproval,
};
pub use envelope::{
    ENVELOPE_SIGNATURES_MAX, Envelope, EnvelopeError, EnvelopeSignature, STATEMENT_PAYLOAD_TYPE, Signers,
};
pub use fold::Outcome;
pub use refusal::Refusal;
pub use renewal::Renewal;
pub use root::{Authority, GOVERNORS_MAX, LogTrust, Quorum, Root};
pub use state::{
    AnchorStanding, Approval, BudgetInForce, DelegationStanding, Emergency, Fork, Governance, GroupInForce,
    IssuerStanding, Member, MemberKey, PolicyInForce, Refused, RenewalStanding, RevocationStanding, RootInForce,
    SchemaInForce,
};
pub use statement::{Statement, StatementError, fleet_id, key_commitment};
