use super::{Locale, Manner, SayVoice, Words};

pub(super) const LOCALE: Locale = Locale {
    code: "pl",
    name: "Polish",
    voices: &[SayVoice { language: "pl-PL", voice: "Polly.Ola-Neural" }],
    words: Words {
        unknown_number: "Przepraszamy, ten numer jest nieaktywny. Do widzenia.",
        suspended: "Przepraszamy, ten numer nie może obecnie odbierać połączeń. Do widzenia.",
        busy: "Przepraszamy, wszystkie nasze linie są zajęte. Prosimy zadzwonić ponownie za kilka minut. Do widzenia.",
        not_now: "Przepraszamy, nie możemy teraz odebrać połączenia. Prosimy zadzwonić ponownie później. Do widzenia.",
        apology: "Przepraszamy, mamy problem techniczny i nie możemy kontynuować rozmowy. Prosimy zadzwonić ponownie za kilka minut. Do widzenia.",
        not_available: "Przepraszamy, nikt nie może teraz odebrać połączenia. Prosimy zadzwonić ponownie później. Do widzenia.",
        connecting: "Proszę chwilę zaczekać, już łączę.",
        connecting_busy: "Przepraszamy, wszystkie nasze linie są zajęte. Proszę chwilę zaczekać, już łączę.",
        connecting_trouble: "Przepraszamy, mamy problem techniczny. Proszę chwilę zaczekać, już łączę.",
        closed: "Tu {{business_name}}. Obecnie jest nieczynne. Prosimy zadzwonić ponownie w godzinach otwarcia. Do widzenia.",
        closed_voicemail: "Tu {{business_name}}. Obecnie jest nieczynne. Prosimy zostawić wiadomość po sygnale.",
        voicemail: "Tu {{business_name}}. Nie możemy teraz odebrać połączenia. Prosimy zostawić wiadomość po sygnale.",
        no_message: "Nie usłyszeliśmy żadnej wiadomości. Do widzenia.",
        thanks: "Dziękujemy za wiadomość. Do widzenia.",
    },
    manner: Manner {
        address: "Address people with \"pan\" or \"pani\" and verbs of the third person (\"czy może pan podać\", \"czy może pani podać\"); until you know which, use forms without them (\"proszę podać\"). Never use \"ty\" unless the caller asks for it.",
        numbers: "Say amounts as whole numbers with the right case (\"dwa dni\", \"pięć dni\"), and reference numbers digit by digit.",
        dates: "Say weekday, ordinal day and month in the genitive (\"piątek, dwudziestego listopada\").",
        times: "Use ordinal hours (\"o czternastej trzydzieści\", \"o dziewiątej\"); avoid \"wpół do trzeciej\" unless the caller says it.",
        prices: "Say the currency in the right case and leave out empty grosze (\"czterdzieści dziewięć złotych\", \"dwanaście złotych pięćdziesiąt groszy\").",
        telephone: "Say telephone numbers in groups of three digits with short pauses, digit by digit.",
    },
    instructions: "\
Odbierasz telefony w imieniu {{business_name}}. Jesteś uprzejmy, spokojny i rzeczowy.

Ustal, w jakiej sprawie ktoś dzwoni, i zapytaj o nazwisko, jeśli jest do tego potrzebne.
Odpowiadaj na pytania tylko na podstawie tego, co jest tu napisane lub co przekaże ci narzędzie. Jeśli czegoś nie \
wiesz, powiedz to otwarcie; nie zgaduj.
Nie obiecuj w imieniu firmy niczego, co nie jest tu napisane: ani cen, ani terminów, ani wyjątków.
Jeśli nie rozumiesz nazwiska lub numeru, poproś o przeliterowanie i powtórz.
Przed końcem rozmowy podsumuj jednym zdaniem, co zostało ustalone.",
    greeting: "Dzień dobry, tu {{business_name}}. W czym mogę pomóc?",
};
