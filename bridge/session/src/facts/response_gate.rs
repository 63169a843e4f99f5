//! The one place that asks the model to speak.
//!
//! The API allows one response at a time and refuses a second with `conversation_already_has_active_response`.
//! So requests wait here, at most one per reason, and one is let through when nothing is being said: the most
//! important first. The model's own turn detection creates responses too; the gate learns of them as they
//! begin.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::recent_ids::RecentIds;
use super::trouble::{Trouble, Vain};
use crate::output::ModelCommand;
use crate::response_reason::ResponseReason;

/// A response that was asked for and did not begin is lost.
const CREATED_WAIT: Duration = Duration::from_secs(10);
/// A response that is silent for this long in the middle of itself is stuck.
const PROGRESS_WAIT: Duration = Duration::from_secs(15);
/// A cancelled response ends within a round trip.
const CANCEL_WAIT: Duration = Duration::from_secs(3);

/// How long to wait when the model refuses us for a response that we know nothing of.
const UNKNOWN_RESPONSE_WAIT: Duration = Duration::from_secs(10);
/// The pause before a sentence that broke off is gone on with.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// The longest such pause. A caller who heard half a sentence and then nothing for longer goes on without the rest.
const FINISH_WAIT_MAX: Duration = Duration::from_secs(10);
/// A request that another response kept out this often is given up.
const REFUSALS_MAX: u8 = 3;

/// What is asked of the model, and what it is saying.
#[derive(Debug, Default)]
pub(crate) struct ResponseGate {
    pending: Vec<Request>,
    in_flight: Option<InFlight>,
    active: Option<Active>,
    finished: RecentIds,
    /// Responses whose audio is not wanted any more, however late it comes.
    discarded: RecentIds,
    not_before: Option<Instant>,
    /// A sentence of this turn was gone on with.
    recovered: bool,
    trouble: Trouble,
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
    /// A request that nothing came of by then is lost.
    created_by: Instant,
}

#[derive(Debug)]
struct Active {
    id: String,
    reason: Option<ResponseReason>,
    spoke: bool,
    called_tools: bool,
    cancelled: bool,
    /// Without a sign of life by then it is over for us.
    progress_by: Instant,
}

/// What a response that ended had done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) reason: Option<ResponseReason>,
    pub(crate) spoke: bool,
    pub(crate) called_tools: bool,
    /// The caller got nothing of it, and nothing else will follow from it.
    pub(crate) in_vain: bool,
    /// It was not discarded: what came of it was for the caller.
    pub(crate) wanted: bool,
}

/// Why a request did not become a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another response is under way.
    Busy,
    /// The model is out of capacity, for so long if it says so.
    Limited { wait: Option<Duration> },
    /// The request itself was at fault, or got lost: asking in the same way again is no use.
    Lost,
}

impl ResponseGate {
    /// Asks for a response. A request for the same reason that still waits is replaced.
    pub(crate) fn request(&mut self, reason: ResponseReason, instructions: Option<String>) {
        self.withdraw(reason);
        self.enqueue(Request { reason, instructions, tools: reason.may_call_tools(), refusals: 0 });
    }

    /// Asks for a response that consists of words, whatever its reason.
    pub(crate) fn request_words(&mut self, reason: ResponseReason, instructions: Option<String>) {
        self.withdraw(reason);
        self.enqueue(Request { reason, instructions, tools: false, refusals: 0 });
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
        self.pass_time(now);
        if self.active.is_some() || self.in_flight.is_some() || self.not_before.is_some() {
            return None;
        }
        let index =
            self.pending.iter().position(|request| !caller_has_floor || request.reason.keeps_floor())?;
        let request = self.pending.remove(index);
        self.requests = self.requests.wrapping_add(1);
        let event_id = format!("create-{}-{}", request.reason.as_str(), self.requests);
        let command = ModelCommand::CreateResponse {
            reason: request.reason,
            instructions: request.instructions.clone(),
            tools: request.tools,
            event_id: event_id.clone(),
        };
        self.in_flight = Some(InFlight { request, event_id, created_by: now + CREATED_WAIT });
        Some(command)
    }

    /// Time has passed: a request that was held back until now may be made.
    pub(crate) fn pass_time(&mut self, now: Instant) {
        self.not_before.take_if(|at| *at <= now);
    }

    /// When a held back request may be made, if that is a matter of time.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.not_before.filter(|_| !self.pending.is_empty())
    }

    /// When the request in flight must have become a response.
    pub(crate) fn created_by(&self) -> Option<Instant> {
        self.in_flight.as_ref().map(|in_flight| in_flight.created_by)
    }

    /// When the response under way must have given a sign of life.
    pub(crate) fn progress_by(&self) -> Option<Instant> {
        self.active.as_ref().map(|active| active.progress_by)
    }

    /// A response began; false if that was known already or it is over.
    pub(crate) fn created(&mut self, now: Instant, response: &str, reason: Option<ResponseReason>) -> bool {
        let new = self.begin(now, response);
        if reason.is_some() && self.in_flight.as_ref().map(|in_flight| in_flight.request.reason) == reason {
            self.in_flight = None;
        } else if let Some(reason) = reason.filter(|_| new) {
            // What was taken for refused had been heard all the same.
            self.pending.retain(|request| request.reason != reason || request.refusals == 0);
        }
        if new && reason.is_none() {
            // The answer to the caller sees everything that these wanted to bring up.
            self.pending.retain(|request| request.reason.outlives_answer());
        }
        if let Some(active) = self.active.as_mut().filter(|active| active.id == response) {
            active.reason = active.reason.or(reason);
        }
        self.progress(now, response);
        new
    }

    /// Something of this response arrived, perhaps before word that it began.
    pub(crate) fn saw(&mut self, now: Instant, response: &str, spoke: bool, called_tools: bool) {
        self.begin(now, response);
        if let Some(active) = self.active.as_mut().filter(|active| active.id == response) {
            active.spoke |= spoke;
            active.called_tools |= called_tools;
            self.recovered &= !active.spoke;
            if active.spoke || active.called_tools {
                self.trouble = Trouble::default();
            }
        }
        self.progress(now, response);
    }

    /// A sign of life of the response under way, if it is this one and still wanted.
    pub(crate) fn progress(&mut self, now: Instant, response: &str) {
        if let Some(active) = self.active.as_mut().filter(|active| active.id == response && !active.cancelled)
        {
            active.progress_by = now + PROGRESS_WAIT;
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

    /// The model is gone. What it had not begun is asked of the next one; what it had begun is
    /// returned, unless it was cancelled.
    pub(crate) fn leg_lost(&mut self) -> Option<(String, Ended)> {
        self.not_before = None;
        self.recovered = false;
        self.trouble = Trouble::default();
        if let Some(InFlight { mut request, .. }) = self.in_flight.take() {
            request.refusals = 0;
            if !self.pending.iter().any(|waiting| waiting.reason == request.reason) {
                self.enqueue(request);
            }
        }
        let active = self.active.take()?;
        self.finished.insert(&active.id);
        let Active { id, reason, spoke, called_tools, cancelled, progress_by: _ } = active;
        (!cancelled).then_some((id, Ended { reason, spoke, called_tools, in_vain: false, wanted: true }))
    }

    /// Drops the response under way. Returns its id the first time: one response, one cancel.
    pub(crate) fn interrupt(&mut self, now: Instant) -> Option<String> {
        let active = self.active.as_mut()?;
        self.discarded.insert(&active.id);
        if std::mem::replace(&mut active.cancelled, true) {
            return None;
        }
        active.progress_by = now + CANCEL_WAIT;
        Some(active.id.clone())
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
        request.refusals = request.refusals.saturating_add(1);
        let over = match refusal {
            Refusal::Busy => {
                self.not_before = self.active.is_none().then(|| now + UNKNOWN_RESPONSE_WAIT);
                request.refusals >= REFUSALS_MAX
            }
            Refusal::Limited { wait } => {
                self.not_before = self.trouble.again(now, Vain::Limited { wait });
                self.not_before.is_none()
            }
            Refusal::Lost => true,
        };
        if over {
            return Some(request.reason);
        }
        let replaced = self.pending.iter().any(|waiting| waiting.reason == request.reason);
        let answered = refusal == Refusal::Busy && self.active.is_some() && !request.reason.must_be_said();
        if !replaced && !answered {
            self.enqueue(request);
        }
        None
    }

    /// A response broke off in the middle of its words. Says whether this is the one time per turn that it is worth
    /// going on with; not before `wait`, if that is known.
    pub(crate) fn may_finish(&mut self, now: Instant, wait: Option<Duration>) -> bool {
        let wait = wait.unwrap_or(RETRY_WAIT).clamp(RETRY_WAIT, FINISH_WAIT_MAX);
        self.not_before = Some(now + wait);
        !std::mem::replace(&mut self.recovered, true)
    }

    /// The caller got nothing of a response. Says whether to ask again, which then waits for its time.
    pub(crate) fn may_try_again(&mut self, now: Instant, vain: Vain) -> bool {
        let at = self.trouble.again(now, vain);
        if at.is_some() {
            self.not_before = at;
        }
        at.is_some()
    }

    /// How long the caller will have waited for words when they are asked for.
    pub(crate) fn silence_until_next(&self, now: Instant) -> Duration {
        self.trouble.lasted(self.not_before.unwrap_or(now).max(now))
    }

    /// The caller spoke: a new turn has its own chances.
    pub(crate) fn new_turn(&mut self) {
        self.recovered = false;
        self.trouble.new_turn();
    }

    pub(crate) fn active_reason(&self) -> Option<ResponseReason> {
        self.active.as_ref().and_then(|active| active.reason)
    }

    /// The response that is meant: the one under way where the model does not name it.
    pub(crate) fn named<'a>(&self, response: &'a str) -> Option<Cow<'a, str>> {
        if response.is_empty() {
            self.active_id().map(|active| Cow::Owned(active.to_owned()))
        } else {
            Some(Cow::Borrowed(response))
        }
    }

    pub(crate) fn active_id(&self) -> Option<&str> {
        self.active.as_ref().map(|active| active.id.as_str())
    }

    pub(crate) fn is_active(&self, response: &str) -> bool {
        self.active_id() == Some(response)
    }

    /// A response is under way and was not cancelled.
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

    fn begin(&mut self, now: Instant, response: &str) -> bool {
        if self.is_active(response) || self.is_over(response) {
            return false;
        }
        if let Some(forgotten) = self.active.take() {
            self.finished.insert(&forgotten.id);
        }
        let id = response.to_owned();
        self.active = Some(Active {
            id,
            reason: None,
            spoke: false,
            called_tools: false,
            cancelled: false,
            progress_by: now + PROGRESS_WAIT,
        });
        true
    }

    fn is_over(&self, response: &str) -> bool {
        self.finished.contains(response) || self.discarded.contains(response)
    }

    fn enqueue(&mut self, request: Request) {
        let at = self.pending.partition_point(|waiting| waiting.reason.rank() <= request.reason.rank());
        self.pending.insert(at, request);
    }
}

#[cfg(test)]
mod tests;
