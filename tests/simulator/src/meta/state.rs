//! What one simulated Meta knows and remembers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::faults::Faults;
use super::graph::{GraphRequest, Sent, Sign};
use super::media::Medium;
use super::webhooks::Delivery;
use super::{MetaConfig, MetaError, Sender, Template};

/// Entries kept of each kind; the oldest go first.
const MAX_KEPT: usize = 10_000;
/// Media kept; the oldest go first.
const MAX_MEDIA: usize = 200;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long Meta waits for the answer to a webhook.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Shared by everything the simulated Meta runs.
pub(crate) struct State {
    pub(crate) config: MetaConfig,
    pub(crate) api_url: Url,
    pub(crate) http: reqwest::Client,
    pub(crate) faults: Faults,
    pub(crate) shutdown: CancellationToken,
    /// Where webhooks go.
    webhook: Mutex<Option<Url>>,
    senders: Mutex<Vec<Sender>>,
    templates: Mutex<Vec<Template>>,
    sent: Mutex<VecDeque<Sent>>,
    signs: Mutex<VecDeque<Sign>>,
    requests: Mutex<VecDeque<GraphRequest>>,
    deliveries: Mutex<VecDeque<Delivery>>,
    media: Mutex<VecDeque<(String, Medium)>>,
    /// When a person wrote last to a sender: the customer service window is counted from it.
    wrote: Mutex<HashMap<(String, String), Timestamp>>,
    /// Counts what happened, so that a phone can wait for more.
    changes: watch::Sender<u64>,
}

impl State {
    pub(crate) fn new(config: MetaConfig, api_url: Url) -> Result<Self, MetaError> {
        // Another part of the process may have installed one already: any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            // No connection outlives its request: a product that restarts in between is met afresh.
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()?;
        Ok(Self {
            senders: Mutex::new(config.senders.clone()),
            templates: Mutex::new(config.templates.clone()),
            config,
            api_url,
            http,
            faults: Faults::default(),
            shutdown: CancellationToken::new(),
            webhook: Mutex::default(),
            sent: Mutex::default(),
            signs: Mutex::default(),
            requests: Mutex::default(),
            deliveries: Mutex::default(),
            media: Mutex::default(),
            wrote: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    pub(super) fn add_sender(&self, sender: Sender) {
        let mut senders = lock(&self.senders);
        senders.retain(|known| known.phone_number_id != sender.phone_number_id);
        senders.push(sender);
    }

    pub(crate) fn sender(&self, phone_number_id: &str) -> Option<Sender> {
        lock(&self.senders).iter().find(|sender| sender.phone_number_id == phone_number_id).cloned()
    }

    pub(super) fn approve(&self, template: Template) {
        lock(&self.templates).push(template);
    }

    /// The templates of this name, one for each language.
    pub(super) fn templates(&self, name: &str) -> Vec<Template> {
        lock(&self.templates).iter().filter(|template| template.name == name).cloned().collect()
    }

    pub(super) fn webhook(&self) -> Option<Url> {
        lock(&self.webhook).clone()
    }

    pub(super) fn set_webhook(&self, url: Url) {
        *lock(&self.webhook) = Some(url);
    }

    pub(super) fn keep_sent(&self, sent: Sent) {
        push(&self.sent, sent);
        self.changed();
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        lock(&self.sent).iter().cloned().collect()
    }

    pub(super) fn keep_sign(&self, sign: Sign) {
        push(&self.signs, sign);
        self.changed();
    }

    pub(crate) fn signs(&self) -> Vec<Sign> {
        lock(&self.signs).iter().cloned().collect()
    }

    pub(super) fn keep_request(&self, request: GraphRequest) {
        push(&self.requests, request);
    }

    pub(super) fn requests(&self) -> Vec<GraphRequest> {
        lock(&self.requests).iter().cloned().collect()
    }

    pub(super) fn keep_delivery(&self, delivery: Delivery) {
        push(&self.deliveries, delivery);
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.deliveries).iter().cloned().collect()
    }

    /// Keeps a medium that a person sends, and gives Meta's name of it.
    pub(crate) fn keep_medium(&self, medium: Medium) -> String {
        let id = Uuid::new_v4().as_u128() % 10_u128.pow(15) + 10_u128.pow(15);
        let mut media = lock(&self.media);
        if media.len() == MAX_MEDIA {
            media.pop_front();
        }
        media.push_back((id.to_string(), medium));
        id.to_string()
    }

    /// Works on a medium, if there is one of this name.
    pub(super) fn medium<T>(&self, id: &str, with: impl FnOnce(&mut Medium) -> T) -> Option<T> {
        let mut media = lock(&self.media);
        media.iter_mut().find(|(known, _)| known == id).map(|(_, medium)| with(medium))
    }

    /// A person wrote to a sender.
    pub(crate) fn person_wrote(&self, phone_number_id: &str, handles: &[String], at: Timestamp) {
        let mut wrote = lock(&self.wrote);
        if wrote.len() > MAX_KEPT {
            wrote.clear();
        }
        for handle in handles {
            let last = wrote.entry((phone_number_id.to_owned(), plain(handle))).or_insert(at);
            *last = (*last).max(at);
        }
    }

    /// Whether free words may go to a person now: within a day of what they wrote last.
    pub(crate) fn window_is_open(&self, phone_number_id: &str, person: &str) -> bool {
        let last = lock(&self.wrote).get(&(phone_number_id.to_owned(), plain(person))).copied();
        let day = jiff::SignedDuration::from_hours(24);
        last.is_some_and(|last| self.config.now().duration_since(last) < day)
    }
}

/// A new name of a message, as Meta gives them: base64 with everything in it.
pub(crate) fn wamid() -> String {
    let mut bytes = vec![0x1d, 0xe0, 0x4b];
    bytes.extend_from_slice(Uuid::new_v4().as_bytes());
    bytes.extend_from_slice(&[0xfb, 0xff, 0x00]);
    bytes.push(0x15);
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// A number is its digits, however it is written.
pub(crate) fn plain(person: &str) -> String {
    let digits = person.strip_prefix('+').unwrap_or(person);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.to_owned()
    } else {
        person.to_owned()
    }
}

fn push<T>(entries: &Mutex<VecDeque<T>>, entry: T) {
    let mut entries = lock(entries);
    if entries.len() == MAX_KEPT {
        entries.pop_front();
    }
    entries.push_back(entry);
}

/// A thread that panicked with the lock leaves its state readable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
