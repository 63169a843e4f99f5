//! Twilio's end of the stream: it plays what it is given in real time and returns marks as it comes to them
//! (Twilio Media Streams, `mark` and `clear`).

use std::collections::VecDeque;

use session::input::MarkId;

/// What was handed to the line between two marks, and when it is heard. Times are milliseconds of the world.
#[derive(Debug)]
struct Stretch {
    from: u64,
    to: u64,
    item: String,
}

#[derive(Debug)]
pub(crate) struct Line {
    /// One way between the bridge and the caller's ear.
    pub(crate) delay: u64,
    free_at: u64,
    marks: VecDeque<(MarkId, u64)>,
    heard: VecDeque<Stretch>,
}

impl Line {
    pub(crate) fn new(delay: u64) -> Self {
        Self { delay, free_at: 0, marks: VecDeque::new(), heard: VecDeque::new() }
    }

    pub(crate) fn play(&mut self, now: u64, item: &str, millis: u64) {
        let from = self.free_at.max(now + self.delay);
        self.free_at = from + millis;
        match self.heard.back_mut() {
            Some(last) if last.item == item && last.to == from => last.to = from + millis,
            _ => self.heard.push_back(Stretch { from, to: from + millis, item: item.to_owned() }),
        }
        // Long ago is of no interest.
        while self.heard.len() > 64 {
            self.heard.pop_front();
        }
    }

    /// When the mark is due: the audio before it has been played.
    pub(crate) fn mark(&mut self, now: u64, mark: MarkId) -> u64 {
        let due = self.free_at.max(now + self.delay);
        self.marks.push_back((mark, due));
        due
    }

    /// What is not heard by the time the message arrives is discarded, and its marks come back at once. Returns
    /// when that is.
    pub(crate) fn clear(&mut self, now: u64) -> u64 {
        let at = now + self.delay;
        for (_, due) in &mut self.marks {
            *due = (*due).min(at);
        }
        self.heard.retain_mut(|stretch| {
            stretch.to = stretch.to.min(at);
            stretch.from < stretch.to
        });
        self.free_at = self.free_at.min(at);
        at
    }

    pub(crate) fn next_mark(&mut self, now: u64) -> Option<MarkId> {
        self.marks.pop_front_if(|(_, due)| *due <= now).map(|(mark, _)| mark)
    }

    pub(crate) fn is_audible(&self, now: u64) -> bool {
        self.heard.iter().rev().any(|stretch| stretch.from <= now && now < stretch.to)
    }

    /// How much is still to be played.
    pub(crate) fn backlog(&self, now: u64) -> u64 {
        self.free_at.saturating_sub(now)
    }

    /// How much of an item the caller will have heard when everything sent so far arrived and was played.
    pub(crate) fn heard_of(&self, item: &str) -> u64 {
        self.heard
            .iter()
            .filter(|stretch| stretch.item == item)
            .map(|stretch| stretch.to - stretch.from)
            .sum()
    }

    /// When the last sound ends, or ended.
    pub(crate) fn sounds_until(&self) -> u64 {
        self.heard.back().map_or(0, |stretch| stretch.to)
    }
}
