use cosmosmesh_contracts::MissionTime;

/// What is known of a contact when it opens: enough to cut what is sent to what will arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What the host calls the link; it is written into receipts.
    pub link: String,
    /// Bits per second towards the peer, if limited.
    pub rate_bps: Option<u64>,
    /// When the contact ends, if that is known.
    pub until: Option<MissionTime>,
    /// One way, milliseconds. An answer is not waited for before twice this.
    pub delay_ms: i64,
    /// Whether the peer can answer within this contact.
    pub two_way: bool,
}

impl Contact {
    /// A two-way contact without a known end.
    pub fn new(link: impl Into<String>) -> Self {
        Self { link: link.into(), rate_bps: None, until: None, delay_ms: 0, two_way: true }
    }
}

/// A contact while it lasts.
#[derive(Clone, Debug)]
pub(super) struct OpenContact {
    pub(super) contact: Contact,
    opened: MissionTime,
    used_bytes: u64,
}

impl OpenContact {
    pub(super) fn new(contact: Contact, now: MissionTime) -> Self {
        Self { contact, opened: now, used_bytes: 0 }
    }

    /// How many bytes can still be sent before the contact ends.
    pub(super) fn bytes_left(&self, now: MissionTime) -> u64 {
        let Some(until) = self.contact.until else { return u64::MAX };
        if now >= until {
            return 0;
        }
        let Some(rate) = self.contact.rate_bps else { return u64::MAX };
        let bytes = |from: MissionTime| {
            let ms = u128::try_from(until.ms_since(from)).unwrap_or(0);
            u64::try_from(u128::from(rate) * ms / 8_000).unwrap_or(u64::MAX)
        };
        bytes(self.opened).saturating_sub(self.used_bytes).min(bytes(now))
    }

    pub(super) fn spend(&mut self, bytes: usize) {
        self.used_bytes = self.used_bytes.saturating_add(bytes as u64);
    }

    /// After how long without an answer to ask again, the `attempt`-th time.
    pub(super) fn patience_ms(&self, attempt: u32, queued_bytes: u64) -> i64 {
        let sending = self.contact.rate_bps.map_or(0, |rate| {
            i64::try_from(u128::from(queued_bytes) * 8_000 / u128::from(rate.max(1))).unwrap_or(i64::MAX)
        });
        let wait = self.contact.delay_ms.saturating_mul(2).saturating_add(PATIENCE_MS << attempt.min(10));
        wait.saturating_add(sending)
    }
}

/// What is granted to a peer for thinking and to a link for its moods.
const PATIENCE_MS: i64 = 2_000;
