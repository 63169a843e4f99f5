//! Sending what is kept, each text once, and hearing what became of it.
//!
//! A text is noted as asked for before the carrier is asked. What is found so without a name of the carrier's is looked up
//! before it is sent again.

use std::time::Duration;

use domain::texts::consent::Consent;
use domain::texts::failure::Failure;
use domain::texts::outgoing::{Answered, Author, Delivery, Fate, MAX_TRIES, Next, Outgoing, SETTLED_AFTER};
use domain::texts::thread::Thread;
use domain::texts::{Carrier, Text};
use domain::{BusinessId, Direction, Timestamp};
use platform::telemetry::{Unit, metric};
use providers::text_media::{self, Foreign, NotFetched};
use providers::texts::{Letter, NotTaken, Taken, Texts};
use stores::texts::{Kept, Reader, Stored};
use url::Url;

use super::people::People;
use super::steps::{Decided, Looks, StepError, Threads, is_to_be_sent};
use crate::edge::parts::parts;
use crate::jobs::SentText;
use crate::shared::callbacks;
use crate::shared::text_accounts::{TextAccount, TextAccounts};

/// How long a sender is left alone that sends too much, if the carrier does not say.
const SENDER_BUSY: Duration = Duration::from_secs(15);
/// How long a person gets no text to whom there were too many: Meta's sustained pace is one in six seconds.
const PERSON_BUSY: Duration = Duration::from_secs(12);
/// The wait after a passing trouble.
const PASSING: Duration = Duration::from_secs(5);

parts! {
    pub(super) struct Carriers {
        accounts: TextAccounts,
        public_base: Url => |needs| needs.public_base(),
    }
}

impl Carriers {
    async fn of(&self, thread: &Thread) -> Result<Option<TextAccount>, stores::StoreError> {
        self.accounts.of(&thread.business, &thread.sender.carrier).await
    }

    /// Shows the person that an answer to the text with this number is being written.
    pub(super) async fn show_writing(&self, reader: &Reader, thread: &Thread, number: u64) {
        let kept = reader.text(&thread.business, &thread.id, number).await;
        let Ok(Some(Kept { text: Text::In(incoming), .. })) = kept else { return };
        match self.of(thread).await {
            Ok(Some(TextAccount::Twilio(twilio))) => {
                Texts::show_writing(&twilio, &thread.sender, &incoming.key).await
            }
            Ok(Some(TextAccount::Meta(meta))) => {
                Texts::show_writing(&meta, &thread.sender, &incoming.key).await
            }
            Ok(None) | Err(_) => {}
        }
    }

    /// What the carrier says became of a text that it has under this name.
    pub(super) async fn ask_about(&self, thread: &Thread, key: &str) -> Answered {
        match self.of(thread).await {
            Ok(Some(TextAccount::Twilio(twilio))) => Texts::ask(&twilio, key).await,
            Ok(Some(TextAccount::Meta(meta))) => Texts::ask(&meta, key).await,
            Ok(None) | Err(_) => Answered::Nothing,
        }
    }

    /// What came with a text in this thread.
    pub(super) async fn media(
        &self,
        thread: &Thread,
        elsewhere: &Foreign,
        source: &str,
    ) -> Result<Vec<u8>, NotFetched> {
        match self.of(thread).await {
            Ok(Some(TextAccount::Twilio(twilio))) => text_media::of_twilio(&twilio, elsewhere, source).await,
            Ok(Some(TextAccount::Meta(meta))) => text_media::of_meta(&meta.graph, elsewhere, source).await,
            Ok(None) => Err(NotFetched::Refused),
            Err(_) => Err(NotFetched::Later),
        }
    }

    async fn ask(&self, look_up: bool, thread: &Thread, text: &SentText, out: &Outgoing) -> Answer {
        let carrier = match self.of(thread).await {
            Ok(Some(carrier)) => carrier,
            Ok(None) => {
                let failure = Failure::Credentials;
                return Answer::Not(NotTaken::Refused { failure, code: None, after: None });
            }
            Err(_) => {
                let failure = Failure::Passing;
                return Answer::Not(NotTaken::Refused { failure, code: None, after: None });
            }
        };
        let send_id = text.to_string();
        let base = self.public_base.as_str().trim_end_matches('/');
        let status_callback = callbacks::of_text(base, &send_id);
        let letter = Letter {
            sender: &thread.sender,
            person: &thread.person,
            content: &out.content,
            send_id: &send_id,
            status_callback: Some(&status_callback),
            known_by: None,
        };
        let answered = if look_up {
            match carrier.look_up(&letter, out.asked_at.unwrap_or(out.at)).await {
                Ok(Some(taken)) => Ok(taken),
                Ok(None) => return Answer::NotThere,
                Err(error) => Err(error),
            }
        } else {
            carrier.send(&letter).await
        };
        answered.map_or_else(Answer::Not, Answer::Taken)
    }
}

enum Answer {
    Taken(Taken),
    /// It was looked for, and is not there.
    NotThere,
    Not(NotTaken),
}

impl Threads {
    /// Sends a text, if that was not done, and then has the next part of it sent.
    pub(super) async fn send_kept(
        &self,
        carriers: &Carriers,
        people: &People,
        text: &SentText,
    ) -> Result<(), StepError> {
        let mut looks = Looks::default();
        let mut not_there = false;
        loop {
            looks.again().await?;
            let Some(kept) = self.sent(text).await? else { return Ok(()) };
            let Text::Out(out) = &kept.text else { return Ok(()) };
            let Some(thread) = self.reader.thread(&text.business, &text.thread).await? else { return Ok(()) };
            people.tell_talk(&thread, text.number, Direction::Outbound).await?;
            let now = self.clock.now();
            let look_up = match out.next(&thread.sender.carrier, now) {
                Next::Nothing => return self.send_next(text, out).await,
                Next::Wait(wait) => return self.send(&text.business, &text.thread, text.number, wait).await,
                Next::GiveUp => {
                    self.change(text, |out| out.failed("lost", None)).await?;
                    metric("TextsLost", 1.0, Unit::Count, &[]);
                    return self.send_next(text, out).await;
                }
                Next::LookUp => !not_there,
                Next::Send => false,
            };
            if look_up {
                match carriers.ask(true, &thread, text, out).await {
                    Answer::NotThere => {
                        not_there = true;
                        continue;
                    }
                    answer => return self.answered(text, out, answer).await,
                }
            }
            if let Some(slow) = thread.slow_until.filter(|slow| now < *slow) {
                return self.send(&text.business, &text.thread, text.number, slow.since(now)).await;
            }
            let refused = if out.is_stale(now) && out.tries == 0 {
                Some("stale")
            } else {
                let person = match &out.author {
                    Author::Agent { .. } => Consent::Open,
                    Author::Person { .. } | Author::Call { .. } | Author::Notice | Author::Business => {
                        self.consent_of(&thread).await?
                    }
                };
                thread.may_send(out, person, now).err().map(|why| why.as_str())
            };
            if let Some(why) = refused {
                self.change(text, |out| out.failed(why, None)).await?;
                metric("TextsNotSent", 1.0, Unit::Count, &[("Reason", why)]);
                return self.send_next(text, out).await;
            }
            let mut asked = (**out).clone();
            asked.ask(now);
            let turn = matches!(out.author, Author::Agent { .. }).then_some(out.turn);
            let place = (&text.business, &text.thread);
            if self.writer.store_sent(place, &kept, &asked, turn, now).await? != Stored::Done {
                continue;
            }
            let answer = carriers.ask(false, &thread, text, &asked).await;
            return self.answered(text, &asked, answer).await;
        }
    }

    async fn answered(&self, text: &SentText, out: &Outgoing, answer: Answer) -> Result<(), StepError> {
        let again = |wait: Duration| self.send(&text.business, &text.thread, text.number, wait);
        match answer {
            Answer::Taken(taken) => {
                self.change(text, |out| out.taken(&taken.key, taken.fate)).await?;
                self.send_next(text, out).await
            }
            Answer::NotThere | Answer::Not(NotTaken::Unknown) => again(SETTLED_AFTER).await,
            Answer::Not(NotTaken::Refused { failure, code, after }) => {
                metric("TextsFailed", 1.0, Unit::Count, &[("Carrier", "any"), ("Reason", failure.as_str())]);
                if failure.may_pass() && out.tries < MAX_TRIES {
                    self.change(text, Outgoing::not_taken).await?;
                    let wait = match failure {
                        Failure::PersonBusy => PERSON_BUSY,
                        Failure::SenderBusy => after.unwrap_or(SENDER_BUSY),
                        _ => PASSING,
                    };
                    self.heed(text, failure).await?;
                    return again(wait * u32::from(out.tries.max(1))).await;
                }
                tracing::error!(business = %text.business, failure = failure.as_str(), code, "a text was not sent");
                self.change(text, |out| out.failed(failure.as_str(), code)).await?;
                self.heed(text, failure).await?;
                self.send_next(text, out).await
            }
        }
    }

    /// A carrier says what became of a text.
    pub(super) async fn became(
        &self,
        key: &str,
        named: Option<SentText>,
        fate: Fate,
        by: Option<&BusinessId>,
    ) -> Result<(), StepError> {
        let place = self.reader.carried(key).await?;
        let known = place.map(|place| SentText {
            business: place.business,
            thread: place.thread,
            number: place.number,
        });
        let Some(text) = known.or(named).filter(|text| by.is_none_or(|by| *by == text.business)) else {
            tracing::warn!("what became of a text that is not ours");
            metric("CallbacksOrphaned", 1.0, Unit::Count, &[]);
            return Ok(());
        };
        let Some(kept) = self.sent(&text).await? else { return Ok(()) };
        let Some(thread) = self.reader.thread(&text.business, &text.thread).await? else { return Ok(()) };
        // A name that another text has is no name of this one.
        if matches!(&kept.text, Text::Out(out) if out.key.as_deref().is_some_and(|known| known != key)) {
            return Ok(());
        }
        let failure = failure_of(&thread, fate);
        self.change(&text, |out| {
            out.taken(key, Fate::of(Delivery::Accepted));
            out.heard(fate, failure);
        })
        .await?;
        if let Some(failure) = failure.filter(|_| fate.delivery.is_failure()) {
            self.heed(&text, failure).await?;
        }
        Ok(())
    }

    /// What a failure means for the thread.
    pub(super) async fn heed(&self, text: &SentText, failure: Failure) -> Result<(), StepError> {
        let now = self.clock.now();
        let change: fn(&mut Thread, Timestamp) = match failure {
            Failure::WindowClosed => |thread, _| thread.close_window(),
            Failure::OptedOut | Failure::NoMarketing => |thread, now| thread.stop(now),
            Failure::PersonBusy => |thread, now| thread.slow_down(now.plus(PERSON_BUSY)),
            _ => return Ok(()),
        };
        let step = self.step(&text.business, &text.thread, |thread| {
            change(thread, now);
            Decided::Keep(vec![], ())
        });
        step.await.map(drop)
    }

    /// Changes a text that is sent, whatever else is told of it meanwhile. Gives the text as it is now, if this changed it.
    pub(super) async fn change(
        &self,
        text: &SentText,
        change: impl Fn(&mut Outgoing),
    ) -> Result<Option<Outgoing>, StepError> {
        let mut looks = Looks::default();
        loop {
            looks.again().await?;
            let Some(kept) = self.sent(text).await? else { return Ok(None) };
            let Text::Out(before) = &kept.text else { return Ok(None) };
            let mut after = (**before).clone();
            change(&mut after);
            if after == **before {
                return Ok(None);
            }
            let place = (&text.business, &text.thread);
            if self.writer.store_sent(place, &kept, &after, None, self.clock.now()).await? == Stored::Done {
                return Ok(Some(after));
            }
        }
    }

    /// Has the part behind it sent, once this one is with the carrier or will never be.
    async fn send_next(&self, text: &SentText, out: &Outgoing) -> Result<(), StepError> {
        let next = self.reader.text(&text.business, &text.thread, text.number + 1).await?;
        let follows = |text: &Text| match text {
            Text::Out(next) => next.author == out.author && next.at == out.at && is_to_be_sent(text),
            Text::In(_) | Text::Tool(_) => false,
        };
        if next.is_some_and(|next| follows(&next.text)) {
            self.send(&text.business, &text.thread, text.number + 1, Duration::ZERO).await?;
        }
        Ok(())
    }
}

/// What a carrier's error code means.
pub(super) fn failure_of(thread: &Thread, fate: Fate) -> Option<Failure> {
    fate.code.map(|code| match thread.sender.carrier {
        Carrier::Twilio => Failure::of_twilio(code),
        Carrier::Meta { .. } => Failure::of_meta(code),
    })
}
