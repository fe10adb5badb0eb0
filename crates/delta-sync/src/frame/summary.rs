use core::fmt;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;

use super::{FrameType, start};
use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::entry::{LogId, Topic};
use crate::interest::Interest;
use crate::range::{RangeSet, SEQUENCE_END};
use crate::replica::Root;

/// What a replica holds: of each log the stretches that are there, and where it forks.
///
/// The logs stay in their bytes until they are asked for, so that a long summary costs no memory of its own.
#[derive(Clone)]
pub struct Summary<'a> {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Which topics the sender holds.
    pub interest: Interest,
    /// Which topics root and logs are of.
    pub scope: [u8; 4],
    /// Hash of the logs of that scope.
    pub root: Root,
    /// The sender's clock.
    pub clock: MissionTime,
    /// How many KiB the sender takes now.
    pub room_kib: u32,
    /// Number of the sender's checkpoint; zero for none.
    pub number: u64,
    /// Whether the sender wants the receiver's summary back.
    pub reply: bool,
    /// Whether the sender wants every hash before an entry sent along.
    pub hashes: bool,
    wide: bool,
    logs: Reader<'a>,
    frame: &'a [u8],
}

/// What a summary says of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLog<'a> {
    /// The author's key: its first eight bytes, or all of it.
    pub author: &'a [u8],
    /// The epoch.
    pub epoch: u32,
    /// The topic.
    pub topic: Topic,
    /// Where the log forks, as far as the sender knows.
    pub fork: Option<u64>,
    /// Which entries are there.
    pub have: RangeSet,
}

impl<'a> Summary<'a> {
    pub(super) fn read(frame: &'a [u8], mut reader: Reader<'a>) -> Result<Self, CodecError> {
        let mission = reader.array()?;
        let flags = reader.byte()?;
        if flags > 7 {
            return Err(CodecError::Variant);
        }
        let summary = Self {
            mission,
            interest: Interest::read(&mut reader)?,
            scope: reader.array()?,
            root: reader.array()?,
            clock: reader.time()?,
            room_kib: reader.u32()?,
            number: reader.u64()?,
            reply: flags & 1 == 1,
            hashes: flags & 4 == 4,
            wide: flags & 2 == 2,
            logs: reader,
            frame,
        };
        summary.for_each(0, |_| ())?;
        Ok(summary)
    }

    /// Hands each log to `take`; of each at most the `ranges_max` lowest stretches, as if the rest were not there.
    ///
    /// # Errors
    /// [`CodecError`], though not for a summary that was decoded.
    pub fn for_each(&self, ranges_max: usize, mut take: impl FnMut(SummaryLog<'a>)) -> Result<(), CodecError> {
        let mut reader = self.logs;
        let width = if self.wide { NodeId::LEN } else { SHORT_BYTES };
        let mut last_author: Option<&[u8]> = None;
        for _ in 0..reader.count(width + 5)? {
            let author = reader.take(width)?;
            if last_author.replace(author).is_some_and(|last| last >= author) {
                return Err(CodecError::Order);
            }
            let mut last_log = None;
            let count = reader.count(4)?;
            if count == 0 {
                return Err(CodecError::Order);
            }
            for _ in 0..count {
                let (epoch, topic) = (reader.u32()?, Topic(reader.u16()?));
                if last_log.replace((epoch, topic)).is_some_and(|last| last >= (epoch, topic)) {
                    return Err(CodecError::Order);
                }
                let fork = reader.up_to(SEQUENCE_END)?.checked_sub(1);
                let have = RangeSet::decode(&mut reader, ranges_max)?;
                take(SummaryLog { author, epoch, topic, fork, have });
            }
        }
        reader.finish()
    }

    /// Writes the frame again, field by field.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut logs = Vec::new();
        // Decoded and encoded anew, so that this is a check and not a copy.
        let written = self.for_each(usize::MAX, |log| logs.push(log));
        debug_assert!(written.is_ok(), "a decoded summary is read again");
        write_head(
            out,
            &self.mission,
            &self.interest,
            self.scope,
            self.root,
            self.clock,
            self.room_kib,
            self.number,
            self.reply,
            self.hashes,
            self.wide,
        );
        let authors: Vec<&[SummaryLog<'_>]> = logs.chunk_by(|a, b| a.author == b.author).collect();
        put_u64(out, authors.len() as u64);
        for logs in authors {
            out.extend_from_slice(logs[0].author);
            put_u64(out, logs.len() as u64);
            for log in logs {
                put_log_line(out, log.epoch, log.topic, log.fork, &log.have);
            }
        }
    }

    /// How long the frame is.
    pub fn frame_bytes(&self) -> usize {
        self.frame.len()
    }
}

impl fmt::Debug for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Summary of {} bytes, root {:02x?}", self.frame.len(), self.root)
    }
}

/// How much of an author's key a summary has, unless two authors begin alike.
pub(crate) const SHORT_BYTES: usize = 8;

/// What a summary begins with, as fields.
pub(crate) struct SummaryHead<'a> {
    pub(crate) mission: [u8; 8],
    pub(crate) interest: &'a Interest,
    pub(crate) scope: [u8; 4],
    pub(crate) root: Root,
    pub(crate) clock: MissionTime,
    pub(crate) room_kib: u32,
    pub(crate) number: u64,
    pub(crate) reply: bool,
    pub(crate) hashes: bool,
}

/// Writes the summary of some logs, rising, within `bytes_max`: where that is too little, the highest stretches go unsaid, and so may come again.
pub(crate) fn write_summary(
    head: &SummaryHead<'_>,
    logs: &[(LogId, Option<u64>, RangeSet)],
    bytes_max: usize,
) -> Vec<u8> {
    let prefix = |id: &LogId| {
        let mut short = [0; SHORT_BYTES];
        short.copy_from_slice(&id.author.as_bytes()[..SHORT_BYTES]);
        short
    };
    let wide = logs.windows(2).any(|w| w[0].0.author != w[1].0.author && prefix(&w[0].0) == prefix(&w[1].0));
    let width = if wide { NodeId::LEN } else { SHORT_BYTES };
    let mut ranges_max = usize::MAX;
    loop {
        let mut out = Vec::new();
        let h = head;
        write_head(
            &mut out, &h.mission, h.interest, h.scope, h.root, h.clock, h.room_kib, h.number, h.reply, h.hashes, wide,
        );
        let authors: Vec<&[(LogId, Option<u64>, RangeSet)]> = logs.chunk_by(|a, b| a.0.author == b.0.author).collect();
        put_u64(&mut out, authors.len() as u64);
        for logs in authors {
            out.extend_from_slice(&logs[0].0.author.as_bytes()[..width]);
            put_u64(&mut out, logs.len() as u64);
            for (id, fork, have) in logs {
                if have.ranges().len() > ranges_max {
                    let mut kept = have.clone();
                    kept.truncate(have.ranges()[ranges_max].0);
                    put_log_line(&mut out, id.epoch, id.topic, *fork, &kept);
                } else {
                    put_log_line(&mut out, id.epoch, id.topic, *fork, have);
                }
            }
        }
        if out.len() <= bytes_max || ranges_max == 0 {
            return out;
        }
        let longest = logs.iter().map(|log| log.2.ranges().len()).max().unwrap_or(0);
        ranges_max = ranges_max.min(longest) / 2;
    }
}

#[allow(clippy::too_many_arguments, reason = "the fields of one frame, in their order")]
fn write_head(
    out: &mut Vec<u8>,
    mission: &[u8; 8],
    interest: &Interest,
    scope: [u8; 4],
    root: Root,
    clock: MissionTime,
    room_kib: u32,
    number: u64,
    reply: bool,
    hashes: bool,
    wide: bool,
) {
    start(out, FrameType::Summary, mission);
    out.push(u8::from(reply) | u8::from(wide) << 1 | u8::from(hashes) << 2);
    interest.encode(out);
    out.extend(scope);
    out.extend(root);
    put_i64(out, clock.as_ms());
    put_u64(out, u64::from(room_kib));
    put_u64(out, number);
}

fn put_log_line(out: &mut Vec<u8>, epoch: u32, topic: Topic, fork: Option<u64>, have: &RangeSet) {
    put_u64(out, u64::from(epoch));
    put_u64(out, u64::from(topic.0));
    put_u64(out, fork.map_or(0, |fork| fork + 1));
    have.encode(out);
}
