//! One phone call, end to end.

use acceptance::record::{CallRecord, Turn};
use acceptance::{World, WorldConfig, audio};
use local::demo::story;
use simulator::twilio::{CallEventKind, EndedBy};

/// The main job, and everything it promises: conversation, barge-in, hang-up, recording, transcript, record.
async fn a_caller_is_served_from_the_first_ring_to_the_record(world: World) {
    served_from_the_first_ring_to_the_record(&world).await;
    assert_eq!(world.openai.connections().len(), 1);
}

/// The same on a socket that was there before the call, and is made up for.
async fn a_caller_is_served_on_a_socket_that_was_kept_ready() {
    let world = World::with(WorldConfig::default().warm(1)).await;
    world.warmed_up(1).await;
    served_from_the_first_ring_to_the_record(&world).await;
    assert_eq!(world.sessions()[0].index(), 0);
    assert_eq!(world.warm_sessions(), 1);
    assert_eq!(world.openai.connections().len(), 2);
}

async fn served_from_the_first_ring_to_the_record(world: &World) {
    let outcome = world.call(story::caller()).await;

    assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent hangs up after the goodbye");
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new(), "Twilio has nothing to complain about");
    assert_eq!(world.openai.violations(), vec![], "OpenAI has nothing to complain about");
    assert_eq!(world.sessions().len(), 1);

    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.status, "completed");
    assert_eq!(record.direction, "inbound");
    assert_eq!(record.transcript_source, "realtime");
    assert_eq!(record.end_reason(), "agent_hang_up");
    assert_eq!(record.session().frames.dropped, 0);
    let statuses: Vec<&str> = record.events.iter().map(|event| event.status.as_str()).collect();
    assert!(statuses.contains(&"in-progress") && statuses.contains(&"completed"), "{statuses:?}");
    the_conversation_is_whole(&record);

    the_barge_in_took_effect(&outcome.events, &record);
    let (caller, agent) = the_recording_is_the_line(world, &outcome).await;
    every_line_lies_where_it_is_spoken(&record, &caller, &agent);
}

/// In the recording each line is its side's speech, and not the other's.
fn every_line_lies_where_it_is_spoken(record: &CallRecord, caller: &[i16], agent: &[i16]) {
    for line in record.lines() {
        let (own, other) = if line.speaker == "caller" { (caller, agent) } else { (agent, caller) };
        let part = line.start_ms.unwrap()..line.end_ms.unwrap();
        let (own, other) = (audio::speech_share(own, part.clone()), audio::speech_share(other, part.clone()));
        assert!(own > 0.5 && own > 2.0 * other, "{}: {part:?}: {own:.2}, {other:.2}", line.text);
    }
}

fn the_conversation_is_whole(record: &CallRecord) {
    let lines: Vec<(&str, &str)> =
        record.lines().iter().map(|line| (line.speaker.as_str(), line.text.as_str())).collect();
    let speakers: Vec<&str> = lines.iter().map(|(speaker, _)| *speaker).collect();
    assert_eq!(speakers, ["agent", "caller", "agent", "caller", "agent", "caller", "agent"], "{lines:?}");
    assert!(lines[0].1.starts_with("Hello, this is Robin"));
    assert!(lines[1].1.contains("service on Thursday"));
    assert!(lines[6].1.contains("Goodbye"));
    let tools = record.turns.iter().flat_map(|turn| &turn.tool_calls);
    assert_eq!(tools.map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["end_call"]);
}

fn the_barge_in_took_effect(events: &[simulator::twilio::CallEvent], record: &CallRecord) {
    let cleared: Vec<u64> = events
        .iter()
        .filter_map(|event| match event.kind {
            CallEventKind::Cleared { dropped_ms } => Some(dropped_ms),
            _ => None,
        })
        .collect();
    assert_eq!(cleared.len(), 1, "one barge-in, one clear");
    assert!(cleared[0] > 1_000, "most of the long answer was never heard");
    assert_eq!(record.session().barge_ins, 1);
    let interrupted: Vec<&Turn> = record.turns.iter().filter(|turn| turn.state == "interrupted").collect();
    assert_eq!(interrupted.len(), 1);
    let (heard, spoken) = (interrupted[0].heard_ms, interrupted[0].spoken_ms);
    assert!(heard > 3_000 && heard < spoken, "heard {heard} of {spoken} ms");
}

/// The two channels hold the caller's and the agent's speech, aligned to within 40 ms of the line.
async fn the_recording_is_the_line(
    world: &World,
    outcome: &simulator::twilio::CallOutcome,
) -> (Vec<i16>, Vec<i16>) {
    let (caller, agent) = audio::stereo(&world.recording(&outcome.call_sid).await);
    let caller_offset = audio::offset_ms(&caller, &audio::samples(&outcome.line.caller));
    let agent_offset = audio::offset_ms(&agent, &audio::samples(&outcome.line.agent));
    // The recording begins a little after the answer; both channels must begin at the same moment.
    assert!(
        (caller_offset - agent_offset).abs() <= 40,
        "the channels are {caller_offset} and {agent_offset} ms off the line"
    );
    assert!(
        caller_offset <= 0 && caller_offset > -1_000,
        "recording started {} ms into the call",
        -caller_offset
    );
    (caller, agent)
}

/// What the agent said and the line played are the same: nothing lost, doubled or late after the clear.
async fn the_greeting_is_asked_for_once_and_heard_once(world: World) {
    let outcome = world.call(story::own_recording(vec![0xFF; 8_000])).await;
    let connection = &world.openai.connections()[0];
    let creates = connection.received_of("response.create");
    let greetings =
        creates.iter().filter(|event| event.value["response"]["metadata"]["kind"] == "greeting").count();
    assert_eq!(greetings, 1);
    let updated = connection.sent_of("session.updated")[0].at;
    assert!(creates[0].at > updated, "nothing is asked before the configuration was echoed");
    let said = outcome.times_ms(|kind| matches!(kind, CallEventKind::AgentSpeechStarted));
    assert!(!said.is_empty());
}

/// A caller who hangs up in mid-sentence ends the model's session, and the record says who ended it.
async fn a_caller_who_hangs_up_leaves_nothing_open() {
    use simulator::twilio::{CallerScript, CallerStep};
    let world = World::start().await;
    let script = CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_500 }, CallerStep::HangUp]);
    let outcome = world.call(script).await;
    assert_eq!(outcome.ended_by, EndedBy::Caller);
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.end_reason(), "caller_hang_up");
    assert_eq!(record.status, "completed");
    assert_eq!(world.openai.open_sessions(), 0, "the model's session does not outlive the call");
}

acceptance::tests![
    a_caller_is_served_from_the_first_ring_to_the_record,
    a_caller_is_served_on_a_socket_that_was_kept_ready,
    the_greeting_is_asked_for_once_and_heard_once,
    a_caller_who_hangs_up_leaves_nothing_open,
];
