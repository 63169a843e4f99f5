//! Opening hours: the moment at which a call begins decides who answers it, for good.

use std::time::Duration;

use acceptance::record::CallRecord;
use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{World, WorldConfig};
use domain::hours::{DAYS, Exception, OpeningHours, Outside, Week};
use domain::tools::Destination;
use domain::{CallPlan, CallSid, Epoch, PhoneNumber, zone};
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use platform::Clock;
use simulator::audio::speech;
use simulator::twilio::{CallerScript, CallerStep, DialOutcome};
use stores::plans::Plans;

/// From the beginning of the exception until it is over for certain.
const DAYS_PASS: Duration = Duration::from_secs(3 * 24 * 60 * 60);
const DESK: &str = "+12025550190";

/// Closed today and tomorrow, open at all other times.
pub(crate) fn closed(new: &mut NewBusiness, outside: Outside) {
    let today = zone::utc_day(Clock::system().now());
    let week = Week::of(&DAYS.map(|(day, _)| day), &["00:00-24:00".parse().expect("a span")]);
    let stocktaking = Exception {
        first: today,
        last: today.tomorrow().ok(),
        name: "Stocktaking".into(),
        open: vec![],
        outside: None,
    };
    new.business.time_zone = "UTC".into();
    new.settings.hours =
        Some(OpeningHours { week, holidays: vec![], exceptions: vec![stocktaking], outside });
    let number = PhoneNumber::parse(DESK).expect("a number");
    new.settings.tools.directory = vec![Destination { id: "desk".into(), label: "the desk".into(), number }];
}

pub(crate) async fn world(business: fn(&mut NewBusiness)) -> World {
    World::with(WorldConfig { business, ..WorldConfig::default() }).await
}

async fn asked(world: &World, seed: u8) -> String {
    let (status, twiml) = Webhook::inbound(world, &call_sid(seed)).send(world).await;
    assert_eq!(status, 200);
    twiml
}

async fn plan(world: &World, seed: u8, epoch: u32) -> CallPlan {
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let call = CallSid::parse(&call_sid(seed)).unwrap();
    plans.claim(&call, Epoch(epoch), world.now()).await.unwrap().expect("a plan")
}

/// A call that began while the business was closed stays one; the next call after the opening gets the agent.
async fn a_closed_business_takes_a_message_until_it_opens() {
    let world = world(|new| closed(new, Outside::Voicemail)).await;
    let copies = join_all((0..10).map(|_| asked(&world, 1))).await;
    for twiml in &copies {
        assert!(twiml.contains("<Record") && twiml.contains("is closed at the moment"), "{twiml}");
        assert!(!twiml.contains("<Stream"), "{twiml}");
        assert_eq!(*twiml, copies[0]);
    }
    assert_eq!(world.record(&call_sid(1)).await.refusal, "closed");
    world.time_passes(DAYS_PASS);
    assert_eq!(asked(&world, 1).await, copies[0], "a late copy");
    assert!(asked(&world, 2).await.contains("<Stream"));
    assert_eq!(world.record(&call_sid(2)).await.refusal, "");
}

/// The message is archived and transcribed like any other.
async fn a_message_that_is_left_outside_the_hours_is_kept() {
    let world = world(|new| closed(new, Outside::Voicemail)).await;
    let script = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
    ]);
    let outcome = world.twilio.call(world.spec(script)).finished().await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    let kept =
        |record: &CallRecord| record.voicemail_state() == "archived" && !record.transcript_source.is_empty();
    let record = world.record_when(&outcome.call_sid, kept).await;
    assert_eq!(record.refusal, "closed");
    assert_eq!(record.recording.unwrap().state, "not_recorded", "there is the message alone");
    assert!(world.openai.connections().is_empty(), "no agent was asked");
}

/// A person of the directory is rung, and voicemail follows if the business takes messages.
async fn a_closed_business_has_a_person_rung() {
    let world = world(|new| {
        closed(new, Outside::Forward { to: "desk".into() });
        new.settings.policies.when_no_agent.voicemail = Some(domain::business::Voicemail::default());
    })
    .await;
    let mut spec = world.spec(CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 400, max_ms: 20_000 },
        CallerStep::WaitForAgent { quiet_ms: 400, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
    ]));
    spec.dial = DialOutcome::NoAnswer(Duration::from_secs(1));
    let call = world.twilio.call(spec);
    let outcome = call.finished().await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    let record = world.record_when(&outcome.call_sid, |record| record.voicemail_state() == "archived").await;
    assert_eq!(record.refusal, "closed");
    let twiml = asked(&world, 1).await;
    assert!(twiml.contains(DESK) && twiml.contains("<Dial"), "{twiml}");
    let after = Webhook::inbound(&world, &call_sid(1))
        .field("CallStatus", "in-progress")
        .field("DialCallStatus", "no-answer")
        .at("/twilio/voice/no-agent/after-dial");
    let (_, twiml) = after.send(&world).await;
    assert!(twiml.contains("is closed at the moment") && twiml.contains("<Record"), "{twiml}");
}

/// The after-hours prompt is part of the call's plan: a session that goes on after the opening has it still, and the
/// next call does not.
async fn the_agent_is_told_what_holds_outside_the_hours_for_the_whole_call() {
    const TOLD: &str = "Take no bookings today.";
    let world = world(|new| closed(new, Outside::Agent { instructions: TOLD.into() })).await;
    assert!(asked(&world, 1).await.contains("<Stream"));
    let first = plan(&world, 1, 1).await;
    assert!(first.instructions.contains(TOLD) && first.instructions.contains("It is closed (Stocktaking)"));
    world.time_passes(DAYS_PASS);
    let after = Webhook::inbound(&world, &call_sid(1))
        .field("CallStatus", "in-progress")
        .at("/twilio/voice/after-stream?epoch=1");
    let (_, twiml) = after.send(&world).await;
    assert!(token_in(&twiml).starts_with("2."), "{twiml}");
    assert_eq!(plan(&world, 1, 2).await.instructions, first.instructions);
    assert!(asked(&world, 2).await.contains("<Stream"));
    let open = plan(&world, 2, 1).await.instructions;
    assert!(!open.contains(TOLD) && open.contains("It is open"), "{open}");
}

acceptance::tests![
    a_closed_business_takes_a_message_until_it_opens,
    a_message_that_is_left_outside_the_hours_is_kept,
    a_closed_business_has_a_person_rung,
    the_agent_is_told_what_holds_outside_the_hours_for_the_whole_call,
];
