//! An issuer of OpenID Connect to sign in through: discovery, keys that rotate, a page on which a person says who they
//! are, and a token endpoint that checks what the client sends.
//!
//! [`Issuer::start`] listens on a free port of this machine. What the client did wrong is in [`Issuer::violations`], which
//! is empty after a good sign-in; how the issuer itself goes wrong is said with [`Issuer::misbehave`].

mod keys;
mod page;
mod server;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use keys::Signer;

/// How the client is known to the issuer.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The client's name.
    pub client_id: String,
    /// The client's secret, which it must show.
    pub client_secret: String,
    /// How far the issuer's clock is ahead of the machine's.
    pub ahead: Option<watch::Receiver<Duration>>,
}

/// What an issuer does otherwise than the standard says, until it is told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The ID token repeats another nonce.
    WrongNonce,
    /// The ID token is for another client.
    WrongAudience,
    /// The ID token names another issuer.
    WrongIssuer,
    /// The ID token has several audiences, and was asked for by another one.
    WrongParty,
    /// The ID token has no signature and says so (`alg: none`).
    Unsigned,
    /// The ID token is signed with the client's secret (`alg: HS256`).
    SharedSecret,
    /// The ID token expired an hour ago.
    Expired,
    /// The ID token is of the next hour.
    Future,
    /// The ID token names a key that is not among the issuer's.
    UnknownKey,
    /// The ID token names a key of the issuer and is signed with another one.
    ForeignSignature,
    /// The ID token has no subject.
    NoSubject,
    /// The token endpoint answers with an ID token of 4 MB.
    Huge,
    /// The token endpoint does not answer.
    Slow,
    /// The token endpoint redirects elsewhere.
    Redirect,
    /// The token endpoint answers 500.
    Broken,
    /// The token endpoint's answer is no JSON.
    NoJson,
    /// What comes back with the browser names another issuer (RFC 9207).
    MixUp,
}

/// A running issuer. Dropping it closes its port.
pub struct Issuer {
    /// Its name in ID tokens, and its address: `http://127.0.0.1:<port>`.
    pub url: String,
    shared: Arc<Shared>,
}

/// A code that was given out and not exchanged yet.
struct Grant {
    person: String,
    redirect_uri: String,
    nonce: String,
    challenge: String,
}

#[derive(Default)]
struct State {
    misbehaviour: Option<Misbehaviour>,
    grants: BTreeMap<String, Grant>,
    violations: Vec<String>,
    /// The key that signs, of those that there are.
    current: usize,
    keys_asked_for: usize,
}

struct Shared {
    url: String,
    config: IssuerConfig,
    signers: [Signer; 2],
    state: Mutex<State>,
    shutdown: CancellationToken,
}

impl Issuer {
    /// Listens on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(config: IssuerConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let signers = [keys::published()?, keys::made()?];
        let (state, shutdown) = (Mutex::default(), CancellationToken::new());
        let shared = Arc::new(Shared { url: url.clone(), config, signers, state, shutdown });
        tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self { url, shared })
    }

    /// Goes wrong in this way from now on; `None`: in none.
    pub fn misbehave(&self, how: Option<Misbehaviour>) {
        self.shared.state().misbehaviour = how;
    }

    /// Signs with the other key from now on, and no longer shows the one from before.
    pub fn rotate(&self) {
        let mut state = self.shared.state();
        state.current = (state.current + 1) % self.shared.signers.len();
    }

    /// What the client did wrong.
    pub fn violations(&self) -> Vec<String> {
        self.shared.state().violations.clone()
    }

    /// How often its keys were asked for.
    pub fn keys_asked_for(&self) -> usize {
        self.shared.state().keys_asked_for
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.shared.shutdown.cancel();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn misbehaves(&self, how: Misbehaviour) -> bool {
        self.state().misbehaviour == Some(how)
    }

    fn violation(&self, what: impl Into<String>) {
        self.state().violations.push(what.into());
    }

    /// Seconds since 1970.
    fn now(&self) -> u64 {
        let ahead = self.config.ahead.as_ref().map(|ahead| *ahead.borrow()).unwrap_or_default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (now + ahead).as_secs()
    }
}
