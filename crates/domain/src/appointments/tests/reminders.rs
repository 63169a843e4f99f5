//! How people are reminded.

use super::super::remind::Told;
use super::super::reminder_words::WORDS;
use super::*;
use crate::locale::LOCALES;
use crate::testing::phone;
use crate::texts::outgoing::Content;
use crate::texts::template::Template;
use crate::texts::{Carrier, Medium};

fn reminding(by: Vec<Way>) -> Reminding {
    Reminding { from: phone(1), by, hours: by_day() }
}

fn template(place: &str) -> Template {
    let variables = BTreeMap::from([("1".to_owned(), place.to_owned())]);
    Template { name: "reminder".into(), language: Some("de".into()), variables }
}

fn over_meta(place: &str) -> Way {
    Way::WhatsApp { template: template(place), phone_number_id: Some("123".into()) }
}

fn appointment(name: &str) -> Appointment {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let candidate = Candidate { service: &service(60), calendar: &calendar, resources: &[] };
    let now = at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0));
    let start = at(&calendar, date(2026, 12, 3).at(14, 30, 0, 0));
    let person = Person { name: name.into(), number: Some(phone(7)), contact: None };
    let wanted =
        Wanted { id: id(7), person, notes: None, source: Source::Api, hold: false, in_place_of: None };
    Appointment::new(wanted, &candidate, start, now)
}

fn words(way: &Way, name: &str, language: &str) -> String {
    let (appointment, service) = (appointment(name), service(60));
    let told = Told {
        appointment: &appointment,
        service: &service,
        calendar: "Anna",
        business: "Harbour",
        language,
    };
    match way.text(&phone(1), &told) {
        Some((_, Content::Words(body))) => body.as_str().to_owned(),
        Some((_, Content::Template(template))) => template.variables.values().cloned().collect(),
        None => String::new(),
    }
}

#[test]
fn each_language_of_the_product_has_words_for_a_reminder() {
    let product: Vec<&str> = LOCALES.iter().map(|locale| locale.code).collect();
    assert_eq!(WORDS.map(|(code, _)| code).to_vec(), product);
    for (code, form) in WORDS {
        assert!(["{{business_name}}", "{{service}}", "{{time}}"].iter().all(|place| form.contains(place)));
        let said = words(&Way::Sms { text: None }, "Maria", code);
        assert!(said.contains("Harbour") && said.contains("Trim") && said.contains("14:30"), "{said}");
        assert!(!said.contains("{{"), "{said}");
    }
    assert_eq!(
        words(&Way::Sms { text: None }, "Maria", "de-AT"),
        "Harbour: Erinnerung an Ihren Termin: Trim, Donnerstag, 3. Dezember, 14:30 Uhr."
    );
}

/// A name is what a person said: it fills no other place.
#[test]
fn what_is_filled_in_is_not_read_as_a_form() {
    let way = Way::Sms { text: Some("Hello {{name}}, see you with {{ calendar }}.".into()) };
    assert_eq!(words(&way, "{{business_name}} {{", "en"), "Hello {{business_name}} {{, see you with Anna.");
    assert_eq!(words(&over_meta("{{name}}"), "Maria\nHuber", "de"), "Maria Huber");
    assert_eq!(words(&over_meta("{{name}}"), &"x".repeat(900), "de").len(), 256);
    assert!(
        words(&Way::Sms { text: Some("{{name}}".repeat(60)) }, &"ä".repeat(100), "de").chars().count()
            <= 1_600
    );
}

#[test]
fn a_template_goes_over_the_carrier_that_has_the_number() {
    let (appointment, service) = (appointment("Maria"), service(60));
    let told = Told {
        appointment: &appointment,
        service: &service,
        calendar: "Anna",
        business: "Harbour",
        language: "de",
    };
    let (sender, _) = over_meta("{{time}}").text(&phone(1), &told).unwrap();
    assert_eq!(
        (sender.medium, sender.carrier),
        (Medium::WhatsApp, Carrier::Meta { phone_number_id: "123".into() })
    );
    let (sender, _) = Way::Sms { text: None }.text(&phone(1), &told).unwrap();
    assert_eq!((sender.medium, sender.carrier, sender.number), (Medium::Sms, Carrier::Twilio, phone(1)));
    assert!(Way::Call {}.text(&phone(1), &told).is_none());
}

#[test]
fn what_cannot_be_sent_is_refused_when_it_is_set() {
    let paths = |remind: Option<Reminding>, reminders: Vec<u32>| -> Vec<String> {
        let service = Service { remind, reminders, ..service(60) };
        service.lint().into_iter().map(|invalid| invalid.path).collect()
    };
    assert!(paths(None, vec![60]).is_empty(), "they are missed, and say so");
    assert!(
        paths(Some(reminding(vec![Way::Sms { text: None }, over_meta("{{time}}"), Way::Call {}])), vec![60])
            .is_empty()
    );
    assert_eq!(paths(Some(reminding(vec![])), vec![60]), ["remind.by"]);
    assert_eq!(paths(Some(reminding(vec![Way::Call {}, Way::Call {}])), vec![60]), ["remind.by[1]"]);
    for text in ["", "   ", "Hello {{number}}", "Hello {{name", &"x".repeat(501)] {
        let way = Way::Sms { text: Some(text.into()) };
        assert_eq!(paths(Some(reminding(vec![way])), vec![]), ["remind.by[0].text"], "{text}");
    }
    let at_twilio = Way::WhatsApp { template: template("{{time}}"), phone_number_id: None };
    assert_eq!(paths(Some(reminding(vec![at_twilio])), vec![]), ["remind.by[0].template"]);
    assert_eq!(paths(Some(reminding(vec![over_meta("{{when}}")])), vec![]), ["remind.by[0].template"]);
    let nowhere = Way::WhatsApp { template: template("{{time}}"), phone_number_id: Some("me".into()) };
    assert_eq!(paths(Some(reminding(vec![nowhere])), vec![]), ["remind.by[0].phone_number_id"]);
    let never = Reminding { hours: OpenWeek::of(&[], &[]), ..reminding(vec![Way::Call {}]) };
    assert_eq!(paths(Some(never), vec![]), ["remind.hours"]);
}

#[test]
fn people_are_reminded_by_day() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let reminding = reminding(vec![Way::Call {}]);
    let possible = |day: i8, hour: i8| {
        reminding.possible(at(&calendar, date(2026, 12, day).at(hour, 0, 0, 0)), &calendar.time_zone)
    };
    let morning = at(&calendar, date(2026, 12, 3).at(8, 0, 0, 0));
    assert_eq!(possible(3, 20), Possible::Now);
    assert_eq!(possible(2, 21), Possible::From(morning));
    assert_eq!(possible(3, 3), Possible::From(morning));
}

#[test]
fn a_reminder_waits_for_the_next_time_before_the_appointment_or_is_missed() {
    let (soon, later, start) = (Timestamp(10), Timestamp(20), Timestamp(30));
    let of = |found: &[Possible]| Otherwise::of(found, start);
    assert_eq!(of(&[Possible::From(later), Possible::From(soon)]), Otherwise::Wait(soon));
    assert_eq!(of(&[Possible::Never(Missed::OptedOut), Possible::From(later)]), Otherwise::Wait(later));
    assert_eq!(of(&[Possible::From(start)]), Otherwise::Miss(Missed::NoTimeLeft));
    let never = [Possible::Never(Missed::OptedOut), Possible::Never(Missed::CallRefused)];
    assert_eq!(of(&never), Otherwise::Miss(Missed::OptedOut));
    assert_eq!(of(&[]), Otherwise::Miss(Missed::NoWay));
}

/// Trap 11 of appointments. The old reminder fires after a move if it is known by the appointment alone.
#[test]
fn a_reminder_has_another_name_once_its_appointment_has_another_time() {
    let service = Service { reminders: vec![60], ..service(60) };
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let (before, now) = (appointment("Maria"), at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0)));
    let business = crate::testing::business().id;
    let names = |of: &Appointment| {
        Reminder::all(&business, of, &service, now).iter().map(Reminder::name).collect::<Vec<_>>()
    };
    let after = before.clone().moved(&candidate, before.start.plus(hours(24)), now).unwrap();
    assert_eq!(names(&before).len(), 1);
    assert_ne!(names(&before), names(&after));
    let put_off = Reminder::all(&business, &before, &service, now).remove(0);
    assert_eq!(put_off.put_off(put_off.due.plus(hours(1))).name(), put_off.name(), "whenever it is sent");
}
