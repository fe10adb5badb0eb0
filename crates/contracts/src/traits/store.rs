use core::fmt;

/// Durable streams of records that only grow: what an engine must remember over a restart.
///
/// A stream is named by 1 to [`STREAM_NAME_MAX`] characters of `a-z`, `0-9`, `-`, `_`, `.` and `/`.
/// Records are counted from zero, have at most [`RECORD_MAX`] bytes and never change.
/// After a crash every stream is a prefix of what was appended, and whatever was appended to any stream before the last [`Store::sync`] that returned is there.
/// Implemented by `host::store` (SQLite), `conformance::MemoryStore` and the fault-injecting twins; used by `delta-sync`, `ledger`, `privacy` and `node`.
pub trait Store {
    /// Appends a record and returns its index. It is durable once [`Store::sync`] has returned.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Failed`] the store must be opened again.
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError>;

    /// Up to `limit` records from the index `from` on, oldest first; fewer, or none, at the stream's end. A stream nobody wrote is empty.
    ///
    /// # Errors
    /// [`StoreError::Trimmed`] if the first record asked for is gone.
    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Returns when everything appended before is durable, for all streams at once.
    ///
    /// # Errors
    /// [`StoreError::Failed`]: nothing is known of what was appended since the last sync, and the store must be opened again.
    fn sync(&mut self) -> Result<(), StoreError>;

    /// How many records the stream has had, trimmed ones included: the index of the next one.
    ///
    /// # Errors
    /// As [`Store::read`].
    /// # Cost
    /// The provided method searches by reading; a store that counts should say so itself.
    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        let there = |index| match self.read(stream, index, 1) {
            Ok(records) => Ok(!records.is_empty()),
            Err(StoreError::Trimmed { .. }) => Ok(true),
            Err(error) => Err(error),
        };
        let mut above = 1_u64;
        while there(above - 1)? {
            above = above.saturating_mul(2);
        }
        let mut below = above / 2;
        let mut above = above - 1;
        while below < above {
            let middle = below + (above - below) / 2;
            if there(middle)? { below = middle + 1 } else { above = middle }
        }
        Ok(below)
    }

    /// Lets the store forget the records below an index; it may keep them, and does unless it says otherwise.
    ///
    /// # Errors
    /// As [`Store::append`].
    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        let _ = below;
        check_stream_name(stream)
    }
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        (**self).append(stream, record)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        (**self).read(stream, from, limit)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        (**self).sync()
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        (**self).len(stream)
    }

    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        (**self).trim(stream, below)
    }
}

/// The longest name of a stream, in characters.
pub const STREAM_NAME_MAX: usize = 128;

/// The largest record: 16 MiB.
pub const RECORD_MAX: usize = 1 << 24;

/// Whether a text may name a stream; what every [`Store`] asks first.
///
/// # Errors
/// [`StoreError::StreamName`].
pub fn check_stream_name(stream: &str) -> Result<(), StoreError> {
    let known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/');
    if stream.is_empty() || stream.len() > STREAM_NAME_MAX || !stream.bytes().all(known) {
        return Err(StoreError::StreamName);
    }
    Ok(())
}

/// Whether a record may be appended; what every [`Store`] asks next.
///
/// # Errors
/// [`StoreError::RecordTooLong`].
pub fn check_record(record: &[u8]) -> Result<(), StoreError> {
    if record.len() > RECORD_MAX { Err(StoreError::RecordTooLong { bytes: record.len() }) } else { Ok(()) }
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// The text does not name a stream.
    StreamName,
    /// The record is longer than [`RECORD_MAX`].
    RecordTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The first record asked for was trimmed.
    Trimmed {
        /// The first index that is still there.
        first: u64,
    },
    /// What was read is not what was written.
    Damaged {
        /// Where and how it shows.
        detail: String,
    },
    /// The device failed or is full; open the store again before going on.
    Failed {
        /// What the device said.
        detail: String,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StreamName => write!(
                f,
                "a stream's name is 1 to {STREAM_NAME_MAX} characters of a-z, 0-9, '-', '_', '.' and '/'; choose another"
            ),
            Self::RecordTooLong { bytes } => {
                write!(f, "a record has {bytes} bytes, at most {RECORD_MAX} are stored; split it")
            }
            Self::Trimmed { first } => write!(f, "the record was trimmed; the stream starts at {first} now"),
            Self::Damaged { detail } => write!(f, "the store is damaged: {detail}; restore it from a copy"),
            Self::Failed { detail } => write!(f, "the store failed: {detail}; free its disk and open it again"),
        }
    }
}

impl std::error::Error for StoreError {}
