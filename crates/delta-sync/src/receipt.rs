//! The local record of what was handed over: by whom, when, over which link, and what became of it.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;

use crate::codec::{CodecError, Reader, put_bytes, put_i64, put_u64};

/// The stream that holds the receipts.
pub const RECEIPTS_STREAM: &str = "receipts";
/// The longest name of a link that is kept.
pub const LINK_BYTES_MAX: usize = 64;

/// What one batch brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When it arrived.
    pub at: MissionTime,
    /// Who sent it.
    pub from: NodeId,
    /// Over which link, as the host calls it.
    pub link: String,
    /// Length of the frame.
    pub bytes: u64,
    /// Entries that were new.
    pub new: u64,
    /// Entries that were here already.
    pub duplicate: u64,
    /// Entries of logs that fork before them.
    pub quarantined: u64,
    /// Forks that it showed.
    pub forks: u64,
    /// Entries that were not taken.
    pub refused: u64,
    /// Sum over the new entries of the time from writing to arrival, by the writer's clock and this one; at least zero each.
    pub latency_sum_ms: u64,
    /// The longest of them.
    pub latency_ms_max: u64,
    /// Of those refused, entries that came too late: written before the checkpoint in force and not in it. Whoever holds them writes them again.
    pub late: u64,
}

impl Receipt {
    /// Writes the record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_i64(out, self.at.as_ms());
        out.extend(self.from.as_bytes());
        put_bytes(out, self.link.as_bytes());
        for number in self.numbers() {
            put_u64(out, number);
        }
        // Records from before this was counted end here, and so do all that have none.
        if self.late > 0 {
            put_u64(out, self.late);
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the one encoding of a receipt.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let (at, from) = (reader.time()?, reader.node()?);
        let link = core::str::from_utf8(reader.bytes(LINK_BYTES_MAX)?).map_err(|_| CodecError::Variant)?.to_owned();
        let mut numbers = [0; 8];
        for number in &mut numbers {
            *number = reader.u64()?;
        }
        let [bytes, new, duplicate, quarantined, forks, refused, latency_sum_ms, latency_ms_max] = numbers;
        let late = match reader.remaining() {
            0 => 0,
            // Written only if there are any, and then they are among those refused.
            _ => Some(reader.u64()?).filter(|late| (1..=refused).contains(late)).ok_or(CodecError::Contradiction)?,
        };
        reader.finish()?;
        Ok(Self {
            at,
            from,
            link,
            bytes,
            new,
            duplicate,
            quarantined,
            forks,
            refused,
            latency_sum_ms,
            latency_ms_max,
            late,
        })
    }

    fn numbers(&self) -> [u64; 8] {
        [
            self.bytes,
            self.new,
            self.duplicate,
            self.quarantined,
            self.forks,
            self.refused,
            self.latency_sum_ms,
            self.latency_ms_max,
        ]
    }
}
