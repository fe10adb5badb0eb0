use cosmosmesh_contracts::key::NodeId;

use crate::codec::{CodecError, Reader, put_u64};

/// A counter that never passes its bound, whoever is cut off: each node spends only rights that it holds.
///
/// A right is granted, handed on, and spent by its holder alone.
/// An author's own entries are in order, and what it received was written before what it spends, so a spending that its author could afford is never refused, on any replica.
/// # Source
/// O'Neil, "The escrow transactional method", TODS 11(4), 1986; Balegas et al., "Extending eventually consistent cloud databases for enforcing numeric invariants", SRDS 2015.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Escrow {
    /// By node, rising; whoever ever held one stays.
    rights: Vec<(NodeId, u64)>,
    spent: u128,
}

impl Escrow {
    /// What a node may still spend.
    pub fn right_of(&self, node: &NodeId) -> u64 {
        self.place(node).map_or(0, |at| self.rights[at].1)
    }

    /// What was spent by all together.
    pub fn spent(&self) -> u128 {
        self.spent
    }

    /// What was granted to all together: `spent` and all rights add up to it.
    pub fn granted(&self) -> u128 {
        self.rights.iter().fold(self.spent, |sum, (_, right)| sum + u128::from(*right))
    }

    fn place(&self, node: &NodeId) -> Result<usize, usize> {
        self.rights.binary_search_by(|(other, _)| other.cmp(node))
    }

    fn set(&mut self, node: NodeId, right: u64) {
        match self.place(&node) {
            Ok(at) => self.rights[at].1 = right,
            Err(at) => self.rights.insert(at, (node, right)),
        }
    }

    /// A right larger than 64 bits stays at what fits; the rest is not granted.
    pub(super) fn grant(&mut self, to: NodeId, amount: u64) {
        self.set(to, self.right_of(&to).saturating_add(amount));
    }

    /// Gives what the holder had where that is too little; then nothing is done.
    pub(super) fn transfer(&mut self, from: NodeId, to: NodeId, amount: u64) -> Result<(), u64> {
        let had = self.right_of(&from);
        let there = self.right_of(&to);
        if had < amount || from != to && there.checked_add(amount).is_none() {
            return Err(had);
        }
        if from != to {
            self.set(from, had - amount);
            self.set(to, there + amount);
        }
        Ok(())
    }

    /// As [`Escrow::transfer`], to nobody.
    pub(super) fn spend(&mut self, by: NodeId, amount: u64) -> Result<(), u64> {
        let had = self.right_of(&by);
        let left = had.checked_sub(amount).ok_or(had)?;
        self.set(by, left);
        self.spent += u128::from(amount);
        Ok(())
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.granted().to_be_bytes());
        out.extend(self.spent.to_be_bytes());
        put_u64(out, self.rights.len() as u64);
        for (node, right) in &self.rights {
            out.extend(node.as_bytes());
            put_u64(out, *right);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let (granted, spent) = (u128::from_be_bytes(reader.array()?), u128::from_be_bytes(reader.array()?));
        let count = reader.count(33)?;
        let mut account = Self { rights: Vec::with_capacity(count), spent };
        let mut sum = Some(spent);
        for _ in 0..count {
            let (node, right) = (reader.node()?, reader.u64()?);
            if account.rights.last().is_some_and(|(last, _)| *last >= node) {
                return Err(CodecError::Order);
            }
            sum = sum.and_then(|sum| sum.checked_add(u128::from(right)));
            account.rights.push((node, right));
        }
        if sum == Some(granted) { Ok(account) } else { Err(CodecError::Contradiction) }
    }
}
