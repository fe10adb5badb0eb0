use core::fmt;
use core::str::FromStr;

use cosmosmesh_contracts::key::NodeId;

use super::DidError;

/// A public key as an identifier: `did:key:z6Mk…` signs, `did:key:z6LS…` agrees on secrets.
///
/// # Source
/// W3C CCG, The did:key Method; multicodec 0xed and 0xec as unsigned varints; multibase `z`, base58btc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DidKey {
    /// An Ed25519 key: a node.
    Ed25519(NodeId),
    /// An X25519 key.
    X25519([u8; 32]),
}

const METHOD: &str = "did:key:";
const ED25519: [u8; 2] = [0xed, 0x01];
const X25519: [u8; 2] = [0xec, 0x01];
/// No identifier of 34 bytes is longer.
const DIGITS_MAX: usize = 48;

impl DidKey {
    /// The key that signs, if this is one.
    pub fn signing_key(&self) -> Option<NodeId> {
        match self {
            Self::Ed25519(key) => Some(*key),
            Self::X25519(_) => None,
        }
    }

    /// What follows `did:key:`, which names the key within its document too.
    pub fn multibase(&self) -> String {
        let (codec, key) = match self {
            Self::Ed25519(key) => (ED25519, *key.as_bytes()),
            Self::X25519(key) => (X25519, *key),
        };
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&codec);
        bytes[2..].copy_from_slice(&key);
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// The identifier, if the mesh's rule accepts its key; `acceptable` is that rule, such as `cosmosmesh_crypto::is_acceptable_key`.
    ///
    /// # Errors
    /// [`DidError::Key`], and as of parsing.
    pub fn accepted(text: &str, acceptable: impl Fn(&NodeId) -> bool) -> Result<Self, DidError> {
        let did: Self = text.parse()?;
        match did {
            Self::Ed25519(key) if !acceptable(&key) => Err(DidError::Key),
            Self::X25519(key) if is_low_order(&key) => Err(DidError::Key),
            did => Ok(did),
        }
    }
}

/// Whether an agreement with this key always comes to nothing: the points of order 1, 2, 4 and 8 by their canonical `u`, and `u >= p`.
///
/// # Source
/// Bernstein, "Curve25519: new Diffie-Hellman speed records", and its page on validation of public keys.
fn is_low_order(key: &[u8; 32]) -> bool {
    let mut u = *key;
    u[31] &= 0x7f;
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    let mut minus_one = p;
    minus_one[0] -= 1;
    let (zero, mut one) = ([0; 32], [0; 32]);
    one[0] = 1;
    u.iter().rev().ge(p.iter().rev()) || [zero, one, minus_one].contains(&u) || ORDER_EIGHT.contains(&u)
}

/// The two `u` of order eight.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
];

impl fmt::Display for DidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{METHOD}{}", self.multibase())
    }
}

impl FromStr for DidKey {
    type Err = DidError;

    /// Reads the one text of a key. Whether the key is a safe one is [`DidKey::accepted`]'s question.
    fn from_str(text: &str) -> Result<Self, DidError> {
        let rest = text.strip_prefix(METHOD).ok_or(DidError::Method)?;
        if rest.contains(['#', '?', '/', ';']) {
            return Err(DidError::Address);
        }
        let digits = rest.strip_prefix('z').ok_or(DidError::Base)?;
        let start = METHOD.len() + 2;
        if let Some(at) = digits.chars().position(|digit| !is_digit(digit)) {
            return Err(DidError::Digit { at: start + at });
        }
        if digits.len() > DIGITS_MAX {
            return Err(DidError::Length { bytes: digits.len() * 733 / 1000 - 2 });
        }
        let bytes = bs58::decode(digits).into_vec().map_err(|_| DidError::Base)?;
        let (codec, key) = bytes.split_first_chunk::<2>().ok_or(DidError::Codec)?;
        let key = <[u8; 32]>::try_from(key).map_err(|_| DidError::Length { bytes: key.len() });
        match *codec {
            ED25519 => Ok(Self::Ed25519(NodeId::from_bytes(key?))),
            X25519 => Ok(Self::X25519(key?)),
            _ => Err(DidError::Codec),
        }
    }
}

fn is_digit(digit: char) -> bool {
    digit.is_ascii_alphanumeric() && !matches!(digit, '0' | 'O' | 'I' | 'l')
}
