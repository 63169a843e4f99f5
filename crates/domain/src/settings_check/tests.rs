use std::time::Duration;

use super::*;
use crate::announcement::Wording;
use crate::business::{ChannelPrompt, PromptInLanguage, Prompts, TranscriptPolicy, TurnDetection};
use crate::business::{VoicemailPolicy, bounds};
use crate::hours::{OpeningHours, Outside, Week};
use crate::insight::{Field, FieldKind};
use crate::tools::{Destination, HttpTool, RECORD_DO_NOT_CALL};
use crate::{Announcement, PhoneNumber, testing};

fn sound() -> Settings {
    let mut settings = testing::settings();
    settings.policies.consent = Announcement::say("This call is recorded.", "en-GB").ok();
    settings
}

/// What is found when settings without a fault are changed so.
fn found(change: impl FnOnce(&mut Settings)) -> Vec<(String, &'static str, &'static str)> {
    let mut settings = sound();
    change(&mut settings);
    let findings = check(&testing::business(), &settings);
    for finding in &findings {
        assert!(finding.detail.chars().count() > 10, "{finding:?}");
    }
    findings.into_iter().map(|finding| (finding.pointer, finding.severity.as_str(), finding.code)).collect()
}

fn one(
    pointer: &str,
    severity: &'static str,
    code: &'static str,
) -> Vec<(String, &'static str, &'static str)> {
    vec![(pointer.to_owned(), severity, code)]
}

#[test]
fn nothing_is_wrong_with_sound_settings() {
    assert_eq!(found(|_| {}), []);
}

#[test]
fn a_path_becomes_a_json_pointer() {
    for (path, expected) in [
        ("", ""),
        ("hours", "/hours"),
        ("tools.http[0].name", "/tools/http/0/name"),
        ("prompts.inbound.languages[de-AT].greeting", "/prompts/inbound/languages/de-AT/greeting"),
        ("languages[a/b~c.d]", "/languages/a~1b~0c.d"),
    ] {
        assert_eq!(pointer(path), expected, "{path}");
    }
}

/// The name was free once, and is in calls that come in.
#[test]
fn the_name_of_the_tool_for_no_more_calls_is_taken_once_the_agent_calls_people() {
    let own = |settings: &mut Settings| {
        settings.tools.http = vec![HttpTool {
            name: RECORD_DO_NOT_CALL.into(),
            description: "Tells our own list.".into(),
            parameters: r#"{"type":"object"}"#.into(),
            url: "https://tools.example/list".into(),
            timeout: Duration::from_secs(5),
            once: true,
        }];
    };
    assert_eq!(found(own), []);
    let calls = found(|settings| {
        own(settings);
        settings.prompts.outbound = settings.prompts.inbound.clone();
    });
    assert_eq!(calls, one("/tools/http/0/name", "error", "taken"));
}

#[test]
fn every_tool_that_is_wrong_is_found_and_not_the_first_alone() {
    let tool = |name: &str, timeout| HttpTool {
        name: name.into(),
        description: "Books.".into(),
        parameters: "{}".into(),
        url: "https://tools.example/book".into(),
        timeout: Duration::from_secs(timeout),
        once: false,
    };
    let entry = |id: &str, label: &str| Destination {
        id: id.into(),
        label: label.into(),
        number: PhoneNumber::parse("+12025550101").unwrap(),
    };
    let found = found(|settings| {
        settings.tools.directory = vec![entry("a", "the desk"), entry("a", " ")];
        settings.tools.http = vec![tool("end_call", 5), tool("two words", 31)];
    });
    assert_eq!(
        found,
        [
            ("/tools/directory/1/id".into(), "error", "taken"),
            ("/tools/http/0/name".into(), "error", "taken"),
            ("/tools/http/1/name".into(), "error", "name"),
            ("/tools/directory/1/label".into(), "error", "label"),
            ("/tools/http/1/timeout".into(), "error", "timeout"),
        ]
    );
}

#[test]
fn opening_hours_are_judged_with_the_business_and_its_directory() {
    let hours =
        |outside| OpeningHours { week: Week::default(), holidays: vec![], exceptions: vec![], outside };
    assert_eq!(
        found(|settings| settings.hours = Some(hours(Outside::Forward { to: "desk".into() }))),
        [
            ("/hours/outside/forward/to".into(), "error", "unknown_destination"),
            ("/hours/week".into(), "warning", "never_open"),
        ]
    );
    let nowhere = Business { time_zone: "Europe/Atlantis".into(), ..testing::business() };
    let codes = |settings: &Settings| -> Vec<_> {
        check(&nowhere, settings).into_iter().map(|finding| (finding.pointer, finding.code)).collect()
    };
    assert_eq!(codes(&sound()), [(String::new(), "unknown_zone")]);
    let settings = Settings { hours: Some(hours(Outside::Voicemail)), ..sound() };
    assert_eq!(codes(&settings)[0], ("/hours".to_owned(), "unknown_zone"));
}

#[test]
fn every_text_is_judged_wherever_it_stands() {
    const BAD: &str = "Ask for {{rate}}.";
    let said =
        |text: &str| Announcement::new(Wording::Say { text: text.into(), language: None, voice: None }).ok();
    let pointers: Vec<String> = found(|settings| {
        let own = PromptInLanguage { instructions: Some(BAD.into()), greeting: Some(BAD.into()) };
        let mut prompt = ChannelPrompt::new(BAD, BAD);
        prompt.languages.insert("en-GB".into(), own);
        settings.prompts = Prompts { inbound: Some(prompt), ..Prompts::default() };
        let outside = Outside::Agent { instructions: BAD.into() };
        let day = "09:00-17:00".parse().unwrap();
        let week = Week { monday: vec![day], ..Week::default() };
        settings.hours = Some(OpeningHours { week, holidays: vec![], exceptions: vec![], outside });
        settings.words.busy = said(BAD);
        settings.policies.consent = said(BAD);
        settings.policies.conversation.voicemail = VoicemailPolicy::LeaveMessage { text: BAD.into() };
    })
    .into_iter()
    .map(|(pointer, severity, code)| {
        assert_eq!((severity, code), ("error", "unknown_placeholder"), "{pointer}");
        pointer
    })
    .collect();
    assert_eq!(
        pointers,
        [
            "/prompts/inbound/instructions",
            "/prompts/inbound/greeting",
            "/prompts/inbound/languages/en-GB/instructions",
            "/prompts/inbound/languages/en-GB/greeting",
            "/hours/outside/agent/instructions",
            "/words/busy/say/text",
            "/policies/consent/say/text",
            "/policies/conversation/voicemail/leave_message/text",
        ]
    );
}

#[test]
fn a_channel_needs_a_prompt_and_a_recorded_call_a_notice() {
    assert_eq!(
        found(|settings| settings.prompts = Prompts::default()),
        one("/prompts", "error", "no_prompt")
    );
    assert_eq!(
        found(|settings| settings.prompts.outbound = settings.prompts.inbound.take()),
        one("/prompts/inbound", "warning", "no_inbound_prompt")
    );
    let notice = one("/policies/consent", "warning", "no_notice");
    assert_eq!(found(|settings| settings.policies.consent = None), notice);
    let voice = Wording::Say { text: "Busy.".into(), language: None, voice: Some("Polly.Amy-Neural".into()) };
    assert_eq!(
        found(|settings| settings.words.busy = Announcement::new(voice).ok()),
        one("/words/busy/say/voice", "warning", "voice_without_language")
    );
}

#[test]
fn an_outbound_policy_lets_people_be_called_at_some_time() {
    let no_hours = found(|settings| settings.outbound.hours = Week::default());
    assert_eq!(no_hours, one("/outbound/hours", "error", "no_hours"));
    let months = Duration::from_secs(90 * 86_400);
    let long = found(|settings| settings.outbound.cool_down = months);
    assert_eq!(long, one("/outbound/cool_down", "error", "cool_down"));
}

#[test]
fn languages_are_known_and_each_has_its_words() {
    let languages = |tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        found(|settings| settings.voice.languages = tags)
    };
    assert_eq!(languages(&[]), one("/voice/languages", "warning", "no_language"));
    assert_eq!(
        languages(&["german", "sv", "iw", "he"]),
        [
            ("/voice/languages/0".into(), "error", "unknown_language"),
            ("/voice/languages/1".into(), "warning", "language_without_words"),
            ("/voice/languages/3".into(), "warning", "twice"),
        ]
    );
    let own = |tags: &[&str]| {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        found(|settings| {
            let prompt = settings.prompts.inbound.as_mut().unwrap();
            prompt.languages = tags.into_iter().map(|tag| (tag, PromptInLanguage::default())).collect();
        })
    };
    assert_eq!(own(&["en-US"]), []);
    assert_eq!(own(&["fr"]), one("/prompts/inbound/languages/fr", "warning", "unused_language"));
    assert_eq!(own(&["french"]), one("/prompts/inbound/languages/french", "error", "unknown_language"));
    assert_eq!(own(&["en", "en-GB"]), one("/prompts/inbound/languages/en-GB", "warning", "twice"));
}

#[test]
fn figures_keep_to_their_bounds() {
    let seconds = Duration::from_secs;
    let conversation = |change: fn(&mut crate::business::ConversationPolicy)| {
        found(|settings| change(&mut settings.policies.conversation))
    };
    let out = |pointer: &str| one(pointer, "error", "out_of_bounds");
    assert_eq!(
        conversation(|policy| policy.max_call = bounds::MAX_CALL.max + Duration::from_secs(1)),
        out("/policies/conversation/max_call")
    );
    assert_eq!(
        conversation(|policy| policy.silence_prompt_after = Duration::ZERO),
        out("/policies/conversation/silence_prompt_after")
    );
    assert_eq!(
        conversation(|policy| policy.max_wordless = Duration::from_secs(19)),
        out("/policies/conversation/max_wordless")
    );
    assert_eq!(
        conversation(|policy| policy.max_silence_prompts = 11),
        out("/policies/conversation/max_silence_prompts")
    );
    assert_eq!(
        conversation(|policy| policy.min_interruption = Duration::from_secs(60)),
        out("/policies/conversation/min_interruption")
    );
    assert_eq!(
        conversation(|policy| policy.warn_before_end = Duration::from_secs(30)),
        one("/policies/conversation/warn_before_end", "warning", "no_warning")
    );
    assert_eq!(conversation(|policy| policy.warn_before_end = Duration::ZERO), []);
    let text = |text: &str| {
        let text = text.to_owned();
        found(move |settings| settings.policies.when_no_agent.text = Some(text))
    };
    assert_eq!(text("We will call you back."), found(|_| ()));
    for wrong in ["", " . ", &"x".repeat(460)] {
        assert_ne!(text(wrong), found(|_| ()), "{wrong}");
    }
    assert_eq!(
        found(|settings| settings.policies.when_no_agent.ring_for = seconds(601)),
        out("/policies/when_no_agent/ring_for")
    );
    let detection = |threshold, prefix_padding_ms, silence_duration_ms| {
        let server = TurnDetection::Server { threshold, prefix_padding_ms, silence_duration_ms };
        found(|settings| settings.voice.turn_detection = server)
    };
    assert_eq!(detection(6.0, 300, 500), out("/voice/turn_detection/Server/threshold"));
    assert_eq!(detection(f32::NAN, 300, 500), out("/voice/turn_detection/Server/threshold"));
    assert_eq!(detection(0.5, 300, 50), out("/voice/turn_detection/Server/silence_duration_ms"));
    assert_eq!(detection(0.5, 60_000, 500), out("/voice/turn_detection/Server/prefix_padding_ms"));
    assert_eq!(
        found(|settings| {
            settings.policies.transcript = TranscriptPolicy::RecordingUpgrade;
            settings.policies.record_calls = false;
        }),
        one("/policies/transcript", "warning", "no_recording")
    );
    let told = check(&testing::business(), &{
        let mut settings = sound();
        settings.policies.conversation.max_call = Duration::ZERO;
        settings.policies.conversation.warn_before_end = Duration::ZERO;
        settings
    });
    assert_eq!(told[0].detail, "give a length of time from `10s` to `4h`");
}

#[test]
fn lists_are_short_and_say_each_thing_once() {
    let field = |name: &str, kind| Field { name: name.into(), description: "x".into(), kind };
    assert_eq!(
        found(|settings| {
            settings.voice.model = "gpt realtime".into();
            settings.voice.keywords = vec!["Rohloff".into(), " ".into(), "Rohloff".into()];
            settings.policies.conversation.phrases.goodbyes = vec!["x".repeat(101)];
            settings.insights.fields = vec![
                field("a", FieldKind::Text),
                field("a", FieldKind::OneOf(vec![])),
                field("", FieldKind::Text),
            ];
            settings.insights.lead_statuses = vec!["new".into(); 51];
        })
        .into_iter()
        .filter(|(_, severity, _)| *severity == "error")
        .map(|(pointer, _, code)| (pointer, code))
        .collect::<Vec<_>>(),
        [
            ("/voice/model".into(), "name"),
            ("/voice/keywords/1".into(), "term"),
            ("/policies/conversation/phrases/goodbyes/0".into(), "term"),
            ("/insights/lead_statuses".into(), "too_many"),
            ("/insights/fields/1/name".into(), "taken"),
            ("/insights/fields/1/kind/one_of".into(), "no_choice"),
            ("/insights/fields/2/name".into(), "term"),
        ]
    );
}

#[test]
fn a_draft_of_any_size_has_a_bounded_list_of_findings() {
    let many = found(|settings| {
        settings.voice.languages = vec!["nowhere".into(); 5_000];
        settings.voice.keywords = vec![String::new(); 5_000];
        settings.policies.conversation.phrases.goodbyes = vec![String::new(); 5_000];
        settings.insights.fields =
            vec![Field { name: String::new(), description: String::new(), kind: FieldKind::Text }; 500];
        settings.prompts.inbound = Some(ChannelPrompt::new("ש".repeat(200_000), ""));
    });
    assert_eq!(many.len(), MAX_FINDINGS);
    assert!(many.contains(&(String::new(), "error", "too_large")), "{many:?}");
}
