//! One TLS provider for every client in the process.

/// Installs ring as rustls's provider. Clients built afterwards find it; calling it again changes nothing.
pub fn install() {
    // An error means that a provider is installed already, which is all that is wanted.
    let _already = rustls::crypto::ring::default_provider().install_default();
}
