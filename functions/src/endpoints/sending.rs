//! Makes one attempt to deliver one event.

use domain::endpoint::attempt::{Answer, Next};
use domain::endpoint::delivery::{NotYours, Skip};
use domain::endpoint::log::{Attempted, keep};
use domain::endpoint::{Disabled, webhook_id};
use domain::token::TokenKey;
use domain::{BusinessId, Timestamp};
use platform::Clock;
use platform::telemetry::{Unit, metric};
use providers::endpoint_http::{EndpointClient, EventRequest, Sent};
use serde::Serialize;
use serde_json::value::RawValue;
use stores::endpoints::{Reader, Save, StoredDelivery, StoredEndpoint, Writer};
use stores::events::{self, Event};

use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::shapes::Time;

parts! {
    /// Sends to endpoints, and notes what came of it.
    pub(super) struct Courier {
        pub(super) client: EndpointClient,
        key: TokenKey,
        clock: Clock,
        events: events::Reader,
        reader: Reader,
        writer: Writer,
    }
}

/// What an endpoint is sent. An event of the outbox never changes, so neither do these bytes.
#[derive(Serialize)]
struct Told<'a> {
    /// The event's name in the list of events.
    id: &'a str,
    r#type: &'a str,
    timestamp: Time,
    /// The form that the endpoint has. There is one so far, so nothing is made of it.
    api_version: &'a str,
    /// Its place among the business's events. A receiver that has seen a later one of the same call knows this to be old.
    sequence: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    data: &'a RawValue,
}

/// What became of an attempt.
pub(super) enum Attempt {
    /// It was made.
    Made(Made),
    /// Another worker has the delivery, or it is over or not due.
    NotYours(NotYours),
    /// Another worker was faster, or took this one for dead.
    Overtaken,
}

/// An attempt that was made.
pub(super) struct Made {
    pub(super) stored: StoredDelivery,
    pub(super) next: Next,
    /// Why the endpoint is to be told nothing more.
    pub(super) disable: Option<Disabled>,
}

impl Courier {
    /// Makes an attempt if it is due, or if a person asks for it. A worker that dies in it leaves a delivery that is due once
    /// its time is over, and then the same is sent under the same id.
    pub(super) async fn attempt(
        &self,
        business: &BusinessId,
        to: &StoredEndpoint,
        seen: StoredDelivery,
        by_hand: bool,
    ) -> Result<Attempt, JobError> {
        let (of, now) = ((business, &to.endpoint.id), self.clock.now());
        let mut delivery = seen.delivery;
        let claim = if by_hand { delivery.claim_by_hand(now) } else { delivery.claim(now) };
        let claim = match claim {
            Ok(claim) => claim,
            Err(not_yours) => return Ok(Attempt::NotYours(not_yours)),
        };
        let Some(event) = self.events.one(business, seen.sequence).await? else {
            // The business's events were deleted with it.
            let mut delivery = seen.delivery;
            if delivery.skip(Skip::Deleted, now) {
                self.writer.move_delivery(of, &seen, delivery, seen.attempts.clone()).await?;
            }
            return Ok(Attempt::NotYours(NotYours::Over));
        };
        let body = body(&event, &to.endpoint.api_version)?;
        let Save::Done(claimed) =
            self.writer.move_delivery(of, &seen, delivery, seen.attempts.clone()).await?
        else {
            return Ok(Attempt::Overtaken);
        };
        let sent = self.send(business, to, &webhook_id(business, &event.id), &body, now).await;
        count(sent.answer);
        let ended = self.clock.now();
        let (mut delivery, mut attempts) = (claimed.delivery, claimed.attempts.clone());
        let Ok(next) = delivery.settle(claim, sent.answer, ended, chance()) else {
            return Ok(Attempt::Overtaken);
        };
        keep(&mut attempts, Attempted::new(now, sent.took, sent.answer, by_hand, &sent.head));
        let disable = self.health(business, to, sent.answer, next, ended).await?;
        match self.writer.move_delivery(of, &claimed, delivery, attempts).await? {
            Save::Done(stored) => Ok(Attempt::Made(Made { stored, next, disable })),
            Save::Overtaken => Ok(Attempt::Overtaken),
        }
    }

    /// Sends a test event, so that its owner sees whether the endpoint takes it. Nothing is noted of it.
    pub(super) async fn test(
        &self,
        business: &BusinessId,
        to: &StoredEndpoint,
        name: &str,
    ) -> Result<Sent, JobError> {
        let now = self.clock.now();
        let data = RawValue::from_string("{\"message\":\"This is a test.\"}".to_owned());
        let data = data.map_err(|_| no_json())?;
        let told = Told {
            id: name,
            r#type: "endpoint.test",
            timestamp: Time(now),
            api_version: &to.endpoint.api_version,
            sequence: 0,
            test: true,
            data: &data,
        };
        let body = serde_json::to_string(&told).map_err(|_| no_json())?;
        Ok(self.send(business, to, &webhook_id(business, name), &body, now).await)
    }

    /// The secret that an endpoint's owner is shown.
    pub(super) fn secret(&self, business: &BusinessId, of: &StoredEndpoint) -> domain::Secret {
        of.endpoint.secrets(&self.key, business).newest.shown().clone()
    }

    async fn send(
        &self,
        business: &BusinessId,
        to: &StoredEndpoint,
        id: &str,
        body: &str,
        now: Timestamp,
    ) -> Sent {
        let endpoint = &to.endpoint;
        let secrets = endpoint.secrets(&self.key, business);
        let (url, headers) = (&endpoint.url, &endpoint.headers);
        self.client.send(&EventRequest { url, id, body, headers, secrets: &secrets, now }).await
    }

    /// Notes whether the endpoint takes anything. Why it is to be disabled, if it is.
    async fn health(
        &self,
        business: &BusinessId,
        to: &StoredEndpoint,
        answer: Answer,
        next: Next,
        now: Timestamp,
    ) -> Result<Option<Disabled>, JobError> {
        let id = &to.endpoint.id;
        let before = self.reader.health(business, id).await?;
        let after = before.after(answer, now);
        if after != before {
            self.writer.note_health(business, id, after).await?;
        }
        Ok(match next {
            Next::Disable => Some(Disabled::Gone),
            Next::GivenUp { .. } if after.is_hopeless(now) => Some(Disabled::Failing),
            Next::Delivered | Next::Again { .. } | Next::GivenUp { .. } => None,
        })
    }
}

fn body(event: &Event, api_version: &str) -> Result<String, JobError> {
    let data: &RawValue = serde_json::from_str(&event.body).map_err(|_| no_json().in_vain())?;
    let told = Told {
        id: &event.id,
        r#type: &event.kind,
        timestamp: Time(event.at),
        api_version,
        sequence: event.sequence,
        test: false,
        data,
    };
    serde_json::to_string(&told).map_err(|_| no_json())
}

fn no_json() -> JobError {
    JobError::new("event", "the event has no JSON form")
}

fn count(answer: Answer) {
    let outcome = answer.failure().map_or("delivered", |failure| failure.as_str());
    metric("EventAttempts", 1.0, Unit::Count, &[("Outcome", outcome)]);
}

/// Between 0 and 1, so that what failed together does not come back together.
fn chance() -> f64 {
    let bytes = platform::random::bytes().unwrap_or([127; 32]);
    f64::from(u16::from_be_bytes([bytes[0], bytes[1]])) / f64::from(u16::MAX)
}
