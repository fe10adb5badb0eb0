//! Parties of one fleet, and the driver that carries their messages.

use std::collections::VecDeque;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::{CryptoProvider, Engine, Step, Transmit, TrustPolicy};
use cosmosmesh_contracts::trust::OpenTrust;
use cosmosmesh_crypto::{seeded_provider, seeded_signer};
use cosmosmesh_node::round::{
    Contributing, Facilitating, Gate, Guarding, Masks, MemoryLog, Party, RoundEvent, Summing,
};
use cosmosmesh_privacy::mask::{Agent, Committee, Guardian, GuardianKeys, Roster, RosterTerms};
use cosmosmesh_solver_core::{Method, Options, Participant, Ranging, coordinator};

pub(crate) const WIDTH: WordWidth = WordWidth::Bits64;

pub(crate) fn node(k: usize) -> CryptoProvider {
    seeded_provider(Arc::new(seeded_signer(1, &format!("{k}"))), 1, &format!("{k}"))
}

pub(crate) fn names(count: usize) -> Vec<NodeId> {
    (0..count).map(|k| node(k).signer.node_id()).collect()
}

pub(crate) struct World<T = OpenTrust> {
    pub(crate) parties: Vec<Party<T>>,
    pub(crate) names: Vec<NodeId>,
    pub(crate) roster: Option<Arc<Roster>>,
    /// Keys that still have to travel, by asset.
    pub(crate) bundles: Vec<Vec<u8>>,
    /// Every message: from, to, bytes.
    pub(crate) carried: Vec<(usize, usize, Vec<u8>)>,
    pub(crate) events: Vec<(usize, RoundEvent)>,
    pub(crate) now: MissionTime,
}

impl World {
    pub(crate) fn new(fleet: &FleetProblem, guardians: u8, options: &Options, opening_timeout_ms: Option<i64>) -> Self {
        Self::on(fleet, guardians, Method::default(), options, |masks| masks.opening_timeout_ms = opening_timeout_ms)
    }

    /// With sums to taste.
    pub(crate) fn on(
        fleet: &FleetProblem,
        guardians: u8,
        method: Method,
        options: &Options,
        change: impl FnOnce(&mut Masks),
    ) -> Self {
        Self::make(fleet, (guardians, 0), method, options, change, |_| Gate::open())
    }

    /// With guardians that are no assets, behind the assets, and keys that still have to travel.
    pub(crate) fn apart(fleet: &FleetProblem, guardians: u8, options: &Options) -> Self {
        let first = fleet.assets().len();
        Self::make(fleet, (guardians, first), Method::default(), options, |_| {}, |_| Gate::open())
    }
}

impl<T: TrustPolicy> World<T> {
    /// With the first guardian at this index, and a gate for each node.
    pub(crate) fn make(
        fleet: &FleetProblem,
        (guardians, first): (u8, usize),
        method: Method,
        options: &Options,
        change: impl FnOnce(&mut Masks),
        gate: impl Fn(usize) -> Gate<T>,
    ) -> Self {
        let count = fleet.assets().len();
        let all = names(count.max(first + usize::from(guardians)));
        let names = all[..count].to_vec();
        let coordination = coordinator(method, fleet.coupling(), count, options).unwrap();
        if guardians == 0 {
            let mut role = Some(Facilitating::new(coordination, names.clone(), Summing::Plain));
            let party = |(k, problem)| {
                let party = Party::new(node(k), names[0], gate(k));
                let party = party.with_asset(Contributing::plain(Participant::new(problem).unwrap()));
                if let Some(role) = role.take() { party.with_facilitator(role) } else { party }
            };
            let parties = fleet.assets().iter().enumerate().map(party).collect();
            return Self {
                parties,
                names: names.clone(),
                roster: None,
                bundles: vec![],
                carried: vec![],
                events: vec![],
                now: MissionTime(0),
            };
        }
        let committee = Committee::of(guardians).unwrap();
        let mut secrets = Vec::new();
        let keys = (first..first + usize::from(guardians)).map(|k| {
            let (mut crypto, mut secret) = (node(k), [0; 32]);
            crypto.random.fill(&mut secret).unwrap();
            secrets.push(secret);
            GuardianKeys { node: all[k], agreement: crypto.agreement.public_key(&secret) }
        });
        let terms = RosterTerms {
            mission: Digest::from_bytes([1; 32]),
            epoch: 0,
            agents: names.clone(),
            guardians: keys.collect(),
            committee,
            facilitators: vec![names[0]],
            contributors_min: 3,
            churn_min: 1,
            width: WIDTH,
            words_max: 1 << 20,
            bits_per_word: Roster::bits_per_word(count as u32, WIDTH),
        };
        let roster = Arc::new(Roster::new(terms, &*node(0).hasher).unwrap());
        let mut open: VecDeque<Guardian> = secrets
            .iter()
            .enumerate()
            .map(|(k, secret)| {
                let store = Box::new(MemoryStore::new());
                Guardian::open(Arc::clone(&roster), k as u8, secret, store, None, &node(first + k)).unwrap()
            })
            .collect();
        let mut bundles = Vec::new();
        let agents: Vec<(Agent, CryptoProvider)> = (0..count)
            .map(|k| {
                let mut crypto = node(k);
                let (mut agent, bundle) = Agent::enrol(Arc::clone(&roster), k as u32, &mut crypto).unwrap();
                for (g, guardian) in open.iter_mut().enumerate().filter(|_| first == 0) {
                    agent.hear_acceptance(&guardian.accept(&bundle, &node(g)).unwrap(), &crypto).unwrap();
                }
                bundles.push(bundle);
                (agent, crypto)
            })
            .collect();
        let rule = Box::new(Ranging::new(WIDTH, count as u32));
        let mut masks = Masks::new(Arc::clone(&roster), rule);
        change(&mut masks);
        let summing = Summing::Masked(masks);
        let mut role = Some(Facilitating::new(coordination, names.clone(), summing));
        let parties = agents.into_iter().zip(fleet.assets()).enumerate().map(|(k, ((agent, crypto), problem))| {
            let asset = Contributing::masked(Participant::new(problem).unwrap(), Arc::clone(&roster), agent);
            let mut party = Party::new(crypto, names[0], gate(k)).with_asset(asset);
            let own = if first == 0 { open.pop_front() } else { None };
            if let Some(guardian) = own {
                party = party.with_guardian(Guarding::new(guardian, Box::new(MemoryLog::new())));
            }
            if let Some(role) = role.take() { party.with_facilitator(role) } else { party }
        });
        let mut parties: Vec<Party<T>> = parties.collect();
        if first > 0 {
            let apart = open.into_iter().enumerate().map(|(k, guardian)| {
                let role = Guarding::new(guardian, Box::new(MemoryLog::new()));
                Party::new(node(first + k), all[0], gate(first + k)).with_guardian(role)
            });
            parties.extend(apart);
        }
        if first == 0 {
            bundles.clear();
        }
        let now = MissionTime(0);
        Self { parties, names: all, roster: Some(roster), bundles, carried: vec![], events: vec![], now }
    }

    /// Carries messages until there are none; `loses` says which are lost.
    pub(crate) fn run(&mut self, mut loses: impl FnMut(usize, &Transmit) -> bool) {
        self.run_changed(|from, transmit| (!loses(from, &transmit)).then_some(transmit));
    }

    /// Lets time pass until the facilitator's deadline, if it has one.
    pub(crate) fn pass_time(&mut self) -> bool {
        let Some(deadline) = self.parties[0].poll_timeout() else { return false };
        self.now = deadline;
        self.parties[0].handle_timeout(deadline);
        true
    }

    /// Carries messages until there are none, each as `carry` hands it on.
    pub(crate) fn run_changed(&mut self, carry: impl FnMut(usize, Transmit) -> Option<Transmit>) {
        if self.carried.is_empty() {
            let bundles = core::mem::take(&mut self.bundles);
            self.parties.iter_mut().zip(&bundles).for_each(|(party, bundle)| party.begin_epoch(bundle));
            self.parties[0].begin_round(self.now);
        }
        self.carry(carry);
    }

    /// The same without a first round.
    pub(crate) fn carry(&mut self, mut carry: impl FnMut(usize, Transmit) -> Option<Transmit>) {
        loop {
            let mut waiting = VecDeque::new();
            for k in 0..self.parties.len() {
                while let Some(event) = self.parties[k].poll_event() {
                    match event {
                        RoundEvent::Closed { step: Step::Continue } => self.parties[k].begin_round(self.now),
                        RoundEvent::Closed { step: Step::Done } => self.parties[k].announce(self.now),
                        _ => {}
                    }
                    self.events.push((k, event));
                }
                while let Some(transmit) = self.parties[k].poll_transmit(self.now) {
                    waiting.push_back((k, transmit));
                }
            }
            if waiting.is_empty() {
                return;
            }
            for (from, transmit) in waiting {
                let Some(transmit) = carry(from, transmit) else { continue };
                let to = self.names.iter().position(|name| *name == transmit.to).unwrap();
                self.parties[to].handle_input(self.now, self.names[from], &transmit.bytes);
                self.carried.push((from, to, transmit.bytes));
            }
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.parties[0].facilitator().unwrap().outcome()
    }

    /// Somebody shows its certificates to whoever hears it; that is no part of any round.
    pub(crate) fn show(&mut self, k: usize, shown: &[u8]) {
        let before = self.carried.len();
        self.parties[k].show(shown);
        self.carry(|_, transmit| Some(transmit));
        assert!(self.carried.split_off(before).iter().all(|(_, _, bytes)| bytes == shown));
    }

    pub(crate) fn refusals(&self) -> Vec<&RoundEvent> {
        let refused = |event: &&RoundEvent| {
            matches!(event, RoundEvent::Refused { .. } | RoundEvent::Unheard { .. } | RoundEvent::Void { .. })
        };
        self.events.iter().map(|(_, event)| event).filter(refused).collect()
    }
}
