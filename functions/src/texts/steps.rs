//! The one way in which a thread changes: look, decide, keep; and look again if another step came first.

use std::time::Duration;

use domain::BusinessId;
use domain::texts::consent::Consent;
use domain::texts::outgoing::Delivery;
use domain::texts::thread::Thread;
use domain::texts::{Text, ThreadId};
use domain::token::TokenKey;
use platform::Clock;
use stores::texts::{Beside, Change, Kept, Reader, Stored, Writer};
use stores::{StoreError, contacts};

use super::beside::{Aside, Outside};
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::jobs::{SentText, TextJob};
use crate::shared::erased::erased;

/// Looks at one thread, at most: of twenty workers one is kept each time.
const MAX_LOOKS: u32 = 40;
/// The wait after the first look in vain; it grows.
const WAIT: Duration = Duration::from_millis(10);
const MAX_WAIT: Duration = Duration::from_millis(250);
/// The texts among which those are that wait for being sent: more parts than one reply has.
const NEWEST: u16 = 30;

parts! {
    /// Threads, to be looked at and changed.
    pub(super) struct Threads {
        pub(super) clock: Clock,
        pub(super) reader: Reader,
        pub(super) writer: Writer,
        contacts: contacts::Reader,
        key: TokenKey,
        pub(super) jobs: Jobs<TextJob>,
    }
}

/// Why a step was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others kept changing it.
    #[error("the thread is being changed by others")]
    Contended,
    #[error(transparent)]
    Queue(#[from] platform::queues::QueueError),
}

/// What a decision leads to.
pub(super) enum Decided<T> {
    /// Keep the thread as it is now, with these texts, and this is the answer.
    Keep(Vec<(u64, Text)>, T),
    /// Keep nothing; this is the answer.
    Leave(T),
}

/// How often was looked, and how long to wait before the next time.
#[derive(Default)]
pub(super) struct Looks(u32);

impl Looks {
    /// Waits, from the second time on.
    pub(super) async fn again(&mut self) -> Result<(), StepError> {
        if self.0 >= MAX_LOOKS {
            return Err(StepError::Contended);
        }
        if self.0 > 0 {
            tokio::time::sleep((WAIT * self.0).min(MAX_WAIT)).await;
        }
        self.0 += 1;
        Ok(())
    }
}

/// Whether a text waits for being sent.
pub(super) fn is_to_be_sent(text: &Text) -> bool {
    matches!(text, Text::Out(out) if out.key.is_none() && out.fate.delivery == Delivery::Intended)
}

impl Threads {
    /// Changes a thread. `None`: there is no such thread.
    pub(super) async fn step<T>(
        &self,
        business: &BusinessId,
        id: &ThreadId,
        decide: impl FnMut(&mut Thread) -> Decided<T>,
    ) -> Result<Option<T>, StepError> {
        self.step_beside(business, id, decide, |_, _| None).await
    }

    /// The same for a step that brings something besides.
    pub(super) async fn step_beside<'a, T>(
        &self,
        business: &BusinessId,
        id: &ThreadId,
        mut decide: impl FnMut(&mut Thread) -> Decided<T>,
        brings: impl Fn(&Thread, &T) -> Option<(&'a Outside, Aside)>,
    ) -> Result<Option<T>, StepError> {
        let mut looks = Looks::default();
        loop {
            looks.again().await?;
            let Some(before) = self.reader.thread(business, id).await? else { return Ok(None) };
            let mut after = before.clone();
            let (texts, answer) = match decide(&mut after) {
                Decided::Leave(answer) => return Ok(Some(answer)),
                Decided::Keep(texts, answer) => (texts, answer),
            };
            let aside = brings(&after, &answer);
            let change = Change {
                before: Some(&before),
                after: &after,
                texts: &texts,
                carried: None,
                handles: &[],
                wish: None,
                beside: aside.as_ref().map_or_else(Beside::default, |(outside, aside)| outside.of(aside)),
            };
            if self.writer.store(&change, self.clock.now()).await? == Stored::Done {
                return Ok(Some(answer));
            }
        }
    }

    /// Has a text sent that is kept.
    pub(super) async fn send(
        &self,
        business: &BusinessId,
        thread: &ThreadId,
        number: u64,
        delay: Duration,
    ) -> Result<(), StepError> {
        let text = SentText { business: business.clone(), thread: thread.clone(), number };
        Ok(self.jobs.send(&TextJob::Send { text }, delay).await?)
    }

    /// Has the agent reply to the texts up to `asked`.
    pub(super) async fn reply(
        &self,
        business: &BusinessId,
        thread: &ThreadId,
        asked: u64,
        delay: Duration,
    ) -> Result<(), StepError> {
        let job = TextJob::Reply { business: business.clone(), thread: thread.clone(), asked };
        Ok(self.jobs.send(&job, delay).await?)
    }

    /// Has what came with a text fetched.
    pub(super) async fn fetch_media(
        &self,
        business: &BusinessId,
        thread: &ThreadId,
        number: u64,
        media: usize,
    ) -> Result<(), StepError> {
        for index in 0..media {
            let text = SentText { business: business.clone(), thread: thread.clone(), number };
            self.jobs.send(&TextJob::Media { text, index }, Duration::ZERO).await?;
        }
        Ok(())
    }

    /// What the person wants of the business, on whichever thread they said so.
    pub(super) async fn consent_of(&self, thread: &Thread) -> Result<Consent, StoreError> {
        let stored = match thread.contact {
            Some(id) => self.contacts.one(&thread.business, id).await?,
            None => None,
        };
        let ids = stored.iter().flat_map(|stored| stored.contact.all_ids());
        if let Some(said) = self.reader.wish_of(&thread.business, ids).await? {
            return Ok(said);
        }
        // A person who was erased is a new one, whose wish stands nevertheless.
        let Some(handle) = thread.person.of_contact(thread.sender.medium) else { return Ok(Consent::Open) };
        self.reader.wish_of_erased(&thread.business, &erased(&self.key, &thread.business, &handle)).await
    }

    /// Has those of the newest texts sent that are kept and wait for it: what should have asked for that may have been cut
    /// off.
    pub(super) async fn send_waiting(&self, business: &BusinessId, id: &ThreadId) -> Result<(), StepError> {
        let mut waits_before = false;
        for kept in self.reader.texts(business, id, None, NEWEST).await?.iter().rev() {
            let waits = is_to_be_sent(&kept.text);
            // The next part of a long text follows the one before it.
            if waits && !waits_before {
                self.send(business, id, kept.number, Duration::ZERO).await?;
            }
            waits_before = waits;
        }
        Ok(())
    }

    /// A text that is sent, as it stands. `None`: there is no such text.
    pub(super) async fn sent(&self, text: &SentText) -> Result<Option<Kept>, StoreError> {
        let kept = self.reader.text(&text.business, &text.thread, text.number).await?;
        Ok(kept.filter(|kept| matches!(kept.text, Text::Out(_))))
    }
}
