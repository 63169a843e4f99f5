//! What holds for every call, whatever arrives and whenever.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use session::input::{
    CallerAudio, ClaimRefusal, ErrorClass, MarkId, ModelAudio, ModelEvent, ModelLoss, ResponseReason,
    ResponseStatus, Role,
};
use session::output::{Audio, Event, ModelCommand};
use session::{END_CALL, Input, Output, Phase};

use crate::fixtures::{audio, call, ms, plan, secs, start};
use crate::sim::Sim;

/// The most outputs one input may cause: all audio that can be kept, or all turns that can be open.
const OUTPUTS_PER_INPUT_MAX: usize = 2_048;

/// One thing that happens. Ids are small numbers, so that they collide.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Start,
    Claimed(bool),
    Refused,
    Ready,
    Frame { step_ms: i64, millis: u64 },
    Mark(u32, u32),
    Key(char),
    Alive,
    Stopped,
    Gone,
    Misbehaved,
    ModelGone,
    ConnectFailed(ModelLoss),
    Drain,
    Superseded,
    HungUp(bool),
    SpeechStarted(u8),
    SpeechStopped(u8),
    Item(u8, Option<u8>, Role),
    Words(u8, bool),
    Created(u8, Option<ResponseReason>),
    Answered,
    Audio { response: u8, item: u8, part: u32, millis: u64 },
    Piece(u8, u8),
    Whole(u8, u8),
    Tool(u8, u8, bool),
    ToolDone(u8),
    Done(u8, ResponseStatus),
    Error(ErrorClass, bool),
}

fn reason() -> impl Strategy<Value = ResponseReason> {
    prop::sample::select(ResponseReason::ALL.to_vec())
}

fn status() -> impl Strategy<Value = ResponseStatus> {
    prop::sample::select(vec![
        ResponseStatus::Completed,
        ResponseStatus::Cancelled,
        ResponseStatus::IncompleteMaxTokens,
        ResponseStatus::IncompleteContentFilter,
        ResponseStatus::Failed,
        ResponseStatus::Limited { wait: None },
        ResponseStatus::Limited { wait: Some(Duration::from_millis(7_200)) },
        ResponseStatus::Limited { wait: Some(Duration::MAX) },
    ])
}

fn error_class() -> impl Strategy<Value = ErrorClass> {
    prop::sample::select(vec![
        ErrorClass::Benign,
        ErrorClass::ResponseActive,
        ErrorClass::Limited { wait: None },
        ErrorClass::Limited { wait: Some(Duration::ZERO) },
        ErrorClass::Limited { wait: Some(Duration::MAX) },
        ErrorClass::Rejected,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 0..6u8;
    let role = prop::sample::select(vec![Role::Caller, Role::Agent, Role::Other]);
    prop_oneof![
        12 => (0..4_000u64).prop_map(Step::Wait),
        1 => (4_000..40_000u64).prop_map(Step::Wait),
        10 => (-100..400i64, 0..60u64).prop_map(|(step_ms, millis)| Step::Frame { step_ms, millis }),
        2 => (0..3u32, 0..20u32).prop_map(|(generation, sequence)| Step::Mark(generation, sequence)),
        2 => prop::sample::select(vec!['1', '#', '*', 'x']).prop_map(Step::Key),
        2 => Just(Step::Alive),
        4 => id().prop_map(Step::SpeechStarted),
        4 => id().prop_map(Step::SpeechStopped),
        6 => (id(), prop::option::of(id()), role).prop_map(|(item, previous, role)| Step::Item(item, previous, role)),
        4 => (id(), any::<bool>()).prop_map(|(item, known)| Step::Words(item, known)),
        5 => (id(), prop::option::of(reason())).prop_map(|(response, reason)| Step::Created(response, reason)),
        6 => Just(Step::Answered),
        10 => (id(), id(), 0..2u32, 0..3_000u64)
            .prop_map(|(response, item, part, millis)| Step::Audio { response, item, part, millis }),
        3 => (id(), id()).prop_map(|(response, item)| Step::Piece(response, item)),
        2 => (id(), id()).prop_map(|(response, item)| Step::Whole(response, item)),
        4 => (id(), id(), any::<bool>()).prop_map(|(response, call, end)| Step::Tool(response, call, end)),
        3 => id().prop_map(Step::ToolDone),
        6 => (id(), status()).prop_map(|(response, status)| Step::Done(response, status)),
        3 => (error_class(), any::<bool>()).prop_map(|(class, ours)| Step::Error(class, ours)),
        1 => any::<bool>().prop_map(Step::HungUp),
        1 => prop_oneof![
            Just(Step::Start), Just(Step::Claimed(true)), Just(Step::Claimed(false)), Just(Step::Refused),
            Just(Step::Stopped), Just(Step::Gone), Just(Step::Misbehaved),
            Just(Step::Drain), Just(Step::Superseded), Just(Step::ConnectFailed(ModelLoss::Fatal)),
        ],
        2 => Just(Step::ModelGone),
        3 => Just(Step::Ready),
        1 => Just(Step::ConnectFailed(ModelLoss::Transient)),
    ]
}

/// How far a call gets before anything can happen to it.
#[derive(Debug, Clone, Copy)]
enum From {
    Socket,
    Claim,
    Greeting,
}

#[derive(Debug, Clone)]
struct CallCase {
    from: From,
    line_is_alive: bool,
    marks_return: bool,
    protect_greeting: bool,
    greeting: bool,
    steps: Vec<Step>,
}

fn any_call() -> impl Strategy<Value = CallCase> {
    let from = prop::sample::select(vec![From::Socket, From::Claim, From::Greeting, From::Greeting]);
    let flags = any::<[bool; 4]>();
    (from, flags, prop::collection::vec(step(), 0..120)).prop_map(|(from, flags, steps)| {
        let [line_is_alive, marks_return, protect_greeting, greeting] = flags;
        CallCase { from, line_is_alive, marks_return, protect_greeting, greeting, steps }
    })
}

/// A call with everything it was told and everything it did.
struct Run {
    sim: Sim,
    most_outputs: usize,
    ready_at: Option<Duration>,
    timestamp_ms: i64,
}

impl Run {
    fn of(call: &CallCase) -> Self {
        let mut plan = plan();
        plan.conversation.max_call = secs(60);
        plan.conversation.protect_greeting = call.protect_greeting;
        if !call.greeting {
            plan.greeting = None;
        }
        let sim = Sim::new();
        let mut run = Self { sim, most_outputs: 0, ready_at: None, timestamp_ms: 0 };
        run.sim.line_is_alive = false;
        run.sim.marks_return = call.marks_return;
        let opening: &[Step] = match call.from {
            From::Socket => &[],
            From::Claim => &[Step::Start, Step::Claimed(true)],
            From::Greeting => &[Step::Start, Step::Claimed(true), Step::Ready],
        };
        for step in opening.iter().chain(&call.steps) {
            run.step(step, &plan);
        }
        // A line that is alive leaves the end to the other deadlines.
        while call.line_is_alive && !run.sim.session.is_closed() {
            let waits_for = run.sim.session.poll_timeout().expect("an open session waits for something");
            if waits_for.1 == "media" {
                run.step(&Step::Wait(millis(waits_for.0.saturating_duration_since(run.sim.now)) - 1), &plan);
                run.step(&Step::Frame { step_ms: 20, millis: 20 }, &plan);
            } else {
                run.step(&Step::Wait(millis(waits_for.0.saturating_duration_since(run.sim.now)) + 1), &plan);
            }
        }
        run.sim.run_to_close();
        run
    }

    fn step(&mut self, step: &Step, plan: &domain::CallPlan) {
        let item = |n: &u8| format!("item_{n}");
        let response = |n: &u8| format!("resp_{n}");
        let sim = &mut self.sim;
        let was_connecting = sim.session.phase() == Phase::Connecting;
        let outputs = match step {
            Step::Wait(millis) => sim.advance(ms(*millis)),
            Step::Start => sim.input(start()),
            Step::Claimed(ours) => {
                let mut plan = plan.clone();
                if !ours {
                    plan.call = domain::CallSid::parse(&call().as_str().replace('1', "3")).unwrap();
                }
                sim.input(Input::Claimed(Box::new(plan)))
            }
            Step::Refused => sim.input(Input::ClaimRefused(ClaimRefusal::NotYours)),
            // Short-lived, so that a call of a minute sees its model replaced.
            Step::Ready => sim.input(Input::ModelReady { lifetime: Some(secs(20)) }),
            Step::Frame { step_ms, millis } => {
                self.timestamp_ms = (self.timestamp_ms + step_ms).max(0);
                let payload = audio(*millis);
                let timestamp_ms = u32::try_from(self.timestamp_ms).unwrap();
                sim.input(Input::CallerAudio(CallerAudio { timestamp_ms, payload: &payload }))
            }
            Step::Mark(generation, sequence) => {
                sim.input(Input::Mark(MarkId { generation: *generation, sequence: *sequence }))
            }
            Step::Key(key) => sim.input(Input::Dtmf(*key)),
            Step::Alive => sim.input(Input::CallerAlive),
            Step::Stopped => sim.input(Input::CallerStopped),
            Step::Gone => sim.input(Input::CallerGone),
            Step::Misbehaved => sim.input(Input::CallerMisbehaved),
            Step::ModelGone => sim.input(Input::ModelGone(ModelLoss::Transient)),
            Step::ConnectFailed(loss) => sim.input(Input::ConnectFailed(*loss)),
            Step::Drain => sim.input(Input::Drain { within: secs(100) }),
            Step::Superseded => sim.input(Input::Superseded),
            Step::HungUp(ok) => sim.input(Input::HungUp { ok: *ok }),
            Step::SpeechStarted(n) => sim.caller_begins(&item(n)),
            Step::SpeechStopped(n) => sim.caller_ends(&item(n)),
            Step::Item(n, previous, role) => {
                sim.added(&item(n), previous.as_ref().map(item).as_deref(), *role)
            }
            Step::Words(n, true) => sim.model(ModelEvent::CallerTranscript { item: &item(n), text: "words" }),
            Step::Words(n, false) => sim.model(ModelEvent::CallerTranscriptFailed { item: &item(n) }),
            Step::Created(n, reason) => sim.created(&response(n), *reason),
            // The model does what it was asked for last.
            Step::Answered => match sim.requests().last().copied() {
                Some(reason) => {
                    let id = format!("asked_{}", sim.requests().len());
                    sim.created(&id, Some(reason));
                    sim.speech(&id, &format!("item_of_{id}"), 600);
                    sim.done(&id, ResponseStatus::Completed)
                }
                None => vec![],
            },
            Step::Audio { response: n, item: i, part, millis } => {
                let payload = audio(*millis);
                sim.model(ModelEvent::Audio(ModelAudio {
                    response: &response(n),
                    item: &item(i),
                    content_index: *part,
                    payload: &payload,
                }))
            }
            Step::Piece(n, i) => sim.model(ModelEvent::AgentTranscriptDelta {
                response: &response(n),
                item: &item(i),
                text: "piece ",
            }),
            Step::Whole(n, i) => sim.agent_text(&response(n), &item(i), "whole"),
            Step::Tool(n, call, end) => {
                sim.tool_call(&response(n), &format!("call_{call}"), if *end { END_CALL } else { "book" })
            }
            Step::ToolDone(call) => sim.input(Input::ToolDone {
                call_id: &format!("call_{call}"),
                output: "{}".into(),
                transfer: None,
            }),
            Step::Done(n, status) => sim.done(&response(n), *status),
            Step::Error(class, ours) => {
                let ours = (*ours && !sim.requests().is_empty()).then(|| sim.last_event_id());
                sim.error(*class, ours.as_deref())
            }
        };
        if was_connecting && sim.session.phase() == Phase::Live {
            self.ready_at = Some(sim.now - sim.start);
        }
        self.most_outputs = self.most_outputs.max(outputs.len());
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

/// What an output says in full, for comparing two runs.
fn in_full(output: &Output) -> String {
    match output {
        Output::Turn(turn) => format!("{turn:?} {} {} {:?} {:?}", turn.item, turn.text, turn.heard, turn.at),
        Output::ToModel(ModelCommand::SystemText { text }) => text.clone(),
        other => format!("{other:?}"),
    }
}

proptest! {
    /// Truncation and silence after the close are held by [`Sim`] itself, for all tests.
    #[test]
    fn every_call_is_sound_and_ends_once_and_the_same_call_twice_is_the_same_call(call in any_call()) {
        let run = Run::of(&call);
        ends_once(&run, &call)?;
        hears_and_says_within_bounds(&run)?;
        runs_and_answers_each_tool_call_once(&run)?;
        greets_no_caller_who_was_greeted(&run)?;
        let told = |run: &Run| run.sim.log.iter().map(|(at, o)| (*at, in_full(o))).collect::<Vec<_>>();
        prop_assert_eq!(told(&run), told(&Run::of(&call)));
    }
}

fn ends_once(run: &Run, call: &CallCase) -> Result<(), TestCaseError> {
    let sim = &run.sim;
    let closes = sim.outputs().filter(|output| matches!(output, Output::Close(_))).count();
    prop_assert_eq!(closes, 1);
    prop_assert!(sim.session.poll_timeout().is_none());
    prop_assert!(sim.hang_ups() <= 1);
    let greetings = sim.requests().into_iter().filter(|r| *r == ResponseReason::Greeting).count();
    prop_assert!(greetings <= 1 + asked_again(call) + legs(run), "greeted {} times", greetings);

    let figures = &sim.close().unwrap().figures;
    prop_assert_eq!(figures.frames_in, figures.frames_forwarded + figures.frames_dropped);
    prop_assert!(figures.agent_audio_heard <= figures.agent_audio_sent);
    let turns = sim.turns();
    prop_assert_eq!(figures.turns as usize, turns.len());
    for (position, turn) in turns.iter().enumerate() {
        prop_assert_eq!(turn.position as usize, position);
        prop_assert!(turn.heard <= turn.spoken);
    }
    let items: BTreeSet<_> = turns.iter().map(|turn| &turn.item).collect();
    prop_assert_eq!(items.len(), turns.len(), "each item is one turn");
    Ok(())
}

fn hears_and_says_within_bounds(run: &Run) -> Result<(), TestCaseError> {
    let mut kept = Duration::ZERO;
    for (at, output) in &run.sim.log {
        if matches!(output, Output::AudioToModel(_) | Output::ToModel(_) | Output::AudioToCaller) {
            prop_assert!(run.ready_at.is_some_and(|ready| *at >= ready), "{:?} at {:?}", output, at);
        }
        if let Output::AudioToModel(Audio::Kept(payload)) = output {
            kept += ms(payload.len() as u64 / 4 * 3 / 8);
        }
    }
    prop_assert!(kept <= secs(5));
    prop_assert!(run.most_outputs <= OUTPUTS_PER_INPUT_MAX);
    Ok(())
}

fn runs_and_answers_each_tool_call_once(run: &Run) -> Result<(), TestCaseError> {
    let mut ran = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for output in run.sim.outputs() {
        match output {
            Output::RunTool { call_id, .. } => prop_assert!(ran.insert(call_id)),
            Output::ToModel(ModelCommand::ToolOutput { call_id, .. }) => {
                prop_assert!(answered.insert(call_id))
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the caller has heard of a greeting is the call's greeting.
fn greets_no_caller_who_was_greeted(run: &Run) -> Result<(), TestCaseError> {
    let outputs: Vec<_> = run.sim.outputs().collect();
    let heard =
        outputs.iter().position(|output| matches!(output, Output::Event(Event::GreetingStarted { .. })));
    let asked = outputs.iter().rposition(|output| {
        matches!(
            output,
            Output::ToModel(ModelCommand::CreateResponse { reason: ResponseReason::Greeting, .. })
        )
    });
    prop_assert!(heard.is_none_or(|heard| asked.is_none_or(|asked| asked < heard)));
    Ok(())
}

/// A greeting that was not heard is asked for again on each new leg.
fn legs(run: &Run) -> usize {
    run.sim.outputs().filter(|output| matches!(output, Output::UseModel)).count()
}

/// A greeting that the model refused may be asked for again; each refusal is an error event.
fn asked_again(call: &CallCase) -> usize {
    call.steps.iter().filter(|step| matches!(step, Step::Error(..))).count()
}
