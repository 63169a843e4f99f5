use std::time::Duration;

use jiff::civil::{Weekday, date};
use proptest::prelude::*;

use super::caller::NamePolicy;
use super::*;
use crate::business::{PromptInLanguage, Prompts};
use crate::hours::{Holiday, OpeningHours, Outside, Week};
use crate::locale::Locale;
use crate::testing::{self, business};
use crate::tools::{Destination, HttpTool};
use crate::zone::Zone;
use crate::{PhoneNumber, Toolbox};

fn settings(inbound: Option<&str>, outbound: Option<&str>) -> Settings {
    let prompt = |text: &str| ChannelPrompt::new(text, "Hello, {{business_name}}.");
    let prompts = Prompts { inbound: inbound.map(prompt), outbound: outbound.map(prompt), whatsapp: None };
    Settings { prompts, ..testing::settings() }
}

fn inbound(settings: &Settings) -> Compiled {
    compile(&business(), settings, Channel::Inbound, None).unwrap()
}

/// On a day of December 2026, by the business's clocks.
fn at(day: i8, hour: i8) -> Timestamp {
    let zone = Zone::parse(&business().time_zone).unwrap();
    zone.reached(date(2026, 12, day).at(hour, 5, 0, 0)).unwrap()
}

fn context(caller: &Caller, now: Timestamp) -> CallContext<'_> {
    CallContext { caller, task: None, about: AboutCaller::default(), now }
}

fn toolbox() -> Toolbox {
    Toolbox {
        directory: vec![Destination {
            id: "workshop".into(),
            label: "the workshop".into(),
            number: PhoneNumber::parse("+12025550101").unwrap(),
        }],
        take_messages: true,
        send_message: false,
        appointments: false,
        http: vec![HttpTool {
            name: "book_service".into(),
            description: "Books a service.".into(),
            parameters: "{}".into(),
            url: "https://tools.example/book".into(),
            timeout: Duration::from_secs(5),
            once: true,
        }],
    }
}

fn hours() -> OpeningHours {
    const WORKDAYS: [Weekday; 5] =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    let mut week = Week::of(&WORKDAYS, &["09:00-12:30", "13:30-18:00"].map(|span| span.parse().unwrap()));
    week.saturday = vec!["09:00-12:00".parse().unwrap()];
    let holiday = Holiday {
        on: "12-08".parse().unwrap(),
        name: "Mariä Empfängnis".into(),
        open: vec![],
        outside: None,
    };
    let instructions = "Take no orders for {{business_name}}. Offer to take a message.".into();
    OpeningHours {
        week,
        holidays: vec![holiday],
        exceptions: vec![],
        outside: Outside::Agent { instructions },
    }
}

/// The whole prompts of a business whose callers speak this language. What is told of a caller is told in English.
fn whole(code: &str, now: Timestamp, outbound: bool) -> String {
    let locale = Locale::of(code).unwrap();
    let mut settings = testing::settings();
    settings.voice.languages = vec![code.into(), "en".into()];
    settings.prompts.inbound = Some(locale.default_prompt());
    settings.prompts.outbound = Some(locale.default_prompt());
    settings.hours = Some(hours());
    settings.tools = toolbox();
    let task = CallTask {
        reason: Some("the service of your bicycle".into()),
        context: Some("Wheel 3 is bent.\nThe customer asked for Thursday.".into()),
        language: None,
    };
    let (notes, history) = (["Prefers mornings.".to_owned()], ["Asked for the price of a chain.".to_owned()]);
    let appointments = ["Thursday 2026-12-03 14:30: Service".to_owned()];
    let about = AboutCaller {
        name: Some("Dana Levi"),
        name_policy: NamePolicy::Ask,
        appointments: &appointments,
        notes: &notes,
        history: &history,
    };
    let caller = Caller::Number(testing::phone(7));
    let task = outbound.then_some(&task);
    let context = CallContext { caller: &caller, task, about, now };
    let channel = if outbound { Channel::Outbound } else { Channel::Inbound };
    let compiled = compile(&business(), &settings, channel, None).unwrap();
    let text = for_call(&compiled, &business(), &settings, &context);
    format!("{text}\n\n(greeting)\n{}", compiled.greeting)
}

#[test]
fn whole_prompts_are_as_recorded() {
    for code in ["en", "de", "he"] {
        insta::assert_snapshot!(format!("{code}_inbound"), whole(code, at(4, 10), false));
        insta::assert_snapshot!(format!("{code}_outbound"), whole(code, at(4, 10), true));
        // Monday evening; the next day is a holiday.
        insta::assert_snapshot!(format!("{code}_after_hours"), whole(code, at(7, 20), false));
    }
}

#[test]
fn a_channel_without_a_prompt_never_borrows_another_channels() {
    let only_outbound = settings(None, Some("Sell bicycles."));
    let compiled = |channel| compile(&business(), &only_outbound, channel, None);
    assert_eq!(compiled(Channel::Inbound), Err(NoPrompt(Channel::Inbound)));
    assert!(compiled(Channel::Outbound).is_ok());
    for channel in [Channel::Inbound, Channel::Outbound, Channel::WhatsApp] {
        assert_eq!(Channel::parse(channel.as_str()), Some(channel));
    }
}

#[test]
fn a_language_has_texts_of_its_own_and_the_channels_for_the_rest() {
    let mut settings = settings(Some("Be kind."), Some("Sell bicycles."));
    settings.voice.languages = vec!["en".into(), "de".into()];
    let own =
        PromptInLanguage { instructions: None, greeting: Some("Grüß Gott, {{business_name}}.".into()) };
    settings.prompts.inbound.as_mut().unwrap().languages.insert("de-AT".into(), own);
    let compiled = |channel, language| compile(&business(), &settings, channel, language).unwrap();
    let english = compiled(Channel::Inbound, None);
    assert_eq!(english.greeting, "Hello, Harbour Bicycle Workshop.");
    assert!(english.instructions.contains("Begin in English (en)"));
    for tag in ["de-AT", "DE-at", "de"] {
        let german = compiled(Channel::Inbound, Some(tag));
        assert_eq!(german.greeting, "Grüß Gott, Harbour Bicycle Workshop.", "{tag}");
        assert!(german.instructions.contains("Begin in German") && german.instructions.contains("Be kind."));
    }
    let outbound = compiled(Channel::Outbound, Some("de"));
    assert_eq!(outbound.greeting, "Hello, Harbour Bicycle Workshop.", "another channel's is not used");
    let swedish = compiled(Channel::Inbound, Some("sv"));
    assert!(swedish.instructions.contains("the language with the code sv"));
}

#[test]
fn the_business_name_is_filled_in_everywhere() {
    let mut settings = settings(Some("You are Robin of {{business_name}}."), None);
    settings.hours = Some(hours());
    let compiled = inbound(&settings);
    assert_eq!(compiled.greeting, "Hello, Harbour Bicycle Workshop.");
    assert!(compiled.instructions.contains("You are Robin of Harbour Bicycle Workshop."));
    let text = for_call(&compiled, &business(), &settings, &context(&Caller::Hidden, at(5, 23)));
    assert!(text.contains("Take no orders for Harbour Bicycle Workshop.") && !text.contains("{{"), "{text}");
}

#[test]
fn a_callers_context_is_behind_the_common_part_and_holds_no_number() {
    let settings = settings(Some("Be kind."), None);
    let compiled = inbound(&settings);
    let caller = Caller::Number(PhoneNumber::parse("+43720123456").unwrap());
    let text = for_call(&compiled, &business(), &settings, &context(&caller, at(4, 14)));
    assert!(text.starts_with(&compiled.instructions));
    assert!(text.contains("14:05") && !text.contains("720123456"));
}

#[test]
fn what_holds_outside_the_opening_hours_is_told_only_then() {
    let mut settings = settings(Some("Be kind."), Some("Sell."));
    settings.hours = Some(hours());
    let compiled = inbound(&settings);
    let told = |now| for_call(&compiled, &business(), &settings, &context(&Caller::Hidden, now));
    let open = told(at(4, 10));
    assert!(open.contains("It is open until 12:30 today.") && !open.contains("Take no orders"), "{open}");
    assert!(open.contains("- Tuesday 8 December 2026, Mariä Empfängnis: closed"), "{open}");
    let closed = told(at(8, 10));
    assert!(
        closed.contains("It is closed (Mariä Empfängnis) until 09:00 tomorrow.")
            && closed.contains("Take no orders")
    );
    let monday = told(at(5, 13));
    assert!(monday.contains("It is closed until Monday 7 December 2026 at 09:00."), "{monday}");
    let task = CallTask::default();
    let outbound = CallContext { task: Some(&task), ..context(&Caller::Hidden, at(8, 10)) };
    let text = for_call(&compiled, &business(), &settings, &outbound);
    assert!(!text.contains("Take no orders"), "opening hours are for calls that come in");
}

#[test]
fn an_agent_offers_only_what_it_can_do() {
    let mut settings = settings(Some("Be kind."), None);
    let without = inbound(&settings).instructions;
    assert!(without.contains("no tool for appointments") && without.contains("cannot take messages"));
    assert!(without.contains("cannot connect"));
    settings.tools = toolbox();
    let with = inbound(&settings).instructions;
    assert!(with.contains("book_service") && with.contains("transfer_call") && with.contains("take_message"));
    assert!(!with.contains("+12025550101"));
}

#[test]
fn transcription_listens_for_the_business_and_its_terms() {
    let mut settings = settings(Some("Be kind."), None);
    settings.voice.keywords = vec!["Rohloff".into(), " ".into(), "Rohloff".into()];
    let hint = for_listening(&business(), &settings);
    assert_eq!(hint.keywords, ["Harbour Bicycle Workshop", "Rohloff"]);
    assert_eq!(hint.context, "A telephone call with Harbour Bicycle Workshop.");
    assert_eq!(hint.languages, ["en"]);
    settings.voice.languages = vec!["fil-PH".into()];
    assert_eq!(for_listening(&business(), &settings).languages, ["tl"], "in the model's own code");
}

#[test]
fn a_name_is_told_as_far_as_its_policy_allows() {
    let told = |name_policy| AboutCaller { name: Some("Dana"), name_policy, ..AboutCaller::default() }.told();
    assert!(told(NamePolicy::Ask).contains("Ask whether") && told(NamePolicy::Ask).contains("> Name: Dana"));
    assert!(told(NamePolicy::Use).contains("Address the person by the name"));
    assert_eq!(told(NamePolicy::Never), "");
    for policy in [NamePolicy::Ask, NamePolicy::Use, NamePolicy::Never] {
        assert_eq!(NamePolicy::parse(policy.as_str()), Some(policy));
    }
    let about = AboutCaller { name: Some("Dana"), ..AboutCaller::default() };
    assert!(!format!("{about:?}").contains("Dana"));
}

#[test]
fn records_of_any_size_take_a_bounded_part_of_the_prompt() {
    let entries = vec!["x".repeat(10_000); 1_000];
    let name = "y".repeat(10_000);
    let about = AboutCaller {
        name: Some(&name),
        appointments: &entries,
        notes: &entries,
        history: &entries,
        ..AboutCaller::default()
    };
    assert!(about.told().len() < 3 * MAX_TOLD + 1_000, "{}", about.told().len());
    const MAX_TOLD: usize = caller::MAX_ENTRIES * (caller::MAX_ENTRY_CHARS + 16);
}

proptest! {
    /// No text that other people wrote gets out of the lines of data.
    #[test]
    fn no_record_can_pose_as_instructions(
        name in "(\\PC|[\n\r\u{B}\u{C}\u{85}\u{2028}\u{2029}\u{202E}\u{200B}]){0,60}",
        note in "(# |> |\\PC|[\n\r\u{B}\u{C}\u{85}\u{2028}\u{2029}]){0,200}",
    ) {
        let notes = [note.clone()];
        let about = AboutCaller {
            name: Some(&name), name_policy: NamePolicy::Use, appointments: &notes, notes: &notes, history: &notes,
        };
        let told = about.told();
        let mut lines = told.split(|c: char| c == '\n' || (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}'));
        if !told.is_empty() {
            prop_assert!(lines.next().unwrap().starts_with("# What records say"));
            prop_assert!(lines.next().unwrap().starts_with("Each line that begins with"));
            for line in lines.filter(|line| !line.is_empty()) {
                prop_assert!(line.starts_with("> "), "{line:?}");
            }
        }
        let task = CallTask { reason: Some(name), context: Some(note), language: None };
        let told = caller::task(&task);
        for line in told.lines().skip(2) {
            prop_assert!(line.starts_with("> "), "{line:?}");
        }
    }
}
