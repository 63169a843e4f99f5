use proptest::prelude::*;

use super::super::coalesce::{CAP, QUIET};
use super::super::guard::Loop;
use super::super::outgoing::{Author, Content, Outgoing};
use super::super::tests::{handle, sms, whatsapp};
use super::*;
use crate::access::KeyId;
use crate::testing;

fn text(sender: Sender, kind: Kind, body: &str, at: Timestamp) -> Incoming {
    Incoming {
        key: format!("SM{}", at.0),
        account: None,
        from: handle(if sender.medium == Medium::Sms { "+436641234567" } else { "whatsapp:+436641234567" }),
        sender,
        also: vec![],
        name: Some(Body("Anna".into())),
        kind,
        body: Body(body.into()),
        media: vec![],
        about: None,
        wish: None,
        own: false,
        said_at: None,
        came_at: at,
    }
}

fn words(body: &str, at: Timestamp) -> Incoming {
    text(whatsapp(), Kind::Text, body, at)
}

fn thread(incoming: &Incoming) -> Thread {
    let business = testing::business().id;
    let id = ThreadId::of(&business, &incoming.sender, &incoming.from);
    Thread::new(id, business, incoming, incoming.came_at)
}

/// A thread with one text in it, and when its reply is due.
fn asked() -> (Thread, Timestamp) {
    let first = words("When do you open?", Timestamp(1_000));
    let mut thread = thread(&first);
    let received = thread.receive(&first, first.came_at);
    (thread, received.reply_at.unwrap())
}

fn key(n: u8) -> KeyId {
    KeyId::parse(&format!("person0{n}")).unwrap()
}

fn reply(thread: &Thread, at: Timestamp) -> Outgoing {
    let author = Author::Agent { covers: thread.asked };
    Outgoing::new(author, Content::Words(Body("At nine.".into())), thread.turn, at)
}

#[test]
fn five_texts_in_a_burst_get_one_reply_that_covers_all() {
    let (mut thread, _) = asked();
    let mut last = Timestamp(1_000);
    let mut jobs = vec![1];
    for n in 1..5 {
        last = Timestamp(1_000 + n * 700);
        jobs.push(thread.receive(&words("and", last), last).number);
    }
    let due = last.plus(QUIET);
    for old in &jobs[..4] {
        assert_eq!(thread.clone().begin(*old, "a", due), Err(NoReply::Newer));
    }
    assert_eq!(thread.clone().begin(5, "a", last), Err(NoReply::Early(due)));
    assert_eq!(thread.begin(5, "a", due).unwrap().covers, 5);
    assert_eq!(thread.keep("a", 1, due), Ok(6));
    assert_eq!(thread.begin(5, "b", due), Err(NoReply::Answered));
}

/// A person who does not stop writing is answered all the same.
#[test]
fn a_burst_without_an_end_is_answered_after_the_cap() {
    let (mut thread, _) = asked();
    let mut now = Timestamp(1_000);
    while now.since(Timestamp(1_000)) < CAP {
        now = now.plus(Duration::from_secs(1));
        thread.receive(&words("and", now), now);
    }
    assert!(thread.begin(3, "a", now).is_ok(), "by the job of an early text");
}

#[test]
fn one_reply_is_written_at_a_time_and_a_dead_worker_holds_it_up_for_a_while_only() {
    let (mut thread, due) = asked();
    let writing = thread.begin(1, "a", due).unwrap();
    assert_eq!(thread.clone().begin(1, "b", due), Err(NoReply::Busy(writing.until)));
    assert!(thread.clone().begin(1, "a", due).is_ok(), "the same job, delivered again");
    let mut other = thread.clone();
    assert!(other.begin(1, "b", writing.until).is_ok());
    assert_eq!(other.keep("a", 1, writing.until), Err(NotKept::ClaimLost));
    assert_eq!(thread.keep("a", 1, writing.until), Err(NotKept::ClaimLost), "too late");
}

#[test]
fn a_draft_is_dropped_for_a_newer_text_twice_and_then_sent() {
    let (mut thread, mut now) = asked();
    thread.begin(1, "a", now).unwrap();
    for covers in 2..=3 {
        now = now.plus(Duration::from_secs(1));
        thread.receive(&words("and", now), now);
        assert_eq!(thread.keep("a", 1, now), Err(NotKept::Stale));
        assert_eq!(thread.writing.as_ref().unwrap().covers, covers);
    }
    now = now.plus(Duration::from_secs(1));
    let newest = thread.receive(&words("and", now), now);
    assert_eq!(thread.keep("a", 2, now), Ok(5));
    assert_eq!((thread.answered, thread.asked, thread.texts), (3, 4, 6));
    assert!(
        thread.begin(newest.number, "b", newest.reply_at.unwrap()).is_ok(),
        "the newest gets a reply of its own"
    );
}

/// The race both ways: the person writes before the reply is kept, and after.
#[test]
fn a_person_who_writes_stops_the_agent_before_its_next_text() {
    let (thread, now) = asked();
    let mut before = thread.clone();
    before.begin(1, "a", now).unwrap();
    assert_eq!(before.person_writes(&key(1), "Vera", 1, now), 2);
    assert_eq!(before.keep("a", 1, now), Err(NotKept::ByPerson));

    let mut after = thread;
    after.begin(1, "a", now).unwrap();
    after.keep("a", 1, now).unwrap();
    let draft = reply(&after, now);
    assert_eq!(after.may_send(&draft, Consent::Open, now), Ok(()));
    after.person_writes(&key(1), "Vera", 1, now);
    assert_eq!(after.may_send(&draft, Consent::Open, now), Err(NotSent::TakenOver), "kept, and not sent yet");
    after.hand_back(now);
    assert_eq!(
        after.may_send(&draft, Consent::Open, now),
        Err(NotSent::TakenOver),
        "it answers what was before the person"
    );
}

#[test]
fn a_person_keeps_a_thread_until_they_give_it_back_or_are_silent() {
    let (mut thread, now) = asked();
    thread.take(&key(1), "Vera", now);
    let later = now.plus(Duration::from_secs(60));
    assert_eq!(thread.receive(&words("Hello?", later), later).reply_at, None);
    assert_eq!(thread.begin(2, "a", later.plus(CAP)), Err(NoReply::ByPerson));
    assert!(thread.hand_back(later).is_some(), "what waits is answered now");
    assert!(thread.begin(2, "a", later.plus(QUIET)).is_ok());

    thread.take(&key(1), "Vera", later);
    thread.person_writes(&key(1), "Vera", 1, later.plus(Duration::from_secs(60)));
    let almost = later.plus(SILENCE);
    assert!(matches!(thread.owner_at(almost), Owner::Person { .. }), "counted from what they wrote last");
    let silent = almost.plus(Duration::from_secs(61));
    assert_eq!(*thread.owner_at(silent), Owner::Agent);
    assert!(thread.receive(&words("Hi", silent), silent).reply_at.is_some());
}

#[test]
fn a_text_from_the_carriers_own_app_takes_the_thread() {
    let (mut thread, now) = asked();
    thread.receive(&text(whatsapp(), Kind::Echo, "At nine.", now), now);
    assert!(matches!(&thread.owner, Owner::Person { key: None, .. }));
    assert_eq!(thread.last_in, Some(Timestamp(1_000)), "the window is the person's");
}

#[test]
fn what_is_no_question_is_kept_and_starts_no_reply() {
    let (mut thread, now) = asked();
    for kind in [Kind::Reaction, Kind::Edit, Kind::Deletion, Kind::System, Kind::Unsupported] {
        let received = thread.receive(&text(whatsapp(), kind, "x", now), now);
        assert_eq!((received.reply_at, thread.asked), (None, 1), "{kind:?}");
    }
    assert_eq!(thread.receive(&words("Out of office: back on Monday", now), now).reply_at, None);
    assert_eq!(thread.texts, 7);
}

#[test]
fn a_stop_is_confirmed_once_and_ends_what_waits() {
    let (mut thread, now) = asked();
    let stop = thread.receive(&words("STOP", now), now);
    assert!(matches!(stop.wish, Some((Wish::Stop, Some(_)))) && stop.reply_at.is_none());
    assert_eq!(thread.begin(1, "a", now.plus(CAP)), Err(NoReply::Answered));
    assert_eq!(thread.receive(&words("Stop!", now), now).wish, Some((Wish::Stop, None)));
    assert!(thread.receive(&words("please stop by tomorrow", now), now).wish.is_none());
    let template =
        super::super::template::Template { name: "x".into(), language: None, variables: [].into() };
    let sent = Outgoing::new(Author::Notice, Content::Template(template), 0, now);
    assert_eq!(thread.may_send(&sent, Consent::Open, now), Err(NotSent::OptedOut));
    let answer = reply(&thread, now);
    assert_eq!(thread.may_send(&answer, Consent::Open, now), Ok(()), "what they ask later is answered");
}

/// A wish holds for all that a business begins, on every thread of the person, until they ask something themselves.
#[test]
fn a_stop_on_another_thread_stops_what_the_business_begins() {
    let (mut thread, now) = asked();
    let stopped = Consent::Stopped(now);
    let by_person = |at| {
        let author = Author::Person { key: key(1), name: "Vera".into() };
        Outgoing::new(author, Content::Words(Body("We have an offer.".into())), 0, at)
    };
    assert_eq!(thread.may_send(&by_person(now), Consent::Open, now), Ok(()));
    assert_eq!(thread.may_send(&by_person(now), stopped, now), Err(NotSent::OptedOut));
    assert_eq!(thread.may_send(&reply(&thread, now), stopped, now), Ok(()), "the agent answers");
    let later = now.plus(Duration::from_secs(60));
    thread.receive(&words("What does it cost?", later), later);
    assert_eq!(thread.may_send(&by_person(later), stopped, later), Ok(()), "they asked since");
    let (mut by_sms, at) = {
        let first = text(sms(), Kind::Text, "Hi", Timestamp(1));
        (self::thread(&first), first.came_at)
    };
    by_sms.receive(&text(sms(), Kind::Text, "Hi", at), at);
    assert_eq!(by_sms.may_send(&by_person(at), Consent::Stopped(Timestamp(0)), at), Err(NotSent::OptedOut));
}

#[test]
fn what_an_agent_did_is_kept_after_a_person_took_the_thread() {
    let (mut thread, now) = asked();
    thread.begin(1, "a", now).unwrap();
    let almost = now.plus(CLAIM).minus(Duration::from_secs(1));
    assert_eq!(thread.used_tool("a", almost), 2);
    assert!(thread.is_written_by("a", almost.plus(Duration::from_secs(60))), "its claim begins anew");
    thread.take(&key(1), "Vera", almost);
    assert!(!thread.is_written_by("a", almost));
    assert_eq!(thread.used_tool("a", almost), 3);
    assert!(matches!(thread.owner, Owner::Person { .. }) && thread.writing.is_none());
}

#[test]
fn an_agent_gives_a_thread_to_a_person_with_a_reason() {
    let (mut thread, now) = asked();
    assert_eq!(thread.hand_over("a", "angry", now), Err(NotKept::ClaimLost));
    thread.begin(1, "a", now).unwrap();
    let last = thread.hand_over("a", " wants a refund ", now).unwrap();
    assert_eq!(thread.handed.as_ref().map(|handed| handed.reason.as_str()), Some("wants a refund"));
    assert!(matches!(&thread.owner, Owner::Person { key: None, .. }) && thread.asked == thread.answered);
    let said =
        Outgoing::new(Author::Notice, Content::Words(Body("A colleague answers.".into())), thread.turn, now);
    assert_eq!((last, thread.may_send(&said, Consent::Open, now)), (2, Ok(())));
    assert_eq!(thread.receive(&words("Hello?", now), now).reply_at, None, "a person has it");
    let mut taken = thread.clone();
    taken.take(&key(1), "Vera", now);
    assert!(taken.handed.is_none() && taken.turn > thread.turn);
    assert!(thread.hand_back(now).is_some() && thread.handed.is_none());
}

#[test]
fn the_texts_of_a_day_are_one_talk() {
    let (mut thread, now) = asked();
    let first = thread.talk.unwrap();
    thread.receive(&words("and", now), now);
    assert_eq!(thread.talk, Some(first));
    let next_day = Timestamp(24 * 3_600 * 1_000 + 5);
    thread.receive(&words("Hi again", next_day), next_day);
    assert_eq!(thread.talk, Some(Talk { first: 3, at: next_day }));
}

#[test]
fn what_the_carrier_took_it_for_weighs_more_and_sms_is_silent_after_a_stop() {
    let mut stop = text(sms(), Kind::Text, "no more of this", Timestamp(1));
    stop.wish = Some(Wish::Stop);
    let mut thread = thread(&stop);
    assert_eq!(
        thread.receive(&stop, Timestamp(1)).wish,
        Some((Wish::Stop, None)),
        "the carrier has confirmed it"
    );
    let more = thread.receive(&text(sms(), Kind::Text, "Hello?", Timestamp(2)), Timestamp(2));
    assert_eq!(thread.begin(more.number, "a", Timestamp(2).plus(CAP)), Err(NoReply::Stopped));
    thread.receive(&text(sms(), Kind::Text, "START", Timestamp(3)), Timestamp(3));
    assert_eq!(thread.consent, Consent::Open);
}

#[test]
fn free_words_go_within_the_window_only_and_a_template_always() {
    let (mut thread, now) = asked();
    let day = now.plus(Duration::from_secs(24 * 3_600 + 1));
    let answer = reply(&thread, day);
    assert_eq!(thread.may_send(&answer, Consent::Open, day), Err(NotSent::WindowClosed));
    thread.close_window();
    assert_eq!(
        thread.may_send(&answer, Consent::Open, now),
        Err(NotSent::WindowClosed),
        "the carrier knows better"
    );
    thread.receive(&words("Hi", day), day);
    assert_eq!(thread.may_send(&reply(&thread, day), Consent::Open, day), Ok(()));
    let mut late = words("from last week", day);
    late.said_at = Some(now.minus(Duration::from_secs(7 * 24 * 3_600)));
    thread.receive(&late, day);
    assert_eq!(thread.last_in, Some(day), "a late delivery neither opens nor closes it");
}

#[test]
fn a_loop_is_noticed_once_and_a_person_lets_the_agent_go_on() {
    let (mut thread, mut now) = asked();
    for n in 0..super::super::guard::MAX_IN_SHORT {
        thread.begin(thread.asked, "a", now).unwrap();
        thread.keep("a", 1, now).unwrap();
        now = now.plus(Duration::from_secs(2));
        now = thread.receive(&words(&format!("reply {n}"), now), now).reply_at.unwrap();
    }
    assert_eq!(thread.begin(thread.asked, "a", now), Err(NoReply::Loop(Loop::Minute)));
    assert_eq!(thread.begin(thread.asked, "a", now), Err(NoReply::Paused));
    thread.hand_back(now);
    assert!(thread.begin(thread.asked, "a", now).is_ok());
}

#[test]
fn an_answer_goes_to_the_handle_that_wrote_last() {
    let (mut thread, now) = asked();
    let mut scoped = words("new number", now);
    scoped.from = handle("whatsapp:US.13491208655302741918");
    thread.receive(&scoped, now);
    assert_eq!(thread.person, scoped.from);
}

proptest! {
    /// Whatever happens in whichever order: one claim at a time, no reply without a claim, never one while a person has the
    /// thread, and each change is a step.
    #[test]
    fn the_laws_hold_in_every_order(steps in prop::collection::vec((0u8..8, 0u8..3, 0u64..4_000), 1..60)) {
        let (mut thread, mut now) = asked();
        for (what, worker, wait) in steps {
            now = now.plus(Duration::from_millis(wait));
            let worker = ["a", "b", "c"][usize::from(worker)];
            let before = thread.clone();
            match what {
                0 | 1 => {
                    thread.receive(&words(&now.0.to_string(), now), now);
                }
                2 | 3 => {
                    let claimed = thread.begin(thread.asked, worker, now);
                    if claimed.is_ok() {
                        let free = before.writing.as_ref().is_none_or(|writing| writing.worker == worker || now >= writing.until);
                        prop_assert!(free && matches!(before.owner, Owner::Agent));
                    } else if !matches!(claimed, Err(NoReply::Loop(_))) {
                        prop_assert_eq!(thread.step, before.step);
                    }
                }
                4 => {
                    if thread.keep(worker, 1, now).is_ok() {
                        let writing = before.writing.unwrap();
                        prop_assert!(writing.worker == worker && before.owner == Owner::Agent);
                        prop_assert!(writing.covers == before.asked || before.dropped == MAX_DROPPED);
                    }
                }
                5 => thread.take(&key(1), "Vera", now),
                6 => {
                    thread.person_writes(&key(2), "Tom", 2, now);
                    prop_assert!(thread.writing.is_none() && thread.answered == thread.asked);
                }
                _ => {
                    thread.hand_back(now);
                }
            }
            prop_assert!(thread.step >= before.step && thread.texts >= before.texts);
            prop_assert!(thread.step > before.step || thread.texts == before.texts);
            prop_assert!(thread.answered <= thread.asked && thread.asked <= thread.texts);
        }
    }
}
