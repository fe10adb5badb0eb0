use core::fmt;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::traits::PrivacyLoss;

use super::Budget;

/// One entry of a budget's ledger.
///
/// Bytes, numbers most significant first: `1`, kind (1), length of the name (1), name, loss (16), and for a grant delta as the bits of a double (8).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Record {
    /// An account is opened.
    Grant { asset: AssetId, budget: Budget },
    /// A release was about to be made.
    Spend { asset: AssetId, loss: PrivacyLoss },
}

/// Why bytes are no entry of a budget's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The first byte is another version's.
    Version {
        /// What it is.
        found: u8,
    },
    /// The second byte names no kind of entry.
    Kind {
        /// What it is.
        found: u8,
    },
    /// The entry has another length than its head says.
    Length {
        /// How many bytes it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The name is no asset's.
    Name,
    /// The delta of a grant is none.
    Delta,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => {
                write!(f, "version {found} of the entry is not known; use the release that wrote it")
            }
            Self::Kind { found } => write!(f, "kind {found} of the entry is not known; restore the ledger from a copy"),
            Self::Length { expected, found } => {
                write!(f, "the entry has {found} bytes instead of {expected}; restore the ledger from a copy")
            }
            Self::Name => f.write_str("the entry's name is no asset's; restore the ledger from a copy"),
            Self::Delta => f.write_str("the entry's delta is none; restore the ledger from a copy"),
        }
    }
}

impl std::error::Error for RecordError {}

const VERSION: u8 = 1;
const GRANT: u8 = 0;
const SPEND: u8 = 1;
const HEAD: usize = 3;

impl Record {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let (kind, asset, loss) = match self {
            Self::Grant { asset, budget } => (GRANT, asset, budget.loss()),
            Self::Spend { asset, loss } => (SPEND, asset, *loss),
        };
        let name = asset.as_str().as_bytes();
        // A name has at most 128 bytes.
        let mut bytes = vec![VERSION, kind, name.len() as u8];
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(&loss.units().to_be_bytes());
        if let Self::Grant { budget, .. } = self {
            bytes.extend_from_slice(&budget.delta().to_bits().to_be_bytes());
        }
        bytes
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        let &[version, kind, name_len, ref rest @ ..] = bytes else {
            return Err(RecordError::Length { expected: HEAD, found: bytes.len() });
        };
        if version != VERSION {
            return Err(RecordError::Version { found: version });
        }
        let tail = match kind {
            GRANT => 16 + 8,
            SPEND => 16,
            found => return Err(RecordError::Kind { found }),
        };
        let expected = usize::from(name_len) + tail;
        if rest.len() != expected {
            return Err(RecordError::Length { expected: HEAD + expected, found: bytes.len() });
        }
        let (name, rest) = rest.split_at(usize::from(name_len));
        let name = core::str::from_utf8(name).map_err(|_| RecordError::Name)?;
        let asset = AssetId::new(name).map_err(|_| RecordError::Name)?;
        let loss = PrivacyLoss::from_units(rest[..16].iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte)));
        if kind == SPEND {
            return Ok(Self::Spend { asset, loss });
        }
        let delta = f64::from_bits(rest[16..].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)));
        let budget = Budget::of_loss(loss, delta).map_err(|_| RecordError::Delta)?;
        Ok(Self::Grant { asset, budget })
    }
}

/// Whose entry these bytes are, and the `rho` it states; for auditors, and for whoever searches for bytes that break the reader.
///
/// # Errors
/// [`RecordError`]. Nothing larger than the input is allocated.
pub fn decode_record(bytes: &[u8]) -> Result<(AssetId, PrivacyLoss), RecordError> {
    let record = Record::read(bytes)?;
    // One entry, one encoding: what is accepted is what would have been written.
    debug_assert_eq!(record.bytes(), bytes);
    Ok(match record {
        Record::Grant { asset, budget } => (asset, budget.loss()),
        Record::Spend { asset, loss } => (asset, loss),
    })
}
