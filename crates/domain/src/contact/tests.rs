mod merging;

use super::*;
use crate::Speaker;
use crate::insight::{Extracted, Summary};
use crate::testing::call_sid;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

fn id(n: u128) -> ContactId {
    ContactId::new(NOW, n)
}

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

fn key(name: &str) -> FieldKey {
    FieldKey::parse(name).unwrap()
}

fn named(source: Source, name: &str) -> Known<String> {
    Known::by(source, name.to_owned(), NOW)
}

#[test]
fn an_id_has_the_order_of_the_times_and_comes_back_from_its_text() {
    let (early, late) = (ContactId::new(NOW, u128::MAX), ContactId::new(Timestamp(NOW.0 + 1), 0));
    assert!(early < late && early.to_string() < late.to_string());
    assert_eq!((ContactId::parse(&early.to_string()), early.at()), (Ok(early), NOW));
    for bad in ["", "ctc_", "ctc_12", &format!("ctx_{:032x}", 1), &format!("ctc_{:032X}", u128::MAX)] {
        assert!(ContactId::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_number_is_one_handle_however_it_is_written() {
    let first = Handle::phone(&crate::PhoneNumber::parse("+43720123456").unwrap());
    for written in ["+43 720 123456", "+43-720/123456", " +43 (720) 123 456 ", "+43720123456"] {
        assert_eq!(Handle::read(HandleKind::Phone, written), Ok(first.clone()), "{written}");
    }
    // A trunk digit does not belong to the number abroad, except where the plan says that it does.
    let london = Handle::read(HandleKind::Phone, "+44 (0)20 7946 0018").unwrap();
    assert_eq!(london.value(), "+442079460018");
    assert_eq!(Handle::read(HandleKind::Phone, "+39 06 1234 5678").unwrap().value(), "+390612345678");
    for bad in ["0720 123456", "720123456", "+43", "anonymous", "+43 720 CALL ME", ""] {
        assert_eq!(Handle::read(HandleKind::Phone, bad), Err(InvalidHandle::Phone), "{bad}");
    }
}

/// A WhatsApp id of digits was once taken for a number, which split a person's thread in two.
#[test]
fn digits_of_another_kind_are_no_number() {
    let id = Handle::read(HandleKind::Whatsapp, "43720123456").unwrap();
    assert_eq!((id.number(), id.to_string().as_str()), (None, "whatsapp:43720123456"));
    assert_ne!(id, Handle::read(HandleKind::Phone, "+43720123456").unwrap());
    assert!(Handle::read(HandleKind::Phone, "43720123456@lid").is_err());
    assert!(Handle::read(HandleKind::Whatsapp, "43720123456@lid").is_ok());
}

#[test]
fn handles_are_compared_in_one_form_and_print_nothing() {
    assert_eq!(
        Handle::read(HandleKind::Email, " Dana@Example.COM "),
        Handle::read(HandleKind::Email, "dana@example.com")
    );
    for bad in
        ["", "dana", "@example.com", "dana@", "dana@host", "a b@example.com", "a@b@example.com", "a@.com"]
    {
        assert_eq!(Handle::read(HandleKind::Email, bad), Err(InvalidHandle::Email), "{bad}");
    }
    for (text, good) in
        [("shop:17", true), ("shop:a:b", true), ("Shop:17", false), ("shop:", false), ("17", false)]
    {
        assert_eq!(Handle::read(HandleKind::External, text).is_ok(), good, "{text}");
    }
    assert_eq!(Handle::parse("fax:+43720123456"), Err(InvalidHandle::Kind));
    let shown = format!(
        "{:?} {:?}",
        handle("email:dana@example.com"),
        Contact::first(id(1), handle("phone:+43720123456"))
    );
    assert!(!shown.contains("dana") && !shown.contains("720"), "{shown}");
}

/// Who typed a name knows it best; what a profile or the network says is shown until then.
#[test]
fn a_name_of_a_lower_source_never_replaces_one_of_a_higher() {
    let mut contact = Contact::new(id(1));
    let shown = |contact: &Contact| contact.name().map(|name| name.value.clone()).unwrap_or_default();
    for (source, name, then) in [
        (Source::Profile, "dana 🌊", "dana 🌊"),
        (Source::CallerName, "HARBOUR BIKES", "dana 🌊"),
        (Source::Call, "Dana Levi", "Dana Levi"),
        (Source::Import, "D. Levi", "Dana Levi"),
        (Source::Person, "Dana Levi-Cohen", "Dana Levi-Cohen"),
        (Source::Call, "Dina", "Dana Levi-Cohen"),
    ] {
        contact.call_it(named(source, name));
        assert_eq!(shown(&contact), then, "{source:?} says {name}");
    }
    contact.names.remove(&Source::Person);
    assert_eq!(shown(&contact), "Dana Levi", "what is taken back shows what stood below it");
}

fn extracted(name: &str, value: &str, confidence: u8) -> Extracted {
    Extracted {
        name: name.into(),
        value: value.into(),
        quote: format!("it is {value}"),
        said_by: Some(Speaker::Caller),
        confidence,
    }
}

fn spec(name: &str, kind: FieldKind) -> FieldSpec {
    FieldSpec {
        key: key(name),
        label: name.to_uppercase(),
        kind,
        options: if kind.has_options() { vec!["small".into(), "large".into()] } else { vec![] },
        agent_readable: true,
        agent_writable: true,
    }
}

#[test]
fn a_call_writes_into_what_is_empty_or_less_certain_alone() {
    let schema = FieldSchema {
        fields: vec![
            spec("city", FieldKind::Text),
            FieldSpec { agent_writable: false, ..spec("terms", FieldKind::Text) },
            spec("since", FieldKind::Date),
        ],
    };
    let mut contact = Contact::new(id(1));
    let learn = |contact: &mut Contact, n: u32, facts: &[Extracted]| {
        contact.learn_from_call((&call_sid(n), NOW), None, facts, &schema)
    };
    let first =
        [extracted("city", "Graz", 70), extracted("terms", "free", 99), extracted("since", "soon", 99)];
    assert!(learn(&mut contact, 1, &first));
    assert_eq!(contact.fields.keys().map(FieldKey::as_str).collect::<Vec<_>>(), ["city"]);
    let city = &contact.fields[&key("city")];
    assert_eq!((city.call.clone(), city.quote.as_deref()), (Some(call_sid(1)), Some("it is Graz")));
    assert!(!learn(&mut contact, 1, &first), "a repeated job changes nothing");
    assert!(!learn(&mut contact, 2, &[extracted("city", "Wien", 70)]), "it is no more certain");
    assert!(learn(&mut contact, 2, &[extracted("city", "Wien", 90)]));
    contact.fields.insert(key("city"), Known::by(Source::Person, FieldValue::Text("Linz".into()), NOW));
    assert!(!learn(&mut contact, 3, &[extracted("city", "Graz", 100)]), "a person's word stands");
}

#[test]
fn a_name_is_learnt_from_the_callers_own_words() {
    let mut contact = Contact::new(id(1));
    let agents = Extracted { said_by: Some(Speaker::Agent), ..extracted("name", "Dana", 95) };
    let schema = FieldSchema::default();
    assert!(!contact.learn_from_call((&call_sid(1), NOW), None, &[agents], &schema));
    assert!(contact.learn_from_call(
        (&call_sid(1), NOW),
        None,
        &[extracted("name", "Dana Levi", 80)],
        &schema
    ));
    assert_eq!(contact.name_words(), ["dana", "levi"]);
}

#[test]
fn the_last_summary_is_that_of_the_call_that_began_last() {
    let summary = |topic: &str| Summary {
        topic: topic.into(),
        details: "d".repeat(2 * MAX_SUMMARY),
        outcome: "done".into(),
        next_step: None,
    };
    let mut contact = Contact::new(id(1));
    let later = Timestamp(NOW.0 + 1);
    let none = FieldSchema::default();
    assert!(contact.learn_from_call((&call_sid(2), later), Some(&summary("second")), &[], &none));
    assert!(!contact.learn_from_call((&call_sid(1), NOW), Some(&summary("first")), &[], &none));
    assert!(
        contact.learn_from_call((&call_sid(2), later), Some(&summary("again")), &[], &none),
        "a later run"
    );
    let last = contact.last_call.unwrap();
    assert!(last.summary.starts_with("again:") && last.summary.chars().count() == MAX_SUMMARY);
}

#[test]
fn a_value_is_of_its_fields_kind() {
    let read = |kind, raw| FieldValue::read(&spec("it", kind), raw).map(|value| value.words());
    let text = |text: &str| Raw::Text(text.to_owned());
    for (kind, raw, words) in [
        (FieldKind::Number, Raw::Number("007.50".into()), "7.5"),
        (FieldKind::Number, text("-0"), "0"),
        (FieldKind::Number, text("12345678901234.123456"), "12345678901234.123456"),
        (FieldKind::Date, text("2026-11-26"), "2026-11-26"),
        (FieldKind::Datetime, text("2026-11-26T12:30:00+02:00"), "2026-11-26T10:30:00Z"),
        (FieldKind::Bool, Raw::Flag(true), "yes"),
        (FieldKind::Select, text("large"), "large"),
        (FieldKind::Multiselect, Raw::Many(vec!["small".into(), "large".into()]), "large, small"),
        (FieldKind::Url, text("https://example.com/a"), "https://example.com/a"),
    ] {
        assert_eq!(read(kind, raw).as_deref(), Ok(words), "{kind:?}");
    }
    for (kind, raw) in [
        (FieldKind::Number, text("1e5")),
        (FieldKind::Number, text("1.")),
        (FieldKind::Number, text("1234567890123456")),
        (FieldKind::Date, text("2026-02-30")),
        (FieldKind::Datetime, text("2026-11-26T12:30:00")),
        (FieldKind::Bool, text("yes")),
        (FieldKind::Select, text("huge")),
        (FieldKind::Multiselect, Raw::Many(vec!["huge".into()])),
        (FieldKind::Url, text("javascript:alert(1)")),
        (FieldKind::Text, text("  ")),
        (FieldKind::Text, text(&"x".repeat(1_001))),
    ] {
        assert!(read(kind, raw).is_err(), "{kind:?}");
    }
}

/// What is not marked readable is told to no agent.
#[test]
fn the_agent_is_told_the_fields_that_are_marked_so() {
    let secret = FieldSpec { agent_readable: false, ..spec("secret", FieldKind::Text) };
    let schema =
        FieldSchema { fields: vec![spec("city", FieldKind::Text), secret, spec("kind", FieldKind::Bool)] };
    let mut contact = Contact::new(id(1));
    for name in ["city", "secret", "kind", "unlisted"] {
        let known = Known::by(Source::Person, FieldValue::Text(format!("value of {name}")), NOW);
        contact.fields.insert(key(name), known);
    }
    // A value of the kind that the field had before is not told either.
    assert_eq!(schema.told(&contact).collect::<Vec<_>>(), [("CITY", "value of city".to_owned())]);
}

#[test]
fn a_schema_says_what_is_wrong_with_it() {
    let codes =
        |fields| FieldSchema { fields }.mistakes().iter().map(|mistake| mistake.1).collect::<Vec<_>>();
    assert_eq!(codes(vec![spec("a", FieldKind::Text), spec("b", FieldKind::Select)]), [""; 0]);
    assert_eq!(codes(vec![spec("a", FieldKind::Text), spec("a", FieldKind::Text)]), ["repeated"]);
    assert_eq!(codes(vec![FieldSpec { options: vec![], ..spec("a", FieldKind::Select) }]), ["options"]);
    assert_eq!(
        codes(vec![FieldSpec { options: vec!["x".into()], ..spec("a", FieldKind::Text) }]),
        ["options"]
    );
    assert_eq!(codes(vec![FieldSpec { label: "\n".into(), ..spec("a", FieldKind::Text) }]), ["length"]);
    assert_eq!(codes((0..51).map(|n| spec(&format!("f{n}"), FieldKind::Text)).collect()), ["length"]);
}

fn status(id: &str) -> StatusId {
    StatusId::parse(id).unwrap()
}

fn ask(to: &str, by: MovedBy, confidence: Option<u8>) -> LeadRequest {
    LeadRequest { to: status(to), by, reason: None, confidence, at: NOW }
}

fn person() -> MovedBy {
    MovedBy::Key(KeyId::parse("abcdefgh").unwrap())
}

#[test]
fn a_persons_word_moves_a_lead_and_a_calls_moves_it_on_when_it_is_sure() {
    let (pipeline, mut lead) = (Pipeline::default(), Lead::default());
    let call = || MovedBy::Call(call_sid(1));
    let mut ask = |to: &str, by, confidence| {
        lead.ask(&pipeline, &ask(to, by, confidence)).map(|change| (change, lead.clone()))
    };
    let (change, lead) = ask("qualified", call(), Some(SURE_ENOUGH - 1)).unwrap();
    assert_eq!((change, lead.status.clone(), lead.moves), (LeadChange::Suggested, None, 0));
    assert_eq!(lead.suggestion.unwrap().to, status("qualified"));
    let (change, lead) = ask("qualified", call(), Some(SURE_ENOUGH)).unwrap();
    let LeadChange::Moved(moved) = change else { panic!("{change:?}") };
    assert_eq!((moved.from, moved.to, moved.number, lead.suggestion), (None, status("qualified"), 1, None));
    assert_eq!(ask("qualified", call(), Some(99)).unwrap().0, LeadChange::Same);
    assert_eq!(ask("new", call(), Some(99)).unwrap().0, LeadChange::Suggested, "a call takes nothing back");
    assert!(matches!(ask("new", person(), None).unwrap().0, LeadChange::Moved(_)));
    assert!(matches!(ask("booked", person(), None).unwrap().0, LeadChange::Moved(_)));
    assert_eq!(ask("not_interested", call(), Some(99)).unwrap().0, LeadChange::Suggested, "it is won");
    assert_eq!(
        ask("not_interested", call(), None).unwrap().0,
        LeadChange::Suggested,
        "how sure it is, is not known"
    );
    assert_eq!(ask("sold", person(), None).unwrap_err(), NotMoved::Unknown(status("sold")));
}

#[test]
fn a_status_that_is_gone_has_one_in_its_place() {
    let before = Pipeline::default();
    let mut shorter = before.clone();
    shorter.statuses.retain(|status| status.id.as_str() != "qualified");
    let (_, mistakes) = shorter.clone().after(&before);
    assert_eq!(mistakes.iter().map(|mistake| mistake.1).collect::<Vec<_>>(), ["missing"]);
    shorter.retired.insert(status("qualified"), status("booked"));
    let (first, mistakes) = shorter.after(&before);
    assert_eq!((first.mistakes().len(), mistakes.len()), (0, 0));
    assert_eq!(first.status(Some(&status("qualified"))).unwrap().id, status("booked"));
    // The one in its place goes as well.
    let mut last = Pipeline { retired: [(status("booked"), status("new"))].into(), ..first.clone() };
    last.statuses.retain(|status| status.id.as_str() != "booked");
    let (last, mistakes) = last.after(&first);
    assert_eq!((last.mistakes().len(), mistakes.len()), (0, 0));
    for gone in ["qualified", "booked", "unheard_of"] {
        assert_eq!(last.status(Some(&status(gone))).unwrap().id, status("new"), "{gone}");
    }
    assert_eq!(last.status(None).unwrap().id, status("new"));
}

#[test]
fn entries_have_the_order_of_their_times_and_one_name_however_often_they_are_told() {
    let call = |n: u32, at: i64| {
        let what = What::Call(CallEntry {
            call: call_sid(n),
            direction: crate::Direction::Inbound,
            seconds: 3,
            topic: None,
        });
        Entry::new(Timestamp(at), call_sid(n).as_str(), what)
    };
    assert_eq!(call(1, 5).id, call(1, 5).id);
    assert_ne!(call(1, 5).id, call(2, 5).id);
    assert!(call(2, 5).id < call(1, 6).id);
    assert_eq!(
        (EntryId::parse(&call(1, 7).id.to_string()), call(1, 7).id.at()),
        (Ok(call(1, 7).id), Timestamp(7))
    );
}
