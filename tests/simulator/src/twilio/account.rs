//! One Twilio account: its settings, its calls and recordings, and what it has sent and been asked.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::attachments::Attachment;
use super::call::CallState;
use super::recording::Recording;
use super::rest::{RestFault, RestRequest, SentText};
use super::spec::{Callee, TwilioConfig};
use super::webhooks::{CONNECT_TIMEOUT, MAX_HTTP_REDIRECTS, WebhookRecord};
use super::{TwilioError, lock};

/// Entries kept of each kind; the oldest go first.
const MAX_JOURNAL_ENTRIES: usize = 100_000;

/// Calls and recordings remembered; the oldest are forgotten first.
const MAX_REMEMBERED: usize = 500;

/// State shared by everything the simulator runs.
pub(crate) struct Account {
    pub(crate) config: TwilioConfig,
    pub(crate) api_url: Url,
    /// Where recordings are downloaded from, on another port as S3 is another host.
    pub(crate) media_url: Url,
    pub(crate) http: reqwest::Client,
    pub(crate) webhooks: Journal<WebhookRecord>,
    pub(crate) requests: Journal<RestRequest>,
    tokens: Mutex<Tokens>,
    pub(crate) rest_faults: Mutex<VecDeque<RestFault>>,
    /// When the account may dial again.
    free_to_dial: Mutex<Option<Instant>>,
    pub(crate) callees: Mutex<HashMap<String, Callee>>,
    /// What was told of the account's numbers, by their sids.
    pub(crate) numbers: Mutex<HashMap<String, Vec<(String, String)>>>,
    pub(crate) standing: Mutex<Standing>,
    pub(crate) calls: Register<CallState>,
    pub(crate) texts: Register<SentText>,
    /// Where each of them stands, by its sid: Twilio's word, and an error code.
    pub(crate) fates: Mutex<HashMap<String, (String, Option<u32>)>>,
    /// Media of texts that came in, by their sids.
    pub(crate) attachments: Mutex<VecDeque<(String, Attachment)>>,
    /// Counts texts that were sent and signs of writing, so that a phone can wait for more.
    pub(crate) texted: watch::Sender<u64>,
    /// People who cannot be written to, with the code that says why.
    pub(crate) unreachable: Mutex<HashMap<String, u32>>,
    pub(crate) recordings: Register<Recording>,
    /// Counts the calls created, so that a test can wait for one.
    pub(crate) created: watch::Sender<usize>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// Twilio docs, "Auth tokens": both open the REST API, and the primary one signs. A secondary one that is promoted takes
/// the place of the primary one, which is good for nothing then.
struct Tokens {
    primary: String,
    secondary: Option<String>,
}

impl Account {
    pub(crate) fn new(
        config: TwilioConfig,
        api_url: Url,
        media_url: Url,
        shutdown: CancellationToken,
    ) -> Result<Arc<Self>, TwilioError> {
        // Another part of the process may have installed one already: any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::limited(MAX_HTTP_REDIRECTS))
            // No connection outlives its request: a product that restarts in between is met afresh.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()?;
        let tokens = Tokens { primary: config.auth_token.clone(), secondary: None };
        Ok(Arc::new(Self {
            tokens: Mutex::new(tokens),
            config,
            api_url,
            media_url,
            http,
            webhooks: Journal::new(),
            requests: Journal::new(),
            rest_faults: Mutex::default(),
            free_to_dial: Mutex::default(),
            callees: Mutex::default(),
            numbers: Mutex::default(),
            standing: Mutex::default(),
            calls: Register::new(),
            texts: Register::new(),
            fates: Mutex::default(),
            attachments: Mutex::default(),
            texted: watch::channel(0).0,
            unreachable: Mutex::default(),
            recordings: Register::new(),
            created: watch::channel(0).0,
            tasks: TaskTracker::new(),
            shutdown,
        }))
    }

    /// What webhooks are signed with.
    pub(crate) fn signing_token(&self) -> String {
        lock(&self.tokens).primary.clone()
    }

    /// Whether the token opens the REST API.
    pub(crate) fn is_opened_by(&self, token: &str) -> bool {
        let tokens = lock(&self.tokens);
        tokens.primary == token || tokens.secondary.as_deref() == Some(token)
    }

    pub(crate) fn set_secondary_token(&self, token: String) {
        lock(&self.tokens).secondary = Some(token);
    }

    pub(crate) fn promote_secondary_token(&self) {
        let mut tokens = lock(&self.tokens);
        if let Some(token) = tokens.secondary.take() {
            tokens.primary = token;
        }
    }

    /// Reserves the moment at which the next call of the REST API is dialled.
    pub(crate) fn next_dial(&self) -> Instant {
        let mut free = lock(&self.free_to_dial);
        let at = free.map_or_else(Instant::now, |free| free.max(Instant::now()));
        *free = Some(at + self.config.dials_every);
        at
    }

    /// Runs `task` until it ends or the account shuts down.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = shutdown.cancelled() => {}
            }
        });
    }

    /// `{api_url}/2010-04-01/Accounts/{account}`, the prefix of every resource.
    pub(crate) fn resource_url(&self, path: &str) -> String {
        let base = self.api_url.as_str().trim_end_matches('/');
        format!("{base}/2010-04-01/Accounts/{}/{path}", self.config.account_sid)
    }
}

/// How the account stands with Twilio.
pub(crate) struct Standing {
    pub(crate) status: &'static str,
    pub(crate) balance: String,
    /// Countries, by their two letters, that its geographic permissions refuse.
    pub(crate) refused: BTreeSet<String>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { status: "active", balance: "20.00".to_owned(), refused: BTreeSet::new() }
    }
}

/// Things that happened, in order, up to a bound.
pub(crate) struct Journal<T> {
    entries: Mutex<VecDeque<T>>,
}

impl<T: Clone> Journal<T> {
    const fn new() -> Self {
        Self { entries: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn push(&self, entry: T) {
        let mut entries = lock(&self.entries);
        if entries.len() == MAX_JOURNAL_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<T> {
        lock(&self.entries).iter().cloned().collect()
    }
}

/// Resources by sid, in order of creation.
pub(crate) struct Register<T> {
    entries: Mutex<VecDeque<(String, Arc<T>)>>,
}

impl<T> Register<T> {
    const fn new() -> Self {
        Self { entries: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn insert(&self, sid: String, entry: Arc<T>) {
        let mut entries = lock(&self.entries);
        if entries.len() == MAX_REMEMBERED {
            entries.pop_front();
        }
        entries.push_back((sid, entry));
    }

    pub(crate) fn find(&self, sid: &str) -> Option<Arc<T>> {
        lock(&self.entries).iter().rev().find(|(key, _)| key == sid).map(|(_, entry)| Arc::clone(entry))
    }

    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        lock(&self.entries).iter().map(|(_, entry)| Arc::clone(entry)).collect()
    }

    pub(crate) fn nth(&self, index: usize) -> Option<Arc<T>> {
        lock(&self.entries).get(index).map(|(_, entry)| Arc::clone(entry))
    }
}
