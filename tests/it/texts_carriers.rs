//! What carriers do to texts: lost answers, limits, closed windows, reports in any order, batches, deliveries that are days
//! late, people without numbers and people who get others.

use std::time::Duration;

use acceptance::phones::{BURST, NUMBER, USER_ID, Way, answering};
use acceptance::{World, WorldConfig};
use futures_util::future::join_all;
use serde_json::json;
use simulator::meta::{Breakage, GraphFault};
use simulator::phone::{Entry, Habit, Message, Person, Phone, Received, Report, What};
use simulator::twilio::RestFault;

/// Longer than the carrier's list, or a callback, is waited for.
const LOOKED_UP: Duration = Duration::from_secs(40);

fn over(way: Way, answers: &[&str]) -> WorldConfig {
    let mut config = answering(answers);
    config.meta = way == Way::Meta;
    config
}

/// The connection breaks after Twilio has taken the text: it is looked up, and is not sent again.
async fn a_text_over_twilio_whose_answer_broke_off_is_sent_once() {
    let world = World::with(over(Way::Sms, &["We open at nine."])).await;
    let phone = world.phone(Way::Sms);
    world.twilio.lose_next_answer();
    phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    world.delay_passes("TextsQueue", LOOKED_UP).await;
    world.newest_when(&thread, |text| text.status.as_deref() == Some("queued")).await;
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1);
}

/// Meta has no list of what it took: the callback brings our own name of the text.
async fn a_text_over_meta_whose_answer_broke_off_is_known_by_its_callback() {
    let world = World::with(over(Way::Meta, &["We open at nine."])).await;
    let phone = world.phone(Way::Meta);
    // The sign of writing is the first request.
    for fault in [GraphFault { code: 0, ..GraphFault::refusal(131_000) }, GraphFault::LOST_ANSWER] {
        world.meta().fail_next_request(fault);
    }
    phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    let received = world.arrives(&phone, 1).await;
    assert!(phone.report(&received[0], &Report::new("delivered")).await.is_taken());
    world.newest_when(&thread, |text| text.status.as_deref() == Some("delivered")).await;
    world.time_passes(LOOKED_UP);
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1);
    assert_eq!(world.texts_of(&thread).await[0].failure, None);
}

/// Neither an answer nor a callback: once is better than twice, and people are told.
async fn a_text_over_meta_of_which_nothing_is_heard_is_given_up() {
    let world = World::with(over(Way::Meta, &["We open at nine."])).await;
    let phone = world.phone(Way::Meta);
    let page = GraphFault { status: 502, breakage: Breakage::Page, ..GraphFault::LOST_ANSWER };
    for fault in [page.clone(), page] {
        world.meta().fail_next_request(fault);
    }
    phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    world.delay_passes("TextsQueue", LOOKED_UP).await;
    let text = world.newest_when(&thread, |text| text.status.as_deref() == Some("failed")).await;
    assert_eq!(text.failure.unwrap().code, "lost");
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1);
}

/// Errors that pass: the text waits and goes, and none of it is given up.
async fn a_carrier_that_is_busy_gets_the_text_later() {
    for (way, codes) in [
        (Way::Sms, &[63_018, 20_429, 63_038][..]),
        (Way::Meta, &[4, 80_007, 130_429, 131_056, 131_000, 131_016, 131_057][..]),
    ] {
        let world = World::with(over(way, &[])).await;
        let phones: Vec<Phone> = (0..codes.len())
            .map(|n| world.phone_of(way, Person::with_number(&format!("+4366412{n:05}"))))
            .collect();
        for (n, code) in codes.iter().enumerate() {
            let number = format!("+4366412{n:05}");
            match way {
                Way::Meta => world.meta().refuse_person(&number, *code, Some(2)),
                Way::Sms | Way::WhatsApp => world.twilio.refuse_texts_to(&number, *code),
            }
        }
        let said = join_all(phones.iter().map(|phone| phone.say("When do you open?"))).await;
        assert!(said.iter().all(Result::is_ok));
        world.until(|| async { (world.threads().await.len() == codes.len()).then_some(()) }).await;
        world.time_passes(BURST);
        let refused = || async {
            let asked = match way {
                Way::Meta => world.meta().requests().iter().filter(|asked| asked.status >= 400).count(),
                Way::Sms | Way::WhatsApp => {
                    world.twilio.requests().iter().filter(|asked| asked.status >= 400).count()
                }
            };
            (asked >= codes.len()).then_some(())
        };
        world.until(refused).await;
        for n in 0..codes.len() {
            world.twilio.take_texts_to(&format!("+4366412{n:05}"));
        }
        // Waits grow with each try.
        let all = || async {
            world.time_passes(Duration::from_secs(5));
            phones.iter().all(|phone| !phone.received().is_empty()).then_some(())
        };
        world.until(all).await;
        for (phone, code) in phones.iter().zip(codes) {
            assert_eq!(world.arrives(phone, 1).await.len(), 1, "{way:?}, {code}");
        }
        let failed = world.threads().await;
        for thread in failed {
            assert_eq!(world.texts_of(&thread).await[0].failure, None);
        }
    }
}

/// 429 without a code of its own is the same.
async fn too_many_requests_at_twilio_are_waited_for() {
    let world = World::with(over(Way::Sms, &["We open at nine."])).await;
    let phone = world.phone(Way::Sms);
    let busy = RestFault { status: 429, code: 20_429, retry_after_s: Some(3), carried_out: false };
    world.twilio.fail_next_request(busy);
    phone.say("When do you open?").await.unwrap();
    world.thread_with(1).await;
    world.time_passes(BURST);
    world.delay_passes("TextsQueue", Duration::from_secs(20)).await;
    assert_eq!(world.arrives(&phone, 1).await[0].body, "We open at nine.");
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1);
}

/// Pair rate: the conversation is slowed, and the one beside it goes on.
async fn too_much_to_one_person_slows_that_conversation_alone() {
    let world = World::with(over(Way::Meta, &[])).await;
    let (slow, other) =
        (world.phone(Way::Meta), world.phone_of(Way::Meta, Person::with_number("+436641112222")));
    world.meta().refuse_person(NUMBER, 131_056, None);
    slow.say("When do you open?").await.unwrap();
    world.thread_with(1).await;
    world.time_passes(BURST);
    let refused = || async { world.meta().requests().iter().any(|asked| asked.status == 429).then_some(()) };
    world.until(refused).await;
    other.say("Hello").await.unwrap();
    world.until(|| async { (world.threads().await.len() == 2).then_some(()) }).await;
    world.time_passes(BURST);
    world.arrives(&other, 1).await;
    assert!(slow.received().is_empty());
    world.meta().refuse_person(NUMBER, 131_056, Some(0));
    let later = || async {
        world.time_passes(Duration::from_secs(5));
        (!slow.received().is_empty()).then_some(())
    };
    world.until(later).await;
}

/// The carrier's word weighs more than our count: after 63016 free words are refused until the person writes again.
async fn a_window_that_the_carrier_calls_closed_is_closed() {
    for (way, code) in [(Way::WhatsApp, 63_016), (Way::Meta, 131_047)] {
        let world = World::with(over(way, &["We open at nine.", "At nine."])).await;
        let phone = world.phone(way);
        phone.say("When do you open?").await.unwrap();
        let thread = world.thread_with(1).await;
        assert!(thread.window_open);
        world.time_passes(BURST);
        let received = world.arrives(&phone, 1).await;
        phone.report(&received[0], &Report::failed(code)).await;
        let thread = world.thread_when(|thread| !thread.window_open).await;
        let refused = world.writes(&thread, "k1", json!({ "text": "Hello" })).await;
        assert_eq!((refused.status, refused.code()), (409, "window_closed"), "{}", refused.body);
        phone.say("Hello?").await.unwrap();
        world.thread_when(|thread| thread.window_open).await;
    }
}

/// A day after the person's last text nothing but a template goes, and the phone agrees.
async fn a_day_later_only_a_template_goes() {
    for way in [Way::WhatsApp, Way::Meta] {
        let world = World::with(over(way, &["We open at nine."])).await;
        let phone = world.phone(way);
        phone.say("When do you open?").await.unwrap();
        let thread = world.thread_with(1).await;
        world.time_passes(BURST);
        world.arrives(&phone, 1).await;
        phone.behaves(Habit::READS);
        world.time_passes(Duration::from_secs(24 * 60 * 60 + 1));
        assert!(!phone.window_is_open());
        let refused = world.writes(&thread, "k1", json!({ "text": "Hello" })).await;
        assert_eq!((refused.status, refused.code()), (409, "window_closed"), "{}", refused.body);
        let name =
            if way == Way::Meta { acceptance::TEMPLATE.to_owned() } else { format!("HX{}", "a".repeat(32)) };
        let template = json!({ "name": name, "language": "de", "variables": { "1": "Anna" } });
        let template = match way {
            Way::Meta => template,
            Way::Sms | Way::WhatsApp => json!({ "name": name, "variables": { "1": "Anna" } }),
        };
        assert_eq!(world.writes(&thread, "k2", json!({ "template": template })).await.status, 202);
        let received = world.arrives(&phone, 2).await;
        assert_eq!((received[1].body.as_str(), received[1].template.as_deref()), ("", Some(name.as_str())));
        world.newest_when(&thread, |text| text.status.as_deref() == Some("read")).await;
    }
}

/// Every order of these reports, of which one comes twice, ends in the same record. Each order is a text of its own; each
/// round brings one report of every text.
async fn every_order_of_reports_ends_in_the_same_record() {
    const REPORTS: [(&str, Option<u32>); 6] = [
        ("queued", None),
        ("sent", None),
        ("delivered", None),
        ("read", None),
        ("failed", Some(30_003)),
        ("sent", None),
    ];
    // One in eleven of the 720, spread over all of them, and the two that are farthest apart.
    let orders: Vec<Vec<usize>> = permutations(REPORTS.len());
    assert_eq!(orders.len(), 720);
    let orders: Vec<&Vec<usize>> = orders.iter().step_by(11).chain([&orders[0], &orders[719]]).collect();
    let world = World::with(over(Way::WhatsApp, &["We open at nine."])).await;
    let phone = world.phone(Way::WhatsApp);
    phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    for n in 0..orders.len() {
        let sent = world.writes(&thread, &format!("k{n}"), json!({ "text": format!("text {n}") })).await;
        assert_eq!(sent.status, 202, "{}", sent.body);
    }
    let mut received: Vec<Received> = world.arrives(&phone, orders.len() + 1).await;
    received.retain(|text| text.body.starts_with("text "));
    let number = |text: &Received| text.body.trim_start_matches("text ").parse::<usize>().unwrap();
    received.sort_by_key(number);
    for round in 0..REPORTS.len() {
        let reports = received.iter().zip(&orders).map(|(text, order)| {
            let (status, code) = REPORTS[order[round]];
            let (phone, report) = (phone.clone(), Report { status: status.to_owned(), code });
            async move { phone.report(text, &report).await.is_taken() }
        });
        assert!(join_all(reports).await.into_iter().all(|taken| taken));
    }
    world.texts_settle().await;
    let texts = world.texts_of(&thread).await;
    let ends: Vec<_> = texts
        .iter()
        .filter(|text| text.author.as_deref() == Some("person"))
        .map(|text| (&text.status, &text.failure))
        .collect();
    assert_eq!(ends.len(), orders.len());
    assert!(ends.iter().all(|end| *end == (&Some("read".to_owned()), &None)), "{ends:?}");
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for next in 0..count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    all
}

/// Three entries of four messages and five reports, with one item that cannot be read: seventeen events, each once.
async fn a_batch_of_metas_is_unfolded_and_one_bad_item_costs_no_other() {
    let world = World::with(over(Way::Meta, &["We open at nine."])).await;
    let phone = world.phone(Way::Meta);
    phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    let received = world.arrives(&phone, 1).await.remove(0);
    let messages: Vec<Message> = (0..12).map(|n| phone.message(format!("words {n}").as_str())).collect();
    let mut entries: Vec<Entry> = messages
        .chunks(4)
        .map(|four| Entry::Together(four.iter().cloned().map(Entry::from).collect()))
        .collect();
    let reports = ["read", "sent", "delivered", "sent", "read"]
        .map(|status| Entry::Report(received.clone(), status.into()));
    entries[1] = match entries[1].clone() {
        Entry::Together(mut four) => {
            four.extend(reports);
            four.push(Entry::Raw(json!({ "type": "text", "text": { "body": "from nowhere" } })));
            Entry::Together(four)
        }
        other => other,
    };
    for _ in 0..3 {
        let answers = phone.deliver_batch(&entries).await.unwrap();
        assert!(answers.iter().all(|answer| answer.is_taken()), "{answers:?}");
    }
    world.works_everything_off(&["TextsQueue"]).await;
    let texts = world.texts_of(&thread).await;
    let came = texts.iter().filter(|text| text.way == "in").count();
    assert_eq!(came, 13, "{texts:#?}");
    let first = texts.iter().rev().find(|text| text.way == "out").unwrap();
    assert_eq!(first.status.as_deref(), Some("read"));
}

/// Meta repeats what it is not sure of for seven days: the same text is the same, and the window is not opened by it.
async fn a_copy_that_is_seven_days_late_is_the_same_text() {
    for way in Way::ALL {
        let world = World::with(over(way, &["We open at nine."])).await;
        let phone = world.phone(way);
        let message = phone.say("When do you open?").await.unwrap();
        let thread = world.thread_with(1).await;
        world.time_passes(BURST);
        let received = world.arrives(&phone, 1).await.remove(0);
        phone.report(&received, &Report::new("delivered")).await;
        world.newest_when(&thread, |text| text.status.as_deref() == Some("delivered")).await;
        world.time_passes(Duration::from_secs(7 * 24 * 60 * 60));
        assert!(phone.deliver(&message).await.unwrap().is_taken(), "{way:?}");
        phone.report(&received, &Report::new("sent")).await;
        world.texts_settle().await;
        let thread = world.thread_with(2).await;
        assert_eq!((thread.texts, thread.window_open), (2, way == Way::Sms), "{way:?}");
        assert_eq!(world.texts_of(&thread).await[0].status.as_deref(), Some("delivered"));
        assert_eq!(phone.received().len(), 1);
    }
}

/// A text that is days late is kept. It opens no window that is over since then.
async fn a_text_that_was_written_days_ago_opens_no_window() {
    let world = World::with(over(Way::Meta, &["We open at nine."])).await;
    let phone = world.phone(Way::Meta);
    let late = phone.message("When do you open?").written_before(Duration::from_secs(3 * 24 * 60 * 60));
    assert!(phone.deliver(&late).await.unwrap().is_taken());
    let thread = world.thread_with(1).await;
    assert!(!thread.window_open);
    world.texts_settle().await;
    assert!(phone.received().is_empty(), "free words would not arrive");
}

/// Texts that overtake one another are all in the thread, and the agent reads all of them.
async fn texts_in_the_wrong_order_are_all_answered() {
    let world = World::with(over(Way::Meta, &["Yes, all three."])).await;
    let phone = world.phone(Way::Meta);
    let messages: Vec<Message> = (1..=3).map(|n| phone.message(format!("question {n}").as_str())).collect();
    for message in messages.iter().rev() {
        phone.deliver(message).await.unwrap();
    }
    world.thread_with(3).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    world.texts_settle().await;
    let asked = world.asked_of_model().remove(0).body.to_string();
    assert!((1..=3).all(|n| asked.contains(&format!("question {n}"))), "{asked}");
    assert_eq!(phone.received().len(), 1);
}

/// Trap 1 of messaging: a person of WhatsApp may have no telephone number.
async fn a_person_without_a_number_is_answered_by_their_id() {
    for way in [Way::WhatsApp, Way::Meta] {
        let world = World::with(over(way, &["We open at nine.", "At nine."])).await;
        let phone = world.phone_of(way, Person::hidden(USER_ID));
        phone.say("When do you open?").await.unwrap();
        let thread = world.thread_with(1).await;
        assert_eq!(thread.phone, None, "{way:?}");
        world.time_passes(BURST);
        let received = world.arrives(&phone, 1).await;
        assert_eq!(received[0].to.trim_start_matches("whatsapp:"), USER_ID, "{way:?}");
        // Later both are told: it is the same person.
        phone.becomes(Person::with_number(NUMBER).known_as(USER_ID));
        phone.say("And on Sunday?").await.unwrap();
        let joined = world.thread_with(3).await;
        assert_eq!((&joined.id, joined.phone.as_deref()), (&thread.id, Some(NUMBER)), "{way:?}");
        // And by the number alone as well.
        phone.becomes(Person::with_number(NUMBER));
        phone.say("Or on Monday?").await.unwrap();
        assert_eq!(world.thread_with(4).await.id, thread.id);
    }
}

/// Trap 2 of messaging: an id that changes leads to the same person.
async fn a_person_whose_id_changes_stays_the_same_person() {
    const NEW: &str = "AT.24817305912873645029";
    let changes = [
        What::UserIdUpdate { previous: USER_ID.into(), current: NEW.into() },
        What::ChangedUserId { user_id: NEW.into() },
    ];
    for change in changes {
        let world = World::with(over(Way::Meta, &["We open at nine.", "At nine."])).await;
        let phone = world.phone_of(Way::Meta, Person::hidden(USER_ID));
        phone.say("When do you open?").await.unwrap();
        world.time_passes(BURST);
        let thread = world.thread_with(2).await;
        assert_eq!(world.arrives(&phone, 1).await[0].to, USER_ID);
        phone.send(change.clone()).await.unwrap();
        world.thread_with(3).await;
        phone.becomes(Person::hidden(NEW));
        phone.say("Hello?").await.unwrap();
        let same = world.thread_with(4).await;
        assert_eq!((&same.id, same.person.as_str()), (&thread.id, NEW), "{change:?}");
        world.time_passes(BURST);
        assert_eq!(
            world.arrives(&phone, 1).await[0].to,
            NEW,
            "what was sent to the old id is not among these"
        );
    }
    let world = World::with(over(Way::Meta, &["We open at nine."])).await;
    let phone = world.phone(Way::Meta);
    phone.say("When do you open?").await.unwrap();
    world.time_passes(BURST);
    let thread = world.thread_with(2).await;
    let number = "+436645550000".to_owned();
    phone.send(What::ChangedNumber { number: number.clone(), user_id: None }).await.unwrap();
    world.thread_with(3).await;
    phone.becomes(Person::with_number(&number));
    phone.say("Hello?").await.unwrap();
    let same = world.thread_with(4).await;
    assert_eq!((same.id, same.phone), (thread.id, Some(number)));
}

acceptance::tests![
    a_text_over_twilio_whose_answer_broke_off_is_sent_once,
    a_text_over_meta_whose_answer_broke_off_is_known_by_its_callback,
    a_text_over_meta_of_which_nothing_is_heard_is_given_up,
    a_carrier_that_is_busy_gets_the_text_later,
    too_many_requests_at_twilio_are_waited_for,
    too_much_to_one_person_slows_that_conversation_alone,
    a_window_that_the_carrier_calls_closed_is_closed,
    a_day_later_only_a_template_goes,
    every_order_of_reports_ends_in_the_same_record,
    a_batch_of_metas_is_unfolded_and_one_bad_item_costs_no_other,
    a_copy_that_is_seven_days_late_is_the_same_text,
    a_text_that_was_written_days_ago_opens_no_window,
    texts_in_the_wrong_order_are_all_answered,
    a_person_without_a_number_is_answered_by_their_id,
    a_person_whose_id_changes_stays_the_same_person,
];
