//! Whether an agent says that an appointment was made, moved or called off. What a model says of such a thing is true only
//! if a tool did it.
//!
//! A sentence counts if it has a word of the deed, and, where the language needs one, a word that says that it is done; and
//! if it neither asks, nor denies, nor speaks of what may come. It errs on the side of silence: the words are those of plain
//! speech, and a sentence that means something else costs one remark too much.

use crate::text::words;

/// The words of one language.
struct Lexicon {
    /// The deed, together with one of `done`.
    deed: &'static [&'static str],
    /// That it is done.
    done: &'static [&'static str],
    /// The deed in a form that says it all.
    alone: &'static [&'static str],
    /// With one of these it is no claim.
    unless: &'static [&'static str],
}

const LEXICONS: [Lexicon; 12] = [
    Lexicon {
        deed: &["booked", "scheduled", "rescheduled", "confirmed", "cancelled", "canceled"],
        done: &["is", "are", "have", "has", "been", "ve", "s", "re"],
        alone: &[],
        unless: &[
            "not",
            "no",
            "never",
            "t",
            "nothing",
            "cannot",
            "if",
            "once",
            "when",
            "until",
            "before",
            "after",
            "will",
            "ll",
            "would",
            "can",
            "could",
            "shall",
            "should",
            "may",
            "might",
            "want",
            "like",
            "need",
            "let",
            "fully",
            "already",
            "taken",
            "sorry",
            "unfortunately",
            "someone",
            "another",
            "be",
            "unless",
        ],
    },
    Lexicon {
        deed: &[
            "gebucht",
            "eingetragen",
            "vereinbart",
            "bestätigt",
            "verschoben",
            "storniert",
            "abgesagt",
            "reserviert",
        ],
        done: &["ist", "habe", "haben", "wurde", "sind"],
        alone: &[],
        unless: &[
            "nicht",
            "kein",
            "keinen",
            "nichts",
            "noch",
            "wenn",
            "sobald",
            "falls",
            "bevor",
            "werde",
            "soll",
            "kann",
            "könnte",
            "möchte",
            "möchten",
            "schon",
            "bereits",
            "leider",
            "anderweitig",
            "würde",
        ],
    },
    Lexicon {
        deed: &[
            "réservé",
            "réservée",
            "confirmé",
            "confirmée",
            "annulé",
            "annulée",
            "déplacé",
            "reporté",
            "fixé",
        ],
        done: &["est", "ai", "a", "avons", "été"],
        alone: &[],
        unless: &[
            "pas",
            "rien",
            "si",
            "quand",
            "dès",
            "fois",
            "puis",
            "peux",
            "voulez",
            "souhaitez",
            "déjà",
            "désolé",
            "désolée",
            "malheureusement",
            "vais",
        ],
    },
    Lexicon {
        deed: &[
            "reservada",
            "reservado",
            "agendada",
            "agendado",
            "confirmada",
            "confirmado",
            "cancelada",
            "cancelado",
            "reprogramada",
            "reprogramado",
            "cambiada",
        ],
        done: &["está", "queda", "quedó", "ha", "he", "hemos", "sido"],
        alone: &[],
        unless: &[
            "no",
            "nada",
            "si",
            "cuando",
            "una",
            "vez",
            "puedo",
            "quiere",
            "ya",
            "lamentablemente",
            "siento",
        ],
    },
    Lexicon {
        deed: &[],
        done: &[],
        alone: &[
            "נקבע",
            "נקבעה",
            "קבעתי",
            "הזמנתי",
            "שוריין",
            "ביטלתי",
            "בוטל",
            "בוטלה",
            "הועבר",
            "הועברה",
            "העברתי",
        ],
        unless: &[
            "לא",
            "אין",
            "אם",
            "כאשר",
            "כש",
            "לאחר",
            "אוכל",
            "רוצה",
            "האם",
            "טרם",
            "עדיין",
            "לצערי",
            "כבר",
        ],
    },
    Lexicon {
        deed: &["حجز", "إلغاء", "تأكيد", "تغيير", "نقل"],
        done: &["تم", "لقد"],
        alone: &["حجزت", "ألغيت"],
        unless: &["لم", "لا", "لن", "إذا", "عندما", "هل", "بعد", "سوف", "للأسف", "يتم"],
    },
    Lexicon {
        deed: &[
            "prenotato",
            "prenotata",
            "confermato",
            "fissato",
            "annullato",
            "spostato",
            "cancellato",
            "disdetto",
        ],
        done: &["è", "ho", "abbiamo", "stato", "stata"],
        alone: &[],
        unless: &["non", "niente", "se", "quando", "appena", "posso", "vuole", "già", "purtroppo"],
    },
    Lexicon {
        deed: &[
            "marcada",
            "marcado",
            "agendada",
            "agendado",
            "confirmada",
            "confirmado",
            "cancelada",
            "cancelado",
            "remarcada",
            "remarcado",
            "reservada",
            "reservado",
            "desmarcada",
        ],
        done: &["está", "foi", "ficou"],
        alone: &["marquei", "agendei", "cancelei", "remarquei"],
        unless: &["não", "nada", "se", "quando", "assim", "posso", "quer", "já", "infelizmente"],
    },
    Lexicon {
        deed: &["geboekt", "ingepland", "bevestigd", "verzet", "geannuleerd", "verplaatst", "gereserveerd"],
        done: &["is", "heb", "hebben", "staat", "zijn"],
        alone: &[],
        unless: &["niet", "geen", "niets", "als", "zodra", "wanneer", "kan", "wilt", "zal", "al", "helaas"],
    },
    Lexicon {
        deed: &[
            "umówiona",
            "umówiony",
            "zarezerwowana",
            "zarezerwowany",
            "potwierdzona",
            "odwołana",
            "przełożona",
            "anulowana",
        ],
        done: &["jest", "została", "został"],
        alone: &[
            "zarezerwowałem",
            "zarezerwowałam",
            "umówiłem",
            "umówiłam",
            "odwołałem",
            "odwołałam",
            "przełożyłem",
            "przełożyłam",
        ],
        unless: &["nie", "jeśli", "gdy", "kiedy", "czy", "mogę", "już", "niestety"],
    },
    Lexicon {
        deed: &[],
        done: &[],
        alone: &[
            "записал",
            "записала",
            "забронировал",
            "забронировала",
            "забронировано",
            "записаны",
            "отменил",
            "отменила",
            "отменена",
            "перенес",
            "перенёс",
            "перенесла",
            "перенесена",
            "подтверждена",
        ],
        unless: &["не", "если", "когда", "ли", "могу", "хотите", "уже", "сожалению"],
    },
    Lexicon {
        deed: &["iptal", "onaylandı", "oluşturuldu", "değiştirildi"],
        done: &["edildi", "ettim", "randevunuz", "randevu"],
        alone: &["ayırttım", "oluşturdum"],
        unless: &["değil", "eğer", "olursa", "edeyim", "ister", "mi", "mı", "maalesef", "henüz", "edilirse"],
    },
];

/// Whether a text says that an appointment was made, moved or called off.
pub fn claims_appointment(text: &str) -> bool {
    let sentences = text.split_inclusive(['.', '!', '?', '؟', '…', '\n']);
    sentences.filter(|sentence| !sentence.trim_end().ends_with(['?', '؟'])).any(|sentence| {
        let said = words(sentence);
        let has =
            |list: &[&str]| list.iter().any(|word| said.iter().any(|said| words(word).first() == Some(said)));
        LEXICONS.iter().any(|lexicon| {
            let claims = has(lexicon.alone) || (has(lexicon.deed) && has(lexicon.done));
            claims && !has(lexicon.unless)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_done_is_a_claim() {
        for text in [
            "Your appointment is booked for Thursday.",
            "Perfect! I've booked you in for half past two.",
            "You're booked for Friday at nine.",
            "Done. Your appointment has been cancelled.",
            "I have rescheduled it to Tuesday.",
            "Der Termin ist für Donnerstag eingetragen.",
            "Ich habe den Termin auf Freitag verschoben.",
            "C'est réservé pour jeudi.",
            "Su cita está confirmada para el jueves.",
            "התור נקבע ליום חמישי.",
            "קבעתי לך תור ליום שני בעשר.",
            "تم حجز الموعد يوم الخميس.",
            "Ho prenotato per giovedì.",
            "A consulta foi marcada para quinta.",
            "De afspraak is geboekt.",
            "Wizyta została umówiona na czwartek.",
            "Я записала вас на четверг.",
            "Randevunuz oluşturuldu.",
        ] {
            assert!(claims_appointment(text), "{text}");
        }
    }

    #[test]
    fn what_is_asked_denied_or_to_come_is_none() {
        for text in [
            "Shall I book it?",
            "Is it booked?",
            "It is not booked yet.",
            "I can book Thursday at half past two.",
            "Once it is booked, you get a message.",
            "That time is already booked.",
            "Unfortunately we are fully booked on Friday.",
            "Soll ich den Termin eintragen?",
            "Der Termin ist noch nicht gebucht.",
            "Wenn es gebucht ist, sage ich es Ihnen.",
            "האם לקבוע את התור?",
            "התור עדיין לא נקבע.",
            "Non ho prenotato niente.",
            "One moment, I am looking.",
            "We have Thursday or Friday.",
            "",
        ] {
            assert!(!claims_appointment(text), "{text}");
        }
    }
}
