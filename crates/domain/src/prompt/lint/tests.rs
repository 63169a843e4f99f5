mod hours;

use std::time::Duration;

use proptest::prelude::*;

use super::clues::CLUES;
use super::*;
use crate::PhoneNumber;
use crate::locale::LOCALES;
use crate::tools::{Destination, HttpTool};
use hours::week;

static NO_TOOLS: Toolbox = Toolbox {
    directory: vec![],
    take_messages: false,
    send_message: false,
    appointments: false,
    http: vec![],
};

fn facts<'a>(languages: &'a [String], tools: &'a Toolbox) -> Facts<'a> {
    Facts { business_name: "Harbour", placeholders: &[], languages, week: None, tools, also_able: &[] }
}

fn found(text: &str, facts: &Facts<'_>) -> Vec<Finding> {
    lint(&[Text { path: "prompts.inbound.instructions", text, use_as: Use::Instructions }], facts)
}

/// Codes with the parts of the text that they are about.
fn codes<'t>(text: &'t str, facts: &Facts<'_>) -> Vec<(&'static str, &'t str)> {
    let findings = found(text, facts);
    let part = |finding: &Finding| finding.place.as_ref().map_or("", |place| &text[place.range.clone()]);
    findings.iter().map(|finding| (finding.lint.code(), part(finding))).collect()
}

fn tags(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

fn full_tools() -> Toolbox {
    Toolbox {
        directory: vec![Destination {
            id: "desk".into(),
            label: "the desk".into(),
            number: PhoneNumber::parse("+12025550101").unwrap(),
        }],
        take_messages: true,
        send_message: true,
        appointments: false,
        http: vec![HttpTool {
            name: "book".into(),
            description: "Books.".into(),
            parameters: "{}".into(),
            url: "https://tools.example/book".into(),
            timeout: Duration::from_secs(5),
            once: true,
        }],
    }
}

#[test]
fn nothing_is_wrong_with_the_prompt_of_a_new_business() {
    let all: Vec<String> = LOCALES.iter().map(|locale| locale.code.to_owned()).collect();
    let week = week();
    for locale in &LOCALES {
        let prompts = Prompts { inbound: Some(locale.default_prompt()), ..Prompts::default() };
        // Judged by every language's phrases at once.
        let facts = Facts { week: Some(&week), ..facts(&all, &NO_TOOLS) };
        assert_eq!(lint(&texts(&prompts), &facts), [], "{}", locale.code);
    }
}

#[test]
fn every_language_has_its_clues_and_each_of_them_can_be_found() {
    let codes: Vec<&str> = CLUES.iter().map(|clues| clues.code).collect();
    assert_eq!(codes, LOCALES.iter().map(|locale| locale.code).collect::<Vec<_>>());
    for clues in &CLUES {
        let lists = [
            clues.open,
            clues.closed,
            clues.not,
            clues.unless,
            clues.until,
            clues.appointment,
            clues.sending,
            clues.transfer,
            clues.message,
        ];
        assert!(lists.iter().all(|list| !list.is_empty()), "{}", clues.code);
        assert!(clues.days.iter().all(|names| !names.is_empty()), "{}", clues.code);
        for text in lists.into_iter().chain(clues.days).chain(clues.weak).flatten() {
            let plain = text.replace('*', "");
            let tokens = tokens::tokens(&plain);
            let phrase = tokens::Phrase::all(&[text]);
            assert_eq!(tokens::longest(&phrase, &tokens, 0), Some(tokens.len()), "{}: {text}", clues.code);
        }
    }
}

#[test]
fn placeholders_are_known_filled_and_used() {
    let own = [Placeholder { name: "city", value: "Graz" }, Placeholder { name: "fax", value: " " }];
    let languages = tags(&["en"]);
    let facts = Facts { placeholders: &own, ..facts(&languages, &NO_TOOLS) };
    let text = "{{business_name}} in {{city}}, {{ Business_Name }}, {{fax}}, {{rate}} and {{oops";
    assert_eq!(
        codes(text, &facts),
        [
            ("unknown_placeholder", "{{ Business_Name }}"),
            ("missing_value", "{{fax}}"),
            ("unknown_placeholder", "{{rate}}"),
            ("open_placeholder", "{{"),
        ]
    );
    let findings = found("Nothing.", &facts);
    assert_eq!(findings.len(), 2);
    assert_eq!((findings[0].path.as_str(), &findings[0].place), ("placeholders.city", &None));
    let meant = found(text, &facts)[0].lint.to_string();
    assert!(
        meant.contains("`{{ Business_Name }}`") && meant.contains("write `{{business_name}}`"),
        "{meant}"
    );
    let nameless = Facts { business_name: "", ..facts };
    assert_eq!(codes("{{business_name}} {{city}} {{fax}}", &nameless)[0].0, "missing_value");
}

#[test]
fn a_text_has_something_to_say_and_not_too_much() {
    let languages = tags(&["he"]);
    let facts = facts(&languages, &NO_TOOLS);
    assert_eq!(codes(" \n", &facts), [("blank", " \n")]);
    let long = "ש".repeat(MAX_INSTRUCTIONS_CHARS + 2);
    assert_eq!(codes(&long, &facts), [("too_long", "שש")]);
    assert!(codes(&long[4..], &facts).is_empty());
    let greeting = |text: &str| {
        let findings = lint(&[Text { path: "g", text, use_as: Use::Greeting }], &facts);
        findings.into_iter().map(|finding| finding.lint.code()).collect::<Vec<_>>()
    };
    assert!(greeting("").is_empty(), "a greeting may be left to the agent");
    assert_eq!(greeting(&"a ".repeat(200)), ["long_greeting"]);
    assert_eq!(greeting(&"a ".repeat(501)), ["too_long"]);
}

#[test]
fn secrets_are_found_and_not_repeated() {
    let languages = tags(&["en"]);
    let facts = facts(&languages, &NO_TOOLS);
    for (kind, secret) in [
        ("an API key", "sk-proj-abcDEF0123456789abcdef"),
        ("an API key", "swb_bus_0123456789abcdefghijABCDEFGHIJabcdef"),
        ("an API key", "SK0123456789abcdef0123456789abcdef"),
        ("a token", "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"),
        ("a password", "https://admin:hunter2@tools.example/x"),
        ("a private key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("a payment card", "4111 1111 1111 1111"),
        ("a key or password", "0123456789abcdef0123456789abcdef"),
        ("a key or password", "q9X2mB7vLt4RzW8kHs3JdF6y"),
    ] {
        let text = format!("Über uns:\nUse \"{secret}\", please.");
        let findings = found(&text, &facts);
        assert_eq!(codes(&text, &facts), [("secret", secret)]);
        assert_eq!(findings[0].place.as_ref().unwrap().line, 2);
        let shown = format!("{} {:?}", findings[0].lint, findings[0]);
        assert!(shown.contains(kind) && !shown.contains(secret), "{shown}");
    }
    for (text, part) in [
        ("Login: anna, password: geheim7!", "geheim7!"),
        ("Passwort=hund_3", "hund_3"),
        ("סיסמה: 9Kx41", "9Kx41"),
    ] {
        let part = part.trim_end_matches('!');
        assert_eq!(codes(text, &facts), [("secret", part)], "{text}");
    }
    for harmless in [
        "Call +43 720 123456 or 01 2345678.",
        "Password: ask the caller to reset it.",
        "See https://harbour.example/a/very/long/path-With-Words-and-2026-numbers.",
        "Order 550e8400-e29b-41d4-a716-446655440000, IBAN AT61 1904 3002 3457 3201.",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "sk-learn is a library; the token is 5 euros",
    ] {
        assert_eq!(codes(harmless, &facts), [], "{harmless}");
    }
}

#[test]
fn what_no_tool_does_is_not_to_be_asked_for() {
    let mut wrong = vec![];
    for (tag, text, part) in [
        ("en", "Then book the appointment.", "book the appointment"),
        ("en", "Tell the caller that you have sent an email.", "sent an email"),
        ("en", "Transfer the caller to Anna.", "Transfer the caller"),
        ("en", "If closed, take a message.", "take a message"),
        ("en", "If she wants to book an appointment, book the appointment.", "book the appointment"),
        ("de", "Vereinbare dann einen Termin.", "Vereinbare dann einen Termin"),
        ("de", "Schicke eine Bestätigung.", "Schicke eine Bestätigung"),
        ("fr", "Envoie un SMS de rappel.", "Envoie un SMS"),
        ("es", "Reserva la cita.", "Reserva la cita"),
        ("it", "Fissa un appuntamento.", "Fissa un appuntamento"),
        ("pt", "Anota o recado.", "Anota o recado"),
        ("nl", "Maak een afspraak.", "Maak een afspraak"),
        ("pl", "Umów wizytę.", "Umów wizytę"),
        ("ru", "Отправь клиенту смс.", "Отправь клиенту смс"),
        ("tr", "Randevu oluştur.", "Randevu oluştur"),
        ("he", "יש להעביר את השיחה למנהל.", "להעביר את השיחה"),
        ("he", "אפשר לקבוע תור.", "לקבוע תור"),
        ("ar", "يرجى حجز موعد.", "حجز موعد"),
    ] {
        let languages = tags(&[tag]);
        let none = facts(&languages, &NO_TOOLS);
        if codes(text, &none) != [("no_tool", part)] {
            wrong.push((text, codes(text, &none)));
        }
        let full = full_tools();
        assert_eq!(codes(text, &facts(&languages, &full)), [], "{text}");
        let able = [Action::Appointment, Action::Sending, Action::Transfer, Action::Message];
        assert_eq!(codes(text, &Facts { also_able: &able, ..none }), [], "{text}");
    }
    assert_eq!(wrong, []);
    let languages = tags(&["en", "de", "he"]);
    let facts = facts(&languages, &NO_TOOLS);
    for harmless in [
        "Never say that you send an email.",
        "You cannot book appointments.",
        "Du kannst keinen Termin vereinbaren.",
        "If the caller wants to book an appointment, give the opening hours.",
        "Wenn jemand einen Termin buchen möchte, frage nach dem Namen.",
        "אם הלקוח רוצה לקבוע תור, יש לשאול לשמו.",
        "אין לקבוע תור.",
        "An appointment can be booked on our website.",
        "Lend the book. Appointments are free.\nSend. Email.",
    ] {
        assert_eq!(codes(harmless, &facts), [], "{harmless}");
    }
}

#[test]
fn each_finding_has_a_code_words_and_a_severity() {
    let lints = [
        (Lint::UnknownPlaceholder { name: "a".into(), meant: None }, "unknown_placeholder", "error"),
        (Lint::OpenPlaceholder, "open_placeholder", "error"),
        (Lint::MissingValue { name: "a".into() }, "missing_value", "error"),
        (Lint::UnusedPlaceholder { name: "a".into() }, "unused_placeholder", "warning"),
        (Lint::Blank, "blank", "error"),
        (Lint::TooLong { found: 2, max: 1 }, "too_long", "error"),
        (Lint::LongGreeting, "long_greeting", "warning"),
        (Lint::Secret(SecretKind::ApiKey), "secret", "error"),
        (Lint::Secret(SecretKind::Random), "secret", "warning"),
        (Lint::SaidClosed(Weekday::Monday), "said_closed", "warning"),
        (Lint::SaidOpen(Weekday::Monday), "said_open", "warning"),
        (Lint::OtherHours { day: Weekday::Monday, hours: "09:00-12:00".into() }, "other_hours", "warning"),
        (Lint::NoTool(Action::Message), "no_tool", "warning"),
    ];
    for (lint, code, severity) in lints {
        assert_eq!((lint.code(), lint.severity().as_str()), (code, severity));
        assert!(lint.to_string().len() > 30 && !lint.to_string().contains("{{{"), "{lint}");
    }
}

/// Pieces that the rules look for, in any order, so that half of a rule meets half of another.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("business_name".to_owned()),
        Just("password: ".to_owned()),
        Just("-----BEGIN ".to_owned()),
        Just("https://a:b@c".to_owned()),
        Just("open".to_owned()),
        Just("סגור".to_owned()),
        Just("יום ב'".to_owned()),
        Just("Mo.-".to_owned()),
        Just("Monday ".to_owned()),
        Just("9:30 pm".to_owned()),
        Just(" to ".to_owned()),
        Just("24-00".to_owned()),
        Just("12-12".to_owned()),
        Just("\n".to_owned()),
        Just("4111-".to_owned()),
        Just("send an e\u{301}-mail".to_owned()),
        "\\PC{0,6}",
        "[0-9٠-٩:. -]{0,8}",
        "(?s).{0,3}",
    ];
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_judged_and_every_place_is_in_it(text in text()) {
        let all: Vec<String> = LOCALES.iter().map(|locale| locale.code.to_owned()).collect();
        let week = week();
        let facts = Facts { week: Some(&week), ..facts(&all, &NO_TOOLS) };
        for finding in found(&text, &facts) {
            let place = finding.place.unwrap();
            prop_assert!(text.get(place.range.clone()).is_some(), "{:?}", place);
            let line = text[..place.range.start].matches('\n').count() + 1;
            prop_assert_eq!(place.line, line);
            prop_assert!(!finding.lint.to_string().is_empty());
        }
    }

    #[test]
    fn tokens_lie_between_characters_and_in_order(text in text()) {
        let mut last = 0;
        for token in tokens::tokens(&text) {
            prop_assert!(token.range.start >= last && token.range.end > token.range.start);
            prop_assert!(text.get(token.range.clone()).is_some());
            last = token.range.end;
        }
    }
}
