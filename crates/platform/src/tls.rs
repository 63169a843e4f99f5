//! One TLS provider and one reading of the trusted roots for every client in the process.

use std::sync::LazyLock;

use reqwest::{Certificate, ClientBuilder};

/// The operating system's roots. Reading them takes as long as all the rest of a client, and there are several clients.
static ROOTS: LazyLock<Vec<Certificate>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().filter_map(|root| Certificate::from_der(root).ok()).collect()
});

/// The system has no root that a peer's certificate could lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no TLS trust store")]
pub struct NoTrustStore;

/// Installs ring as rustls's provider. Clients built afterwards find it; calling it again changes nothing.
pub fn install() {
    // An error means that a provider is installed already, which is all that is wanted.
    let _already = rustls::crypto::ring::default_provider().install_default();
}

/// A client of HTTP, to be fitted out, that trusts whom the operating system trusts.
///
/// # Errors
/// [`NoTrustStore`].
pub fn client() -> Result<ClientBuilder, NoTrustStore> {
    install();
    if ROOTS.is_empty() {
        return Err(NoTrustStore);
    }
    Ok(reqwest::Client::builder().tls_certs_only(ROOTS.iter().cloned()))
}
