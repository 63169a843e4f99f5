//! The webhooks of texts: verify, put into the queue, answer. Everything else is the worker's.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use domain::texts::failure::Failure;
use domain::texts::outgoing::{Delivery, Fate};
use http::{HeaderMap, StatusCode};
use meta::signature::App;
use meta::webhook::{Event, MAX_BODY_BYTES, unfold};
use platform::Clock;
use platform::rate_limit::RateLimited;
use platform::telemetry::{Unit, metric};
use serde::Deserialize;
use tokio::time::Instant;
use twilio::webhook::{IncomingMessage, MessageStatus};

use super::of_carriers;
use crate::edge::answer::{no_content, try_again, xml};
use crate::edge::inbox::Jobs;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError};
use crate::jobs::{SentText, TextJob};
use crate::shared::callbacks;

/// What Twilio is answered: nothing to be said at once.
const NO_ANSWER: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

parts! {
    pub struct TextInbound {
        clock: Clock,
        gate: Gate,
        meta: MetaApp,
        jobs: Jobs<TextJob>,
        refused: RateLimited = RateLimited::default(),
    }
}

/// Our app at Meta, if the deployment has one.
struct MetaApp(Option<App>);

impl Part for MetaApp {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        needs.secrets();
        Box::new(|deployment| {
            let Some(keys) = &deployment.secrets()?.meta else { return Ok(Self(None)) };
            let app = App::new(keys.app_secret.expose(), keys.verify_token.expose());
            app.map(|app| Self(Some(app))).map_err(|error| StartError::Other(error.to_string()))
        })
    }
}

impl HttpFunction for TextInbound {
    const NAME: &'static str = "text-inbound";

    fn router(self) -> Router {
        Router::new()
            .route(callbacks::TEXT, post(came))
            .route(callbacks::TEXT_STATUS, post(became))
            .route(callbacks::META, get(subscribe).post(of_meta))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for TextInbound {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

async fn came(State(app): State<Arc<TextInbound>>, webhook: Verified<IncomingMessage>) -> Response {
    let Some(text) = of_carriers::twilio(&webhook.form, app.clock.now()) else {
        // Twilio cannot do better, and a repetition would be the same.
        tracing::error!(
            text = webhook.form.message_sid.as_str(),
            "a text without a number of ours or a sender"
        );
        return xml(NO_ANSWER.to_owned());
    };
    let job = TextJob::Came { text: Box::new(text), by: webhook.signer.business };
    match app.put(&[job]).await {
        true => xml(NO_ANSWER.to_owned()),
        false => try_again(),
    }
}

#[derive(Deserialize)]
struct StatusOf {
    text: Option<String>,
}

async fn became(
    State(app): State<Arc<TextInbound>>,
    query: Result<Query<StatusOf>, QueryRejection>,
    webhook: Verified<MessageStatus>,
) -> Response {
    let form = &webhook.form;
    let Some(delivery) = Delivery::of_twilio(&form.status) else {
        tracing::warn!(text = form.message_sid.as_str(), "a status of a text that we do not know");
        return no_content();
    };
    if let Some(code) = form.error_code {
        count_failure("twilio", Failure::of_twilio(code));
    }
    let sent = query.ok().and_then(|Query(of)| of.text).and_then(|text| SentText::parse(&text));
    let job = TextJob::Became {
        key: form.message_sid.as_str().to_owned(),
        sent,
        fate: Fate { delivery, code: form.error_code },
        by: webhook.signer.business,
    };
    match app.put(&[job]).await {
        true => no_content(),
        false => try_again(),
    }
}

#[derive(Deserialize)]
struct Subscription {
    #[serde(default, rename = "hub.mode")]
    mode: String,
    #[serde(default, rename = "hub.verify_token")]
    token: String,
    #[serde(default, rename = "hub.challenge")]
    challenge: String,
}

async fn subscribe(
    State(app): State<Arc<TextInbound>>,
    query: Result<Query<Subscription>, QueryRejection>,
) -> Response {
    let Some(meta) = &app.meta.0 else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(Query(asked)) = query else { return StatusCode::BAD_REQUEST.into_response() };
    match meta.subscribe(&asked.mode, &asked.token, &asked.challenge) {
        Ok(challenge) => challenge.to_owned().into_response(),
        Err(refused) => app.refuse(&refused),
    }
}

async fn of_meta(State(app): State<Arc<TextInbound>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(meta) = &app.meta.0 else { return StatusCode::NOT_FOUND.into_response() };
    let signature = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    if let Err(refused) = meta.verify(&body, signature.unwrap_or_default()) {
        return app.refuse(&refused);
    }
    let batch = match unfold(&body) {
        Ok(batch) => batch,
        Err(error) => {
            tracing::error!(%error, "a signed request of Meta's is not understood");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    if batch.unreadable > 0 {
        tracing::error!(events = batch.unreadable, "events of Meta's without a name, a sender or a person");
        #[expect(clippy::cast_precision_loss, reason = "a count of at most a thousand")]
        metric("TextEventsUnreadable", batch.unreadable as f64, Unit::Count, &[]);
    }
    let jobs: Vec<TextJob> = batch.events.iter().filter_map(|event| app.job(event)).collect();
    // One answer for all of them: Meta repeats the whole body, and what is there already is there once.
    match app.put(&jobs).await {
        true => StatusCode::OK.into_response(),
        false => try_again(),
    }
}

impl TextInbound {
    fn job(&self, event: &Event) -> Option<TextJob> {
        match event {
            Event::Message(message) => {
                let text = of_carriers::meta(message, self.clock.now())?;
                Some(TextJob::Came { text: Box::new(text), by: None })
            }
            Event::Preference(preference) => {
                let text = of_carriers::preference(preference, self.clock.now())?;
                Some(TextJob::Came { text: Box::new(text), by: None })
            }
            Event::Status(status) => {
                if let Some(code) = status.error_code {
                    count_failure("meta", Failure::of_meta(code));
                }
                let delivery = Delivery::of_meta(&status.status)?;
                let sent = status.send_id.as_deref().and_then(SentText::parse);
                let fate = Fate { delivery, code: status.error_code };
                Some(TextJob::Became { key: status.id.clone(), sent, fate, by: None })
            }
        }
    }

    /// Whether the queue has them all.
    async fn put(&self, jobs: &[TextJob]) -> bool {
        for job in jobs {
            if let Err(error) = self.jobs.send(job, Duration::ZERO).await {
                tracing::error!(%error, "a text is not in its queue");
                return false;
            }
        }
        true
    }

    fn refuse(&self, why: &meta::signature::Refused) -> Response {
        metric("WebhooksRefused", 1.0, Unit::Count, &[("Reason", "signature")]);
        if let Some(others) = self.refused.admit(Instant::now().into_std()) {
            tracing::warn!(%why, path = callbacks::META, others, "webhook refused");
        }
        StatusCode::FORBIDDEN.into_response()
    }
}

fn count_failure(carrier: &'static str, failure: Failure) {
    metric("TextsFailed", 1.0, Unit::Count, &[("Carrier", carrier), ("Reason", failure.as_str())]);
}
