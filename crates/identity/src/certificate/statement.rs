use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;

use super::CertificateError;
use crate::role::Roles;

/// What an issuer says of one key, before it is written down and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Who says it.
    pub issuer: NodeId,
    /// The issuer's number for it; with the issuer it names the certificate, [`Certificate::name`].
    pub serial: u64,
    /// The key it is about.
    pub subject: NodeId,
    /// What the node is called; at most [`NAME_BYTES_MAX`] bytes.
    pub asset: AssetId,
    /// What the node is there for.
    pub roles: Roles,
    /// When it holds, by the clock.
    pub window: Window,
    /// Where it holds, by the governance log: the number of entries when it was issued, and the last at which it counts.
    pub positions: (u64, u64),
    /// Which rung of its ladder this is, from 0.
    pub rung: u16,
}

/// The longest name in a certificate, so that a token keeps within [`super::TOKEN_MAX`].
pub const NAME_BYTES_MAX: usize = 32;

impl Certificate {
    /// How revocations call it: the serial in hexadecimal, an at sign, the issuer in hexadecimal.
    pub fn name(&self) -> String {
        format!("{:016x}@{}", self.serial, self.issuer)
    }

    /// Whether it can be written down at all.
    ///
    /// # Errors
    /// [`CertificateError`] with the part that does not fit.
    pub fn check(&self) -> Result<(), CertificateError> {
        if self.positions.1 < self.positions.0 {
            return Err(CertificateError::Positions);
        }
        let bytes = self.asset.as_str().len();
        if bytes > NAME_BYTES_MAX {
            return Err(CertificateError::NameLength { bytes });
        }
        Ok(())
    }
}

/// A stretch of time on whole seconds: from the first instant to the instant after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    not_before_s: i64,
    not_after_s: i64,
}

impl Window {
    /// The farthest second from the mission's epoch: some 34,000 years, so that no sum of two overflows.
    pub const SECONDS_MAX: i64 = 1 << 40;

    /// The whole seconds that cover a beginning and stay before an end.
    ///
    /// Rounding makes the beginning earlier and the end earlier: a certificate never lives longer than was meant.
    /// # Errors
    /// [`CertificateError::Window`] if nothing is left, or if it lies beyond [`Window::SECONDS_MAX`].
    pub fn new(from: MissionTime, to: MissionTime) -> Result<Self, CertificateError> {
        Self::from_seconds(from.as_ms().div_euclid(1_000), to.as_ms().div_euclid(1_000))
    }

    /// The window between two seconds since the mission's epoch.
    ///
    /// # Errors
    /// As for [`Window::new`].
    pub fn from_seconds(not_before_s: i64, not_after_s: i64) -> Result<Self, CertificateError> {
        let range = -Self::SECONDS_MAX..=Self::SECONDS_MAX;
        if not_before_s >= not_after_s || !range.contains(&not_before_s) || !range.contains(&not_after_s) {
            return Err(CertificateError::Window);
        }
        Ok(Self { not_before_s, not_after_s })
    }

    /// The first instant inside.
    pub const fn not_before(&self) -> MissionTime {
        MissionTime(self.not_before_s * 1_000)
    }

    /// The first instant after.
    pub const fn not_after(&self) -> MissionTime {
        MissionTime(self.not_after_s * 1_000)
    }

    /// Both ends in seconds since the mission's epoch.
    pub const fn as_seconds(&self) -> (i64, i64) {
        (self.not_before_s, self.not_after_s)
    }
}
