//! Which call this is, when it began and what was agreed about it.

use std::time::{Duration, Instant};

use domain::business::{ConversationPolicy, bounds};
use domain::phrases::Phrases;
use domain::plan::HistoryItem;
use domain::{CallPlan, CallSid, Timestamp};

use super::tool_calls::tells_appointment;

/// No policy goes beyond it.
pub(crate) const MAX_CALL: Duration = bounds::MAX_CALL.max;
const MAX_CALL_MIN: Duration = bounds::MAX_CALL.min;

/// The call, its plan and its clocks.
pub(crate) struct CallDetails {
    /// When the session began, by both clocks.
    born: (Instant, Timestamp),
    /// When Twilio's stream started.
    started: Option<Instant>,
    sid: Option<CallSid>,
    plan: Option<Box<CallPlan>>,
    phrases: Phrases,
    /// The person who was called wants no more calls, whatever came of recording it.
    opted_out: bool,
}

impl CallDetails {
    pub(crate) fn new(now: Instant, wall: Timestamp) -> Self {
        Self {
            born: (now, wall),
            started: None,
            sid: None,
            plan: None,
            phrases: Phrases::default(),
            opted_out: false,
        }
    }

    /// Twilio's stream started and named the call.
    pub(crate) fn start(&mut self, now: Instant, sid: CallSid) {
        self.started = Some(now);
        self.sid = Some(sid);
    }

    /// The token was good and this is the plan behind it.
    pub(crate) fn plan_claimed(&mut self, plan: Box<CallPlan>) {
        let languages = plan.voice.languages.iter().map(String::as_str);
        self.phrases = Phrases::new(languages, &plan.conversation.phrases);
        let tools = plan.history.iter().filter_map(|item| match item {
            HistoryItem::Tool { name, .. } => Some(name),
            HistoryItem::Said { .. } => None,
        });
        self.opted_out = tools.into_iter().any(|name| plan.is_opt_out(name));
        self.plan = Some(plan);
    }

    /// Whether a call of this tool says that the person wants no more calls.
    pub(crate) fn is_opt_out(&self, tool: &str) -> bool {
        self.plan().is_some_and(|plan| plan.is_opt_out(tool))
    }

    /// The model called a tool.
    pub(crate) fn tool_called(&mut self, name: &str) {
        self.opted_out |= self.is_opt_out(name);
    }

    /// Whether the person wants no more calls, as far as the agent has understood them in this session or an earlier one.
    pub(crate) const fn has_opted_out(&self) -> bool {
        self.opted_out
    }

    pub(crate) const fn born(&self) -> Instant {
        self.born.0
    }

    pub(crate) const fn started(&self) -> Option<Instant> {
        self.started
    }

    pub(crate) const fn sid(&self) -> Option<&CallSid> {
        self.sid.as_ref()
    }

    pub(crate) fn plan(&self) -> Option<&CallPlan> {
        self.plan.as_deref()
    }

    /// Whether a tool told an appointment in an earlier session of the call.
    pub(crate) fn knows_appointment(&self) -> bool {
        let told = |item: &HistoryItem| match item {
            HistoryItem::Tool { name, output, .. } => tells_appointment(name, output),
            HistoryItem::Said { .. } => false,
        };
        self.plan().is_some_and(|plan| plan.history.iter().any(told))
    }

    /// Lets a test change the plan.
    #[cfg(test)]
    pub(crate) fn change_plan(&mut self, change: impl FnOnce(&mut CallPlan)) {
        if let Some(plan) = &mut self.plan {
            change(plan);
        }
    }

    pub(crate) fn policy(&self) -> Option<&ConversationPolicy> {
        self.plan().map(|plan| &plan.conversation)
    }

    pub(crate) const fn phrases(&self) -> &Phrases {
        &self.phrases
    }

    /// The most that this call may last.
    pub(crate) fn max_duration(&self) -> Duration {
        self.policy().map_or(MAX_CALL_MIN, |policy| policy.max_call.clamp(MAX_CALL_MIN, MAX_CALL))
    }

    pub(crate) fn wall(&self, now: Instant) -> Timestamp {
        let (born, wall) = self.born;
        wall.plus(now.saturating_duration_since(born))
    }

    /// How long Twilio's stream has run.
    pub(crate) fn since_start(&self, now: Instant) -> Duration {
        self.started.map_or(Duration::ZERO, |started| now.saturating_duration_since(started))
    }
}
