//! TLS between the process under test and the model's end: a certificate for this run, which the process is told to
//! trust.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// What is wrong with a certificate that we made ourselves.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("cannot use the certificate: {0}")]
    Use(#[from] rustls::Error),
    #[error("the certificate did not arrive whole")]
    Encoding,
}

/// The model's end of a handshake, and the certificate to trust, in base64.
pub(crate) fn server() -> Result<(TlsAcceptor, String), TlsError> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|_| TlsError::Encoding)?;
    let encoded = STANDARD.encode(&certificate);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), encoded))
}

pub(crate) fn decode(certificate: &str) -> Result<CertificateDer<'static>, TlsError> {
    STANDARD.decode(certificate).map(CertificateDer::from).map_err(|_| TlsError::Encoding)
}

/// A client that trusts this certificate and no other.
pub(crate) fn client(certificate: &str) -> Result<ClientConfig, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(decode(certificate)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
