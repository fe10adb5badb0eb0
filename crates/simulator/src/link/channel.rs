use super::Windows;
use crate::random::Stream;

/// How good a link is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkQuality {
    /// How long a bit is on its way.
    pub delay_ms: u32,
    /// How many bits are sent per second.
    pub rate_bps: f64,
    /// The part of packets that is lost: in `0.0..1.0`.
    pub loss: f64,
}

/// One direction of a link.
#[derive(Clone, Debug)]
pub struct Channel {
    /// `from -> to`, for people.
    pub name: String,
    /// Who sends.
    pub from: usize,
    /// Who hears.
    pub to: usize,
    /// How good it is.
    pub quality: LinkQuality,
    /// When it is open by everybody's plan.
    pub contacts: Windows,
    /// When it is down all the same: nobody is told, but who wants to send notices.
    pub outages: Windows,
    pub(super) open: Windows,
    pub(super) random: Stream,
}

impl Channel {
    /// A channel with its own stream of random numbers.
    pub fn new(
        seed: u64,
        (from, from_name): (usize, &str),
        (to, to_name): (usize, &str),
        quality: LinkQuality,
        contacts: Windows,
        outages: Windows,
    ) -> Self {
        let name = format!("{from_name} -> {to_name}");
        let open = contacts.without(&outages);
        let random = Stream::new(seed, &format!("link {name}"));
        Self { name, from, to, quality, contacts, outages, open, random }
    }

    /// How long that many bytes take to send, in microseconds; at least one.
    pub fn serialisation_us(&self, bytes: usize) -> i64 {
        ((bytes as f64 * 8e6 / self.quality.rate_bps).ceil() as i64).max(1)
    }

    /// How long the sender waits for an acknowledgement after the last bit has left.
    pub(super) fn timeout_us(&self) -> i64 {
        let acknowledgement = self.serialisation_us(super::ACKNOWLEDGEMENT_BYTES);
        2 * i64::from(self.quality.delay_ms) * 1000 + acknowledgement + TIMEOUT_MARGIN_US
    }

    /// When these bytes would be through if nothing else were sent, by the plan: the start and the end of sending.
    pub(super) fn planned_slot_us(&self, from_us: i64, bytes: usize) -> Option<(i64, i64)> {
        let needed = self.serialisation_us(bytes);
        let mut time_us = from_us;
        while let Some(span) = self.contacts.from(time_us.div_euclid(1000)) {
            let start = time_us.max(span.start_ms * 1000);
            if start + needed <= span.end_ms * 1000 {
                return Some((start, start + needed));
            }
            time_us = span.end_ms * 1000;
        }
        None
    }
}

const TIMEOUT_MARGIN_US: i64 = 20_000;
