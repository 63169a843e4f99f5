//! A text came: keep it in its thread, once, and have it answered.

use std::time::Duration;

use domain::contact::ContactId;
use domain::own_account::Signer;
use domain::texts::incoming::Incoming;
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::thread::{Received, Thread};
use domain::texts::{Body, Text, ThreadId};
use domain::{Business, BusinessId, Direction, Timestamp};
use platform::telemetry::{Unit, metric};
use stores::texts::{Change, Stored, Wished};
use stores::{businesses, contacts};

use super::beside::{Aside, Outside};
use super::people::People;
use super::steps::{Looks, StepError, Threads, is_to_be_sent};
use crate::edge::batch::Delivery;
use crate::shared::telling::tell_endpoints;

/// A second delivery of a text that is still unanswered so long after its reply was due has it answered once more: the
/// first one may have been cut off between the store and the queue.
const LOST_AFTER: Duration = Duration::from_secs(5);

/// What is kept, and what is to be done about it.
struct KeptText {
    thread: Thread,
    received: Received,
    notice: Option<u64>,
}

impl Threads {
    /// Takes a text that came.
    pub(super) async fn came(
        &self,
        owners: &businesses::Reader,
        (people, outside): (&People, &Outside),
        mut incoming: Incoming,
        by: Option<BusinessId>,
        delivery: Delivery,
    ) -> Result<(), StepError> {
        let Some(business) = self.owner(owners, &incoming, by).await? else {
            tracing::error!(
                carrier = incoming.sender.carrier.as_str(),
                "a text to a number that no business has there"
            );
            metric("TextsQuarantined", 1.0, Unit::Count, &[]);
            return Ok(());
        };
        if let Some(number) = incoming.from.phone() {
            incoming.own = owners.number(&number).await?.is_some();
        }
        metric("TextsReceived", 1.0, Unit::Count, &[("Medium", incoming.sender.medium.as_str())]);
        let now = self.clock.now();
        // Before the text is kept, so that what is kept belongs to a contact. Without one the job comes again.
        let contact = people.met(&business.id, &incoming, now).await?;
        match self.keep(&business.id, &incoming, contact.as_ref(), outside, now).await? {
            Some(kept) => {
                tell_endpoints(&outside.endpoints, &business.id).await;
                let (thread, number) = (&kept.thread.id, kept.received.number);
                self.fetch_media(&business.id, thread, number, incoming.media.len()).await?;
                people.tell_talk(&kept.thread, kept.received.number, Direction::Inbound).await?;
                self.follow(&business, &kept, now).await
            }
            None => self.follow_again(people, &incoming.key, delivery, now).await,
        }
    }

    /// The business at whose number the text came, by an account that may bring texts there.
    async fn owner(
        &self,
        owners: &businesses::Reader,
        incoming: &Incoming,
        by: Option<BusinessId>,
    ) -> Result<Option<Business>, StepError> {
        let Some(own) = owners.number(&incoming.sender.number).await? else { return Ok(None) };
        let Some(business) = owners.business(&own.business).await? else { return Ok(None) };
        let may = match &incoming.account {
            Some(account) => {
                let signer = Signer { account: account.clone(), business: by };
                signer.may_begin_calls_of(&business)
            }
            // Meta has one app for the deployment.
            None => true,
        };
        Ok(Some(business).filter(|_| may))
    }

    /// Keeps the text. `None`: it is there already.
    async fn keep(
        &self,
        business: &BusinessId,
        incoming: &Incoming,
        contact: Option<&contacts::Stored>,
        outside: &Outside,
        now: Timestamp,
    ) -> Result<Option<KeptText>, StepError> {
        let person: Vec<ContactId> =
            contact.iter().flat_map(|stored| stored.contact.all_ids()).copied().collect();
        let handles = incoming.handles();
        let mut looks = Looks::default();
        loop {
            looks.again().await?;
            let before = self.reader.thread_of(business, &incoming.sender, &handles).await?;
            let unknown = self.reader.unknown_handles(business, incoming).await?;
            let mut after = before.clone().unwrap_or_else(|| {
                let first = handles.first().copied().unwrap_or(&incoming.from);
                let id = ThreadId::of(business, &incoming.sender, first);
                Thread::new(id, business.clone(), incoming, now)
            });
            after.contact = person.first().copied().or(after.contact);
            let received = after.receive(incoming, now);
            let mut texts = vec![(received.number, Text::In(Box::new(incoming.clone())))];
            let mut notice = None;
            if let Some((_, Some(words))) = received.wish {
                let content = Content::Words(Body(words.to_owned()));
                let outgoing = Outgoing::new(Author::Notice, content, after.turn, now);
                let number = after.notice(now);
                notice = Some(number);
                texts.push((number, Text::Out(Box::new(outgoing))));
            }
            let aside = Aside::received(&after, received.number, incoming)?;
            let change = Change {
                before: before.as_ref(),
                after: &after,
                texts: &texts,
                carried: Some((&incoming.key, received.number)),
                handles: &unknown,
                wish: received.wish.map(|(wish, _)| Wished {
                    wish,
                    number: received.number,
                    contacts: &person,
                }),
                beside: outside.of(&aside),
            };
            match self.writer.store(&change, now).await? {
                Stored::Done => return Ok(Some(KeptText { thread: after, received, notice })),
                Stored::Duplicate => return Ok(None),
                Stored::Raced => {}
            }
        }
    }

    async fn follow(&self, business: &Business, kept: &KeptText, now: Timestamp) -> Result<(), StepError> {
        let KeptText { thread, received, notice } = kept;
        if let Some(number) = notice {
            self.send(&thread.business, &thread.id, *number, Duration::ZERO).await?;
        }
        match received.reply_at {
            Some(_) if !business.standing.is_active() => {
                tracing::info!(business = %business.id, "a text is not answered: the business is suspended");
                Ok(())
            }
            // The part of a second that is left then is waited for by the worker: a queue would make a whole one of it.
            Some(at) => {
                let wait = Duration::from_secs(at.since(now).as_secs());
                self.reply(&thread.business, &thread.id, thread.asked, wait).await
            }
            None => Ok(()),
        }
    }

    /// The text was delivered before. What should have followed does, if it seems to have been lost: for certain if it is the
    /// same job that comes again, since that one was cut off.
    async fn follow_again(
        &self,
        people: &People,
        key: &str,
        delivery: Delivery,
        now: Timestamp,
    ) -> Result<(), StepError> {
        metric("TextsRepeated", 1.0, Unit::Count, &[]);
        let Some(place) = self.reader.carried(key).await? else { return Ok(()) };
        let Some(thread) = self.reader.thread(&place.business, &place.thread).await? else { return Ok(()) };
        people.tell_talk(&thread, place.number, Direction::Inbound).await?;
        let was_cut_off = delivery.attempt > 1;
        if was_cut_off
            && let Some(kept) = self.reader.text(&place.business, &place.thread, place.number).await?
            && let Text::In(incoming) = &kept.text
        {
            self.fetch_media(&place.business, &place.thread, place.number, incoming.media.len()).await?;
        }
        let waits = thread.asked > thread.answered && thread.writing.is_none();
        let is_lost = |due: Timestamp| was_cut_off || now.since(due) > LOST_AFTER;
        if let Some(burst) = thread.burst.filter(|burst| waits && is_lost(burst.due)) {
            let wait = burst.due.since(now);
            self.reply(&place.business, &place.thread, thread.asked, wait).await?;
        }
        let next = self.reader.text(&place.business, &place.thread, place.number + 1).await?;
        if next.is_some_and(|next| is_to_be_sent(&next.text)) {
            self.send(&place.business, &place.thread, place.number + 1, Duration::ZERO).await?;
        }
        Ok(())
    }
}
