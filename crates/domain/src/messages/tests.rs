use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::recording::RecordingSource;
use crate::testing::{self, call_sid};
use crate::transcript::{Source, TranscriptLine};
use crate::{Speaker, Transcript};

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

fn mark() -> Mark {
    Mark { by: KeyId::parse("E1EwthbN").unwrap(), name: "front desk".into(), at: NOW }
}

fn of_call(n: u32) -> Origin {
    Origin::Call(call_sid(n))
}

fn sid(n: u32) -> RecordingSid {
    RecordingSid::parse(&format!("RE{n:032x}")).unwrap()
}

fn recording(n: u32, kind: RecordingKind, state: RecordingState) -> Recording {
    let new = Recording::new(sid(n), call_sid(1), testing::business().id, state, NOW);
    Recording { kind, source: RecordingSource::RecordVerb, ..new }
}

#[test]
fn a_name_holds_its_time_and_tells_what_was_left_apart() {
    let of = |ms, name: &str, kind| MessageId::of(Timestamp(ms), &of_call(1), kind, name);
    let id = of(NOW.0, "a", MessageKind::Message);
    assert_eq!((id.at(), MessageId::parse(&id.to_string())), (NOW, Ok(id)));
    assert_eq!(id, of(NOW.0, "a", MessageKind::Message), "told twice it is the same");
    let others = [
        of(NOW.0, "b", MessageKind::Message),
        of(NOW.0, "a", MessageKind::Voicemail),
        MessageId::of(NOW, &of_call(2), MessageKind::Message, "a"),
    ];
    assert!(others.iter().all(|other| *other != id && other.at() == NOW && other.day() == id.day()));
    assert!(of(NOW.0 - 1, "z", MessageKind::Voicemail) < id && id < of(NOW.0 + 1, "a", MessageKind::Message));
    for bad in ["", "x", &"0".repeat(31), &"0".repeat(33), &"G".repeat(32), &"A".repeat(32)] {
        assert!(MessageId::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(of(-1, "a", MessageKind::Message).at(), Timestamp(0));
    assert_eq!(of(i64::MAX, "a", MessageKind::Message).at().0, (1 << 48) - 1);
}

#[test]
fn a_day_holds_what_was_left_on_it_and_nothing_else() {
    let of = |ms| MessageId::of(Timestamp(ms), &of_call(1), MessageKind::Message, "a");
    let day = of(NOW.0).day();
    let Span { from, to } = day.until(day);
    let begins = i64::from(day.0) * DAY_MS;
    for (ms, inside) in
        [(begins - 1, false), (begins, true), (begins + DAY_MS - 1, true), (begins + DAY_MS, false)]
    {
        assert_eq!((from..=to).contains(&of(ms)), inside, "{ms}");
        assert_eq!(of(ms).day() == day, inside, "{ms}");
    }
}

/// A recording that is in progress is announced at another time than that of its end.
#[test]
fn a_voicemail_is_left_once_there_is_one() {
    let call = testing::call(1, NOW);
    let left = |kind, state| Left::voicemail(&call, &recording(1, kind, state));
    let voicemail = left(RecordingKind::Voicemail, RecordingState::Announced).unwrap();
    assert_eq!((voicemail.kind(), voicemail.caller.as_ref()), (MessageKind::Voicemail, call.other_party()));
    let lost = left(RecordingKind::Voicemail, RecordingState::Lost);
    assert_eq!(lost, Some(voicemail), "what becomes of it changes nothing");
    for none in [RecordingState::InProgress, RecordingState::Absent] {
        assert_eq!(left(RecordingKind::Voicemail, none), None);
    }
    assert_eq!(left(RecordingKind::Call, RecordingState::Announced), None);
}

#[test]
fn a_message_that_a_call_took_is_left_under_its_own_name() {
    let call = testing::call(1, NOW);
    let message = TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None };
    let messages = [("a".to_owned(), NOW, message.clone()), ("b".to_owned(), NOW, message)];
    let recordings = CallRecordings {
        all: vec![recording(1, RecordingKind::Voicemail, RecordingState::Announced)],
        search: None,
    };
    let left = Left::of_call(&call, &messages, &recordings);
    let ids: BTreeSet<MessageId> = left.iter().map(|one| one.id).collect();
    assert_eq!((left.len(), ids.len()), (3, 3));
    assert!(!format!("{left:?}").contains("wheel"), "words are not printed");
}

#[test]
fn the_words_of_a_voicemail_are_those_that_were_said_to_it() {
    let voicemail = Recording {
        started_at: Some(NOW.plus(Duration::from_secs(30))),
        ..recording(1, RecordingKind::Voicemail, RecordingState::Announced)
    };
    let whole = Recording {
        started_at: Some(NOW),
        source: RecordingSource::StartTwiml,
        ..recording(2, RecordingKind::Call, RecordingState::Announced)
    };
    let line = |speaker, text: &str, at| {
        let at = Duration::from_secs(at);
        TranscriptLine::new(Some(speaker), text).within(at, at)
    };
    let lines = vec![
        line(Speaker::Caller, "Is anybody there?", 3),
        line(Speaker::Agent, "Leave a message after the tone.", 29),
        line(Speaker::Caller, "It is Dana.", 30),
        line(Speaker::Caller, "Call me back.", 33),
    ];
    let of = |source, heard: Option<&Recording>, known: &[&Recording]| {
        let mut transcript = Transcript::new(&call_sid(1), source, lines.clone(), NOW);
        transcript.recording = heard.map(|heard| heard.sid.clone());
        let all = known.iter().copied().cloned().collect();
        words_of(&voicemail, &CallRecordings { all, search: None }, &transcript)
    };
    let both = [&whole, &voicemail];
    let said = Some("It is Dana. Call me back.".to_owned());
    assert_eq!(of(Source::Recording, Some(&whole), &both), said);
    let all = of(Source::Recording, Some(&voicemail), &both).unwrap();
    assert!(all.starts_with("Is anybody there?") && all.ends_with("back."), "{all}");
    assert_eq!(of(Source::Edited, None, &both), said);
    assert_eq!(of(Source::Edited, None, &[&voicemail]), Some(all));
    assert_eq!(of(Source::Realtime, None, &both), None, "the conversation went before it");
    let unknown = Recording { started_at: None, ..whole.clone() };
    assert_eq!(of(Source::Recording, Some(&unknown), &[&unknown, &voicemail]), None);
}

/// What was left, and of each whether it is done.
type Desk = BTreeMap<MessageId, (MessageKind, bool)>;

fn tallies(desk: &Desk) -> [BTreeMap<Day, Tally>; 2] {
    let mut tallies: [BTreeMap<Day, Tally>; 2] = Default::default();
    for (id, (kind, done)) in desk {
        for side in tallies.iter_mut().take(if *done { 2 } else { 1 }) {
            let tally = side.entry(id.day()).or_default();
            match kind {
                MessageKind::Message => tally.messages += 1,
                MessageKind::Voicemail => tally.voicemails += 1,
            }
        }
    }
    tallies
}

/// One page, as a store reads it: the spans, and of each some rows.
fn page(
    desk: &Desk,
    wanted: Wanted,
    behind: Option<MessageId>,
    limit: usize,
    chunk: usize,
) -> Page<MessageId> {
    let [left, done] = tallies(desk);
    let mut walk = Walk::new(wanted.spans(&left, &done), behind, limit);
    while let Some(span) = walk.next_read() {
        let rows: Vec<_> = desk.range(span.from..=span.to).rev().collect();
        let read = rows
            .iter()
            .take(chunk)
            .map(|(id, (kind, done))| (**id, wanted.fits(*kind, done.then(mark).as_ref()).then_some(**id)));
        walk.take(read.collect(), rows.len() > chunk);
    }
    walk.finish()
}

fn some_id() -> impl Strategy<Value = MessageId> {
    // Few days, and few moments of them, so that they meet.
    (0..6_i64, 0..4_i64, any::<u8>()).prop_map(|(day, moment, name)| {
        let at = Timestamp(NOW.0 + day * DAY_MS + moment);
        MessageId::of(at, &of_call(1), MessageKind::Message, &name.to_string())
    })
}

fn some_kind() -> impl Strategy<Value = MessageKind> {
    prop_oneof![Just(MessageKind::Message), Just(MessageKind::Voicemail)]
}

fn some_desk() -> impl Strategy<Value = Desk> {
    prop::collection::btree_map(some_id(), (some_kind(), any::<bool>()), 0..60)
}

fn some_wish() -> impl Strategy<Value = Wanted> {
    let state = prop_oneof![Just(MessageState::Waiting), Just(MessageState::Done)];
    (prop::option::of(state), prop::option::of(some_kind())).prop_map(|(state, kind)| Wanted { state, kind })
}

proptest! {
    /// What fits from the first page to the last is seen once, in its order, and nothing is seen twice, whatever is left
    /// and marked between the pages.
    #[test]
    fn a_walk_has_no_gaps_and_no_doubles(
        mut desk in some_desk(),
        wanted in some_wish(),
        limit in 1..8_usize,
        chunk in 1..8_usize,
        changes in prop::collection::vec((some_id(), some_kind(), any::<bool>()), 0..40),
    ) {
        let fits = |desk: &Desk| -> BTreeSet<MessageId> {
            let fit = desk.iter().filter(|(_, (kind, done))| wanted.fits(*kind, done.then(mark).as_ref()));
            fit.map(|(id, _)| *id).collect()
        };
        let mut always = fits(&desk);
        let (mut seen, mut behind, mut changes) = (vec![], None, changes.into_iter());
        loop {
            let Page { found, next } = page(&desk, wanted, behind, limit, chunk);
            prop_assert!(found.len() <= limit);
            seen.extend(found);
            prop_assert!(next.is_none() || behind.is_none() || next < behind, "a walk comes to its end");
            behind = next;
            if next.is_none() {
                break;
            }
            for (id, kind, done) in changes.by_ref().take(3) {
                let kind = desk.get(&id).map_or(kind, |(kind, _)| *kind);
                desk.insert(id, (kind, done));
            }
            always = &always & &fits(&desk);
        }
        prop_assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{:?}", seen);
        let seen: BTreeSet<MessageId> = seen.into_iter().collect();
        prop_assert!(seen.is_superset(&always), "{:?} were passed over", always.difference(&seen));
    }

    /// A list that does not change is the same in one page and in many.
    #[test]
    fn the_size_of_a_page_changes_nothing(desk in some_desk(), wanted in some_wish(), limit in 1..5_usize) {
        let fit = |(id, (kind, done)): (&MessageId, &(MessageKind, bool))| {
            wanted.fits(*kind, done.then(mark).as_ref()).then_some(*id)
        };
        let all: Vec<MessageId> = desk.iter().rev().filter_map(fit).collect();
        let whole = page(&desk, wanted, None, 100, 100);
        prop_assert_eq!(&whole.found, &all);
        prop_assert_eq!(whole.next, None);
        let (mut walked, mut behind) = (vec![], None);
        loop {
            let Page { found, next } = page(&desk, wanted, behind, limit, 2);
            walked.extend(found);
            behind = next;
            if next.is_none() {
                break;
            }
        }
        prop_assert_eq!(walked, all);
    }

    /// No day on which nothing that is wanted lies is looked at, but for those without anything at all.
    #[test]
    fn a_look_is_where_something_is(desk in some_desk(), wanted in some_wish()) {
        let [left, done] = tallies(&desk);
        let spans = wanted.spans(&left, &done);
        for (id, (kind, is_done)) in &desk {
            let looked_at = spans.iter().any(|span| (span.from..=span.to).contains(id));
            if wanted.fits(*kind, is_done.then(mark).as_ref()) {
                prop_assert!(looked_at);
            }
            let of_day = desk.iter().filter(|(other, _)| other.day() == id.day());
            let fits = of_day.filter(|(_, (kind, done))| wanted.fits(*kind, done.then(mark).as_ref())).count();
            prop_assert_eq!(looked_at, fits > 0);
        }
        prop_assert!(spans.windows(2).all(|pair| pair[0].from > pair[1].to));
    }
}

#[test]
fn words_stay_the_same() {
    assert_eq!(
        MessageKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        ["message", "voicemail"]
    );
    assert_eq!(MessageState::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>(), ["waiting", "done"]);
    assert!(MessageKind::ALL.iter().all(|kind| MessageKind::parse(kind.as_str()) == Some(*kind)));
    let (left, done) = (Tally { messages: 3, voicemails: 1 }, Tally { messages: 1, voicemails: 2 });
    let waiting = left.without(done);
    assert_eq!(waiting, Tally { messages: 2, voicemails: 0 });
    assert_eq!(waiting.of(None), 2);
}
