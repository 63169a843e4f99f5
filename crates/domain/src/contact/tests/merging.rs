//! Merges, their undoing, and what holds of all values.

use proptest::prelude::*;

use super::*;

#[test]
fn contacts_that_may_be_one_are_proposed_the_likeliest_first() {
    let known = |n: u128, name: &str, company: Option<&str>| {
        let mut contact = Contact::first(id(n), handle(&format!("phone:+4372012345{n}")));
        contact.call_it(named(Source::Person, name));
        contact.company = company.map(|company| named(Source::Person, company));
        contact
    };
    let dana = known(1, "Dana Lévi", Some("Harbour Bikes"));
    let mut caller = known(2, "Unknown", None);
    let said = Known::by(Source::Call, FieldValue::Text("+43 720 123451".into()), NOW);
    caller.fields.insert(key("callback"), said);
    let others = [
        known(3, "levi DANA", None),
        known(4, "LÉVI, Dana", None),
        known(5, "Dana Lévi", Some("harbour bikes")),
        caller,
        known(6, "Dana", Some("Harbour Bikes")),
        dana.clone(),
    ];
    let found: Vec<_> =
        candidates(&dana, &others).into_iter().map(|found| (found.contact, found.likeness)).collect();
    let expected =
        [(id(2), Likeness::NamedHandle), (id(5), Likeness::SameNameAndCompany), (id(4), Likeness::SameName)];
    assert_eq!(found, expected);
    assert_eq!(candidates(&known(7, "Dana", None), &others), [], "a first name says nothing");
}

#[test]
fn what_the_survivor_knows_stands_unless_the_other_is_chosen() {
    let mut one = Contact::first(id(1), handle("phone:+43720123451"));
    let mut two = Contact::first(id(2), handle("phone:+43720123452"));
    one.call_it(named(Source::Person, "Dana"));
    two.call_it(named(Source::Call, "Dana Levi"));
    one.language = Some(named(Source::Person, "de"));
    two.language = Some(named(Source::Call, "he"));
    two.company = Some(named(Source::Import, "Harbour"));
    two.merged = vec![id(3)];
    let whole = merge(&one, &two, &BTreeSet::new()).unwrap();
    assert_eq!((whole.id, whole.name().unwrap().value.as_str()), (id(1), "Dana"));
    assert_eq!(whole.language, one.language);
    assert_eq!(
        (whole.company, whole.merged, whole.handles.len()),
        (two.company.clone(), vec![id(2), id(3)], 2)
    );
    let chosen = BTreeSet::from([Choice::Name, Choice::Language]);
    let whole = merge(&one, &two, &chosen).unwrap();
    assert_eq!((whole.name().unwrap().value.as_str(), &whole.language), ("Dana Levi", &two.language));
    assert_eq!(merge(&one, &one, &chosen), Err(NotMerged::Same));
    two.merged = (0..MAX_MERGED as u128).map(|n| id(100 + n)).collect();
    assert_eq!(merge(&one, &two, &chosen), Err(NotMerged::Merged));
}

/// What was changed after the merge is not undone with it.
#[test]
fn undoing_leaves_what_was_changed_since() {
    let one = Contact::first(id(1), handle("phone:+43720123451"));
    let mut two = Contact::first(id(2), handle("phone:+43720123452"));
    two.handles.insert(handle("email:dana@example.com"));
    two.tags.insert("regular".into());
    two.language = Some(named(Source::Call, "he"));
    let result = merge(&one, &two, &BTreeSet::new()).unwrap();
    let by = KeyId::parse("abcdefgh").unwrap();
    let record =
        MergeRecord { survivor: one, loser: two.clone(), result: result.clone(), at: NOW, by: Some(by) };
    let mut now = result;
    now.handles.remove(&handle("email:dana@example.com"));
    now.handles.insert(handle("email:other@example.com"));
    now.language = Some(named(Source::Person, "en"));
    now.tags.insert("new".into());
    let undone = undo(&now, &record);
    assert_eq!(undone.survivor.language, now.language);
    assert_eq!(undone.survivor.tags, BTreeSet::from(["new".to_owned()]));
    let texts = |contact: &Contact| contact.handles.iter().map(Handle::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&undone.survivor), ["phone:+43720123451", "email:other@example.com"]);
    assert_eq!(texts(&undone.loser), ["phone:+43720123452"], "an address that was taken away stays so");
    assert_eq!((undone.loser.language, undone.loser.tags), (two.language, two.tags));
}

/// Ids and numbers that come with one text are one person's, if nothing speaks against it.
#[test]
fn a_contact_of_ids_alone_joins_the_one_with_the_number() {
    let by_number = Contact::first(id(1), handle("phone:+43720123451"));
    let by_id = Contact::first(id(2), handle("whatsapp:US.1349"));
    for met in [[&by_number, &by_id], [&by_id, &by_number]] {
        assert_eq!(joined_by_carrier(&met).map(|(stays, joins)| (stays.id, joins.id)), Some((id(1), id(2))));
    }
    let other_number = Contact::first(id(3), handle("phone:+43720123452"));
    assert!(joined_by_carrier(&[&by_number, &other_number]).is_none(), "numbers change hands");
    let mut known_by_mail = by_id;
    known_by_mail.handles.insert(handle("email:dana@example.com"));
    assert!(joined_by_carrier(&[&by_number, &known_by_mail]).is_none());
    assert!(joined_by_carrier(&[&by_number]).is_none());
}

fn any_known() -> impl Strategy<Value = Known<String>> {
    let source = prop::sample::select(vec![Source::Profile, Source::Import, Source::Call, Source::Person]);
    (source, "[a-z]{1,3}", 0..3i64).prop_map(|(source, value, at)| Known::by(source, value, Timestamp(at)))
}

/// Contacts of few different values, so that two of them often share some.
fn any_contact(n: u128) -> impl Strategy<Value = Contact> {
    let handles = prop::collection::btree_set(0..50u32, 0..5);
    let fields = prop::collection::btree_map("[ab]", any_known(), 0..3);
    let parts = (
        prop::option::of(any_known()),
        prop::option::of(any_known()),
        prop::option::of(any_known()),
        prop::option::of(prop::sample::select(vec!["new", "booked"])),
        prop::option::of(0..3i64),
    );
    let tags = prop::collection::btree_set("[abc]", 0..3);
    let names = prop::collection::vec(any_known(), 0..4);
    (handles, fields, parts, tags, names).prop_map(move |(handles, fields, parts, tags, names)| {
        let mut contact = Contact::new(id(n));
        // A handle belongs to one contact.
        contact.handles = handles.iter().map(|m| handle(&format!("external:n{n}:{m}"))).collect();
        contact.tags = tags;
        for name in names {
            contact.call_it(name);
        }
        for (name, known) in fields {
            let value = FieldValue::Text(known.value.clone());
            contact.fields.insert(key(&name), Known::by(known.source, value, known.at));
        }
        (contact.language, contact.time_zone, contact.company) = (parts.0, parts.1, parts.2);
        contact.lead.status = parts.3.map(status);
        let last = |at| LastCall { call: call_sid(7), at: Timestamp(at), summary: "s".into() };
        contact.last_call = parts.4.map(last);
        contact
    })
}

fn any_choices() -> impl Strategy<Value = BTreeSet<Choice>> {
    let all = vec![
        Choice::Name,
        Choice::NamePolicy,
        Choice::Language,
        Choice::TimeZone,
        Choice::Company,
        Choice::Owner,
        Choice::Lead,
        Choice::Field(key("a")),
    ];
    prop::sample::subsequence(all, 0..8).prop_map(|choices| choices.into_iter().collect())
}

fn record(one: &Contact, two: &Contact, choices: &BTreeSet<Choice>) -> MergeRecord {
    let result = merge(one, two, choices).unwrap();
    let by = KeyId::parse("abcdefgh").unwrap();
    MergeRecord { survivor: one.clone(), loser: two.clone(), result, at: NOW, by: Some(by) }
}

proptest! {
    #[test]
    fn a_merge_that_is_undone_leaves_both_as_they_were(
        one in any_contact(1), two in any_contact(2), choices in any_choices(),
    ) {
        let record = record(&one, &two, &choices);
        let undone = undo(&record.result, &record);
        prop_assert_eq!(serde_json::to_string(&undone.survivor).unwrap(), serde_json::to_string(&one).unwrap());
        prop_assert_eq!(serde_json::to_string(&undone.loser).unwrap(), serde_json::to_string(&two).unwrap());
        let read: Contact = serde_json::from_str(&serde_json::to_string(&record.result).unwrap()).unwrap();
        prop_assert_eq!(read, record.result);
    }

    /// Two merges into one contact are undone in either order, and no handle is lost or with two contacts.
    #[test]
    fn two_merges_are_undone_in_either_order(
        one in any_contact(1), two in any_contact(2), three in any_contact(3),
        choices in any_choices(), first_one_first: bool,
    ) {
        let first = record(&one, &two, &choices);
        let second = record(&first.result, &three, &BTreeSet::new());
        let (a, b) = if first_one_first { (&first, &second) } else { (&second, &first) };
        let after_a = undo(&second.result, a);
        let after_b = undo(&after_a.survivor, b);
        prop_assert_eq!(&after_b.survivor.handles, &one.handles);
        prop_assert_eq!(&after_b.survivor.merged, &one.merged);
        prop_assert_eq!((&after_a.loser, &after_b.loser), (&a.loser, &b.loser));
        if !first_one_first {
            prop_assert_eq!(&after_b.survivor, &one, "undone in the reverse order, all is as it was");
        }
    }

    #[test]
    fn a_handle_comes_back_from_its_text(kind in prop::sample::select(HandleKind::ALL.to_vec()), text in "\\PC{0,40}") {
        if let Ok(read) = Handle::read(kind, &text) {
            prop_assert_eq!(Handle::parse(&read.to_string()), Ok(read.clone()));
            prop_assert_eq!(Handle::read(kind, read.value()), Ok(read));
        }
    }

    #[test]
    fn a_pipeline_always_has_a_status_for_a_contact(id in "[a-z]{1,8}") {
        prop_assert!(Pipeline::default().status(Some(&status(&id))).is_some());
    }
}
