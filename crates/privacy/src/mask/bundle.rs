use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::CryptoProvider;
use zeroize::Zeroizing;

use super::codec::{Kind, Reader, Writer, verify};
use super::stream::{KeyRing, MaskKey};
use super::{MaskError, Roster};

/// The keys of an agent for an epoch, and the bundle that hands them to the guardians.
pub(crate) fn make(roster: &Roster, agent: u32, crypto: &mut CryptoProvider) -> Result<(KeyRing, Vec<u8>), MaskError> {
    let committee = roster.committee();
    let mut keys = Vec::with_capacity(committee.subsets().len());
    for _ in committee.subsets() {
        let mut bytes = [0; 32];
        crypto.random.fill(&mut bytes)?;
        keys.push(MaskKey::take(&mut bytes));
    }
    let mut secret = Zeroizing::new([0; 32]);
    crypto.random.fill(&mut *secret)?;
    let public = crypto.agreement.public_key(&secret);
    let mut text = Writer::new(Kind::Bundle).bytes(roster.hash()).u32(agent).bytes(public);
    for (key, subset) in keys.iter().zip(committee.subsets()) {
        text = text.bytes(key.commitment(&*crypto.hasher, &roster.hash(), agent, *subset));
    }
    for guardian in 0..committee.guardians() {
        let mut sealed = Zeroizing::new(Vec::with_capacity(32 * committee.subsets().len() + TAG_BYTES));
        committee.held_by(guardian).for_each(|k| sealed.extend_from_slice(keys[k].expose()));
        let place = Place { roster, agent, guardian, public: &public };
        let peer = &roster.terms().guardians[usize::from(guardian)].agreement;
        let key = place.key(&secret, peer, crypto)?;
        // The buffer never moves, so no copy of a key is left behind; sealing overwrites the keys in place.
        crypto.aead.seal(&key, &[0; 12], &place.associated(), &mut sealed)?;
        text = text.bytes(&*sealed);
    }
    let bundle = text.signed(Kind::Bundle, &*crypto.signer)?;
    Ok((KeyRing::new(keys), bundle))
}

const TAG_BYTES: usize = 16;

/// The agent whose bundle this claims to be, and the bundle's name.
pub(crate) fn peek(bytes: &[u8], roster: &Roster, crypto: &CryptoProvider) -> Result<(u32, Digest), MaskError> {
    let mut reader = Reader::new(Kind::Bundle, bytes)?;
    if reader.digest()? != roster.hash() {
        return Err(MaskError::OtherRoster);
    }
    let agent = reader.u32()?;
    if agent >= roster.agent_count() {
        return Err(MaskError::NotInRoster { role: "agent" });
    }
    Ok((agent, name(bytes, crypto)))
}

/// The bundle's name, of which acceptances speak.
pub(crate) fn name(bytes: &[u8], crypto: &CryptoProvider) -> Digest {
    crypto.hasher.digest("cosmosmesh/mask/bundle/1", &[bytes])
}

/// What a guardian takes out of a bundle: the keys of its own subsets, each as it was committed to.
pub(crate) fn take(
    bytes: &[u8],
    roster: &Roster,
    guardian: u8,
    secret: &[u8; 32],
    crypto: &CryptoProvider,
) -> Result<KeyRing, MaskError> {
    let committee = roster.committee();
    let (agent, _) = peek(bytes, roster, crypto)?;
    let mut reader = Reader::new(Kind::Bundle, bytes)?;
    let _ = (reader.digest()?, reader.u32()?);
    let public = reader.key()?;
    let mut commitments = Vec::with_capacity(committee.subsets().len());
    for _ in committee.subsets() {
        commitments.push(reader.digest()?);
    }
    let mut sealed = Zeroizing::new(Vec::new());
    for other in 0..committee.guardians() {
        let len = 32 * committee.held_by(other).count() + TAG_BYTES;
        let bytes = reader.bytes(len)?;
        if other == guardian {
            sealed.extend_from_slice(bytes);
        }
    }
    let text = reader.so_far();
    let signature = reader.signature()?;
    reader.end()?;
    verify(&*crypto.verifier, Kind::Bundle, &roster.terms().agents[agent as usize], text, &signature)?;
    let place = Place { roster, agent, guardian, public: &public };
    let key = place.key(secret, &public, crypto)?;
    crypto.aead.open(&key, &[0; 12], &place.associated(), &mut sealed)?;
    let mut keys = Vec::new();
    for (k, bytes) in committee.held_by(guardian).zip(sealed.as_chunks_mut::<32>().0) {
        let key = MaskKey::take(bytes);
        if key.commitment(&*crypto.hasher, &roster.hash(), agent, committee.subsets()[k]) != commitments[k] {
            return Err(MaskError::Commitment { agent });
        }
        keys.push(key);
    }
    Ok(KeyRing::new(keys))
}

/// Whose box, for whom.
struct Place<'a> {
    roster: &'a Roster,
    agent: u32,
    guardian: u8,
    public: &'a [u8; 32],
}

impl Place<'_> {
    fn associated(&self) -> Vec<u8> {
        Writer::bare().bytes(self.roster.hash()).u32(self.agent).u8(self.guardian).done()
    }

    /// The one key of the one box of this agent for this guardian, from either side's secret.
    fn key(
        &self,
        secret: &[u8; 32],
        peer: &[u8; 32],
        crypto: &CryptoProvider,
    ) -> Result<Zeroizing<[u8; 32]>, MaskError> {
        let mut shared = Zeroizing::new([0; 32]);
        crypto.agreement.agree(secret, peer, &mut shared)?;
        let guardian = &self.roster.terms().guardians[usize::from(self.guardian)].agreement;
        let info = Writer::bare().bytes("cosmosmesh/mask/box/1").u8(0).u32(self.agent).u8(self.guardian);
        let info = info.bytes(self.public).bytes(guardian).done();
        let mut key = Zeroizing::new([0; 32]);
        crypto.kdf.derive(&*shared, self.roster.hash().as_ref(), &info, &mut *key)?;
        Ok(key)
    }
}

/// A guardian's word that it holds an agent's keys.
pub(crate) fn acceptance(
    roster: &Roster,
    agent: u32,
    guardian: u8,
    bundle: Digest,
    crypto: &CryptoProvider,
) -> Result<Vec<u8>, MaskError> {
    let text = Writer::new(Kind::Acceptance).bytes(roster.hash()).u32(agent).u8(guardian).bytes(bundle);
    text.signed(Kind::Acceptance, &*crypto.signer)
}

/// Which guardian says that it accepted which bundle of which agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The agent.
    pub agent: u32,
    /// The guardian.
    pub guardian: u8,
    /// The bundle's name. Two names for one agent convict it of two bundles.
    pub bundle: Digest,
}

impl Acceptance {
    /// Reads an acceptance of this roster.
    ///
    /// # Errors
    /// [`MaskError`] if it is malformed, of another roster, or not signed by its guardian.
    pub fn read(bytes: &[u8], roster: &Roster, crypto: &CryptoProvider) -> Result<Self, MaskError> {
        let mut reader = Reader::new(Kind::Acceptance, bytes)?;
        if reader.digest()? != roster.hash() {
            return Err(MaskError::OtherRoster);
        }
        let found = Self { agent: reader.u32()?, guardian: reader.u8()?, bundle: reader.digest()? };
        let text = reader.so_far();
        let signature = reader.signature()?;
        reader.end()?;
        let Some(guardian) = roster.terms().guardians.get(usize::from(found.guardian)) else {
            return Err(MaskError::NotInRoster { role: "guardian" });
        };
        if found.agent >= roster.agent_count() {
            return Err(MaskError::NotInRoster { role: "agent" });
        }
        verify(&*crypto.verifier, Kind::Acceptance, &guardian.node, text, &signature)?;
        Ok(found)
    }
}
