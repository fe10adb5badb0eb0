//! Which topics a replica asks for.

use std::collections::BTreeSet;

use cosmosmesh_contracts::traits::ContentHasher;

use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::Topic;

/// The topics that a replica wants to hold: all of them, or some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Interest {
    /// Every topic.
    #[default]
    All,
    /// These only.
    Only(BTreeSet<Topic>),
}

impl Interest {
    /// Whether a topic is wanted.
    pub fn covers(&self, topic: Topic) -> bool {
        match self {
            Self::All => true,
            Self::Only(topics) => topics.contains(&topic),
        }
    }

    /// What two replicas both want, and so what they reconcile.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, rest) | (rest, Self::All) => rest.clone(),
            (Self::Only(a), Self::Only(b)) => Self::Only(a.intersection(b).copied().collect()),
        }
    }

    /// Four bytes that tell interests apart; zero for all topics.
    pub(crate) fn tag(&self, hasher: &dyn ContentHasher) -> [u8; 4] {
        let mut tag = [0; 4];
        if matches!(self, Self::Only(_)) {
            let mut bytes = Vec::new();
            self.encode(&mut bytes);
            tag.copy_from_slice(&hasher.digest("cosmosmesh/sync/interest/1", &[&bytes]).as_bytes()[..4]);
            // Zero is taken.
            tag[0] |= 1;
        }
        tag
    }

    /// No byte beyond a zero for all topics; else one more than their count, and the topics rising.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::All => out.push(0),
            Self::Only(topics) => {
                put_u64(out, topics.len() as u64 + 1);
                for topic in topics {
                    put_u64(out, u64::from(topic.0));
                }
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let Some(count) = reader.up_to(TOPICS_MAX as u64 + 1)?.checked_sub(1) else { return Ok(Self::All) };
        let mut topics = BTreeSet::new();
        for _ in 0..count {
            let topic = Topic(reader.u16()?);
            if topics.last().is_some_and(|&last| last >= topic) {
                return Err(CodecError::Order);
            }
            topics.insert(topic);
        }
        Ok(Self::Only(topics))
    }
}

/// The most topics that an interest may list.
pub const TOPICS_MAX: usize = 256;
