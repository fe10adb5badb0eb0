use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_delta_sync::checkpoint::{Certificate, Quorum};
use cosmosmesh_delta_sync::{Adoption, PastStep, Pruned, ReplicaError, Schedule, Session};

use crate::report::{CheckpointReport, ClosingReport, StoreReport};
use crate::scenario::Closing;

/// How the past of a fleet's logs is closed, and what came of it.
pub(super) struct Past {
    spec: Closing,
    /// Who proposed which past to be closed, and when, by the checkpoint's number and time.
    proposed: BTreeMap<(u64, MissionTime), (usize, i64)>,
    checkpoints: BTreeMap<u64, CheckpointReport>,
    claims: u64,
    late: u64,
    carried: u64,
}

impl Past {
    pub(super) fn new(spec: Closing) -> Self {
        Self { spec, proposed: BTreeMap::new(), checkpoints: BTreeMap::new(), claims: 0, late: 0, carried: 0 }
    }

    /// Whose votes count, once everybody has a key.
    pub(super) fn quorum(spec: &Closing, ids: &[NodeId]) -> Quorum {
        let voters = spec.voters.iter().map(|&k| ids[k]).collect();
        let proposers: Vec<NodeId> = spec.proposers.iter().map(|&k| ids[k]).collect();
        Quorum::new(proposers[0], voters, spec.needed)
            .and_then(|quorum| quorum.with_successors(&proposers[1..]))
            .expect("this cannot fail because the scenario's reader checked the counts")
    }

    /// Who may propose, in the order in which they stand in for each other.
    pub(super) fn proposers(&self) -> Vec<usize> {
        self.spec.proposers.clone()
    }

    /// Lets a proposer do what is due: nothing, a claim or a proposal.
    ///
    /// # Errors
    /// [`ReplicaError`], which a store in memory and a key at hand do not give.
    pub(super) fn close(&mut self, now_ms: i64, k: usize, node: &mut Session<MemoryStore>) -> Result<(), ReplicaError> {
        let Closing { period_ms, age_ms, patience_ms, .. } = self.spec;
        match node.close_past(MissionTime(now_ms), &Schedule { period_ms, age_ms, patience_ms })? {
            PastStep::Waited(_) => {}
            PastStep::Claimed { .. } => self.claims += 1,
            PastStep::Proposed(checkpoint) => {
                self.proposed.insert((checkpoint.number, checkpoint.at), (k, now_ms));
            }
        }
        Ok(())
    }

    /// Notes late entries that a receipt tells of.
    pub(super) fn refused(&mut self, late: u64) {
        self.late += late;
    }

    /// Notes that a checkpoint came into force at an asset.
    pub(super) fn adopted(
        &mut self,
        now_ms: i64,
        k: usize,
        adoption: &Adoption,
        certificate: Option<Certificate>,
        (names, ids): (&[String], &[NodeId]),
    ) {
        self.carried += adoption.rebased.len() as u64;
        let name_of = |id: &NodeId| ids.iter().position(|known| known == id).map(|k| names[k].clone());
        if let Some(report) = self.checkpoints.get_mut(&adoption.number) {
            report.in_force_ms[k] = Some(now_ms);
            return;
        }
        // One that was overtaken before anybody saw it in force has nothing to show.
        let Some(certificate) = certificate.filter(|it| it.checkpoint.number == adoption.number) else { return };
        let checkpoint = &certificate.checkpoint;
        let (proposer, proposed_ms) =
            self.proposed.get(&(checkpoint.number, checkpoint.at)).copied().unwrap_or((self.spec.proposers[0], now_ms));
        let mut in_force_ms = vec![None; names.len()];
        in_force_ms[k] = Some(now_ms);
        self.checkpoints.insert(
            checkpoint.number,
            CheckpointReport {
                number: checkpoint.number,
                at_ms: checkpoint.at.as_ms(),
                proposer: names[proposer].clone(),
                proposed_ms,
                signed_by: certificate.votes.iter().filter_map(|vote| name_of(&vote.id().log.author)).collect(),
                entries: checkpoint.cut.entry_count(),
                state_bytes: checkpoint.state_bytes,
                in_force_ms,
            },
        );
    }

    pub(super) fn report(self, names: &[String]) -> ClosingReport {
        ClosingReport {
            proposers: self.spec.proposers.iter().map(|&k| names[k].clone()).collect(),
            voters: self.spec.voters.iter().map(|&k| names[k].clone()).collect(),
            needed: self.spec.needed,
            period_ms: self.spec.period_ms,
            age_ms: self.spec.age_ms,
            patience_ms: self.spec.patience_ms,
            claims: self.claims,
            checkpoints: self.checkpoints.into_values().collect(),
            late: self.late,
            carried: self.carried,
        }
    }
}

/// What the assets' stores hold over time.
pub(super) struct Stores(Vec<StoreReport>);

impl Stores {
    pub(super) fn new(names: &[String]) -> Self {
        let store = |name: &String| StoreReport {
            at: name.clone(),
            held_bytes: Vec::new(),
            pruned_entries: 0,
            pruned_bytes: 0,
        };
        Self(names.iter().map(store).collect())
    }

    pub(super) fn look(&mut self, nodes: &[Session<MemoryStore>]) {
        for (report, node) in self.0.iter_mut().zip(nodes) {
            report.held_bytes.push(node.replica().store().bytes());
        }
    }

    pub(super) fn pruned(&mut self, k: usize, pruned: Pruned) {
        self.0[k].pruned_entries += pruned.entries;
        self.0[k].pruned_bytes += pruned.bytes;
    }

    pub(super) fn report(self) -> Vec<StoreReport> {
        self.0
    }
}
