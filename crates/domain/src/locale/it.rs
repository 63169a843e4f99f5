use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "it",
    name: "Italian",
    voices: &[SayVoice { language: "it-IT", voice: "Polly.Bianca-Neural" }],
    words: Words {
        unknown_number: "Siamo spiacenti, questo numero non è attivo. Arrivederci.",
        suspended: "Siamo spiacenti, al momento questo numero non può ricevere chiamate. Arrivederci.",
        busy: "Siamo spiacenti, tutte le nostre linee sono occupate. La preghiamo di richiamare tra qualche minuto. Arrivederci.",
        not_now: "Siamo spiacenti, al momento non possiamo rispondere alla Sua chiamata. La preghiamo di richiamare più tardi. Arrivederci.",
        apology: "Siamo spiacenti, abbiamo un problema tecnico e non possiamo proseguire. La preghiamo di richiamare tra qualche minuto. Arrivederci.",
        not_available: "Siamo spiacenti, al momento nessuno può rispondere alla Sua chiamata. La preghiamo di richiamare più tardi. Arrivederci.",
        connecting: "Un attimo, trasferisco la chiamata.",
        connecting_busy: "Siamo spiacenti, tutte le nostre linee sono occupate. Un attimo, trasferisco la chiamata.",
        connecting_trouble: "Siamo spiacenti, abbiamo un problema tecnico. Un attimo, trasferisco la chiamata.",
        closed: "Ha chiamato {{business_name}} fuori dall'orario di apertura. La preghiamo di richiamare durante l'orario di apertura. Arrivederci.",
        closed_voicemail: "Ha chiamato {{business_name}} fuori dall'orario di apertura. Lasci un messaggio dopo il segnale acustico.",
        voicemail: "Ha chiamato {{business_name}}. Al momento non possiamo rispondere. Lasci un messaggio dopo il segnale acustico.",
        no_message: "Non abbiamo sentito alcun messaggio. Arrivederci.",
        thanks: "Grazie per il suo messaggio. Arrivederci.",
    },
    manner: Manner {
        address: "Address people with \"Lei\" and verbs of the third person, and with \"signore\" or \"signora\" (\"signor Rossi\" before a name); never use \"tu\" unless the caller asks for it.",
        numbers: "Say amounts as whole numbers (\"centoventi\"), and reference numbers digit by digit.",
        dates: "Say weekday, day and month (\"venerdì venti novembre\"); only the first of a month is an ordinal (\"il primo maggio\").",
        times: "Use the twenty-four-hour clock (\"alle quattordici e trenta\", \"alle nove\"); follow a caller who says \"le due e mezza\".",
        prices: "Say the currency between whole amount and cents and leave out empty cents (\"quarantanove euro\", \"dodici euro e cinquanta\").",
        telephone: "Say telephone numbers digit by digit in groups of two or three with short pauses; the 0 of an area code is always said.",
    },
    instructions: "\
Rispondi al telefono per {{business_name}}. Sei cordiale, tranquillo e vai al punto.

Scopri di che cosa ha bisogno chi chiama e chiedi il nome se serve.
Rispondi alle domande solo con ciò che è scritto qui o con ciò che ti dice uno strumento. Se non sai qualcosa, dillo \
apertamente; non tirare a indovinare.
Non promettere a nome dell'azienda nulla che non sia scritto qui: né prezzi, né scadenze, né eccezioni.
Se non capisci un nome o un numero, fattelo dire lettera per lettera o cifra per cifra e ripetilo.
Prima della fine della chiamata riassumi in una frase ciò che è stato concordato.",
    greeting: "Buongiorno, qui è {{business_name}}. Come posso aiutarLa?",
};
