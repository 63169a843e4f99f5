//! What a session is told, and when.

use std::rc::Rc;

use session::input::{CallerAudio, ModelLoss};
use session::{Input, Phase};

use crate::events::Ev;
use crate::fixtures::audio;
use crate::model::Said;
use crate::world::World;

impl World {
    pub(crate) fn stall(&mut self, b: usize, millis: u64) {
        let bridge = &mut self.bridges[b];
        if !bridge.over {
            bridge.stalled_until = self.now + millis;
            bridge.laws.stalled(millis);
        }
    }

    pub(crate) fn cut(&mut self, b: usize, leg: usize, loss: ModelLoss) {
        if std::mem::replace(&mut self.bridges[b].legs[leg].cut, true) {
            return;
        }
        let notice = self.rng.between(1, 100);
        self.at(notice, Ev::LegGone { b, leg, loss });
    }

    pub(crate) fn model_said(&mut self, b: usize, leg: usize, said: &Said) {
        if self.bridges[b].in_use != Some(leg) {
            return;
        }
        let sound = self.sound(said.millis());
        if let Said::Created { response, reason: Some(reason) } = said {
            self.bridges[b].reasons.insert(response.clone(), *reason);
        }
        self.bridges[b].laws.told(said);
        let must_yield = matches!(said, Said::SpeechStarted(_)) && self.must_yield(b);
        self.feed(b, Input::Model(said.event(&sound)), Some(said));
        let bridge = &self.bridges[b];
        assert!(
            !must_yield || bridge.line.backlog(self.now) <= bridge.line.delay,
            "speaks on over the caller"
        );
    }

    /// Whether the agent is heard and nothing allows it to go on.
    pub(crate) fn must_yield(&self, b: usize) -> bool {
        let bridge = &self.bridges[b];
        let policy = &bridge.plan.conversation;
        let patient = !policy.min_interruption.is_zero() || policy.protect_greeting;
        let last_words = self.now + 31_000 > bridge.laws.ends();
        bridge.session.phase() == Phase::Live
            && bridge.line.backlog(self.now) > 0
            && !patient
            && self.caller.is_a_person()
            && !bridge.laws.ending
            && !last_words
    }

    pub(crate) fn sound(&mut self, millis: u64) -> Rc<[u8]> {
        self.sounds.entry(millis).or_insert_with(|| audio(millis).into()).clone()
    }

    /// The caller's next frame, whatever is in it.
    pub(crate) fn frame(&mut self, b: usize) {
        let bridge = &mut self.bridges[b];
        if !bridge.attached || self.over {
            return;
        }
        let millis = bridge.frame_ms;
        bridge.timestamp_ms += millis;
        let mut next = millis;
        let rare = self.rng.per_mille(1) && self.rng.per_mille(20 * millis / 20);
        if rare && self.trouble > 0 {
            match self.rng.between(0, 4) {
                0 => {
                    self.tally.fault("frames missing");
                    let gap = self.rng.between(40, 12_000);
                    next += gap;
                    self.bridges[b].timestamp_ms += gap;
                }
                1 => {
                    self.tally.fault("frame twice");
                    self.feed_frame(b, millis);
                    if self.bridges[b].over {
                        return;
                    }
                }
                2 => {
                    self.tally.fault("clock of the line runs backwards");
                    let back = self.rng.between(20, 5_000);
                    let bridge = &mut self.bridges[b];
                    bridge.timestamp_ms = bridge.timestamp_ms.saturating_sub(back);
                }
                3 => {
                    self.tally.fault("empty frame");
                    self.feed_frame(b, 0);
                    if self.bridges[b].over {
                        return;
                    }
                }
                _ => {
                    self.tally.fault("line dead without a word");
                    self.feed_frame(b, millis);
                    return;
                }
            }
        }
        self.feed_frame(b, millis);
        self.at(next, Ev::Frame { b });
    }

    pub(crate) fn feed_frame(&mut self, b: usize, millis: u64) {
        let payload = self.sound(millis);
        let timestamp_ms = u32::try_from(self.bridges[b].timestamp_ms).unwrap();
        self.feed(b, Input::CallerAudio(CallerAudio { timestamp_ms, payload: &payload }), None);
    }

    /// The line has come to a mark.
    pub(crate) fn line_due(&mut self, b: usize) {
        while let Some(mark) = self.bridges[b].line.next_mark(self.now) {
            let delay = self.bridges[b].line.delay;
            if self.fault("mark lost", 2) {
                continue;
            }
            if self.fault("mark twice", 2) {
                self.at(delay, Ev::Mark { b, mark });
            }
            let late = if self.fault("mark late", 3) { self.rng.between(50, 3_000) } else { 0 };
            self.at(delay + late, Ev::Mark { b, mark });
        }
    }

    pub(crate) fn timeout(&mut self, b: usize) {
        if self.steps.is_some() {
            let name = self.bridges[b].session.poll_timeout().map(|(_, name)| name);
            self.trace(format!("timeout {name:?}"));
        }
        let now = self.instant();
        let bridge = &mut self.bridges[b];
        bridge.session.handle_timeout(now).unwrap();
        self.drain(b, None);
        let next = self.bridges[b].session.poll_timeout();
        assert!(next.is_none_or(|(at, _)| at > now), "a timeout that changes nothing: {next:?}");
    }

    pub(crate) fn feed(&mut self, b: usize, input: Input<'_>, said: Option<&Said>) {
        let now = self.instant();
        self.bridges[b].session.handle_input(now, input).unwrap();
        self.drain(b, said);
    }
}
