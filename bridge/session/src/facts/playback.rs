//! What was handed to the line, and how much of it the caller has heard.
//!
//! Twilio buffers whatever it is sent and plays it in real time, while the model speaks many times faster, so
//! audio *sent* says nothing about audio *heard*. Every delta is followed by a mark, which Twilio returns
//! when the audio before it has been played. Between marks the clock tells how far the line can have come,
//! and never more than that.
//!
//! A mark is late by the way to the line and back. A `clear` takes that long to have an effect, and audio that plays
//! meanwhile is heard. So what was heard is counted from that much before the last mark arrived; the least lateness of
//! any mark so far stands for the way.
//!
//! A `clear` makes Twilio return the marks of what it discarded. Each clear therefore starts a new generation,
//! and marks of an older one are not progress.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::audio;
use crate::input::{MarkId, ModelAudio};

/// A mark that is this late will not come: the network lost it, or Twilio did. Until then its audio counts as
/// unplayed, because an interruption that stops nothing is harmless and one that is missed is not.
const PLAYOUT_GRACE: Duration = Duration::from_secs(5);
/// More speech than any sane response holds. What is beyond it is not sent.
const UNPLAYED_AUDIO_MAX: Duration = Duration::from_secs(300);
/// Bounds the memory that very short deltas could take.
const UNPLAYED_SEGMENTS_MAX: usize = 8_192;
/// A line further away than this is not far, it is behind.
const LAG_MAX: Duration = Duration::from_millis(400);
/// Room for a usual answer, so that speaking does not allocate.
const SEGMENTS_CAPACITY: usize = 32;

/// The audio of the call, from our sending it to the caller's hearing it.
#[derive(Debug)]
pub(crate) struct Playback {
    generation: u32,
    next_sequence: u32,
    next_part: u32,
    /// Sent and not known to be played, oldest first.
    segments: VecDeque<Segment>,
    /// Everything sent that no turn has taken account of yet, oldest first.
    parts: VecDeque<Part>,
    unplayed: Duration,
    /// The earliest moment at which the first segment can have begun.
    front_not_before: Option<Instant>,
    /// The earliest moment at which the line can have played everything.
    plays_until: Option<Instant>,
    /// The same if the line had never been late.
    schedule: Option<Instant>,
    /// The least that a mark was late.
    lag: Duration,
    accounted: Heard,
    /// Watchers were told that the agent speaks, and not yet that it stopped.
    announced: bool,
}

/// The audio between two marks.
#[derive(Debug)]
struct Segment {
    sequence: u32,
    part: u32,
    audio: Duration,
    sent_at: Instant,
    /// The earliest moment at which it can have ended.
    due: Instant,
}

/// One content part of one item: what `conversation.item.truncate` can cut.
#[derive(Debug)]
struct Part {
    serial: u32,
    response: String,
    item: String,
    content_index: u32,
    sent: Duration,
    played: Duration,
    /// The earliest moment at which its first sound can have been heard.
    audible_since: Instant,
    /// When it was, by the first mark that came back.
    was_audible_since: Option<Instant>,
    /// Nothing more may be added: it was interrupted.
    closed: bool,
    /// The model it came from is gone, and with it the item.
    orphaned: bool,
    /// Its response was cancelled: what was sent is played, and nothing is added.
    cancelled: bool,
}

/// How much of an item was generated for the line and how much of that was played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) sent: Duration,
    pub(crate) heard: Duration,
}

/// A part that was not heard to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) response: String,
    pub(crate) item: String,
    pub(crate) content_index: u32,
    pub(crate) sent: Duration,
    pub(crate) heard: Duration,
    /// The model has no such item any more.
    pub(crate) orphaned: bool,
}

impl Playback {
    pub(crate) fn new() -> Self {
        Self {
            generation: 0,
            next_sequence: 0,
            next_part: 0,
            segments: VecDeque::with_capacity(SEGMENTS_CAPACITY),
            parts: VecDeque::new(),
            unplayed: Duration::ZERO,
            front_not_before: None,
            plays_until: None,
            schedule: None,
            lag: LAG_MAX,
            accounted: Heard::default(),
            announced: false,
        }
    }

    /// Whether `audio` goes on where the last delta stopped.
    pub(crate) fn is_current(&self, audio: &ModelAudio<'_>) -> bool {
        self.parts.back().is_some_and(|part| {
            !part.closed
                && !part.orphaned
                && !part.cancelled
                && part.item == audio.item
                && part.response == audio.response
                && part.content_index == audio.content_index
        })
    }

    /// Whether any audio of this response was sent and not yet taken account of.
    pub(crate) fn has_sent(&self, response: &str) -> bool {
        self.parts.iter().any(|part| part.response == response)
    }

    /// Takes account of a delta about to be sent and names its mark; `None` if it must not be sent.
    pub(crate) fn send(&mut self, now: Instant, audio: &ModelAudio<'_>) -> Option<MarkId> {
        let duration = audio::duration_of(audio.payload);
        let full =
            self.unplayed + duration > UNPLAYED_AUDIO_MAX || self.segments.len() >= UNPLAYED_SEGMENTS_MAX;
        if duration.is_zero() || full {
            return None;
        }
        let starts = self.schedule.map_or(now, |end| end.max(now));
        let due = starts + duration;
        if !self.is_current(audio) {
            self.parts.push_back(Part {
                serial: self.next_part,
                response: audio.response.to_owned(),
                item: audio.item.to_owned(),
                content_index: audio.content_index,
                sent: Duration::ZERO,
                played: Duration::ZERO,
                audible_since: starts,
                was_audible_since: None,
                closed: false,
                orphaned: false,
                cancelled: false,
            });
            self.next_part = self.next_part.wrapping_add(1);
        }
        let part = self.parts.back_mut()?;
        part.sent += duration;
        let sequence = self.next_sequence;
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.segments.push_back(Segment { sequence, part: part.serial, audio: duration, sent_at: now, due });
        self.unplayed += duration;
        self.schedule = Some(due);
        self.plays_until = Some(self.plays_until.map_or(now, |end| end.max(now)) + duration);
        Some(MarkId { generation: self.generation, sequence })
    }

    /// A mark came back. Old generations, repeats and marks never sent change nothing.
    pub(crate) fn mark(&mut self, now: Instant, mark: MarkId) {
        if mark.generation != self.generation {
            return;
        }
        // Segments are consecutive, so the distance from the first one is the position.
        let Some(front) = self.segments.front() else { return };
        let index = mark.sequence.wrapping_sub(front.sequence) as usize;
        if index >= self.segments.len() {
            return;
        }
        self.lag = self.lag.min(now.saturating_duration_since(self.segments[index].due));
        let first = front.part;
        let played = self.segments.iter().take(index + 1).map(|segment| segment.audio).sum();
        if let Some(part) = self.parts.iter_mut().find(|part| part.serial == first) {
            part.was_audible_since = part.was_audible_since.or_else(|| now.checked_sub(played));
        }
        for _ in 0..=index {
            self.play_front();
        }
        self.front_not_before = now.checked_sub(self.lag);
        // A line that is behind the estimate still has to play the rest from here.
        let rest_ends = now + self.unplayed;
        self.plays_until = self.plays_until.map(|end| end.max(rest_ends)).filter(|_| self.is_audible());
    }

    /// Unplayed audio exists: the caller is hearing us, or is about to.
    pub(crate) fn is_audible(&self) -> bool {
        !self.segments.is_empty()
    }

    pub(crate) fn is_audible_from(&self, response: &str) -> bool {
        let Some(front) = self.segments.front() else { return false };
        self.parts.iter().any(|part| part.response == response && part.serial >= front.part && !part.closed)
    }

    pub(crate) fn is_playing(&self, item: &str) -> bool {
        self.parts.iter().any(|part| part.item == item && !part.closed && part.played < part.sent)
    }

    /// When the line will have played everything, at the earliest.
    pub(crate) fn plays_until(&self) -> Option<Instant> {
        self.plays_until
    }

    /// When marks that are still missing must be taken as lost.
    pub(crate) fn marks_lost_at(&self) -> Option<Instant> {
        self.plays_until.map(|end| end + PLAYOUT_GRACE)
    }

    /// The missing marks will not come; the line has played everything long ago.
    pub(crate) fn give_up_on_marks(&mut self) {
        while self.is_audible() {
            self.play_front();
        }
        self.plays_until = None;
    }

    /// Watchers are told that the agent speaks.
    pub(crate) fn announce(&mut self) {
        self.announced = true;
    }

    /// Watchers know that the agent stopped.
    pub(crate) fn announce_end(&mut self) {
        self.announced = false;
    }

    /// Whether watchers are still to be told that the line has played everything; true once.
    pub(crate) fn take_fell_silent(&mut self) -> bool {
        let fell_silent = self.announced && !self.is_audible();
        self.announced &= !fell_silent;
        fell_silent
    }

    /// Stops everything: what was not heard by now will not be. Returns the cuts in playing order; the first is
    /// of the part that was audible.
    pub(crate) fn interrupt(&mut self, now: Instant) -> Vec<Cut> {
        let first_unplayed = self.segments.front().map(|segment| segment.part);
        self.credit_elapsed(now);
        let mut cuts = vec![];
        for part in self.parts.iter_mut().filter(|part| !part.closed) {
            part.closed = true;
            if first_unplayed.is_none_or(|first| part.serial < first) {
                continue;
            }
            let elapsed = now.saturating_duration_since(part.audible_since);
            part.played = part.played.min(elapsed);
            if part.played < part.sent {
                cuts.push(Cut {
                    response: part.response.clone(),
                    item: part.item.clone(),
                    content_index: part.content_index,
                    sent: part.sent,
                    heard: part.played,
                    orphaned: part.orphaned,
                });
            }
        }
        self.segments.clear();
        self.unplayed = Duration::ZERO;
        self.plays_until = None;
        self.schedule = None;
        self.generation = self.generation.wrapping_add(1);
        cuts
    }

    /// A response was cancelled. What it said goes on playing, and nothing is added to it.
    pub(crate) fn cancel(&mut self, response: &str) {
        for part in self.parts.iter_mut().filter(|part| part.response == response) {
            part.cancelled = true;
        }
    }

    /// The model is gone. What it said goes on playing, and nothing is added to it.
    pub(crate) fn leg_lost(&mut self) {
        for part in &mut self.parts {
            part.orphaned = true;
        }
    }

    /// The account of one item as it will be without an interruption.
    pub(crate) fn will_have_played(&self, item: &str) -> Heard {
        self.parts.iter().filter(|part| part.item == item).fold(Heard::default(), |total, part| Heard {
            sent: total.sent + part.sent,
            heard: total.heard + if part.closed { part.played } else { part.sent },
        })
    }

    /// When the caller began to hear an item, as far as marks tell.
    pub(crate) fn audible_since(&self, item: &str) -> Option<Instant> {
        self.parts.iter().find(|part| part.item == item).and_then(|part| part.was_audible_since)
    }

    /// Hands over the account of one item and forgets it.
    pub(crate) fn take(&mut self, item: &str) -> Heard {
        let mut taken = Heard::default();
        self.parts.retain(|part| {
            if part.item == item {
                taken.sent += part.sent;
                taken.heard += part.played;
            }
            part.item != item
        });
        self.accounted.sent += taken.sent;
        self.accounted.heard += taken.heard;
        taken
    }

    /// All audio of the call so far.
    pub(crate) fn total(&self) -> Heard {
        self.parts.iter().fold(self.accounted, |total, part| Heard {
            sent: total.sent + part.sent,
            heard: total.heard + part.played,
        })
    }

    fn play_front(&mut self) {
        let Some(segment) = self.segments.pop_front() else { return };
        self.unplayed = self.unplayed.saturating_sub(segment.audio);
        if let Some(part) = self.parts.iter_mut().find(|part| part.serial == segment.part) {
            part.played += segment.audio;
        }
    }

    /// Credits what the line can have played since the last mark: the rest of the queue from where it stood,
    /// as fast as time passes and no segment before it was sent.
    fn credit_elapsed(&mut self, now: Instant) {
        let mut free_at = self.front_not_before;
        for segment in &self.segments {
            let starts = free_at.map_or(segment.sent_at, |free_at| free_at.max(segment.sent_at));
            let played = now.saturating_duration_since(starts).min(segment.audio);
            if let Some(part) = self.parts.iter_mut().find(|part| part.serial == segment.part) {
                part.played += played;
            }
            if played < segment.audio {
                break;
            }
            free_at = Some(starts + segment.audio);
        }
    }
}

#[cfg(test)]
mod tests;
