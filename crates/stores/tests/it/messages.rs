//! Messages that callers left, and what the sessions of a call report.

use std::time::Duration;

use domain::Epoch;
use domain::tools::TakenMessage;
use domain::turn::EndReason;
use stores::StoreError;
use stores::calls::{self, ResumeCall};
use stores::turns::{Reader, Writer};

use crate::turns::report;
use crate::world::{LEASES, NOW, TABLE, TOKEN_TTL, World, call_sid, open_call};

fn message(text: &str) -> TakenMessage {
    TakenMessage { recipient: None, text: text.into(), callback: Some("tomorrow".into()) }
}

/// Faults 24 and 63. A message has one name in the whole call: taken again, by whichever session, it is there once.
#[tokio::test]
async fn a_message_is_kept_once_and_messages_come_in_the_order_of_their_times() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    let later = NOW.plus(Duration::from_secs(5));
    let put = async |epoch: u32, id: &str, text: &str, at| {
        writer.put_message(&call_sid(1), Epoch(epoch), id, &message(text), at).await
    };
    put(1, "b", "first", NOW).await.unwrap();
    put(1, "a", "second", later).await.unwrap();
    put(2, "b", "taken again", later).await.unwrap();
    let kept = reader.messages(&call_sid(1)).await.unwrap();
    assert!(kept == [(NOW, message("first")), (later, message("second"))], "{kept:?}");
    assert!(reader.messages(&call_sid(2)).await.unwrap().is_empty());
}

/// Fault 63.
#[tokio::test]
async fn a_session_whose_call_was_given_to_another_takes_no_message() {
    let world = World::new().await;
    let calls = calls::Writer::new(&world.aws, TABLE, LEASES, TABLE);
    calls.open(&open_call(1, 4)).await.unwrap();
    let plan = domain::CallPlan { epoch: Epoch(2), ..open_call(1, 4).plan.unwrap() };
    calls.resume(&ResumeCall { plan, token_ttl: TOKEN_TTL, now: NOW }).await.unwrap();
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    let refused = writer.put_message(&call_sid(1), Epoch::FIRST, "a", &message("late"), NOW).await;
    assert!(matches!(refused, Err(StoreError::Conditional { .. })), "{refused:?}");
    assert!(reader.messages(&call_sid(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_session_reports_and_the_first_is_read_first() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE, LEASES), Reader::new(&world.aws, TABLE));
    assert_eq!(reader.reports(&call_sid(1)).await, Ok(vec![]));
    for (epoch, end) in [(2, EndReason::AgentHangUp), (1, EndReason::Drained)] {
        writer.put_report(&report(epoch, end)).await.unwrap();
    }
    let both = vec![report(1, EndReason::Drained), report(2, EndReason::AgentHangUp)];
    assert_eq!(reader.reports(&call_sid(1)).await, Ok(both));
}
