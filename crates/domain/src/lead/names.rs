//! The parts of a lead by the names that forms give them.

use std::collections::{BTreeMap, BTreeSet};

use super::mapping::{FieldPath, Leaf, Picked, Target, is_place, may_be_told, says};
use crate::contact::sheet::{Column, bare};
use crate::contact::{FieldSchema, HandleKind};

/// The leaf that lies least deep has a part; of equal ones the first.
pub(super) fn by_name<'a>(leaves: &'a [Leaf], schema: &FieldSchema) -> Picked<'a> {
    let mut order: Vec<&Leaf> = leaves.iter().filter(|leaf| says(leaf)).collect();
    order.sort_by_key(|leaf| leaf.path.0.len());
    let mut picked = Picked::new();
    for leaf in order {
        let Some((at, header)) = leaf.path.header() else { continue };
        let Some((target, is_certain)) = known(header, schema) else { continue };
        if is_certain || leaf.path.is_of_person(at) {
            picked.entry(target).or_insert_with(|| (leaf.text.as_str(), leaf.path.to_string()));
        }
    }
    picked
}

/// What a name means, and whether it means that wherever it stands.
fn known(header: &str, schema: &FieldSchema) -> Option<(Target, bool)> {
    let name = bare(header);
    if MESSAGES.contains(&name.as_str()) {
        return Some((Target::Message, false));
    }
    let own = FORM_WORDS.iter().find(|(word, _)| *word == name).map(|(_, column)| column.clone());
    let column = own.or_else(|| Column::of_header(header, schema)).filter(may_be_told)?;
    let is_persons =
        matches!(column, Column::Handle(_) | Column::Name | Column::FirstName | Column::LastName);
    let is_certain = is_persons && !ANYTHINGS.contains(&name.as_str());
    Some((Target::Column(column), is_certain))
}

/// The leaves, and once more those of lists of names and values: `field_data[0].values[0]` beside `field_data[0].name` of the
/// text `phone` is also `field_data.phone`. Programs for forms write what was filled in so.
pub fn named(leaves: Vec<Leaf>) -> Vec<Leaf> {
    let mut names: BTreeMap<&[String], (usize, &Leaf)> = BTreeMap::new();
    for leaf in leaves.iter().filter(|leaf| says(leaf)) {
        let [parent @ .., last] = leaf.path.0.as_slice() else { continue };
        let word = bare(last);
        let rank = NAME_WORDS.iter().position(|known| *known == word);
        if let Some(rank) = rank.filter(|_| parent.last().is_some_and(|place| is_place(place)))
            && names.get(parent).is_none_or(|(known, _)| rank < *known)
        {
            names.insert(parent, (rank, leaf));
        }
    }
    let (mut also, mut done) = (vec![], BTreeSet::new());
    for leaf in leaves.iter().filter(|leaf| says(leaf)) {
        let segments = leaf.path.0.as_slice();
        let found = (1..segments.len()).rev().find_map(|depth| {
            let (parent, rest) = segments.split_at_checked(depth)?;
            let is_value = rest.first().is_some_and(|word| VALUE_WORDS.contains(&bare(word).as_str()));
            is_value.then(|| names.get(parent).map(|(_, name)| (parent, *name))).flatten()
        });
        let Some((parent, name)) = found else { continue };
        let Some((_, list)) = parent.split_last() else { continue };
        if done.insert(parent) {
            let path = FieldPath(list.to_vec()).then(&name.text);
            also.push(Leaf { path, text: leaf.text.clone() });
        }
    }
    // The name of an answer is no answer.
    let is_name =
        |leaf: &Leaf| done.iter().any(|parent| names.get(parent).is_some_and(|(_, name)| *name == leaf));
    let own = leaves.iter().filter(|leaf| !is_name(leaf)).cloned();
    own.chain(also).collect()
}

/// What lists of answers call the name of one, [`bare`].
const NAME_WORDS: &[&str] = &[
    "name",
    "label",
    "title",
    "question",
    "key",
    "field",
    "columnid",
    "columnname",
    "fieldname",
    "fieldid",
    "slug",
    "id",
];
/// And what they call what it says.
pub(super) const VALUE_WORDS: &[&str] =
    &["value", "values", "rawvalue", "answer", "stringvalue", "text", "content", "val", "fieldvalue"];

/// Names that anything may have, [`bare`].
const ANYTHINGS: &[&str] = &["name", "contact", "customer", "kunde", "nombre", "nom", "number", "שם"];

/// What programs put a person's parts into, [`bare`].
pub(super) const CONTAINERS: &[&str] = &[
    "contact",
    "lead",
    "person",
    "customer",
    "client",
    "user",
    "data",
    "fields",
    "field",
    "formdata",
    "formfields",
    "answers",
    "answer",
    "responses",
    "response",
    "formresponse",
    "body",
    "payload",
    "values",
    "namedvalues",
    "submission",
    "properties",
    "attributes",
    "fielddata",
    "usercolumndata",
    "record",
    "row",
    "details",
    "leaddata",
    "entry",
    "changes",
    "value",
    "customfields",
];

/// Words for what the person wrote, [`bare`].
const MESSAGES: &[&str] = &[
    "message",
    "yourmessage",
    "comment",
    "comments",
    "note",
    "notes",
    "inquiry",
    "enquiry",
    "howcanwehelp",
    "nachricht",
    "mensaje",
    "הודעה",
    "הערה",
    "הערות",
    "תוכןהפנייה",
    "תוכןההודעה",
    "פנייה",
];

/// Words that forms have beside those of files, [`bare`].
const FORM_WORDS: &[(&str, Column)] = &[
    ("yourname", Column::Name),
    ("leadname", Column::Name),
    ("שםהלקוח", Column::Name),
    ("yourphone", Column::Handle(HandleKind::Phone)),
    ("yourtel", Column::Handle(HandleKind::Phone)),
    ("mobilenumber", Column::Handle(HandleKind::Phone)),
    ("contactnumber", Column::Handle(HandleKind::Phone)),
    ("contactphone", Column::Handle(HandleKind::Phone)),
    ("whatsappnumber", Column::Handle(HandleKind::Phone)),
    ("מספרטלפון", Column::Handle(HandleKind::Phone)),
    ("מספרנייד", Column::Handle(HandleKind::Phone)),
    ("סלולרי", Column::Handle(HandleKind::Phone)),
    ("פלאפון", Column::Handle(HandleKind::Phone)),
    ("youremail", Column::Handle(HandleKind::Email)),
    ("workemail", Column::Handle(HandleKind::Email)),
    ("contactemail", Column::Handle(HandleKind::Email)),
    ("מייל", Column::Handle(HandleKind::Email)),
    ("כתובתמייל", Column::Handle(HandleKind::Email)),
    ("דואראלקטרוני", Column::Handle(HandleKind::Email)),
    ("שםהחברה", Column::Company),
];

#[cfg(test)]
mod tests {
    use super::super::mapping::Mapping;
    use super::*;

    fn leaf(path: &str, text: &str) -> Leaf {
        Leaf { path: FieldPath::read(path), text: text.to_owned() }
    }

    fn picked(leaves: &[(&str, &str)]) -> Vec<(String, String)> {
        let leaves = named(leaves.iter().map(|(path, text)| leaf(path, text)).collect());
        let picked = Mapping::default().pick(&leaves, &FieldSchema::default());
        picked.into_iter().map(|(target, (text, _))| (target.to_string(), text.to_owned())).collect()
    }

    fn pairs(parts: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut parts: Vec<_> = parts.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        parts.sort_by_key(|(target, _)| Target::parse(target).unwrap());
        parts
    }

    #[test]
    fn rows_of_a_sheet_are_known_by_their_headers() {
        let row = [
            ("Timestamp", "2026-11-30"),
            ("Full Name", "Dana Levi"),
            ("Phone Number", "+12025550143"),
            ("E-mail", "d@x.org"),
        ];
        let expected = [("name", "Dana Levi"), ("phone", "+12025550143"), ("email", "d@x.org")];
        assert_eq!(picked(&row), pairs(&expected));
        let nested = [("namedValues.Full Name[0]", "Dana Levi"), ("namedValues.Phone[0]", "+12025550143")];
        assert_eq!(picked(&nested), pairs(&[("name", "Dana Levi"), ("phone", "+12025550143")]));
    }

    #[test]
    fn hebrew_forms_are_known() {
        let form =
            [("שם מלא", "דנה לוי"), ("מספר טלפון", "050-2345678"), ("דוא\"ל", "d@x.org"), ("הודעה", "שלום")];
        let expected =
            [("name", "דנה לוי"), ("phone", "050-2345678"), ("email", "d@x.org"), ("message", "שלום")];
        assert_eq!(picked(&form), pairs(&expected));
    }

    #[test]
    fn lists_of_names_and_values_are_known_by_their_names() {
        let facebook = [
            ("entry[0].changes[0].field", "leadgen"),
            ("entry[0].changes[0].value.field_data[0].name", "full_name"),
            ("entry[0].changes[0].value.field_data[0].values[0]", "Dana Levi"),
            ("entry[0].changes[0].value.field_data[1].name", "phone_number"),
            ("entry[0].changes[0].value.field_data[1].values[0]", "+12025550143"),
        ];
        assert_eq!(picked(&facebook), pairs(&[("name", "Dana Levi"), ("phone", "+12025550143")]));
        let google = [
            ("user_column_data[0].column_id", "EMAIL"),
            ("user_column_data[0].string_value", "d@x.org"),
            ("google_key", "abc"),
        ];
        assert_eq!(picked(&google), pairs(&[("email", "d@x.org")]));
        let elementor =
            [("form[id]", "a1"), ("form[name]", "Contact form"), ("fields[email][value]", "d@x.org")];
        assert_eq!(picked(&elementor), pairs(&[("email", "d@x.org")]));
    }

    #[test]
    fn a_name_of_something_else_is_not_the_persons() {
        let body = [
            ("form.name", "Contact form"),
            ("campaign.name", "Spring"),
            ("order.number", "1234"),
            ("contact.name", "Dana Levi"),
            ("order.billing.email", "d@x.org"),
        ];
        assert_eq!(picked(&body), pairs(&[("name", "Dana Levi"), ("email", "d@x.org")]));
    }
}
