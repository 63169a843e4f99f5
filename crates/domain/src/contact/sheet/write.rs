//! A contact as a row.

use super::super::{Contact, FieldSchema, FieldValue, Handle, Pipeline};
use super::Column;
use super::cell::joined;
use crate::contact::HandleKind;

/// The headers of a file of all contacts of a business.
pub fn headers(schema: &FieldSchema) -> Vec<String> {
    columns(schema).map(|column| column.to_string()).collect()
}

/// A contact as a row under [`headers`]. What reads it back is [`super::Sheet::read`]; before it is written into a file
/// for people, each cell is made [`super::neutral`].
pub fn cells(contact: &Contact, schema: &FieldSchema, pipeline: &Pipeline) -> Vec<String> {
    columns(schema).map(|column| cell(contact, &column, schema, pipeline)).collect()
}

fn columns(schema: &FieldSchema) -> impl Iterator<Item = Column> {
    let fields = schema.fields.iter().map(|field| Column::Field(field.key.clone()));
    Column::FIXED.into_iter().chain(fields)
}

fn cell(contact: &Contact, column: &Column, schema: &FieldSchema, pipeline: &Pipeline) -> String {
    match column {
        Column::Id => contact.id.to_string(),
        Column::Name => contact.name().map(|name| name.value.clone()).unwrap_or_default(),
        // Files of ours have the whole name.
        Column::FirstName | Column::LastName => String::new(),
        Column::Handle(kind) => of_kind(contact, *kind),
        Column::NamePolicy => {
            contact.name_policy.map(|policy| policy.as_str().to_owned()).unwrap_or_default()
        }
        Column::Language => text(contact.language.as_ref().map(|known| &known.value)),
        Column::TimeZone => text(contact.time_zone.as_ref().map(|known| &known.value)),
        Column::Company => text(contact.company.as_ref().map(|known| &known.value)),
        Column::Tags => joined(contact.tags.iter().map(String::as_str)),
        Column::Owner => contact.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
        // The first status is that of a contact that never had any.
        Column::Status => match &contact.lead.status {
            Some(id) => pipeline.status(Some(id)).map(|status| status.id.to_string()).unwrap_or_default(),
            None => String::new(),
        },
        Column::Field(key) => {
            let kind = schema.field(key.as_str()).map(|field| field.kind);
            let known = contact.fields.get(key).filter(|known| Some(known.value.kind()) == kind);
            match known.map(|known| &known.value) {
                Some(FieldValue::Multiselect(texts)) => joined(texts.iter().map(String::as_str)),
                Some(value) => value.words(),
                None => String::new(),
            }
        }
    }
}

fn of_kind(contact: &Contact, kind: HandleKind) -> String {
    joined(contact.handles.iter().filter(|handle| handle.kind() == kind).map(Handle::value))
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}
