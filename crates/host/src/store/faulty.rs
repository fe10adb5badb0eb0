use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{Store, StoreError};

/// A store in memory whose disk fails to order: torn writes, lost syncs, a full disk.
///
/// Records go to a journal of bytes, each in a frame with its length and a checksum, as a log file would hold them.
/// A crash keeps what was synced and any number of bytes behind it; what a torn frame held is gone, and what came before it is there.
/// Simulated: no byte reaches a disk.
#[derive(Clone, Debug, Default)]
pub struct FaultyStore {
    records: MemoryStore,
    journal: Vec<u8>,
    durable: usize,
    syncs: u64,
    lying_from: Option<u64>,
    bytes_left: Option<usize>,
}

impl FaultyStore {
    /// An empty store on a sound disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// From the sync with this number on, counted from zero, every sync says it is done and is not: what a disk with a lying cache does.
    ///
    /// No engine can defend itself against this on one machine; a test with it shows what breaks and that it is noticed.
    pub fn lose_syncs_from(&mut self, sync: u64) {
        self.lying_from = Some(sync);
    }

    /// After so many further bytes of frames the disk is full.
    pub fn fill_after(&mut self, bytes: usize) {
        self.bytes_left = Some(bytes);
    }

    /// How many bytes a crash could lose now: the arguments of [`FaultyStore::crash`] that differ.
    pub fn volatile_bytes(&self) -> usize {
        self.journal.len() - self.durable
    }

    /// How often it was synced.
    pub fn syncs(&self) -> u64 {
        self.syncs
    }

    /// The store as it is found after the power failed with `kept` bytes beyond the last true sync on the disk.
    pub fn crash(self, kept: usize) -> Self {
        self.crash_with(kept, &[])
    }

    /// The same, with bytes of another file where the rest should have been: a block that was allotted and never written.
    pub fn crash_with(mut self, kept: usize, rubbish: &[u8]) -> Self {
        let kept = self.durable.saturating_add(kept).min(self.journal.len());
        self.journal.truncate(kept);
        self.journal.extend_from_slice(rubbish);
        let mut found = Self::default();
        let mut at = 0;
        while let Some((frame, length)) = Frame::read(&self.journal[at..]) {
            // A frame whose checksum holds was appended by us, so the store takes it again.
            let written = match frame {
                Frame::Record { stream, record } => found.records.append(stream, record).map(|_| ()),
                Frame::Trim { stream, below } => found.records.trim(stream, below),
            };
            if written.is_err() || found.records.sync().is_err() {
                break;
            }
            at += length;
        }
        found.journal = self.journal;
        found.journal.truncate(at);
        found.durable = at;
        found
    }

    fn write(&mut self, frame: &Frame<'_>) -> Result<(), StoreError> {
        let bytes = frame.bytes();
        if let Some(left) = &mut self.bytes_left {
            let fits = bytes.len().min(*left);
            *left -= fits;
            self.journal.extend_from_slice(&bytes[..fits]);
            if fits < bytes.len() {
                return Err(StoreError::Failed { detail: "no space left on the device".to_owned() });
            }
        } else {
            self.journal.extend_from_slice(&bytes);
        }
        Ok(())
    }
}

impl Store for FaultyStore {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        if self.bytes_left == Some(0) {
            return Err(StoreError::Failed { detail: "no space left on the device".to_owned() });
        }
        // The store in memory checks name and size before anything is written.
        let index = self.records.append(stream, record)?;
        self.write(&Frame::Record { stream, record })?;
        Ok(index)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.records.read(stream, from, limit)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        if self.bytes_left == Some(0) {
            return Err(StoreError::Failed { detail: "no space left on the device".to_owned() });
        }
        self.records.sync()?;
        if self.lying_from.is_none_or(|from| self.syncs < from) {
            self.durable = self.journal.len();
        }
        self.syncs += 1;
        Ok(())
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        self.records.len(stream)
    }

    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        self.records.trim(stream, below)?;
        self.write(&Frame::Trim { stream, below })
    }
}

/// One frame: checksum (8), kind (1), length of the name (1), length of the body (4), name, body; numbers most significant first.
enum Frame<'a> {
    Record { stream: &'a str, record: &'a [u8] },
    Trim { stream: &'a str, below: u64 },
}

impl<'a> Frame<'a> {
    const HEAD: usize = 14;

    fn bytes(&self) -> Vec<u8> {
        let (kind, stream, body) = match self {
            Self::Record { stream, record } => (0_u8, stream, record.to_vec()),
            Self::Trim { stream, below } => (1, stream, below.to_be_bytes().to_vec()),
        };
        let mut rest = vec![kind, stream.len() as u8];
        rest.extend_from_slice(&(body.len() as u32).to_be_bytes());
        rest.extend_from_slice(stream.as_bytes());
        rest.extend_from_slice(&body);
        let mut bytes = checksum(&rest).to_be_bytes().to_vec();
        bytes.append(&mut rest);
        bytes
    }

    fn read(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let head = bytes.get(..Self::HEAD)?;
        let (name_len, body_len) = (head[9] as usize, u32::from_be_bytes(head[10..14].try_into().ok()?) as usize);
        let end = Self::HEAD + name_len + body_len;
        let rest = bytes.get(8..end)?;
        if checksum(rest).to_be_bytes() != head[..8] {
            return None;
        }
        let stream = core::str::from_utf8(&bytes[Self::HEAD..Self::HEAD + name_len]).ok()?;
        let body = &bytes[Self::HEAD + name_len..end];
        let frame = match head[8] {
            0 => Self::Record { stream, record: body },
            1 => Self::Trim { stream, below: u64::from_be_bytes(body.try_into().ok()?) },
            _ => return None,
        };
        Some((frame, end))
    }
}

// FNV-1a with 64 bits (Fowler, Noll, Vo 1991): finds torn writes, which are accidents; it keeps nobody from forging.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
