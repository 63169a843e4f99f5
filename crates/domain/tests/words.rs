//! The words and figures by which everything is stored, told to businesses, counted and promised. To change one of
//! them is to break what was stored or is relied on, so it is done here as well, on purpose.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use domain::access::{Role, Scope};
use domain::call::{CallStatus, Direction, Refusal};
use domain::dial::barred::Barred;
use domain::insight::InsightOutcome;
use domain::locale::Said;
use domain::numbering::Country;
use domain::outbound::NotPlaced;
use domain::prompt::lint::{Action, SecretKind, Severity};
use domain::recording::{
    ARCHIVE_WITHIN, DeletionReason, Due, ERASE_WITHIN, RecordingKind, RecordingState, Retention,
};
use domain::share::{DEFAULT_SHARE_TTL, Disposition, MAX_SHARE_TTL, MIN_SHARE_TTL, PACE, ShareEnd};
use domain::token::TokenKey;
use domain::tools::TEXT_MAX_BYTES;
use domain::transcript::quality::Flaw;
use domain::transcript::{RECORDING_GRACE, RunOutcome, Source};
use domain::turn::EndReason;
use domain::usage::{Level, Meter, WARN_AT_PERCENT};
use domain::{Secret, Timestamp};

/// Each value with its word, both ways.
fn both_ways<T: Copy + PartialEq + std::fmt::Debug>(
    words: &[(T, &str)],
    as_str: fn(T) -> &'static str,
    parse: fn(&str) -> Option<T>,
) {
    for (value, word) in words {
        assert_eq!(as_str(*value), *word);
        assert_eq!(parse(word), Some(*value), "{word}");
    }
    assert_eq!(parse(""), None);
    assert_eq!(parse("canary"), None);
}

#[test]
fn what_is_stored_as_a_word_is_read_from_that_word() {
    let sources = [
        (Source::Realtime, "realtime"),
        (Source::Recording, "recording"),
        (Source::Edited, "edited"),
        (Source::Failed, "failed"),
    ];
    both_ways(&sources, Source::as_str, Source::parse);
    let runs = [
        (RunOutcome::Replaced, "replaced"),
        (RunOutcome::Kept, "kept"),
        (RunOutcome::Failed, "failed"),
        (RunOutcome::HandedOn, "handed_on"),
    ];
    both_ways(&runs, RunOutcome::as_str, RunOutcome::parse);
    let statuses = [
        (CallStatus::Queued, "queued"),
        (CallStatus::Initiated, "initiated"),
        (CallStatus::Ringing, "ringing"),
        (CallStatus::InProgress, "in-progress"),
        (CallStatus::Completed, "completed"),
        (CallStatus::Busy, "busy"),
        (CallStatus::Failed, "failed"),
        (CallStatus::NoAnswer, "no-answer"),
        (CallStatus::Canceled, "canceled"),
    ];
    both_ways(&statuses, CallStatus::as_str, CallStatus::parse);
    let refusals = [
        (Refusal::UnknownNumber, "unknown_number"),
        (Refusal::AtCapacity, "at_capacity"),
        (Refusal::NoPrompt, "no_prompt"),
        (Refusal::Closed, "closed"),
        (Refusal::CapReached, "cap_reached"),
    ];
    both_ways(&refusals, Refusal::as_str, Refusal::parse);
    let kinds = [(RecordingKind::Call, "call"), (RecordingKind::Voicemail, "voicemail")];
    both_ways(&kinds, RecordingKind::as_str, RecordingKind::parse);
    let dispositions = [(Disposition::Attachment, "attachment"), (Disposition::Inline, "inline")];
    both_ways(&dispositions, Disposition::as_str, Disposition::parse);
    for &reason in EndReason::ALL {
        assert_eq!(EndReason::parse(reason.as_str()), Some(reason));
    }
    for (direction, word) in [
        (Direction::Inbound, "inbound"),
        (Direction::Outbound, "outbound"),
        (Direction::Test, "test"),
        (Direction::Unknown, "unknown"),
    ] {
        assert_eq!((direction.as_str(), Direction::parse(word)), (word, direction));
    }
}

/// Answers to a check of settings hold these words.
#[test]
fn findings_in_a_prompt_keep_their_words() {
    let kinds = [
        (SecretKind::ApiKey, "api_key"),
        (SecretKind::Token, "token"),
        (SecretKind::PrivateKey, "private_key"),
        (SecretKind::Password, "password"),
        (SecretKind::CardNumber, "card_number"),
        (SecretKind::Random, "random"),
    ];
    assert!(kinds.iter().all(|(kind, word)| kind.as_str() == *word));
    let actions = [
        (Action::Appointment, "appointment"),
        (Action::Sending, "sending"),
        (Action::Transfer, "transfer"),
        (Action::Message, "message"),
    ];
    assert!(actions.iter().all(|(action, word)| action.as_str() == *word));
    assert_eq!([Severity::Warning, Severity::Error].map(Severity::as_str), ["warning", "error"]);
}

/// Settings hold a business's own words by these names.
#[test]
fn what_twilio_says_keeps_its_names() {
    let names = [
        "unknown_number",
        "suspended",
        "busy",
        "not_now",
        "apology",
        "not_available",
        "connecting",
        "connecting_busy",
        "connecting_trouble",
        "closed",
        "closed_voicemail",
        "voicemail",
        "no_message",
        "thanks",
    ];
    assert_eq!(Said::ALL.iter().map(|said| said.as_str()).collect::<Vec<_>>(), names);
}

#[test]
fn what_is_told_has_one_word() {
    let flaws = [
        (Flaw::Empty, "empty"),
        (Flaw::SpeechWithoutWords, "speech_without_words"),
        (Flaw::Loop, "loop"),
        (Flaw::Filler, "filler"),
        (Flaw::Echo, "echo"),
        (Flaw::OtherLanguage, "other_language"),
        (Flaw::TooMany, "too_many"),
        (Flaw::Shorter, "shorter"),
    ];
    assert!(flaws.iter().all(|(flaw, word)| flaw.as_str() == *word));
    let outcomes = [
        (InsightOutcome::Done, "done"),
        (InsightOutcome::NobodySpoke, "nobody_spoke"),
        (InsightOutcome::NoTranscript, "no_transcript"),
        (InsightOutcome::Refused, "refused"),
        (InsightOutcome::Incomplete, "incomplete"),
        (InsightOutcome::ContentFilter, "content_filter"),
        (InsightOutcome::InvalidAnswer, "invalid_answer"),
        (InsightOutcome::Rejected, "rejected"),
        (InsightOutcome::Unavailable, "unavailable"),
        (InsightOutcome::Quota, "quota"),
    ];
    assert!(outcomes.iter().all(|(outcome, word)| outcome.as_str() == *word));
    let ends = [
        (EndReason::AgentHangUp, "agent_hang_up"),
        (EndReason::CallerHangUp, "caller_hang_up"),
        (EndReason::ModelLost, "model_lost"),
        (EndReason::MaxDuration, "max_duration"),
    ];
    assert!(ends.iter().all(|(end, word)| end.as_str() == *word));
    let states = [
        (RecordingState::InProgress, "in_progress"),
        (RecordingState::Announced, "announced"),
        (RecordingState::Lost, "lost"),
        (RecordingState::Absent, "absent"),
    ];
    assert!(states.iter().all(|(state, word)| state.as_str() == *word));
    let dues = [
        (Due::Callback, "callback"),
        (Due::Archive, "archive"),
        (Due::Expire, "expire"),
        (Due::Erase, "erase"),
    ];
    assert!(dues.iter().all(|(due, word)| due.as_str() == *word));
    let deletions =
        [(DeletionReason::Requested, "requested"), (DeletionReason::RetentionOver, "retention_over")];
    assert!(deletions.iter().all(|(deletion, word)| deletion.as_str() == *word));
    let kept = [
        (Retention::Days30, "30-days", Some(30)),
        (Retention::Days90, "90-days", Some(90)),
        (Retention::Days365, "365-days", Some(365)),
        (Retention::Forever, "forever", None),
    ];
    for (class, word, days) in kept {
        assert_eq!((class.as_str(), class.days()), (word, days));
        assert_eq!(class.duration(), days.map(|days| Duration::from_secs(u64::from(days) * 86_400)));
    }
    let links =
        [(ShareEnd::Revoked, "revoked"), (ShareEnd::Expired, "expired"), (ShareEnd::UsedUp, "used_up")];
    assert!(links.iter().all(|(end, word)| end.as_str() == *word));
    let barred = [
        (Barred::Emergency, "emergency"),
        (Barred::PremiumRate, "premium_rate"),
        (Barred::Satellite, "satellite"),
        (Barred::OtherCountryBehindPlusOne, "other_country_behind_plus_one"),
        (Barred::Unassigned, "unassigned"),
    ];
    assert!(barred.iter().all(|(why, word)| why.as_str() == *word));
}

/// Keys, settings and answers of the API hold these words.
#[test]
fn scopes_and_roles_keep_their_words() {
    let scopes = [
        "calls:read",
        "calls:write",
        "calls:test",
        "calls:control",
        "calls:listen",
        "recordings:read",
        "recordings:write",
        "recordings:share",
        "transcripts:read",
        "transcripts:write",
        "messages:write",
        "texts:read",
        "texts:write",
        "appointments:read",
        "appointments:write",
        "contacts:read",
        "contacts:write",
        "contacts:erase",
        "contacts:export",
        "endpoints:read",
        "endpoints:write",
        "leads:read",
        "leads:write",
        "notifications:read",
        "notifications:write",
        "campaigns:read",
        "campaigns:write",
        "settings:read",
        "settings:write",
        "settings:publish",
        "numbers:read",
        "numbers:write",
        "do_not_call:read",
        "do_not_call:write",
        "business:read",
        "business:write",
        "keys:read",
        "keys:write",
        "usage:read",
        "usage:write",
        "audit:read",
        "secrets:read",
        "secrets:write",
        "businesses:read",
        "businesses:write",
        "deployment:read",
    ];
    assert_eq!(Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), scopes);
    assert_eq!(
        Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        ["viewer", "agent", "admin", "owner"]
    );
}

#[test]
fn refusals_to_place_a_call_keep_their_words() {
    let (until, max) = (Timestamp(0), 0);
    let refusals = [
        (NotPlaced::PolicyNotUnderstood, "policy_not_understood"),
        (NotPlaced::Itself, "itself"),
        (NotPlaced::Barred(Barred::Satellite), "barred"),
        (NotPlaced::UnknownCountry, "unknown_country"),
        (NotPlaced::Country(Country::parse("AT").unwrap()), "country"),
        (NotPlaced::DoNotCall, "do_not_call"),
        (NotPlaced::Late, "late"),
        (NotPlaced::MonthCap(Meter::Money), "month_cap"),
        (NotPlaced::DayCalls { max, until }, "day_calls"),
        (NotPlaced::DayMinutes { max, until }, "day_minutes"),
        (NotPlaced::DayMoney { max_micros: 0, until }, "day_money"),
        (NotPlaced::UnknownPrice, "unknown_price"),
        (NotPlaced::UnknownZone, "unknown_zone"),
        (NotPlaced::Hours { until: None }, "hours"),
        (NotPlaced::CoolingDown { until }, "cooling_down"),
        (NotPlaced::BusinessSlots, "business_slots"),
        (NotPlaced::DeploymentSlots, "deployment_slots"),
        (NotPlaced::Pace { until }, "pace"),
    ];
    assert!(refusals.iter().all(|(refusal, word)| refusal.code() == *word));
    assert_eq!([Meter::Minutes, Meter::Money].map(Meter::as_str), ["minutes", "money"]);
    let levels = [Level::Within, Level::Warning, Level::Reached].map(Level::as_str);
    assert_eq!(levels, ["within", "warning", "reached"]);
    assert_eq!(WARN_AT_PERCENT, 80);
}

#[test]
fn what_is_promised_lasts_as_long_as_it_is_said_to() {
    let seconds = [
        (MIN_SHARE_TTL, 60),
        (DEFAULT_SHARE_TTL, 604_800),
        (MAX_SHARE_TTL, 7_776_000),
        (PACE, 300),
        (ARCHIVE_WITHIN, 1_200),
        (ERASE_WITHIN, 1_200),
        (RECORDING_GRACE, 900),
    ];
    for (promised, seconds) in seconds {
        assert_eq!(promised.as_secs(), seconds);
    }
    assert_eq!(TEXT_MAX_BYTES, 8_192);
}

/// A derived key is of one purpose, and what it signs of one message; neither gives the other away.
#[test]
fn a_derived_key_signs_for_one_purpose() {
    let key = |text: &str| TokenKey::new(Secret::new(text.repeat(32))).unwrap();
    let (ours, theirs) = (key("a"), key("b"));
    let signed = ours.derived_mac("tools", b"message");
    assert_eq!(signed, ours.derived_mac("tools", b"message"));
    for other in [
        ours.derived_mac("shares", b"message"),
        ours.derived_mac("tools", b"another"),
        theirs.derived_mac("tools", b"message"),
        ours.derived("tools"),
        [0; 32],
    ] {
        assert_ne!(signed, other);
    }
    assert_ne!(ours.derived("tools"), ours.derived("shares"));
    assert_ne!(ours.derived("tools"), theirs.derived("tools"));
}
