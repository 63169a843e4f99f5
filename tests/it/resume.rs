//! A stream is lost: the call goes on in another session, a few times, and never ends in silence.

use std::time::Duration;

use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{World, WorldConfig};
use domain::plan::{HistoryItem, Resumption};
use domain::tools::{Destination, TakenMessage};
use domain::turn::{EndReason, ToolCall, TurnState, Usage};
use domain::{CallPlan, CallSid, Epoch, PhoneNumber, SessionReport, Speaker, Turn};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use simulator::twilio::{CallEventKind, CallFaults, CallerScript, CallerStep, EndedBy, StreamFaults};
use stores::plans::Plans;
use stores::turns::Writer;

/// A call by hand: what Twilio and the bridge would do to it.
struct HandledCall<'a> {
    world: &'a World,
    sid: String,
    call: CallSid,
}

impl<'a> HandledCall<'a> {
    /// The phone rang and was answered.
    async fn open(world: &'a World, seed: u8) -> Self {
        let sid = call_sid(seed);
        let (status, twiml) = Webhook::inbound(world, &sid).send(world).await;
        assert_eq!(status, 200);
        assert!(token_in(&twiml).starts_with("1."), "{twiml}");
        assert!(twiml.contains("/twilio/voice/after-stream?epoch=1"), "{twiml}");
        Self { world, call: CallSid::parse(&sid).unwrap(), sid }
    }

    fn question(&self, query: &str) -> Webhook {
        self.fields(Webhook::post(&format!("/twilio/voice/after-stream{query}")))
    }

    fn fields(&self, webhook: Webhook) -> Webhook {
        webhook
            .field("CallSid", &self.sid)
            .field("AccountSid", &self.world.identity.account_sid)
            .field("From", local::demo::business::CALLER)
            .field("To", self.world.business.number.as_e164())
            .field("CallStatus", "in-progress")
            .field("Direction", "inbound")
            .field("ApiVersion", "2010-04-01")
    }

    /// What follows a transfer that the session of this epoch asked for.
    fn dialled(&self, epoch: u32, status: &str) -> Webhook {
        let asked = Webhook::post(&format!("/twilio/voice/after-dial?epoch={epoch}"));
        self.fields(asked).field("DialCallStatus", status)
    }

    /// What follows the stream of this epoch.
    async fn after(&self, epoch: u32) -> String {
        let (status, twiml) = self.question(&format!("?epoch={epoch}")).send(self.world).await;
        assert_eq!(status, 200);
        twiml
    }

    async fn claim(&self, epoch: u32) -> Option<CallPlan> {
        let plans = Plans::new(&self.world.system.aws, self.world.system.name("LeasesTable").unwrap());
        plans.claim(&self.call, Epoch(epoch), self.world.now()).await.unwrap()
    }

    fn bridge(&self) -> Writer {
        let name = |table| self.world.system.name(table).unwrap();
        Writer::new(&self.world.system.aws, name("TurnsTable"), name("LeasesTable"))
    }

    async fn ended(&self, epoch: u32, end: EndReason) {
        self.ended_for(epoch, end, None).await;
    }

    async fn ended_for(&self, epoch: u32, end: EndReason, transfer_to: Option<&str>) {
        let now = self.world.now();
        let report = SessionReport {
            call: self.call.clone(),
            epoch: Epoch(epoch),
            end,
            transfer_to: transfer_to.map(str::to_owned),
            started_at: now,
            ended_at: now,
            turns: 0,
            greeting_requested: None,
            greeting_heard: None,
            turn_latency_p50: None,
            turn_latency_max: None,
            added_up_p50_us: None,
            added_up_p99_us: None,
            added_down_p50_us: None,
            added_down_p99_us: None,
            barge_ins: 0,
            unbacked_claims: 0,
            barge_in_clear_max_us: None,
            frames_in: 0,
            frames_forwarded: 0,
            frames_dropped: 0,
            settings_left_out: vec![],
            padded: Duration::ZERO,
            agent_audio_sent: Duration::from_secs(2),
            agent_audio_heard: Duration::from_secs(2),
            usage: Usage::default(),
        };
        self.bridge().put_report(&report).await.unwrap();
    }

    fn turn(&self, position: u32, speaker: Speaker, text: &str) -> Turn {
        Turn {
            call: self.call.clone(),
            epoch: Epoch::FIRST,
            position,
            item: format!("item_{position}"),
            speaker,
            state: TurnState::Complete,
            text: text.into(),
            at: self.world.now(),
            model_since: None,
            spoken: Duration::from_secs(2),
            heard: Duration::from_secs(2),
            latency: None,
            steps: Default::default(),
            tool_calls: vec![],
        }
    }
}

/// Fault 1, of this webhook: one effect and equal answers, also after the new stream began.
async fn fifty_copies_of_the_question_have_one_effect_and_equal_answers(world: World) {
    let line = HandledCall::open(&world, 1).await;
    line.claim(1).await.expect("the first stream began");
    line.ended(1, EndReason::Drained).await;
    let question = line.question("?epoch=1");
    // A number that a busy machine answers while Twilio waits.
    let copies = stream::iter((0..50).map(|_| question.send(&world))).buffer_unordered(8);
    let answers: Vec<_> = copies.collect().await;
    let (_, first) = &answers[0];
    assert!(token_in(first).starts_with("2."), "{first}");
    assert!(first.contains("/twilio/voice/after-stream?epoch=2"), "{first}");
    assert!(answers.iter().all(|(status, body)| *status == 200 && body == first), "all answers are equal");

    let plan = line.claim(2).await.expect("there is one plan");
    assert_eq!((plan.epoch, plan.greeting), (Epoch(2), None), "the first session greeted");
    assert_eq!(&line.after(1).await, first, "a copy that comes late");
    assert_eq!(line.claim(2).await, None, "finds nothing behind its answer");
}

/// The next session is told what was heard and what was done, also of a message that no turn tells of because the
/// session died first, and is the agent that the call began with.
async fn the_conversation_so_far_goes_with_the_plan(world: World) {
    let line = HandledCall::open(&world, 2).await;
    let before = line.claim(1).await.unwrap();
    let book = ToolCall {
        call_id: "call_1".into(),
        name: "book".into(),
        arguments: "{}".into(),
        output: Some("{\"ok\":true}".into()),
    };
    let mut booked = line.turn(2, Speaker::Agent, "It is booked for Thursday at nine.");
    (booked.state, booked.heard, booked.tool_calls) =
        (TurnState::Interrupted, Duration::from_secs(1), vec![book]);
    let turns = [
        line.turn(0, Speaker::Agent, "Hello, how can I help you?"),
        line.turn(1, Speaker::Caller, "A service on Thursday, please."),
        booked,
    ];
    line.bridge().put_turns(&turns).await.unwrap();
    let left = TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None };
    line.bridge().put_message(&line.call, Epoch::FIRST, "m", &left, world.now()).await.unwrap();
    line.ended(1, EndReason::Drained).await;
    line.after(1).await;

    let plan = line.claim(2).await.unwrap();
    let said = |speaker, text: &str| HistoryItem::Said { speaker, text: text.into() };
    let expected = [
        said(Speaker::Agent, "Hello, how can I help you?"),
        said(Speaker::Caller, "A service on Thursday, please."),
        HistoryItem::Tool {
            call_id: "call_1".into(),
            name: "book".into(),
            arguments: "{}".into(),
            output: "{\"ok\":true}".into(),
        },
        said(Speaker::Agent, "It is booked for"),
        HistoryItem::Tool {
            call_id: "taken_1".into(),
            name: "take_message".into(),
            arguments: r#"{"message":"The wheel is bent."}"#.into(),
            output: r#"{"ok":true}"#.into(),
        },
    ];
    assert!(plan.history == expected, "{:?}", plan.history);
    assert_eq!(plan.revision, before.revision);
    assert_eq!(plan.voice, before.voice);
    assert_eq!(plan.safety_identifier, before.safety_identifier);
    assert!(plan.conversation.max_call <= before.conversation.max_call, "the limit is the call's");
}

/// A call that goes on is the call that began: neither a profile that changed meanwhile nor a later hour is in the
/// prompt of its next session, nor in that of the one after it.
async fn a_resumed_call_has_the_instructions_it_began_with_to_the_byte(world: World) {
    let line = HandledCall::open(&world, 7).await;
    let first = line.claim(1).await.unwrap();
    assert!(first.instructions.contains("Harbour Bicycle Workshop"));
    let mut changed = world.business.clone();
    // The other side of the world: another day, most of the time, and another hour, always.
    changed.business.time_zone = "Pacific/Kiritimati".into();
    changed.business.name = "Castle Bicycle Workshop".into();
    world.provision(&changed).await;

    for epoch in 1..=2 {
        line.ended(epoch, EndReason::Drained).await;
        assert!(token_in(&line.after(epoch).await).starts_with(&format!("{}.", epoch + 1)));
        let next = line.claim(epoch + 1).await.unwrap();
        assert!(next.instructions == first.instructions, "epoch {}", epoch + 1);
        assert_eq!((next.voice, next.tools), (first.voice.clone(), first.tools.clone()));
        assert!(next.conversation.max_call <= first.conversation.max_call);
        assert_eq!(next.greeting, None);
    }
}

/// A stream that could not be opened leaves its greeting to the next one, and comes too late itself.
async fn a_caller_whom_no_session_reached_is_still_greeted_once(world: World) {
    let line = HandledCall::open(&world, 3).await;
    assert!(token_in(&line.after(1).await).starts_with("2."));
    assert_eq!(line.claim(1).await, None, "the lost epoch lets nobody in any more");
    let greeting = line.claim(2).await.unwrap().greeting.expect("somebody must say hello");
    assert!(greeting.starts_with("Hello, this is Robin"));
    line.after(2).await;
    assert_eq!(line.claim(3).await.unwrap().greeting, None);
}

async fn after_three_resumes_the_caller_is_given_to_a_person_or_hears_an_apology() {
    let person = PhoneNumber::parse("+12025550190").unwrap();
    for fallback in [false, true] {
        let mut config = WorldConfig::default();
        if fallback {
            config.business = |new| {
                new.business.fallback_number = PhoneNumber::parse("+12025550190").ok();
            };
        }
        let world = World::with(config).await;
        let line = HandledCall::open(&world, 4).await;
        for epoch in 1..=3 {
            line.claim(epoch).await.expect("a stream begins and is lost");
            assert!(token_in(&line.after(epoch).await).starts_with(&format!("{}.", epoch + 1)));
        }
        let last = line.after(4).await;
        assert!(!last.contains("<Connect"), "{last}");
        assert_eq!(last.contains(person.as_e164()), fallback, "{last}");
        assert!(last.contains("technical problem"), "{last}");
        assert_eq!(line.claim(5).await, None);
    }
}

async fn a_call_that_was_meant_to_end_is_hung_up_and_a_model_that_is_gone_is_not_asked_again(world: World) {
    for (seed, end) in (10..).zip([EndReason::AgentHangUp, EndReason::Silence, EndReason::MaxDuration]) {
        let line = HandledCall::open(&world, seed).await;
        line.claim(1).await.unwrap();
        line.ended(1, end).await;
        let twiml = line.after(1).await;
        assert!(twiml.contains("<Hangup/>") && !twiml.contains("<Say"), "{end:?}: {twiml}");
        assert_eq!(line.claim(2).await, None);
    }
    let line = HandledCall::open(&world, 20).await;
    line.claim(1).await.unwrap();
    line.ended(1, EndReason::ModelLost).await;
    let twiml = line.after(1).await;
    assert!(twiml.contains("technical problem") && !twiml.contains("<Connect"), "{twiml}");
}

async fn a_call_that_is_over_is_not_resumed(world: World) {
    let line = HandledCall::open(&world, 5).await;
    line.claim(1).await.unwrap();
    Webhook::status(&world, &line.sid, "completed", 3).send(&world).await;
    let twiml = line.after(1).await;
    assert!(twiml.contains("<Hangup/>") && !twiml.contains("<Connect"), "{twiml}");
    assert_eq!(line.claim(2).await, None);
}

/// An address we never gave out, though signed, resumes nothing; the caller still hears why the call ends.
async fn a_question_about_an_epoch_that_never_was_is_answered_with_an_apology_or_the_end(world: World) {
    let line = HandledCall::open(&world, 6).await;
    for query in
        ["", "?epoch=", "?epoch=-1", "?epoch=x", "?epoch=4294967296", "?epoch=2", "?epoch=4294967295"]
    {
        let (status, twiml) = line.question(query).send(&world).await;
        assert_eq!(status, 200, "{query}");
        assert!(!twiml.contains("<Connect") && twiml.contains("<Hangup/>"), "{query}: {twiml}");
    }
    assert!(line.claim(1).await.is_some(), "the call's own plan is untouched");
}

fn breaking(after: Duration) -> CallFaults {
    CallFaults {
        stream: StreamFaults { break_after: Some(after), ..Default::default() },
        ..Default::default()
    }
}

/// Fault 63, the part of Twilio: the connection to the bridge breaks, and the call goes on in a second session
/// that does not greet again.
async fn a_broken_stream_is_followed_by_another_and_one_greeting_was_asked_for() {
    resumes_after_a_broken_stream(0).await;
}

/// The same, each time on a socket that was kept ready.
async fn a_broken_stream_is_followed_by_another_on_sockets_that_were_kept_ready() {
    resumes_after_a_broken_stream(2).await;
}

async fn resumes_after_a_broken_stream(warm: usize) {
    let world = World::with(WorldConfig::default().warm(warm)).await;
    world.warmed_up(warm).await;
    let script = CallerScript::new(vec![CallerStep::Pause { ms: 4_500 }, CallerStep::HangUp]);
    let outcome = world.call_with(script, breaking(Duration::from_millis(3_000))).await;
    assert_eq!(outcome.ended_by, EndedBy::Caller, "the call survived its first stream");
    let streams = outcome.times_ms(|kind| matches!(kind, CallEventKind::StreamOpened { .. }));
    assert_eq!(streams.len(), 2, "{:?}", outcome.events);

    let record = world.record_when(&outcome.call_sid, |record| record.end_reason() == "caller_hang_up").await;
    assert_eq!(record.status, "completed");
    // The record says where the one ended and why, and of each turn whose it is.
    let ends: Vec<_> = record.sessions.iter().map(|one| (one.epoch, one.end_reason.as_str())).collect();
    assert_eq!(ends, [(1, "caller_lost"), (2, "caller_hang_up")]);
    assert!(record.sessions[0].ended_at <= record.sessions[1].began_at, "{:?}", record.sessions);
    assert!(record.turns.iter().all(|turn| !turn.model_since.is_empty()), "{:?}", record.turns);
    assert!(record.turns.is_sorted_by_key(|turn| (turn.epoch, turn.model_since.clone())));
    assert_eq!(record.turns.iter().map(|turn| turn.epoch).min(), Some(1));
    let connections = world.sessions();
    assert_eq!(connections.len(), 2, "each session has its own");
    assert_eq!(world.warm_sessions(), warm);
    let greetings = connections
        .iter()
        .flat_map(|connection| connection.received_of("response.create"))
        .filter(|event| event.value["response"]["metadata"]["kind"] == "greeting")
        .count();
    assert_eq!(greetings, 1);
    assert_eq!(world.openai.violations(), vec![]);
}

/// Fault 64. Every stream breaks: four sessions, and then words instead of silence.
async fn a_line_that_never_holds_ends_with_an_apology(world: World) {
    let outcome = world.call_with(CallerScript::new(vec![]), breaking(Duration::from_millis(600))).await;
    assert_eq!(outcome.ended_by, EndedBy::Twiml);
    let streams = outcome.times_ms(|kind| matches!(kind, CallEventKind::StreamOpened { .. }));
    assert_eq!(streams.len(), 4, "{:?}", outcome.events);
    let apologies = outcome
        .events
        .iter()
        .filter(
            |event| matches!(&event.kind, CallEventKind::Said(text) if text.contains("technical problem")),
        )
        .count();
    assert_eq!(apologies, 1);
}

async fn business_with_a_workshop() -> World {
    let business = |new: &mut functions::businesses::provision::NewBusiness| {
        new.settings.tools.directory = vec![Destination {
            id: "workshop".into(),
            label: "the workshop".into(),
            number: PhoneNumber::parse("+12025550101").unwrap(),
        }];
    };
    World::with(WorldConfig { business, ..WorldConfig::default() }).await
}

/// The number is the settings'; the session only says whose it is. Every copy of the question is answered alike.
async fn a_session_that_hands_over_has_the_directory_dialled() {
    let world = business_with_a_workshop().await;
    let line = HandledCall::open(&world, 21).await;
    line.claim(1).await.expect("the first stream began");
    line.ended_for(1, EndReason::Transfer, Some("workshop")).await;
    let question = line.question("?epoch=1");
    let answers = join_all((0..20).map(|_| question.send(&world))).await;
    let (_, first) = &answers[0];
    assert!(first.contains("<Dial") && first.contains("+12025550101</Number>"), "{first}");
    assert!(first.contains("/twilio/voice/after-dial?epoch=1"), "{first}");
    assert!(answers.iter().all(|(status, body)| *status == 200 && body == first));

    let (_, answered) = line.dialled(1, "completed").send(&world).await;
    assert!(answered.contains("<Hangup") && !answered.contains("<Connect"), "{answered}");
    assert!(line.claim(2).await.is_none(), "nobody is waiting for the agent");
}

async fn a_caller_whose_transfer_failed_is_back_with_the_agent_once() {
    let world = business_with_a_workshop().await;
    for (seed, status) in [(22, "no-answer"), (23, "busy"), (24, "failed")] {
        let line = HandledCall::open(&world, seed).await;
        line.claim(1).await.expect("the first stream began");
        line.ended_for(1, EndReason::Transfer, Some("workshop")).await;
        line.after(1).await;
        let dialled = line.dialled(1, status);
        let answers = join_all((0..20).map(|_| dialled.send(&world))).await;
        let (_, first) = &answers[0];
        assert!(token_in(first).starts_with("2."), "{status}: {first}");
        assert!(answers.iter().all(|(_, body)| body == first), "{status}");
        let plan = line.claim(2).await.expect("one session goes on");
        assert_eq!(plan.resumption, Resumption::TransferFailed { label: "the workshop".into() });
        assert_eq!(plan.greeting, None);
        assert!(line.claim(2).await.is_none());
    }
}

/// An entry may leave the directory while a call is on its way to it.
async fn a_transfer_to_a_removed_entry_goes_on_with_the_agent() {
    let world = business_with_a_workshop().await;
    let line = HandledCall::open(&world, 25).await;
    line.claim(1).await.expect("the first stream began");
    line.ended_for(1, EndReason::Transfer, Some("somebody who left")).await;
    let twiml = line.after(1).await;
    assert!(!twiml.contains("<Dial") && token_in(&twiml).starts_with("2."), "{twiml}");
}

acceptance::tests![
    fifty_copies_of_the_question_have_one_effect_and_equal_answers,
    the_conversation_so_far_goes_with_the_plan,
    a_resumed_call_has_the_instructions_it_began_with_to_the_byte,
    a_caller_whom_no_session_reached_is_still_greeted_once,
    after_three_resumes_the_caller_is_given_to_a_person_or_hears_an_apology,
    a_call_that_was_meant_to_end_is_hung_up_and_a_model_that_is_gone_is_not_asked_again,
    a_call_that_is_over_is_not_resumed,
    a_question_about_an_epoch_that_never_was_is_answered_with_an_apology_or_the_end,
    a_broken_stream_is_followed_by_another_and_one_greeting_was_asked_for,
    a_broken_stream_is_followed_by_another_on_sockets_that_were_kept_ready,
    a_line_that_never_holds_ends_with_an_apology,
    a_session_that_hands_over_has_the_directory_dialled,
    a_caller_whose_transfer_failed_is_back_with_the_agent_once,
    a_transfer_to_a_removed_entry_goes_on_with_the_agent,
];
