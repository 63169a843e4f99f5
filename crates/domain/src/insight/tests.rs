use proptest::prelude::*;

use super::*;
use crate::recording::{Archived, WavFormat};
use crate::testing::call_sid;
use crate::transcript::TranscriptLine;

fn transcript(lines: &[(Option<Speaker>, &str)]) -> Transcript {
    let lines = lines.iter().map(|(speaker, text)| TranscriptLine::new(*speaker, *text)).collect();
    Transcript::new(&call_sid(1), Source::Realtime, lines, Timestamp(0))
}

fn conversation() -> Transcript {
    transcript(&[
        (Some(Speaker::Agent), "Hello, this is Robin. We have Thursday at nine or half past ten."),
        (Some(Speaker::Caller), "Hi, it's Anna  Lindqvist."),
        (Some(Speaker::Caller), "Half past ten on Thursday, please."),
        (Some(Speaker::Agent), "Booked. Your number ends in 0178?"),
        (Some(Speaker::Caller), "Yes: +353 (1) 555-0178."),
    ])
}

fn summary() -> Summary {
    Summary { topic: "t".into(), details: "d".into(), outcome: "o".into(), next_step: Some("  ".into()) }
}

fn checked(claims: &[(&str, &str, &str)], policy: &InsightPolicy) -> CheckedClaims {
    let claim =
        |value: &str, quote: &str| Some(Claim { value: value.into(), quote: quote.into(), confidence: 900 });
    let fields = claims.iter().map(|(name, value, quote)| ((*name).into(), claim(value, quote))).collect();
    check_claims(ModelClaims { summary: summary(), fields, lead_status: None }, &conversation(), policy)
}

fn field(name: &str, kind: FieldKind) -> InsightPolicy {
    let fields = vec![Field { name: name.into(), description: String::new(), kind }];
    InsightPolicy { fields, lead_statuses: vec![] }
}

#[test]
fn a_value_stands_on_words_that_were_said_and_names_their_speaker() {
    let policy = InsightPolicy::default();
    let taken = checked(
        &[
            ("name", "Anna Lindqvist", "it's anna lindqvist"),
            ("requested_date", "2026-11-26", "ANNA LINDQVIST! Half past ten  on Thursday"),
            ("requested_time", "10:30", "half past ten"),
            ("callback_number", "+353 1 555 0178", "+353 (1) 555-0178"),
            ("service", "a booking", "Booked"),
        ],
        &policy,
    );
    let values: Vec<_> =
        taken.extraction.iter().map(|e| (e.name.as_str(), e.value.as_str(), e.said_by)).collect();
    let caller = Some(Speaker::Caller);
    assert_eq!(
        values,
        [
            ("name", "Anna Lindqvist", caller),
            ("service", "a booking", Some(Speaker::Agent)),
            ("requested_date", "2026-11-26", caller),
            ("requested_time", "10:30", caller),
            ("callback_number", "+35315550178", caller),
        ]
    );
    assert!(taken.voided.is_empty());
    assert_eq!(taken.extraction[0].confidence, 100);
    assert_eq!(taken.summary.next_step, None, "blank is nothing");
}

#[test]
fn what_was_not_said_is_void() {
    for quote in
        ["", " ?! ", "my name is Anna", "Lindqvist Half past nine", "Robin it's Anna", "nna", "half pas"]
    {
        let taken = checked(&[("name", "Anna", quote)], &field("name", FieldKind::Text));
        assert_eq!(taken.extraction, [], "{quote}");
        assert_eq!(taken.voided, [Voided { name: "name".into(), why: Void::NotSaid }], "{quote}");
    }
}

#[test]
fn a_quote_is_found_in_a_script_that_does_not_part_words() {
    let words = transcript(&[(Some(Speaker::Caller), "木曜日の十時半にお願いします。")]);
    let claim = Claim { value: "木曜日".into(), quote: "木曜日の十時半".into(), confidence: 80 };
    let fields = [("day".to_owned(), Some(claim))].into();
    let answer = ModelClaims { summary: summary(), fields, lead_status: None };
    assert_eq!(check_claims(answer, &words, &field("day", FieldKind::Text)).extraction.len(), 1);
}

/// Case C17.
#[test]
fn a_quote_is_found_however_its_letters_are_written() {
    for (said, quote) in [
        ("Je viens au cafe\u{301}.", "au café"),
        ("Je viens au café.", "au cafe\u{301}"),
        ("\u{1102}\u{1162}\u{110B}\u{1175}\u{11AF} 예약하고 싶어요", "내일 예약"),
        ("שָׁלוֹם אֲנִי רוֹצֶה תּוֹר", "שלום אני רוצה תור"),
        ("שלום אני רוצה תור", "רוֹצֶה תּוֹר"),
        ("０１２３４５です", "012345"),
        ("٠١٢٣٤٥ من فضلك", "012345"),
        ("die Fahr\u{AD}rad\u{AD}werkstatt", "Fahrradwerkstatt"),
        ("in der Hauptstrasse", "Hauptstraße"),
        ("İstanbul'dan", "istanbul"),
    ] {
        let words = transcript(&[(Some(Speaker::Caller), said)]);
        let claim = Claim { value: quote.into(), quote: quote.into(), confidence: 80 };
        let fields = [("f".to_owned(), Some(claim))].into();
        let answer = ModelClaims { summary: summary(), fields, lead_status: None };
        let taken = check_claims(answer, &words, &field("f", FieldKind::Text));
        assert_eq!(taken.extraction.len(), 1, "{quote} in {said}");
        assert_eq!(taken.extraction[0].quote, quote, "as it was given");
    }
}

/// Case C17.
#[test]
fn figures_are_stored_as_figures() {
    for (kind, given, stored) in [
        (FieldKind::Phone, "０１２－３４５", "012345"),
        (FieldKind::Number, "٤٢", "42"),
        (FieldKind::Date, "２０２６-１１-２６", "2026-11-26"),
        (FieldKind::Time, "１０：３０", "10:30"),
        (FieldKind::OneOf(vec!["Café".into()]), "CAFE\u{301}", "Café"),
    ] {
        let taken = checked(&[("f", given, "Anna")], &field("f", kind));
        assert_eq!(taken.extraction.first().map(|fact| fact.value.as_str()), Some(stored), "{given}");
    }
}

#[test]
fn each_kind_takes_its_own_and_nothing_else() {
    let one_of = FieldKind::OneOf(vec!["Road Bike".into(), "E-Bike".into()]);
    for (kind, good, bad) in [
        (FieldKind::Text, &["x"][..], &["", "  "][..]),
        (FieldKind::Number, &["2", "-1.5"], &["two", "NaN", "inf", "1e999"]),
        (
            FieldKind::Date,
            &["2026-11-26", "2028-02-29"],
            &["Thursday", "2026-02-29", "2026-13-01", "26-11-2026", "2026-1-1"],
        ),
        (FieldKind::Time, &["00:00", "23:59"], &["24:00", "9:30", "half past", "10:60", "10:30:00"]),
        (FieldKind::Phone, &["+43 720 123", "012/345-67"], &["12", "call me", "+", "1234567890123456"]),
        (one_of, &["road bike", " E-Bike "], &["Tandem"]),
    ] {
        for value in good {
            assert_eq!(
                checked(&[("f", value, "Anna")], &field("f", kind.clone())).extraction.len(),
                1,
                "{value}"
            );
        }
        for value in bad {
            let voided = checked(&[("f", value, "Anna")], &field("f", kind.clone())).voided;
            assert_eq!(voided, [Voided { name: "f".into(), why: Void::WrongKind }], "{value}");
        }
    }
}

#[test]
fn only_what_the_business_asked_for_and_knows_is_taken() {
    let taken = checked(&[("secret", "x", "Anna")], &field("name", FieldKind::Text));
    assert!(taken.extraction.is_empty() && taken.voided.is_empty());
    let policy = InsightPolicy { lead_statuses: vec!["Booked".into()], ..InsightPolicy::default() };
    let status = |word: &str| {
        let answer = ModelClaims { summary: summary(), fields: [].into(), lead_status: Some(word.into()) };
        check_claims(answer, &conversation(), &policy).lead_status
    };
    assert_eq!(status(" booked"), Some("Booked".into()), "in the business's own spelling");
    assert_eq!(status("platinum"), None);
}

proptest! {
    /// Whatever an answer holds, what is taken was said, and nothing makes it panic.
    #[test]
    fn no_value_without_its_words(value in "\\PC{0,40}", quote in "\\PC{0,40}", confidence: i64) {
        let claim = Claim { value, quote: quote.clone(), confidence };
        let answer = ModelClaims { summary: summary(), fields: [("f".to_owned(), Some(claim))].into(), lead_status: None };
        let taken = check_claims(answer, &conversation(), &field("f", FieldKind::Text));
        if !taken.extraction.is_empty() {
            let all: String = conversation().lines.iter().map(|l| l.text.to_lowercase() + " ").collect();
            prop_assert!(all.contains(&crate::text::words(&quote)[0]));
        }
    }
}

fn stage_input<'a>(recording: Option<&'a RecordingState>, words: Option<&'a Transcript>) -> StageInput<'a> {
    StageInput {
        ended_at: Some(Timestamp(0)),
        refused: false,
        record_calls: true,
        recording,
        final_source: words.map(|words| words.source),
        transcript: words,
    }
}

#[test]
fn the_last_stage_waits_for_transcript_and_recording_and_for_no_longer_than_they_may_take() {
    let words = conversation();
    let archived = RecordingState::Archived(Archived {
        key: "k".into(),
        bytes: 1,
        sha256: String::new(),
        format: WavFormat {
            codec: Default::default(),
            channels: 2,
            sample_rate_hz: 8_000,
            bits_per_sample: 16,
            duration_ms: 1,
        },
        at: Timestamp(0),
        retention: Default::default(),
    });
    let soon = Timestamp(1_000);
    let late = Timestamp(0).plus(RECORDING_GRACE);
    let open = StageInput { ended_at: None, ..stage_input(Some(&archived), Some(&words)) };
    assert_eq!(stage(&open, late), Stage::Nothing, "a call that is not over");
    assert_eq!(stage(&stage_input(Some(&archived), None), late), Stage::Nothing, "no final transcript");
    for pending in [None, Some(&RecordingState::InProgress), Some(&RecordingState::Announced)] {
        let input = stage_input(pending, Some(&words));
        assert_eq!(stage(&input, soon), Stage::Wait(RECORDING_GRACE - Duration::from_secs(1)));
        assert_eq!(stage(&input, late), Stage::Ask);
        assert_eq!(stage(&StageInput { record_calls: false, ..input }, soon), Stage::Ask);
    }
    for end in [&archived, &RecordingState::Lost, &RecordingState::Absent] {
        assert_eq!(stage(&stage_input(Some(end), Some(&words)), soon), Stage::Ask);
    }
}

/// No caller, no model: a model that is asked about nothing invents something.
#[test]
fn without_speech_no_model_is_asked() {
    let end = RecordingState::Absent;
    let ask = |words: &Transcript| stage(&stage_input(Some(&end), Some(words)), Timestamp(0));
    let nobody = Stage::Plain(InsightOutcome::NobodySpoke);
    assert_eq!(ask(&transcript(&[(Some(Speaker::Agent), "Hello?"), (Some(Speaker::Caller), " ")])), nobody);
    assert_eq!(ask(&transcript(&[])), nobody);
    assert_eq!(ask(&transcript(&[(None, "Hello.")])), Stage::Ask, "it may be the caller");
    let mut failed = stage_input(Some(&end), None);
    failed.final_source = Some(Source::Failed);
    assert_eq!(stage(&failed, Timestamp(0)), Stage::Plain(InsightOutcome::NoTranscript));
    let refused = StageInput { refused: true, final_source: None, ..failed };
    assert_eq!(stage(&refused, Timestamp(0)), nobody);
}

#[test]
fn nothing_personal_is_printed() {
    let taken = checked(&[("name", "Anna", "Anna")], &field("name", FieldKind::Text));
    assert!(!taken.extraction.is_empty() && !format!("{taken:?}").contains("Anna"));
}

#[test]
fn the_instructions_never_hold_the_transcript_and_name_the_day() {
    let text = instructions("Harbour", "Friday 20 November 2026, 14:05", &InsightPolicy::default());
    assert!(text.contains("Friday 20 November 2026") && text.contains("lead_status"));
    let none = InsightPolicy { lead_statuses: vec![], ..InsightPolicy::default() };
    assert!(!instructions("Harbour", "Friday", &none).contains("lead_status"));
}
