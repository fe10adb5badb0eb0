use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_privacy::mask::{Guardian, SignedHeader};

use super::RoundLog;
use super::contributing::text;

/// A guardian's role: takes masks off sums, on a log of the headers that it heard.
pub struct Guarding {
    guardian: Guardian,
    log: Box<dyn RoundLog + Send>,
}

/// The first bytes of what guardians are asked.
pub(crate) const REQUEST_KIND: u8 = 0x35;
pub(crate) const PIECES_REQUEST_KIND: u8 = 0x38;

impl Guarding {
    /// A guardian that is open and has accepted the agents' bundles.
    pub fn new(guardian: Guardian, log: Box<dyn RoundLog + Send>) -> Self {
        Self { guardian, log }
    }

    /// Puts a header that was heard into the log.
    pub(crate) fn hear_header(&mut self, header: &SignedHeader) -> Result<(), String> {
        if self.log.append(header) {
            Ok(())
        } else {
            Err(format!("a second header for round {}; report its facilitator", header.header().round))
        }
    }

    pub(crate) fn answer(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<Vec<u8>, String> {
        let log: &dyn RoundLog = &*self.log;
        match bytes.first() {
            Some(&PIECES_REQUEST_KIND) => self.guardian.pieces(bytes, log, crypto).map_err(text),
            _ => self.guardian.answer(bytes, log, crypto).map_err(text),
        }
    }
}
