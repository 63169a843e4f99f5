use super::*;
use crate::hours::Span;

/// Monday to Friday 09:00-12:00 and 13:00-17:00, Saturday 09:00-12:00.
pub(super) fn week() -> Week {
    let spans = |texts: &[&str]| texts.iter().map(|text| text.parse::<Span>().unwrap()).collect::<Vec<_>>();
    let weekdays =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    let week = Week::of(&weekdays, &spans(&["09:00-12:00", "13:00-17:00"]));
    Week { saturday: spans(&["09:00-12:00"]), ..week }
}

#[test]
fn hours_that_agree_are_no_finding_in_any_language() {
    let week = week();
    let early =
        Week::of(&[Weekday::Monday, Weekday::Tuesday, Weekday::Friday], &["06:00-07:00".parse().unwrap()]);
    let mut wrong = vec![];
    for (tag, text) in [
        ("en", "We are open Monday to Friday from 9 to 12 and 1 to 5, Saturday 9am-12pm, closed on Sundays."),
        ("en", "Opening hours:\n- Mon-Fri: 9:00-12:00, 13:00-17:00\n- Sat: 9-12\n- Sun: closed\n"),
        ("en", "The caller may come on Sunday. We deliver Tuesday 10-11. Are we closed on Monday?"),
        ("en", "We are closed on Monday 24 December, except in leap years. We are not open on Sundays."),
        ("en", "The shop is open on Tuesday 9-12, the café 7-9."),
        ("en", "We are open Mon. to Fri. 9 a.m. to 12 p.m., 1 p.m. to 5 p.m. and Sat. 9 a.m. to 12 p.m."),
        (
            "de",
            "Öffnungszeiten: Mo.-Fr. 9-12 Uhr und 13-17 Uhr, Samstag 9 bis 12 Uhr. Sonntag ist geschlossen.",
        ),
        ("fr", "Nous sommes ouverts du lundi au vendredi de 9h à 12h et de 13h à 17h. Fermé le dimanche."),
        ("es", "Horario: lunes a viernes de 9 a 12 y de 13 a 17, sábado de 9 a 12. Domingo cerrado."),
        ("it", "Orari: dal lunedì al venerdì dalle 9 alle 12 e dalle 13 alle 17. Domenica chiuso."),
        ("pt", "Horário: segunda a sexta das 9h às 12h e das 13h às 17h. Domingo fechado."),
        ("nl", "Openingstijden: maandag t/m vrijdag 9.00-12.00 en 13.00-17.00 uur. Zondag gesloten."),
        ("pl", "Otwarte od poniedziałku do piątku 9-12 i 13-17. W niedzielę nieczynne."),
        ("ru", "Часы работы: понедельник–пятница с 9 до 12 и с 13 до 17. Воскресенье выходной."),
        ("tr", "Çalışma saatleri: Pazartesi-Cuma 09:00-12:00 ve 13:00-17:00. Pazar kapalı."),
        ("he", "שעות הפתיחה: ימים ב'-ו' 9:00-12:00, 13:00-17:00. ביום ראשון סגור."),
        ("ar", "ساعات العمل: الاثنين إلى الجمعة ٩:٠٠-١٢:٠٠ و ١٣:٠٠-١٧:٠٠. الأحد مغلق."),
    ] {
        let languages = tags(&[tag]);
        let facts = Facts { week: Some(&week), ..facts(&languages, &NO_TOOLS) };
        let here = codes(text, &facts);
        // The same text beside other hours, so that it is known to have been read.
        let there = codes(text, &Facts { week: Some(&early), ..facts });
        let read = there.iter().any(|(code, _)| *code == "other_hours");
        let judged =
            !text.contains("The caller may") && !text.contains("leap years") && !text.contains("café");
        if !here.is_empty() || read != judged {
            wrong.push((text, here));
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn a_day_has_all_the_times_that_follow_it() {
    let spans = |texts: &[&str]| texts.iter().map(|text| text.parse::<Span>().unwrap()).collect::<Vec<_>>();
    let languages = tags(&["en"]);
    let judged = |times: &[&str]| {
        let week = Week { monday: spans(times), ..Week::default() };
        let facts = Facts { week: Some(&week), ..facts(&languages, &NO_TOOLS) };
        found("We are open Monday 8-9, 9:30-11, 1-5.", &facts).len()
    };
    assert_eq!(judged(&["08:00-09:00", "09:30-11:00", "13:00-17:00"]), 0);
    assert_eq!(judged(&["08:00-09:00", "09:30-11:00"]), 1);
    assert_eq!(judged(&["08:00-09:00", "09:30-11:00", "13:00-18:00"]), 1);
}

#[test]
fn hours_that_differ_are_found_in_every_language() {
    let week = week();
    let mut wrong = vec![];
    for (tag, text, code, part) in [
        ("en", "We are closed on Wednesdays.", "said_closed", "Wednesdays"),
        ("en", "We are open on Sundays, too.", "said_open", "Sundays"),
        ("en", "Opening hours:\nSat: 9-13\n", "other_hours", "Sat"),
        ("de", "Mittwoch ist Ruhetag.", "said_closed", "Mittwoch"),
        ("de", "Am Samstag haben wir von 8 bis 12 Uhr geöffnet.", "other_hours", "Samstag"),
        ("fr", "Le magasin est fermé le lundi.", "said_closed", "lundi"),
        ("fr", "Ouvert le dimanche de 9h30 à 12h.", "said_open", "dimanche"),
        ("es", "Los sábados está cerrado.", "said_closed", "sábados"),
        ("it", "Sabato aperto dalle 10 alle 12.", "other_hours", "Sabato"),
        ("pt", "Aberto aos domingos das 9h às 12h.", "said_open", "domingos"),
        ("nl", "Op zaterdag zijn we gesloten.", "said_closed", "zaterdag"),
        ("pl", "W sobotę otwarte od 10 do 12.", "other_hours", "sobotę"),
        ("ru", "В субботу закрыто.", "said_closed", "субботу"),
        ("tr", "Cumartesi kapalı.", "said_closed", "Cumartesi"),
        ("he", "ביום שישי סגור.", "said_closed", "ביום שישי"),
        ("he", "אנחנו פתוחים בשבת בין 10:00 עד 12:00.", "other_hours", "בשבת"),
        ("ar", "السبت مغلق.", "said_closed", "السبت"),
    ] {
        let languages = tags(&[tag]);
        let facts = Facts { week: Some(&week), ..facts(&languages, &NO_TOOLS) };
        let codes = codes(text, &facts);
        if codes != [(code, part)] {
            wrong.push((text, codes));
        }
    }
    assert_eq!(wrong, []);
    let languages = tags(&["en"]);
    let facts = Facts { week: Some(&week), ..facts(&languages, &NO_TOOLS) };
    let findings = found("Line one.\nWe are open Monday to Sunday 9-12, 13-17.", &facts);
    assert_eq!(findings.len(), 2, "Saturday has other hours, Sunday none");
    assert!(findings.iter().all(|finding| finding.place.as_ref().unwrap().line == 2));
    assert!(
        findings[0].lint.to_string().contains("Saturday")
            && findings[0].lint.to_string().contains("09:00-12:00")
    );
}

/// Prompts as businesses write them, with days and figures that mean other things, judged by every language at once.
#[test]
fn days_and_figures_that_are_no_opening_hours_are_left_alone() {
    let all: Vec<String> = LOCALES.iter().map(|locale| locale.code.to_owned()).collect();
    let week = week();
    let facts = Facts { week: Some(&week), ..facts(&all, &NO_TOOLS) };
    for text in [
        "You are the receptionist of Dr. Mayer's practice at Hauptstr. 12, 1010 Vienna. Cleaning takes 45 to 60 minutes. \
         Emergencies are seen if the caller rings before 11 a.m. on Monday to Friday. Parking from 8 to 18. The practice \
         has been open since 2004. Dr. Mayer is with patients on Tuesday and Thursday. Phone: 01 512 34 56.",
        "Du bist Robin von der Werkstatt. Ein Schlauchwechsel kostet 15 bis 20 Euro. Räder können bis 16 Uhr abgeholt \
         werden. Termine vergibt nur Frau Huber, am Dienstag zwischen 10 und 12 Uhr. Wenn jemand am Mittwoch kommen \
         will, frage nach der Uhrzeit. Sag nie, dass ein Termin gebucht ist.",
        "המרפאה פתוחה בימים ב'-ו' בין השעות 9:00-12:00 ו-13:00-17:00. טיפול ראשון עולה 250 שקלים. אל תבטיח תור. \
         יש לנו שני סניפים ושלושה רופאים.",
        "Une consultation dure de 20 à 30 minutes. Le docteur Martin consulte le mardi et le jeudi. Le cabinet est ouvert \
         le samedi de 9h à 12h.",
        "La segunda visita es gratis. De 2 a 3 personas por mesa. El viernes hay paella. No reserves mesas.",
        "Стрижка стоит от 1500 до 2000 рублей. Мастер Анна работает в среду и пятницу с 10 до 18.",
        "Menü fiyatı 300-400 lira. Pazar günü canlı müzik var. Müşterinin adını sor.",
        "سعر الكشف من 50 إلى 60 دينارا. الطبيب موجود يوم الاثنين والأربعاء. اسأل عن الاسم.",
        "Een knipbeurt duurt 30 tot 40 minuten. Op maandag werkt Jan. Vraag naar de naam en wanneer het uitkomt, di of do.",
        "Strzyżenie trwa 30-40 minut. W środę pracuje Ania. Zapytaj o imię.",
    ] {
        assert_eq!(codes(text, &facts), [], "{text}");
    }
}
