use cosmosmesh_contracts::traits::ContentHasher;

use super::write;
use crate::{CatoptError, Diagram};

impl Diagram {
    /// The canonical text: equal for diagrams that differ in order only.
    ///
    /// # Errors
    /// As [`Diagram::canonical`].
    pub fn canonical_text(&self) -> Result<String, CatoptError> {
        Ok(write(&self.canonical()?, None))
    }

    /// The content hash of the whole diagram, in hexadecimal digits.
    ///
    /// # Errors
    /// As [`Diagram::canonical`].
    pub fn hash(&self, hasher: &dyn ContentHasher) -> Result<String, CatoptError> {
        Ok(hasher.digest("cosmosmesh/catopt/diagram/1", &[self.canonical_text()?.as_bytes()]).to_string())
    }
}
