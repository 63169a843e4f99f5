//! What happened to a business's calls in a day: counts that only grow, from which shares and percentiles are read.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;

use crate::zone::Zone;
use crate::{Call, SessionReport, Speaker, Turn};

/// What is known of a call's sessions.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conversation<'a> {
    /// The reports of its sessions, the first one first.
    pub sessions: &'a [SessionReport],
    /// What was said.
    pub turns: &'a [Turn],
}

/// Calls that began in one hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HourFigures {
    /// Those that were let in and answered.
    pub answered: u64,
    /// The others: refused, or over before they were answered.
    pub missed: u64,
}

/// The figures of a day, or of several together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayFigures {
    /// By the hour in which calls began, by the business's clocks.
    pub hours: [HourFigures; 24],
    /// How long calls lasted, milliseconds.
    pub talk_ms: u64,
    /// From the beginning of a call's stream to the first sound of the greeting on the line.
    pub greeting: Histogram,
    /// From the end of what a caller said to the first sound of the agent's answer, turn by turn.
    pub latency: Histogram,
    /// How many calls ended in which way: the reason of the last session, or why there was none.
    pub ends: BTreeMap<String, u64>,
}

/// Times, counted by how long they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Histogram([u64; BOUNDS_MS.len() + 1]);

/// Up to where each count reaches, milliseconds; the last count has no end.
const BOUNDS_MS: [u64; 16] =
    [100, 200, 300, 400, 500, 600, 700, 800, 1_000, 1_250, 1_500, 2_000, 3_000, 4_000, 6_000, 10_000];

impl DayFigures {
    /// The day on which a call that is over began, and what it adds to that day.
    pub fn of_call(
        call: &Call,
        Conversation { sessions, turns }: Conversation<'_>,
        zone: &Zone,
    ) -> (Date, Self) {
        let began = zone.local(call.opened_at);
        let mut figures = Self::default();
        let is_answered = call.refusal.is_none() && call.answered_at.is_some();
        if let Some(hour) = usize::try_from(began.hour()).ok().and_then(|hour| figures.hours.get_mut(hour)) {
            *hour = HourFigures { answered: u64::from(is_answered), missed: u64::from(!is_answered) };
        }
        figures.talk_ms = u64::try_from(call.lasted().as_millis()).unwrap_or(u64::MAX);
        if let Some(heard) = sessions.first().and_then(|session| session.greeting_heard) {
            figures.greeting.add(heard);
        }
        for turn in turns.iter().filter(|turn| turn.speaker == Speaker::Agent) {
            if let Some(latency) = turn.latency {
                figures.latency.add(latency);
            }
        }
        let end = match (sessions.last(), call.refusal) {
            (Some(session), _) => session.end.as_str(),
            (None, Some(refusal)) => refusal.as_str(),
            (None, None) => call.status.as_str(),
        };
        figures.ends.insert(end.to_owned(), 1);
        (began.date(), figures)
    }

    /// Calls that were answered.
    pub fn answered(&self) -> u64 {
        self.hours.iter().map(|hour| hour.answered).sum()
    }

    /// Calls that were not.
    pub fn missed(&self) -> u64 {
        self.hours.iter().map(|hour| hour.missed).sum()
    }

    /// Every count that is not zero, each under a name that is its own. A store adds to counts by their names.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let mut counts = vec![("talk_ms".to_owned(), self.talk_ms)];
        for (hour, figures) in self.hours.iter().enumerate() {
            counts.push((format!("answered_{hour:02}"), figures.answered));
            counts.push((format!("missed_{hour:02}"), figures.missed));
        }
        for (name, histogram) in [("greeting", &self.greeting), ("latency", &self.latency)] {
            let each = histogram.0.iter().enumerate();
            counts.extend(each.map(|(place, count)| (format!("{name}_{place:02}"), *count)));
        }
        counts.extend(self.ends.iter().map(|(end, count)| (format!("end_{end}"), *count)));
        counts.retain(|(_, count)| *count > 0);
        counts
    }

    /// Adds a count that is kept under a name of [`counts`](Self::counts). Another name adds nothing: it is a later
    /// version's.
    pub fn add(&mut self, name: &str, count: u64) {
        let Some((kind, rest)) = name.split_once('_') else { return };
        let place = || rest.parse::<usize>().ok();
        let kept = match kind {
            "talk" if rest == "ms" => Some(&mut self.talk_ms),
            "answered" => place().and_then(|hour| self.hours.get_mut(hour)).map(|hour| &mut hour.answered),
            "missed" => place().and_then(|hour| self.hours.get_mut(hour)).map(|hour| &mut hour.missed),
            "greeting" => place().and_then(|place| self.greeting.0.get_mut(place)),
            "latency" => place().and_then(|place| self.latency.0.get_mut(place)),
            "end" => Some(self.ends.entry(rest.to_owned()).or_default()),
            _ => None,
        };
        if let Some(kept) = kept {
            *kept = kept.saturating_add(count);
        }
    }

    /// Adds another day's.
    pub fn add_all(&mut self, other: &Self) {
        for (name, count) in other.counts() {
            self.add(&name, count);
        }
    }
}

impl Histogram {
    fn add(&mut self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let place = BOUNDS_MS.partition_point(|bound| *bound < ms);
        if let Some(count) = self.0.get_mut(place) {
            *count += 1;
        }
    }

    /// How many times there are.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time that this share of all times does not exceed, milliseconds; `None` without times. Within a count it is read
    /// off a straight line, so it is as exact as the counts are wide; above ten seconds it is ten seconds.
    pub fn percentile_ms(&self, percent: u8) -> Option<u64> {
        let wanted = (self.total() * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut below = 0;
        for (place, count) in self.0.iter().enumerate() {
            if below + count >= wanted {
                let from = place.checked_sub(1).and_then(|place| BOUNDS_MS.get(place)).copied().unwrap_or(0);
                let to = BOUNDS_MS.get(place).copied().unwrap_or(from);
                return Some(from + (to - from) * (wanted - below) / count);
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::call::Refusal;
    use crate::{CallStatus, Timestamp, testing};

    /// 24 November 2026, 22:13:20 UTC: 23 o'clock in Vienna.
    const NOW: Timestamp = Timestamp::from_secs(1_795_558_400);

    fn vienna() -> Zone {
        Zone::parse("Europe/Vienna").unwrap()
    }

    fn of(times: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for ms in times {
            histogram.add(Duration::from_millis(*ms));
        }
        histogram
    }

    #[test]
    fn a_call_is_counted_in_its_hour_and_by_how_it_ended() {
        let answered = Call {
            status: CallStatus::Completed,
            answered_at: Some(NOW),
            duration: Some(Duration::from_secs(61)),
            ..testing::call(1, NOW)
        };
        let (day, figures) = DayFigures::of_call(&answered, Conversation::default(), &vienna());
        assert_eq!(day.to_string(), "2026-11-24");
        assert_eq!((figures.answered(), figures.missed(), figures.talk_ms), (1, 0, 61_000));
        assert_eq!(figures.hours[23].answered, 1);
        assert_eq!(figures.ends, [("completed".to_owned(), 1)].into());
        let refused = Call { refusal: Some(Refusal::AtCapacity), ..answered.clone() };
        let unanswered = Call { status: CallStatus::NoAnswer, answered_at: None, ..answered };
        for (call, end) in [(refused, "at_capacity"), (unanswered, "no-answer")] {
            let (_, figures) = DayFigures::of_call(&call, Conversation::default(), &vienna());
            assert_eq!((figures.answered(), figures.missed()), (0, 1));
            assert_eq!(figures.ends, [(end.to_owned(), 1)].into());
        }
    }

    #[test]
    fn a_percentile_lies_where_that_share_of_the_times_does() {
        assert_eq!(of(&[]).percentile_ms(50), None);
        let hundred: Vec<u64> = (1..=100).map(|n| n * 10).collect();
        let histogram = of(&hundred);
        assert_eq!(histogram.total(), 100);
        assert_eq!(histogram.percentile_ms(50), Some(500));
        assert_eq!(histogram.percentile_ms(90), Some(900));
        assert_eq!(histogram.percentile_ms(99), Some(990));
        assert_eq!(of(&[60_000]).percentile_ms(50), Some(10_000));
    }

    proptest! {
        /// What a store keeps by names is what was counted.
        #[test]
        fn counts_are_added_by_their_names(
            talk_ms in 0..1_000_000_u64,
            hours in prop::collection::vec((0_usize..24, 0..9_u64, 0..9_u64), 0..9),
            times in prop::collection::vec(0..20_000_u64, 0..30),
            ends in prop::collection::btree_map("[a-z_-]{1,12}", 1..9_u64, 0..5),
        ) {
            let mut figures = DayFigures { talk_ms, ends, greeting: of(&times), ..DayFigures::default() };
            for (hour, answered, missed) in hours {
                figures.hours[hour] = HourFigures { answered, missed };
            }
            let mut read = DayFigures::default();
            read.add("what_comes_later", 7);
            for (name, count) in figures.counts() {
                read.add(&name, count);
            }
            prop_assert_eq!(&read, &figures);
            read.add_all(&figures);
            prop_assert_eq!(read.talk_ms, 2 * talk_ms);
            prop_assert_eq!(read.greeting.total(), 2 * figures.greeting.total());
        }

        #[test]
        fn percentiles_rise(times in prop::collection::vec(0..20_000_u64, 1..60)) {
            let histogram = of(&times);
            let found: Vec<_> = (1..=100).map(|percent| histogram.percentile_ms(percent).unwrap()).collect();
            prop_assert!(found.is_sorted());
            let longest = times.iter().max().unwrap();
            prop_assert!(found[99] >= (*longest).min(10_000));
        }
    }
}
