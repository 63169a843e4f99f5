//! The line's buffer: what it is sent is played in order and in real time; a mark returns when what was queued
//! before it has been played; a clear forgets the rest and returns the marks of it (Twilio Media Streams docs).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Playout {
    plays_until: Option<Instant>,
    /// The response that was queued last, and how much of it.
    response: u32,
    queued: Duration,
    /// Audio of this response and of those before it is not wanted any more.
    cleared: Option<u32>,
    marks: VecDeque<(Instant, String)>,
}

impl Playout {
    /// Queues audio; false if its response was cleared before. It is played all the same.
    pub(crate) fn queue(&mut self, now: Instant, response: u32, audio: Duration) -> bool {
        if response != self.response {
            self.response = response;
            self.queued = Duration::ZERO;
        }
        self.queued += audio;
        self.plays_until = Some(self.plays_until.map_or(now, |until| until.max(now)) + audio);
        self.cleared.is_none_or(|cleared| response > cleared)
    }

    pub(crate) fn mark(&mut self, now: Instant, name: &str) {
        let at = self.plays_until.map_or(now, |until| until.max(now));
        self.marks.push_back((at, name.to_owned()));
    }

    /// Forgets what was not played; returns how much of the last response was.
    pub(crate) fn clear(&mut self, now: Instant) -> Duration {
        let left =
            self.plays_until.take().map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        self.cleared = Some(self.response);
        self.marks.iter_mut().for_each(|(at, _)| *at = now);
        self.queued.saturating_sub(left)
    }

    pub(crate) fn next_mark(&self) -> Option<Instant> {
        self.marks.front().map(|(at, _)| *at)
    }

    /// The next mark that has been reached by now.
    pub(crate) fn played_mark(&mut self, now: Instant) -> Option<String> {
        self.marks.pop_front_if(|(at, _)| *at <= now).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn marks_return_when_the_audio_before_them_was_played() {
        let (mut playout, start) = (Playout::default(), Instant::now());
        assert!(playout.queue(start, 0, ms(100)));
        playout.mark(start, "a");
        assert!(playout.queue(start + ms(10), 0, ms(100)));
        playout.mark(start + ms(10), "b");
        assert_eq!(playout.next_mark(), Some(start + ms(100)));
        assert_eq!(playout.played_mark(start + ms(99)), None);
        assert_eq!(playout.played_mark(start + ms(150)).as_deref(), Some("a"));
        assert_eq!(playout.played_mark(start + ms(150)), None);
        assert_eq!(playout.played_mark(start + ms(200)).as_deref(), Some("b"));
    }

    #[test]
    fn a_clear_tells_what_was_played_and_returns_every_mark() {
        let (mut playout, start) = (Playout::default(), Instant::now());
        playout.queue(start, 1, ms(300));
        playout.mark(start, "a");
        assert_eq!(playout.clear(start + ms(120)), ms(120));
        assert_eq!(playout.played_mark(start + ms(120)).as_deref(), Some("a"));
        assert!(!playout.queue(start + ms(130), 1, ms(100)), "late audio of what was cleared");
        assert!(playout.queue(start + ms(140), 2, ms(100)), "the next response");
    }

    #[test]
    fn a_line_that_ran_dry_does_not_play_faster_later() {
        let (mut playout, start) = (Playout::default(), Instant::now());
        playout.queue(start, 0, ms(100));
        playout.queue(start + ms(500), 0, ms(100));
        assert_eq!(playout.clear(start + ms(520)), ms(120));
    }
}
