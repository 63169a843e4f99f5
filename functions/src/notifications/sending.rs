//! Makes one attempt to send one notification.

use std::time::Duration;

use domain::contact::ContactId;
use domain::event::Type;
use domain::notification::cards::{SlackMessage, TeamsMessage};
use domain::notification::notice::{Came, NotYours, Notice, Skip, Task, Tried, keep};
use domain::notification::reason::Reason;
use domain::notification::texts::TextTold;
use domain::notification::words::{Told, What, Who, Words};
use domain::notification::{Address, Cause, Receiver};
use domain::{Business, BusinessId, Timestamp};
use platform::Clock;
use platform::telemetry::{Unit, metric};
use providers::endpoint_http::{EndpointClient, Posted};
use providers::texts::{Letter, NotTaken};
use serde::Serialize;
use stores::notifications::{Save, StoredNotice, StoredReceiver, Writer};
use stores::{StoreError, businesses, contacts, events};
use tokio::time::Instant;
use url::Url;

use super::about::About;
use super::mailing::Mailing;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::text_accounts::TextAccounts;

parts! {
    /// Sends notifications, and notes what came of it.
    pub(super) struct Postman {
        client: EndpointClient,
        clock: Clock,
        businesses: businesses::Reader,
        events: events::Reader,
        writer: Writer,
        accounts: TextAccounts,
        mailing: Mailing,
        base: Url => |needs| needs.public_base(),
    }
}

/// The business that notifies, as far as it matters for what is told and when.
struct Sender {
    business: Business,
    /// The first of its languages.
    language: String,
}

/// What came of asking the other side.
pub(super) struct Sent {
    pub(super) came: Came,
    /// The other side's code.
    pub(super) code: Option<u32>,
    pub(super) took: Duration,
}

/// What became of an attempt.
pub(super) enum Attempt {
    /// The notification stands so, and this came of it, if it was sent.
    Made(Box<StoredNotice>, Option<Came>),
    /// Another worker has it, or it is over or not due.
    NotYours,
}

impl Postman {
    pub(super) const fn client(&self) -> &EndpointClient {
        &self.client
    }

    /// Makes an attempt, if it is due and no quiet hour is in its way. `contacts` know what people are called.
    pub(super) async fn attempt(
        &self,
        business: &BusinessId,
        to: &StoredReceiver,
        seen: StoredNotice,
        contacts: &contacts::Reader,
    ) -> Result<Attempt, JobError> {
        let (receiver, now) = (&to.receiver, self.clock.now());
        let mut notice = seen.notice;
        let (sender, event) =
            tokio::try_join!(self.sender(business), self.events.one(business, seen.place.sequence))?;
        let about = event.as_ref().and_then(About::of);
        let told = about.as_ref().and_then(|about| Some((about, about.what()?)));
        let (Some(sender), Some((about, what))) = (sender, told) else {
            // The business's events were deleted with it.
            return self.skip(business, &seen, Skip::Deleted).await;
        };
        if let Some(until) = waits(receiver, &seen, &sender, now) {
            notice.put_off(until);
            return self.moved(business, &seen, notice, None).await;
        }
        let can_ask = receiver.address.can_be_asked();
        let task = match notice.claim(now, can_ask) {
            Ok(task) => task,
            Err(NotYours::Before(_) | NotYours::Over) => return Ok(Attempt::NotYours),
        };
        let claimed = self.writer.move_notice(business, &seen, notice, seen.attempts.clone()).await?;
        let Save::Done(claimed) = claimed else { return Ok(Attempt::NotYours) };
        let (claim, asked_at) = match task {
            Task::GivenUp => {
                count(Came::Unknown);
                return Ok(Attempt::Made(Box::new(claimed), Some(Came::Unknown)));
            }
            Task::Send(claim) => (claim, None),
            Task::LookUp(claim, since) => (claim, Some(since)),
        };
        let name = name(contacts, business, about.contact()).await?;
        // The number of the event tells two texts apart that say the same.
        let link = self.link(&format!("{}?n={}", about.screen(business), seen.place.sequence));
        let who = Who { name: name.as_deref(), number: about.caller() };
        let told = Told { business: &sender.business.name, what, who, link: &link };
        let words = Words::of(&told, &sender.language);
        let sent = self.send(business, receiver, &words, asked_at, now).await?;
        count(sent.came);
        let ended = self.clock.now();
        let (mut notice, mut attempts) = (claimed.notice, claimed.attempts.clone());
        if notice.settle(claim, sent.came, (ended, chance()), can_ask).is_err() {
            return Ok(Attempt::NotYours);
        }
        let took_ms = u64::try_from(sent.took.as_millis()).unwrap_or(u64::MAX);
        keep(&mut attempts, Tried { at: now, took_ms, code: sent.code, why: sent.came.reason() });
        match self.writer.move_notice(business, &claimed, notice, attempts).await? {
            Save::Done(stored) => Ok(Attempt::Made(Box::new(stored), Some(sent.came))),
            Save::Overtaken => Ok(Attempt::NotYours),
        }
    }

    /// Ends a notification that is not sent any more, unless a worker sends it in this moment.
    pub(super) async fn skip(
        &self,
        business: &BusinessId,
        seen: &StoredNotice,
        why: Skip,
    ) -> Result<Attempt, JobError> {
        let mut notice = seen.notice;
        match notice.skip(why, self.clock.now()) {
            true => self.moved(business, seen, notice, None).await,
            false => Ok(Attempt::NotYours),
        }
    }

    /// Sends a test, of which nothing is noted. `None`: there is no such business.
    pub(super) async fn test(
        &self,
        business: &BusinessId,
        to: &Receiver,
    ) -> Result<Option<Sent>, StoreError> {
        let Some(sender) = self.sender(business).await? else { return Ok(None) };
        let link = self.link(&format!("/console#/b/{business}/overview"));
        let what = What::Test;
        let told = Told { business: &sender.business.name, what, who: Who::default(), link: &link };
        let words = Words::of(&told, &sender.language);
        self.send(business, to, &words, None, self.clock.now()).await.map(Some)
    }

    /// Sends, or asks whether what was sent at a moment was taken, where that can be.
    async fn send(
        &self,
        business: &BusinessId,
        to: &Receiver,
        words: &Words,
        asked_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Sent, StoreError> {
        Ok(match &to.address {
            Address::Slack { url } => self.post(url, &SlackMessage::of(words), now).await,
            Address::Teams { url } => self.post(url, &TeamsMessage::of(words), now).await,
            Address::Email { to } => {
                let began = Instant::now();
                let (came, code) = self.mailing.send(to, words).await;
                Sent { came, code, took: began.elapsed() }
            }
            Address::Sms { .. } | Address::WhatsApp { .. } => {
                let began = Instant::now();
                let (came, code) = self.text(business, &to.address, words, asked_at).await?;
                Sent { came, code, took: began.elapsed() }
            }
        })
    }

    /// What becomes of it at the carrier is not followed: that the carrier has it is all that is known.
    async fn text(
        &self,
        business: &BusinessId,
        to: &Address,
        words: &Words,
        asked_at: Option<Timestamp>,
    ) -> Result<(Came, Option<u32>), StoreError> {
        let never = |why| Ok((Came::Never { why }, None));
        let Some(TextTold { sender, person, content }) = to.text(words) else {
            return never(Reason::Undeliverable);
        };
        let own = self.businesses.number(&sender.number).await?;
        if own.is_none_or(|own| own.business != *business) {
            return never(Reason::UnknownNumber);
        }
        let Some(account) = self.accounts.of(business, &sender.carrier).await? else {
            return never(Reason::Credentials);
        };
        let send_id = format!("notice.{business}");
        let letter = Letter {
            sender: &sender,
            person: &person,
            content: &content,
            send_id: &send_id,
            status_callback: None,
            known_by: Some(&words.link),
        };
        let answered = match asked_at {
            None => account.send(&letter).await.map(Some),
            Some(since) => account.look_up(&letter, since).await,
        };
        Ok(match answered {
            Ok(Some(_)) => (Came::Taken, None),
            Ok(None) => (Came::NotThere, None),
            // A question that was refused is asked again.
            Err(NotTaken::Refused { failure, code, after }) if asked_at.is_some() => {
                (Came::Later { why: Reason::of_text(failure), after }, code)
            }
            Err(NotTaken::Refused { failure, code, after }) => (Came::of_text(failure, after), code),
            Err(NotTaken::Unknown) if asked_at.is_some() => {
                (Came::Later { why: Reason::Overloaded, after: None }, None)
            }
            Err(NotTaken::Unknown) => (Came::Unknown, None),
        })
    }

    async fn post(&self, url: &domain::Secret, message: &impl Serialize, now: Timestamp) -> Sent {
        let body = serde_json::to_string(message).unwrap_or_default();
        let Posted { answer, sent, took } = self.client.post(url, &body, now).await;
        let code = match answer {
            domain::endpoint::attempt::Answer::Status { code, .. } => Some(code.into()),
            domain::endpoint::attempt::Answer::None(_) => None,
        };
        Sent { came: Came::of_room(answer, sent), code, took }
    }

    async fn sender(&self, business: &BusinessId) -> Result<Option<Sender>, StoreError> {
        if let Some(published) = self.businesses.published(business).await? {
            let language = published.settings.voice.languages.first().cloned().unwrap_or_default();
            return Ok(Some(Sender { business: published.business, language }));
        }
        let profile = self.businesses.business(business).await?;
        Ok(profile.map(|business| Sender { business, language: String::new() }))
    }

    fn link(&self, below: &str) -> String {
        format!("{}{below}", self.base.as_str().trim_end_matches('/'))
    }

    async fn moved(
        &self,
        business: &BusinessId,
        seen: &StoredNotice,
        notice: Notice,
        came: Option<Came>,
    ) -> Result<Attempt, JobError> {
        match self.writer.move_notice(business, seen, notice, seen.attempts.clone()).await? {
            Save::Done(stored) => Ok(Attempt::Made(Box::new(stored), came)),
            Save::Overtaken => Ok(Attempt::NotYours),
        }
    }
}

/// What a contact is called now.
async fn name(
    contacts: &contacts::Reader,
    business: &BusinessId,
    contact: Option<ContactId>,
) -> Result<Option<String>, StoreError> {
    let Some(id) = contact else { return Ok(None) };
    let stored = contacts.one(business, id).await?;
    Ok(stored.and_then(|stored| stored.contact.name().map(|name| name.value.clone())))
}

/// Until when it waits, if it is to be sent and its receiver has quiet hours.
fn waits(receiver: &Receiver, seen: &StoredNotice, sender: &Sender, now: Timestamp) -> Option<Timestamp> {
    let cause = Type::parse(&seen.kind).and_then(Cause::of)?;
    let is_due = seen.notice.is_to_be_sent(now);
    receiver.waits(cause, now, &sender.business.zone()).filter(|_| is_due)
}

fn count(came: Came) {
    let outcome = came.reason().map_or("sent", |why| why.as_str());
    metric("Notifications", 1.0, Unit::Count, &[("Outcome", outcome)]);
}

/// Between 0 and 1, so that what failed together does not come back together.
fn chance() -> f64 {
    let bytes = platform::random::bytes().unwrap_or([127; 32]);
    f64::from(u16::from_be_bytes([bytes[0], bytes[1]])) / f64::from(u16::MAX)
}
