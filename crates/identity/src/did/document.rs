use serde_json::{Value, json};

use super::DidKey;

/// The document that an identifier stands for, worked out from the identifier alone.
///
/// A signing key may authenticate, assert, and invoke and delegate capabilities; an agreement key may agree.
/// No agreement key is derived from a signing key: one key has one purpose in the mesh.
/// # Source
/// W3C DID Core 1.0, section 5; W3C CCG, The did:key Method, document creation; W3C Controlled Identifiers 1.0, Multikey.
pub fn document(did: &DidKey) -> Value {
    let id = did.to_string();
    let multibase = did.multibase();
    let method = format!("{id}#{multibase}");
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": id,
        "verificationMethod": [{
            "id": method,
            "type": "Multikey",
            "controller": id,
            "publicKeyMultibase": multibase,
        }],
    });
    let relations: &[&str] = match did {
        DidKey::Ed25519(_) => &["authentication", "assertionMethod", "capabilityDelegation", "capabilityInvocation"],
        DidKey::X25519(_) => &["keyAgreement"],
    };
    for relation in relations {
        document[*relation] = json!([method]);
    }
    document
}
