//! Instructions to do, or to say that one did, what no tool does. A model without a tool says that it is done all the
//! same, and the caller believes it.

use strum::IntoStaticStr;

use super::clues::Clues;
use super::tokens::{Phrase, Token, holds, sentences};
use super::{Facts, Lint, Place};

/// What an agent may be asked to do besides talking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Action {
    /// To book, move, cancel or confirm an appointment.
    Appointment,
    /// To send an e-mail or a text message.
    Sending,
    /// To connect the caller with a person.
    Transfer,
    /// To take a message for the business.
    Message,
}

impl Action {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub(super) const fn deed(self) -> &'static str {
        match self {
            Self::Appointment => "to deal with an appointment",
            Self::Sending => "to send something",
            Self::Transfer => "to connect the caller with a person",
            Self::Message => "to take a message",
        }
    }

    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Appointment => "turn on `appointments`, or add a tool of your own that does it",
            Self::Sending => "turn on `send_message`, or add a tool of your own that does it",
            Self::Transfer => "add an entry to the directory",
            Self::Message => "turn on `take_messages`",
        }
    }

    /// Whether the agent has something that may do it. What a tool of the business's own does is not known, so any of
    /// them is believed to.
    fn is_backed(self, facts: &Facts<'_>) -> bool {
        let own = !facts.tools.http.is_empty() || facts.also_able.contains(&self);
        match self {
            Self::Appointment => own || facts.tools.appointments,
            Self::Sending => own || facts.tools.send_message,
            Self::Transfer => own || !facts.tools.directory.is_empty(),
            Self::Message => own || facts.tools.take_messages,
        }
    }
}

/// Says that people do it themselves, somewhere else.
const ELSEWHERE: [&str; 20] = [
    "website",
    "web",
    "online",
    "internet",
    "webseite",
    "homepage",
    "site",
    "sitio",
    "sito",
    "сайт",
    "сайте",
    "אתר",
    "האתר",
    "באתר",
    "الموقع",
    "موقعنا",
    "strona",
    "stronie",
    "internetten",
    "app",
];

/// Says what a caller wants, not what the agent is to do.
const WISHES: [&str; 26] = [
    "want*",
    "would like",
    "wish*",
    "möchte*",
    "will",
    "wollen",
    "wünsch*",
    "veut",
    "veulent",
    "souhait*",
    "quiere*",
    "dese*",
    "vuole",
    "vogli*",
    "quer",
    "querem",
    "wil",
    "willen",
    "chce",
    "chcą",
    "хоч*",
    "istiyor*",
    "isters*",
    "רוצ*",
    "يريد",
    "يرغب",
];

pub(super) fn lint(text: &str, tokens: &[Token], clues: &Clues, facts: &Facts<'_>) -> Vec<(Place, Lint)> {
    let asked = [
        (Action::Appointment, clues.appointment),
        (Action::Sending, clues.sending),
        (Action::Transfer, clues.transfer),
        (Action::Message, clues.message),
    ];
    let unbacked: Vec<(Action, Vec<Phrase>)> = asked
        .into_iter()
        .filter(|(action, _)| !action.is_backed(facts))
        .map(|(action, phrases)| (action, Phrase::all(phrases)))
        .collect();
    if unbacked.is_empty() {
        return vec![];
    }
    let not: Vec<Phrase> = Phrase::all(clues.not).into_iter().chain(Phrase::all(&ELSEWHERE)).collect();
    let wishes = Phrase::all(&WISHES);
    let mut found = vec![];
    for sentence in sentences(tokens, &|_| false) {
        // "Never say that you send an e-mail" asks for nothing.
        if holds(&not, sentence) {
            continue;
        }
        for (action, phrases) in &unbacked {
            let asked = (0..sentence.len()).find_map(|at| {
                let end = phrases.iter().filter_map(|phrase| phrase.loosely_at(sentence, at)).min()?;
                (!holds(&wishes, clause(sentence, at, end))).then_some((at, end))
            });
            if let Some((at, end)) = asked {
                let range = sentence[at].range.start..sentence[end - 1].range.end;
                found.push((Place::of(text, range), Lint::NoTool(*action)));
            }
        }
    }
    found
}

/// What stands between the commas around these tokens.
fn clause(sentence: &[Token], at: usize, end: usize) -> &[Token] {
    let is_comma = |token: &Token| token.is_mark(&[',', '\u{60C}']);
    let from = sentence[..at].iter().rposition(is_comma).map_or(0, |comma| comma + 1);
    let to = sentence[end..].iter().position(is_comma).map_or(sentence.len(), |comma| end + comma);
    &sentence[from..to]
}
