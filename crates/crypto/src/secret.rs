use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::SecureRandom;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// 32 secret bytes: a signing seed, an agreement secret, a key.
///
/// Wiped when dropped. What is missing is missing on purpose:
///
/// ```compile_fail,E0277
/// fn show(secret: &cosmosmesh_crypto::Secret) -> String {
///     format!("{secret:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn show(secret: &cosmosmesh_crypto::Secret) -> String {
///     format!("{secret}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn copy(secret: &cosmosmesh_crypto::Secret) -> cosmosmesh_crypto::Secret {
///     secret.clone()
/// }
/// ```
/// ```compile_fail,E0507
/// fn take(secret: &cosmosmesh_crypto::Secret) -> cosmosmesh_crypto::Secret {
///     *secret
/// }
/// ```
/// ```compile_fail,E0369
/// fn equal(a: &cosmosmesh_crypto::Secret, b: &cosmosmesh_crypto::Secret) -> bool {
///     a == b // leaks how far they agree; `matches` does not
/// }
/// ```
pub struct Secret(Box<[u8; 32]>);

impl Secret {
    /// Takes the bytes over and wipes where they stood.
    pub fn take(bytes: &mut [u8; 32]) -> Self {
        let secret = Self(Box::new(*bytes));
        bytes.zeroize();
        secret
    }

    /// A secret nobody knows yet.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random(random: &mut dyn SecureRandom) -> Result<Self, KeyError> {
        let mut secret = Self(Box::new([0; 32]));
        random.fill(&mut *secret.0)?;
        Ok(secret)
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether two secrets are equal, in a time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn taking_wipes_the_source_and_comparing_sees_every_byte() {
        let mut bytes = [7; 32];
        let secret = Secret::take(&mut bytes);
        assert_eq!(bytes, [0; 32]);
        assert_eq!(secret.expose(), &[7; 32]);
        for k in 0..32 {
            let mut other = [7; 32];
            other[k] ^= 1;
            assert!(!secret.matches(&Secret::take(&mut other)), "byte {k}");
        }
        assert!(secret.matches(&Secret::take(&mut [7; 32])));
    }
}
