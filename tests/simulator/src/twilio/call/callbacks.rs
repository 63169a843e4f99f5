//! Webhooks that expect no TwiML, sent one after another beside the call, with the faults asked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{CallState, rfc2822};
use crate::twilio::account::Account;
use crate::twilio::events::{CallEventKind, CallStatus, WebhookKind};
use crate::twilio::lock;
use crate::twilio::spec::StatusOrder;
use crate::twilio::webhooks::{DeliveryError, Reply, Webhook, deliver};

/// Callbacks waiting to be sent for one call.
const CALLBACK_BACKLOG: usize = 256;

struct Due {
    webhook: Webhook,
    at: Instant,
    copies: u32,
}

/// The callbacks of one call.
pub(super) struct CallbackQueue {
    call: Arc<CallState>,
    account: Arc<Account>,
    sequence: Mutex<u32>,
    held: Mutex<Vec<Webhook>>,
    sender: Mutex<Option<mpsc::Sender<Due>>>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl CallbackQueue {
    pub(super) fn new(account: &Arc<Account>, call: &Arc<CallState>) -> Self {
        let (sender, mut due) = mpsc::channel::<Due>(CALLBACK_BACKLOG);
        let (account, call) = (Arc::clone(account), Arc::clone(call));
        let (posting_account, posting_call) = (Arc::clone(&account), Arc::clone(&call));
        let worker = account.tasks.spawn(async move {
            while let Some(Due { webhook, at, copies }) = due.recv().await {
                tokio::time::sleep_until(at).await;
                for _ in 0..=copies {
                    // A callback that fails is logged and not sent again, as Twilio does by default.
                    let _ = post(&posting_account, &posting_call, &webhook).await;
                }
            }
        });
        Self {
            call,
            account,
            sequence: Mutex::new(0),
            held: Mutex::default(),
            sender: Mutex::new(Some(sender)),
            worker: Mutex::new(Some(worker)),
        }
    }

    /// The call's status changed: a status callback, if one is wanted.
    pub(super) async fn status(&self, status: CallStatus) {
        let spec = &self.call.spec;
        let Some(url) = spec.status_callback.as_ref().filter(|_| spec.status_events.wants(status)) else {
            return;
        };
        let mut params = self.call.params(&self.account.config.account_sid);
        params.extend(self.progress_params(status));
        let faults = &spec.faults.webhooks;
        if faults.lost.contains(&status) {
            return;
        }
        let webhook = Webhook::new(WebhookKind::CallStatus, url.clone(), false, params);
        match faults.order {
            StatusOrder::AsFired => self.send(webhook, faults.status_delay, faults.status_copies).await,
            StatusOrder::Reversed | StatusOrder::Shuffled(_) => lock(&self.held).push(webhook),
        }
    }

    fn progress_params(&self, status: CallStatus) -> Vec<(String, String)> {
        let sequence_number = {
            let mut sequence = lock(&self.sequence);
            let number = *sequence;
            *sequence += 1;
            number
        };
        let mut params = vec![
            ("Timestamp", rfc2822(self.account.config.now())),
            ("SequenceNumber", sequence_number.to_string()),
            ("CallbackSource", "call-progress-events".to_owned()),
        ];
        if let (CallStatus::Completed, Some((_, duration))) = (status, self.call.progress().ended) {
            params.push(("CallDuration", duration.as_secs().to_string()));
            params.push(("Duration", duration.as_secs().div_ceil(60).to_string()));
        }
        params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Sends `webhook` on its own, after `delay`.
    pub(super) fn later(&self, webhook: Webhook, delay: Duration) {
        let (account, call) = (Arc::clone(&self.account), Arc::clone(&self.call));
        self.account.spawn(async move {
            tokio::time::sleep(delay).await;
            // As for every callback, a failure is in the log and has no other effect.
            let _ = post(&account, &call, &webhook).await;
        });
    }

    async fn send(&self, webhook: Webhook, delay: Duration, copies: u32) {
        let sender = lock(&self.sender).clone();
        if let Some(sender) = sender {
            // The worker ends only with the simulator.
            let _ = sender.send(Due { webhook, at: Instant::now() + delay, copies }).await;
        }
    }

    /// Sends what was held back, then waits until everything has been sent.
    pub(super) async fn drain(&self) {
        let faults = &self.call.spec.faults.webhooks;
        let mut held = std::mem::take(&mut *lock(&self.held));
        match faults.order {
            StatusOrder::AsFired => {}
            StatusOrder::Reversed => held.reverse(),
            StatusOrder::Shuffled(seed) => held.shuffle(&mut StdRng::seed_from_u64(seed)),
        }
        for webhook in held {
            self.send(webhook, faults.status_delay, faults.status_copies).await;
        }
        lock(&self.sender).take();
        let worker = lock(&self.worker).take();
        if let Some(worker) = worker {
            // It fails only by being aborted together with this call.
            let _ = worker.await;
        }
    }
}

/// Delivers a webhook of a call and logs how it went.
pub(crate) async fn post(
    account: &Arc<Account>,
    call: &CallState,
    webhook: &Webhook,
) -> Result<Reply, DeliveryError> {
    let started = Instant::now();
    let result = deliver(account, webhook).await;
    let status = match &result {
        Ok(reply) => Some(reply.status),
        Err(error) => error.status,
    };
    let took_ms = started.elapsed().as_millis() as u64;
    call.line.log(CallEventKind::Webhook { kind: webhook.kind, status, took_ms });
    if let Err(error) = &result {
        call.debugger(error.code, &error.message);
    }
    result
}
