//! Whose turn it is in a thread, and what was promised to the person.
//!
//! A [`Thread`] is changed by taking one step and is stored on condition that no other step was stored meanwhile
//! (its `step`). Every rule rests on that: an agent that has written a reply can only have it kept if it still has the
//! thread, holds the claim under which it wrote, and nothing newer came.

mod outcome;
mod owner;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::coalesce::Burst;
use super::consent::{self, Consent, Wish};
use super::guard::{Guard, is_automatic};
use super::incoming::{Incoming, Kind};
use super::window::Window;
use super::{Body, Handle, Medium, Sender, ThreadId};
use crate::appointments::UtcDay;
use crate::contact::ContactId;
use crate::{BusinessId, Timestamp};

pub use outcome::{NoReply, NotKept, NotSent, Received};
pub use owner::{Handed, MAX_REASON, Owner, SILENCE};

/// How long a claim to write a reply lasts: longer than a model may take.
pub const CLAIM: Duration = Duration::from_secs(90);
/// Drafts that are dropped for newer texts; the next one is sent, whatever comes meanwhile.
pub const MAX_DROPPED: u8 = 2;

/// The texts of one day, as far as they are known: one entry of the contact's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// The number of the first of them.
    pub first: u64,
    /// When that was written.
    pub at: Timestamp,
}

/// A claim to write the reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writing {
    /// Who has it.
    pub worker: String,
    /// The number of the last text that the reply answers.
    pub covers: u64,
    /// Until when no other worker begins.
    pub until: Timestamp,
}

/// The texts between one person and one sender, as a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its name.
    pub id: ThreadId,
    /// Whose it is.
    pub business: BusinessId,
    /// At which sender.
    pub sender: Sender,
    /// Where answers go: to the handle that wrote last.
    pub person: Handle,
    /// What the person calls themselves.
    #[serde(default)]
    pub name: Option<Body>,
    /// The contact that it belongs to, once there is one.
    #[serde(default)]
    pub contact: Option<ContactId>,
    /// The number of this state. A state is stored only behind the one before.
    pub step: u64,
    /// Texts that are kept; the last one has this number.
    pub texts: u64,
    /// When it began.
    pub opened_at: Timestamp,
    /// When the last text was written or came.
    pub last_at: Timestamp,
    /// When the person wrote last, by our clock: WhatsApp's window is counted from it.
    #[serde(default)]
    pub last_in: Option<Timestamp>,
    /// Who answers.
    pub owner: Owner,
    /// How often the owner has changed. A text of an earlier turn is not sent any more.
    #[serde(default)]
    pub turn: u32,
    /// The number of the last text that wants an answer.
    #[serde(default)]
    pub asked: u64,
    /// The number of the last text that was answered.
    #[serde(default)]
    pub answered: u64,
    /// The texts that are not answered yet.
    #[serde(default)]
    pub burst: Option<Burst>,
    /// The reply that is being written.
    #[serde(default)]
    pub writing: Option<Writing>,
    /// Drafts that were dropped since the last reply.
    #[serde(default)]
    pub dropped: u8,
    /// What is remembered to notice a loop.
    #[serde(default)]
    pub guard: Guard,
    /// Whether the person takes texts.
    #[serde(default)]
    pub consent: Consent,
    /// No text is sent before, since the carrier asked for fewer to this person.
    #[serde(default)]
    pub slow_until: Option<Timestamp>,
    /// Why the agent gave it to a person, until one takes it or gives it back.
    #[serde(default)]
    pub handed: Option<Handed>,
    /// What the person wants the business to be told, as the agent noted it, until a person has taken the thread.
    #[serde(default)]
    pub message: Option<Body>,
    /// The texts of the last day on which there were any.
    #[serde(default)]
    pub talk: Option<Talk>,
}

impl Thread {
    /// The thread that a first text begins. The text itself is still to be [received](Self::receive).
    pub fn new(id: ThreadId, business: BusinessId, incoming: &Incoming, now: Timestamp) -> Self {
        let thread = Self::opened(business, incoming.sender.clone(), incoming.from.clone(), now);
        Self { id, name: incoming.name.clone(), ..thread }
    }

    /// The thread that a first text of the business begins. The text itself is still to be [told](Self::notice).
    pub fn opened(business: BusinessId, sender: Sender, person: Handle, now: Timestamp) -> Self {
        Self {
            id: ThreadId::of(&business, &sender, &person),
            business,
            sender,
            person,
            name: None,
            contact: None,
            step: 0,
            texts: 0,
            opened_at: now,
            last_at: now,
            last_in: None,
            owner: Owner::Agent,
            turn: 0,
            asked: 0,
            answered: 0,
            burst: None,
            writing: None,
            dropped: 0,
            guard: Guard::default(),
            consent: Consent::Open,
            slow_until: None,
            handed: None,
            message: None,
            talk: None,
        }
    }

    /// A text came.
    pub fn receive(&mut self, incoming: &Incoming, now: Timestamp) -> Received {
        self.settle_owner(now);
        let number = self.append(now);
        if incoming.kind == Kind::Echo {
            // A person answered in the carrier's own app, under a name that we do not know.
            self.pass_to_person(None, now);
            return Received { number, reply_at: None, wish: None };
        }
        if incoming.kind.is_from_person() {
            self.person = incoming.from.clone();
            self.sender.carrier = incoming.sender.carrier.clone();
            if incoming.name.is_some() {
                self.name.clone_from(&incoming.name);
            }
            // A delivery may be days late, and the window is counted from when the person wrote.
            let wrote = incoming.order();
            self.last_in = self.last_in.max(Some(wrote));
        }
        let medium = self.sender.medium;
        let written =
            (incoming.kind == Kind::Text).then(|| consent::written(medium, incoming.body.as_str())).flatten();
        if let Some(wish) = incoming.wish.or_else(|| written.map(|written| written.wish)) {
            let before = self.consent;
            self.consent = before.after(wish, now);
            let language = written.map_or("en", |written| written.language);
            let says_so = (wish == Wish::Stop && before == Consent::Open)
                .then(|| consent::confirmation(medium, language))
                .flatten();
            self.nothing_to_answer();
            return Received { number, reply_at: None, wish: Some((wish, says_so)) };
        }
        if !incoming.kind.wants_answer() {
            return Received { number, reply_at: None, wish: None };
        }
        self.guard.heard(incoming.body.as_str(), now);
        if incoming.own || is_automatic(incoming.body.as_str()) {
            return Received { number, reply_at: None, wish: None };
        }
        self.asked = number;
        let burst = Burst::with(self.burst, incoming, now);
        self.burst = Some(burst);
        let reply_at = matches!(self.owner, Owner::Agent).then_some(burst.due);
        Received { number, reply_at, wish: None }
    }

    /// Claims the reply to the texts up to `asked`, for a worker. Whether a step is to be stored is for
    /// [`NoReply::Loop`] and a claim alone.
    ///
    /// # Errors
    /// [`NoReply`].
    pub fn begin(&mut self, asked: u64, worker: &str, now: Timestamp) -> Result<Writing, NoReply> {
        self.settle_owner(now);
        if !matches!(self.owner, Owner::Agent) {
            return Err(NoReply::ByPerson);
        }
        let Some(burst) = self.burst.filter(|_| self.asked > self.answered) else {
            return Err(NoReply::Answered);
        };
        if asked < self.asked && !burst.is_overdue(now) {
            return Err(NoReply::Newer);
        }
        let busy = |writing: &&Writing| now < writing.until && writing.worker != worker;
        if let Some(writing) = self.writing.as_ref().filter(busy) {
            return Err(NoReply::Busy(writing.until));
        }
        let due = burst.due.max(self.slow_until.unwrap_or(burst.due));
        if now < due {
            return Err(NoReply::Early(due));
        }
        if self.sender.medium == Medium::Sms && self.consent != Consent::Open {
            return Err(NoReply::Stopped);
        }
        if self.guard.is_paused(now) {
            return Err(NoReply::Paused);
        }
        if let Some(why) = self.guard.refuses(now) {
            self.guard.pause(now);
            self.step();
            return Err(NoReply::Loop(why));
        }
        let writing = Writing { worker: worker.to_owned(), covers: self.asked, until: now.plus(CLAIM) };
        self.writing = Some(writing.clone());
        self.step();
        Ok(writing)
    }

    /// Keeps a reply of this many parts, which are numbered on from the texts that there are; gives the number of the first.
    ///
    /// # Errors
    /// [`NotKept`]. After [`NotKept::Stale`] the claim covers the newer texts too, and the step is to be stored.
    pub fn keep(&mut self, worker: &str, parts: u64, now: Timestamp) -> Result<u64, NotKept> {
        self.settle_owner(now);
        if !matches!(self.owner, Owner::Agent) {
            return Err(NotKept::ByPerson);
        }
        let asked = self.asked;
        let Some(writing) =
            self.writing.as_mut().filter(|writing| writing.worker == worker && now < writing.until)
        else {
            return Err(NotKept::ClaimLost);
        };
        if writing.covers < asked && self.dropped < MAX_DROPPED {
            writing.covers = asked;
            writing.until = now.plus(CLAIM);
            self.dropped += 1;
            self.step();
            return Err(NotKept::Stale);
        }
        self.answered = writing.covers;
        if self.answered == asked {
            self.burst = None;
        } else if let Some(burst) = &mut self.burst {
            burst.first = now;
        }
        self.writing = None;
        self.dropped = 0;
        self.guard.replied(now);
        let first = self.texts + 1;
        for _ in 0..parts {
            self.append(now);
        }
        Ok(first)
    }

    /// Gives a claim back without a reply. `false`: it was not this worker's.
    pub fn give_up(&mut self, worker: &str) -> bool {
        let own = self.writing.as_ref().is_some_and(|writing| writing.worker == worker);
        if own {
            self.writing = None;
            self.step();
        }
        own
    }

    /// The product itself writes; gives the number of the text.
    pub fn notice(&mut self, now: Timestamp) -> u64 {
        self.append(now)
    }

    /// Until when free words may be sent.
    pub fn window(&self, now: Timestamp) -> Window {
        Window::of(self.sender.medium, self.last_in, now)
    }

    /// Whether a text that was written in this turn may be sent now.
    ///
    /// `person` is what the person wants of the business on any of their threads. It stops what the business begins, and
    /// not what the agent answers to a question that they ask later.
    ///
    /// # Errors
    /// [`NotSent`].
    pub fn may_send(
        &self,
        outgoing: &super::outgoing::Outgoing,
        person: Consent,
        now: Timestamp,
    ) -> Result<(), NotSent> {
        use super::outgoing::{Author, Content};
        let by_agent = matches!(outgoing.author, Author::Agent { .. });
        if by_agent && (outgoing.turn != self.turn || !matches!(self.owner, Owner::Agent)) {
            return Err(NotSent::TakenOver);
        }
        let is_notice = outgoing.author == Author::Notice;
        let consent = if by_agent { self.consent } else { self.consent.and(person) };
        let is_words = matches!(outgoing.content, Content::Words(_));
        if is_words && !self.window(now).is_open() {
            return Err(NotSent::WindowClosed);
        }
        let Consent::Stopped(since) = consent else { return Ok(()) };
        // Carriers of SMS send none but their own; over WhatsApp a question that the person asks later is answered.
        let asked = outgoing.author != Author::Business && self.last_in > Some(since);
        let answers = self.sender.medium == Medium::WhatsApp && (by_agent || asked);
        if is_words && (is_notice || answers) { Ok(()) } else { Err(NotSent::OptedOut) }
    }

    /// The carrier says that the window is closed, whatever we counted. Only a later text opens it.
    pub fn close_window(&mut self) {
        self.last_in = None;
        self.step();
    }

    /// The carrier says that the person wants no texts.
    pub fn stop(&mut self, now: Timestamp) {
        self.consent = self.consent.after(Wish::Stop, now);
        self.step();
    }

    /// The carrier asks for fewer texts to this person.
    pub fn slow_down(&mut self, until: Timestamp) {
        self.slow_until = self.slow_until.max(Some(until));
        self.step();
    }

    fn nothing_to_answer(&mut self) {
        self.answered = self.asked;
        self.burst = None;
    }

    /// One more text.
    fn append(&mut self, now: Timestamp) -> u64 {
        self.texts += 1;
        self.last_at = self.last_at.max(now);
        if self.talk.is_none_or(|talk| UtcDay::of(talk.at) != UtcDay::of(now)) {
            self.talk = Some(Talk { first: self.texts, at: now });
        }
        self.step();
        self.texts
    }

    fn step(&mut self) {
        self.step += 1;
    }
}

#[cfg(test)]
mod tests;
