use super::super::script::CallerStep;
use super::*;

fn line(steps: Vec<CallerStep>) -> (LineState, EventLog) {
    let events = EventLog::new();
    let (hung_up, _) = mpsc::channel(1);
    let mut line = LineState::new(CallerScript::new(steps), events.clone(), hung_up);
    line.begin_frame();
    (line, events)
}

fn say(byte: u8, ms: usize) -> CallerStep {
    CallerStep::Say { mulaw: vec![byte; ms * mulaw::BYTES_PER_MS], label: "said".into() }
}

fn loud(ms: usize) -> Bytes {
    Bytes::from(vec![0x10; ms * mulaw::BYTES_PER_MS])
}

fn marks(heard: &mut mpsc::Receiver<Heard>) -> Vec<String> {
    let mut names = Vec::new();
    while let Ok(heard) = heard.try_recv() {
        if let Heard::Mark(name) = heard {
            names.push(name);
        }
    }
    names
}

#[test]
fn audio_starts_at_the_sample_it_arrives_and_ends_at_the_sample_it_is_cleared() {
    let (mut line, events) = line(Vec::new());
    line.advance_to(803);
    line.playout.push_audio(loud(1_000)).unwrap();
    line.advance_to(2_406);
    line.clear();
    line.advance_to(4_000);
    let recording = line.finish();
    let audible: Vec<_> = (0..4_000).filter(|&at| recording.agent[at] == 0x10).collect();
    assert_eq!((audible.first(), audible.last(), audible.len()), (Some(&803), Some(&2_405), 1_603));
    let cleared = CallEventKind::Cleared { dropped_ms: (8_000 - 1_603) / 8 };
    assert!(events.snapshot().iter().any(|event| event.kind == cleared && event.at_ms == 300));
}

#[test]
fn both_channels_lie_on_one_timeline_and_are_equally_long() {
    let (mut line, _) = line(vec![CallerStep::Pause { ms: 100 }, say(0x20, 50)]);
    line.playout.push_audio(loud(30)).unwrap();
    line.advance_to(1_501);
    let recording = line.finish();
    assert_eq!((recording.caller.len(), recording.agent.len()), (1_501, 1_501));
    assert_eq!(recording.caller.iter().position(|&byte| byte == 0x20), Some(800));
    assert_eq!(recording.caller.iter().rposition(|&byte| byte == 0x20), Some(1_199));
    assert_eq!(recording.agent.iter().rposition(|&byte| byte == 0x10), Some(239));
}

#[test]
fn the_result_does_not_depend_on_when_the_clock_looks() {
    let run = |steps: &[usize]| {
        let (mut line, events) = line(vec![CallerStep::BargeIn { after_agent_ms: 100 }, say(0x20, 60)]);
        line.playout.push_audio(loud(305)).unwrap();
        line.stream_mark("end".into()).unwrap();
        steps.iter().for_each(|&sample| line.advance_to(sample));
        let recording = line.finish();
        (recording.caller, recording.agent, events.snapshot())
    };
    let fine: Vec<_> = (0..=8_000).step_by(7).chain([8_000]).collect();
    assert!(run(&[8_000]) == run(&fine));
}

#[test]
fn a_mark_comes_back_when_its_audio_is_played_and_not_before() {
    let (mut line, _) = line(Vec::new());
    let (_, mut heard) = line.listen();
    line.playout.push_audio(loud(33)).unwrap();
    line.stream_mark("a".into()).unwrap();
    assert_eq!(line.next_due(), 160);
    line.advance_to(160);
    assert_eq!(line.next_due(), 264);
    line.advance_to(263);
    assert!(marks(&mut heard).is_empty());
    line.advance_to(264);
    assert_eq!(marks(&mut heard), ["a"]);
}

#[test]
fn a_detached_listener_leaves_no_sound_behind() {
    let (mut line, _) = line(Vec::new());
    line.playout.push_audio(loud(100)).unwrap();
    line.stream_mark("a".into()).unwrap();
    line.advance_to(80);
    line.detach();
    line.advance_to(800);
    assert!(line.finish().agent[80..].iter().all(|&byte| byte == mulaw::SILENCE));
}

#[test]
fn a_barge_in_is_heard_where_the_agent_has_spoken_long_enough() {
    let (mut line, events) = line(vec![CallerStep::BargeIn { after_agent_ms: 100 }, say(0x20, 60)]);
    line.advance_to(400);
    line.playout.push_audio(loud(500)).unwrap();
    line.advance_to(4_000);
    let started = events
        .snapshot()
        .into_iter()
        .find(|event| matches!(event.kind, CallEventKind::CallerSpeechStarted(_)))
        .unwrap();
    // The agent is audible from 50 ms; 160 ms is the first frame that begins 100 ms later.
    assert_eq!(started.at_ms, 160);
    assert_eq!(line.finish().caller.iter().position(|&byte| byte == 0x20), Some(1_280));
}

#[test]
fn a_listener_is_forgotten_when_another_begins() {
    let (mut line, _) = line(Vec::new());
    let (first, _first_hears) = line.listen();
    assert!(line.is_listening(first));
    let (second, _second_hears) = line.listen();
    assert!(!line.is_listening(first) && line.is_listening(second));
    line.detach();
    assert!(!line.is_listening(second));
}
