use std::cell::RefCell;

use cosmosmesh_contracts::traits::Store;

use crate::codec::put_u64;
use crate::entry::put_log;
use crate::interest::Interest;

use super::Replica;

/// A hash over everything that two replicas should have in common: 128 bits of it.
pub type Root = [u8; 16];

/// The root of the last scope asked for, until something changes.
#[derive(Debug, Default)]
pub(super) struct Roots(RefCell<Vec<(Interest, Root)>>);

/// How many scopes are remembered.
const ROOTS_MAX: usize = 8;

impl Roots {
    pub(super) fn clear(&mut self) {
        self.0.get_mut().clear();
    }
}

impl<S: Store> Replica<S> {
    /// The hash over the logs of a scope: of each its name, its stretches with the hash that fixes them, and where it forks.
    ///
    /// The checkpoint in force is part of it. Equal roots mean equal entries, because the last hash of a stretch fixes all of it.
    /// # Cost
    /// One pass over the index after a change, nothing otherwise.
    pub fn root(&self, scope: &Interest) -> Root {
        if let Some((_, root)) = self.roots.0.borrow().iter().find(|(known, _)| known == scope) {
            return *root;
        }
        let mut bytes = Vec::new();
        for (id, log) in &self.logs {
            // A log of which nothing is here, and which forks nowhere, is as good as unknown.
            if !scope.covers(id.topic) || log.runs.is_empty() && log.fork.is_none() {
                continue;
            }
            put_log(&mut bytes, id);
            put_u64(&mut bytes, log.fork.map_or(0, |fork| fork + 1));
            put_u64(&mut bytes, log.runs.len() as u64);
            for run in &log.runs {
                put_u64(&mut bytes, run.start);
                put_u64(&mut bytes, run.end);
                bytes.extend(run.last.as_bytes());
            }
        }
        // Equal entries mean something else under another checkpoint.
        if let Some(closed) = &self.closed {
            bytes.extend(closed.hash.as_bytes());
        }
        let digest = self.keys.hasher.digest("cosmosmesh/sync/root/1", &[&bytes]);
        let mut root = [0; 16];
        root.copy_from_slice(&digest.as_bytes()[..16]);
        let mut roots = self.roots.0.borrow_mut();
        if roots.len() == ROOTS_MAX {
            roots.remove(0);
        }
        roots.push((scope.clone(), root));
        root
    }
}
