//! Everything that a customer with a telephone can do, row by row of what carriers document: it is kept, and it is answered if
//! it asks for an answer. What carriers say of our own texts, word by word and code by code.

use acceptance::World;
use acceptance::phones::{Way, answering};
use acceptance::threads::{TextRecord, ThreadRecord};
use futures_util::future::join_all;
use serde_json::json;
use simulator::phone::{Ad, File, Message, Person, Phone, Report, What};

/// One thing that a person does.
struct Row {
    name: &'static str,
    what: What,
    /// What it is kept as.
    kind: &'static str,
    /// Words that are kept with it.
    words: &'static str,
    /// Texts that the person gets for it.
    answers: usize,
    /// What is different about it.
    change: fn(Message) -> Message,
}

fn row(
    name: &'static str,
    what: impl Into<What>,
    kind: &'static str,
    words: &'static str,
    answers: usize,
) -> Row {
    Row { name, what: what.into(), kind, words, answers, change: |message| message }
}

impl Row {
    fn with(mut self, change: fn(Message) -> Message) -> Self {
        self.change = change;
        self
    }
}

fn picture() -> File {
    File::new("brake.jpg", "image/jpeg", &b"\xff\xd8\xff\xe0 a brake"[..])
}

fn voice_note() -> File {
    File::new("note.ogg", "audio/ogg; codecs=opus", &b"OggS a voice"[..])
}

fn place(name: &str) -> What {
    let text = str::to_owned;
    What::Location {
        latitude: text("48.2082"),
        longitude: text("16.3738"),
        name: text(name),
        address: text(""),
    }
}

fn ad(mut message: Message) -> Message {
    message.ad = Some(Ad {
        url: "https://fb.example/ad".into(),
        id: "120".into(),
        headline: "Spring service".into(),
        body: "For every bicycle".into(),
        click_id: "Aff-x".into(),
    });
    message
}

/// What goes over WhatsApp at either carrier.
fn of_whatsapp() -> Vec<Row> {
    let text = str::to_owned;
    vec![
        row("words", "When do you open?", "text", "When do you open?", 1),
        row("words with NUL", "open\0ed?", "text", "opened?", 1),
        row("words with names of fields", "From To MessageSid {{1}}", "text", "From To", 1),
        row("an answer to another one", "That one", "text", "That one", 1).with(|m| m.about("SM0123")),
        row("forwarded", "Look", "text", "Look", 1).with(|mut m| {
            m.forwarded = (true, true);
            m
        }),
        row("from an advertisement", "I saw this", "text", "I saw this", 1).with(ad),
        row("a picture with words", What::picture(picture(), "the brake"), "media", "the brake", 1),
        row("a picture alone", What::picture(picture(), ""), "media", "", 1),
        row("a voice note", What::VoiceNote(voice_note()), "media", "", 1),
        row("a sticker", What::Sticker(File::new("s.webp", "image/webp", &b"RIFF"[..])), "media", "", 1),
        row(
            "a document",
            What::picture(File::new("bill.pdf", "application/pdf", &b"%PDF-1.7"[..]), ""),
            "media",
            "",
            1,
        ),
        row("a place with a name", place("Harbour"), "location", "Harbour", 1),
        row("a place", place(""), "location", "48.2082", 1),
        row("a card", What::Card { name: text("Max"), number: text("+436641111111") }, "card", "Max", 1),
        row(
            "a button of a template",
            What::TemplateButton { text: text("Confirm"), payload: text("c-17") },
            "choice",
            "Confirm",
            1,
        ),
        row(
            "a button",
            What::Button { id: text("yes"), title: text("Yes, please") },
            "choice",
            "Yes, please",
            1,
        ),
        row(
            "a row of a list",
            What::Row { id: text("r1"), title: text("Nine"), description: text("on Thursday") },
            "choice",
            "Nine",
            1,
        ),
        row(
            "a sign",
            What::Reaction { about: text("SM0123"), emoji: Some(text("\u{1f44d}")) },
            "reaction",
            "\u{1f44d}",
            0,
        ),
        row(
            "a sign that is taken off",
            What::Reaction { about: text("SM0123"), emoji: None },
            "reaction",
            "",
            0,
        ),
        row("what is not handed on", What::Unsupported, "unsupported", "", 0),
        row("a wish in words", "STOP", "text", "STOP", 1),
        row("a wish in other words", "please stop by tomorrow", "text", "please stop by", 1),
    ]
}

fn of_sms() -> Vec<Row> {
    vec![
        row("words", "When do you open?", "text", "When do you open?", 1),
        row(
            "words of a language that is not written in GSM-7",
            "\u{5de}\u{5ea}\u{5d9}?",
            "text",
            "\u{5de}\u{5ea}\u{5d9}?",
            1,
        ),
        row(
            "pictures",
            What::Media { files: vec![picture(), picture(), picture()], caption: "three".into() },
            "media",
            "three",
            1,
        ),
        row("a service received it", "Hi", "text", "Hi", 1).with(|mut m| {
            m.service = Some(format!("MG{}", "1".repeat(32)));
            m
        }),
        row("fields that are new", "Hi", "text", "Hi", 1)
            .with(|m| m.with("FlurbLevel", "7").with("GeoHint", "")),
        row("fields that are odd", "Hi", "text", "Hi", 1)
            .with(|m| m.with("NumMedia", "many").with("NumSegments", "").with("ApiVersion", "2030")),
        row("STOP, as the carrier took it", "please no more", "text", "please no more", 0)
            .with(|m| m.opted("STOP")),
        row("START, as the carrier took it", "again", "text", "again", 0).with(|m| m.opted("START")),
        row("HELP, as the carrier took it", "what is this", "text", "what is this", 0)
            .with(|m| m.opted("HELP")),
        row("a wish in words", "STOP", "text", "STOP", 0),
    ]
}

/// What Twilio alone, or Meta alone, tells.
fn of_twilio() -> Vec<Row> {
    let mut rows = of_whatsapp();
    rows.push(row("a form", What::Form(json!({ "day": "Thursday" })), "choice", "", 0));
    rows.push(row("a type that is new", What::Unknown { kind: "hologram".into() }, "text", "", 0));
    rows
}

fn of_meta() -> Vec<Row> {
    let text = str::to_owned;
    let mut rows = of_whatsapp();
    rows.extend([
        row("a form", What::Form(json!({ "day": "Thursday" })), "choice", "Thursday", 1),
        row("goods", What::Order(vec![(text("tube"), 2), (text("bell"), 1)]), "order", "2 x tube", 1),
        row("other words", What::Edit { about: text("wamid.1"), body: text("at ten") }, "edit", "at ten", 0),
        row("words that are taken back", What::Deletion { about: text("wamid.1") }, "deletion", "", 0),
        row("a type that is new", What::Unknown { kind: "hologram".into() }, "unsupported", "hologram", 0),
        row(
            "another number",
            What::ChangedNumber { number: text("+436645550000"), user_id: Some(text("AT.7")) },
            "system",
            "user_changed_number",
            0,
        ),
        row("another device", What::IdentityChanged, "system", "customer_identity_changed", 0),
        row("no advertising", What::Preference { wants_marketing: false }, "system", "", 0),
        row("a colleague's answer", What::Echo(text("This is Vera")), "echo", "This is Vera", 0),
    ]);
    rows
}

/// Each row has a person and a thread of its own.
async fn goes_over(way: Way, rows: Vec<Row>) {
    let mut config = answering(&[]);
    config.meta = way == Way::Meta;
    let world = World::with(config).await;
    let numbers: Vec<String> = (0..rows.len()).map(|n| format!("+4366412{n:05}")).collect();
    let phones: Vec<Phone> =
        numbers.iter().map(|number| world.phone_of(way, Person::with_number(number))).collect();
    let messages: Vec<Message> =
        rows.iter().zip(&phones).map(|(row, phone)| (row.change)(phone.message(row.what.clone()))).collect();
    let deliveries = phones.iter().zip(&messages).map(|(phone, message)| phone.deliver(message));
    for (row, answer) in rows.iter().zip(join_all(deliveries).await) {
        assert!(answer.as_ref().is_ok_and(|answer| answer.is_taken()), "{}: {answer:?}", row.name);
    }
    let kept = async |number: &str| -> Option<(ThreadRecord, Vec<TextRecord>)> {
        let thread =
            world.threads().await.into_iter().find(|thread| thread.phone.as_deref() == Some(number))?;
        let texts = world.texts_of(&thread).await;
        Some((thread, texts))
    };
    world.until(|| async { (world.threads().await.len() == rows.len()).then_some(()) }).await;
    world.texts_settle().await;
    for ((row, number), phone) in rows.iter().zip(&numbers).zip(&phones) {
        let (_, texts) = kept(number).await.unwrap_or_else(|| panic!("{}: no thread", row.name));
        let first = texts.iter().find(|text| text.way == "in").unwrap_or_else(|| panic!("{}", row.name));
        assert_eq!(first.kind, row.kind, "{}: {first:?}", row.name);
        assert!(first.text.contains(row.words), "{}: {first:?}", row.name);
        assert_eq!(phone.received().len(), row.answers, "{}: {texts:#?}", row.name);
    }
    // Everything once more: it is the same, and nothing follows from it.
    let before = world.threads().await;
    let deliveries = phones.iter().zip(&messages).map(|(phone, message)| phone.deliver(message));
    assert!(
        join_all(deliveries).await.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.is_taken()))
    );
    world.texts_settle().await;
    let count = |threads: &[ThreadRecord]| threads.iter().map(|thread| thread.texts).sum::<u64>();
    let after = world.threads().await;
    assert_eq!((after.len(), count(&after)), (before.len(), count(&before)));
}

async fn every_row_over_sms_is_kept_once_and_answered_if_it_asks() {
    goes_over(Way::Sms, of_sms()).await;
}

async fn every_row_of_whatsapp_over_twilio_is_kept_once_and_answered_if_it_asks() {
    goes_over(Way::WhatsApp, of_twilio()).await;
}

async fn every_row_of_whatsapp_over_meta_is_kept_once_and_answered_if_it_asks() {
    goes_over(Way::Meta, of_meta()).await;
}

/// People who have asked something, each in a thread of their own.
async fn people(world: &World, way: Way, count: usize) -> Vec<(String, Phone)> {
    let people: Vec<(String, Phone)> = (0..count)
        .map(|n| {
            let number = format!("+4366412{n:05}");
            let phone = world.phone_of(way, Person::with_number(&number));
            (number, phone)
        })
        .collect();
    let said = join_all(people.iter().map(|(_, phone)| phone.say("When do you open?"))).await;
    assert!(said.iter().all(Result::is_ok), "{said:?}");
    world.until(|| async { (world.threads().await.len() == count).then_some(()) }).await;
    people
}

async fn last_text(world: &World, number: &str) -> TextRecord {
    let threads = world.threads().await;
    let thread = threads.iter().find(|thread| thread.phone.as_deref() == Some(number)).expect("a thread");
    world.texts_of(thread).await.remove(0)
}

/// Each word by itself, and what the API says then.
async fn every_status_is_understood() {
    let twilio = [
        ("accepted", "queued"),
        ("scheduled", "queued"),
        ("queued", "queued"),
        ("sending", "sending"),
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("undelivered", "undelivered"),
        ("failed", "failed"),
        ("read", "read"),
        ("partially_delivered", "delivered"),
        ("canceled", "canceled"),
        // A word that is new changes nothing.
        ("teleported", "queued"),
    ];
    assert!(Report::OF_TWILIO.iter().all(|word| twilio.iter().any(|(known, _)| known == word)));
    let meta = [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("played", "read"),
        ("failed", "failed"),
        ("teleported", "accepted"),
    ];
    assert!(Report::OF_META.iter().all(|word| meta.iter().any(|(known, _)| known == word)));
    for (way, words) in [(Way::WhatsApp, &twilio[..]), (Way::Sms, &twilio[..]), (Way::Meta, &meta[..])] {
        let mut config = answering(&[]);
        config.meta = way == Way::Meta;
        let world = World::with(config).await;
        let people = people(&world, way, words.len()).await;
        world.texts_settle().await;
        for ((_, phone), (word, _)) in people.iter().zip(words) {
            let received = world.arrives(phone, 1).await;
            let mut report = Report::new(word);
            report.code = matches!(*word, "failed" | "undelivered").then_some(if way == Way::Meta {
                131_026
            } else {
                63_024
            });
            assert!(phone.report(&received[0], &report).await.is_taken(), "{word}");
        }
        world.texts_settle().await;
        for ((number, _), (word, status)) in people.iter().zip(words) {
            let text = last_text(&world, number).await;
            assert_eq!(text.status.as_deref(), Some(*status), "{way:?}, {word}");
            let why = text.failure.map(|failure| failure.code);
            let expected = matches!(*status, "failed" | "undelivered").then(|| "undeliverable".to_owned());
            assert!(*status == "canceled" || why == expected, "{way:?}, {word}: {why:?}");
        }
    }
}

/// Codes of the tables, each with what the API says of the text. Those that pass are in the tests of carriers.
async fn every_error_is_told_in_words() {
    let twilio = [
        (63_016, "window_closed"),
        (63_024, "undeliverable"),
        (63_003, "undeliverable"),
        (63_013, "undeliverable"),
        (63_033, "undeliverable"),
        (63_021, "refused"),
        (63_005, "refused"),
        (63_012, "refused"),
        (63_027, "template"),
        (63_028, "template"),
        (63_029, "template"),
        (63_030, "template"),
        (63_032, "person_limited"),
        (21_610, "opted_out"),
        (21_612, "undeliverable"),
        (21_614, "undeliverable"),
        (21_211, "undeliverable"),
        (21_617, "too_long"),
        (30_003, "undeliverable"),
        (30_005, "undeliverable"),
        (30_006, "undeliverable"),
        (30_008, "undeliverable"),
        (77_777, "unknown"),
    ];
    let meta = [
        (131_047, "window_closed"),
        (470, "window_closed"),
        (131_026, "undeliverable"),
        (131_021, "undeliverable"),
        (131_062, "undeliverable"),
        (131_051, "refused"),
        (131_053, "refused"),
        (131_009, "refused"),
        (100, "refused"),
        (132_000, "template"),
        (132_001, "template"),
        (132_005, "template"),
        (132_007, "template"),
        (132_008, "template"),
        (132_012, "template"),
        (132_015, "template"),
        (132_016, "template"),
        (130_472, "person_limited"),
        (131_049, "person_limited"),
        (131_050, "no_marketing"),
        (190, "credentials"),
        (368, "blocked"),
        (131_031, "blocked"),
        (130_497, "blocked"),
        (777_777, "unknown"),
    ];
    for (way, codes) in [(Way::WhatsApp, &twilio[..]), (Way::Meta, &meta[..])] {
        let mut config = answering(&[]);
        config.meta = way == Way::Meta;
        let world = World::with(config).await;
        for (n, (code, _)) in codes.iter().enumerate() {
            let number = format!("+4366412{n:05}");
            match way {
                Way::Meta => world.meta().refuse_person(&number, *code, None),
                Way::WhatsApp | Way::Sms => {
                    world.twilio.refuse_texts_to(&format!("whatsapp:{number}"), *code)
                }
            }
        }
        let people = people(&world, way, codes.len()).await;
        world.texts_settle().await;
        for ((number, phone), (code, word)) in people.iter().zip(codes) {
            let text = last_text(&world, number).await;
            let failure = text.failure.unwrap_or_else(|| panic!("{way:?}, {code}: {:?}", text.status));
            assert_eq!((failure.code.as_str(), failure.carrier_code), (*word, Some(*code)), "{way:?}");
            assert!(failure.detail.len() > 10, "{code} is told in words: {failure:?}");
            assert!(phone.received().is_empty(), "{way:?}, {code}");
        }
    }
}

acceptance::tests![
    every_row_over_sms_is_kept_once_and_answered_if_it_asks,
    every_row_of_whatsapp_over_twilio_is_kept_once_and_answered_if_it_asks,
    every_row_of_whatsapp_over_meta_is_kept_once_and_answered_if_it_asks,
    every_status_is_understood,
    every_error_is_told_in_words,
];
