//! Call progress and stream events: the status writer.
//!
//! The status moves by rank, whatever the order of arrival; every event is kept. What follows is `status_recorder`'s.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::call::StatusEvent;
use domain::own_account::Signer;
use domain::{AnsweredBy, CallSid, CallStatus, DialId};
use platform::telemetry::{self, Unit};
use platform::{Clock, clock};
use stores::verdicts;
use twilio::form::Form;
use twilio::webhook::stream::StreamEvent;
use twilio::webhook::{AmdCallback, StatusCallback, StreamStatus};

use super::ordered_calls::{DialQuery, Opening, OrderedCalls};
use super::status_recorder::{RecordError, Recorded, StatusRecorder};
use crate::edge::HttpFunction;
use crate::edge::answer::{no_content, try_again};
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::edge::verified_form::{Gate, Refused, Verified};
use crate::shared::callbacks;

parts! {
    pub struct Status {
        clock: Clock,
        gate: Gate,
        recorder: StatusRecorder,
        ordered: OrderedCalls,
        verdicts: verdicts::Writer,
    }
}

impl Part for verdicts::Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let leases = needs.table("TABLE_LEASES");
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &leases)))
    }
}

impl HttpFunction for Status {
    const NAME: &'static str = "voice-status";

    fn router(self) -> Router {
        Router::new()
            .route(callbacks::CALL_STATUS, post(call_status))
            .route(callbacks::STREAM_STATUS, post(stream_status))
            .route(callbacks::MACHINE_DETECTION, post(machine_detection))
            .with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Status {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

async fn call_status(
    State(app): State<Arc<Status>>,
    query: Result<Query<DialQuery>, QueryRejection>,
    webhook: Verified<StatusCallback>,
) -> Response {
    let dial = query.ok().and_then(|Query(query)| query.dial);
    let form = &webhook.form;
    let Some(status) = CallStatus::parse(form.call_status.as_str()) else {
        tracing::warn!(
            call = form.call_sid.as_str(),
            status = form.call_status.as_str(),
            "a status we do not know"
        );
        return no_content();
    };
    let event = StatusEvent {
        status,
        sequence: form.sequence_number,
        at: form.timestamp.as_deref().and_then(clock::from_rfc2822).unwrap_or_else(|| app.clock.now()),
        duration: form.duration_s.map(|s| Duration::from_secs(u64::from(s))),
        twilio_direction: Some(form.direction.clone()),
        sip_response_code: form.sip_response_code,
        error_code: form.error_code,
    };
    // Order of firing plus status: a redelivery has the same key, two events never do.
    let order = match form.sequence_number {
        Some(sequence) => format!("{sequence:06}-{}", status.as_str()),
        None => status.as_str().to_owned(),
    };
    let Some(parent) = &form.parent_call_sid else {
        let key = format!("call-{order}");
        return app.take(form.call_sid.as_str(), &key, &event, &webhook, dial.as_ref()).await;
    };
    // A leg that the call dialled is part of its history and never a call of its own. Its progress is not the
    // call's: whom we transferred to may be busy or hang up while the caller is still there.
    let key = format!("leg-{}-{order}", form.call_sid.as_str());
    app.take(parent.as_str(), &key, &StatusEvent::history(event.at), &webhook, None).await
}

async fn stream_status(State(app): State<Arc<Status>>, webhook: Verified<StreamStatus>) -> Response {
    let form = &webhook.form;
    let at = form.timestamp.as_deref().and_then(clock::from_rfc3339).unwrap_or_else(|| app.clock.now());
    let history = StatusEvent::history(at);
    let (word, event) = match &form.event {
        // A stream exists only on an answered call, and an inbound number reports no other progress.
        StreamEvent::Started => ("started", StatusEvent { status: CallStatus::InProgress, ..history }),
        StreamEvent::Stopped => ("stopped", history),
        StreamEvent::Error => {
            telemetry::metric("StreamErrors", 1.0, Unit::Count, &[]);
            ("error", history)
        }
        StreamEvent::Other(_) => return no_content(),
    };
    let key = format!("stream-{}-{word}", form.stream_sid.as_str());
    let call = form.call_sid.as_str();
    app.take(call, &key, &event, &webhook, None).await
}

fn answer(call: &str, key: &str, recorded: Result<(), TakeError>) -> Response {
    match recorded {
        Ok(()) => no_content(),
        Err(TakeError::NotTheirs) => {
            tracing::error!(call, event = key, "a callback about a call of another account");
            Refused::NotTheirs.into_response()
        }
        Err(error) => {
            tracing::error!(%error, call, event = key, "a callback could not be recorded");
            try_again()
        }
    }
}

/// What answered an outbound call, in Twilio's opinion: kept as history, and shown to the bridge while it may still
/// be of use. Nothing waits for it.
async fn machine_detection(State(app): State<Arc<Status>>, webhook: Verified<AmdCallback>) -> Response {
    let form = &webhook.form;
    // Says nothing about the call's status.
    let event = StatusEvent::history(app.clock.now());
    let word = form.answered_by.as_str();
    // There is one verdict a call, so it needs no other key. Who may not speak of the call leaves no verdict of it.
    let key = format!("amd-{}", key_word(word));
    let answer = app.take(form.call_sid.as_str(), &key, &event, &webhook, None).await;
    if !answer.status().is_success() {
        return answer;
    }
    let kept = app.keep_verdict(form.call_sid.as_str(), AnsweredBy::from_twilio(word)).await;
    if let Err(error) = kept {
        tracing::error!(%error, call = form.call_sid.as_str(), "a verdict could not be kept");
        return try_again();
    }
    answer
}

/// Twilio's word as part of a key.
fn key_word(word: &str) -> String {
    const MAX_CHARS: usize = 40;
    word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(MAX_CHARS).collect()
}

impl Status {
    /// A callback about the call itself, or about a leg of it.
    async fn take<F>(
        &self,
        call: &str,
        key: &str,
        event: &StatusEvent,
        webhook: &Verified<F>,
        dial: Option<&DialId>,
    ) -> Response {
        answer(call, key, self.record(call, key, event, (&webhook.raw, &webhook.signer), dial).await)
    }

    async fn keep_verdict(&self, call: &str, verdict: AnsweredBy) -> Result<(), TakeError> {
        Ok(self.verdicts.put(&CallSid::parse(call)?, verdict, self.clock.now()).await?)
    }

    async fn record(
        &self,
        call: &str,
        key: &str,
        event: &StatusEvent,
        (raw, signer): (&Form, &Signer),
        dial: Option<&DialId>,
    ) -> Result<(), TakeError> {
        let (sid, params) = (CallSid::parse(call)?, history(raw));
        match self.recorder.record(&sid, key, event, &params, Some(signer)).await? {
            Recorded::Done => return Ok(()),
            Recorded::NotTheirs => return Err(TakeError::NotTheirs),
            Recorded::NeverOpened => {}
        }
        // A callback may be the first we hear of a call that we asked for: the answer to the request was lost, or is
        // on its way. What was recorded is applied as the call is opened, and what follows from it is asked for.
        if let Some(dial) = dial
            && let Opening::Open(_) = self.ordered.open_for(signer, dial, &sid, self.clock.now()).await?
        {
            self.recorder.record(&sid, key, event, &params, Some(signer)).await?;
            return Ok(());
        }
        tracing::warn!(call = %sid, event = key, "a callback for a call that was never opened");
        telemetry::metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
        Ok(())
    }
}

/// Parameters worth keeping with an event. Numbers and places are the call's own, once, and not history's.
fn history(raw: &Form) -> BTreeMap<String, String> {
    const KEPT: [&str; 16] = [
        "AccountSid",
        "AnsweredBy",
        "CallDuration",
        "CallSid",
        "CallStatus",
        "CallbackSource",
        "Direction",
        "ErrorCode",
        "MachineDetectionDuration",
        "ParentCallSid",
        "SequenceNumber",
        "SipResponseCode",
        "StreamError",
        "StreamEvent",
        "StreamSid",
        "Timestamp",
    ];
    raw.iter()
        .filter(|(name, _)| KEPT.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[derive(Debug, thiserror::Error)]
enum TakeError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Store(#[from] stores::StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("another account carries the call")]
    NotTheirs,
}
