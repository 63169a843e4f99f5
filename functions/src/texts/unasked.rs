//! Texts that are sent to a person who did not write: what an agent promised on the telephone, what a business sends by itself.
//! Each is kept once under its name, in the thread of the person, which begins with it for a new person, and then sent like
//! every text.

use std::time::Duration;

use domain::BusinessId;
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::thread::{NotSent, Thread};
use domain::texts::{Handle, Sender, Text};
use stores::texts::{Beside, Change, Place, Stored};

use super::people::People;
use super::steps::{Looks, StepError, Threads, is_to_be_sent};

/// A text to a person who did not write.
pub(super) struct Unasked<'a> {
    /// Whatever is kept under one name is kept once.
    pub(super) name: String,
    pub(super) business: &'a BusinessId,
    /// From which of its numbers.
    pub(super) sender: &'a Sender,
    pub(super) person: &'a Handle,
    pub(super) author: Author,
    pub(super) content: Content,
    /// Whether it is kept though it may not be sent, so that people see in the thread why it was not.
    pub(super) shows_refusal: bool,
}

impl Threads {
    /// Keeps the text, if that was not done, and has it sent. What was sent is not sent again.
    ///
    /// The thread belongs to the person's contact from its first text on: what they want of the business on another thread
    /// holds for this one too.
    pub(super) async fn send_unasked(
        &self,
        people: &People,
        text: &Unasked<'_>,
    ) -> Result<Result<(), NotSent>, StepError> {
        let Place { business, thread, number } = match self.keep_unasked(people, text).await? {
            Ok(place) => place,
            Err(why) => return Ok(Err(why)),
        };
        // The job may come again because it was cut off, perhaps before the text was sent.
        let kept = self.reader.text(&business, &thread, number).await?;
        if kept.is_some_and(|kept| is_to_be_sent(&kept.text)) {
            self.send(&business, &thread, number, Duration::ZERO).await?;
        }
        Ok(Ok(()))
    }

    async fn keep_unasked(
        &self,
        people: &People,
        text: &Unasked<'_>,
    ) -> Result<Result<Place, NotSent>, StepError> {
        let Unasked { name, business, sender, person, author, content, shows_refusal } = text;
        let contact = people.of_handle(business, person, sender.medium, self.clock.now()).await?;
        let mut looks = Looks::default();
        loop {
            looks.again().await?;
            if let Some(place) = self.reader.carried(name).await? {
                return Ok(Ok(place));
            }
            let now = self.clock.now();
            let before = self.reader.thread_of(business, sender, &[*person]).await?;
            let opened = || Thread::opened((*business).clone(), (*sender).clone(), (*person).clone(), now);
            let mut after = before.clone().unwrap_or_else(opened);
            after.contact = contact.or(after.contact);
            let out = Outgoing::new(author.clone(), content.clone(), after.turn, now);
            if !shows_refusal && let Err(why) = after.may_send(&out, self.consent_of(&after).await?, now) {
                return Ok(Err(why));
            }
            let number = after.notice(now);
            let new = [*person];
            let handles: &[&Handle] = if before.is_none() { &new } else { &[] };
            let change = Change {
                before: before.as_ref(),
                after: &after,
                texts: &[(number, Text::Out(Box::new(out)))],
                carried: Some((name, number)),
                handles,
                wish: None,
                beside: Beside::default(),
            };
            if self.writer.store(&change, now).await? == Stored::Done {
                return Ok(Ok(Place { business: (*business).clone(), thread: after.id, number }));
            }
        }
    }
}
