//! How far a contact is in the business's pipeline, and the one rule by which it moves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::{MAX_TEXT, Mistake, cut, is_words};
use crate::access::KeyId;
use crate::as_text::as_text;
use crate::ids::InvalidId;
use crate::lead::LeadSourceId;
use crate::{CallSid, Timestamp};

/// A move that an agent asks for stands from this confidence on; below it is a suggestion.
pub const SURE_ENOUGH: u8 = 65;

const MAX_STATUSES: usize = 30;

/// The id of a status: 1 to 40 lower-case letters, digits and underscores, a letter first. It never changes; its label may.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StatusId(String);

impl StatusId {
    /// Accepts 1 to 40 of a-z, 0-9 and `_`, a letter first.
    ///
    /// # Errors
    /// [`InvalidId`].
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let expected = "1 to 40 of a-z, 0-9 and '_', a letter first";
        let invalid = InvalidId { kind: "id of a status", expected };
        super::FieldKey::parse(text).map(|_| Self(text.to_owned())).map_err(|_| invalid)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StatusId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for StatusId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

as_text!(StatusId, InvalidId);

/// What a status means for the business.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StatusKind {
    /// It goes on.
    Open,
    /// It came to what the business wants.
    Won,
    /// It came to nothing.
    Lost,
}

impl StatusKind {
    /// Every kind.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One step of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its id, for programs.
    pub id: StatusId,
    /// What people call it.
    pub label: String,
    /// What it means.
    pub kind: StatusKind,
}

/// The statuses of a business, in their order. A new contact has the first one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The statuses, from the first to the last.
    pub statuses: Vec<Status>,
    /// Statuses that there were, each with the one that took its place: contacts keep the id that they were given.
    #[serde(default)]
    pub retired: BTreeMap<StatusId, StatusId>,
}

impl Default for Pipeline {
    fn default() -> Self {
        let status =
            |id: &str, label: &str, kind| Status { id: StatusId(id.into()), label: label.into(), kind };
        Self {
            statuses: vec![
                status("new", "New", StatusKind::Open),
                status("qualified", "Qualified", StatusKind::Open),
                status("booked", "Booked", StatusKind::Won),
                status("not_interested", "Not interested", StatusKind::Lost),
            ],
            retired: BTreeMap::new(),
        }
    }
}

impl Pipeline {
    /// Everything that cannot be so.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = vec![];
        if !(1..=MAX_STATUSES).contains(&self.statuses.len()) {
            mistakes.push(("statuses", "length", format!("give 1 to {MAX_STATUSES} statuses")));
        }
        let mut ids = BTreeSet::new();
        for status in &self.statuses {
            if !ids.insert(&status.id) {
                mistakes.push(("statuses", "repeated", format!("`{}` is there twice", status.id)));
            }
            if !is_words(&status.label) {
                let detail = format!("give `{}` a label of 1 to 100 characters in one line", status.id);
                mistakes.push(("statuses", "length", detail));
            }
        }
        for (old, target) in &self.retired {
            if ids.contains(old) {
                mistakes.push((
                    "retired",
                    "in_use",
                    format!("`{old}` is one of the statuses: it is not retired"),
                ));
            } else if self.place(target).is_none() {
                mistakes.push((
                    "retired",
                    "unknown",
                    format!("`{target}`, which takes the place of `{old}`, is missing from the statuses"),
                ));
            }
        }
        mistakes
    }

    /// This pipeline as the one that follows `before`: a status that is gone needs one that takes its place, and those
    /// that were retired earlier stay so. A mistake for each that has none.
    pub fn after(mut self, before: &Self) -> (Self, Vec<Mistake>) {
        let mut mistakes = vec![];
        let is_status =
            |pipeline: &Self, id: &StatusId| pipeline.statuses.iter().any(|status| status.id == *id);
        for status in &before.statuses {
            let id = &status.id;
            if !is_status(&self, id) && !self.retired.contains_key(id) {
                let detail = format!("`{id}` is gone: say in `retired` which status takes its place");
                mistakes.push(("retired", "missing", detail));
            }
        }
        for (old, target) in &before.retired {
            if !is_status(&self, old) && !self.retired.contains_key(old) {
                let target = self.retired.get(target).unwrap_or(target).clone();
                self.retired.insert(old.clone(), target);
            }
        }
        (self, mistakes)
    }

    /// The status that a contact with this one has now; the first one for a contact that never had any, and for an id
    /// that is unknown. `None`: the pipeline is empty.
    pub fn status(&self, id: Option<&StatusId>) -> Option<&Status> {
        let place = id.and_then(|id| self.place(self.retired.get(id).unwrap_or(id)));
        self.statuses.get(place.unwrap_or(0))
    }

    fn place(&self, id: &StatusId) -> Option<usize> {
        self.statuses.iter().position(|status| status.id == *id)
    }
}

/// How far a contact is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lead {
    /// The status that it was given; `None`: none yet, so it has the pipeline's first one.
    #[serde(default)]
    pub status: Option<StatusId>,
    /// Since when.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// How often it has moved.
    #[serde(default)]
    pub moves: u32,
    /// A move that waits for a person's word.
    #[serde(default)]
    pub suggestion: Option<Suggestion>,
}

/// Who moves a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovedBy {
    /// A person or a program of the business, by its key.
    Key(KeyId),
    /// What a call came to.
    Call(CallSid),
    /// A form that the person filled in, by where it came from.
    LeadSource(LeadSourceId),
}

/// A move that is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct LeadRequest {
    /// Where to.
    pub to: StatusId,
    /// Who asks.
    pub by: MovedBy,
    /// Why, in words.
    pub reason: Option<String>,
    /// How sure it is, 0 to 100; `None`: a person asks, who does not doubt it, or it is not known.
    pub confidence: Option<u8>,
    /// When it is asked.
    pub at: Timestamp,
}

impl fmt::Debug for LeadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadRequest").field("to", &self.to).finish_non_exhaustive()
    }
}

/// A move that no person has confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// Where to.
    pub to: StatusId,
    /// What it rests on.
    pub by: MovedBy,
    /// Why, in words.
    pub reason: Option<String>,
    /// How sure it is, 0 to 100.
    pub confidence: Option<u8>,
    /// When it was made.
    pub at: Timestamp,
}

impl fmt::Debug for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suggestion").field("to", &self.to).finish_non_exhaustive()
    }
}

/// A move that was made: an entry of the history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadMove {
    /// Where it was; `None`: the first status, which it had without a move.
    pub from: Option<StatusId>,
    /// Where it is since.
    pub to: StatusId,
    /// Who moved it.
    pub by: MovedBy,
    /// Why, in words.
    pub reason: Option<String>,
    /// How sure it was, 0 to 100.
    pub confidence: Option<u8>,
    /// The number of the move, from 1.
    pub number: u32,
}

impl fmt::Debug for LeadMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadMove").field("to", &self.to).field("number", &self.number).finish_non_exhaustive()
    }
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadChange {
    /// It has moved.
    Moved(LeadMove),
    /// A person decides.
    Suggested,
    /// It is there already.
    Same,
}

/// Why a lead does not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMoved {
    /// The pipeline has no such status.
    #[error("the pipeline has no status `{0}`")]
    Unknown(StatusId),
}

impl Lead {
    /// Asks for a move. A key's stands. A call's stands if it is sure enough, goes on in the pipeline's order and leaves
    /// no status at which the business is done, and so does a form's, which is sure; otherwise it is a suggestion, which takes
    /// the place of an earlier one.
    ///
    /// # Errors
    /// [`NotMoved`].
    pub fn ask(&mut self, pipeline: &Pipeline, request: &LeadRequest) -> Result<LeadChange, NotMoved> {
        let to = pipeline.place(&request.to).ok_or_else(|| NotMoved::Unknown(request.to.clone()))?;
        let now = pipeline.status(self.status.as_ref());
        if now.is_some_and(|now| now.id == request.to) {
            if matches!(request.by, MovedBy::Key(_)) {
                self.suggestion = None;
            }
            return Ok(LeadChange::Same);
        }
        let at = now.and_then(|now| pipeline.place(&now.id)).unwrap_or(0);
        let goes_on = to > at && now.is_none_or(|now| now.kind == StatusKind::Open);
        let stands = match &request.by {
            MovedBy::Key(_) => true,
            MovedBy::Call(_) => request.confidence.is_some_and(|sure| sure >= SURE_ENOUGH) && goes_on,
            MovedBy::LeadSource(_) => goes_on,
        };
        let reason = request.reason.as_ref().map(|reason| cut(reason, MAX_TEXT));
        if !stands {
            self.suggestion = Some(Suggestion {
                to: request.to.clone(),
                by: request.by.clone(),
                reason,
                confidence: request.confidence,
                at: request.at,
            });
            return Ok(LeadChange::Suggested);
        }
        let from = self.status.replace(request.to.clone());
        self.since = Some(request.at);
        self.moves = self.moves.saturating_add(1);
        self.suggestion = None;
        Ok(LeadChange::Moved(LeadMove {
            from,
            to: request.to.clone(),
            by: request.by.clone(),
            reason,
            confidence: request.confidence,
            number: self.moves,
        }))
    }
}
