//! The one text of a JSON value, and the hashes that are taken of it.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Fault;

/// The largest whole number that every reader of JSON keeps.
const WHOLE_MAX: u64 = 1 << 53;

/// The canonical text.
///
/// # Errors
/// [`Fault::Number`] for numbers with a fraction or beyond 2^53, whose text depends on floating point.
/// # Source
/// RFC 8785 (JSON Canonicalization Scheme), sections 3.2.2 and 3.2.3, without 3.2.2.3's fractions.
pub(super) fn canonical(value: &Value) -> Result<String, Fault> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), Fault> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            match magnitude {
                Some(0..=WHOLE_MAX) => out.push_str(&number.to_string()),
                _ => return Err(Fault::Number),
            }
        }
        Value::Array(items) => {
            out.push('[');
            for (k, item) in items.iter().enumerate() {
                if k > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut items: Vec<_> = map.iter().collect();
            items.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (k, (name, item)) in items.into_iter().enumerate() {
                if k > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A hash as did:webvh writes it: SHA-256 as multihash, in base58btc without a prefix.
///
/// # Source
/// did:webvh 1.0, "Generate Entry Hash"; multihash code 0x12, length 0x20.
pub(super) fn multihash(text: &str) -> String {
    let mut bytes = [0; 34];
    bytes[..2].copy_from_slice(&[0x12, 0x20]);
    bytes[2..].copy_from_slice(&sha256(text.as_bytes()));
    bs58::encode(bytes).into_string()
}
