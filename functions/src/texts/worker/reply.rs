//! The agent's reply: claim it, write it, use tools on the way, keep it if it still fits, have it sent.

use std::sync::Arc;
use std::time::Duration;

use domain::cost::TextUsage;
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::split::split;
use domain::texts::thread::{NoReply, NotKept, Thread, Writing};
use domain::texts::tool_use::claims_too_much;
use domain::texts::{Body, Text, ThreadId};
use domain::{BusinessId, Timestamp};
use openai::responses::FunctionCall;
use platform::telemetry::{Unit, metric};
use stores::businesses::Published;
use tokio::time::Instant;

use super::agent::{Agent, Draft, Leave, NoWords, Situation};
use super::meter::Meter;
use super::tools::{Ran, Then, Tools, Turn};
use crate::edge::batch::Delivery;
use crate::shared::telling::tell_endpoints;
use crate::texts::beside::{self, Outside};
use crate::texts::people::People;
use crate::texts::sending::Carriers;
use crate::texts::steps::{Decided, StepError, Threads};

/// Rounds of tools of one reply; then the agent says what it found.
const MAX_ROUNDS: u32 = 8;
/// Uses of tools in one round.
const MAX_USES: usize = 8;
/// The whole reply, tools included: the function may take two minutes. What is left begins anew, behind what was done.
const REPLY_WITHIN: Duration = Duration::from_secs(100);

/// Queues delay by whole seconds. A reply that is due sooner than that is waited for here.
const A_QUEUES_STEP: Duration = Duration::from_secs(1);
/// The wait until a voice note is looked at again that is being listened to.
const LISTENING: Duration = Duration::from_secs(2);

/// How a job to reply ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplyError {
    #[error(transparent)]
    Step(#[from] StepError),
    /// No words came, and may later.
    #[error(transparent)]
    Words(NoWords),
}

impl From<stores::StoreError> for ReplyError {
    fn from(error: stores::StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// What a reply is written with.
pub(super) struct Replying<'a> {
    pub(super) threads: &'a Threads,
    pub(super) agent: &'a Agent,
    pub(super) tools: &'a Tools,
    pub(super) meter: &'a Meter,
    pub(super) people: &'a People,
    pub(super) carriers: &'a Carriers,
    pub(super) outside: &'a Outside,
}

type Place<'a> = (&'a BusinessId, &'a ThreadId);

impl Replying<'_> {
    /// Replies to the texts up to `asked`, unless there is a reason not to.
    pub(super) async fn reply_to(
        &self,
        place: Place<'_>,
        asked: u64,
        delivery: Delivery,
    ) -> Result<(), ReplyError> {
        // What is said in a voice note belongs to what is answered.
        if self.threads.is_listening(place.0, place.1).await? {
            return Ok(self.threads.reply(place.0, place.1, asked, LISTENING).await?);
        }
        let worker = uuid::Uuid::new_v4().simple().to_string();
        let Some((thread, writing)) = self.claim(place, asked, &worker, delivery).await? else {
            return Ok(());
        };
        self.carriers.show_writing(&self.threads.reader, &thread, writing.covers).await;
        let published = match self.agent.settings_of(&thread).await {
            Ok(published) => published,
            Err(why) => return self.without_words(place, &worker, why).await,
        };
        let mut used = vec![];
        let written = self.write(place, &worker, &published, thread.clone(), &mut used).await;
        // What a model was paid for is counted, whatever became of the words.
        let (now, zone) = (self.threads.clock.now(), published.business.zone());
        if !used.is_empty()
            && let Err(error) = self.meter.add(&thread, &used, now, &zone).await
        {
            tracing::error!(business = %place.0, thread = %place.1, %error, "a reply is not counted in the month's usage");
        }
        match written {
            Ok(()) => Ok(()),
            Err(ReplyError::Words(why)) => self.without_words(place, &worker, why).await,
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        place: Place<'_>,
        worker: &str,
        published: &Arc<Published>,
        mut thread: Thread,
        used: &mut Vec<TextUsage>,
    ) -> Result<(), ReplyError> {
        let (threads, agent) = (self.threads, self.agent);
        let known = self.people.known(&published.business, &thread, threads.clock.now()).await;
        let until = Instant::now() + REPLY_WITHIN;
        let (mut rounds, mut took_back) = (0, false);
        loop {
            let situation = agent.look(&threads.reader, &thread, published).await;
            let situation = situation.map_err(ReplyError::Words)?;
            let leave = Leave { tools: rounds < MAX_ROUNDS, took_back, until };
            let draft = agent.draft(&thread, &situation, &known, leave, used, threads.clock.now()).await;
            let words = match draft.map_err(ReplyError::Words)? {
                Draft::Words(words) => words,
                Draft::Tools(calls) => {
                    rounds += 1;
                    match self.use_tools(place, worker, &situation, &thread, calls, until).await? {
                        Some(now_is) => thread = now_is,
                        None => return Ok(()),
                    }
                    continue;
                }
            };
            if claims_too_much(&words, &situation.texts) {
                metric("TextClaimsUnfounded", 1.0, Unit::Count, &[]);
                if took_back {
                    return Err(ReplyError::Words(NoWords::Final("it insists that something was done")));
                }
                took_back = true;
                continue;
            }
            match self.keep_reply(place, worker, &words).await? {
                None => return Ok(()),
                Some(Ok(first)) => {
                    metric("TextReplies", 1.0, Unit::Count, &[]);
                    return Ok(threads.send(place.0, place.1, first, Duration::ZERO).await?);
                }
                Some(Err((NotKept::Stale, newer))) => {
                    dropped("stale");
                    thread = *newer;
                }
                Some(Err((why, _))) => {
                    dropped(why.into());
                    return Ok(());
                }
            }
        }
    }

    /// Claims the reply. `None`: there is nothing to write now, and what is to follow later is on its way.
    async fn claim(
        &self,
        (business, id): Place<'_>,
        asked: u64,
        worker: &str,
        delivery: Delivery,
    ) -> Result<Option<(Thread, Writing)>, StepError> {
        let threads = self.threads;
        let begin = async || {
            let begun =
                threads.step(business, id, |thread| match thread.begin(asked, worker, threads.clock.now()) {
                    Ok(writing) => Decided::Keep(vec![], Ok((thread.clone(), writing))),
                    Err(NoReply::Loop(why)) => Decided::Keep(vec![], Err(NoReply::Loop(why))),
                    Err(why) => Decided::Leave(Err(why)),
                });
            begun.await
        };
        let again = |at: Timestamp| at.since(threads.clock.now()).max(Duration::from_millis(1));
        let mut begun = begin().await?;
        if let Some(Err(NoReply::Early(at))) = &begun
            && again(*at) < A_QUEUES_STEP
        {
            tokio::time::sleep(again(*at)).await;
            begun = begin().await?;
        }
        match begun {
            None => Ok(None),
            Some(Ok(claimed)) => Ok(Some(claimed)),
            Some(Err(NoReply::Early(at) | NoReply::Busy(at))) => {
                threads.reply(business, id, asked, again(at).min(platform::queues::MAX_DELAY)).await?;
                Ok(None)
            }
            Some(Err(NoReply::Loop(why))) => {
                tracing::error!(%business, thread = %id, why = why.as_str(), "the agent answers too often and pauses");
                metric("TextLoops", 1.0, Unit::Count, &[]);
                Ok(None)
            }
            Some(Err(why)) => {
                // The job comes again because it was cut off, perhaps behind the reply and before its sending.
                if delivery.attempt > 1 {
                    threads.send_waiting(business, id).await?;
                }
                let reason: &'static str = why.into();
                metric("TextRepliesNotBegun", 1.0, Unit::Count, &[("Reason", reason)]);
                Ok(None)
            }
        }
    }

    /// Uses the tools of one round, one after another, each kept as soon as it has answered. Gives the thread as it is then;
    /// `None`: the reply is not this worker's any more, or the thread is a person's now.
    async fn use_tools(
        &self,
        (business, id): Place<'_>,
        worker: &str,
        situation: &Situation,
        thread: &Thread,
        calls: Vec<FunctionCall>,
        until: Instant,
    ) -> Result<Option<Thread>, ReplyError> {
        let threads = self.threads;
        let mut newest = thread.clone();
        for call in calls.into_iter().take(MAX_USES) {
            let Some(now_is) = threads.reader.thread(business, id).await? else { return Ok(None) };
            let now = threads.clock.now();
            if !now_is.is_written_by(worker, now) {
                dropped("claim_lost");
                return Ok(None);
            }
            let turn = Turn { published: &situation.published, thread: &now_is, until };
            let Ran { used, then } = self.tools.run(&turn, &call, now).await;
            metric("TextToolUses", 1.0, Unit::Count, &[("Done", if used.done { "yes" } else { "no" })]);
            if let Then::HandOver { reason, say } = then {
                self.hand_over((business, id), worker, used, &reason, &say).await?;
                return Ok(None);
            }
            let taken = match then {
                Then::Note { note, message } => Some((note, message)),
                Then::GoOn | Then::HandOver { .. } => None,
            };
            let use_it = |thread: &mut Thread| {
                let number = thread.used_tool(worker, threads.clock.now());
                if let Some((note, _)) = &taken {
                    thread.message = Some(note.clone());
                }
                Decided::Keep(vec![(number, Text::Tool(Box::new(used.clone())))], thread.clone())
            };
            let brings = |thread: &Thread, _: &Thread| {
                let (_, message) = taken.as_ref()?;
                Some((self.outside, beside::took(thread, message, now)))
            };
            let kept = threads.step_beside(business, id, use_it, brings);
            match kept.await? {
                Some(now_is) => newest = now_is,
                None => return Ok(None),
            }
        }
        Ok(Some(newest))
    }

    /// Gives the thread to a person, and tells the one who wrote.
    async fn hand_over(
        &self,
        (business, id): Place<'_>,
        worker: &str,
        used: domain::texts::tool_use::ToolUse,
        reason: &str,
        say: &str,
    ) -> Result<(), ReplyError> {
        let threads = self.threads;
        let hand = |thread: &mut Thread| {
            let now = threads.clock.now();
            let number = thread.used_tool(worker, now);
            match thread.hand_over(worker, reason, now) {
                Ok(last) => {
                    let words: String = say.chars().take(thread.sender.carrier.max_characters()).collect();
                    let out = Outgoing::new(Author::Notice, Content::Words(Body(words)), thread.turn, now);
                    let texts =
                        vec![(number, Text::Tool(Box::new(used.clone()))), (last, Text::Out(Box::new(out)))];
                    Decided::Keep(texts, Ok(last))
                }
                Err(why) => Decided::Leave(Err(why)),
            }
        };
        let brings = |thread: &Thread, handed: &Result<u64, NotKept>| {
            handed.is_ok().then(|| (self.outside, beside::handed_over(thread)))
        };
        match threads.step_beside(business, id, hand, brings).await? {
            None => Ok(()),
            Some(Err(why)) => {
                dropped(why.into());
                Ok(())
            }
            Some(Ok(last)) => {
                metric("TextsHandedOver", 1.0, Unit::Count, &[]);
                tell_endpoints(&self.outside.endpoints, business).await;
                Ok(threads.send(business, id, last, Duration::ZERO).await?)
            }
        }
    }

    /// Keeps the reply in parts that the carrier takes; gives the number of the first one, or why it is not kept.
    async fn keep_reply(
        &self,
        (business, id): Place<'_>,
        worker: &str,
        words: &str,
    ) -> Result<Option<Result<u64, (NotKept, Box<Thread>)>>, StepError> {
        let threads = self.threads;
        threads
            .step(business, id, |thread| {
                let now = threads.clock.now();
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
                    Err(NotKept::Stale) => {
                        Decided::Keep(vec![], Err((NotKept::Stale, Box::new(thread.clone()))))
                    }
                    Err(why) => Decided::Leave(Err((why, Box::new(thread.clone())))),
                }
            })
            .await
    }

    /// Gives the claim back. What no later attempt changes is told to people, and not tried again.
    async fn without_words(
        &self,
        (business, id): Place<'_>,
        worker: &str,
        why: NoWords,
    ) -> Result<(), ReplyError> {
        self.threads
            .step(business, id, |thread| match thread.give_up(worker) {
                true => Decided::Keep(vec![], ()),
                false => Decided::Leave(()),
            })
            .await?;
        match &why {
            NoWords::Nothing => return Ok(()),
            NoWords::Later(_) | NoWords::Store(_) => return Err(ReplyError::Words(why)),
            NoWords::NoPrompt(_) | NoWords::NoBusiness | NoWords::Final(_) => {}
        }
        tracing::error!(%business, thread = %id, %why, "a text stays without an answer of the agent");
        metric("TextsUnanswered", 1.0, Unit::Count, &[]);
        Ok(())
    }
}

fn dropped(reason: &'static str) {
    metric("TextDraftsDropped", 1.0, Unit::Count, &[("Reason", reason)]);
}
