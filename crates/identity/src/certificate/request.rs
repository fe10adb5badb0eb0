use cosmosmesh_contracts::key::Signature;
use cosmosmesh_contracts::traits::{Signer, Verifier};

use super::cbor::{ARRAY, BYTES, MAP, Reader, TAG, TEXT, head, string};
use super::token::{protected, protected_key, shifted};
use super::{Certificate, CertificateError, MissionEpoch, TOKEN_MAX, Token};

/// The most bytes of a request: a token, a header and a signature.
pub const REQUEST_MAX: usize = 1 + 1 + 2 + 38 + 1 + 2 + TOKEN_MAX + 2 + 64;

/// What separates the signature of a request from that of a token: the external data of its signature.
const CONTEXT: &[u8] = b"cosmosmesh/certificate-renewal/1";

/// A node's wish for the certificate after the present one: the old token, signed with the key it names.
///
/// It carries no date and no number: an answer is about the same key, which whoever repeats the request does not have.
/// # Shape
/// At most [`REQUEST_MAX`] bytes in one encoding; docs/protocol/05-identity.md gives them one by one.
/// # Source
/// RFC 9052, section 4.2 (COSE_Sign1) with external data, section 4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    old: Token,
    signature: Signature,
}

impl Request {
    /// Asks in the holder's name; `signer` is the key that the old certificate names.
    ///
    /// # Errors
    /// [`CertificateError::Holder`] if it is another key, or what the key answers.
    pub fn sign(old: Token, signer: &dyn Signer) -> Result<Self, CertificateError> {
        if signer.node_id() != old.certificate().subject {
            return Err(CertificateError::Holder);
        }
        let signature = signer.sign(&to_be_signed(&old))?;
        Ok(Self { old, signature })
    }

    /// Reads a request and checks both signatures, the issuer's and the holder's; whether it is granted is for [`super::renewal`].
    ///
    /// # Errors
    /// [`CertificateError::Token`] with the offset, [`CertificateError::Holder`] or [`CertificateError::Key`]; trying again does not help.
    pub fn read(bytes: &[u8], epoch: MissionEpoch, verifier: &dyn Verifier) -> Result<Self, CertificateError> {
        if bytes.len() > REQUEST_MAX {
            return Err(CertificateError::Token { at: REQUEST_MAX, expected: "nothing: a request is shorter" });
        }
        let mut outer = Reader::new(bytes);
        outer.exact(TAG, 18, "the tag of COSE_Sign1")?;
        outer.exact(ARRAY, 4, "an array of four")?;
        let inside = outer.string(BYTES, "the protected header")?;
        let start = outer.at() - inside.len();
        let holder = protected_key(inside).map_err(|error| shifted(error, start))?;
        outer.exact(MAP, 0, "an empty header")?;
        let inside = outer.string(BYTES, "the old token")?;
        let start = outer.at() - inside.len();
        let old = Token::read(inside, epoch, verifier).map_err(|error| shifted(error, start))?;
        let signature = Signature::from_bytes(outer.array("a signature of 64 bytes")?);
        outer.end()?;
        if holder != old.certificate().subject {
            return Err(CertificateError::Holder);
        }
        verifier.verify(&holder, &to_be_signed(&old), &signature)?;
        Ok(Self { old, signature })
    }

    /// The certificate that is to be renewed.
    pub fn certificate(&self) -> &Certificate {
        self.old.certificate()
    }

    /// The bytes to send.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(REQUEST_MAX);
        head(&mut out, TAG, 18);
        head(&mut out, ARRAY, 4);
        string(&mut out, BYTES, &protected(&self.certificate().subject));
        head(&mut out, MAP, 0);
        string(&mut out, BYTES, &self.old.to_bytes());
        string(&mut out, BYTES, self.signature.as_bytes());
        out
    }
}

fn to_be_signed(old: &Token) -> Vec<u8> {
    let mut out = Vec::with_capacity(REQUEST_MAX);
    head(&mut out, ARRAY, 4);
    string(&mut out, TEXT, b"Signature1");
    string(&mut out, BYTES, &protected(&old.certificate().subject));
    string(&mut out, BYTES, CONTEXT);
    string(&mut out, BYTES, &old.to_bytes());
    out
}
