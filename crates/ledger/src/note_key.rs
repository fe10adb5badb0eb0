use core::fmt;

use cosmosmesh_contracts::key::NodeId;

use crate::base64;
use crate::hash::sha256;

/// A public key as notes name it: `name+id+base64(kind || key)`.
///
/// # Source
/// C2SP signed-note, verifier keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: NoteKeyKind,
    node_id: NodeId,
}

/// What the signatures of a key mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKeyKind {
    /// A plain Ed25519 signature of the text: a log's.
    Ed25519,
    /// An Ed25519 signature of time and text: a witness's.
    Cosignature,
}

impl NoteKeyKind {
    /// The byte that stands before the key.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

impl NoteKey {
    /// Names a key; nothing if no key may have the name.
    pub fn new(name: impl Into<String>, kind: NoteKeyKind, node_id: NodeId) -> Option<Self> {
        let name = name.into();
        is_key_name(&name).then_some(Self { name, kind, node_id })
    }

    /// Reads `name+id+base64(kind || key)`; nothing if it is not of that form, or its id is another key's.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let bytes = base64::decode(key)?;
        let (code, key) = bytes.split_first()?;
        let kind = [NoteKeyKind::Ed25519, NoteKeyKind::Cosignature].into_iter().find(|kind| kind.code() == *code)?;
        let key = Self::new(name, kind, NodeId::from_slice(key)?)?;
        (hex(key.id()) == id).then_some(key)
    }

    /// Under which name it signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signatures mean.
    pub fn kind(&self) -> NoteKeyKind {
        self.kind
    }

    /// The key itself.
    pub fn node_id(&self) -> NodeId {
        self.node_id
    }

    /// The four bytes that tell keys of one name apart. No protection: whoever tries finds two keys with one id.
    pub fn id(&self) -> [u8; 4] {
        let digest = sha256(&[self.name.as_bytes(), b"\n", &[self.kind.code()], self.node_id.as_bytes()]);
        *digest.as_bytes().first_chunk().expect("a digest has more than four bytes")
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind.code()], self.node_id.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex(self.id()), base64::encode(&key))
    }
}

/// Whether a key may have this name.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control())
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}
