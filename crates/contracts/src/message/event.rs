use super::{BodyError, check_number};
use crate::{AssetId, MissionTime};

/// Something that happened, worth telling.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Event {
    /// When.
    pub at: MissionTime,
    /// How bad.
    pub severity: Severity,
    /// What.
    pub kind: EventKind,
}

/// How bad an event is, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum Severity {
    /// As planned.
    Nominal,
    /// Worth a look.
    Watch,
    /// A limit is near or an activity is lost.
    Warning,
    /// A limit is broken or a vehicle is in danger.
    Critical,
}

/// The things that can happen.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "event", rename_all = "snake_case", deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
#[non_exhaustive]
pub enum EventKind {
    /// A contact opened.
    ContactOpened {
        /// Its name.
        contact: String,
        /// With whom.
        peer: AssetId,
    },
    /// A contact closed.
    ContactClosed {
        /// Its name.
        contact: String,
        /// With whom.
        peer: AssetId,
        /// What it carried, 10^6 bits.
        volume_mbit: f64,
    },
    /// A contact that was forecast did not open.
    ContactMissed {
        /// Its name.
        contact: String,
        /// With whom.
        peer: AssetId,
    },
    /// An activity began.
    ActivityStarted {
        /// Its name.
        activity: String,
    },
    /// An activity ended as planned.
    ActivityCompleted {
        /// Its name.
        activity: String,
    },
    /// An activity was cut short or not begun.
    ActivityFailed {
        /// Its name.
        activity: String,
        /// Why, in words.
        reason: String,
    },
    /// A measured quantity left its limits.
    LimitViolated {
        /// Which quantity, with its unit: `battery_wh`.
        quantity: String,
        /// What was measured.
        value: f64,
        /// The limit it passed.
        limit: f64,
    },
    /// The vehicle gave up its plan to keep itself alive.
    SafeModeEntered {
        /// Why, in words.
        reason: String,
    },
    /// The vehicle follows its plan again.
    SafeModeLeft,
    /// A new plan took effect.
    PlanActivated {
        /// Its version.
        version: u64,
    },
}

impl Event {
    /// The schema's name.
    pub const SCHEMA: &'static str = "cosmosmesh.event";
    /// The schema's version.
    pub const VERSION: u16 = 1;

    /// Whether the numbers are numbers: what a receiver asks before using one.
    ///
    /// # Errors
    /// [`BodyError`] names the field that is not finite.
    pub fn check(&self) -> Result<(), BodyError> {
        match &self.kind {
            EventKind::LimitViolated { value, limit, .. } => {
                check_number("kind.value", *value)?;
                check_number("kind.limit", *limit)
            }
            EventKind::ContactClosed { volume_mbit, .. } => check_number("kind.volume_mbit", *volume_mbit),
            _ => Ok(()),
        }
    }
}
