//! The words by which a prompt's statements are recognised, by language: short lists, to be added to.
//!
//! A statement that these words do not show is not judged. So a list holds what is plain, and leaves out what may mean
//! something else.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod he;
mod it;
mod nl;
mod pl;
mod pt;
mod ru;
mod tr;

/// Phrases of one language. A `*` at the end of a word stands for its endings.
pub(super) struct Clues {
    /// ISO 639-1.
    pub(super) code: &'static str,
    /// Each weekday's names, Monday first.
    pub(super) days: [&'static [&'static str]; 7],
    /// What means a weekday only beside another one, a time or a colon: "Sat", "segunda".
    pub(super) weak: [&'static [&'static str]; 7],
    /// Saturday and Sunday, in one word.
    pub(super) weekend: &'static [&'static str],
    /// Every day.
    pub(super) daily: &'static [&'static str],
    /// Says that times are opening times.
    pub(super) open: &'static [&'static str],
    pub(super) closed: &'static [&'static str],
    /// Turns a statement into its opposite.
    pub(super) not: &'static [&'static str],
    /// Limits a statement to some weeks or cases.
    pub(super) unless: &'static [&'static str],
    /// Between the first and the last day or time.
    pub(super) until: &'static [&'static str],
    /// Beside a time, without a meaning of its own: "o'clock".
    pub(super) clock: &'static [&'static str],
    pub(super) am: &'static [&'static str],
    pub(super) pm: &'static [&'static str],
    /// Asks to book, move or cancel an appointment.
    pub(super) appointment: &'static [&'static str],
    /// Asks to send an e-mail or a text message.
    pub(super) sending: &'static [&'static str],
    /// Asks to connect the caller with a person.
    pub(super) transfer: &'static [&'static str],
    /// Asks to take a message.
    pub(super) message: &'static [&'static str],
}

pub(super) static CLUES: [Clues; 12] = [
    en::CLUES,
    de::CLUES,
    fr::CLUES,
    es::CLUES,
    he::CLUES,
    ar::CLUES,
    it::CLUES,
    pt::CLUES,
    nl::CLUES,
    pl::CLUES,
    ru::CLUES,
    tr::CLUES,
];
