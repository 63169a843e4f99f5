//! A call in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use domain::{CallPlan, Timestamp, Turn};
use session::input::{
    CallerAudio, ErrorClass, MarkId, ModelAudio, ModelEvent, ResponseReason, ResponseStatus, Role,
};
use session::output::{Audio, Close, Event, ModelCommand, Settled};
use session::{Input, Output, Phase, Session};

use crate::fixtures::{audio, ms, ready, secs, start};

/// Nothing in a test needs to last longer.
const TIMEOUTS_MAX: usize = 100_000;

/// The legs as the world knows them.
#[derive(Debug, Default)]
struct Model {
    in_use: bool,
    connecting: bool,
    ready: bool,
}

pub(crate) struct Sim {
    pub(crate) session: Session,
    pub(crate) start: Instant,
    pub(crate) now: Instant,
    /// Everything the session ever asked for.
    pub(crate) log: Vec<(Duration, Output)>,
    /// What the line still has to play: a mark and when the audio before it ends.
    line: VecDeque<(MarkId, Instant)>,
    line_free_at: Instant,
    /// Whether the line returns marks at all.
    pub(crate) marks_return: bool,
    /// Whether Twilio sends frames when a test does not: enough of them for the line to count as alive.
    pub(crate) line_is_alive: bool,
    timestamp_ms: u32,
    model: Model,
    /// Audio handed to the line by item and content part, in milliseconds.
    sent: BTreeMap<(String, u32), u64>,
}

impl Sim {
    #[expect(clippy::disallowed_methods, reason = "the one look at a clock; virtual time counts from here")]
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            session: Session::new(now, Timestamp::from_secs(1_000)),
            start: now,
            now,
            log: vec![],
            line: VecDeque::new(),
            line_free_at: now,
            marks_return: true,
            line_is_alive: true,
            timestamp_ms: 0,
            model: Model::default(),
            sent: BTreeMap::new(),
        }
    }

    /// A call up to the model's readiness.
    pub(crate) fn live(plan: CallPlan) -> Self {
        let mut sim = Self::new();
        sim.input(start());
        sim.input(Input::Claimed(Box::new(plan)));
        sim.input(ready());
        assert_eq!(sim.session.phase(), Phase::Live);
        sim
    }

    /// A call whose greeting was asked for, said in 2 s of audio and heard.
    pub(crate) fn greeted(plan: CallPlan) -> Self {
        let mut sim = Self::live(plan);
        sim.created("greeting", Some(ResponseReason::Greeting));
        sim.added("item_greeting", None, Role::Agent);
        sim.speech("greeting", "item_greeting", 2_000);
        sim.agent_text("greeting", "item_greeting", "Good morning.");
        sim.done("greeting", ResponseStatus::Completed);
        sim.advance(ms(2_000));
        sim
    }

    pub(crate) fn input(&mut self, input: Input<'_>) -> Vec<Output> {
        let spoken = match &input {
            Input::Model(ModelEvent::Audio(audio)) => {
                let millis = audio.payload.len() as u64 / 4 * 3 / 8;
                Some(((audio.item.to_owned(), audio.content_index), millis))
            }
            _ => None,
        };
        match &input {
            Input::ModelReady { .. } => self.model.ready |= std::mem::take(&mut self.model.connecting),
            Input::ConnectFailed(_) => (self.model.connecting, self.model.ready) = (false, false),
            Input::ModelGone(_) => self.model.in_use = false,
            _ => {}
        }
        self.session.handle_input(self.now, input).unwrap();
        self.drain(spoken)
    }

    pub(crate) fn model(&mut self, event: ModelEvent<'_>) -> Vec<Output> {
        self.input(Input::Model(event))
    }

    /// Lets time pass: deadlines fire and the line plays, each at its moment.
    pub(crate) fn advance(&mut self, by: Duration) -> Vec<Output> {
        let until = self.now + by;
        let mut outputs = vec![];
        for _ in 0..TIMEOUTS_MAX {
            let timeout = self.session.poll_timeout().map(|(at, _)| at).filter(|at| *at <= until);
            let played = self.line.front().map(|(_, at)| *at).filter(|at| *at <= until);
            match (timeout, played) {
                (None, None) => {
                    self.now = until;
                    return outputs;
                }
                (timeout, Some(played)) if timeout.is_none_or(|timeout| played <= timeout) => {
                    self.now = played;
                    let Some((mark, _)) = self.line.pop_front() else { continue };
                    if self.marks_return {
                        outputs.extend(self.input(Input::Mark(mark)));
                    }
                }
                (timeout, _) => {
                    self.now = timeout.unwrap_or(until).max(self.now);
                    let dead = self.session.poll_timeout().is_some_and(|(_, name)| name == "media");
                    if dead && self.line_is_alive {
                        self.frame();
                    } else {
                        outputs.extend(self.timeout());
                    }
                }
            }
        }
        panic!("the session never comes to rest: {:?}", self.session.poll_timeout());
    }

    /// Lets time pass until the session is closed.
    pub(crate) fn run_to_close(&mut self) -> Close {
        for _ in 0..TIMEOUTS_MAX {
            if self.session.is_closed() {
                return self.close().expect("a closed session said so").clone();
            }
            let (at, _) = self.session.poll_timeout().expect("an open session waits for something");
            self.advance(at.saturating_duration_since(self.now));
        }
        panic!("the session never closes");
    }

    fn timeout(&mut self) -> Vec<Output> {
        self.session.handle_timeout(self.now).unwrap();
        let outputs = self.drain(None);
        let next = self.session.poll_timeout();
        assert!(next.is_none_or(|(at, _)| at > self.now), "a timeout that changes nothing: {next:?}");
        outputs
    }

    /// Takes the outputs of one input and holds them to what is true of every call.
    fn drain(&mut self, spoken: Option<((String, u32), u64)>) -> Vec<Output> {
        let mut outputs = vec![];
        while let Some(output) = self.session.poll_output() {
            assert!(self.close().is_none(), "after the close: {output:?}");
            match &output {
                Output::ConnectModel => self.model.connecting = true,
                Output::UseModel => {
                    assert!(std::mem::take(&mut self.model.ready), "a model that is not configured");
                    self.model.in_use = true;
                }
                Output::AudioToModel(_) | Output::ToModel(_) if !self.model.in_use => {
                    panic!("to a model that is not there: {output:?}");
                }
                Output::AudioToCaller => {
                    let (part, millis) = spoken.clone().expect("audio is in hand");
                    *self.sent.entry(part).or_default() += millis;
                    self.line_free_at = self.line_free_at.max(self.now) + ms(millis);
                }
                Output::MarkToCaller(mark) => self.line.push_back((*mark, self.line_free_at)),
                // Twilio returns the marks of what it discards, at once.
                Output::ClearCaller => {
                    self.line_free_at = self.now;
                    self.line.iter_mut().for_each(|(_, at)| *at = self.now);
                }
                Output::ToModel(ModelCommand::Truncate { item, content_index, audio_end_ms }) => {
                    let sent = self.sent.get(&(item.clone(), *content_index)).copied().unwrap_or_default();
                    assert!(
                        (1..=sent).contains(&u64::from(*audio_end_ms)),
                        "{item}: {audio_end_ms} of {sent}"
                    );
                }
                _ => {}
            }
            self.log.push((self.now.saturating_duration_since(self.start), copy(&output)));
            outputs.push(output);
        }
        outputs
    }

    // The caller.

    /// Twilio's next 20 ms of the caller.
    pub(crate) fn frame(&mut self) -> Vec<Output> {
        self.timestamp_ms += 20;
        self.frame_at(self.timestamp_ms)
    }

    pub(crate) fn frame_at(&mut self, timestamp_ms: u32) -> Vec<Output> {
        self.timestamp_ms = timestamp_ms;
        let payload = audio(20);
        self.input(Input::CallerAudio(CallerAudio { timestamp_ms, payload: &payload }))
    }

    /// The caller's frames for a while, in real time.
    pub(crate) fn frames_for(&mut self, duration: Duration) -> Vec<Output> {
        let mut outputs = vec![];
        for _ in 0..duration.as_millis() / 20 {
            outputs.extend(self.advance(ms(20)));
            outputs.extend(self.frame());
        }
        outputs
    }

    pub(crate) fn caller_begins(&mut self, item: &str) -> Vec<Output> {
        let audio_start = Some(self.now - self.start);
        self.model(ModelEvent::SpeechStarted { item, audio_start })
    }

    pub(crate) fn caller_ends(&mut self, item: &str) -> Vec<Output> {
        let audio_end = Some(self.now - self.start);
        self.model(ModelEvent::SpeechStopped { item, audio_end })
    }

    // The model.

    pub(crate) fn created(&mut self, response: &str, reason: Option<ResponseReason>) -> Vec<Output> {
        self.model(ModelEvent::ResponseCreated { response, reason })
    }

    pub(crate) fn added(&mut self, item: &str, previous: Option<&str>, role: Role) -> Vec<Output> {
        self.model(ModelEvent::ItemAdded { item, previous, role })
    }

    /// Audio in deltas of 200 ms, faster than real time.
    pub(crate) fn speech(&mut self, response: &str, item: &str, millis: u64) -> Vec<Output> {
        let mut outputs = vec![];
        let mut rest = millis;
        while rest > 0 {
            let delta = rest.min(200);
            outputs.extend(self.delta(response, item, delta));
            rest -= delta;
        }
        outputs
    }

    pub(crate) fn delta(&mut self, response: &str, item: &str, millis: u64) -> Vec<Output> {
        let payload = audio(millis);
        self.model(ModelEvent::Audio(ModelAudio { response, item, content_index: 0, payload: &payload }))
    }

    pub(crate) fn agent_text(&mut self, response: &str, item: &str, text: &str) -> Vec<Output> {
        self.model(ModelEvent::AgentTranscript { response, item, text })
    }

    pub(crate) fn done(&mut self, response: &str, status: ResponseStatus) -> Vec<Output> {
        self.model(ModelEvent::ResponseDone { response, status, usage: None })
    }

    pub(crate) fn tool_call(&mut self, response: &str, call_id: &str, name: &str) -> Vec<Output> {
        let item = format!("item_{call_id}");
        self.model(ModelEvent::ToolCall { response, item: &item, call_id, name, arguments: "{}" })
    }

    pub(crate) fn error(&mut self, class: ErrorClass, event_id: Option<&str>) -> Vec<Output> {
        self.model(ModelEvent::Error { class, event_id })
    }

    /// A whole turn: the caller says something, the model answers it at once with `millis` of audio.
    pub(crate) fn exchange(&mut self, number: u32, previous: &str, millis: u64) -> Vec<Output> {
        let (asked, answer, response) =
            (format!("caller_{number}"), format!("agent_{number}"), format!("resp_{number}"));
        self.caller_begins(&asked);
        self.advance(secs(1));
        self.caller_ends(&asked);
        self.added(&asked, Some(previous), Role::Caller);
        self.model(ModelEvent::CallerTranscript { item: &asked, text: "A question?" });
        self.created(&response, None);
        self.added(&answer, Some(&asked), Role::Agent);
        let outputs = self.speech(&response, &answer, millis);
        self.agent_text(&response, &answer, "An answer.");
        outputs
    }

    // What came of it.

    pub(crate) fn outputs(&self) -> impl Iterator<Item = &Output> {
        self.log.iter().map(|(_, output)| output)
    }

    pub(crate) fn close(&self) -> Option<&Close> {
        self.outputs().find_map(|output| match output {
            Output::Close(close) => Some(close),
            _ => None,
        })
    }

    pub(crate) fn turns(&self) -> Vec<&Turn> {
        self.outputs()
            .filter_map(|output| match output {
                Output::Turn(turn) => Some(turn),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn requests(&self) -> Vec<ResponseReason> {
        requests(self.outputs())
    }

    /// The id of the last request for a response.
    pub(crate) fn last_event_id(&self) -> String {
        let id = self.log.iter().rev().find_map(|(_, output)| match output {
            Output::ToModel(ModelCommand::CreateResponse { event_id, .. }) => Some(event_id.clone()),
            _ => None,
        });
        id.expect("a response was asked for")
    }

    /// What came of the business's actions, in the order in which it was known.
    pub(crate) fn settled(&self) -> Vec<(u32, Settled)> {
        self.outputs()
            .filter_map(|output| match output {
                Output::ActionSettled { number, settled } => Some((*number, *settled)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn hang_ups(&self) -> usize {
        self.outputs().filter(|output| matches!(output, Output::HangUp)).count()
    }

    pub(crate) fn has_event(&self, wanted: &Event) -> bool {
        self.outputs().any(|output| matches!(output, Output::Event(event) if event == wanted))
    }
}

pub(crate) fn requests<'a>(outputs: impl IntoIterator<Item = &'a Output>) -> Vec<ResponseReason> {
    outputs
        .into_iter()
        .filter_map(|output| match output {
            Output::ToModel(ModelCommand::CreateResponse { reason, .. }) => Some(*reason),
            _ => None,
        })
        .collect()
}

/// What was truncated: the item and the millisecond.
pub(crate) fn truncates(outputs: &[Output]) -> Vec<(String, u32)> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::ToModel(ModelCommand::Truncate { item, audio_end_ms, .. }) => {
                Some((item.clone(), *audio_end_ms))
            }
            _ => None,
        })
        .collect()
}

pub(crate) fn cancels(outputs: &[Output]) -> Vec<&str> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::ToModel(ModelCommand::CancelResponse { response }) => Some(response.as_str()),
            _ => None,
        })
        .collect()
}

/// The outputs that a driver acts on, without the live view's events.
pub(crate) fn actions(outputs: &[Output]) -> Vec<&Output> {
    outputs.iter().filter(|output| !matches!(output, Output::Event(_))).collect()
}

fn copy(output: &Output) -> Output {
    match output {
        Output::Claim { call, stream, token } => {
            Output::Claim { call: call.clone(), stream: stream.clone(), token: token.clone() }
        }
        Output::ConnectModel => Output::ConnectModel,
        Output::UseModel => Output::UseModel,
        Output::AudioToModel(Audio::Current) => Output::AudioToModel(Audio::Current),
        Output::AudioToModel(Audio::Kept(payload)) => Output::AudioToModel(Audio::Kept(payload.clone())),
        Output::AudioToModel(Audio::Silence(gap)) => Output::AudioToModel(Audio::Silence(*gap)),
        Output::ToModel(command) => Output::ToModel(command.clone()),
        Output::AudioToCaller => Output::AudioToCaller,
        Output::MarkToCaller(mark) => Output::MarkToCaller(*mark),
        Output::ClearCaller => Output::ClearCaller,
        Output::RunTool { call_id, name, arguments } => {
            Output::RunTool { call_id: call_id.clone(), name: name.clone(), arguments: arguments.clone() }
        }
        Output::HangUp => Output::HangUp,
        Output::ActionSettled { number, settled } => {
            Output::ActionSettled { number: *number, settled: *settled }
        }
        Output::Turn(turn) => Output::Turn(turn.clone()),
        Output::Event(event) => Output::Event(event.clone()),
        Output::Close(close) => Output::Close(close.clone()),
    }
}
