//! The one place that asks the model to speak.
//!
//! The API allows one response at a time and refuses a second with `conversation_already_has_active_response`.
//! So requests wait here, at most one per reason, and one is let through when nothing is being said: the most
//! important first. The model's own turn detection creates responses too; the gate learns of them as they
//! begin.

use std::time::{Duration, Instant};

use crate::input::ResponseReason;
use crate::output::ModelCommand;
use crate::recent_ids::RecentIds;

/// How long to wait when the model refuses us for a response that we know nothing of.
const UNKNOWN_RESPONSE_WAIT: Duration = Duration::from_secs(10);
/// How long to wait when the model is out of capacity, or failed, before asking once more.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// A request that was refused this often is given up.
const REFUSALS_MAX: u8 = 3;

#[derive(Debug, Default)]
pub(crate) struct ResponseGate {
    pending: Vec<Request>,
    in_flight: Option<InFlight>,
    active: Option<Active>,
    finished: RecentIds,
    /// Responses whose audio is not wanted any more, however late it comes.
    discarded: RecentIds,
    not_before: Option<Instant>,
    recovered: bool,
    requests: u32,
}

#[derive(Debug)]
struct Request {
    reason: ResponseReason,
    instructions: Option<String>,
    tools: bool,
    refusals: u8,
}

/// Asked for and not yet begun.
#[derive(Debug)]
struct InFlight {
    request: Request,
    event_id: String,
}

#[derive(Debug)]
struct Active {
    id: String,
    reason: Option<ResponseReason>,
    spoke: bool,
    called_tools: bool,
    cancelled: bool,
}

/// What a response that ended had done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) reason: Option<ResponseReason>,
    pub(crate) spoke: bool,
    pub(crate) called_tools: bool,
    /// The caller got nothing of it, and nothing else will follow from it.
    pub(crate) in_vain: bool,
    /// Nobody had given it up.
    pub(crate) wanted: bool,
}

/// Why a request did not become a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another response is under way.
    Busy,
    RateLimited,
    /// The request itself was at fault, or got lost: asking in the same way again is no use.
    Lost,
}

impl ResponseGate {
    /// Asks for a response. A request for the same reason that still waits is replaced.
    pub(crate) fn request(&mut self, reason: ResponseReason, instructions: Option<String>) {
        self.withdraw(reason);
        self.enqueue(Request { reason, instructions, tools: may_call_tools(reason), refusals: 0 });
    }

    /// Asks for a response that consists of words, whatever its reason.
    pub(crate) fn request_words(&mut self, reason: ResponseReason) {
        self.withdraw(reason);
        self.enqueue(Request { reason, instructions: None, tools: false, refusals: 0 });
    }

    pub(crate) fn withdraw(&mut self, reason: ResponseReason) {
        self.pending.retain(|request| request.reason != reason);
    }

    pub(crate) fn withdraw_all(&mut self) {
        self.pending.clear();
    }

    /// Lets the most important request through if it may be made now. While the caller has the floor only
    /// the first and the last words of a call may be asked for.
    pub(crate) fn release(&mut self, now: Instant, caller_has_floor: bool) -> Option<ModelCommand> {
        if self.active.is_some() || self.in_flight.is_some() || self.not_before.is_some_and(|at| at > now) {
            return None;
        }
        self.not_before = None;
        let index =
            self.pending.iter().position(|request| !caller_has_floor || keeps_floor(request.reason))?;
        let request = self.pending.remove(index);
        self.requests = self.requests.wrapping_add(1);
        let event_id = format!("create-{}-{}", request.reason.as_str(), self.requests);
        let command = ModelCommand::CreateResponse {
            reason: request.reason,
            instructions: request.instructions.clone(),
            tools: request.tools,
            event_id: event_id.clone(),
        };
        self.in_flight = Some(InFlight { request, event_id });
        Some(command)
    }

    /// When a held back request may be made, if that is a matter of time.
    pub(crate) fn retry_at(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|at| *at > now && !self.pending.is_empty())
    }

    /// A response began; false if that was known already or it is over.
    pub(crate) fn created(&mut self, response: &str, reason: Option<ResponseReason>) -> bool {
        let new = self.begin(response);
        if reason.is_some() && self.in_flight.as_ref().map(|in_flight| in_flight.request.reason) == reason {
            self.in_flight = None;
        }
        if new && reason.is_none() {
            // The answer to the caller sees everything that these wanted to bring up.
            self.pending
                .retain(|request| keeps_floor(request.reason) || request.reason == ResponseReason::Warning);
        }
        if let Some(active) = self.active.as_mut().filter(|active| active.id == response) {
            active.reason = active.reason.or(reason);
        }
        new
    }

    /// Something of this response arrived, perhaps before word that it began.
    pub(crate) fn saw(&mut self, response: &str, spoke: bool, called_tools: bool) {
        self.begin(response);
        if let Some(active) = self.active.as_mut().filter(|active| active.id == response) {
            active.spoke |= spoke;
            active.called_tools |= called_tools;
            self.recovered &= !active.spoke;
        }
    }

    /// A response ended; `None` if that was known. Repeats change nothing.
    pub(crate) fn ended(&mut self, response: &str) -> Option<Ended> {
        if !self.finished.insert(response) {
            return None;
        }
        self.not_before = None;
        let discarded = self.is_discarded(response);
        let active = self.active.take_if(|active| active.id == response);
        let reason = active.as_ref().and_then(|active| active.reason);
        let spoke = active.as_ref().is_some_and(|active| active.spoke);
        let called_tools = active.as_ref().is_some_and(|active| active.called_tools);
        let in_vain = active.is_some() && !spoke && !called_tools && !discarded;
        let wanted = active.is_some() && !discarded;
        Some(Ended { reason, spoke, called_tools, in_vain, wanted })
    }

    /// The response under way shows no sign of life: it is over for us. Returns its id if it should still be
    /// cancelled, and how it ended.
    pub(crate) fn abandon(&mut self) -> Option<(Option<String>, Ended)> {
        let id = self.active.as_ref()?.id.clone();
        let cancelled = self.active.as_ref().is_some_and(|active| active.cancelled);
        let ended = self.ended(&id)?;
        self.discarded.insert(&id);
        Some(((!cancelled).then_some(id), ended))
    }

    /// The model is gone. What it had not begun is asked of the next one; what it had begun and nobody had
    /// cancelled is returned.
    pub(crate) fn leg_lost(&mut self) -> Option<(String, Ended)> {
        self.not_before = None;
        self.recovered = false;
        if let Some(InFlight { mut request, .. }) = self.in_flight.take() {
            request.refusals = 0;
            if !self.pending.iter().any(|waiting| waiting.reason == request.reason) {
                self.enqueue(request);
            }
        }
        let active = self.active.take()?;
        self.finished.insert(&active.id);
        let Active { id, reason, spoke, called_tools, cancelled } = active;
        (!cancelled).then_some((id, Ended { reason, spoke, called_tools, in_vain: false, wanted: true }))
    }

    /// Drops the response under way. Returns its id the first time: one response, one cancel.
    pub(crate) fn interrupt(&mut self) -> Option<String> {
        let active = self.active.as_mut()?;
        self.discarded.insert(&active.id);
        let first = !std::mem::replace(&mut active.cancelled, true);
        first.then(|| active.id.clone())
    }

    /// Drops whatever may still come of this response.
    pub(crate) fn discard(&mut self, response: &str) {
        self.discarded.insert(response);
    }

    /// Whether an error that carries `event_id` answers the request in flight.
    pub(crate) fn is_in_flight(&self, event_id: Option<&str>) -> bool {
        self.in_flight.as_ref().is_some_and(|in_flight| Some(in_flight.event_id.as_str()) == event_id)
    }

    /// The request in flight was refused. Returns its reason if it will not be made again.
    pub(crate) fn refused(&mut self, now: Instant, refusal: Refusal) -> Option<ResponseReason> {
        let InFlight { mut request, .. } = self.in_flight.take()?;
        let wait = match refusal {
            Refusal::Busy if self.active.is_some() => None,
            Refusal::Busy => Some(UNKNOWN_RESPONSE_WAIT),
            Refusal::RateLimited | Refusal::Lost => Some(RETRY_WAIT),
        };
        self.not_before = wait.map(|wait| now + wait);
        request.refusals += 1;
        if refusal == Refusal::Lost || request.refusals == REFUSALS_MAX {
            return Some(request.reason);
        }
        let replaced = self.pending.iter().any(|waiting| waiting.reason == request.reason);
        let answered = refusal == Refusal::Busy && self.active.is_some() && !must_be_said(request.reason);
        if !replaced && !answered {
            self.enqueue(request);
        }
        None
    }

    /// Nothing came of a response. Says whether this is the one time per turn that it is worth another try.
    pub(crate) fn may_recover(&mut self, now: Instant) -> bool {
        self.not_before = Some(now + RETRY_WAIT);
        !std::mem::replace(&mut self.recovered, true)
    }

    /// The caller spoke: a new turn has its own chance to recover.
    pub(crate) fn new_turn(&mut self) {
        self.recovered = false;
    }

    pub(crate) fn active_reason(&self) -> Option<ResponseReason> {
        self.active.as_ref().and_then(|active| active.reason)
    }

    pub(crate) fn active_id(&self) -> Option<&str> {
        self.active.as_ref().map(|active| active.id.as_str())
    }

    pub(crate) fn is_active(&self, response: &str) -> bool {
        self.active_id() == Some(response)
    }

    /// A response is under way that nobody has cancelled.
    pub(crate) fn is_generating(&self) -> bool {
        self.active.as_ref().is_some_and(|active| !active.cancelled)
    }

    /// The model's own answer to the caller is under way, and nothing has come of it yet.
    pub(crate) fn is_answering_unheard(&self) -> bool {
        self.active.as_ref().is_some_and(|active| {
            active.reason.is_none() && !active.spoke && !active.called_tools && !active.cancelled
        })
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.in_flight.is_some()
    }

    pub(crate) fn has_ended(&self, response: &str) -> bool {
        self.finished.contains(response)
    }

    /// A response for this reason waits, is asked for or is under way.
    pub(crate) fn is_about(&self, reason: ResponseReason) -> bool {
        self.active.as_ref().is_some_and(|active| active.reason == Some(reason) && !active.cancelled)
            || self.in_flight.as_ref().is_some_and(|in_flight| in_flight.request.reason == reason)
            || self.is_held_back(reason)
    }

    /// A response for this reason waits and has not been asked for.
    pub(crate) fn is_held_back(&self, reason: ResponseReason) -> bool {
        self.pending.iter().any(|request| request.reason == reason)
    }

    /// Something is going to be asked for as it is.
    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn is_discarded(&self, response: &str) -> bool {
        self.discarded.contains(response)
    }

    /// Nothing is being said, asked for or waiting to be asked for.
    pub(crate) fn is_idle(&self) -> bool {
        self.active.is_none() && self.in_flight.is_none() && self.pending.is_empty()
    }

    fn begin(&mut self, response: &str) -> bool {
        if self.is_active(response) || self.is_over(response) {
            return false;
        }
        if let Some(forgotten) = self.active.take() {
            self.finished.insert(&forgotten.id);
        }
        let id = response.to_owned();
        self.active = Some(Active { id, reason: None, spoke: false, called_tools: false, cancelled: false });
        true
    }

    fn is_over(&self, response: &str) -> bool {
        self.finished.contains(response) || self.discarded.contains(response)
    }

    fn enqueue(&mut self, request: Request) {
        let at = self.pending.partition_point(|waiting| rank(waiting.reason) <= rank(request.reason));
        self.pending.insert(at, request);
    }
}

/// The order in which waiting requests are made.
const fn rank(reason: ResponseReason) -> u8 {
    match reason {
        ResponseReason::Goodbye => 0,
        ResponseReason::Greeting => 1,
        ResponseReason::Screening => 2,
        ResponseReason::ToolOutput => 2,
        ResponseReason::Warning => 3,
        ResponseReason::Dtmf => 4,
        ResponseReason::Overheard => 5,
        ResponseReason::Recovery => 6,
        ResponseReason::SilencePrompt => 7,
        ResponseReason::Filler => 8,
    }
}

/// The first and the last words of a call are not settled by an answer to the caller.
const fn keeps_floor(reason: ResponseReason) -> bool {
    match reason {
        ResponseReason::Goodbye | ResponseReason::Greeting => true,
        ResponseReason::ToolOutput
        | ResponseReason::Filler
        | ResponseReason::Warning
        | ResponseReason::Screening
        | ResponseReason::Dtmf
        | ResponseReason::Overheard
        | ResponseReason::Recovery
        | ResponseReason::SilencePrompt => false,
    }
}

/// Whether a tool may be called in answer to this. Where we only want a sentence said, none may.
const fn may_call_tools(reason: ResponseReason) -> bool {
    match reason {
        ResponseReason::ToolOutput
        | ResponseReason::Dtmf
        | ResponseReason::Overheard
        | ResponseReason::Recovery => true,
        ResponseReason::Goodbye
        | ResponseReason::Greeting
        | ResponseReason::Filler
        | ResponseReason::Warning
        | ResponseReason::Screening
        | ResponseReason::SilencePrompt => false,
    }
}

/// Whether a request that lost the race against another response still has something to say.
const fn must_be_said(reason: ResponseReason) -> bool {
    match reason {
        ResponseReason::Goodbye
        | ResponseReason::Greeting
        | ResponseReason::ToolOutput
        | ResponseReason::Warning
        | ResponseReason::Screening
        | ResponseReason::Dtmf => true,
        ResponseReason::Filler
        | ResponseReason::Overheard
        | ResponseReason::Recovery
        | ResponseReason::SilencePrompt => false,
    }
}

#[cfg(test)]
mod tests;
