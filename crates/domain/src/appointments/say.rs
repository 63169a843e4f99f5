//! Days and moments as people write them, in the languages that the product speaks. How a date is then pronounced is in
//! [`Manner`](crate::locale::Manner), which the model has.

use jiff::civil::{Date, DateTime, Weekday};

use crate::locale::Locale;
use crate::text::words;

/// The words of one language.
struct Names {
    code: &'static str,
    /// Monday first.
    weekdays: [&'static str; 7],
    /// January first, in the form that follows a day.
    months: [&'static str; 12],
    /// `{w}` the weekday, `{d}` the day, `{m}` the month, `{t}` the time.
    form: &'static str,
    /// Today, tomorrow, the day after tomorrow.
    near: [&'static str; 3],
    /// Other names of weekdays: short ones, and those that are used in other places.
    also: &'static [(&'static str, Weekday)],
}

use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

const LANGUAGES: [Names; 12] = [
    Names {
        code: "en",
        weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        months: [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        form: "{w}, {d} {m}, {t}",
        near: ["today", "tomorrow", "day after tomorrow"],
        also: &[
            ("mon", Monday),
            ("tue", Tuesday),
            ("wed", Wednesday),
            ("thu", Thursday),
            ("fri", Friday),
            ("sat", Saturday),
            ("sun", Sunday),
        ],
    },
    Names {
        code: "de",
        weekdays: ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        months: [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        form: "{w}, {d}. {m}, {t} Uhr",
        near: ["heute", "morgen", "übermorgen"],
        also: &[("Sonnabend", Saturday)],
    },
    Names {
        code: "fr",
        weekdays: ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        months: [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
        form: "{w} {d} {m}, {t}",
        near: ["aujourd'hui", "demain", "après-demain"],
        also: &[],
    },
    Names {
        code: "es",
        weekdays: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
        months: [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
        form: "{w}, {d} de {m}, {t}",
        near: ["hoy", "mañana", "pasado mañana"],
        also: &[],
    },
    Names {
        code: "he",
        weekdays: ["יום שני", "יום שלישי", "יום רביעי", "יום חמישי", "יום שישי", "שבת", "יום ראשון"],
        months: [
            "בינואר",
            "בפברואר",
            "במרץ",
            "באפריל",
            "במאי",
            "ביוני",
            "ביולי",
            "באוגוסט",
            "בספטמבר",
            "באוקטובר",
            "בנובמבר",
            "בדצמבר",
        ],
        form: "{w}, {d} {m}, {t}",
        near: ["היום", "מחר", "מחרתיים"],
        also: &[
            ("ראשון", Sunday),
            ("שני", Monday),
            ("שלישי", Tuesday),
            ("רביעי", Wednesday),
            ("חמישי", Thursday),
            ("שישי", Friday),
            ("יום שבת", Saturday),
            ("יום א", Sunday),
            ("יום ב", Monday),
            ("יום ג", Tuesday),
            ("יום ד", Wednesday),
            ("יום ה", Thursday),
            ("יום ו", Friday),
        ],
    },
    Names {
        code: "ar",
        weekdays: ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"],
        months: [
            "يناير",
            "فبراير",
            "مارس",
            "أبريل",
            "مايو",
            "يونيو",
            "يوليو",
            "أغسطس",
            "سبتمبر",
            "أكتوبر",
            "نوفمبر",
            "ديسمبر",
        ],
        form: "{w}، {d} {m}، {t}",
        near: ["اليوم", "غدا", "بعد غد"],
        also: &[("الإثنين", Monday)],
    },
    Names {
        code: "it",
        weekdays: ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
        months: [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
        form: "{w} {d} {m}, {t}",
        near: ["oggi", "domani", "dopodomani"],
        also: &[],
    },
    Names {
        code: "pt",
        weekdays: [
            "segunda-feira",
            "terça-feira",
            "quarta-feira",
            "quinta-feira",
            "sexta-feira",
            "sábado",
            "domingo",
        ],
        months: [
            "janeiro",
            "fevereiro",
            "março",
            "abril",
            "maio",
            "junho",
            "julho",
            "agosto",
            "setembro",
            "outubro",
            "novembro",
            "dezembro",
        ],
        form: "{w}, {d} de {m}, {t}",
        near: ["hoje", "amanhã", "depois de amanhã"],
        also: &[
            ("segunda", Monday),
            ("terça", Tuesday),
            ("quarta", Wednesday),
            ("quinta", Thursday),
            ("sexta", Friday),
        ],
    },
    Names {
        code: "nl",
        weekdays: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
        months: [
            "januari",
            "februari",
            "maart",
            "april",
            "mei",
            "juni",
            "juli",
            "augustus",
            "september",
            "oktober",
            "november",
            "december",
        ],
        form: "{w} {d} {m}, {t} uur",
        near: ["vandaag", "morgen", "overmorgen"],
        also: &[],
    },
    Names {
        code: "pl",
        weekdays: ["poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"],
        months: [
            "stycznia",
            "lutego",
            "marca",
            "kwietnia",
            "maja",
            "czerwca",
            "lipca",
            "sierpnia",
            "września",
            "października",
            "listopada",
            "grudnia",
        ],
        form: "{w}, {d} {m}, {t}",
        near: ["dzisiaj", "jutro", "pojutrze"],
        also: &[("środę", Wednesday), ("sobotę", Saturday), ("niedzielę", Sunday)],
    },
    Names {
        code: "ru",
        weekdays: ["понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"],
        months: [
            "января",
            "февраля",
            "марта",
            "апреля",
            "мая",
            "июня",
            "июля",
            "августа",
            "сентября",
            "октября",
            "ноября",
            "декабря",
        ],
        form: "{w}, {d} {m}, {t}",
        near: ["сегодня", "завтра", "послезавтра"],
        also: &[("среду", Wednesday), ("пятницу", Friday), ("субботу", Saturday)],
    },
    Names {
        code: "tr",
        weekdays: ["Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi", "Pazar"],
        months: [
            "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim",
            "Kasım", "Aralık",
        ],
        form: "{d} {m} {w}, saat {t}",
        near: ["bugün", "yarın", "öbür gün"],
        also: &[],
    },
];

/// A moment in a language, by a BCP 47 tag; in English if the product does not speak it: `Thursday, 3 December, 14:30`.
pub fn say_moment(at: DateTime, language: &str) -> String {
    let code = Locale::code_or_english(language);
    let [english, ..] = &LANGUAGES;
    let names = LANGUAGES.iter().find(|names| names.code == code).unwrap_or(english);
    let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
    let month = usize::try_from(at.month() - 1).unwrap_or(0);
    names
        .form
        .replace("{w}", names.weekdays.get(weekday).unwrap_or(&""))
        .replace("{d}", &at.day().to_string())
        .replace("{m}", names.months.get(month).unwrap_or(&""))
        .replace("{t}", &at.strftime("%H:%M").to_string())
}

/// The day without an hour.
pub(super) fn say_day(date: Date, language: &str) -> String {
    let said = say_moment(date.at(0, 0, 0, 0), language);
    let end = said.find("00:00").unwrap_or(said.len());
    said.get(..end).unwrap_or(&said).trim_end_matches([',', '،', ' ']).to_owned()
}

/// A day as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// This many days from today.
    Near(u8),
    /// A day of the week.
    Weekday(Weekday),
}

/// What a word in one of the languages names: `Tuesday`, `יום שלישי`, `morgen`. A word that means different days in two
/// languages is read in the one that is given first.
pub fn day_named(text: &str, language: &str) -> Option<Named> {
    let asked = words(text);
    if asked.is_empty() {
        return None;
    }
    let code = Locale::code_or_english(language);
    let own = LANGUAGES.iter().filter(|names| names.code == code);
    own.chain(LANGUAGES.iter().filter(|names| names.code != code)).find_map(|names| {
        let same = |name: &str| words(name) == asked;
        let near = (0..).zip(names.near).find(|(_, name)| same(name)).map(|(days, _)| Named::Near(days));
        let weekday = || {
            let day = names.weekdays.iter().position(|name| same(name))?;
            Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok().map(Named::Weekday)
        };
        let also = || names.also.iter().find(|(name, _)| same(name)).map(|(_, day)| Named::Weekday(*day));
        near.or_else(weekday).or_else(also)
    })
}
