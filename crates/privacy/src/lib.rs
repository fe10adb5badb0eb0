//! What leaves an asset, and what it costs.
//!
//! This crate *is* the masked sum, by which a fleet learns the sum of its reports and nobody learns one report, as state machines without I/O.
//! It is *not* a network, a clock, a cipher or a disk: primitives, time and storage are handed in through the traits of `contracts`, and it trusts no coordinator.
//!
//! ```
//! use cosmosmesh_privacy::mask::Committee;
//!
//! // Four guardians, of whom one may be corrupt: any three open a round, and each asset adds six masks.
//! let committee = Committee::new(4, 3, 1)?;
//! assert_eq!(committee.subsets().len(), 6);
//! // Two of four could open two different sets, so that is refused.
//! assert!(Committee::new(4, 2, 1).is_err());
//! # Ok::<(), cosmosmesh_privacy::mask::CommitteeError>(())
//! ```

pub mod budget;
pub mod mask;
pub mod noise;

mod sum;

pub use sum::{MaskTraffic, MaskedSum, Noise, SetUpError, ranges_digest, state_digest};
