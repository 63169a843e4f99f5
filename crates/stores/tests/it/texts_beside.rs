//! What a step of a thread brings besides is written with the step, once, or not at all.

use domain::contact::{Contact, ContactId, Entry, EntryKind, Handle, What};
use domain::event::Type;
use domain::messages::{Left, Wanted};
use domain::texts::thread::Thread;
use domain::texts::{self, Body, Carrier, Medium, Sender};
use domain::tools::TakenMessage;
use stores::events::{self, NewEvent};
use stores::texts::{Beside, Change, Reader, Stored, Writer};
use stores::{contacts, messages};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, phone};

fn opened(n: u32) -> Thread {
    let sender = Sender { medium: Medium::Sms, number: phone(0), carrier: Carrier::Twilio };
    let person = texts::Handle::parse(phone(n).as_e164()).unwrap();
    Thread::opened(business_id("harbour"), sender, person, NOW)
}

fn event(thread: &Thread) -> NewEvent {
    NewEvent {
        business: business_id("harbour"),
        id: format!("thread.handed_over#{}", thread.id),
        kind: Type::ThreadHandedOver,
        call: None,
        direction: None,
        body: "{}".into(),
        at: NOW,
    }
}

fn left(thread: &Thread) -> Left {
    let message = TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None };
    Left::in_writing(thread, "wheel", NOW, &message)
}

fn step<'a>(before: Option<&'a Thread>, after: &'a Thread, beside: Beside<'a>) -> Change<'a> {
    Change { before, after, texts: &[], carried: None, handles: &[], wish: None, beside }
}

/// Sixty threads want to be next in the business's order at once: each has its event, and there is no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_steps_at_once_are_told_of_in_one_order() {
    let world = World::new().await;
    let steps = (1..=60).map(|n| {
        let (writer, events) = (Writer::new(&world.aws, TABLE), events::Writer::new(&world.aws, TABLE));
        async move {
            let (thread, event) = (opened(n), event(&opened(n)));
            let beside = Beside { event: Some((&events, &event)), ..Beside::default() };
            writer.store(&step(None, &thread, beside), NOW).await.unwrap()
        }
    });
    let stored = all_at_once(steps).await;
    let business = business_id("harbour");
    assert_eq!(events::Sequencer::new(&world.aws, TABLE).number(&business).await, Ok(false));
    let told = events::Reader::new(&world.aws, TABLE).after(&business, 0, 100).await.unwrap().events;
    assert!(stored.iter().all(|stored| *stored == Stored::Done), "none waits for another");
    assert_eq!(told.len(), 60);
    assert!(told.iter().map(|event| event.sequence).eq(1..=told.len() as u64));
    assert!(told.iter().all(|event| event.call.is_none()));
}

/// A step that was overtaken brings nothing.
#[tokio::test]
async fn a_step_that_is_refused_brings_nothing() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    let (events, list) = (events::Writer::new(&world.aws, TABLE), messages::Writer::new(&world.aws, TABLE));
    let thread = opened(1);
    let (event, left) = (event(&thread), left(&thread));
    let beside = Beside { event: Some((&events, &event)), left: Some((&list, &left)), told: None };
    assert_eq!(writer.store(&step(None, &thread, Beside::default()), NOW).await, Ok(Stored::Done));
    assert_eq!(writer.store(&step(None, &thread, beside), NOW).await, Ok(Stored::Raced));
    let business = business_id("harbour");
    assert_eq!(events::Sequencer::new(&world.aws, TABLE).number(&business).await, Ok(false));
    let told = events::Reader::new(&world.aws, TABLE).after(&business, 0, 100).await.unwrap();
    assert!(told.events.is_empty());
    let page = messages::Reader::new(&world.aws, TABLE).list(&business, &Wanted::default(), 10, None).await;
    assert!(page.unwrap().entries.is_empty());
}

/// What was left already is left once, and a contact that is gone is told nothing; the step is kept all the same.
#[tokio::test]
async fn what_is_there_already_and_who_is_gone_stop_no_step() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let (events, list) = (events::Writer::new(&world.aws, TABLE), messages::Writer::new(&world.aws, TABLE));
    let first = contacts::First::new(&world.aws, TABLE, TABLE);
    let business = business_id("harbour");
    let thread = opened(1);
    let (event, left) = (event(&thread), left(&thread));
    let what = What::HandOver { thread: thread.id.clone(), reason: Body("a refund".into()) };
    let entry = Entry::new(NOW, "one", what);
    let (known, _) = first.of(&business, &Handle::phone(&phone(1)), NOW).await.unwrap();
    let gone = Contact::new(ContactId::new(NOW, 7)).id;
    let mut before: Option<Thread> = None;
    for contact in [gone, known.contact.id] {
        let mut after = before.clone().unwrap_or_else(|| thread.clone());
        after.notice(NOW);
        let beside = Beside {
            event: Some((&events, &event)),
            left: Some((&list, &left)),
            told: Some((&first, contact, &entry)),
        };
        let stored = writer.store(&step(before.as_ref(), &after, beside), NOW).await;
        assert_eq!(stored, Ok(Stored::Done));
        assert_eq!(reader.thread(&business, &thread.id).await, Ok(Some(after.clone())));
        before = Some(after);
    }
    let messages = messages::Reader::new(&world.aws, TABLE);
    let page = messages.list(&business, &Wanted::default(), 10, None).await.unwrap();
    assert_eq!((page.entries.len(), page.waiting.messages), (1, 1), "left once");
    assert_eq!(page.entries[0].0, left);
    let people = contacts::Reader::new(&world.aws, TABLE);
    let told = async |id| {
        let page = people.timeline(&business, &[id], Some(EntryKind::HandOver), 10, None).await.unwrap();
        page.entries.len()
    };
    assert_eq!((told(gone).await, told(known.contact.id).await), (0, 1));
}
