use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::Kdf;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

/// HKDF with SHA-256, extract and expand.
///
/// # Source
/// RFC 5869.
#[derive(Clone, Copy, Debug, Default)]
pub struct HkdfSha256;

impl Kdf for HkdfSha256 {
    fn derive(&self, secret: &[u8], salt: &[u8], info: &[u8], output: &mut [u8]) -> Result<(), KeyError> {
        let too_long = KeyError::OutputTooLong { bytes: output.len() };
        let key = Salt::new(HKDF_SHA256, salt).extract(secret);
        let parts = [info];
        let okm = key.expand(&parts, Length(output.len())).map_err(|_| too_long)?;
        okm.fill(output).map_err(|_| too_long)
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
