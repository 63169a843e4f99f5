//! Goals: what a call came to is counted once, whenever it becomes known.

use std::time::Duration;

use super::*;
use crate::campaign::goal::{Facts, Goal, NoGoal};
use crate::insight::{Extracted, InsightOutcome, InsightPolicy, Insights};

fn found(status: Option<&str>, city: Option<&str>) -> Insights {
    let fact = |value: &str| Extracted {
        name: "city".to_owned(),
        value: value.to_owned(),
        quote: value.to_owned(),
        said_by: None,
        confidence: 90,
    };
    Insights {
        call: call(1),
        run: 1,
        input: String::new(),
        source: None,
        outcome: InsightOutcome::Done,
        summary: None,
        extraction: city.map(fact).into_iter().collect(),
        voided: vec![],
        lead_status: status.map(str::to_owned),
        model: None,
        usage: vec![],
        at: NOW,
    }
}

#[test]
fn a_goal_is_a_lead_status_or_a_field_of_the_settings() {
    let booked = Goal::LeadStatus("booked".to_owned());
    let field =
        |value: Option<&str>| Goal::Field { name: "city".to_owned(), value: value.map(str::to_owned) };
    for (goal, insights, reached) in [
        (&booked, found(Some("booked"), None), true),
        (&booked, found(Some("new"), None), false),
        (&booked, found(None, Some("booked")), false),
        (&field(None), found(None, Some("Wien")), true),
        (&field(None), found(None, None), false),
        (&field(Some("wien ")), found(None, Some("Wien")), true),
        (&field(Some("Graz")), found(None, Some("Wien")), false),
    ] {
        assert_eq!(goal.is_reached(&insights), reached, "{goal:?} {:?}", insights.lead_status);
    }
    let policy = InsightPolicy::default();
    assert_eq!((booked.fits(&policy), field(None).fits(&policy)), (Ok(()), Ok(())));
    assert_eq!(Goal::LeadStatus("sold".to_owned()).fits(&policy), Err(NoGoal::LeadStatus));
    assert_eq!(Goal::Field { name: "age".to_owned(), value: None }.fits(&policy), Err(NoGoal::Field));
}

fn ended(entry: &mut Entry, outcome: Outcome, now: Timestamp) -> CallSid {
    let retries = Retries::default();
    entry.apply(Event::Claim(claim(now)), retries, now).unwrap();
    let order = entry.order().unwrap();
    entry.apply(Event::Placed { order, call: call(order) }, retries, now).unwrap();
    let lasted = Duration::from_secs(61);
    let ended = Ended { outcome, lasted, at: now.plus(lasted), has_goal: true, call_back: None };
    entry.apply(Event::Ended { call: call(order), ended }, retries, ended.at).unwrap();
    call(order)
}

#[test]
fn facts_are_asked_for_until_they_are_there_or_too_late_and_count_once() {
    let mut entry = Entry::new(0, person("+436641234567"), NOW);
    ended(&mut entry, Outcome::Busy, NOW);
    assert_eq!(entry.facts_due(), None, "a call that was not answered has no facts");
    let again = entry.state.due().unwrap();
    let sid = ended(&mut entry, Outcome::Human, again);
    let due = entry.facts_due().unwrap();
    let told = |entry: &mut Entry, told, now| {
        entry.apply(Event::Told { call: sid.clone(), told }, Retries::default(), now)
    };
    assert_eq!(told(&mut entry, None, due), Ok(()));
    assert!(entry.facts_due().unwrap() >= due.plus(Duration::from_secs(60)), "later, not at once");
    let sums = Progress::of(&entry);
    assert_eq!((sums.get("goals"), sums.get("facts_awaited")), (0, 1));
    let mut late = entry.clone();
    assert_eq!(told(&mut entry, Some((true, 5_000)), due), Ok(()));
    assert_eq!(told(&mut entry, Some((true, 5_000)), due), Err(Stale), "a look that comes again");
    let sums = Progress::of(&entry);
    assert_eq!((sums.get("goals"), sums.get("facts_awaited"), entry.facts_due()), (1, 0, None));
    // The call that was not answered counts with the most that it may have cost.
    let busy = entry.attempts[0].spent.micros.unwrap();
    assert_eq!(sums.get("cost_micros"), busy + 5_000);
    // A day later nothing comes any more.
    assert_eq!(told(&mut late, None, due.plus(Duration::from_secs(86_400))), Ok(()));
    assert_eq!((late.facts_due(), Progress::of(&late).get("goals")), (None, 0));
    assert_eq!(late.attempts[1].facts, Some(Facts::Lost));
    assert_eq!(told(&mut late, Some((true, 1)), due), Err(Stale));
}

proptest! {
    /// Facts are looked for a bounded number of times, each time later.
    #[test]
    fn looks_end(step in 1_u64..10_000) {
        let (mut now, mut looks) = (NOW, 0);
        while let Some(next) = Facts::later(NOW, now).due() {
            prop_assert!(next > now);
            (now, looks) = (next.plus(Duration::from_secs(step % 100)), looks + 1);
            prop_assert!(looks < 100);
        }
    }
}
