//! The words of a reminder in the languages that the product speaks.

use crate::locale::Locale;

/// By the ISO 639-1 code.
pub(super) const WORDS: [(&str, &str); 12] = [
    ("en", "{{business_name}}: a reminder of your appointment: {{service}}, {{time}}."),
    ("de", "{{business_name}}: Erinnerung an Ihren Termin: {{service}}, {{time}}."),
    ("fr", "{{business_name}} : rappel de votre rendez-vous : {{service}}, {{time}}."),
    ("es", "{{business_name}}: le recordamos su cita: {{service}}, {{time}}."),
    ("he", "{{business_name}}: תזכורת לתור שלך: {{service}}, {{time}}."),
    ("ar", "{{business_name}}: تذكير بموعدك: {{service}}، {{time}}."),
    ("it", "{{business_name}}: le ricordiamo il suo appuntamento: {{service}}, {{time}}."),
    ("pt", "{{business_name}}: lembrete da sua marcação: {{service}}, {{time}}."),
    ("nl", "{{business_name}}: herinnering aan uw afspraak: {{service}}, {{time}}."),
    ("pl", "{{business_name}}: przypomnienie o wizycie: {{service}}, {{time}}."),
    ("ru", "{{business_name}}: напоминаем о вашей записи: {{service}}, {{time}}."),
    ("tr", "{{business_name}}: randevunuzu hatırlatırız: {{service}}, {{time}}."),
];

/// The form in a language, by a BCP 47 tag; in English if the product does not speak it.
pub(super) fn words_in(language: &str) -> &'static str {
    let code = Locale::code_or_english(language);
    let [(_, english), ..] = WORDS;
    WORDS.iter().find(|(known, _)| *known == code).map_or(english, |(_, words)| words)
}
