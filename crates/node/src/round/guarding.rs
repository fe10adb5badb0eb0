use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{CryptoProvider, Transmit};
use cosmosmesh_privacy::mask::{Guardian, MaskError, Roster, SignedHeader};

use super::RoundLog;
use super::contributing::text;

/// A guardian's role: takes masks off sums, on a log of the headers that it heard.
pub struct Guarding {
    guardian: Guardian,
    log: Box<dyn RoundLog + Send>,
    /// A request that came before what it speaks of: the header, or an asset's keys. The latest of one asker.
    early: Option<(NodeId, Vec<u8>)>,
}

/// The first bytes of what guardians are asked.
pub(crate) const REQUEST_KIND: u8 = 0x35;
pub(crate) const PIECES_REQUEST_KIND: u8 = 0x38;

impl Guarding {
    /// A guardian that is open, with the bundles that it has accepted.
    pub fn new(guardian: Guardian, log: Box<dyn RoundLog + Send>) -> Self {
        Self { guardian, log, early: None }
    }

    /// Who takes part.
    pub(crate) fn roster(&self) -> &Roster {
        self.guardian.roster()
    }

    /// Puts a header that was heard into the log, and answers what waited for it.
    pub(crate) fn hear_header(
        &mut self,
        header: &SignedHeader,
        crypto: &CryptoProvider,
    ) -> Result<Option<Transmit>, String> {
        self.log.append(header).map_err(text)?;
        self.answer_early(crypto)
    }

    /// The same with a header as it travels.
    pub(crate) fn read_header(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<Option<Transmit>, String> {
        let header = SignedHeader::read(bytes, self.guardian.roster(), crypto).map_err(text)?;
        self.hear_header(&header, crypto)
    }

    /// Takes an asset's keys: its acceptance, and what waited for them.
    pub(crate) fn hear_bundle(
        &mut self,
        bytes: &[u8],
        crypto: &CryptoProvider,
    ) -> Result<(Vec<u8>, Option<Transmit>), String> {
        let acceptance = self.guardian.accept(bytes, crypto).map_err(text)?;
        Ok((acceptance, self.answer_early(crypto)?))
    }

    /// Answers a request, or keeps it until what it speaks of is here.
    pub(crate) fn answer(
        &mut self,
        from: NodeId,
        bytes: &[u8],
        crypto: &CryptoProvider,
    ) -> Result<Option<Transmit>, String> {
        let log: &dyn RoundLog = &*self.log;
        let answer = match bytes.first() {
            Some(&PIECES_REQUEST_KIND) => self.guardian.pieces(bytes, log, crypto),
            _ => self.guardian.answer(bytes, log, crypto),
        };
        match answer {
            Ok(bytes) => Ok(Some(Transmit { to: from, bytes })),
            Err(MaskError::NotLogged | MaskError::NoBundle { .. }) => {
                self.early = Some((from, bytes.to_vec()));
                Ok(None)
            }
            Err(error) => Err(text(error)),
        }
    }

    fn answer_early(&mut self, crypto: &CryptoProvider) -> Result<Option<Transmit>, String> {
        match self.early.take() {
            Some((from, bytes)) => self.answer(from, &bytes, crypto),
            None => Ok(None),
        }
    }
}
