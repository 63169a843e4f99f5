//! The caller: what they do is decided from what they hear.

use crate::events::Ev;
use crate::rng::Rng;
use crate::world::World;

/// What a turn detection of half a second takes to notice that speech is over.
const END_OF_SPEECH: u64 = 500;
/// What a new model is still given of what was said without one.
const REMEMBERED: u64 = 4_000;

const WORDS: [&str; 7] = [
    "My bicycle needs new brakes, please.",
    "What would that cost me?",
    "Could you say that again?",
    "Tuesday would be fine with me.",
    "No, another day.",
    "Is there anything earlier than that?",
    "It is a green one with a basket.",
];
const BYE: &str = "Thank you, goodbye.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Talks,
    Interrupts,
    Mutters,
    SaysNothing,
    /// Hold music: sounds without words, without an end.
    Noise,
    /// An answering machine.
    Repeats,
    PressesKeys,
}

#[derive(Debug)]
struct Speech {
    from: u64,
    to: u64,
    number: u64,
    text: Option<&'static str>,
    /// A model knows of it.
    known: bool,
}

#[derive(Debug)]
pub(crate) struct Caller {
    manner: Manner,
    speech: Option<Speech>,
    speeches: u64,
    /// When they have had enough, and whether Twilio gets to say so.
    leaves_at: u64,
    politely: bool,
    answers_after: u64,
}

impl Caller {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let manners = [
            Manner::Talks,
            Manner::Talks,
            Manner::Interrupts,
            Manner::Mutters,
            Manner::SaysNothing,
            Manner::Noise,
            Manner::Repeats,
            Manner::PressesKeys,
        ];
        Self {
            manner: rng.pick(&manners),
            speech: None,
            speeches: 0,
            leaves_at: rng.pick(&[20_000, 120_000, 600_000, 1_800_000]) + rng.between(0, 20_000),
            politely: !rng.per_mille(100),
            answers_after: rng.between(200, 3_000),
        }
    }

    /// The agent may take its leave of anything else, and then goes on through what the line says.
    pub(crate) fn is_a_person(&self) -> bool {
        !matches!(self.manner, Manner::Noise | Manner::Repeats)
    }

    pub(crate) fn is_speaking(&self, now: u64) -> bool {
        self.speech.as_ref().is_some_and(|speech| speech.from <= now && now < speech.to)
    }
}

impl World {
    /// The caller makes up their mind, a few times a second.
    pub(crate) fn caller_acts(&mut self) {
        if self.over {
            return;
        }
        let next = self.rng.between(150, 600);
        self.at(next, Ev::Caller);
        let Some(b) = self.attached() else { return };
        if self.now >= self.caller.leaves_at {
            self.over = true;
            let ev = if self.caller.politely { Ev::Stopped { b } } else { Ev::Lost { b } };
            return self.at(0, ev);
        }
        if self.caller.is_speaking(self.now) {
            return;
        }
        let hears = self.bridges[b].line.is_audible(self.now);
        let quiet_for = self.now.saturating_sub(self.bridges[b].line.sounds_until().max(self.silent_since));
        let answers = !hears && quiet_for >= self.caller.answers_after;
        let mut speaks = |chance, from, to| self.rng.per_mille(chance).then(|| self.rng.between(from, to));
        let speech = match self.caller.manner {
            Manner::Talks if answers => speaks(600, 500, 6_000),
            Manner::Interrupts if hears => speaks(150, 600, 4_000),
            Manner::Interrupts if answers => speaks(600, 500, 6_000),
            Manner::Mutters if hears => speaks(150, 150, 600),
            Manner::Mutters if answers => speaks(600, 500, 3_000),
            Manner::Noise => speaks(800, 2_000, 75_000),
            Manner::Repeats if answers => speaks(600, 3_000, 3_000),
            Manner::PressesKeys if answers => speaks(150, 500, 2_000),
            Manner::Talks
            | Manner::Interrupts
            | Manner::Mutters
            | Manner::SaysNothing
            | Manner::Repeats
            | Manner::PressesKeys => None,
        };
        if self.caller.manner == Manner::PressesKeys && self.rng.per_mille(100) {
            let key = self.rng.pick(&['1', '5', '0', '#', '*']);
            self.silent_since = self.now;
            self.at(0, Ev::Key { b, key });
        }
        if let Some(millis) = speech {
            self.caller_speaks(b, millis, hears);
        }
    }

    fn caller_speaks(&mut self, b: usize, millis: u64, over_agent: bool) {
        let text = match self.caller.manner {
            Manner::Noise => Some(""),
            Manner::Repeats => Some("Please leave a message after the tone."),
            Manner::Mutters if over_agent => Some(self.rng.pick(&["Mhm.", "Yes.", "Okay.", "No, wait!"])),
            // A person does not say the same thing twice in a row.
            _ => Some(WORDS[(self.caller.speeches % 7) as usize])
                .filter(|_| self.rng.per_mille(950))
                .or(Some(BYE)),
        };
        self.caller.speeches += 1;
        let number = self.caller.speeches;
        let (from, to) = (self.now, self.now + millis);
        self.caller.speech = Some(Speech { from, to, number, text, known: false });
        let Some(leg) = self.bridges[b].in_use else { return };
        self.is_heard(b, leg, 200);
    }

    /// A model that comes in the middle of what the caller says, or shortly after it, is given it late.
    pub(crate) fn heard_by_new_leg(&mut self, b: usize, leg: usize) {
        let Some(speech) = &self.caller.speech else { return };
        if self.bridges[b].attached && !speech.known && speech.to + REMEMBERED > self.now {
            self.is_heard(b, leg, 20);
        }
    }

    fn is_heard(&mut self, b: usize, leg: usize, after: u64) {
        let Some(speech) = &self.caller.speech else { return };
        let (over, number) = ((speech.to + END_OF_SPEECH).max(self.now + after + 50), speech.number);
        self.at(after + self.bridges[b].up, Ev::Heard { b, leg });
        self.at(over + self.bridges[b].up - self.now, Ev::HeardEnd { b, leg, speech: number });
    }

    pub(crate) fn speech_heard(&mut self, b: usize, leg: usize, number: u64) {
        let text = match &mut self.caller.speech {
            Some(speech) if speech.number == number => {
                speech.known |= !self.bridges[b].legs[leg].cut;
                speech.text
            }
            _ => None,
        };
        self.model_heard(b, leg, text);
    }
}
