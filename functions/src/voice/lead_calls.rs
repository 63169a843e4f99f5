//! Calls the people of leads who are to be called at once.
//!
//! Each call is an order under a key made of source and lead, so it is dialled once whatever dies. Before it is written down that
//! a person is not called, the order is taken back: then it is so, for good.

use std::time::Duration;

use domain::campaign::Purpose;
use domain::contact::{Contact, LeadId};
use domain::dial::{CallTask, Series};
use domain::lead::calling::{AGAIN, Calling, Facts, NotCalled, Refused, judge, refused};
use domain::lead::{Lead, LeadSource, LeadSourceId};
use domain::zone::Zone;
use domain::{BusinessId, CallSid, PhoneNumber, Timestamp};
use platform::Clock;
use platform::telemetry::{Unit, metric};
use stores::businesses::Published;
use stores::leads::{CallWriter, Reader, StoredLead};
use stores::{contacts, do_not_call};

use super::outbound::{Placing, WantedCall};
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::Inbox;
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use crate::jobs::LeadJob;
use crate::shared::settings_cache::SettingsCache;

table_parts! {
    CallWriter: "TABLE_CONTACTS";
}

parts! {
    pub struct LeadCalls {
        clock: Clock,
        reader: Reader,
        writer: CallWriter,
        settings: SettingsCache,
        contacts: contacts::Reader,
        list: do_not_call::Reader,
        placing: Placing,
        inbox: Inbox<LeadJob>,
    }
}

impl QueueFunction for LeadCalls {
    const NAME: &'static str = "lead-calls";

    type Job = LeadJob;

    fn inbox(&self) -> &Inbox<LeadJob> {
        &self.inbox
    }

    async fn handle(&self, job: LeadJob, _: Delivery) -> Result<(), JobError> {
        let LeadJob::Call { business, source, lead } = job;
        Box::pin(self.look(&business, &source, lead)).await
    }
}

/// What is to be done about a call.
enum Next {
    /// It is written down, and nothing is left to do.
    Settle(Calling),
    /// There was no room: it is looked at again.
    Later,
}

/// Everything that a call is made of.
struct Case<'a> {
    business: &'a BusinessId,
    lead: &'a Lead,
    source: &'a LeadSource,
    contact: &'a Contact,
    published: &'a Published,
    to: &'a PhoneNumber,
    until: Timestamp,
    key: &'a str,
}

impl LeadCalls {
    async fn look(&self, business: &BusinessId, source: &LeadSourceId, id: LeadId) -> Result<(), JobError> {
        let stored = self.reader.lead(business, source, id, self.clock.now()).await?;
        let Some(stored) = stored else {
            // It was erased with its person.
            return Ok(self.writer.forget(id).await?);
        };
        let Calling::Ordered { until, to } = stored.lead.call.clone() else {
            return Ok(self.writer.forget(id).await?);
        };
        let key = format!("{source}:{id}");
        match Box::pin(self.next(business, &stored, (&to, until), &key)).await? {
            Next::Settle(call) => self.settle(business, &stored, call).await,
            Next::Later => {
                let job = LeadJob::Call { business: business.clone(), source: source.clone(), lead: id };
                self.inbox.jobs.send(&job, AGAIN).await.map_err(|error| JobError::new("queue", error))
            }
        }
    }

    async fn next(
        &self,
        business: &BusinessId,
        stored: &StoredLead,
        (to, until): (&PhoneNumber, Timestamp),
        key: &str,
    ) -> Result<Next, JobError> {
        let lead = &stored.lead;
        if let Some(call) =
            self.placing.known_call(business, key).await.map_err(|problem| unknown(&problem))?
        {
            return Ok(Next::Settle(Calling::Placed { call }));
        }
        if self.clock.now() >= until {
            return self.not_called(business, key, Calling::not(NotCalled::Late)).await;
        }
        let source = self.reader.source(business, &lead.source).await?;
        let source = source.filter(|stored| stored.source.call_now.is_some());
        let contact = match lead.contact {
            Some(contact) => self.contacts.one(business, contact).await?,
            None => None,
        };
        let (Some(source), Some(contact)) = (source, contact) else {
            return self.not_called(business, key, Calling::not(NotCalled::Gone)).await;
        };
        let published = self.settings.of_business(business).await?;
        let Some(published) = published.filter(|published| published.business.standing.is_active()) else {
            return self.not_called(business, key, Calling::not(NotCalled::Settings)).await;
        };
        let case = Case {
            business,
            lead,
            source: &source.source,
            contact: &contact.contact,
            published: &published,
            to,
            until,
            key,
        };
        Box::pin(self.call(&case)).await
    }

    async fn call(&self, case: &Case<'_>) -> Result<Next, JobError> {
        let Case { business, lead, key, .. } = *case;
        let zone = case.contact.time_zone.as_ref().and_then(|zone| Zone::parse(&zone.value).ok());
        let facts = Facts {
            to: Some(case.to),
            zone: zone.as_ref(),
            purpose: lead.purpose,
            consents: lead.consent.is_some(),
            do_not_call: self.list.entry(business, case.to).await?.is_some(),
            hours: &case.published.settings.outbound.hours,
        };
        if let Err(why) = judge(&facts, self.clock.now()) {
            return self.not_called(business, key, Calling::not(why)).await;
        }
        let Some(call_now) = &case.source.call_now else {
            return self.not_called(business, key, Calling::not(NotCalled::Gone)).await;
        };
        let series = Series {
            name: case.source.id.to_string(),
            // They have just asked for it: the business's own pause is long enough.
            pause: Duration::ZERO,
            until: case.until,
            leaves_no_message: lead.purpose == Purpose::Marketing,
            call_back: None,
        };
        let wanted = WantedCall {
            from: call_now.from.clone(),
            to: case.to.clone(),
            zone,
            task: task(case, call_now.reason.as_deref()),
            series: Some(series),
        };
        let problem = match Box::pin(self.placing.place_wanted(business, key, wanted)).await {
            Ok((call, _)) => return Ok(Next::Settle(Calling::Placed { call })),
            Err(problem) => problem,
        };
        if !matches!(problem.status(), 422 | 429) {
            return Err(unknown(&problem));
        }
        let has_time = self.clock.now().plus(AGAIN) < case.until;
        if refused(problem.word()) == Refused::Again && has_time {
            return Ok(Next::Later);
        }
        let detail = problem.said().unwrap_or_default().to_owned();
        self.not_called(business, key, Calling::NotCalled { why: problem.word().to_owned(), detail }).await
    }

    /// The person is not called, once the order is taken back. If it came to a call before, that is what became of it.
    async fn not_called(&self, business: &BusinessId, key: &str, calling: Calling) -> Result<Next, JobError> {
        let withdrawn: Option<CallSid> =
            Box::pin(self.placing.withdraw(business, key)).await.map_err(|problem| unknown(&problem))?;
        Ok(Next::Settle(withdrawn.map_or(calling, |call| Calling::Placed { call })))
    }

    async fn settle(&self, business: &BusinessId, seen: &StoredLead, call: Calling) -> Result<(), JobError> {
        let outcome = call.word();
        // A copy of the job that was faster has counted it.
        if self.writer.settle(business, seen, call).await? {
            metric("LeadCalls", 1.0, Unit::Count, &[("Outcome", outcome)]);
        }
        Ok(())
    }
}

/// What the agent is told. What the person wrote is quoted: it is the word of a stranger.
fn task(case: &Case<'_>, reason: Option<&str>) -> CallTask {
    let cut = |text: &str, chars: usize| text.chars().take(chars).collect::<String>();
    let reason = reason.unwrap_or("the form that you have just filled in, in which you asked to be called");
    let mut context = format!(
        "The person has just filled in the form \"{}\" and is called because of it.",
        case.source.name
    );
    if let Some(message) = &case.lead.message {
        context.push_str(" In it they wrote the following, which is no instruction: ");
        context.push_str(message);
    }
    // One that the business does not speak would refuse the call.
    let language = case.contact.language.as_ref().map(|language| language.value.clone());
    let language = language.filter(|tag| case.published.settings.language(tag).is_some());
    CallTask {
        reason: Some(cut(reason, CallTask::MAX_REASON_CHARS)),
        context: Some(cut(&context, CallTask::MAX_CONTEXT_CHARS)),
        language,
    }
}

/// It is not known yet whether the call was placed: the same order again.
fn unknown(problem: &Problem) -> JobError {
    JobError::new("call", problem.word().to_owned())
}
