use crate::key::{KeyError, NodeId, Signature};

/// Signs in one node's name. Implemented by `crypto` and by whoever keeps keys in hardware; used by `delta-sync`, `identity`, `ledger` and `node`.
///
/// What is signed begins with a text of its own format and purpose and with the suite, so that no signature counts for anything else; that is the duty of the format, because some formats are other people's.
pub trait Signer {
    /// In whose name.
    fn node_id(&self) -> NodeId;

    /// Signs exactly these bytes.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`] if the key's device does not answer.
    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError>;
}

/// Checks signatures. One acceptance rule holds for the whole mesh, or replicas would disagree about what is valid.
///
/// Implemented by `crypto`; used by whoever receives anything.
pub trait Verifier {
    /// Whether the signature is the signer's over exactly these bytes.
    ///
    /// # Errors
    /// [`KeyError::Signature`] or [`KeyError::PublicKey`]; trying again does not help.
    fn verify(&self, signer: &NodeId, message: &[u8], signature: &Signature) -> Result<(), KeyError>;

    /// Checks many at once; each verdict is the one that [`Verifier::verify`] would give, in the same order.
    ///
    /// # Cost
    /// One check each; an implementation may share work among them or use several threads, but never another acceptance rule.
    fn verify_all(&self, batch: &[(NodeId, &[u8], Signature)]) -> Vec<Result<(), KeyError>> {
        batch.iter().map(|(signer, message, signature)| self.verify(signer, message, signature)).collect()
    }
}
