//! What rows say, what spreadsheets break, and that what is written reads back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::cell::{joined, parted};
use super::*;
use crate::Timestamp;
use crate::access::KeyId;
use crate::contact::{
    Contact, ContactId, FieldKey, FieldKind, FieldSchema, FieldSpec, FieldValue, Handle, HandleKind, Known,
    Pipeline, Source, StatusId,
};
use crate::numbering::Country;
use crate::prompt::caller::NamePolicy;

const NOW: Timestamp = Timestamp(1_795_179_909_000);

fn field(key: &str, kind: FieldKind) -> FieldSpec {
    let options = if kind.has_options() { vec!["a".into(), "b, c".into(), "-d".into()] } else { vec![] };
    FieldSpec {
        key: FieldKey::parse(key).unwrap(),
        label: format!("The {key}"),
        kind,
        options,
        agent_readable: false,
        agent_writable: false,
    }
}

fn schema() -> FieldSchema {
    let fields = FieldKind::ALL.iter().map(|kind| field(kind.as_str(), *kind));
    FieldSchema { fields: fields.collect() }
}

fn sheet(headers: &[&str]) -> Sheet {
    let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
    Sheet::new(&headers, &BTreeMap::new(), &schema()).unwrap()
}

fn read(headers: &[&str], cells: &[&str], how: &HowToRead) -> Reading {
    let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
    sheet(headers).read(&cells, how, &schema(), &Pipeline::default())
}

fn codes(reading: &Reading) -> Vec<Code> {
    reading.codes.iter().map(|(_, code)| *code).collect()
}

fn in_austria() -> HowToRead {
    HowToRead { country: Country::parse("AT").ok(), date_order: None }
}

/// What one cell under `phone` comes to.
fn number(cell: &str, how: &HowToRead) -> Result<(String, Vec<Code>), Code> {
    let reading = read(&["name", "phone"], &["Dana", cell], how);
    match &reading.row {
        Some(row) => {
            let handles: Vec<&str> = row.handles.iter().map(Handle::value).collect();
            Ok((handles.join(" "), codes(&reading)))
        }
        None => Err(reading.codes[0].1),
    }
}

/// What Excel makes of telephone numbers is noticed, each in its own way, and costs the row instead of making another
/// person of it.
#[test]
fn what_spreadsheets_do_to_numbers_is_said() {
    let anywhere = HowToRead::default();
    for (cell, code) in [
        ("4.36641E+11", Code::Scientific),
        ("4,36641E+11", Code::Scientific),
        ("03-Feb", Code::Date),
        ("Feb-03", Code::Date),
        ("01.02.2026", Code::Date),
        ("#NAME?", Code::Error),
        ("########", Code::Error),
        ("436641234567", Code::NoCountry),
        ("0664 1234567", Code::NoCountry),
        ("none", Code::Phone),
        ("+", Code::Phone),
    ] {
        assert_eq!(number(cell, &anywhere), Err(code), "{cell}");
    }
    let whole = "+436641234567".to_owned();
    for cell in ["+43 664 1234567", "'+436641234567", "00436641234567", "0043 664 / 1234567"] {
        assert_eq!(number(cell, &anywhere), Ok((whole.clone(), vec![])), "{cell}");
    }
    let austria = in_austria();
    assert_eq!(number("0664 1234567", &austria), Ok((whole.clone(), vec![])));
    assert_eq!(
        number("6641234567", &austria),
        Ok((whole.clone(), vec![Code::Completed])),
        "the zero is lost"
    );
    assert_eq!(
        number("436641234567", &austria),
        Ok((whole.clone(), vec![Code::Completed])),
        "the plus is lost"
    );
    assert_eq!(number("06641234567.0", &austria), Ok((whole, vec![Code::Decimal])));
    assert_eq!(number("12", &austria), Err(Code::Phone));
}

#[test]
fn several_numbers_are_one_persons() {
    let reading = read(
        &["Full Name", "Mobile", "Work Phone", "E-Mail Address"],
        &["Dana", "+43 664 1234567; +43 720 123456", "+43 720 123457", "Dana@Example.com"],
        &HowToRead::default(),
    );
    let row = reading.row.unwrap();
    assert_eq!(row.handles.len(), 4);
    assert!(row.handles.contains(&Handle::read(HandleKind::Email, "dana@example.com").unwrap()));
}

#[test]
fn headers_are_known_by_many_words() {
    let of = |header: &str| sheet(&["name", header]).columns[1].clone();
    let phone = Some(Column::Handle(HandleKind::Phone));
    for header in ["Phone", "PHONE NUMBER", "Telefon", "טלפון נייד", "Phone 1 - Value", "phone"] {
        assert_eq!(of(header), phone, "{header}");
    }
    assert_eq!(of("E-Mail"), Some(Column::Handle(HandleKind::Email)));
    assert_eq!(of("Organization Name"), Some(Column::Company));
    let text = Some(Column::Field(FieldKey::parse("text").unwrap()));
    for header in ["field.text", "The text", "text"] {
        assert_eq!(of(header), text, "{header}");
    }
    assert_eq!(of("field.other"), None);
    assert_eq!(of("Shoe size"), None);
    let headers = ["First Name".to_owned(), "Last Name".to_owned(), "X".to_owned()];
    let mapping = BTreeMap::from([("X".to_owned(), Some("phone".to_owned()))]);
    let sheet = Sheet::new(&headers, &mapping, &schema()).unwrap();
    let cells = ["Dana".to_owned(), "Levi".to_owned(), "+436641234567".to_owned()];
    let row = sheet.read(&cells, &HowToRead::default(), &schema(), &Pipeline::default()).row.unwrap();
    assert_eq!((row.name.as_deref(), row.handles.len()), (Some("Dana Levi"), 1));
}

#[test]
fn a_file_that_is_no_table_of_contacts_is_refused_with_the_reason() {
    let of = |headers: &[&str], mapping: &[(&str, Option<&str>)]| {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        let pair =
            |(header, column): &(&str, Option<&str>)| ((*header).to_owned(), column.map(str::to_owned));
        Sheet::new(&headers, &mapping.iter().map(pair).collect(), &schema()).unwrap_err()
    };
    assert_eq!(of(&["", " "], &[]), NoSheet::Empty);
    assert_eq!(of(&["x"; 101], &[]), NoSheet::Columns(101));
    assert_eq!(of(&["name", "Full name"], &[]), NoSheet::Twice(Column::Name));
    assert_eq!(of(&["company", "city"], &[]), NoSheet::Nothing);
    assert_eq!(of(&["name"], &[("nome", Some("name"))]), NoSheet::Header(1));
    assert_eq!(of(&["name"], &[("name", Some("title"))]), NoSheet::Column(1));
    assert_eq!(of(&["name"], &[("name", None)]), NoSheet::Nothing);
}

/// No row is dropped for want of one kind of handle (agent-crm 84): a number, an address, an id or a name is enough.
#[test]
fn any_one_thing_that_identifies_a_person_is_enough() {
    let headers = ["name", "phone", "email", "whatsapp", "external", "city"];
    for index in 0..5 {
        let all = ["Dana", "+436641234567", "dana@example.com", "US.1234", "crm:17"];
        let mut cells = [""; 6];
        cells[index] = all[index];
        assert!(read(&headers, &cells, &HowToRead::default()).row.is_some(), "{}", headers[index]);
    }
    let reading = read(&headers, &["", "", "", "", "", "Graz"], &HowToRead::default());
    assert_eq!((codes(&reading), reading.row), (vec![Code::Nothing], None));
}

#[test]
fn a_cell_that_does_not_fit_is_left_out_and_said() {
    let one = |header: &str, cell: &str, how: &HowToRead| {
        let reading = read(&["name", header], &["Dana", cell], how);
        let row = reading.row.clone().map(|row| row.fields.into_values().next());
        (row, codes(&reading))
    };
    let anywhere = HowToRead::default();
    for (header, cell, code) in [
        ("language", "Klingonish please", Code::Language),
        ("time_zone", "Mars/Olympus", Code::TimeZone),
        ("name_policy", "perhaps", Code::NamePolicy),
        ("status", "nirvana", Code::Status),
        ("company", "#REF!", Code::Error),
        ("date", "03/04/2026", Code::AmbiguousDate),
        ("date", "45992", Code::SerialDate),
        ("date", "31/31/2026", Code::Value),
        ("number", "1,234", Code::AmbiguousNumber),
        ("number", "1.2E+9", Code::AmbiguousNumber),
        ("bool", "perhaps", Code::Value),
        ("select", "z", Code::Value),
        ("text", "\u{FFFD}", Code::Characters),
    ] {
        let (row, said) = one(header, cell, &anywhere);
        assert_eq!(said, [code], "{header} {cell}");
        assert_eq!(row.is_some(), code.weight() != Weight::Row, "{header} {cell}");
    }
    let mdy = HowToRead { date_order: Some(DateOrder::Mdy), ..anywhere };
    for (header, cell, how, value) in [
        ("date", "31.12.2026", anywhere, FieldValue::Date("2026-12-31".parse().unwrap())),
        ("date", "03/04/2026", mdy, FieldValue::Date("2026-03-04".parse().unwrap())),
        ("date", "13/04/2026", anywhere, FieldValue::Date("2026-04-13".parse().unwrap())),
        ("number", "12,5", anywhere, FieldValue::Number("12.5".into())),
        ("bool", "Ja", anywhere, FieldValue::Bool(true)),
        (
            "multiselect",
            "a; b\\, c",
            anywhere,
            FieldValue::Multiselect(BTreeSet::from(["a".into(), "b, c".into()])),
        ),
    ] {
        assert_eq!(one(header, cell, &how), (Some(Some(value)), vec![]), "{header} {cell}");
    }
}

#[test]
fn a_row_of_another_length_is_said() {
    let anywhere = HowToRead::default();
    assert_eq!(codes(&read(&["name", "phone"], &["Dana"], &anywhere)), [Code::Short]);
    let long = read(&["name", "phone"], &["Dana", "", "+436641234567"], &anywhere);
    assert_eq!((long.row.is_none(), codes(&long)), (true, vec![Code::Cells]));
    assert_eq!(codes(&read(&["name", "phone"], &["Dana", "", "", " "], &anywhere)), []);
    let long = "x".repeat(MAX_CELL + 1);
    assert_eq!(codes(&read(&["name", "text"], &["Dana", &long], &anywhere)), [Code::TooLong]);
}

fn by() -> KeyId {
    KeyId::parse("abcdefgh").unwrap()
}

/// What a person typed or said stands above a file, which is said; an import that runs again changes nothing.
#[test]
fn a_row_replaces_nothing_that_a_person_said() {
    let (pipeline, by) = (Pipeline::default(), by());
    let headers = ["name", "company", "tags", "status"];
    let row = read(&headers, &["D. Levi", "Acme", "new", "booked"], &HowToRead::default()).row.unwrap();
    let known = || {
        let mut contact = Contact::new(ContactId::new(NOW, 1));
        contact.call_it(Known::by(Source::Person, "Dana Levi".to_owned(), NOW));
        contact.company = Some(Known::by(Source::Profile, "Old".to_owned(), NOW));
        contact.tags.insert("regular".into());
        contact
    };
    for (mode, company, codes) in [
        (Mode::Create, "Old", vec![Code::Exists]),
        (Mode::Fill, "Old", vec![Code::Kept]),
        (Mode::Overwrite, "Acme", vec![Code::Kept]),
    ] {
        let mut contact = known();
        let how = Applying { mode, pipeline: &pipeline, by: &by, now: NOW };
        let applied = row.apply(&mut contact, &how);
        assert_eq!(applied.codes, codes, "{mode:?}");
        assert_eq!(contact.name().unwrap().value, "Dana Levi");
        assert_eq!(contact.company.as_ref().unwrap().value, company);
        assert_eq!(applied.changed, mode != Mode::Create);
        assert_eq!(contact.tags.len(), if mode == Mode::Create { 1 } else { 2 });
        assert_eq!(applied.entries.len(), usize::from(mode != Mode::Create), "the lead moves");
        let before = contact.clone();
        assert!(!row.apply(&mut contact, &how).changed, "{mode:?}");
        assert_eq!(contact, before);
    }
}

#[test]
fn a_contact_of_too_many_handles_is_left_as_it_is() {
    let numbers: Vec<String> = (0..21).map(|n| format!("+4366412345{n:02}")).collect();
    let row = read(&["phone"], &[&numbers.join(";")], &HowToRead::default()).row.unwrap();
    let (pipeline, by) = (Pipeline::default(), by());
    let how = Applying { mode: Mode::Fill, pipeline: &pipeline, by: &by, now: NOW };
    let mut contact = Contact::new(ContactId::new(NOW, 1));
    assert_eq!(row.apply(&mut contact, &how).codes, [Code::TooMuch]);
}

fn words_of_people() -> impl Strategy<Value = String> {
    "[=+@'\u{5d0}-\u{5ea}a-z0-9 ,;\\\\-]{0,20}[a-z0-9\u{5d0}]".prop_map(|text| text.trim().to_owned())
}

fn contacts() -> impl Strategy<Value = Contact> {
    let texts = || proptest::option::of(words_of_people());
    let handles = proptest::collection::btree_set(0..5_000u32, 0..4);
    let addresses = proptest::collection::btree_set("[a-z=+'-]{1,8}@[a-z]{1,8}\\.example", 0..3);
    let tags = proptest::collection::btree_set(words_of_people(), 0..4);
    let chosen = proptest::collection::btree_set(0..3usize, 0..3);
    (texts(), texts(), texts(), handles, addresses, tags, chosen, any::<(bool, i32, bool)>()).prop_map(
        |(name, company, text, numbers, addresses, tags, chosen, (flag, figure, booked))| {
            let known = |text: String| Known::by(Source::Import, text, NOW);
            let mut contact = Contact::new(ContactId::new(NOW, 7));
            contact.names.extend(name.map(|name| (Source::Import, known(name))));
            contact.company = company.map(known);
            contact.handles =
                numbers.iter().map(|n| Handle::parse(&format!("phone:+4366412{n:05}")).unwrap()).collect();
            let addresses = addresses.iter().map(|address| Handle::read(HandleKind::Email, address).unwrap());
            contact.handles.extend(addresses);
            contact.tags = tags;
            contact.name_policy = flag.then_some(NamePolicy::Use);
            contact.language = flag.then(|| known("he".into()));
            contact.time_zone = (!flag).then(|| known("Asia/Jerusalem".into()));
            contact.owner = flag.then(by);
            contact.lead.status = booked.then(|| StatusId::parse("booked").unwrap());
            contact.lead.since = booked.then_some(NOW);
            let options = field("multiselect", FieldKind::Multiselect).options;
            let chosen: BTreeSet<String> = chosen.iter().map(|index| options[*index].clone()).collect();
            let values = [
                text.map(|text| ("text", FieldValue::Text(text))),
                Some(("number", FieldValue::Number(figure.to_string()))),
                Some(("bool", FieldValue::Bool(flag))),
                flag.then(|| ("select", FieldValue::Select("-d".into()))),
                Some(("date", FieldValue::Date("2026-12-31".parse().unwrap()))),
                Some(("datetime", FieldValue::Datetime(NOW))),
                Some(("url", FieldValue::Url("https://example.com/?a=1,2;3".into()))),
                (!chosen.is_empty()).then_some(("multiselect", FieldValue::Multiselect(chosen))),
            ];
            for (key, value) in values.into_iter().flatten() {
                contact.fields.insert(FieldKey::parse(key).unwrap(), Known::by(Source::Import, value, NOW));
            }
            contact
        },
    )
}

proptest! {
    /// What is written as a row reads back as the same contact, to the last cell, with every cell made neutral in between.
    #[test]
    fn a_contact_that_is_written_reads_back_as_the_same(contact in contacts()) {
        let (schema, pipeline, by) = (schema(), Pipeline::default(), by());
        let written = cells(&contact, &schema, &pipeline);
        let sheet = Sheet::new(&headers(&schema), &BTreeMap::new(), &schema).unwrap();
        let neutral: Vec<String> = written.iter().map(|cell| super::neutral(cell).into_owned()).collect();
        prop_assert!(neutral.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
        let reading = sheet.read(&neutral, &HowToRead::default(), &schema, &pipeline);
        let says_nothing = contact.handles.is_empty() && contact.name().is_none();
        let row = reading.row.unwrap_or_else(|| panic!("{:?}", reading.codes));
        prop_assert!(reading.codes.is_empty() || says_nothing, "{:?}", reading.codes);
        prop_assert_eq!(row.id, Some(contact.id));
        let how = Applying { mode: Mode::Fill, pipeline: &pipeline, by: &by, now: NOW };
        let mut again = Contact::new(contact.id);
        row.begin(&mut again, &how);
        prop_assert_eq!(&again, &contact);
        prop_assert_eq!(cells(&again, &schema, &pipeline), written);
        // Into the contact itself it brings nothing.
        for mode in [Mode::Fill, Mode::Overwrite] {
            let applied = row.apply(&mut again, &Applying { mode, ..how });
            prop_assert!(!applied.changed && applied.codes.is_empty(), "{:?}", applied);
        }
    }

    #[test]
    fn a_cell_that_is_made_neutral_is_restored(text in "[=+@\t\r\n'a-]{0,6}") {
        let neutral = super::neutral(&text);
        prop_assert!(!neutral.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        prop_assert_eq!(restored(&neutral), text.as_str());
    }

    #[test]
    fn a_list_in_a_cell_reads_back(texts in proptest::collection::vec("[a-c;,\\\\ ]{0,6}", 0..5)) {
        let texts: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(parted(&joined(texts.iter().map(String::as_str))), texts);
    }

    /// Whatever stands in a file, reading it ends and says what it makes of it.
    #[test]
    fn every_row_is_taken_or_has_its_reason(cells in proptest::collection::vec("\\PC{0,12}", 0..8)) {
        let sheet = sheet(&["name", "phone", "email", "date", "number", "tags"]);
        let reading = sheet.read(&cells, &in_austria(), &schema(), &Pipeline::default());
        let costs_the_row = reading.codes.iter().any(|(_, code)| code.weight() == Weight::Row);
        prop_assert_eq!(reading.row.is_none(), costs_the_row);
    }
}
