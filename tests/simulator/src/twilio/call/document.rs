//! Getting the next TwiML document: from a URL, with its fallback, or as given.

use std::sync::Arc;

use url::Url;

use super::callbacks::post;
use super::{CallState, Runner};
use crate::twilio::events::WebhookKind;
use crate::twilio::spec::TwimlSource;
use crate::twilio::twiml::{self, ActionAddress, MAX_TWIML_BYTES, Verb};
use crate::twilio::webhooks::{DeliveryError, Reply, Webhook};

/// A document to be requested.
pub(super) struct DocumentRequest {
    pub(super) kind: WebhookKind,
    pub(super) source: TwimlSource,
    /// Fields beside those every request has.
    pub(super) extra: Vec<(String, String)>,
}

impl DocumentRequest {
    pub(super) fn action(source: TwimlSource, extra: Vec<(String, String)>) -> Self {
        Self { kind: WebhookKind::Action, source, extra }
    }
}

/// A document to be followed.
pub(super) struct Loaded {
    pub(super) verbs: Vec<Verb>,
    /// Where it came from, for relative URLs; inline TwiML has no such place.
    pub(super) base: Option<Url>,
}

impl Loaded {
    /// The absolute source of an action or redirect, if it has one.
    pub(super) fn resolve(&self, call: &CallState, target: &ActionAddress) -> Option<TwimlSource> {
        let url = self.resolve_url(call, &target.url)?;
        Some(TwimlSource::Url { url, get: target.get })
    }

    pub(super) fn resolve_url(&self, call: &CallState, text: &str) -> Option<Url> {
        let url = match &self.base {
            Some(base) => base.join(text),
            None => Url::parse(text),
        };
        url.inspect_err(|error| call.debugger(11100, format!("'{text}' is not a URL: {error}"))).ok()
    }
}

impl Runner {
    /// Requests and reads a document; the error is in the debugger already.
    pub(super) async fn load(&self, request: &DocumentRequest) -> Result<Loaded, DeliveryError> {
        let (url, get) = match &request.source {
            TwimlSource::Inline(text) => return self.read_twiml(text, None),
            TwimlSource::Url { url, get } => (url, *get),
        };
        let mut params = self.call.params(&self.account.config.account_sid);
        params.extend(request.extra.iter().cloned());
        let webhook = Webhook::new(request.kind, url.clone(), get, params);
        if request.kind == WebhookKind::Voice {
            for _ in 0..self.call.spec.faults.webhooks.voice_copies {
                drop(self.spawn_post(webhook.clone()));
            }
        }
        // In its own task: a request under way is finished even if the call ends meanwhile.
        let reply = self.spawn_post(webhook).await.unwrap_or_else(|_| {
            Err(DeliveryError { code: 11205, status: None, message: "the simulator is stopping".to_owned() })
        })?;
        self.read_reply(&reply, url)
    }

    /// What to request after a failure, if the call has a fallback URL that has not been tried.
    pub(super) fn fallback(
        &self,
        failed: &DocumentRequest,
        error: &DeliveryError,
    ) -> Option<DocumentRequest> {
        let url = self.call.spec.fallback_url.clone().filter(|_| failed.kind != WebhookKind::Fallback)?;
        let mut extra = vec![("ErrorCode".to_owned(), error.code.to_string())];
        match &failed.source {
            TwimlSource::Url { url, .. } => extra.push(("ErrorUrl".to_owned(), url.to_string())),
            TwimlSource::Inline(_) => {}
        }
        Some(DocumentRequest {
            kind: WebhookKind::Fallback,
            source: TwimlSource::Url { url, get: false },
            extra,
        })
    }

    fn spawn_post(&self, webhook: Webhook) -> tokio::task::JoinHandle<Result<Reply, DeliveryError>> {
        let (account, call) = (Arc::clone(&self.account), Arc::clone(&self.call));
        self.account.tasks.spawn(async move { post(&account, &call, &webhook).await })
    }

    fn read_reply(&self, reply: &Reply, url: &Url) -> Result<Loaded, DeliveryError> {
        if reply.body.len() > MAX_TWIML_BYTES {
            return Err(self.unusable(11750, format!("{} bytes are too many for TwiML", reply.body.len())));
        }
        let text = String::from_utf8_lossy(&reply.body);
        match reply.content_type.as_str() {
            "text/xml" | "application/xml" | "text/html" => self.read_twiml(&text, Some(url.clone())),
            "text/plain" => {
                let verbs = vec![Verb::Say { text: text.into_owned(), times: 1 }];
                Ok(Loaded { verbs, base: Some(url.clone()) })
            }
            other => Err(self.unusable(12300, format!("content type '{other}' is not TwiML"))),
        }
    }

    fn read_twiml(&self, text: &str, base: Option<Url>) -> Result<Loaded, DeliveryError> {
        let document = twiml::parse(text).map_err(|error| self.unusable(12100, error.to_string()))?;
        for warning in document.warnings {
            self.call.debugger(12200, warning);
        }
        Ok(Loaded { verbs: document.verbs, base })
    }

    fn unusable(&self, code: u32, message: String) -> DeliveryError {
        self.call.debugger(code, &message);
        DeliveryError { code, status: None, message }
    }
}
