use crate::link::LinkQuality;
use crate::report::Span;

/// A link between two assets, the same in both directions.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSpec {
    /// Indices of the two assets.
    pub between: (usize, usize),
    /// How good it is.
    pub quality: LinkQuality,
    /// When it is open.
    pub contacts: ContactSpec,
}

/// When a link is open.
#[derive(Clone, Debug, PartialEq)]
pub enum ContactSpec {
    /// Always.
    Always,
    /// In these stretches.
    Listed(Vec<Span>),
    /// When the two see each other, by the relay's orbit.
    InSight,
}

/// A pass of a relay that is not a member of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct PassSpec {
    /// Its name.
    pub name: String,
    /// The relay.
    pub relay: String,
    /// From rise to set.
    pub span: Span,
    /// Mean rate, bits per second.
    pub rate_bps: f64,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultSpec {
    /// A link is silent.
    Cut {
        /// Indices of the two assets.
        between: (usize, usize),
        /// While.
        span: Span,
    },
}
