//! A log that nobody can rewrite unseen, and the decisions of the fleet that stand in it.
//!
//! This crate *is* the Merkle tree of RFC 6962, the open formats around it (C2SP checkpoint, signed note, cosignature, tile, proof, witness), and the fold of governance statements.
//! It is *not* a store, a network or a clock, and it keeps no key: all four are handed in.
//!
//! ```
//! use cosmosmesh_ledger::{Tree, leaf_hash, verify_inclusion};
//!
//! let tree = Tree::of(["one", "two", "three"]);
//! let proof = tree.inclusion(2, tree.size())?;
//! verify_inclusion(&leaf_hash(b"three"), 2, 3, &proof, &tree.root())?;
//! assert!(verify_inclusion(&leaf_hash(b"tree"), 2, 3, &proof, &tree.root()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64;
mod checkpoint;
mod evidence;
pub mod governance;
mod hash;
mod log;
mod log_audit;
mod note;
mod note_key;
mod proof;
mod range;
mod range_statement;
mod tile;
mod tlog_proof;
mod tree;
mod witness;

pub use checkpoint::{Checkpoint, CheckpointError, Freshness, LogPolicy, OpenCheckpoint, Witnessed};
pub use evidence::{EvidenceError, SplitView};
pub use hash::{empty_root, leaf_hash, node_hash};
pub use log::{Log, LogError};
pub use log_audit::{AuditFault, AuditTrust, LogAudit, audit_log};
pub use note::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, Note, NoteError, NoteSignature, NoteSigned};
pub use note_key::{NoteKey, NoteKeyKind};
pub use proof::{PROOF_HASHES_MAX, ProofError, roots_of_path, verify_consistency, verify_inclusion};
pub use range::{RangeProof, verify_range};
pub use range_statement::RangeStatement;
pub use tile::{ENTRY_BYTES_MAX, TILE_WIDTH, Tile, TileError, TileLevel, audit, tiles};
pub use tlog_proof::{TlogProof, TlogProofError};
pub use tree::{Tree, TreeError};
pub use witness::{Witness, WitnessError, WitnessRequest};
