//! Keys on disk: the secret as an encrypted PKCS#8 file that its owner alone may read, the public half beside it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{SecureRandom, Signer};
use cosmosmesh_crypto::{Ed25519Signer, Secret, SystemRandom};
use pkcs8::der::{Decode, SecretDocument};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::scrypt::Params;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding};
use serde::{Deserialize, Serialize};

use crate::draft::{Draft, Kind};
use crate::exit::Failure;
use crate::file;
use crate::passphrase::Passphrase;

/// The public half of a key, `cosmosmesh.key/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicKey {
    format: String,
    /// The key.
    pub(crate) node: NodeId,
}

const FORMAT: &str = "cosmosmesh.key/1";
const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// The largest key file that is read, in bytes.
const BYTES_MAX: usize = 16 * 1024;

/// RFC 8410: version 0, the algorithm Ed25519, 34 bytes, of which the last 32 are the seed.
const PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

// OWASP's third choice of equal strength; more memory would exceed what OpenSSL grants by default.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);

/// The most work that a key file may ask for: `N r p` of 1 GiB of memory traffic.
const SCRYPT_WORK_MAX: u64 = 1 << 23;

impl PublicKey {
    /// Of a key.
    pub(crate) fn new(node: NodeId) -> Self {
        Self { format: FORMAT.to_owned(), node }
    }

    /// A public key as the command line names it: a `.pub` file or 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`Failure`] with place and remedy.
    pub(crate) fn named(text: &str) -> Result<NodeId, Failure> {
        if let Some(node) = NodeId::from_hex(text) {
            return Ok(node);
        }
        let bytes = file::read(Path::new(text))?;
        let key: Self = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::bad_input(format!("{text}: {error}; name a .pub file of `keygen`, or 64 hexadecimal digits"))
        })?;
        if key.format != FORMAT {
            return Err(Failure::bad_input(format!("{text}: the format is {:?}, not {FORMAT:?}", key.format)));
        }
        Ok(key.node)
    }
}

/// The path of the public half.
pub(crate) fn public_path(key: &Path) -> PathBuf {
    key.with_extension("pub")
}

/// Writes a new key and its public half; an existing key is never overwritten.
///
/// # Errors
/// [`Failure`] naming the file.
pub(crate) fn write(path: &Path, seed: Secret, passphrase: &Passphrase) -> Result<NodeId, Failure> {
    check_free(path)?;
    let text = seal(&seed, passphrase)?;
    let node = Ed25519Signer::new(seed).node_id();
    let public_path = public_path(path);
    let public =
        serde_json::to_string(&PublicKey::new(node)).map_err(|error| Failure::unwritable(error.to_string()))? + "\n";
    if public_path.exists() && file::read(&public_path)? != public.as_bytes() {
        let shown = public_path.display();
        return Err(Failure::bad_input(format!(
            "{shown}: is another key's public half; move it away, or give the new key another name"
        )));
    }
    let mut secret = Draft::begin(path, Kind::Secret)?;
    secret.write_all(text.as_bytes()).map_err(|error| secret.failure(&error))?;
    let mut half = Draft::begin(&public_path, Kind::Open)?;
    half.write_all(public.as_bytes()).map_err(|error| half.failure(&error))?;
    // Whoever comes second to the key does not touch its public half.
    secret.place_new()?;
    Draft::place(vec![half])?;
    Ok(node)
}

/// Whether a new key may be written at `path`.
///
/// # Errors
/// [`Failure`] if something is there, or its public half would have the same name.
pub(crate) fn check_free(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    if public_path(path) == path {
        return Err(Failure::bad_input(format!(
            "{shown}: is the name of a public half; let the key's name end in .key"
        )));
    }
    // A link that leads nowhere is something, too.
    if fs::symlink_metadata(path).is_ok() {
        return Err(Failure::bad_input(format!("{shown}: is there already; a key is never overwritten")));
    }
    Ok(())
}

/// Opens a key.
///
/// # Errors
/// [`Failure`]: not there, readable by others, no key, another passphrase, or not the key of the public half beside it.
pub(crate) fn read(
    path: &Path,
    passphrase: &mut dyn FnMut() -> Result<Passphrase, Failure>,
) -> Result<Ed25519Signer, Failure> {
    let refuse = |what: &str| Failure::bad_input(format!("{}: {what}", path.display()));
    check_private(path)?;
    let bytes = file::read(path)?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= BYTES_MAX);
    let text = text.ok_or_else(|| refuse("is no key file; name one that `keygen` wrote"))?;
    let (label, document) = SecretDocument::from_pem(&text)
        .map_err(|error| refuse(&format!("is no key file ({error}); name one that `keygen` wrote")))?;
    if label != LABEL {
        return Err(refuse(&format!("holds {label:?}, not {LABEL:?}; name an encrypted key")));
    }
    let sealed = EncryptedPrivateKeyInfoRef::from_der(document.as_bytes())
        .map_err(|error| refuse(&format!("is no encrypted key ({error}); restore it from a copy")))?;
    check_work(&sealed.encryption_algorithm).map_err(refuse)?;
    let opened = sealed
        .decrypt(passphrase()?.as_bytes())
        .map_err(|_| refuse("does not open; the passphrase is another, or the file was changed"))?;
    let seed = opened.as_bytes().strip_prefix(&PREFIX).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
    let mut seed = seed.ok_or_else(|| refuse("does not open; the passphrase is another, or the file was changed"))?;
    let signer = Ed25519Signer::new(Secret::take(&mut seed));
    let public = public_path(path);
    // CBC does not notice every change; the public half does.
    if public.exists() && PublicKey::named(&public.to_string_lossy())? != signer.node_id() {
        return Err(refuse(&format!("is not the key of {}; one of the two was changed", public.display())));
    }
    Ok(signer)
}

fn seal(seed: &Secret, passphrase: &Passphrase) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::unwritable(format!("the key cannot be sealed: {error}"));
    let mut random = [0; 32];
    SystemRandom::new().fill(&mut random).map_err(|error| failed(&error))?;
    let (salt, rest) = random.split_at(16);
    let iv: [u8; 16] = rest.try_into().map_err(|error| failed(&error))?;
    let (log_n, r, p) = SCRYPT;
    let params = Params::new(log_n, r, p).map_err(|error| failed(&error))?;
    let parameters = Parameters::generate_scrypt_aes256cbc(params, salt, iv).map_err(|error| failed(&error))?;
    let mut der = PREFIX.to_vec();
    der.extend_from_slice(seed.expose());
    let plain = SecretDocument::try_from(der).map_err(|error| failed(&error))?;
    let data = parameters.encrypt(passphrase.as_bytes(), plain.as_bytes()).map_err(|error| failed(&error))?;
    let data = pkcs8::der::asn1::OctetStringRef::new(&data).map_err(|error| failed(&error))?;
    let sealed = pkcs8::EncryptedPrivateKeyInfo { encryption_algorithm: parameters.into(), encrypted_data: data };
    let document = SecretDocument::try_from(sealed).map_err(|error| failed(&error))?;
    document.to_pem(LABEL, LineEnding::LF).map(|text| text.to_string()).map_err(|error| failed(&error))
}

/// A file cannot make its reader work for hours or take all memory.
fn check_work(scheme: &EncryptionScheme) -> Result<(), &'static str> {
    let EncryptionScheme::Pbes2(parameters) = scheme else {
        return Err("is sealed in an outdated way; make it anew with `openssl pkcs8 -topk8 -scrypt`");
    };
    let work = match &parameters.kdf {
        Kdf::Scrypt(scrypt) => [u64::from(scrypt.block_size), u64::from(scrypt.parallelization)]
            .into_iter()
            .fold(scrypt.cost_parameter, u64::saturating_mul),
        Kdf::Pbkdf2(pbkdf2) => u64::from(pbkdf2.iteration_count),
        _ => return Err("is sealed in an unknown way; make it anew with `openssl pkcs8 -topk8 -scrypt`"),
    };
    if work > SCRYPT_WORK_MAX { Err("asks for more work than a passphrase is worth; refuse it") } else { Ok(()) }
}

/// Only its owner may read a secret.
fn check_private(path: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = fs::metadata(path).map_err(|error| {
            Failure::bad_input(format!("{}: {error}; check the path, or make a key with `keygen`", path.display()))
        })?;
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let shown = path.display();
            return Err(Failure::bad_input(format!(
                "{shown}: others may read or write it (mode {mode:03o}); `chmod 600 {shown}`, and rotate the key if they did"
            )));
        }
    }
    Ok(())
}
