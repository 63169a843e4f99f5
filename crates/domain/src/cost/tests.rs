use super::*;
use crate::turn::EndReason;
use crate::{Epoch, Timestamp, testing};

fn session(seconds: i64, frames: u64, usage: Usage) -> SessionReport {
    SessionReport {
        ended_at: Timestamp::from_secs(seconds),
        frames_in: frames,
        frames_forwarded: frames,
        usage,
        ..testing::report(Epoch::FIRST, EndReason::AgentHangUp)
    }
}

const LISTENED: [(&str, Duration); 1] = [("gpt-transcribe", Duration::from_secs(60))];

fn used<'a>(sessions: &'a [SessionReport], text: &'a [TextUsage]) -> Used<'a> {
    Used {
        direction: Direction::Inbound,
        answered: true,
        duration: Some(Duration::from_secs(61)),
        sessions,
        realtime_model: Some("gpt-realtime-2.1"),
        live_transcription_model: Some("gpt-transcribe"),
        recorded: Some(Duration::from_secs(60)),
        listened: &LISTENED,
        text,
    }
}

fn micros(cost: &CallCost, kind: PartKind) -> Option<u64> {
    cost.parts.iter().find(|part| part.kind == kind).expect("the part is there").micros
}

/// By hand: (1,000 - 400) x 4 + 400 x 0.40 + (2,000 - 500) x 32 + 500 x 0.40 + 100 x 24 + 300 x 64 dollars per
/// million = 0.07236 dollars.
#[test]
fn realtime_tokens_are_priced_by_class_and_cached_ones_are_part_of_the_input() {
    let usage = Usage {
        responses: 2,
        input_text: 1_000,
        cached_text: 400,
        input_audio: 2_000,
        cached_audio: 500,
        output_text: 100,
        output_audio: 300,
    };
    let halves = [
        session(30, 0, Usage { output_audio: 100, ..Usage::default() }),
        session(31, 0, Usage { output_audio: 200, ..usage }),
    ];
    let cost = |model, sessions| {
        let used = Used { realtime_model: Some(model), ..used(sessions, &[]) };
        micros(&CallCost::of(&used, &PriceList::default()), PartKind::Realtime)
    };
    assert_eq!(cost("gpt-realtime-2.1", &halves[..]), Some(72_360), "over all sessions of the call");
    // (600 x 0.60 + 400 x 0.06 + 1,500 x 10 + 500 x 0.30 + 100 x 2.40 + 300 x 20) per million.
    assert_eq!(cost("gpt-realtime-2.1-mini", &halves[..]), Some(21_774));
    // 800 less than the newest for its cheaper text out.
    assert_eq!(cost("gpt-realtime-1.5", &halves[..]), Some(71_560));
    assert_eq!(cost("gpt-realtime-9", &halves[..]), None, "unknown is not free");
}

#[test]
fn minutes_at_twilio_are_begun_minutes_and_audio_at_openai_is_its_length() {
    let sessions = [session(59, 3_000, Usage::default()), session(61, 0, Usage::default())];
    let cost = CallCost::of(&used(&sessions, &[]), &PriceList::default());
    assert_eq!(micros(&cost, PartKind::Telephony), Some(17_000), "61 s are two minutes at 0.0085");
    assert_eq!(micros(&cost, PartKind::MediaStream), Some(12_000), "one and two minutes at 0.004");
    assert_eq!(micros(&cost, PartKind::Recording), Some(2_500));
    assert_eq!(micros(&cost, PartKind::FileTranscription), Some(4_500));
    assert_eq!(micros(&cost, PartKind::LiveTranscription), Some(4_500), "3,000 frames are a minute");
    assert!(cost.parts.iter().all(|part| part.at_most == (part.kind == PartKind::LiveTranscription)));
    assert!(cost.is_complete());
    assert_eq!(cost.known_micros(), 17_000 + 12_000 + 2_500 + 4_500 + 4_500);
    let outbound = Used { direction: Direction::Outbound, ..used(&sessions, &[]) };
    assert_eq!(micros(&CallCost::of(&outbound, &PriceList::default()), PartKind::Telephony), Some(28_000));
}

#[test]
fn what_has_no_price_or_no_quantity_is_unknown_and_the_total_says_so() {
    let text = [TextUsage { model: "gpt-0".into(), input: 1, cached_input: 0, cache_write: 0, output: 1 }];
    let unknown = Used { duration: None, listened: &[("none", Duration::ZERO)], ..used(&[], &text) };
    let cost = CallCost::of(&unknown, &PriceList::default());
    for kind in [PartKind::Telephony, PartKind::FileTranscription, PartKind::Insights] {
        assert_eq!(micros(&cost, kind), None, "{kind:?}");
    }
    assert!(!cost.is_complete());
    assert_eq!(cost.known_micros(), 2_500, "the recording's minute");
    assert_eq!(cost.as_of, "2026-11-20");
}

#[test]
fn an_unanswered_call_costs_nothing() {
    let used = Used { answered: false, duration: None, recorded: None, listened: &[], ..used(&[], &[]) };
    let cost = CallCost::of(&used, &PriceList::default());
    assert_eq!((cost.parts.len(), cost.is_complete()), (0, true));
}

/// By hand: (1,000 - 200) x 1 + 200 x 0.10 + 300 x 6 dollars per million = 0.00262 dollars.
#[test]
fn a_deployments_own_prices_lie_over_the_list() {
    let text = TextPrices { input: 1_000_000, cached_input: 100_000, cache_write: None, output: 6_000_000 };
    let prices = PriceList::default().with(PriceChanges {
        as_of: Some("2027-01-01".into()),
        text: [("own".to_owned(), text)].into(),
        telephony: TelephonyPrices { inbound_minute: Some(1), ..TelephonyPrices::default() },
        ..PriceChanges::default()
    });
    let usage =
        [TextUsage { model: "own".into(), input: 1_000, cached_input: 200, cache_write: 0, output: 300 }];
    let sessions = [session(60, 0, Usage::default())];
    let cost = CallCost::of(&used(&sessions, &usage), &prices);
    assert_eq!(micros(&cost, PartKind::Insights), Some(2_620));
    assert_eq!(micros(&cost, PartKind::Telephony), Some(2));
    assert_eq!(micros(&cost, PartKind::MediaStream), Some(4_000), "what was not named stays");
    assert_eq!(cost.as_of, "2027-01-01");
}

/// By hand: (10,000 - 4,000 - 2,000) x 0.10 + 4,000 x 0.01 + 2,000 x 0.125 + 1,000 x 0.50 dollars per million =
/// 0.00119 dollars.
#[test]
fn what_is_put_into_the_cache_costs_more_than_what_is_read_from_it() {
    let of = |model: &str, cached_input, cache_write| {
        let usage =
            TextUsage { model: model.into(), input: 10_000, cached_input, cache_write, output: 1_000 };
        micros(&CallCost::of(&used(&[], &[usage]), &PriceList::default()), PartKind::Insights)
    };
    assert_eq!(of("gpt-6-luna", 4_000, 2_000), Some(1_190));
    assert_eq!(of("gpt-5.6-luna", 0, 0), Some(3_200));
    assert_eq!(of("gpt-6-luna", 90_000, 90_000), Some(600), "no more than there was");
    let own = TextPrices { input: 1_000_000, cached_input: 0, cache_write: None, output: 0 };
    let usage = TextUsage { model: "own".into(), input: 10, cached_input: 4, cache_write: 2, output: 0 };
    assert_eq!(own.of(&usage), 6, "as other input");
}

#[test]
fn a_provider_that_counts_oddly_makes_nothing_negative() {
    let odd = Usage { input_text: 1, cached_text: 9, input_audio: 0, cached_audio: 9, ..Usage::default() };
    let sessions = [session(1, 0, odd)];
    let cost = CallCost::of(&used(&sessions, &[]), &PriceList::default());
    assert_eq!(micros(&cost, PartKind::Realtime), Some(0), "one cached token is below a micro-dollar's half");
}

#[test]
fn what_a_later_run_adds_is_what_the_cost_has_grown_by() {
    let part = |kind, model: Option<&str>, micros| Part {
        kind,
        model: model.map(str::to_owned),
        micros,
        at_most: false,
    };
    let cost = |parts: &[Part]| CallCost { as_of: "2027-01-01".into(), parts: parts.to_vec() };
    let talk = part(PartKind::Realtime, Some("a"), Some(100));
    let unknown = part(PartKind::FileTranscription, Some("b"), None);
    let summary = |micros| part(PartKind::Insights, Some("c"), Some(micros));
    let before = cost(&[talk.clone(), unknown.clone(), summary(7)]);
    assert_eq!(before.since(&before).parts, []);
    let after = cost(&[talk, unknown, summary(9), summary(5), part(PartKind::Recording, None, None)]);
    let grown = after.since(&before);
    assert_eq!(grown.parts, [summary(2), summary(5), part(PartKind::Recording, None, None)]);
    assert!(!grown.is_complete(), "a new part is not known");
    assert_eq!(cost(&[summary(3)]).since(&before).parts, [], "a lower price gives nothing back");
    assert_eq!(
        cost(&[part(PartKind::FileTranscription, Some("b"), Some(4))]).since(&before).known_micros(),
        4
    );
}
