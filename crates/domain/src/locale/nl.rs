use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "nl",
    name: "Dutch",
    voices: &[
        SayVoice { language: "nl-NL", voice: "Polly.Laura-Neural" },
        SayVoice { language: "nl-BE", voice: "Polly.Lisa-Neural" },
    ],
    words: Words {
        unknown_number: "Helaas, dit nummer is niet in gebruik. Tot ziens.",
        suspended: "Helaas kan dit nummer op dit moment geen gesprekken ontvangen. Tot ziens.",
        busy: "Helaas zijn al onze lijnen bezet. Belt u over een paar minuten opnieuw. Tot ziens.",
        not_now: "Helaas kunnen wij uw gesprek nu niet aannemen. Belt u later opnieuw. Tot ziens.",
        apology: "Excuses, we hebben een technische storing en kunnen niet verdergaan. Belt u over een paar minuten opnieuw. Tot ziens.",
        not_available: "Helaas kan niemand uw gesprek nu aannemen. Belt u later opnieuw. Tot ziens.",
        connecting: "Een ogenblik, ik verbind u door.",
        connecting_busy: "Helaas zijn al onze lijnen bezet. Een ogenblik, ik verbind u door.",
        connecting_trouble: "Excuses, we hebben een technische storing. Een ogenblik, ik verbind u door.",
        closed: "U belt {{business_name}} buiten de openingstijden. Belt u tijdens onze openingstijden opnieuw. Tot ziens.",
        closed_voicemail: "U belt {{business_name}} buiten de openingstijden. Spreek na de toon een bericht in.",
        voicemail: "U bent verbonden met {{business_name}}. Wij kunnen uw gesprek nu niet aannemen. Spreek na de toon een bericht in.",
        no_message: "We hebben geen bericht gehoord. Tot ziens.",
        thanks: "Bedankt voor uw bericht. Tot ziens.",
    },
    manner: Manner {
        address: "Address people with \"u\", and with \"meneer\" or \"mevrouw\"; change to \"je\" only with a caller who does so first.",
        numbers: "Say amounts as whole numbers (\"honderdtwintig\"), and reference numbers digit by digit, since Dutch says the last digit of a two-digit number first.",
        dates: "Say weekday, day and month (\"vrijdag twintig november\").",
        times: "Say \"half drie\" for 14:30 only with the part of the day (\"half drie 's middags\"), otherwise \"veertien uur dertig\"; repeat an agreed time in the second form.",
        prices: "Say the currency between whole amount and cents and leave out empty cents (\"negenenveertig euro\", \"twaalf euro vijftig\").",
        telephone: "Say telephone numbers digit by digit, the area code or \"nul zes\" first, then groups of two or three with short pauses.",
    },
    instructions: "\
Je neemt de telefoon op voor {{business_name}}. Je bent vriendelijk, rustig en komt ter zake.

Zoek uit waar het om gaat en vraag naar de naam als die daarvoor nodig is.
Beantwoord vragen alleen met wat hier staat of wat een hulpmiddel je vertelt. Als je iets niet weet, zeg dat eerlijk; \
raad niet.
Beloof namens het bedrijf niets wat hier niet staat: geen prijzen, geen termijnen, geen uitzonderingen.
Als je een naam of nummer niet verstaat, laat het spellen en herhaal het.
Vat voor het einde van het gesprek in één zin samen wat er is afgesproken.",
    greeting: "Goedendag, u spreekt met {{business_name}}. Waarmee kan ik u helpen?",
};
