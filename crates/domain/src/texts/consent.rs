//! Wishes to be left alone, or not to be any longer.
//!
//! A wish is a whole text, not a word in one: "please stop by tomorrow" wishes for nothing of the kind. What the carrier itself took a text for
//! weighs more.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use super::Medium;
use crate::Timestamp;
use crate::text::folded;

/// What a person wants of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Wish {
    /// No further texts.
    Stop,
    /// Texts again.
    Start,
    /// To be told who writes. Carriers of SMS answer it themselves.
    Help,
}

impl Wish {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Twilio's word (`OptOutType`), in letters of either case.
    pub fn of_carrier(word: &str) -> Option<Self> {
        word.to_ascii_lowercase().parse().ok()
    }
}

/// A wish with the language in which it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What is wanted.
    pub wish: Wish,
    /// The language's tag.
    pub language: &'static str,
}

/// The words of one language.
struct Words {
    language: &'static str,
    stop: &'static [&'static str],
    start: &'static [&'static str],
    /// What carriers of SMS take for a stop besides (Twilio docs, default keywords of long codes). Over WhatsApp these words
    /// are answers to questions: "cancel" is about an appointment.
    stop_by_sms: &'static [&'static str],
    /// What carriers of SMS answer themselves.
    help_by_sms: &'static [&'static str],
    /// What a person is told once who wants no further texts.
    confirmed: &'static str,
}

/// A language whose words carriers of SMS do not know.
const NONE: Words =
    Words { language: "", stop: &[], start: &[], stop_by_sms: &[], help_by_sms: &[], confirmed: "" };

/// English first: carriers know its words everywhere.
const WORDS: &[Words] = &[
    Words {
        language: "en",
        stop: &[
            "stop",
            "stop all",
            "stopall",
            "unsubscribe",
            "opt out",
            "optout",
            "stop messages",
            "remove me",
        ],
        start: &["start", "unstop", "subscribe", "resubscribe", "opt in", "optin"],
        stop_by_sms: &["end", "quit", "cancel", "revoke"],
        help_by_sms: &["help", "info"],
        confirmed: "You will not get any more messages from us. To get them again, write START.",
    },
    Words {
        language: "de",
        stop: &["stopp", "abmelden", "abbestellen", "austragen", "keine nachrichten mehr"],
        start: &["starten", "anmelden"],
        confirmed: "Sie erhalten keine Nachrichten mehr von uns. Möchten Sie wieder welche, schreiben Sie START.",
        ..NONE
    },
    Words {
        language: "fr",
        stop: &[
            "arret",
            "arrêt",
            "arrêter",
            "arreter",
            "désabonner",
            "desabonner",
            "me désabonner",
            "désinscription",
        ],
        start: &["reprendre", "s'abonner", "réabonner"],
        confirmed: "Vous ne recevrez plus de messages de notre part. Pour en recevoir à nouveau, écrivez START.",
        ..NONE
    },
    Words {
        language: "es",
        stop: &["baja", "alto", "darme de baja", "dar de baja", "cancelar suscripción", "no más mensajes"],
        start: &["alta", "darme de alta", "suscribir"],
        confirmed: "No recibirá más mensajes nuestros. Si quiere volver a recibirlos, escriba START.",
        ..NONE
    },
    Words {
        language: "it",
        stop: &["ferma", "fermare", "disiscrivimi", "annulla iscrizione", "cancellami", "disattiva"],
        start: &["iscrivimi", "attiva", "riattiva"],
        confirmed: "Non riceverà più messaggi da noi. Per riceverli di nuovo, scriva START.",
        ..NONE
    },
    Words {
        language: "pt",
        stop: &["parar", "sair", "descadastrar", "cancelar inscrição", "remover"],
        start: &["iniciar", "inscrever", "voltar a receber"],
        confirmed: "Não vai receber mais mensagens nossas. Para voltar a recebê-las, escreva START.",
        ..NONE
    },
    Words {
        language: "nl",
        stop: &["stoppen", "afmelden", "uitschrijven"],
        start: &["aanmelden", "inschrijven"],
        confirmed: "U krijgt geen berichten meer van ons. Wilt u ze weer ontvangen, schrijf dan START.",
        ..NONE
    },
    Words {
        language: "pl",
        stop: &["rezygnuję", "rezygnuje", "wypisz", "wypisz mnie", "zatrzymaj"],
        start: &["zapisz", "zapisz mnie", "wznów"],
        confirmed: "Nie będziemy wysyłać kolejnych wiadomości. Aby je znów otrzymywać, napisz START.",
        ..NONE
    },
    Words {
        language: "ru",
        stop: &["стоп", "отписаться", "отпишите меня", "отписка", "отмена подписки"],
        start: &["старт", "подписаться", "начать"],
        confirmed: "Вы больше не будете получать от нас сообщения. Чтобы получать их снова, напишите START.",
        ..NONE
    },
    Words {
        language: "tr",
        stop: &["dur", "durdur", "iptal", "abonelikten çık", "ret"],
        start: &["başlat", "basla", "abone ol"],
        confirmed: "Size artık mesaj göndermeyeceğiz. Yeniden almak için START yazın.",
        ..NONE
    },
    Words {
        language: "ar",
        stop: &["توقف", "إيقاف", "ايقاف", "إلغاء", "الغاء", "إلغاء الاشتراك", "الغاء الاشتراك"],
        start: &["ابدأ", "ابدا", "اشتراك"],
        confirmed: "لن تصلك رسائل أخرى منا. لتلقيها من جديد، اكتب START.",
        ..NONE
    },
    Words {
        language: "he",
        stop: &["הסר", "הסירו", "להסרה", "עצור", "הפסק", "הסירו אותי"],
        start: &["התחל", "הרשמה", "הצטרף"],
        confirmed: "לא נשלח אליך הודעות נוספות. כדי לקבל אותן שוב, יש לכתוב START.",
        ..NONE
    },
];

/// The wish that a text is. `None`: it is no wish, and is answered as any other.
pub fn written(medium: Medium, body: &str) -> Option<Written> {
    let text = plain(body);
    if text.is_empty() {
        return None;
    }
    let is = |words: &[&str]| words.iter().any(|word| plain(word) == text);
    let by_sms = medium == Medium::Sms;
    WORDS.iter().find_map(|words| {
        let wish = if is(words.stop) || (by_sms && is(words.stop_by_sms)) {
            Wish::Stop
        } else if is(words.start) {
            Wish::Start
        } else if by_sms && is(words.help_by_sms) {
            Wish::Help
        } else {
            return None;
        };
        Some(Written { wish, language: words.language })
    })
}

/// What a person is told once who wants no further texts. `None`: the carrier has told them, and a second time would be
/// one too often.
pub fn confirmation(medium: Medium, language: &str) -> Option<&'static str> {
    match medium {
        Medium::Sms => None,
        Medium::WhatsApp => WORDS
            .iter()
            .find(|words| words.language == language)
            .or(WORDS.first())
            .map(|words| words.confirmed),
    }
}

/// As it is compared: without case, and without what stands around the words.
fn plain(text: &str) -> String {
    let folded = folded(text);
    let words: Vec<&str> = folded.split_whitespace().collect();
    let text = words.join(" ");
    text.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '\'').to_owned()
}

/// Whether a person takes texts of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They have not said otherwise.
    #[default]
    Open,
    /// They want none since then. What they ask later may be answered where the carrier allows it.
    Stopped(Timestamp),
}

impl Consent {
    /// What stands when the person has said both: that they want none.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Stopped(_), _) => self,
            (Self::Open, other) => other,
        }
    }

    /// What it is after a wish at this time.
    #[must_use]
    pub const fn after(self, wish: Wish, at: Timestamp) -> Self {
        match (wish, self) {
            (Wish::Stop, Self::Open) => Self::Stopped(at),
            (Wish::Stop | Wish::Help, standing) => standing,
            (Wish::Start, _) => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Option<Wish> {
        written(Medium::WhatsApp, text).map(|written| written.wish)
    }

    #[test]
    fn a_stop_is_a_whole_text_in_twelve_languages() {
        for (text, language) in [
            ("STOP", "en"),
            (" stop! ", "en"),
            ("Stopp.", "de"),
            ("ABMELDEN", "de"),
            ("arrêt", "fr"),
            ("ARRET", "fr"),
            ("Baja", "es"),
            ("disiscrivimi", "it"),
            ("SAIR", "pt"),
            ("afmelden", "nl"),
            ("Rezygnuję", "pl"),
            ("СТОП", "ru"),
            ("İPTAL", "tr"),
            ("إلغاء", "ar"),
            ("תוֹדָה", ""),
            ("הסר", "he"),
            ("\u{200F}הסר", "he"),
        ] {
            let found = written(Medium::WhatsApp, text).filter(|written| written.wish == Wish::Stop);
            assert_eq!(found.map_or("", |written| written.language), language, "{text}");
        }
        assert_eq!(WORDS.len(), 12);
    }

    #[test]
    fn a_word_within_a_text_is_no_wish() {
        for text in
            ["please stop by tomorrow", "stop it", "When do you start?", "cancel", "help", "", "…", "alto 3"]
        {
            assert_eq!(wish(text), None, "{text}");
        }
        assert_eq!(wish("unstop"), Some(Wish::Start));
    }

    #[test]
    fn what_only_carriers_of_sms_take_for_a_wish_is_one_there() {
        let sms = |text: &str| written(Medium::Sms, text).map(|written| written.wish);
        assert_eq!(
            (sms("Cancel"), sms("HELP"), sms("quit")),
            (Some(Wish::Stop), Some(Wish::Help), Some(Wish::Stop))
        );
        assert_eq!(Wish::of_carrier("STOP"), Some(Wish::Stop));
        assert_eq!(Wish::of_carrier("SOMETHING"), None);
    }

    #[test]
    fn no_word_means_two_things() {
        let all: Vec<String> = WORDS
            .iter()
            .flat_map(|words| words.stop.iter().chain(words.start))
            .map(|word| plain(word))
            .collect();
        let mut once = all.clone();
        once.sort();
        once.dedup();
        // French and German spellings that fold into one stand there for readers.
        assert!(all.len() - once.len() <= 3, "{all:?}");
        for words in WORDS {
            let start: Vec<String> = words.start.iter().map(|word| plain(word)).collect();
            let stops = WORDS.iter().flat_map(|words| words.stop).map(|word| plain(word));
            assert!(stops.into_iter().all(|stop| !start.contains(&stop)), "{}", words.language);
        }
    }

    #[test]
    fn a_stop_keeps_its_first_time_and_is_confirmed_where_no_carrier_does() {
        let stopped = Consent::Open.after(Wish::Stop, Timestamp(1));
        assert_eq!(
            stopped.after(Wish::Stop, Timestamp(2)).after(Wish::Help, Timestamp(3)),
            Consent::Stopped(Timestamp(1))
        );
        assert_eq!(stopped.after(Wish::Start, Timestamp(4)), Consent::Open);
        assert_eq!(confirmation(Medium::Sms, "de"), None);
        assert!(confirmation(Medium::WhatsApp, "de").unwrap().contains("Nachrichten"));
        assert!(confirmation(Medium::WhatsApp, "xx").unwrap().contains("START"));
    }
}
