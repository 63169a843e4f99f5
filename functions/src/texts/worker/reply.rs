//! The agent's reply: claim it, write it, keep it if it still fits, have it sent.

use std::time::Duration;

use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::split::split;
use domain::texts::thread::{NoReply, NotKept, Thread, Writing};
use domain::texts::{Body, Text, ThreadId};
use domain::{BusinessId, Timestamp};
use platform::telemetry::{Unit, metric};

use super::agent::{Agent, NoWords};
use crate::texts::sending::Carriers;
use crate::texts::steps::{Decided, StepError, Threads};

/// How a job to reply ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplyError {
    #[error(transparent)]
    Step(#[from] StepError),
    /// No words came, and may later.
    #[error(transparent)]
    Words(NoWords),
}

impl Threads {
    /// Replies to the texts up to `asked`, unless there is a reason not to.
    pub(super) async fn reply_to(
        &self,
        agent: &Agent,
        carriers: &Carriers,
        (business, id): (&BusinessId, &ThreadId),
        asked: u64,
    ) -> Result<(), ReplyError> {
        let worker = uuid::Uuid::new_v4().simple().to_string();
        let Some((thread, writing)) = self.claim((business, id), asked, &worker).await? else {
            return Ok(());
        };
        carriers.show_writing(&self.reader, &thread, writing.covers).await;
        let mut thread = thread;
        loop {
            let now = self.clock.now();
            let words = match agent.words(&self.reader, &thread, now).await {
                Ok(words) => words,
                Err(why) => return self.without_words((business, id), &worker, why).await,
            };
            match self.keep_reply((business, id), &worker, &words).await? {
                None => return Ok(()),
                Some(Ok(first)) => {
                    metric("TextReplies", 1.0, Unit::Count, &[]);
                    return Ok(self.send(business, id, first, Duration::ZERO).await?);
                }
                Some(Err((NotKept::Stale, newer))) => {
                    metric("TextDraftsDropped", 1.0, Unit::Count, &[("Reason", "stale")]);
                    thread = *newer;
                }
                Some(Err((why, _))) => {
                    let reason: &'static str = why.into();
                    metric("TextDraftsDropped", 1.0, Unit::Count, &[("Reason", reason)]);
                    return Ok(());
                }
            }
        }
    }

    /// Claims the reply. `None`: there is nothing to write now, and what is to follow later is on its way.
    async fn claim(
        &self,
        (business, id): (&BusinessId, &ThreadId),
        asked: u64,
        worker: &str,
    ) -> Result<Option<(Thread, Writing)>, StepError> {
        let begun = self
            .step(business, id, |thread| match thread.begin(asked, worker, self.clock.now()) {
                Ok(writing) => Decided::Keep(vec![], Ok((thread.clone(), writing))),
                Err(NoReply::Loop(why)) => Decided::Keep(vec![], Err(NoReply::Loop(why))),
                Err(why) => Decided::Leave(Err(why)),
            })
            .await?;
        let again = |at: Timestamp| at.since(self.clock.now()).max(Duration::from_millis(1));
        match begun {
            None => Ok(None),
            Some(Ok(claimed)) => Ok(Some(claimed)),
            Some(Err(NoReply::Early(at) | NoReply::Busy(at))) => {
                self.reply(business, id, asked, again(at).min(platform::queues::MAX_DELAY)).await?;
                Ok(None)
            }
            Some(Err(NoReply::Loop(why))) => {
                tracing::error!(%business, thread = %id, why = why.as_str(), "the agent answers too often and pauses");
                metric("TextLoops", 1.0, Unit::Count, &[]);
                Ok(None)
            }
            Some(Err(why)) => {
                let reason: &'static str = why.into();
                metric("TextRepliesNotBegun", 1.0, Unit::Count, &[("Reason", reason)]);
                Ok(None)
            }
        }
    }

    /// Keeps the reply in parts that the carrier takes; gives the number of the first one, or why it is not kept.
    async fn keep_reply(
        &self,
        (business, id): (&BusinessId, &ThreadId),
        worker: &str,
        words: &str,
    ) -> Result<Option<Result<u64, (NotKept, Box<Thread>)>>, StepError> {
        self.step(business, id, |thread| {
            let now = self.clock.now();
            let parts = split(words, thread.sender.carrier.max_characters());
            let covers = thread.writing.as_ref().map_or(thread.asked, |writing| writing.covers);
            let count = u64::try_from(parts.len()).unwrap_or(u64::MAX);
            match thread.keep(worker, count, now) {
                Ok(first) => {
                    let turn = thread.turn;
                    let text = |part: String| {
                        let content = Content::Words(Body(part));
                        Text::Out(Box::new(Outgoing::new(Author::Agent { covers }, content, turn, now)))
                    };
                    let texts = (first..).zip(parts.into_iter().map(text)).collect();
                    Decided::Keep(texts, Ok(first))
                }
                Err(NotKept::Stale) => Decided::Keep(vec![], Err((NotKept::Stale, Box::new(thread.clone())))),
                Err(why) => Decided::Leave(Err((why, Box::new(thread.clone())))),
            }
        })
        .await
    }

    /// Gives the claim back. What no later attempt changes is told to people, and not tried again.
    async fn without_words(
        &self,
        (business, id): (&BusinessId, &ThreadId),
        worker: &str,
        why: NoWords,
    ) -> Result<(), ReplyError> {
        self.step(business, id, |thread| match thread.give_up(worker) {
            true => Decided::Keep(vec![], ()),
            false => Decided::Leave(()),
        })
        .await?;
        let reason = match &why {
            NoWords::Nothing => return Ok(()),
            NoWords::Later(_) | NoWords::Store(_) => return Err(ReplyError::Words(why)),
            NoWords::NoPrompt(_) => "no_prompt",
            NoWords::NoBusiness => "no_business",
            NoWords::Final(_) => "model",
        };
        tracing::error!(%business, thread = %id, %why, "a text stays without an answer of the agent");
        metric("TextsUnanswered", 1.0, Unit::Count, &[("Reason", reason)]);
        Ok(())
    }
}
