//! `switchboard doctor` shakes hands with the hosts of a deployment and says how long their certificates stay good.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::process::switchboard;

/// An authority of this test's own, which a file makes trusted.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A server whose certificate is for `host` and ends this number of days from now.
    async fn serves(&self, host: &str, days: i64) -> SocketAddr {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        let now = platform::Clock::system().now();
        // Half a day more, so that the seconds of this test make no difference.
        let ends = u64::try_from(now.0 / 1_000 + days * 86_400 + 43_200).unwrap();
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(ends);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let (tls, listener) =
            (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tls = tls.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = tls.accept(stream).await else { return };
                    let _ = stream.read(&mut [0; 4_096]).await;
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        .await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        address
    }
}

/// What the doctor says of the certificate of the API there.
async fn looked_at(trusted: &Path, address: SocketAddr) -> (bool, Value) {
    let mut command = switchboard();
    command.args([
        "doctor",
        "--json",
        "--key",
        "none",
        "--url",
        &format!("https://localhost:{}", address.port()),
    ]);
    command.env("SSL_CERT_FILE", trusted).env_remove("STREAM_URL");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let check =
        report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "certificate of the API");
    (output.status.success(), check.unwrap().clone())
}

async fn a_certificate_is_proven_warned_of_or_a_fault_by_how_long_it_stays_good() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("roots.pem");
    let pem = STANDARD.encode(authority.0.der());
    std::fs::write(&trusted, format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n"))
        .unwrap();
    for (host, days, state, words) in [
        ("localhost", 60, "proven", "60 more days"),
        ("localhost", 12, "warning", "12 more days"),
        ("localhost", -3, "fault", "past its end"),
        ("elsewhere.example", 60, "fault", "another host's"),
    ] {
        let address = authority.serves(host, days).await;
        let (proven, check) = looked_at(&trusted, address).await;
        assert_eq!(check["state"], state, "{host}, {days} days: {check}");
        assert!(check["detail"].as_str().unwrap().contains(words), "{host}, {days} days: {check}");
        assert!(!proven, "what answers there is no deployment");
    }
    let stranger = Authority::new().serves("localhost", 60).await;
    let (_, check) = looked_at(&trusted, stranger).await;
    assert_eq!(check["state"], "fault", "{check}");
    assert!(check["detail"].as_str().unwrap().contains("no authority"), "{check}");
}

acceptance::tests![a_certificate_is_proven_warned_of_or_a_fault_by_how_long_it_stays_good];
