//! What the business asks of a call while it goes on.

use domain::CallAction;
use domain::action::Words;
use domain::testing::phone;
use domain::tools::Destination;
use session::Input;
use session::output::Settled;

use crate::events::Ev;
use crate::world::World;

/// An entry that a call can be transferred to.
pub(crate) fn workshop() -> Destination {
    Destination { id: "workshop".into(), label: "the workshop".into(), number: phone(7) }
}

fn words() -> Words {
    Words::parse("We close in ten minutes.").unwrap()
}

impl World {
    /// A few actions in some of the sessions.
    pub(crate) fn plan_actions(&mut self, b: usize) {
        if !self.rng.per_mille(300) {
            return;
        }
        for _ in 0..self.rng.between(1, 6) {
            let to = self.rng.pick(&["workshop", "workshop", "nowhere"]);
            let action = match self.rng.between(0, 13) {
                0..=4 => CallAction::Say { text: words() },
                5 | 6 => CallAction::NoteToAgent { text: words() },
                7..=9 => CallAction::MuteAgent,
                10 | 11 => CallAction::UnmuteAgent,
                12 => CallAction::End,
                _ => CallAction::Transfer { to: to.to_owned() },
            };
            self.actions += 1;
            let (number, after) = (self.actions, self.rng.between(10, 120_000));
            self.at(after, Ev::Action { b, number, action });
        }
    }

    pub(crate) fn act(&mut self, b: usize, number: u32, action: CallAction) {
        let bridge = &mut self.bridges[b];
        bridge.laws.asked(number, &action);
        bridge.asked.insert(number, action.clone());
        self.feed(b, Input::Action { number, action }, None);
    }

    pub(crate) fn settled(&mut self, b: usize, number: u32, settled: Settled) {
        let bridge = &mut self.bridges[b];
        let action = bridge.asked.remove(&number);
        if settled != Settled::Done {
            return;
        }
        self.tally.actions += 1;
        match action {
            Some(CallAction::MuteAgent) => self.muted = true,
            // The last words lift a mute.
            Some(CallAction::UnmuteAgent | CallAction::End | CallAction::Transfer { .. }) => {
                self.muted = false;
            }
            _ => return,
        }
        let last_words =
            |action: &CallAction| matches!(action, CallAction::End | CallAction::Transfer { .. });
        bridge.laws.muted = self.muted && !bridge.asked.values().any(last_words);
    }

    /// A session that goes on with the call is told what still holds.
    pub(crate) fn steered(&mut self, b: usize) {
        if b == 0 {
            return;
        }
        self.bridges[b].laws.muted = self.muted;
        let notes = vec!["The caller waits for a bicycle.".to_owned()];
        self.feed(b, Input::Steered { muted: self.muted, notes }, None);
    }
}
