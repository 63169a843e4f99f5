//! Whose a thread is: the agent's, or a person's of the business.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CLAIM, NotKept, Thread, Writing};
use crate::Timestamp;
use crate::access::KeyId;
use crate::texts::Body;

/// The characters of a reason that are kept.
pub const MAX_REASON: usize = 500;
/// After so much silence of the person who took a thread it is the agent's again.
pub const SILENCE: Duration = Duration::from_secs(12 * 60 * 60);

/// Who answers in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "owner", rename_all = "snake_case")]
pub enum Owner {
    /// The agent.
    Agent,
    /// A person of the business.
    Person {
        /// With which key they took it. `None`: in the carrier's own app, which does not say who wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<KeyId>,
        /// What the key's holder was called then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Since when.
        since: Timestamp,
        /// When it is the agent's again, if they write nothing more.
        until: Timestamp,
    },
}

/// Why the agent gave a thread to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// In the agent's words.
    pub reason: Body,
    /// When.
    pub at: Timestamp,
}

impl Thread {
    /// The agent used a tool while it wrote; gives the number under which that is kept. It is kept even if a person has the
    /// thread by now, since it has happened; a claim that is still this worker's begins anew.
    pub fn used_tool(&mut self, worker: &str, now: Timestamp) -> u64 {
        if let Some(writing) = self.writing.as_mut().filter(|writing| writing.worker == worker) {
            writing.until = now.plus(CLAIM);
        }
        self.append(now)
    }

    /// Whether this worker may go on to act for the agent.
    pub fn is_written_by(&self, worker: &str, now: Timestamp) -> bool {
        let own = |writing: &Writing| writing.worker == worker && now < writing.until;
        matches!(self.owner, Owner::Agent) && self.writing.as_ref().is_some_and(own)
    }

    /// The agent gives the thread to a person, and says so in one last text; gives the text's number.
    ///
    /// # Errors
    /// [`NotKept`], but never [`NotKept::Stale`]: what came meanwhile is the person's to answer.
    pub fn hand_over(&mut self, worker: &str, reason: &str, now: Timestamp) -> Result<u64, NotKept> {
        self.settle_owner(now);
        if !matches!(self.owner, Owner::Agent) {
            return Err(NotKept::ByPerson);
        }
        if !self.is_written_by(worker, now) {
            return Err(NotKept::ClaimLost);
        }
        self.answered = self.writing.as_ref().map_or(self.answered, |writing| writing.covers);
        if self.answered == self.asked {
            self.burst = None;
        }
        self.pass_to_person(None, now);
        let reason = reason.trim().chars().take(MAX_REASON).collect();
        self.handed = Some(Handed { reason: Body(reason), at: now });
        Ok(self.append(now))
    }

    /// A person takes the thread. Whatever the agent has written and not sent stays unsent.
    pub fn take(&mut self, key: &KeyId, name: &str, now: Timestamp) {
        self.pass_to_person(Some((key, name)), now);
        self.step();
    }

    /// A person writes, which takes the thread; gives the number of the first part.
    pub fn person_writes(&mut self, key: &KeyId, name: &str, parts: u64, now: Timestamp) -> u64 {
        self.pass_to_person(Some((key, name)), now);
        self.nothing_to_answer();
        let first = self.texts + 1;
        for _ in 0..parts {
            self.append(now);
        }
        first
    }

    /// The thread is the agent's again; what waits for an answer since then is answered. Gives the moment for that, if
    /// something waits.
    pub fn hand_back(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.handed = None;
        if !matches!(self.owner, Owner::Agent) {
            self.pass_to_agent();
        }
        self.guard.forget();
        self.step();
        self.burst.filter(|_| self.asked > self.answered).map(|burst| burst.due.max(now))
    }

    /// Who answers at `now`: a person who has been silent for long has given the thread back.
    pub fn owner_at(&self, now: Timestamp) -> &Owner {
        const AGENT: &Owner = &Owner::Agent;
        match &self.owner {
            Owner::Person { until, .. } if now >= *until => AGENT,
            owner => owner,
        }
    }

    pub(super) fn pass_to_person(&mut self, by: Option<(&KeyId, &str)>, now: Timestamp) {
        self.handed = None;
        let until = now.plus(SILENCE);
        let by_key = by.map(|(key, _)| key);
        match &mut self.owner {
            Owner::Person { key, until: standing, .. } if by_key.is_none() || key.as_ref() == by_key => {
                *standing = until;
            }
            Owner::Person { .. } | Owner::Agent => {
                let name = by.map(|(_, name)| name.to_owned());
                if by.is_some() {
                    self.message = None;
                }
                self.owner = Owner::Person { key: by_key.cloned(), name, since: now, until };
                self.turn = self.turn.saturating_add(1);
            }
        }
        self.writing = None;
        self.dropped = 0;
    }

    /// A person who has been silent for long has given the thread back.
    pub(super) fn settle_owner(&mut self, now: Timestamp) {
        if matches!(&self.owner, Owner::Person { until, .. } if now >= *until) {
            self.pass_to_agent();
        }
    }

    fn pass_to_agent(&mut self) {
        self.owner = Owner::Agent;
        self.turn = self.turn.saturating_add(1);
        self.handed = None;
    }
}
