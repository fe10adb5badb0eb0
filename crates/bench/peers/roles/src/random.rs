use cosmosmesh_identity::role::{Capability, Contract, Policy, PolicyError, Reach, Role, Rule};

/// SplitMix64: the same policies and fleets in every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Each with a chance of one in `of`, and one of them in any case.
    fn some<T: Copy>(&mut self, all: &[T], of: usize) -> Vec<T> {
        let sure = self.below(all.len());
        let mut picked = Vec::new();
        for (k, item) in all.iter().enumerate() {
            if k == sure || self.below(of) == 0 {
                picked.push(*item);
            }
        }
        picked
    }

    /// Some rules and pairs kept apart, and what our reader makes of them.
    pub(crate) fn policy(&mut self) -> (Vec<Rule>, Vec<(Role, Role)>, Result<Policy, PolicyError>) {
        let rules: Vec<Rule> = (0..1 + self.below(9))
            .map(|_| Rule {
                roles: self.some(Role::ALL, 6),
                may: self.some(Capability::ALL, 5),
                on: self.some(Contract::ALL, 6),
                reach: Reach::ALL[self.below(3)],
            })
            .collect();
        let apart: Vec<(Role, Role)> = (0..self.below(4))
            .map(|_| {
                let one = self.below(7);
                (Role::ALL[one], Role::ALL[(one + 1 + self.below(6)) % 7])
            })
            .collect();
        let policy = Policy::new(rules.clone(), apart.clone());
        (rules, apart, policy)
    }
}
