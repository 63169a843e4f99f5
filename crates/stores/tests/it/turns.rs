use std::time::Duration;

use domain::turn::{EndReason, ToolCall};
use domain::{Epoch, SessionReport, Speaker, Turn, testing};
use stores::turns::{Eraser, Reader, Writer};

use crate::world::{LEASES, NOW, TABLE, World, call_sid};

pub(crate) fn turn(epoch: u32, position: u32, text: &str) -> Turn {
    let called =
        ToolCall { call_id: "call_1".into(), name: "end_call".into(), arguments: "{}".into(), output: None };
    Turn {
        epoch: Epoch(epoch),
        position,
        item: format!("item_{position}"),
        at: NOW,
        spoken: Duration::from_millis(1_500),
        heard: Duration::from_millis(1_480),
        latency: Some(Duration::from_micros(412_300)),
        steps: Default::default(),
        tool_calls: vec![called],
        ..testing::turn(Speaker::Agent, text)
    }
}

pub(crate) fn report(epoch: u32, end: EndReason) -> SessionReport {
    SessionReport {
        started_at: NOW,
        ended_at: NOW.plus(Duration::from_secs(60)),
        turns: 4,
        greeting_requested: Some(Duration::from_micros(3_200)),
        added_up_p50_us: Some(41),
        barge_ins: 1,
        unbacked_claims: 1,
        frames_in: 3_000,
        frames_forwarded: 3_000,
        agent_audio_sent: Duration::from_secs(20),
        agent_audio_heard: Duration::from_secs(19),
        ..testing::report(Epoch(epoch), end)
    }
}

#[tokio::test]
async fn turns_come_back_in_the_order_of_the_conversation_across_epochs_and_batches() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    let turns: Vec<Turn> =
        (1..=2).flat_map(|epoch| (0..40).map(move |position| turn(epoch, position, "words"))).collect();
    for epoch in [1, 2] {
        let mut shuffled: Vec<Turn> =
            turns.iter().rev().filter(|turn| turn.epoch == Epoch(epoch)).cloned().collect();
        shuffled.extend_from_within(37..);
        writer.put_turns(&shuffled).await.unwrap();
    }
    writer.put_turns(&turns[5..9]).await.unwrap();
    writer.put_turns(&[]).await.unwrap();
    let read = reader.turns(&call_sid(1)).await.unwrap();
    assert!(read == turns, "80 turns, each once and in order");
    assert!(reader.turns(&call_sid(2)).await.unwrap().is_empty());
}

/// A person who changes their mind in one call is called at the last time that they said.
#[tokio::test]
async fn the_last_promise_of_a_call_stands_and_goes_with_its_words() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    let (call, later) = (call_sid(1), NOW.plus(Duration::from_secs(3_600)));
    assert_eq!(reader.call_back(&call).await.unwrap(), None);
    for at in [NOW, later, later] {
        writer.put_call_back(&call, Epoch(1), at).await.unwrap();
        assert_eq!(reader.call_back(&call).await.unwrap(), Some(at));
    }
    assert_eq!(reader.call_back(&call_sid(2)).await.unwrap(), None);
    let eraser = Eraser::new(&world.aws, TABLE);
    assert_eq!(eraser.forget(&call).await.unwrap(), 1);
    assert_eq!(reader.call_back(&call).await.unwrap(), None);
}

/// Fault 27.
#[tokio::test]
async fn a_turn_longer_than_an_item_is_kept_whole_and_may_be_replaced() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    let long = turn(1, 0, &"Grüß Gott. ".repeat(60_000));
    assert!(long.text.len() > 600 * 1024);
    writer.put_turns(&[long.clone(), turn(1, 1, "short")]).await.unwrap();
    let read = reader.turns(&call_sid(1)).await.unwrap();
    assert!(read == [long, turn(1, 1, "short")]);

    writer.put_turns(&[turn(1, 0, "corrected")]).await.unwrap();
    let read = reader.turns(&call_sid(1)).await.unwrap();
    assert!(read == [turn(1, 0, "corrected"), turn(1, 1, "short")]);
}

#[tokio::test]
async fn the_first_report_of_an_epoch_stands_and_the_latest_epoch_is_read() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    assert_eq!(reader.report(&call_sid(1)).await, Ok(None));
    for (epoch, end) in [(1, EndReason::Drained), (12, EndReason::AgentHangUp), (2, EndReason::ModelLost)] {
        writer.put_report(&report(epoch, end)).await.unwrap();
    }
    writer.put_report(&report(12, EndReason::Internal)).await.unwrap();
    assert_eq!(reader.report(&call_sid(1)).await, Ok(Some(report(12, EndReason::AgentHangUp))));
}
