use std::path::Path;
use std::process::Command;

use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_contracts::{AssetId, MissionTime};
use cosmosmesh_crypto::Ed25519Signer;
use cosmosmesh_identity::certificate::{Certificate, CertificateError, MissionEpoch, Window, X509};

use crate::certificate::{certificate, epoch, signer};

const DOMAIN: &str = "fleet.example";

fn openssl(folder: &Path, arguments: &[&str]) -> Option<(bool, String)> {
    let output = match Command::new("openssl").args(arguments).current_dir(folder).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("openssl: {error}"),
    };
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

fn authority(signer: &Ed25519Signer) -> X509 {
    X509::authority(DOMAIN, Window::from_seconds(-1_000, 1_000_000).unwrap(), epoch(), signer).unwrap()
}

/// The second opinion: what OpenSSL accepts, and that it refuses each twin for its own reason.
#[test]
fn openssl_accepts_the_chain_and_refuses_every_twin() {
    let folder = std::env::temp_dir().join(format!("cosmosmesh-x509-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    if openssl(&folder, &["version"]).is_none() {
        println!("skipped: there is no openssl here");
        return;
    }
    let write = |name: &str, certificate: &X509| {
        std::fs::write(folder.join(name), certificate.as_der()).unwrap();
        let pem = format!("{name}.pem");
        let (done, text) = openssl(&folder, &["x509", "-inform", "DER", "-in", name, "-out", &pem]).unwrap();
        assert!(done, "{text}");
        pem
    };
    let (issuer, subject, foreigner) = (signer(1), signer(2), signer(3));
    let said = certificate(&issuer, &subject);
    let root = write("root", &authority(&issuer));
    let foreign_root = write("foreign-root", &authority(&foreigner));
    let leaf = write("leaf", &X509::issue(&said, DOMAIN, epoch(), &issuer).unwrap());
    let host = X509::host_name(&said.subject, DOMAIN);
    let verify = |root: &str, second: i64, purpose: &str, host: &str, leaf: &str| {
        let second = epoch().to_unix_s(second).to_string();
        let strict = ["verify", "-x509_strict", "-CAfile", root, "-attime", &second];
        openssl(&folder, &[&strict[..], &["-purpose", purpose, "-verify_hostname", host, leaf]].concat()).unwrap()
    };
    for purpose in ["sslserver", "sslclient"] {
        // OpenSSL counts the last second as outside, against RFC 5280, section 4.1.2.5; so 98.
        for second in [-10, 0, 98] {
            let (accepted, text) = verify(&root, second, purpose, &host, &leaf);
            assert!(accepted, "{purpose} at {second}: {text}");
        }
    }
    let other = X509::host_name(&foreigner.node_id(), DOMAIN);
    // Signed by a key that calls itself by the issuer's name, as nobody honest would.
    let forged = X509::issue(&Certificate { issuer: foreigner.node_id(), ..said.clone() }, DOMAIN, epoch(), &foreigner);
    let forged = write("forged", &forged.unwrap());
    // A leaf that plays the authority.
    let under = Certificate { issuer: subject.node_id(), subject: foreigner.node_id(), ..said.clone() };
    let under = write("under", &X509::issue(&under, DOMAIN, epoch(), &subject).unwrap());
    for (what, reason, (accepted, text)) in [
        ("expired", "expired", verify(&root, 100, "sslserver", &host, &leaf)),
        ("early", "not yet valid", verify(&root, -11, "sslserver", &host, &leaf)),
        ("wrong usage", "purpose", verify(&root, 0, "smimesign", &host, &leaf)),
        ("wrong name", "hostname mismatch", verify(&root, 0, "sslserver", &other, &leaf)),
        ("foreign authority", "issuer certificate", verify(&foreign_root, 0, "sslserver", &host, &leaf)),
        ("forged", "issuer certificate", verify(&root, 0, "sslserver", &host, &forged)),
        ("leaf as authority", "issuer certificate", verify(&leaf, 0, "sslserver", &other, &under)),
    ] {
        assert!(!accepted, "{what} was accepted");
        assert!(text.to_lowercase().contains(reason), "{what}: {text}");
    }
    let (_, text) = openssl(&folder, &["x509", "-in", &leaf, "-noout", "-text"]).unwrap();
    for part in ["URI:spiffe://fleet.example/asset/rover-1", "Serial Number: 7 ", "CA:FALSE", "Digital Signature"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_x509_cannot_say_is_refused() {
    let (issuer, subject) = (signer(1), signer(2));
    let said = certificate(&issuer, &subject);
    for domain in ["", "Fleet.example", "fleet..example", "-a.example", "a b", "höhe.example"] {
        assert_eq!(X509::issue(&said, domain, epoch(), &issuer), Err(CertificateError::Domain), "{domain:?}");
    }
    assert_eq!(X509::issue(&said, DOMAIN, epoch(), &subject), Err(CertificateError::Issuer));
    let first = MissionEpoch::from_unix_s(0).unwrap();
    assert_eq!(X509::issue(&said, DOMAIN, first, &issuer), Err(CertificateError::Window), "before 1970");
    let late = Window::new(MissionTime(0), MissionTime(300_000_000_000_000)).unwrap();
    let late = Certificate { window: late, ..said.clone() };
    assert_eq!(X509::issue(&late, DOMAIN, epoch(), &issuer), Err(CertificateError::Window), "after 9999");
    let odd = Certificate { asset: AssetId::new("Zelt Ü/2").unwrap(), ..said };
    let der = X509::issue(&odd, DOMAIN, epoch(), &issuer).unwrap();
    let uri = b"spiffe://fleet.example/asset/Zelt%20%C3%9C%2F2";
    assert!(der.as_der().windows(uri.len()).any(|window| window == uri));
}
