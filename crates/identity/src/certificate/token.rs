use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::key::{NodeId, Signature};
use cosmosmesh_contracts::traits::{Signer, Verifier};

use super::cbor::{ARRAY, BYTES, MAP, Reader, TAG, TEXT, head, integer, string};
use super::{Certificate, CertificateError, Window};
use crate::role::{Role, Roles};

/// The most bytes of a token.
pub const TOKEN_MAX: usize = 250;

/// The CWT claim of ours, in the range for private use: roles, first and last log position, rung.
pub(super) const CLAIM: i64 = -65_537;

/// Where mission time 0 lies on the civil scale, so that other people's tools read the dates in a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissionEpoch {
    unix_s: i64,
}

impl MissionEpoch {
    /// Mission time 0 is so many seconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`CertificateError::Window`] if it lies beyond [`Window::SECONDS_MAX`].
    pub fn from_unix_s(unix_s: i64) -> Result<Self, CertificateError> {
        if unix_s.unsigned_abs() > Window::SECONDS_MAX as u64 {
            return Err(CertificateError::Window);
        }
        Ok(Self { unix_s })
    }

    /// The civil second of a second of the mission.
    pub const fn to_unix_s(self, mission_s: i64) -> i64 {
        mission_s.saturating_add(self.unix_s)
    }

    const fn to_mission_s(self, unix_s: i64) -> i64 {
        unix_s.saturating_sub(self.unix_s)
    }
}

/// A signed certificate as it is sent over thin links: a COSE_Sign1 message around a CBOR Web Token.
///
/// There is one encoding; every other is refused, so equal certificates of one key are equal bytes.
/// # Shape
/// At most [`TOKEN_MAX`] bytes; docs/protocol/05-identity.md gives them one by one.
/// # Privacy
/// It shows the node's name, key, roles and window to whoever receives it.
/// # Source
/// RFC 9052 section 4.2 (COSE_Sign1), RFC 9053 section 2.2 (EdDSA), RFC 8392 (CWT), RFC 8747 section 3.2 (confirmation key).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    certificate: Certificate,
    signature: Signature,
    epoch: MissionEpoch,
}

impl Token {
    /// Signs a certificate in its issuer's name.
    ///
    /// # Errors
    /// [`CertificateError`] if the certificate does not fit a token, if the key is not its issuer's, or if the key does not answer.
    pub fn issue(certificate: Certificate, epoch: MissionEpoch, signer: &dyn Signer) -> Result<Self, CertificateError> {
        certificate.check()?;
        if signer.node_id() != certificate.issuer {
            return Err(CertificateError::Issuer);
        }
        let signature = signer.sign(&to_be_signed(&certificate, epoch))?;
        Ok(Self { certificate, signature, epoch })
    }

    /// Reads a token and checks its issuer's signature; whether the issuer may say so is for [`super::judge`].
    ///
    /// # Errors
    /// [`CertificateError::Token`] with the offset, or [`CertificateError::Key`]; trying again does not help.
    /// # Cost
    /// One signature check; no allocation but the name and the text that was signed.
    pub fn read(bytes: &[u8], epoch: MissionEpoch, verifier: &dyn Verifier) -> Result<Self, CertificateError> {
        let token = Self::decode(bytes, epoch)?;
        let text = to_be_signed(&token.certificate, epoch);
        verifier.verify(&token.certificate.issuer, &text, &token.signature)?;
        Ok(token)
    }

    /// What the token says; for a token that was read, its signature was checked.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TOKEN_MAX);
        head(&mut out, TAG, 18);
        head(&mut out, ARRAY, 4);
        string(&mut out, BYTES, &protected(&self.certificate.issuer));
        head(&mut out, MAP, 0);
        string(&mut out, BYTES, &claims(&self.certificate, self.epoch));
        string(&mut out, BYTES, self.signature.as_bytes());
        out
    }

    fn decode(bytes: &[u8], epoch: MissionEpoch) -> Result<Self, CertificateError> {
        if bytes.len() > TOKEN_MAX {
            return Err(CertificateError::Token { at: TOKEN_MAX, expected: "nothing: a token is shorter" });
        }
        let mut outer = Reader::new(bytes);
        outer.exact(TAG, 18, "the tag of COSE_Sign1")?;
        outer.exact(ARRAY, 4, "an array of four")?;
        let issuer = {
            let inside = outer.string(BYTES, "the protected header")?;
            let start = outer.at() - inside.len();
            protected_key(inside).map_err(|error| shifted(error, start))?
        };
        outer.exact(MAP, 0, "an empty header")?;
        let inside = outer.string(BYTES, "the claims")?;
        let start = outer.at() - inside.len();
        let certificate = read_claims(inside, issuer, epoch).map_err(|error| shifted(error, start))?;
        let signature = Signature::from_bytes(outer.array("a signature of 64 bytes")?);
        outer.end()?;
        Ok(Self { certificate, signature, epoch })
    }
}

pub(super) fn shifted(error: CertificateError, by: usize) -> CertificateError {
    match error {
        CertificateError::Token { at, expected } => CertificateError::Token { at: at + by, expected },
        other => other,
    }
}

/// Algorithm EdDSA, and the signing key as key id.
pub(super) fn protected(key: &NodeId) -> Vec<u8> {
    let mut out = Vec::with_capacity(38);
    head(&mut out, MAP, 2);
    integer(&mut out, 1);
    integer(&mut out, -8);
    integer(&mut out, 4);
    string(&mut out, BYTES, key.as_bytes());
    out
}

pub(super) fn protected_key(bytes: &[u8]) -> Result<NodeId, CertificateError> {
    let mut reader = Reader::new(bytes);
    reader.exact(MAP, 2, "a map of two")?;
    reader.key(1, "the key 1 (algorithm)")?;
    reader.key(-8, "the algorithm -8 (EdDSA)")?;
    reader.key(4, "the key 4 (key id)")?;
    let key = NodeId::from_bytes(reader.array("a key's 32 bytes")?);
    reader.end()?;
    Ok(key)
}

/// The claims in the order of deterministic encoding: 2 sub, 4 exp, 5 nbf, 7 cti, 8 cnf, ours.
fn claims(certificate: &Certificate, epoch: MissionEpoch) -> Vec<u8> {
    let (not_before, not_after) = certificate.window.as_seconds();
    let mut out = Vec::with_capacity(160);
    head(&mut out, MAP, 6);
    integer(&mut out, 2);
    string(&mut out, TEXT, certificate.asset.as_str().as_bytes());
    integer(&mut out, 4);
    integer(&mut out, epoch.to_unix_s(not_after));
    integer(&mut out, 5);
    integer(&mut out, epoch.to_unix_s(not_before));
    integer(&mut out, 7);
    string(&mut out, BYTES, &certificate.serial.to_be_bytes());
    integer(&mut out, 8);
    head(&mut out, MAP, 1);
    integer(&mut out, 1);
    head(&mut out, MAP, 3);
    integer(&mut out, 1);
    integer(&mut out, 1);
    integer(&mut out, -1);
    integer(&mut out, 6);
    integer(&mut out, -2);
    string(&mut out, BYTES, certificate.subject.as_bytes());
    integer(&mut out, CLAIM);
    head(&mut out, ARRAY, 4);
    head(&mut out, 0, role_bits(certificate.roles));
    head(&mut out, 0, certificate.positions.0);
    head(&mut out, 0, certificate.positions.1);
    head(&mut out, 0, u64::from(certificate.rung));
    out
}

fn read_claims(bytes: &[u8], issuer: NodeId, epoch: MissionEpoch) -> Result<Certificate, CertificateError> {
    let mut reader = Reader::new(bytes);
    reader.exact(MAP, 6, "a map of six claims")?;
    reader.key(2, "the claim 2 (subject)")?;
    let at = reader.at();
    let name = reader.string(TEXT, "a name")?;
    let asset = core::str::from_utf8(name).ok().and_then(|name| AssetId::new(name).ok());
    let asset = asset.ok_or(CertificateError::Token { at, expected: "an asset's name" })?;
    reader.key(4, "the claim 4 (end)")?;
    let not_after_s = epoch.to_mission_s(reader.integer("an end")?);
    reader.key(5, "the claim 5 (beginning)")?;
    let not_before_s = epoch.to_mission_s(reader.integer("a beginning")?);
    let window = Window::from_seconds(not_before_s, not_after_s)?;
    reader.key(7, "the claim 7 (number)")?;
    let serial = u64::from_be_bytes(reader.array("a number of 8 bytes")?);
    reader.key(8, "the claim 8 (confirmation)")?;
    reader.exact(MAP, 1, "a map of one")?;
    reader.key(1, "the key 1 (COSE key)")?;
    reader.exact(MAP, 3, "a map of three")?;
    reader.key(1, "the key 1 (key type)")?;
    reader.key(1, "the type 1 (octet key pair)")?;
    reader.key(-1, "the key -1 (curve)")?;
    reader.key(6, "the curve 6 (Ed25519)")?;
    reader.key(-2, "the key -2 (public key)")?;
    let subject = NodeId::from_bytes(reader.array("the subject's 32 bytes")?);
    reader.key(CLAIM, "the claim -65537 (fleet)")?;
    reader.exact(ARRAY, 4, "an array of four")?;
    let at = reader.at();
    let roles = roles_of(reader.head(0, "roles")?).ok_or(CertificateError::Token { at, expected: "known roles" })?;
    let positions = (reader.head(0, "a log position")?, reader.head(0, "a log position")?);
    let at = reader.at();
    let rung = u16::try_from(reader.head(0, "a rung")?);
    let rung = rung.map_err(|_| CertificateError::Token { at, expected: "a rung below 65,536" })?;
    reader.end()?;
    let certificate = Certificate { issuer, serial, subject, asset, roles, window, positions, rung };
    certificate.check()?;
    Ok(certificate)
}

/// One bit for each role, in the order of the table, the first the lowest.
fn role_bits(roles: Roles) -> u64 {
    roles.iter().fold(0, |bits, role| bits | 1 << role as u8)
}

fn roles_of(bits: u64) -> Option<Roles> {
    let known = |role: &&Role| bits & 1 << **role as u8 != 0;
    let roles: Roles = Role::ALL.iter().filter(known).copied().collect();
    (role_bits(roles) == bits).then_some(roles)
}

/// The Sig_structure of RFC 9052, section 4.4, without external data.
fn to_be_signed(certificate: &Certificate, epoch: MissionEpoch) -> Vec<u8> {
    let mut out = Vec::with_capacity(TOKEN_MAX);
    head(&mut out, ARRAY, 4);
    string(&mut out, TEXT, b"Signature1");
    string(&mut out, BYTES, &protected(&certificate.issuer));
    string(&mut out, BYTES, &[]);
    string(&mut out, BYTES, &claims(certificate, epoch));
    out
}
