use cosmosmesh_contracts::message::Event;
use cosmosmesh_contracts::round::{Contribution, RoundQuery, RoundResult};
use cosmosmesh_contracts::trust::{Act, Capability, Contract, Reach};
use cosmosmesh_contracts::wire::{WireForm, kind_of};

use super::guarding::{PIECES_REQUEST_KIND, REQUEST_KIND};
use super::party::{ACCEPTANCE_KIND, BUNDLE_KIND, HEADER_KIND, MASKED_KIND, OPENING_KIND, PIECES_KIND};
use super::question::QUESTION_KIND;

/// To run a round: to ask a question, to ask guardians.
pub(crate) const RUN: Act = Act::new(Capability::Publish, Contract::Round, Reach::Fleet);
/// To say what takes effect.
pub(crate) const COMMIT: Act = Act::new(Capability::Publish, Contract::Plan, Reach::Fleet);
/// To take part with one's own answer, or with the keys for it.
pub(crate) const ANSWER: Act = Act::new(Capability::Publish, Contract::Round, Reach::Own);
/// To take masks off a sum.
pub(crate) const OPEN: Act = Act::new(Capability::Open, Contract::Sum, Reach::Fleet);
/// To say what happened to oneself.
pub(crate) const TELL: Act = Act::new(Capability::Publish, Contract::Event, Reach::Own);

/// What a message does, by its first bytes; nothing if it is none of a round.
///
/// The table stands in docs/protocol/05-identity.md.
pub(crate) fn act_of(bytes: &[u8], to_facilitator: bool) -> Option<Act> {
    match *bytes.first()? {
        QUESTION_KIND | HEADER_KIND | REQUEST_KIND | PIECES_REQUEST_KIND => Some(RUN),
        BUNDLE_KIND | MASKED_KIND => Some(ANSWER),
        ACCEPTANCE_KIND | OPENING_KIND | PIECES_KIND => Some(OPEN),
        _ => match kind_of(bytes).ok()? {
            RoundQuery::KIND => Some(RUN),
            RoundResult::KIND => Some(COMMIT),
            Contribution::KIND => Some(ANSWER),
            Event::KIND if to_facilitator => Some(TELL),
            Event::KIND => Some(COMMIT),
            _ => None,
        },
    }
}
