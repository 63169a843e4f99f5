use proptest::prelude::*;

use super::*;
use crate::testing::origin;

/// Base64 of 100 ms.
const DELTA: &[u8] = &[b'/'; 1_067];

fn delta<'a>(response: &'a str, item: &'a str) -> ModelAudio<'a> {
    ModelAudio { response, item, content_index: 0, payload: DELTA }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn an_answer_in_step_with_the_line_grows_no_queue() {
    let mut now = origin();
    let mut playback = Playback::new();
    let capacity = playback.segments.capacity();
    for _ in 0..10_000 {
        let mark = playback.send(now, &delta("r", "i")).unwrap();
        now += ms(100);
        playback.mark(now, mark);
    }
    assert_eq!(playback.segments.capacity(), capacity);
    assert_eq!(playback.parts.len(), 1);
}

#[test]
fn a_mark_that_was_lost_is_covered_by_the_next() {
    let now = origin();
    let mut playback = Playback::new();
    playback.send(now, &delta("r", "i")).unwrap();
    let second = playback.send(now, &delta("r", "i")).unwrap();
    playback.mark(now + ms(200), second);
    assert!(!playback.is_audible());
    assert_eq!(playback.take("i"), Heard { sent: ms(200), heard: ms(200) });
}

#[test]
fn a_mark_of_an_older_generation_is_no_progress_whatever_its_number() {
    let now = origin();
    let mut playback = Playback::new();
    playback.send(now, &delta("r", "i")).unwrap();
    playback.interrupt(now);
    let current = playback.send(now, &delta("r2", "i2")).unwrap();
    playback.mark(now + ms(100), MarkId { generation: current.generation - 1, ..current });
    assert!(playback.is_playing("i2"));
    playback.mark(now + ms(100), current);
    assert!(!playback.is_playing("i2"));
}

#[test]
fn a_line_that_is_late_has_its_marks_awaited_for_longer() {
    let now = origin();
    let mut playback = Playback::new();
    let first = playback.send(now, &delta("r", "i")).unwrap();
    playback.send(now, &delta("r", "i")).unwrap();
    assert_eq!(playback.marks_lost_at(), Some(now + ms(200) + PLAYOUT_GRACE));
    playback.mark(now + ms(4_000), first);
    assert_eq!(playback.marks_lost_at(), Some(now + ms(4_100) + PLAYOUT_GRACE));
}

#[test]
fn audio_that_came_in_pieces_was_not_heard_before_it_was_sent() {
    let now = origin();
    let mut playback = Playback::new();
    playback.send(now, &delta("r", "i")).unwrap();
    playback.send(now + ms(500), &delta("r", "i")).unwrap();
    let cuts = playback.interrupt(now + ms(540));
    assert_eq!((cuts[0].sent, cuts[0].heard), (ms(200), ms(140)));
}

/// Marks that take 120 ms to come back: half of that is how long the next sound has been heard by the time its
/// predecessor's mark is here, and the other half is how long it will still be heard when it is cleared.
#[test]
fn the_way_to_the_line_and_back_is_heard_too() {
    let now = origin();
    let mut playback = Playback::new();
    let marks: Vec<_> = (0..5).filter_map(|_| playback.send(now, &delta("r", "i"))).collect();
    playback.mark(now + ms(220), marks[0]);
    playback.mark(now + ms(320), marks[1]);
    assert_eq!(playback.interrupt(now + ms(330))[0].heard, ms(330));
}

/// After that the line is known to be near, so a late mark is a line that is behind.
#[test]
fn a_line_that_falls_behind_is_not_credited_with_what_it_has_not_played() {
    let now = origin();
    let mut playback = Playback::new();
    let marks: Vec<_> = (0..5).filter_map(|_| playback.send(now, &delta("r", "i"))).collect();
    playback.mark(now + ms(120), marks[0]);
    playback.mark(now + ms(1_200), marks[1]);
    assert_eq!(playback.interrupt(now + ms(1_210))[0].heard, ms(230));
}

#[test]
fn what_would_play_for_longer_than_any_speech_is_not_sent() {
    let now = origin();
    let mut playback = Playback::new();
    let sent = (0..10_000).filter(|_| playback.send(now, &delta("r", "i")).is_some()).count();
    assert_eq!(sent, 3_000);
}

#[derive(Debug, Clone)]
enum Step {
    Send(u8),
    Wait(u64),
    Mark(u32, u32),
    Interrupt,
    GiveUp,
    Take(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3u8).prop_map(Step::Send),
        4 => (0..400u64).prop_map(Step::Wait),
        4 => (0..3u32, 0..30u32).prop_map(|(generation, sequence)| Step::Mark(generation, sequence)),
        1 => Just(Step::Interrupt),
        1 => Just(Step::GiveUp),
        1 => (0..3u8).prop_map(Step::Take),
    ]
}

proptest! {
    /// Whatever the marks claim.
    #[test]
    fn heard_never_exceeds_sent_nor_a_cut_the_time_that_passed(steps in prop::collection::vec(step(), 0..80)) {
        let began = origin();
        let mut now = began;
        let mut playback = Playback::new();
        for step in steps {
            match step {
                Step::Send(item) => {
                    playback.send(now, &delta("r", &item.to_string()));
                }
                Step::Wait(millis) => now += ms(millis),
                Step::Mark(generation, sequence) => playback.mark(now, MarkId { generation, sequence }),
                Step::Interrupt => {
                    for cut in playback.interrupt(now) {
                        prop_assert!(cut.heard < cut.sent);
                        prop_assert!(cut.heard <= now - began);
                    }
                    prop_assert!(!playback.is_audible());
                }
                Step::GiveUp => playback.give_up_on_marks(),
                Step::Take(item) => {
                    let taken = playback.take(&item.to_string());
                    prop_assert!(taken.heard <= taken.sent);
                }
            }
            let total = playback.total();
            prop_assert!(total.heard <= total.sent);
            let queued: Duration = playback.segments.iter().map(|segment| segment.audio).sum();
            prop_assert_eq!(queued, playback.unplayed);
            prop_assert_eq!(playback.is_audible(), playback.plays_until.is_some());
        }
    }
}
