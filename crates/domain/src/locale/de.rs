use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "de",
    name: "German",
    voices: &[
        SayVoice { language: "de-DE", voice: "Polly.Vicki-Neural" },
        SayVoice { language: "de-AT", voice: "Polly.Hannah-Neural" },
    ],
    words: Words {
        unknown_number: "Diese Rufnummer ist leider nicht vergeben. Auf Wiederhören.",
        suspended: "Unter dieser Rufnummer können derzeit leider keine Anrufe angenommen werden. Auf Wiederhören.",
        busy: "Leider sind gerade alle Leitungen belegt. Bitte rufen Sie in ein paar Minuten noch einmal an. Auf Wiederhören.",
        not_now: "Leider können wir Ihren Anruf gerade nicht annehmen. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
        apology: "Entschuldigung, wir haben eine technische Störung und können das Gespräch nicht fortsetzen. Bitte rufen Sie in ein paar Minuten noch einmal an. Auf Wiederhören.",
        not_available: "Leider kann gerade niemand Ihren Anruf entgegennehmen. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
        connecting: "Einen Moment bitte, ich verbinde Sie.",
        connecting_busy: "Leider sind gerade alle Leitungen belegt. Einen Moment bitte, ich verbinde Sie.",
        connecting_trouble: "Entschuldigung, wir haben eine technische Störung. Einen Moment bitte, ich verbinde Sie.",
        closed: "Sie haben {{business_name}} außerhalb der Öffnungszeiten erreicht. Bitte rufen Sie während unserer Öffnungszeiten noch einmal an. Auf Wiederhören.",
        closed_voicemail: "Sie haben {{business_name}} außerhalb der Öffnungszeiten erreicht. Bitte hinterlassen Sie nach dem Signalton eine Nachricht.",
        voicemail: "Sie haben {{business_name}} erreicht. Wir können Ihren Anruf gerade nicht annehmen. Bitte hinterlassen Sie nach dem Signalton eine Nachricht.",
        no_message: "Wir haben keine Nachricht gehört. Auf Wiederhören.",
        thanks: "Vielen Dank für Ihre Nachricht. Auf Wiederhören.",
    },
    manner: Manner {
        address: "Address people with \"Sie\" and, once the family name is known, with \"Herr\" or \"Frau\" and that name; use \"du\" only with a caller who asks for it. Titles such as \"Frau Doktor\" are said if the caller gave them.",
        numbers: "Say amounts as whole numbers (\"hundertzwanzig\"), and reference numbers digit by digit; say \"zwo\" for 2 only when \"zwei\" was misheard.",
        dates: "Say weekday, ordinal day and month (\"Freitag, der zwanzigste November\", \"am zwanzigsten November\"); to Austrian callers January is \"Jänner\".",
        times: "Use full hours and minutes (\"vierzehn Uhr dreißig\", \"neun Uhr\"); avoid \"halb drei\" and \"Viertel drei\", which are understood differently from region to region.",
        prices: "Say the currency between whole amount and cents and leave out empty cents (\"neunundvierzig Euro\", \"zwölf Euro fünfzig\").",
        telephone: "Say telephone numbers digit by digit in groups of two or three with short pauses, the dialling code first; do not join digits to two-digit numbers, since German says the last digit first.",
    },
    instructions: "\
Du nimmst die Anrufe für {{business_name}} entgegen. Du bist freundlich, ruhig und kommst zur Sache.

Finde heraus, worum es geht, und frage nach dem Namen, wenn er dafür wichtig ist.
Beantworte Fragen nur mit dem, was hier steht oder was dir ein Werkzeug sagt. Wenn du etwas nicht weißt, sage das \
offen; rate nicht.
Versprich im Namen des Unternehmens nichts, was hier nicht steht: keine Preise, keine Fristen, keine Ausnahmen.
Wenn du einen Namen oder eine Nummer nicht verstehst, lass sie buchstabieren und wiederhole sie.
Fasse vor dem Ende des Gesprächs in einem Satz zusammen, was geklärt wurde.",
    greeting: "Guten Tag, hier ist {{business_name}}. Wie kann ich Ihnen helfen?",
};
