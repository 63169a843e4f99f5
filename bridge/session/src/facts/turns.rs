//! The turns of the conversation, each handed over once, in its final form and in the order of the model's
//! item chain.
//!
//! A caller's words are transcribed beside the conversation and may arrive after the agent's answer to them;
//! an agent's words are known long before they are heard. So a turn waits here until nothing about it can
//! change, and those behind it wait with it.

use std::time::{Duration, Instant};

use domain::plan::HistoryItem;
use domain::turn::{AnswerSteps, ToolCall, TurnState};
use domain::{CallPlan, Speaker, Timestamp, Turn};

use super::caller_speech::Answered;
use super::playback::Playback;
use super::response_gate::ResponseGate;
use crate::input::Role;

mod chain;
mod item;
pub(crate) mod memory;

use chain::{Chain, Link};
use item::{Agent, Item, Kind, PlacedCall, Text, Words};
use memory::Memory;

/// A transcript that takes longer is not coming.
const TRANSCRIPT_WAIT: Duration = Duration::from_secs(15);
/// How long an item may be without its place in the chain, or an agent's item without its words.
const LINK_WAIT: Duration = Duration::from_secs(2);
/// Turns that may be open at once; beyond it the oldest is handed over as it is.
const OPEN_ITEMS_MAX: usize = 256;
/// Tool calls that may be waiting for their turn. More are run and answered, but not recorded.
const UNRECORDED_CALLS_MAX: usize = 128;

#[derive(Debug, Default)]
pub(crate) struct Turns {
    chain: Chain<Item>,
    calls: Vec<PlacedCall>,
    /// Calls whose place in the conversation has passed and that go with the next turn of the agent.
    carried: Vec<PlacedCall>,
    /// What was said in turns that were handed over.
    memory: Memory,
    /// What the caller said last is known in words.
    understood: bool,
    /// How long after its end the caller's last turn was known in words, until an answer takes it.
    known_after: Option<Duration>,
    next_position: u32,
    /// When the leg in use was taken into use.
    leg: Option<Timestamp>,
    /// When the turn at the front stops waiting, if only time can make it.
    waits_until: Option<Instant>,
}

impl Turns {
    /// An item joined the conversation. `response` is the one under way, to which an agent's item belongs.
    pub(crate) fn item_added(
        &mut self,
        now: Instant,
        at: Timestamp,
        item: &str,
        previous: Option<&str>,
        role: Role,
        response: Option<&str>,
    ) {
        let leg = self.leg;
        let added = self.chain.link(now, item, previous, || Item {
            at,
            leg,
            kind: match role {
                Role::Caller => Kind::caller(),
                Role::Agent => Kind::Agent(Agent::default()),
                Role::Other => Kind::Other,
            },
        });
        if let Some(Item { kind: Kind::Agent(agent), .. }) = added
            && agent.response.is_none()
        {
            agent.response = response.map(str::to_owned);
        }
    }

    pub(crate) fn caller_began(&mut self) {
        self.understood = false;
    }

    /// What the caller said last is known in words, and goes with the call.
    pub(crate) const fn understood(&self) -> bool {
        self.understood
    }

    /// `stopped`: when the speech ended.
    pub(crate) fn caller_words(
        &mut self,
        now: Instant,
        at: Timestamp,
        item: &str,
        text: Option<&str>,
        stopped: Option<Instant>,
    ) {
        self.understood = text.is_some_and(|text| !text.trim().is_empty());
        let leg = self.leg;
        let caller = || Item { at, leg, kind: Kind::caller() };
        let Some(Item { kind: Kind::Caller { words, known_after, .. }, .. }) =
            self.chain.mention(now, item, caller)
        else {
            return;
        };
        match text {
            Some(text) if !matches!(words, Words::Known(_)) => {
                *words = Words::Known(Text::of(text));
                *known_after = stopped.map(|stopped| now.saturating_duration_since(stopped));
            }
            None if *words == Words::Awaited => *words = Words::Failed,
            Some(_) | None => {}
        }
    }

    /// How long the caller spoke in an item that is still open.
    pub(crate) fn caller_spoke(&mut self, item: &str, length: Duration) {
        if let Some(Item { kind: Kind::Caller { spoken, .. }, .. }) = self.chain.get_mut(item) {
            *spoken = length;
        }
    }

    /// A further piece of an agent's words.
    pub(crate) fn agent_piece(
        &mut self,
        now: Instant,
        at: Timestamp,
        response: &str,
        item: &str,
        text: &str,
    ) {
        if let Some(agent) = self.agent(now, at, response, item).filter(|agent| !agent.whole) {
            agent.text.push(text);
        }
    }

    /// The whole of an agent's words.
    pub(crate) fn agent_words(
        &mut self,
        now: Instant,
        at: Timestamp,
        response: &str,
        item: &str,
        text: &str,
    ) {
        if let Some(agent) = self.agent(now, at, response, item) {
            agent.whole = true;
            if !text.is_empty() {
                agent.text = Text::of(text);
            }
        }
    }

    /// Audio of this item begins to be handed to the line.
    pub(crate) fn agent_spoke(
        &mut self,
        now: Instant,
        at: Timestamp,
        response: &str,
        item: &str,
        answered: Option<Answered>,
    ) {
        if let Some(agent) = self.agent(now, at, response, item) {
            agent.answered = agent.answered.or(answered);
        }
    }

    /// A response was cancelled while it was being generated: what it was saying stays unfinished.
    pub(crate) fn cut_off(&mut self, response: &str) {
        let last = self.chain.iter_mut().rev().find_map(|item| match &mut item.kind {
            Kind::Agent(agent) if agent.response.as_deref() == Some(response) => Some(agent),
            Kind::Agent(_) | Kind::Caller { .. } | Kind::Other => None,
        });
        if let Some(agent) = last.filter(|agent| !agent.whole) {
            agent.cut_off = true;
        }
    }

    pub(crate) fn tool_called(&mut self, at: Timestamp, response: &str, item: &str, call: ToolCall) {
        if self.calls.len() + self.carried.len() >= UNRECORDED_CALLS_MAX {
            return;
        }
        self.calls.push(PlacedCall { response: response.to_owned(), item: item.to_owned(), at, call });
    }

    pub(crate) fn tool_answered(&mut self, call_id: &str, output: &str) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.call.call_id == call_id) {
            call.call.output = Some(output.to_owned());
        }
    }

    /// Whether words of the caller are still on their way.
    pub(crate) fn awaits_words(&self, plan: &CallPlan) -> bool {
        is_transcribed(plan)
            && self.chain.iter().any(|item| matches!(item.kind, Kind::Caller { words: Words::Awaited, .. }))
    }

    /// Hands over the next turn that cannot change any more.
    pub(crate) fn next_final(
        &mut self,
        now: Instant,
        plan: &CallPlan,
        gate: &ResponseGate,
        playback: &mut Playback,
    ) -> Option<Turn> {
        loop {
            let front = self.chain.front()?;
            let crowded = self.chain.len() > OPEN_ITEMS_MAX;
            if !crowded && !self.is_final(front, now, plan, gate, playback) {
                return None;
            }
            let front = self.chain.pop_front()?;
            if let Some(turn) = self.finish(front, plan, playback) {
                return Some(turn);
            }
        }
    }

    /// Hands over the next turn as it is: nothing more will come.
    pub(crate) fn next_at_close(&mut self, plan: &CallPlan, playback: &mut Playback) -> Option<Turn> {
        while let Some(front) = self.chain.pop_front() {
            if let Some(turn) = self.finish(front, plan, playback) {
                return Some(turn);
            }
        }
        // Tools were called and the agent never came to speak of it.
        self.carried.append(&mut self.calls);
        let PlacedCall { item, at, .. } = self.carried.first()?;
        let (item, at) = (item.clone(), *at);
        let tool_calls = self.carried.drain(..).map(|call| call.call).collect();
        let turn = self.turn(plan, item, Speaker::Agent, TurnState::Complete, at, String::new());
        Some(Turn { model_since: self.leg, tool_calls, ..turn })
    }

    /// Says when the turn at the front stops waiting, if only time can make it, as things stand at `now`.
    pub(crate) fn plan_wait(&mut self, now: Instant, plan: &CallPlan) {
        self.waits_until = self.front_waits_until(plan).filter(|by| *by > now);
    }

    /// When the turn at the front stops waiting, as last planned.
    pub(crate) const fn waits_until(&self) -> Option<Instant> {
        self.waits_until
    }

    /// How many turns were handed over.
    pub(crate) const fn count(&self) -> u32 {
        self.next_position
    }

    fn front_waits_until(&self, plan: &CallPlan) -> Option<Instant> {
        let front = self.chain.front()?;
        let link_by = front.since + LINK_WAIT;
        Some(match &front.payload.kind {
            Kind::Caller { words: Words::Awaited, .. } if is_transcribed(plan) => {
                front.since + TRANSCRIPT_WAIT
            }
            Kind::Caller { .. } | Kind::Agent(_) | Kind::Other => link_by,
        })
    }

    /// What went before this session.
    pub(crate) fn remember(&mut self, history: &[HistoryItem]) {
        self.memory.add_history(history);
    }

    /// What the model was told beside the conversation.
    pub(crate) fn remember_note(&mut self, text: &str) {
        self.memory.add_note(text.to_owned());
    }

    /// Everything so far: turns that are final, and those still open as they stand. Audio that the
    /// line still has to play counts as heard: it will be.
    pub(crate) fn recall(&self, playback: &Playback) -> Memory {
        let mut memory = self.memory.clone();
        for call in &self.carried {
            memory.add_call(call.call.clone());
        }
        for link in self.chain.links() {
            match &link.payload.kind {
                Kind::Caller { words: Words::Known(text), .. } => {
                    memory.add_said(Speaker::Caller, text.0.clone());
                }
                Kind::Agent(agent) => {
                    let text = agent.text.heard(playback.will_have_played(&link.item));
                    memory.add_said(Speaker::Agent, text.to_owned());
                }
                Kind::Caller { words: Words::Awaited | Words::Failed, .. } | Kind::Other => {}
            }
            for call in self.calls.iter().filter(|call| call.item == link.item) {
                memory.add_call(call.call.clone());
            }
        }
        let placed = |item: &str| self.chain.links().any(|link| link.item == item);
        for call in self.calls.iter().filter(|call| !placed(&call.item)) {
            memory.add_call(call.call.clone());
        }
        memory
    }

    /// Nothing more will come of this leg's items. True if words of the caller were still on their way.
    pub(crate) fn leg_lost(&mut self) -> bool {
        self.chain.link_all();
        let mut words_lost = false;
        for item in self.chain.iter_mut() {
            match &mut item.kind {
                Kind::Caller { words, .. } if *words == Words::Awaited => {
                    *words = Words::Failed;
                    words_lost = true;
                }
                Kind::Agent(Agent { response, .. }) => {
                    response.get_or_insert_with(String::new);
                }
                Kind::Caller { .. } | Kind::Other => {}
            }
        }
        words_lost
    }

    /// A leg is taken into use. Its conversation goes on behind `last`, the last item replayed to it.
    pub(crate) fn leg_begins(&mut self, now: Instant, at: Timestamp, last: Option<&str>) {
        self.leg = Some(at);
        if let Some(last) = last {
            self.chain.append(now, last, Item { at, leg: self.leg, kind: Kind::Other });
        }
    }

    fn agent(&mut self, now: Instant, at: Timestamp, response: &str, item: &str) -> Option<&mut Agent> {
        let (leg, kind) = (self.leg, Kind::Agent(Agent::default()));
        let item = self.chain.mention(now, item, || Item { at, leg, kind })?;
        let Kind::Agent(agent) = &mut item.kind else { return None };
        agent.response.get_or_insert_with(|| response.to_owned());
        Some(agent)
    }

    fn is_final(
        &self,
        link: &Link<Item>,
        now: Instant,
        plan: &CallPlan,
        gate: &ResponseGate,
        playback: &Playback,
    ) -> bool {
        let waited = now.saturating_duration_since(link.since);
        if !link.is_linked() && waited < LINK_WAIT {
            return false;
        }
        match &link.payload.kind {
            Kind::Other => self.calls.iter().all(|call| call.item != link.item || call.call.output.is_some()),
            Kind::Caller { words, .. } => {
                !is_transcribed(plan) || *words != Words::Awaited || waited >= TRANSCRIPT_WAIT
            }
            Kind::Agent(agent) => {
                let Some(response) = &agent.response else { return waited >= LINK_WAIT };
                !gate.is_active(response)
                    && !playback.is_playing(&link.item)
                    && self.calls.iter().all(|call| call.response != *response || call.call.output.is_some())
            }
        }
    }

    /// The turn of an item that left the chain, if it is one.
    fn finish(&mut self, link: Link<Item>, plan: &CallPlan, playback: &mut Playback) -> Option<Turn> {
        let Link { item, payload: Item { at, leg, kind }, .. } = link;
        match kind {
            Kind::Other => {
                self.carried.extend(self.calls.extract_if(.., |call| call.item == item));
                None
            }
            Kind::Caller { words, spoken, known_after } => {
                self.known_after = known_after;
                let (state, text) = match words {
                    Words::Known(text) => {
                        self.memory.add_said(Speaker::Caller, text.0.clone());
                        (TurnState::Complete, text.0)
                    }
                    Words::Awaited | Words::Failed => (TurnState::Failed, String::new()),
                };
                let turn = self.turn(plan, item, Speaker::Caller, state, at, text);
                Some(Turn { spoken, model_since: leg, ..turn })
            }
            Kind::Agent(agent) => {
                let audible = playback.audible_since(&item);
                let audio = playback.take(&item);
                let own = |call: &mut PlacedCall| agent.response.as_deref() == Some(call.response.as_str());
                self.carried.extend(self.calls.extract_if(.., own));
                let tool_calls: Vec<_> = self.carried.drain(..).map(|call| call.call).collect();
                for call in &tool_calls {
                    self.memory.add_call(call.clone());
                }
                self.memory.add_said(Speaker::Agent, agent.text.heard(audio).to_owned());
                if agent.text.0.is_empty() && audio.sent.is_zero() && tool_calls.is_empty() {
                    return None;
                }
                let interrupted = agent.cut_off || audio.heard < audio.sent;
                let state = if interrupted { TurnState::Interrupted } else { TurnState::Complete };
                let turn = self.turn(plan, item, Speaker::Agent, state, at, agent.text.0);
                let (spoken, heard) = (audio.sent, audio.heard);
                let latency = agent.answered.map(|answered| answered.latency);
                let steps = agent.answered.map(|Answered { stopped, begun, .. }| AnswerSteps {
                    words: self.known_after.take(),
                    begun,
                    heard: audible.map(|audible| audible.saturating_duration_since(stopped)),
                });
                let steps = steps.unwrap_or_default();
                Some(Turn { model_since: leg, spoken, heard, latency, steps, tool_calls, ..turn })
            }
        }
    }

    fn turn(
        &mut self,
        plan: &CallPlan,
        item: String,
        speaker: Speaker,
        state: TurnState,
        at: Timestamp,
        text: String,
    ) -> Turn {
        let position = self.next_position;
        self.next_position += 1;
        Turn {
            call: plan.call.clone(),
            epoch: plan.epoch,
            position,
            item,
            speaker,
            state,
            text,
            at,
            model_since: None,
            spoken: Duration::ZERO,
            heard: Duration::ZERO,
            latency: None,
            steps: AnswerSteps::default(),
            tool_calls: Vec::new(),
        }
    }
}

fn is_transcribed(plan: &CallPlan) -> bool {
    plan.voice.transcription_model.is_some()
}
