use core::time::Duration;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey, date_time_ymd,
};

use super::{Certificate, CertificateError, MissionEpoch, Window};
use crate::chain::segment;

/// The last second that X.509 can tell: the end of the year 9999.
const UNIX_S_MAX: i64 = 253_402_300_799;

/// A certificate in the form that TLS knows, in DER.
///
/// It says less than a token: roles and log positions stay in the token, and the governance log decides in both cases.
/// # Source
/// RFC 5280; the SPIFFE X.509-SVID standard, sections 2 to 4 (one URI name, path `/asset/NAME`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct X509 {
    der: Vec<u8>,
}

impl X509 {
    /// An issuer's certificate of itself, which links take as their root: it signs certificates of nodes and nothing else.
    ///
    /// # Errors
    /// [`CertificateError::Window`] if a date lies outside the years 1970 to 9999, or what the key answers.
    pub fn authority(
        domain: &str,
        window: Window,
        epoch: MissionEpoch,
        signer: &dyn Signer,
    ) -> Result<Self, CertificateError> {
        let issuer = signer.node_id();
        let mut params = authority_params(domain, &issuer)?;
        set_window(&mut params, window, epoch)?;
        params.serial_number = Some(SerialNumber::from(1));
        let key = Key { public: issuer, signer };
        let issuer = Issuer::from_params(&params, &key);
        Ok(Self { der: params.signed_by(&key, &issuer).map_err(refused)?.der().to_vec() })
    }

    /// The X.509 form of a certificate, for both ends of TLS.
    ///
    /// # Shape
    /// Names: the URI `spiffe://DOMAIN/asset/NAME`, and [`X509::host_name`] for peers that check a host.
    /// # Errors
    /// [`CertificateError`] if the certificate does not pass its check, a date or the domain does not fit, or the key is not the issuer's.
    pub fn issue(
        certificate: &Certificate,
        domain: &str,
        epoch: MissionEpoch,
        signer: &dyn Signer,
    ) -> Result<Self, CertificateError> {
        certificate.check()?;
        if signer.node_id() != certificate.issuer {
            return Err(CertificateError::Issuer);
        }
        let authority = authority_params(domain, &certificate.issuer)?;
        let mut params = CertificateParams::default();
        set_window(&mut params, certificate.window, epoch)?;
        params.serial_number = Some(SerialNumber::from(certificate.serial));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, certificate.asset.as_str());
        let uri = format!("spiffe://{domain}/asset/{}", segment(certificate.asset.as_str()));
        params.subject_alt_names = vec![
            SanType::URI(uri.try_into().map_err(refused)?),
            SanType::DnsName(Self::host_name(&certificate.subject, domain).try_into().map_err(refused)?),
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params.key_identifier_method = key_id(&certificate.subject);
        let key = Key { public: certificate.issuer, signer };
        let issuer = Issuer::from_params(&authority, &key);
        let subject = Public(certificate.subject);
        Ok(Self { der: params.signed_by(&subject, &issuer).map_err(refused)?.der().to_vec() })
    }

    /// The host name of a key: the first 16 bytes in hexadecimal, below the fleet's domain.
    pub fn host_name(subject: &NodeId, domain: &str) -> String {
        format!("n{}.{domain}", &subject.to_string()[..32])
    }

    /// The bytes.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }
}

fn authority_params(domain: &str, issuer: &NodeId) -> Result<CertificateParams, CertificateError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() > 200 || !domain.split('.').all(label) {
        return Err(CertificateError::Domain);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, domain);
    params.distinguished_name.push(DnType::CommonName, issuer.to_string());
    params.subject_alt_names = vec![SanType::URI(format!("spiffe://{domain}").try_into().map_err(refused)?)];
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.key_identifier_method = key_id(issuer);
    Ok(params)
}

fn set_window(params: &mut CertificateParams, window: Window, epoch: MissionEpoch) -> Result<(), CertificateError> {
    let (not_before, not_after) = window.as_seconds();
    let date = |mission_s| {
        let unix_s = epoch.to_unix_s(mission_s);
        let seconds = u64::try_from(unix_s).ok().filter(|_| unix_s <= UNIX_S_MAX);
        let seconds = seconds.ok_or(CertificateError::Window)?;
        Ok::<_, CertificateError>(date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds))
    };
    params.not_before = date(not_before)?;
    // X.509 counts its last second as inside; a window ends before its end.
    params.not_after = date(not_after - 1)?;
    Ok(())
}

fn key_id(key: &NodeId) -> KeyIdMethod {
    KeyIdMethod::PreSpecified(key.as_bytes()[..20].to_vec())
}

fn refused(error: rcgen::Error) -> CertificateError {
    match error {
        rcgen::Error::RemoteKeyError => CertificateError::Key(cosmosmesh_contracts::key::KeyError::Unavailable),
        _ => CertificateError::Domain,
    }
}

struct Public(NodeId);

impl PublicKeyData for Public {
    fn der_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

struct Key<'a> {
    public: NodeId,
    signer: &'a dyn Signer,
}

impl PublicKeyData for Key<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl SigningKey for Key<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.signer.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}
