//! Everything that can happen, at its moment.

use domain::CallAction;
use session::Input;
use session::input::{ClaimRefusal, MarkId, ModelLoss};
use session::output::ModelCommand;

use crate::fixtures::{ms, start};
use crate::model::{Said, State};
use crate::world::World;

/// Something that happens at its moment. `b` is a bridge, in the order of their epochs.
#[derive(Debug)]
pub(crate) enum Ev {
    // In the world.
    Look,
    Caller,
    Heard { b: usize, leg: usize },
    HeardEnd { b: usize, leg: usize, speech: u64 },
    LegCut { b: usize, leg: usize, loss: ModelLoss },
    AtModel { b: usize, leg: usize, command: ModelCommand },
    Generate { b: usize, leg: usize, response: String, said: Said },
    LineDue { b: usize },
    Stall { b: usize, millis: u64 },
    Crash { b: usize },
    Zombie { b: usize },
    Resume,
    // On the way to a session.
    Start { b: usize },
    Claimed { b: usize },
    ClaimRefused { b: usize, refusal: ClaimRefusal },
    LegReady { b: usize, leg: usize },
    LegFails { b: usize, leg: usize, loss: ModelLoss },
    LegGone { b: usize, leg: usize, loss: ModelLoss },
    FromModel { b: usize, leg: usize, said: Said },
    Frame { b: usize },
    Mark { b: usize, mark: MarkId },
    Key { b: usize, key: char },
    Action { b: usize, number: u32, action: CallAction },
    Tool { b: usize, call_id: String },
    HungUp { b: usize, ok: bool },
    Stopped { b: usize },
    Lost { b: usize },
    Drain { b: usize, within: u64 },
}

impl Ev {
    /// The bridge that has to be running for this.
    pub(crate) fn session(&self) -> Option<usize> {
        match self {
            Self::Look
            | Self::Caller
            | Self::Heard { .. }
            | Self::HeardEnd { .. }
            | Self::LegCut { .. }
            | Self::AtModel { .. }
            | Self::Generate { .. }
            | Self::LineDue { .. }
            | Self::Stall { .. }
            | Self::Crash { .. }
            | Self::Zombie { .. }
            | Self::Resume => None,
            Self::Start { b }
            | Self::Claimed { b }
            | Self::ClaimRefused { b, .. }
            | Self::LegReady { b, .. }
            | Self::LegFails { b, .. }
            | Self::LegGone { b, .. }
            | Self::FromModel { b, .. }
            | Self::Frame { b }
            | Self::Mark { b, .. }
            | Self::Key { b, .. }
            | Self::Action { b, .. }
            | Self::Tool { b, .. }
            | Self::HungUp { b, .. }
            | Self::Stopped { b }
            | Self::Lost { b }
            | Self::Drain { b, .. } => Some(*b),
        }
    }
}

impl World {
    pub(crate) fn happen(&mut self, ev: Ev) {
        match ev {
            Ev::Look => self.look(),
            Ev::Caller => self.caller_acts(),
            Ev::Heard { b, leg } => self.model_hears(b, leg),
            Ev::HeardEnd { b, leg, speech } => self.speech_heard(b, leg, speech),
            Ev::LegCut { b, leg, loss } => self.cut(b, leg, loss),
            Ev::AtModel { b, leg, command } => self.at_model(b, leg, command),
            Ev::Generate { b, leg, response, said } => self.generated(b, leg, &response, said),
            Ev::LineDue { b } => self.line_due(b),
            Ev::Stall { b, millis } => self.stall(b, millis),
            Ev::Crash { b } => {
                self.bridges[b].over = true;
                self.stream_left(b, None);
            }
            Ev::Zombie { b } => {
                let asleep = self.rng.between(5_000, 15_000);
                self.stall(b, asleep);
                self.stream_left(b, None);
                self.at(asleep, Ev::Lost { b });
            }
            Ev::Resume => self.resume(),
            Ev::Start { b } => self.feed(b, start(), None),
            Ev::Claimed { b } => {
                let plan = Box::new(self.bridges[b].plan.clone());
                self.feed(b, Input::Claimed(plan), None);
                self.steered(b);
            }
            Ev::ClaimRefused { b, refusal } => self.feed(b, Input::ClaimRefused(refusal), None),
            Ev::LegReady { b, leg } => {
                if self.bridges[b].legs[leg].state == State::Connecting {
                    self.bridges[b].legs[leg].state = State::Ready;
                    let told = !self.rng.per_mille(100);
                    let lifetime = (told || self.lifetime < 3_600_000).then(|| ms(self.lifetime));
                    self.feed(b, Input::ModelReady { lifetime }, None);
                }
            }
            Ev::LegFails { b, leg, loss } => {
                if self.bridges[b].attempt == Some(leg) {
                    self.bridges[b].attempt = None;
                    self.bridges[b].legs[leg].state = State::Gone;
                    self.feed(b, Input::ConnectFailed(loss), None);
                }
            }
            Ev::LegGone { b, leg, loss } => {
                if self.bridges[b].in_use == Some(leg) {
                    self.bridges[b].in_use = None;
                    self.bridges[b].legs[leg].state = State::Gone;
                    self.bridges[b].laws.leg_left();
                    self.feed(b, Input::ModelGone(loss), None);
                }
            }
            Ev::FromModel { b, leg, said } => self.model_said(b, leg, &said),
            Ev::Frame { b } => self.frame(b),
            Ev::Mark { b, mark } => self.feed(b, Input::Mark(mark), None),
            Ev::Action { b, number, action } => self.act(b, number, action),
            Ev::Key { b, key } => self.feed(b, Input::Dtmf(key), None),
            Ev::Tool { b, call_id } => {
                self.feed(
                    b,
                    Input::ToolDone { call_id: &call_id, output: "{}".into(), transfer: None },
                    None,
                );
            }
            Ev::HungUp { b, ok } => self.feed(b, Input::HungUp { ok }, None),
            Ev::Stopped { b } => {
                self.over = true;
                self.feed(b, Input::CallerStopped, None);
            }
            Ev::Lost { b } => self.feed(b, Input::CallerGone, None),
            Ev::Drain { b, within } => {
                self.bridges[b].laws.drained(self.now, within);
                self.feed(b, Input::Drain { within: ms(within) }, None);
            }
        }
    }
}
