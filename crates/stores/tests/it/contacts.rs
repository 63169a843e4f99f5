//! People whom a business knows.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::Timestamp;
use domain::access::KeyId;
use domain::contact::{
    CallEntry, Choice, Contact, ContactId, Entry, EntryKind, FieldSchema, Handle, HandleKind, Known, Note,
    Pipeline, Source, Task, What,
};
use domain::insight::Extracted;
use domain::{Direction, Speaker};
use stores::contacts::{
    Created, DocumentSaved, First, Learner, Lesson, MAX_BYTES, Merged, NotSaved, Put, Reader, Request,
    Stored, Unmerged, Writer,
};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid, phone};

struct Contacts {
    world: World,
    first: First,
    learner: Learner,
    reader: Reader,
    writer: Writer,
}

async fn contacts() -> Contacts {
    let world = World::new().await;
    let aws = &world.aws;
    let first = First::new(aws, TABLE, TABLE);
    let (learner, reader, writer) =
        (Learner::new(aws, TABLE), Reader::new(aws, TABLE), Writer::new(aws, TABLE, TABLE));
    Contacts { world, first, learner, reader, writer }
}

fn number(n: u32) -> Handle {
    Handle::phone(&phone(n))
}

fn email(text: &str) -> Handle {
    Handle::read(HandleKind::Email, text).unwrap()
}

fn person(n: u128, name: &str, handles: &[Handle]) -> Contact {
    let mut contact = Contact::new(ContactId::new(NOW, n));
    contact.call_it(Known::by(Source::Person, name.to_owned(), NOW));
    contact.handles = handles.iter().cloned().collect();
    contact
}

impl Contacts {
    async fn put(&self, contact: Contact) -> Stored {
        let key = contact.id.to_string();
        let request = Request { key: &key, body: b"" };
        match self.writer.create(&business_id("harbour"), contact, request, NOW).await.unwrap() {
            Created::New(stored) => stored,
            other => panic!("{other:?}"),
        }
    }

    async fn save<T>(
        &self,
        before: &Stored,
        change: impl FnOnce(&mut Contact) -> T,
    ) -> Result<Stored, NotSaved> {
        let mut after = before.contact.clone();
        change(&mut after);
        self.writer.save(&business_id("harbour"), before, after, &[], NOW).await
    }

    async fn row(&self, sk: String) -> Option<String> {
        let row = self.world.item("contact#harbour", &sk).await?;
        Some(row.get("body")?.as_s().unwrap().clone())
    }
}

/// Fault 20's kind: many at once, one effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_first_calls_from_one_number_make_one_contact() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    let found = all_at_once((0..200).map(|n| {
        let (first, learner, harbour) = (all.first.clone(), all.learner.clone(), harbour.clone());
        async move {
            let stored = first.of(&harbour, &number(1), NOW).await.unwrap().0;
            let call =
                CallEntry { call: call_sid(n), direction: Direction::Inbound, seconds: 1, topic: None };
            let entry = Entry::new(NOW, call_sid(n).as_str(), What::Call(call));
            // Jobs come twice.
            for _ in 0..2 {
                assert!(learner.tell(&harbour, stored.contact.id, &entry).await.unwrap());
            }
            stored.contact.id
        }
    }))
    .await;
    let distinct: BTreeSet<ContactId> = found.into_iter().collect();
    assert_eq!(distinct.len(), 1);
    let contacts = all.reader.list(&harbour, 100, None, |_| true).await.unwrap().contacts;
    assert_eq!(contacts.len(), 1);
    let ids: Vec<ContactId> = distinct.into_iter().collect();
    let (mut told, mut behind) = (BTreeSet::new(), None);
    loop {
        let page = all.reader.timeline(&harbour, &ids, None, 33, behind).await.unwrap();
        assert!(page.entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry.id)));
        told.extend(page.entries.iter().map(|entry| entry.id));
        behind = page.next;
        if behind.is_none() {
            break;
        }
    }
    assert_eq!(told.len(), 200);
}

/// Fault 29's kind: the same caller is another contact for another business.
#[tokio::test]
async fn each_business_has_contacts_of_its_own() {
    let all = contacts().await;
    let [harbour, castle] = ["harbour", "castle"].map(business_id);
    let own = all.first.of(&harbour, &number(1), NOW).await.unwrap().0.contact.id;
    let theirs = all.first.of(&castle, &number(1), NOW).await.unwrap().0.contact.id;
    assert_ne!(own, theirs);
    assert_eq!(all.reader.one(&castle, own).await.unwrap(), None);
    assert_eq!(all.reader.by_handle(&castle, &number(1)).await.unwrap().unwrap().contact.id, theirs);
    let page = all.reader.list(&castle, 100, None, |_| true).await.unwrap();
    assert_eq!(page.contacts.iter().map(|stored| stored.contact.id).collect::<Vec<_>>(), [theirs]);
}

#[tokio::test]
async fn a_request_makes_one_contact_however_often_it_comes() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    let ask = async |n: u128, key: &str, body: &str| {
        let contact = person(n, "Dana Levi", &[]);
        let request = Request { key, body: body.as_bytes() };
        all.writer.create(&harbour, contact, request, NOW).await.unwrap()
    };
    let Created::New(first) = ask(1, "k", "a").await else { panic!() };
    assert_eq!(ask(2, "k", "a").await, Created::Before(first.clone()));
    assert_eq!(ask(3, "k", "b").await, Created::Reused);
    assert!(all.writer.delete(&harbour, &first).await.unwrap());
    assert_eq!(ask(4, "k", "a").await, Created::Gone);
    assert_eq!(all.reader.list(&harbour, 10, None, |_| true).await.unwrap().contacts, []);
}

/// The key of a request is free again after two days, also while the store has not dropped its row.
#[tokio::test]
async fn the_key_of_a_request_is_free_after_two_days() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    let ask = async |n: u128, body: &str, now: Timestamp| {
        let request = Request { key: "k", body: body.as_bytes() };
        all.writer.create(&harbour, person(n, "Dana Levi", &[]), request, now).await.unwrap()
    };
    let Created::New(first) = ask(1, "a", NOW).await else { panic!() };
    let end = NOW.plus(Duration::from_secs(48 * 3_600));
    assert_eq!(ask(2, "b", Timestamp(end.0 - 1)).await, Created::Reused);
    let Created::New(second) = ask(3, "b", end).await else { panic!() };
    assert_ne!(first.contact.id, second.contact.id);
    assert_eq!(ask(4, "b", end).await, Created::Before(second));
    let note = |n: i64, at: Timestamp| {
        let note = Note {
            text: "n".into(),
            agent_readable: false,
            by: KeyId::parse("abcdefgh").unwrap(),
            name: "d".into(),
        };
        Entry::new(at, &n.to_string(), What::Note(note))
    };
    let put = async |entry: Entry| {
        let request = Request { key: "note", body: b"" };
        all.writer.note(&harbour, first.contact.id, &entry, request).await.unwrap()
    };
    assert_eq!(put(note(1, NOW)).await, Put::Done);
    assert_eq!(put(note(2, NOW)).await, Put::Before(note(1, NOW).id));
    assert_eq!(put(note(3, end)).await, Put::Done);
}

#[tokio::test]
async fn a_handle_belongs_to_one_contact() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    let one = all.put(person(1, "Dana", &[number(1)])).await;
    let two = all.put(person(2, "Ada", &[number(2), email("ada@example.com")])).await;
    let taken = all.save(&one, |contact| contact.handles.insert(email("ada@example.com"))).await;
    assert_eq!(taken, Err(NotSaved::Taken { handle: email("ada@example.com"), by: two.contact.id }));
    let clash = person(3, "Eve", &[email("eve@example.com"), number(2)]);
    let created = all.writer.create(&harbour, clash, Request { key: "3", body: b"" }, NOW).await;
    assert_eq!(created, Err(NotSaved::Taken { handle: number(2), by: two.contact.id }));
    assert_eq!(
        all.reader.by_handle(&harbour, &email("eve@example.com")).await.unwrap(),
        None,
        "all or nothing"
    );
    // What one gives up, another may have.
    all.save(&two, |contact| contact.handles.remove(&number(2))).await.unwrap();
    all.save(&one, |contact| contact.handles.insert(number(2))).await.unwrap();
    assert_eq!(all.reader.by_handle(&harbour, &number(2)).await.unwrap().unwrap().contact.id, one.contact.id);
}

#[tokio::test]
async fn a_change_is_of_what_was_read() {
    let all = contacts().await;
    let one = all.put(person(1, "Dana", &[])).await;
    let second = all.save(&one, |contact| contact.tags.insert("a".into())).await.unwrap();
    assert_eq!(second.version, one.version + 1);
    assert_eq!(all.save(&one, |contact| contact.tags.insert("b".into())).await, Err(NotSaved::Overtaken));
    let long = all.save(&second, |contact| {
        contact.company = Some(Known::by(Source::Person, "x".repeat(MAX_BYTES), NOW));
    });
    assert_eq!(long.await, Err(NotSaved::TooLarge));
    assert!(!all.writer.delete(&business_id("harbour"), &one).await.unwrap());
}

/// A merge that is undone leaves both contacts as they were, to the byte, and their handles where they were.
#[tokio::test]
async fn a_merge_moves_the_handles_and_is_undone_to_the_byte() {
    let all = contacts().await;
    let (harbour, by) = (business_id("harbour"), KeyId::parse("abcdefgh").unwrap());
    let one = all.put(person(1, "Dana Levi", &[number(1)])).await;
    let mut other = person(2, "D. Levi", &[number(2), email("dana@example.com")]);
    other.tags.insert("regular".into());
    let two = all.put(other).await;
    let rows = async || {
        let ids = [one.contact.id, two.contact.id];
        (all.row(format!("id#{}", ids[0])).await, all.row(format!("id#{}", ids[1])).await)
    };
    let before = rows().await;
    let choices = BTreeSet::from([Choice::Name]);
    let merged = all.writer.merge(&harbour, (&one, &two), &choices, &by, NOW).await.unwrap();
    let Merged::Done(whole) = merged else { panic!("{merged:?}") };
    assert_eq!(
        (whole.contact.handles.len(), whole.contact.name_words()),
        (3, vec!["d".into(), "levi".into()])
    );
    // The other id and its handles lead to the one that stays, and a call that began before writes there.
    for stored in [
        all.reader.one(&harbour, two.contact.id).await.unwrap().unwrap(),
        all.reader.by_handle(&harbour, &number(2)).await.unwrap().unwrap(),
        all.first.of(&harbour, &email("dana@example.com"), NOW).await.unwrap().0,
    ] {
        assert_eq!(stored, *whole);
    }
    let words = ["levi".to_owned()];
    let found = all.reader.named(&harbour, &words, 10, None, |_| true).await.unwrap();
    assert_eq!(found.contacts, std::slice::from_ref(&*whole));
    let again = all.writer.merge(&harbour, (&one, &two), &choices, &by, NOW).await;
    assert_eq!(again, Err(NotSaved::Overtaken));

    let later = NOW.plus(Duration::from_secs(29 * 24 * 3_600));
    let undone = all.writer.unmerge(&harbour, &whole, two.contact.id, later).await.unwrap();
    let Unmerged::Done { survivor, other } = undone else { panic!("{undone:?}") };
    assert_eq!((&survivor.contact, &other.contact), (&one.contact, &two.contact));
    assert_eq!(rows().await, before);
    for (handle, contact) in [(number(1), &one), (number(2), &two), (email("dana@example.com"), &two)] {
        let owner = all.reader.by_handle(&harbour, &handle).await.unwrap().unwrap();
        assert_eq!(owner.contact.id, contact.contact.id);
    }
    let both = all.reader.named(&harbour, &words, 10, None, |_| true).await.unwrap();
    assert_eq!(both.contacts.len(), 2);
    let undone = all.writer.unmerge(&harbour, &survivor, two.contact.id, later).await.unwrap();
    assert_eq!(undone, Unmerged::NotMerged);
    let kinds = all.reader.timeline(&harbour, &[one.contact.id], None, 10, None).await.unwrap().entries;
    let kinds: Vec<EntryKind> = kinds.iter().map(|entry| entry.what.kind()).collect();
    assert_eq!(kinds, [EntryKind::Unmerge, EntryKind::Merge]);
}

#[tokio::test]
async fn a_merge_is_undone_within_thirty_days() {
    let all = contacts().await;
    let (harbour, by) = (business_id("harbour"), KeyId::parse("abcdefgh").unwrap());
    let one = all.put(person(1, "Dana", &[number(1)])).await;
    let two = all.put(person(2, "Ada", &[number(2)])).await;
    let merged = all.writer.merge(&harbour, (&one, &two), &BTreeSet::new(), &by, NOW).await.unwrap();
    let Merged::Done(whole) = merged else { panic!("{merged:?}") };
    let late = NOW.plus(Duration::from_secs(30 * 24 * 3_600 + 1));
    let undone = all.writer.unmerge(&harbour, &whole, two.contact.id, late).await.unwrap();
    assert_eq!(undone, Unmerged::TooLate);
}

/// A call keeps the contact that it began with, and what it teaches goes to where that contact went.
#[tokio::test]
async fn what_a_call_teaches_follows_a_merge() {
    let all = contacts().await;
    let (harbour, by) = (business_id("harbour"), KeyId::parse("abcdefgh").unwrap());
    let one = all.put(person(1, "Dana", &[])).await;
    let (caller, is_new) = all.first.of(&harbour, &number(2), NOW).await.unwrap();
    assert!(is_new);
    let merged = all.writer.merge(&harbour, (&one, &caller), &BTreeSet::new(), &by, NOW).await.unwrap();
    assert!(matches!(merged, Merged::Done(_)), "{merged:?}");
    let name = Extracted {
        name: "name".into(),
        value: "Dana Levi".into(),
        quote: "Dana Levi".into(),
        said_by: Some(Speaker::Caller),
        confidence: 90,
    };
    let call = call_sid(1);
    let lesson = Lesson {
        call: (&call, NOW),
        summary: None,
        extraction: std::slice::from_ref(&name),
        lead_status: Some("booked"),
    };
    let (schema, pipeline) = (FieldSchema::default(), Pipeline::default());
    let learn = async || {
        all.learner.learn(&harbour, caller.contact.id, lesson, (&schema, &pipeline), NOW).await.unwrap()
    };
    assert!(learn().await);
    assert!(!learn().await, "a repeated job");
    let contact = all.reader.one(&harbour, one.contact.id).await.unwrap().unwrap().contact;
    assert_eq!(contact.names[&Source::Call].value, "Dana Levi");
    assert_eq!(contact.name().unwrap().value, "Dana", "a person typed it");
    assert_eq!(contact.lead.suggestion.as_ref().unwrap().to.as_str(), "booked", "a person decides");
    // The timeline's row stays with the contact that the call began with, and is read with the one that it went into.
    let entry = Entry::new(NOW, "m", What::Merge { other: caller.contact.id });
    assert!(all.learner.tell(&harbour, caller.contact.id, &entry).await.unwrap());
    let ids: Vec<ContactId> = contact.all_ids().copied().collect();
    assert_eq!(all.reader.timeline(&harbour, &ids, None, 10, None).await.unwrap().entries.len(), 2);
}

#[tokio::test]
async fn a_contact_is_found_by_the_beginnings_of_its_name() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    for (n, name) in [(1, "Dana Levi"), (2, "Daniel LÉVY"), (3, "Danielle Lev"), (4, "Ada")] {
        all.put(person(n, name, &[])).await;
    }
    let found = async |words: &[&str], limit: u16| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (mut names, mut behind) = (vec![], None);
        loop {
            let page = all.reader.named(&harbour, &words, limit, behind, |_| true).await.unwrap();
            names
                .extend(page.contacts.into_iter().map(|stored| stored.contact.name().unwrap().value.clone()));
            behind = page.next;
            if behind.is_none() {
                return names;
            }
        }
    };
    for limit in [1, 2, 10] {
        assert_eq!(found(&["dan"], limit).await, ["Dana Levi", "Daniel LÉVY", "Danielle Lev"]);
        assert_eq!(found(&["dani", "lév"], limit).await, ["Daniel LÉVY"]);
        assert_eq!(found(&["le", "da"], limit).await.len(), 2);
        assert_eq!(found(&["x"], limit).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_list_is_walked_page_by_page_the_newest_first() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    for n in 1..=7u128 {
        let mut contact = Contact::new(ContactId::new(Timestamp(NOW.0 + i64::try_from(n).unwrap()), n));
        contact.tags.extend((n % 2 == 1).then(|| "odd".to_owned()));
        all.put(contact).await;
    }
    let walk = async |tag: Option<&str>| {
        let (mut times, mut behind) = (vec![], None);
        loop {
            let fits = |contact: &Contact| tag.is_none_or(|tag| contact.tags.contains(tag));
            let page = all.reader.list(&harbour, 2, behind, fits).await.unwrap();
            times.extend(page.contacts.iter().map(|stored| stored.contact.id.at().0 - NOW.0));
            behind = page.next;
            if behind.is_none() {
                return times;
            }
        }
    };
    assert_eq!(walk(None).await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(walk(Some("odd")).await, [7, 5, 3, 1]);
}

#[tokio::test]
async fn notes_and_tasks_stand_beside_their_contact_and_go_with_it() {
    let all = contacts().await;
    let (harbour, by) = (business_id("harbour"), KeyId::parse("abcdefgh").unwrap());
    let stored = all.put(person(1, "Dana", &[number(1)])).await;
    let id = stored.contact.id;
    let note = |n: i64, agent_readable| {
        let note = Note { text: format!("note {n}"), agent_readable, by: by.clone(), name: "desk".into() };
        Entry::new(Timestamp(NOW.0 + n), &n.to_string(), What::Note(note))
    };
    let put = async |entry: &Entry, key: &str| {
        all.writer.note(&harbour, id, entry, Request { key, body: b"note" }).await.unwrap()
    };
    assert_eq!(put(&note(1, false), "1").await, Put::Done);
    assert_eq!(put(&note(2, true), "2").await, Put::Done);
    assert_eq!(put(&note(3, true), "1").await, Put::Before(note(1, false).id), "the same request");
    let reused = all.writer.note(&harbour, id, &note(3, true), Request { key: "1", body: b"other" }).await;
    assert_eq!(reused, Ok(Put::Reused));
    let told = all.reader.told_notes(&harbour, &[id], 20).await.unwrap();
    assert_eq!(told.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["note 2"]);
    let task = Task {
        id: note(4, true).id,
        text: "call".into(),
        due_at: None,
        assignee: None,
        done_at: None,
        by: by.clone(),
    };
    let request = Request { key: "t", body: b"task" };
    assert_eq!(all.writer.task(&harbour, id, &task, request).await, Ok(Put::Done));
    let done = Task { done_at: Some(NOW), ..task.clone() };
    assert_eq!(all.writer.change_task(&harbour, &[id], (&task, &done)).await, Ok(true));
    assert_eq!(
        all.writer.change_task(&harbour, &[id], (&task, &done)).await,
        Ok(false),
        "it is not as it was read"
    );
    assert_eq!(all.reader.tasks(&harbour, &[id]).await.unwrap(), [done]);
    assert_eq!(all.writer.remove_note(&harbour, &[id], note(1, false).id).await, Ok(true));
    assert_eq!(all.writer.remove_note(&harbour, &[id], note(1, false).id).await, Ok(false));
    assert!(all.writer.delete(&harbour, &stored).await.unwrap());
    assert_eq!(all.reader.by_handle(&harbour, &number(1)).await, Ok(None));
    assert_eq!(all.reader.tasks(&harbour, &[id]).await.unwrap(), []);
    assert_eq!(all.reader.timeline(&harbour, &[id], None, 10, None).await.unwrap().entries, []);
    let gone = all.writer.note(&harbour, id, &note(5, true), Request { key: "5", body: b"" }).await;
    assert_eq!(gone, Ok(Put::Gone), "what is told of a contact that was deleted is told to none");
}

#[tokio::test]
async fn fields_and_statuses_are_changed_as_they_were_read() {
    let all = contacts().await;
    let harbour = business_id("harbour");
    assert_eq!(all.reader.pipeline(&harbour).await.unwrap().value, Pipeline::default());
    let fields = FieldSchema::default();
    assert_eq!(all.writer.save_document(&harbour, &fields, 0).await, Ok(DocumentSaved::Done(1)));
    assert_eq!(all.writer.save_document(&harbour, &fields, 0).await, Ok(DocumentSaved::Overtaken));
    assert_eq!(all.writer.save_document(&harbour, &fields, 1).await, Ok(DocumentSaved::Done(2)));
    assert_eq!(all.writer.save_document(&harbour, &Pipeline::default(), 0).await, Ok(DocumentSaved::Done(1)));
    assert_eq!(all.reader.fields(&harbour).await.unwrap().version, 2);
}
