//! What a caller must hear before anything is recorded, word for word.

use std::time::Duration;

use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{World, WorldConfig};
use domain::announcement::Wording;
use domain::{Announcement, CallSid, Epoch};
use functions::businesses::provision::NewBusiness;
use futures_util::{StreamExt as _, stream};
use simulator::twilio::{CallEventKind, CallFaults, CallerScript, CallerStep, StreamFaults};
use stores::plans::Plans;

const TEXT: &str = "This call is recorded for <training> & \"quality\".";

fn consent(new: &mut NewBusiness) {
    new.settings.policies.consent = Announcement::say(TEXT, "en-GB").ok();
}

async fn asking() -> World {
    World::with(WorldConfig { business: consent, ..WorldConfig::default() }).await
}

/// Fault 64, of the consent: once, exact, before the stream and the recording, and not again after a resume.
async fn it_is_heard_once_and_nothing_is_recorded_before_it_is_over() {
    let world = asking().await;
    let script = CallerScript::new(vec![CallerStep::Pause { ms: 9_000 }, CallerStep::HangUp]);
    let stream = StreamFaults { break_after: Some(Duration::from_millis(2_000)), ..Default::default() };
    let outcome = world.call_with(script, CallFaults { stream, ..Default::default() }).await;
    let at = |wanted: fn(&CallEventKind) -> bool| outcome.times_ms(wanted);
    let streams = at(|kind| matches!(kind, CallEventKind::StreamOpened { .. }));
    assert!(streams.len() >= 2, "the call was resumed: {:?}", outcome.events);
    let said = at(|kind| matches!(kind, CallEventKind::Said(text) if **text == *TEXT));
    assert_eq!(said, [said[0]], "once");
    // The simulated Twilio takes 60 ms to say a character.
    let spoken = TEXT.chars().count() as u64 * 60;
    assert!(said[0] + spoken <= streams[0], "the stream opens when it is over: {said:?} {streams:?}");
    let recorded = at(|kind| matches!(kind, CallEventKind::RecordingStarted { .. }));
    assert_eq!(recorded.len(), 1);
    assert!(said[0] + spoken <= recorded[0], "and nothing was recorded before: {said:?} {recorded:?}");
    assert!(recorded[0] <= streams[0], "the first words of the agent are on it: {recorded:?} {streams:?}");
}

/// Fault 1: the consent and the recording are part of the one answer, and of no later epoch's.
async fn every_copy_of_the_webhook_is_answered_with_it() {
    let world = asking().await;
    let webhook = Webhook::inbound(&world, &call_sid(1));
    let copies = (0..30).map(|_| webhook.send(&world));
    // A few at a time: how many at once can be answered in time is the machine's affair.
    let answers: Vec<_> = stream::iter(copies).buffered(3).collect().await;
    let (_, first) = &answers[0];
    assert!(token_in(first).starts_with("1."));
    assert!(first.contains("recorded for &lt;training&gt; &amp;"), "{first}");
    let at = |verb: &str| first.find(verb).unwrap_or_else(|| panic!("{verb}: {first}"));
    assert!(at("<Say") < at("<Start><Recording") && at("<Start><Recording") < at("<Connect"), "{first}");
    assert!(answers.iter().all(|(status, body)| *status == 200 && body == first));
    let answered =
        webhook.clone().field("CallStatus", "in-progress").at("/twilio/voice/after-stream?epoch=1");
    let (_, resumed) = answered.send(&world).await;
    assert!(token_in(&resumed).starts_with("2."), "{resumed}");
    assert!(!resumed.contains("training") && !resumed.contains("<Start"), "{resumed}");
}

/// A recorded notice is played, and the stream may open after the longest one there can be.
async fn a_long_recorded_notice_does_not_outlast_the_plan() {
    let world = World::with(WorldConfig {
        business: |new| {
            let url = "https://media.example.com/consent.mp3".to_owned();
            new.settings.policies.consent = Announcement::new(Wording::Play { url }).ok();
        },
        ..WorldConfig::default()
    })
    .await;
    let (_, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    assert!(twiml.contains("<Play>https://media.example.com/consent.mp3</Play><Start>"), "{twiml}");
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let call = CallSid::parse(&call_sid(1)).unwrap();
    let after = world.now().plus(Duration::from_secs(120 + 55));
    assert!(plans.claim(&call, Epoch::FIRST, after).await.unwrap().is_some());
}

acceptance::tests![
    it_is_heard_once_and_nothing_is_recorded_before_it_is_over,
    every_copy_of_the_webhook_is_answered_with_it,
    a_long_recorded_notice_does_not_outlast_the_plan,
];
