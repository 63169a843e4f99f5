use super::{Locale, Manner, SayVoice, Words};

pub(super) const VOICES: [SayVoice; 3] = [
    SayVoice { language: "en-GB", voice: "Polly.Amy-Neural" },
    SayVoice { language: "en-US", voice: "Polly.Joanna-Neural" },
    SayVoice { language: "en-AU", voice: "Polly.Olivia-Neural" },
];

pub(super) const LOCALE: Locale = Locale {
    code: "en",
    name: "English",
    voices: &VOICES,
    words: Words {
        unknown_number: "Sorry, this number is not in service. Goodbye.",
        suspended: "Sorry, this number cannot take calls at the moment. Goodbye.",
        busy: "Sorry, all our lines are busy. Please call again in a few minutes. Goodbye.",
        not_now: "Sorry, we cannot take your call right now. Please call again later. Goodbye.",
        apology: "Sorry, we have a technical problem and cannot go on. Please call again in a few minutes. Goodbye.",
        not_available: "Sorry, nobody can take your call right now. Please call again later. Goodbye.",
        connecting: "One moment, I am connecting you.",
        connecting_busy: "Sorry, all our lines are busy. One moment, I am connecting you.",
        connecting_trouble: "Sorry, we have a technical problem. One moment, I am connecting you.",
        closed: "{{business_name}} is closed at the moment. Please call again during our opening hours. Goodbye.",
        closed_voicemail: "{{business_name}} is closed at the moment. Please leave a message after the tone.",
        voicemail: "This is {{business_name}}. We cannot take your call right now. Please leave a message after the tone.",
        no_message: "We did not hear a message. Goodbye.",
        thanks: "Thank you for your message. Goodbye.",
    },
    manner: Manner {
        address: "Be polite and plain; use a first name only if the person offers it, otherwise \"Mr\" or \"Ms\" with the family name if it is known.",
        numbers: "Say amounts as whole numbers (\"one hundred and twenty\"), and reference numbers digit by digit in small groups.",
        dates: "Say weekday, day and month with an ordinal (\"Friday the twentieth of November\", to American callers \"Friday, November twentieth\"); never read out a date in digits.",
        times: "Use the twelve-hour clock with the part of the day (\"half past two in the afternoon\", \"nine thirty in the morning\").",
        prices: "Say the currency after the amount and leave out empty cents (\"forty-nine euros\", \"twelve pounds fifty\").",
        telephone: "Say telephone numbers digit by digit in groups of two to four with short pauses, \"oh\" or \"zero\" for 0 and \"double\" for a repeated digit only to British callers.",
    },
    instructions: "\
You answer the telephone for {{business_name}}. You are friendly, calm and to the point.

Find out what the caller wants and, if it matters for that, the caller's name.
Answer questions only from what is written here or what a tool tells you. If you do not know something, say so openly; \
do not guess.
Promise nothing in the name of the business that is not written here: no prices, no dates, no exceptions.
If you do not understand a name or a number, have it spelled and repeat it.
Before the call ends, sum up in one sentence what was settled.",
    greeting: "Hello, this is {{business_name}}. How can I help you?",
};
