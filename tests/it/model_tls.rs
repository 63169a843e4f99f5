//! Something answers at the model's address, and nothing that could be trusted with a call: the caller is not left with
//! it, and not with silence either.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acceptance::{World, WorldConfig};
use domain::PhoneNumber;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use simulator::twilio::{CallEventKind, CallerScript, DialOutcome, EndedBy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::no_agent::SOON_MS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handshake {
    /// With a certificate that no authority has signed.
    Untrusted,
    /// Answered with something that is no TLS, and closed.
    Broken,
    /// Taken and never answered.
    Unanswered,
}

/// What became of the connections to the model.
#[derive(Default)]
struct Seen {
    attempts: AtomicUsize,
    /// Bytes that were said in confidence: the key is among the first.
    confided: AtomicUsize,
}

async fn endpoint(handshake: Handshake) -> (Url, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://{}/v1/realtime", listener.local_addr().unwrap()).parse().unwrap();
    let seen = Arc::new(Seen::default());
    let (tls, counted) = (stranger(), Arc::clone(&seen));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counted.attempts.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(handshake, stream, tls.clone(), Arc::clone(&counted)));
        }
    });
    (url, seen)
}

async fn answer(handshake: Handshake, mut stream: TcpStream, tls: TlsAcceptor, seen: Arc<Seen>) {
    let mut bytes = [0u8; 1_024];
    match handshake {
        Handshake::Untrusted => {
            if let Ok(mut stream) = tls.accept(stream).await {
                seen.confided.fetch_add(stream.read(&mut bytes).await.unwrap_or(0), Ordering::SeqCst);
            }
        }
        Handshake::Broken => {
            let _ = stream.read(&mut bytes).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
        Handshake::Unanswered => while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {},
    }
}

/// TLS as it should be, but for who it is.
fn stranger() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Fault 57, of TLS. The caller soon hears that a person is being rung.
async fn a_model_that_cannot_be_reached_in_confidence_leads_to_a_person() {
    for handshake in [Handshake::Untrusted, Handshake::Broken, Handshake::Unanswered] {
        let (realtime_url, seen) = endpoint(handshake).await;
        let world = World::with(WorldConfig {
            realtime_url: Some(realtime_url),
            business: |new| new.business.fallback_number = PhoneNumber::parse("+12025550190").ok(),
            ..WorldConfig::default()
        })
        .await;
        let mut spec = world.spec(CallerScript::new(vec![]));
        spec.dial = DialOutcome::Answered(Duration::from_millis(300));
        let outcome = world.twilio.call(spec).finished().await;

        let first = outcome.times_ms(|kind| matches!(kind, CallEventKind::Said(_)))[0];
        assert!(first < SOON_MS, "{handshake:?}: silence for {first} ms");
        let dialled = outcome.times_ms(|kind| matches!(kind, CallEventKind::Dialled { status: "completed" }));
        assert_eq!(dialled.len(), 1, "{handshake:?}");
        assert_eq!(outcome.ended_by, EndedBy::Twiml);
        assert_eq!(outcome.debugger_codes(), Vec::<u32>::new(), "{handshake:?}");
        let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
        assert_eq!(record.end_reason(), "model_lost");

        assert_eq!(seen.confided.load(Ordering::SeqCst), 0, "not a byte was said to a stranger");
        let attempts = seen.attempts.load(Ordering::SeqCst);
        // A handshake that hangs takes the whole wait; any other is tried again.
        assert_eq!(attempts > 1, handshake != Handshake::Unanswered, "{handshake:?}: {attempts} attempts");
    }
}

acceptance::tests![a_model_that_cannot_be_reached_in_confidence_leads_to_a_person,];
