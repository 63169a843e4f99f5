//! A customer with a telephone, over SMS, over WhatsApp at Twilio, or over WhatsApp at Meta itself.
//!
//! What the person does is one [`What`], whatever it goes over. A [`Message`] is made once and can be delivered often: late,
//! in copies, out of order, in batches. What the business sends arrives as [`Received`]; what becomes of it is reported by hand
//! ([`Phone::report`]) or by the phone itself ([`Phone::behaves`]).
//!
//! ```no_run
//! use simulator::phone::{Habit, Person, Phone};
//! use simulator::twilio::{Twilio, TwilioConfig};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let twilio = Twilio::start(TwilioConfig::new("AC00000000000000000000000000000000", "token")).await?;
//! let webhook = "http://127.0.0.1:8080/twilio/messages".parse()?;
//! let phone = Phone::sms(&twilio, Person::with_number("+15005550001"), "+15005550006", webhook);
//! phone.behaves(Habit::READS);
//! phone.say("When do you open?").await?;
//! println!("{}", phone.nth_received(0).await.body);
//! # Ok(())
//! # }
//! ```

mod form;
mod habit;
mod json;
mod line;
mod person;
mod received;
mod report;
#[cfg(test)]
mod tests;
mod what;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::task::AbortHandle;
use url::Url;

pub use self::habit::Habit;
pub use self::json::Entry;
use self::line::Line;
pub use self::person::Person;
pub use self::received::Received;
pub use self::report::Report;
pub use self::what::{Ad, File, Message, What};
use crate::meta::{Meta, Sender};
use crate::twilio::{Twilio, lock};

/// What the product answered to a webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The start of the body.
    pub body: String,
    /// From request to answer.
    pub took: Duration,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// Whether the carrier would not send it again.
    pub fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// The product did not take what a person did.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// It answered otherwise, or not at all.
    #[error("the webhook was answered with {:?}", .0.status)]
    Answer(Answer),
    /// Nothing of the kind goes over this carrier.
    #[error("{what} does not go over this carrier")]
    NoSuchThing {
        /// What the person did.
        what: &'static str,
    },
}

/// A person's phone, on one conversation with one number of a business. Copies are the same phone.
#[derive(Clone)]
pub struct Phone(Arc<Inner>);

pub(crate) struct Inner {
    person: Mutex<Person>,
    line: Line,
    /// When the person wrote last, by the carrier's clock.
    wrote: Mutex<Option<Timestamp>>,
    habit: Mutex<Option<AbortHandle>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.habit).take() {
            task.abort();
        }
    }
}

impl Phone {
    /// SMS and MMS with the number `business` (E.164), whose texts Twilio reports to `webhook`.
    pub fn sms(twilio: &Twilio, person: Person, business: &str, webhook: Url) -> Self {
        Self::new(person, Line::sms(twilio, business, webhook))
    }

    /// WhatsApp over Twilio with the number `business` (E.164).
    pub fn whatsapp(twilio: &Twilio, person: Person, business: &str, webhook: Url) -> Self {
        Self::new(person, Line::whatsapp(twilio, business, webhook))
    }

    /// WhatsApp over Meta itself. Its webhooks go where the app [subscribed](Meta::subscribe).
    pub fn meta(meta: &Meta, person: Person, business: Sender) -> Self {
        Self::new(person, Line::meta(meta, business))
    }

    fn new(person: Person, line: Line) -> Self {
        let inner =
            Inner { person: Mutex::new(person), line, wrote: Mutex::default(), habit: Mutex::default() };
        Self(Arc::new(inner))
    }

    /// The person, as they are known now.
    pub fn person(&self) -> Person {
        lock(&self.0.person).clone()
    }

    /// The person is known otherwise from now on: another number, an id, no number.
    pub fn becomes(&self, person: Person) {
        *lock(&self.0.person) = person;
    }

    /// Makes a message that is not delivered yet. It has its name already, so that its copies are the same message.
    pub fn message(&self, what: impl Into<What>) -> Message {
        let inner = &self.0;
        Message::new(inner.line.new_key(), what.into(), self.person(), inner.line.now())
    }

    /// Makes a message and delivers it.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub async fn send(&self, what: impl Into<What>) -> Result<Message, NotTaken> {
        let message = self.message(what);
        let answer = self.deliver(&message).await?;
        if answer.is_taken() { Ok(message) } else { Err(NotTaken::Answer(answer)) }
    }

    /// Sends words.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub async fn say(&self, words: &str) -> Result<Message, NotTaken> {
        self.send(What::Text(words.to_owned())).await
    }

    /// Delivers a message, for the first time or once more.
    ///
    /// # Errors
    /// [`NotTaken::NoSuchThing`]. Another answer than 2xx is an [`Answer`] here.
    pub async fn deliver(&self, message: &Message) -> Result<Answer, NotTaken> {
        self.0.line.deliver(message, &self.0.wrote).await
    }

    /// Delivers one body with these entries, in their order. Over Twilio each message is a request of its own, and so is each
    /// report.
    ///
    /// # Errors
    /// [`NotTaken::NoSuchThing`].
    pub async fn deliver_batch(&self, entries: &[Entry]) -> Result<Vec<Answer>, NotTaken> {
        self.0.line.deliver_batch(entries, &self.0.wrote).await
    }

    /// What arrived at this phone, in that order, whether it was taken note of or not.
    pub fn received(&self) -> Vec<Received> {
        self.0.line.received(&self.person())
    }

    /// The text with this place in [`Self::received`], as soon as it is there.
    pub async fn nth_received(&self, index: usize) -> Received {
        let mut changes = self.0.line.changes();
        loop {
            changes.borrow_and_update();
            if let Some(received) = self.received().into_iter().nth(index) {
                return received;
            }
            if changes.changed().await.is_err() {
                // The carrier is gone, and with it whatever was to come.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The names of the person's messages at which the phone showed that an answer is being written.
    pub fn signs_of_writing(&self) -> Vec<String> {
        self.0.line.signs_of_writing()
    }

    /// Ends as soon as something arrives here after this call, or is shown as being written.
    pub fn more(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut changes = self.0.line.changes();
        changes.borrow_and_update();
        async move {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Reports what became of a text, once. Over Twilio `sent` comes with the same words as over Meta; each carrier's own words
    /// are used as they are.
    pub async fn report(&self, received: &Received, report: &Report) -> Answer {
        self.0.line.report(received, report).await
    }

    /// From now on the phone does this with what arrives, in place of what it did before.
    pub fn behaves(&self, habit: Habit) {
        let task = habit::run(Arc::downgrade(&self.0), habit);
        if let Some(before) = lock(&self.0.habit).replace(task) {
            before.abort();
        }
    }

    /// From now on the phone is off: nothing is reported, and nothing is answered.
    pub fn goes_silent(&self) {
        if let Some(before) = lock(&self.0.habit).take() {
            before.abort();
        }
    }

    /// Whether free words may arrive now: over WhatsApp within a day of what the person wrote last.
    pub fn window_is_open(&self) -> bool {
        self.0.window_is_open()
    }
}

impl Inner {
    fn window_is_open(&self) -> bool {
        const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
        let wrote = *lock(&self.wrote);
        !self.line.has_window() || wrote.is_some_and(|wrote| self.line.now().duration_since(wrote) < DAY)
    }
}
