//! Who answered a call that we placed, as far as it is known.

use std::time::Instant;

/// What is known of the party at the other end.
#[derive(Debug, Default)]
pub(crate) struct OtherParty {
    answerer: Answerer,
    /// A screening service was answered; until then a person may pick up.
    screened_until: Option<Instant>,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Answerer {
    /// We did not place the call, or the question is answered: machines are not looked for.
    #[default]
    Unwatched,
    /// Not known yet.
    Watched,
    /// Machine detection (AMD) heard a machine, which it may have been wrong about.
    Suspected,
    /// A person. Only words can still make it a machine.
    Person,
    /// A machine that speaks, and a message is to be left when it is done. `since` is when it was known.
    Machine { since: Instant },
    /// A machine that records the message.
    Recorder,
}

impl OtherParty {
    pub(crate) fn learn(&mut self, answerer: Answerer) {
        self.answerer = answerer;
    }

    /// A screening service has been answered, until `at`; `None`: it is out of the way.
    pub(crate) fn screened(&mut self, until: Option<Instant>) {
        self.screened_until = until;
    }

    pub(crate) const fn answerer(&self) -> Answerer {
        self.answerer
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.answerer != Answerer::Unwatched
    }

    /// A machine is being listened to or spoken to: what turn detection would answer wants no answer.
    pub(crate) const fn is_machine(&self) -> bool {
        matches!(self.answerer, Answerer::Machine { .. } | Answerer::Recorder)
    }

    /// Who answered is still open: nothing was proven.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.answerer, Answerer::Watched | Answerer::Suspected)
    }

    /// A screening service has been answered and no person has picked up yet: silence is to be expected.
    pub(crate) const fn is_screened(&self) -> bool {
        self.screened_until.is_some()
    }

    pub(crate) const fn screened_until(&self) -> Option<Instant> {
        self.screened_until
    }
}
