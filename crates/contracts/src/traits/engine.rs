use crate::MissionTime;
use crate::key::NodeId;

/// A state machine that is handed time and bytes and gives back bytes, events and a deadline; it opens no socket and reads no clock.
///
/// The loop is the same whoever drives it, and is written down here once:
/// 1. hand over one input, or say that the deadline has come;
/// 2. ask [`Engine::poll_transmit`] until there is nothing, and hand each message to its link;
/// 3. ask [`Engine::poll_event`] until there is nothing;
/// 4. sleep until [`Engine::poll_timeout`], or until the next input.
///
/// Every call does a bounded amount of work, and `now` never runs backwards.
/// A fault, such as a full store or a peer that talks nonsense, is an event and no panic.
/// Implemented by `delta_sync::Session`, and by the node when it comes; driven by tests today, by `host` and the simulator next.
pub trait Engine {
    /// What it has to tell its owner.
    type Event;

    /// Takes in a message from a peer, as the link authenticated it.
    fn handle_input(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]);

    /// Does what was due; early or repeated calls do no harm.
    fn handle_timeout(&mut self, now: MissionTime);

    /// The next message to send, if any.
    fn poll_transmit(&mut self, now: MissionTime) -> Option<Transmit>;

    /// The next event, if any.
    fn poll_event(&mut self) -> Option<Self::Event>;

    /// When [`Engine::handle_timeout`] is wanted, if at all.
    fn poll_timeout(&self) -> Option<MissionTime>;
}

/// A message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// To whom.
    pub to: NodeId,
    /// What.
    pub bytes: Vec<u8>,
}
