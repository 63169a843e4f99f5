//! Sends reminders of appointments that are due: each once, in the first way that is possible.
//!
//! What a tick does about one reminder is named after it: a text is told under its name, a call is ordered under it, and
//! only then the reminder is taken off the list. A tick that is cut off in between does the same once more, under the same
//! name.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::appointments::{
    Appointment, Calendar, Missed, Otherwise, Outcome, Possible, Reminded, Reminder, Reminding, Service,
    Told, Way,
};
use domain::contact;
use domain::dial::CallTask;
use domain::texts::consent::Consent;
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::thread::{NotSent, Thread};
use domain::texts::{Handle, Sender};
use domain::{BusinessId, PhoneNumber, Timestamp};
use futures_util::{StreamExt as _, stream};
use platform::queues::QueueError;
use platform::telemetry::{Unit, metric};
use stores::appointments::{Catalogue, Reader, ReminderWriter};
use stores::businesses::{self, Published};
use stores::{StoreError, contacts, texts};
use tokio::sync::{Mutex, OnceCell};

use super::outbound::{Placing, WantedCall};
use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use crate::edge::tally::Tally;
use crate::jobs::{TextJob, ToldText};
use crate::shared::settings_cache::SettingsCache;

/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);
/// Reminders that are worked on at once.
const AT_ONCE: usize = 8;
/// After so long what did not succeed is tried again: not in the way of those that may.
const AGAIN: Duration = Duration::from_secs(60);

table_parts! {
    ReminderWriter: "TABLE_APPOINTMENTS";
}

parts! {
    pub struct Reminders {
        reader: Reader,
        writer: ReminderWriter,
        settings: SettingsCache,
        businesses: businesses::Reader,
        threads: texts::Reader,
        contacts: contacts::Reader,
        texts: Jobs<TextJob>,
        calls: Placing,
    }
}

impl ScheduledFunction for Reminders {
    const NAME: &'static str = "appointment-reminders";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let failures = Mutex::new(Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(now, &failures)).await;
        let failures = failures.into_inner();
        let failed = !failures.is_empty();
        failures.complain("reminders could not be sent");
        match swept {
            Err(_) => Err(JobError::new("timeout", "there were more reminders than a tick has time for")),
            Ok(Err(error)) => Err(JobError::new("store", error)),
            Ok(Ok(())) if failed => Err(JobError::new("reminder", "some reminders could not be sent")),
            Ok(Ok(())) => Ok(()),
        }
    }
}

/// What businesses offer, read once in a tick.
type Catalogues = Mutex<HashMap<BusinessId, Arc<OnceCell<Arc<Catalogue>>>>>;

/// A reminder with everything that it is made of.
struct Case<'a> {
    reminder: &'a Reminder,
    appointment: &'a Appointment,
    service: &'a Service,
    calendar: &'a Calendar,
    published: &'a Published,
    reminding: &'a Reminding,
    number: &'a PhoneNumber,
    now: Timestamp,
}

#[derive(Debug, thiserror::Error)]
enum ReminderError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("a call is not placed: {0}")]
    Call(String),
}

impl Reminders {
    async fn sweep(&self, now: Timestamp, failures: &Mutex<Tally>) -> Result<(), StoreError> {
        let catalogues = Catalogues::default();
        let due = self.reader.due(now).await?;
        stream::iter(&due)
            .for_each_concurrent(AT_ONCE, |reminder| {
                let catalogues = &catalogues;
                async move {
                    let Err(error) = Box::pin(self.remind(reminder, catalogues, now)).await else { return };
                    let of = format!("{}: {error}", reminder.name());
                    failures.lock().await.add("reminder", of);
                    // Not in the way of others; a store that is away leaves it where it is.
                    if let Err(error) = self.writer.put_off(reminder, now.plus(AGAIN)).await {
                        tracing::warn!(%error, "a reminder is not put off");
                    }
                }
            })
            .await;
        Ok(())
    }

    async fn remind(
        &self,
        reminder: &Reminder,
        catalogues: &Catalogues,
        now: Timestamp,
    ) -> Result<(), ReminderError> {
        let appointment = self.reader.one(&reminder.business, &reminder.appointment).await?;
        let stands = appointment.as_ref().filter(|appointment| reminder.is_of(appointment));
        let Some(appointment) = stands else {
            self.writer.drop_unwanted(reminder).await?;
            return Ok(());
        };
        if now >= reminder.start {
            return self.settle(reminder, missed(Missed::TooLate), now).await;
        }
        let published = self.settings.of_business(&reminder.business).await?;
        let active = published.filter(|published| published.business.standing.is_active());
        let Some(published) = active else {
            return self.settle(reminder, missed(Missed::Suspended), now).await;
        };
        let Some(number) = &appointment.person.number else {
            return self.settle(reminder, missed(Missed::NoNumber), now).await;
        };
        let catalogue = self.catalogue(catalogues, &reminder.business).await?;
        let service = catalogue.services.iter().find(|service| service.id == appointment.service);
        let calendar = catalogue.calendar(&appointment.calendar);
        let reminding = service.and_then(|service| service.remind.as_ref());
        let (Some(service), Some(calendar), Some(reminding)) = (service, calendar, reminding) else {
            return self.settle(reminder, missed(Missed::NoWay), now).await;
        };
        let case =
            Case { reminder, appointment, service, calendar, published: &published, reminding, number, now };
        self.by_some_way(&case).await
    }

    async fn by_some_way(&self, case: &Case<'_>) -> Result<(), ReminderError> {
        let Case { reminder, reminding, calendar, now, .. } = *case;
        let own = self.businesses.number(&reminding.from).await?;
        if own.is_none_or(|own| own.business != reminder.business) {
            return self.settle(reminder, missed(Missed::UnknownNumber), now).await;
        }
        let mut found = vec![];
        match reminding.possible(now, &calendar.time_zone) {
            Possible::Now => {
                for way in &reminding.by {
                    let possible = self.try_way(way, case).await?;
                    if possible == Possible::Now {
                        let way = way.word();
                        return self.settle(reminder, Outcome::Sent { way }, now).await;
                    }
                    found.push(possible);
                }
            }
            later => found.push(later),
        }
        match Otherwise::of(&found, reminder.start) {
            Otherwise::Wait(until) => {
                self.writer.put_off(reminder, until).await?;
                Ok(())
            }
            Otherwise::Miss(why) => self.settle(reminder, missed(why), now).await,
        }
    }

    /// Reminds the person in this way, if it is possible now.
    async fn try_way(&self, way: &Way, case: &Case<'_>) -> Result<Possible, ReminderError> {
        let told = Told {
            appointment: case.appointment,
            service: case.service,
            calendar: &case.calendar.name,
            business: &case.published.business.name,
            language: case.published.settings.voice.language(),
        };
        match way.text(&case.reminding.from, &told) {
            Some((sender, content)) => self.text(case, sender, content).await,
            None => Box::pin(self.call(case, &told)).await,
        }
    }

    async fn text(
        &self,
        case: &Case<'_>,
        sender: Sender,
        content: Content,
    ) -> Result<Possible, ReminderError> {
        let business = &case.reminder.business;
        if let Content::Template(template) = &content
            && template.check(&sender.carrier).is_err()
        {
            return Ok(Possible::Never(Missed::BadTemplate));
        }
        let Ok(person) = Handle::parse(case.number.as_e164()) else {
            return Ok(Possible::Never(Missed::NoNumber));
        };
        let opened = || Thread::opened(business.clone(), sender.clone(), person.clone(), case.now);
        let thread = self.threads.thread_of(business, &sender, &[&person]).await?.unwrap_or_else(opened);
        let draft = Outgoing::new(Author::Business, content.clone(), thread.turn, case.now);
        match thread.may_send(&draft, self.wanted(case, &thread).await?, case.now) {
            Ok(()) => {}
            Err(NotSent::OptedOut) => return Ok(Possible::Never(Missed::OptedOut)),
            Err(NotSent::WindowClosed | NotSent::TakenOver) => {
                return Ok(Possible::Never(Missed::NoTimeLeft));
            }
        }
        let name = case.reminder.name();
        let text = Box::new(ToldText { name, business: business.clone(), sender, person, content });
        self.texts.send(&TextJob::Tell { text }, Duration::ZERO).await?;
        Ok(Possible::Now)
    }

    /// What the person wants of the business, on whichever thread they said so: there may be none with this sender yet.
    async fn wanted(&self, case: &Case<'_>, thread: &Thread) -> Result<Consent, StoreError> {
        let business = &case.reminder.business;
        let known = match case.appointment.person.contact.or(thread.contact) {
            Some(id) => self.contacts.one(business, id).await?,
            None => self.contacts.by_handle(business, &contact::Handle::phone(case.number)).await?,
        };
        let ids = known.iter().flat_map(|stored| stored.contact.all_ids());
        self.threads.consent_of(business, ids).await
    }

    async fn call(&self, case: &Case<'_>, told: &Told<'_>) -> Result<Possible, ReminderError> {
        let words = told.words();
        let chars = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let context = format!(
            "This call reminds {} of an appointment: {words} It is booked; the person may confirm it, move it or \
             call it off.",
            case.appointment.person.name
        );
        let task = CallTask {
            reason: Some(chars(&words, CallTask::MAX_REASON_CHARS)),
            context: Some(chars(&context, CallTask::MAX_CONTEXT_CHARS)),
            language: None,
        };
        let (from, to) = (case.reminding.from.clone(), case.number.clone());
        let wanted = WantedCall { from, to, zone: None, task, series: None };
        let (business, name) = (&case.reminder.business, case.reminder.name());
        let placed = Box::pin(self.calls.place_wanted(business, &name, wanted)).await;
        placed.map_or_else(|problem| refused(&problem, case.now), |_| Ok(Possible::Now))
    }

    async fn settle(
        &self,
        reminder: &Reminder,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<(), ReminderError> {
        let Reminder { start, before_minutes, .. } = *reminder;
        let became = Reminded { start, before_minutes, outcome, at: now };
        // Another tick that was faster has counted it.
        if !self.writer.settle(reminder, &became).await? {
            return Ok(());
        }
        match outcome {
            Outcome::Sent { way } => {
                metric("RemindersSent", 1.0, Unit::Count, &[("Way", way.as_str())]);
            }
            Outcome::Missed { why } => {
                tracing::info!(business = %reminder.business, why = why.as_str(), "a reminder is not sent");
                metric("RemindersMissed", 1.0, Unit::Count, &[("Reason", why.as_str())]);
            }
        }
        Ok(())
    }

    async fn catalogue(
        &self,
        catalogues: &Catalogues,
        business: &BusinessId,
    ) -> Result<Arc<Catalogue>, StoreError> {
        let cell = Arc::clone(catalogues.lock().await.entry(business.clone()).or_default());
        let read = || async { self.reader.catalogue(business).await.map(Arc::new) };
        cell.get_or_try_init(read).await.cloned()
    }
}

const fn missed(why: Missed) -> Outcome {
    Outcome::Missed { why }
}

/// What an order to call that was not placed means for the reminder.
fn refused(problem: &Problem, now: Timestamp) -> Result<Possible, ReminderError> {
    match (problem.status(), problem.seconds_to_wait()) {
        (422, _) => Ok(Possible::Never(Missed::CallRefused)),
        (429, Some(seconds)) => Ok(Possible::From(now.plus(Duration::from_secs(seconds)))),
        // It is not known yet whether the call was placed, or another tick is at it: the same order again.
        _ => Err(ReminderError::Call(problem.word().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn an_order_that_is_not_placed_waits_is_given_up_or_is_asked_for_again() {
        let problem = |status| Problem::new(status, "call not placed");
        let now = Timestamp(1_000);
        let refusal = refused(&problem(StatusCode::UNPROCESSABLE_ENTITY), now);
        assert!(matches!(refusal, Ok(Possible::Never(Missed::CallRefused))));
        let wait = refused(&problem(StatusCode::TOO_MANY_REQUESTS).retry_after(5), now);
        assert!(matches!(wait, Ok(Possible::From(Timestamp(6_000)))));
        for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::CONFLICT] {
            assert!(refused(&problem(status).retry_after(60), now).is_err(), "{status}");
        }
    }
}
