//! One file a library: it builds two replicas that differ as the load says, and reconciles them over a counted link.

mod automerge;
mod delta_sync;
mod loro;
mod negentropy;
mod yrs;

use crate::link::Cost;
use crate::load::Load;

pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Nothing where the library has no such case: logs with holes, or a memory of the peer.
    pub(crate) run: fn(&Load, warm: bool) -> Option<Cost>,
}

pub(crate) static ALL: [Peer; 7] = [
    Peer { name: "delta-sync, raw", run: delta_sync::raw },
    Peer { name: "delta-sync", run: delta_sync::compressed },
    Peer { name: "delta-sync, every signature checked", run: delta_sync::checked },
    Peer { name: "yrs 0.28, updates v2", run: yrs::run },
    Peer { name: "loro 1.17", run: loro::run },
    Peer { name: "automerge 0.12", run: automerge::run },
    Peer { name: "negentropy 0.5", run: negentropy::run },
];
