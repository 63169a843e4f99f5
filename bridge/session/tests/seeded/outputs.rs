//! What a session asks for, done as Twilio, the store, the model and the tools would.

use std::hash::Hash;

use session::Output;
use session::input::{ClaimRefusal, ResponseReason as Reason};
use session::output::{Audio, Event, ModelCommand};

use crate::events::Ev;
use crate::fixtures::ms;
use crate::model::{Said, State};
use crate::world::World;

/// How far from what the caller heard an undisturbed truncation may be.
const TRUNCATED_OFF_BY_MS: u64 = 20;

impl World {
    pub(crate) fn drain(&mut self, b: usize, said: Option<&Said>) {
        while let Some(output) = self.bridges[b].session.poll_output() {
            if self.steps.is_some() && !matches!(output, Output::AudioToModel(Audio::Current)) {
                self.trace(format!("    {output:?}"));
            }
            self.bridges[b].laws.output(self.now, &output, said);
            self.obey(b, output, said);
        }
        let bridge = &mut self.bridges[b];
        let waits = bridge.session.poll_timeout().is_some();
        bridge.laws.at_rest(self.now, bridge.session.phase(), waits, bridge.line.backlog(self.now));
    }

    pub(crate) fn obey(&mut self, b: usize, output: Output, said: Option<&Said>) {
        (self.now, std::mem::discriminant(&output)).hash(&mut self.digest);
        match output {
            Output::Claim { .. } => self.claim(b),
            Output::ConnectModel => self.connect(b),
            Output::UseModel => {
                let bridge = &mut self.bridges[b];
                let leg = bridge.attempt.take().expect("nothing was connected");
                assert_eq!(bridge.legs[leg].state, State::Ready, "a model that is not configured");
                bridge.legs[leg].state = State::InUse;
                if let Some(old) = bridge.in_use.replace(leg) {
                    bridge.legs[old].state = State::Gone;
                    bridge.legs[old].cut = true;
                }
                bridge.laws.leg_left();
                self.leg_taken(b, leg);
            }
            Output::AudioToModel(_) => {
                assert!(self.bridges[b].in_use.is_some(), "audio to a model that is not there");
            }
            Output::ToModel(command) => self.command(b, command),
            Output::AudioToCaller => {
                let Some(Said::Audio { response, item, millis }) = said else { return };
                let bridge = &mut self.bridges[b];
                bridge.line.play(self.now, item, *millis);
                if bridge.attached && bridge.reasons.get(response) == Some(&Reason::Greeting) {
                    self.greeted_by.insert(response.clone());
                    assert!(self.greeted_by.len() <= 1, "greeted twice");
                }
            }
            Output::MarkToCaller(mark) => {
                mark.hash(&mut self.digest);
                let due = self.bridges[b].line.mark(self.now, mark);
                self.at(due - self.now, Ev::LineDue { b });
            }
            Output::ClearCaller => {
                let at = self.bridges[b].line.clear(self.now);
                self.at(at - self.now, Ev::LineDue { b });
            }
            Output::RunTool { call_id, .. } => self.run_tool(b, call_id),
            Output::HangUp => {
                let ok = !self.fault("hang-up fails", 60);
                self.at(150, Ev::HungUp { b, ok });
                if ok && !self.fault("stop never comes", 60) {
                    self.at(300, Ev::Stopped { b });
                }
            }
            Output::ActionSettled { number, settled } => {
                number.hash(&mut self.digest);
                self.settled(b, number, settled);
            }
            Output::Turn(turn) => {
                (turn.item.as_str(), turn.heard).hash(&mut self.digest);
                self.turns.push(turn);
            }
            Output::Event(event) => {
                if let Event::BargeIn { .. } = event {
                    self.tally.barge_ins += 1;
                }
            }
            Output::Close(close) => {
                self.bridges[b].over = true;
                if self.bridges[b].attached {
                    self.tally.end(close.reason.as_str());
                }
                self.stream_left(b, Some((close.reason, close.figures.agent_audio_sent.is_zero())));
            }
        }
    }

    pub(crate) fn claim(&mut self, b: usize) {
        if self.fault("claim never answered", 5) {
            return;
        }
        if self.fault("claim refused", 5) {
            let refusal = self.rng.pick(&[ClaimRefusal::NotYours, ClaimRefusal::Unavailable]);
            return self.at(20, Ev::ClaimRefused { b, refusal });
        }
        let slow = self.fault("claim slow", 20);
        let takes = if slow { self.rng.between(500, 2_500) } else { self.rng.between(3, 30) };
        self.at(takes, Ev::Claimed { b });
    }

    pub(crate) fn command(&mut self, b: usize, command: ModelCommand) {
        format!("{command:?}").hash(&mut self.digest);
        let bridge = &self.bridges[b];
        let leg = bridge.in_use.expect("to a model that is not there");
        if let ModelCommand::Truncate { item, audio_end_ms, .. } = &command {
            let off_by = bridge.line.heard_of(item).abs_diff(u64::from(*audio_end_ms));
            if self.trouble == 0 {
                self.tally.truncated_off_by = self.tally.truncated_off_by.max(ms(off_by));
                assert!(off_by <= TRUNCATED_OFF_BY_MS, "{item} truncated {off_by} ms off what was heard");
            }
        }
        self.at(self.bridges[b].up, Ev::AtModel { b, leg, command });
    }

    pub(crate) fn run_tool(&mut self, b: usize, call_id: String) {
        assert!(self.ran.insert(call_id.clone()), "{call_id} runs twice");
        self.tally.tools += 1;
        if self.fault("tool hangs", 60) {
            return;
        }
        let slow = self.fault("tool slow", 60);
        let takes = if slow { self.rng.between(3_000, 14_000) } else { self.rng.between(50, 1_500) };
        if self.fault("tool answers twice", 40) {
            self.at(takes + 100, Ev::Tool { b, call_id: call_id.clone() });
        }
        self.at(takes, Ev::Tool { b, call_id });
    }
}
