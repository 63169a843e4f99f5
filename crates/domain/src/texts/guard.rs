//! When an agent has answered often enough. Two programs that answer one another would go on for ever, and a carrier closes
//! the account of one that does.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::IntoStaticStr;

use crate::Timestamp;
use crate::text::folded;

/// Replies of an agent in one thread within [`SHORT`].
pub const MAX_IN_SHORT: usize = 6;
/// The shorter span.
pub const SHORT: Duration = Duration::from_secs(60);
/// Replies of an agent in one thread within [`LONG`].
pub const MAX_IN_LONG: usize = 40;
/// The longer span.
pub const LONG: Duration = Duration::from_secs(60 * 60);
/// So often one text within [`ECHO`], each time in answer to a reply, and the agent stops.
pub const MAX_EQUAL: u8 = 3;
/// How long a text is remembered for that.
pub const ECHO: Duration = Duration::from_secs(10 * 60);
/// How long an agent keeps silent then, unless a person lets it go on.
pub const PAUSE: Duration = Duration::from_secs(60 * 60);

/// How texts begin that a program sends for a person who is away.
const AUTOMATIC: &[&str] = &[
    "automatic reply",
    "auto-reply",
    "autoreply",
    "out of office",
    "i am out of the office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "réponse automatique",
    "respuesta automática",
    "risposta automatica",
    "resposta automática",
    "automatisch antwoord",
    "odpowiedź automatyczna",
    "автоматический ответ",
    "otomatik yanıt",
    "رد تلقائي",
    "תשובה אוטומטית",
    "מענה אוטומטי",
];

/// What is remembered of a thread to notice a loop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Guard {
    /// When the agent replied, the newest last, within [`LONG`].
    #[serde(default)]
    replies: Vec<Timestamp>,
    /// The last text of the person: its digest, when the first of a row of equal ones came, and how many they are.
    #[serde(default)]
    last: Option<(u64, Timestamp, u8)>,
    /// Whether the agent replied after that.
    #[serde(default)]
    replied_to_last: bool,
    /// Until when the agent keeps silent.
    #[serde(default)]
    paused_until: Option<Timestamp>,
}

/// Why an agent does not reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Loop {
    /// It replied too often in a minute.
    Minute,
    /// It replied too often in an hour.
    Hour,
    /// The person sends one text again and again.
    Equal,
}

impl Loop {
    /// The label in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Guard {
    /// Remembers a text of the person.
    pub fn heard(&mut self, body: &str, now: Timestamp) {
        let digest: [u8; 32] = Sha256::digest(folded(body.trim())).into();
        let digest = u64::from_be_bytes(std::array::from_fn(|place| digest[place]));
        self.last = Some(match self.last {
            Some((last, since, count))
                if last == digest && now.since(since) < ECHO && !body.trim().is_empty() =>
            {
                // Texts of one burst are no loop.
                (digest, since, count.saturating_add(u8::from(self.replied_to_last)))
            }
            _ => (digest, now, 1),
        });
        self.replied_to_last = false;
    }

    /// Remembers a reply of the agent.
    pub fn replied(&mut self, now: Timestamp) {
        self.replies.retain(|at| now.since(*at) < LONG);
        self.replies.push(now);
        self.replied_to_last = true;
    }

    /// Why the agent must not reply now, if it must not.
    pub fn refuses(&self, now: Timestamp) -> Option<Loop> {
        let within = |span: Duration| self.replies.iter().filter(|at| now.since(**at) < span).count();
        if within(SHORT) >= MAX_IN_SHORT {
            Some(Loop::Minute)
        } else if within(LONG) >= MAX_IN_LONG {
            Some(Loop::Hour)
        } else if self.last.is_some_and(|(_, since, count)| count >= MAX_EQUAL && now.since(since) < ECHO) {
            Some(Loop::Equal)
        } else {
            None
        }
    }

    /// Keeps the agent silent for a while.
    pub fn pause(&mut self, now: Timestamp) {
        self.paused_until = Some(now.plus(PAUSE));
    }

    /// Whether the agent is kept silent.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// A person looked at the thread: the agent may go on.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether a program sent this for a person who is away.
pub fn is_automatic(body: &str) -> bool {
    let text = folded(body.trim());
    let text = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    AUTOMATIC.iter().any(|start| text.starts_with(&folded(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two programs that answer at once, and two that take their time.
    #[test]
    fn two_programs_that_answer_one_another_stop() {
        for (pace, replies) in
            [(Duration::from_secs(2), MAX_IN_SHORT), (Duration::from_secs(70), MAX_IN_LONG)]
        {
            let (mut guard, mut now, mut sent) = (Guard::default(), Timestamp(0), 0);
            for round in 0..1_000 {
                guard.heard(&format!("Thank you for message {round}!"), now);
                if guard.is_paused(now) {
                    break;
                }
                match guard.refuses(now) {
                    Some(_) => guard.pause(now),
                    None => {
                        guard.replied(now);
                        sent += 1;
                    }
                }
                now = now.plus(pace);
            }
            assert_eq!(sent, replies, "{pace:?}");
        }
    }

    #[test]
    fn equal_texts_in_a_row_end_it_and_another_one_begins_anew() {
        let mut guard = Guard::default();
        let mut refused = |body: &str, at: i64| {
            guard.heard(body, Timestamp::from_secs(at));
            let refused = guard.refuses(Timestamp::from_secs(at));
            guard.replied_to_last = true;
            refused
        };
        assert_eq!([refused("Hi", 0), refused("hi ", 5), refused("HI", 9)], [None, None, Some(Loop::Equal)]);
        assert_eq!(refused("Hello?", 10), None);
        for at in [20, 30, 40, 50] {
            assert_eq!(refused("", at), None, "pictures without words are not equal");
        }
        assert_eq!(
            [refused("ok", 60), refused("ok", 660), refused("ok", 661)],
            [None, None, None],
            "ten minutes apart"
        );
    }

    #[test]
    fn one_word_again_and_again_without_an_answer_is_no_loop() {
        let mut guard = Guard::default();
        for at in 0..5 {
            guard.heard("?", Timestamp::from_secs(at));
            assert_eq!(guard.refuses(Timestamp::from_secs(at)), None);
        }
    }

    #[test]
    fn a_pause_ends_by_itself_or_by_a_person() {
        let mut guard = Guard::default();
        guard.pause(Timestamp(0));
        assert!(guard.is_paused(Timestamp(1)) && !guard.is_paused(Timestamp(0).plus(PAUSE)));
        guard.forget();
        assert!(!guard.is_paused(Timestamp(1)));
    }

    #[test]
    fn an_absent_persons_program_is_recognised() {
        assert!(is_automatic("Automatische Antwort: ich bin im Urlaub"));
        assert!(is_automatic("[Out of Office] back on Monday") && is_automatic("מענה אוטומטי"));
        assert!(!is_automatic("Is your automatic reply broken?") && !is_automatic(""));
    }
}
