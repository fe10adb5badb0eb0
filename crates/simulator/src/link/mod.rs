//! Links that take time, lose packets and open for a while only; messages travel over them as bytes, hop by hop.
//!
//! ```text
//! message ─► packets ─► queue of the next hop ─► rate ─► delay ─► next node (acknowledges) ─► ... ─► message
//!                              ▲                   └ lost: the time-out puts the packet back ┘
//!                              └──────────────────────────────────────────────────────────────
//! ```

mod channel;
mod network;
mod packet;
mod route;
mod windows;

pub use channel::{Channel, LinkQuality};
pub use network::{Delivery, Happening, Network, Outage};
pub use packet::{ACKNOWLEDGEMENT_BYTES, HEADER_BYTES, PAYLOAD_BYTES_MAX};
pub use route::reachable;
pub use windows::Windows;
