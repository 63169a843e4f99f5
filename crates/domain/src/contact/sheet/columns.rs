//! Columns, and how they are known by their headers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::super::{FieldKey, FieldSchema, HandleKind};
use super::MAX_COLUMNS;
use crate::text::folded;

/// What a column of a file holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The id of a contact of the business.
    Id,
    /// What it is called.
    Name,
    /// The first part of that, in files that part it.
    FirstName,
    /// The last part of it.
    LastName,
    /// One of the things that identify it, or several. Several columns may be of one kind.
    Handle(HandleKind),
    /// How the agent may use the name.
    NamePolicy,
    /// The language.
    Language,
    /// The time zone.
    TimeZone,
    /// Where it works.
    Company,
    /// The tags, all in one cell.
    Tags,
    /// The member who looks after it.
    Owner,
    /// The status of the lead.
    Status,
    /// One of the business's own fields.
    Field(FieldKey),
}

/// What a header of a field begins with.
const FIELD: &str = "field.";

/// Headers as other programs write them, [`bare`].
const ALIASES: &[(&str, Column)] = &[
    ("contactid", Column::Id),
    ("fullname", Column::Name),
    ("displayname", Column::Name),
    ("contact", Column::Name),
    ("contactname", Column::Name),
    ("customer", Column::Name),
    ("customername", Column::Name),
    ("kunde", Column::Name),
    ("kundenname", Column::Name),
    ("nombre", Column::Name),
    ("nom", Column::Name),
    ("שם", Column::Name),
    ("שםמלא", Column::Name),
    ("givenname", Column::FirstName),
    ("vorname", Column::FirstName),
    ("שםפרטי", Column::FirstName),
    ("familyname", Column::LastName),
    ("surname", Column::LastName),
    ("nachname", Column::LastName),
    ("שםמשפחה", Column::LastName),
    ("phonenumber", Column::Handle(HandleKind::Phone)),
    ("telephone", Column::Handle(HandleKind::Phone)),
    ("tel", Column::Handle(HandleKind::Phone)),
    ("number", Column::Handle(HandleKind::Phone)),
    ("mobile", Column::Handle(HandleKind::Phone)),
    ("mobilephone", Column::Handle(HandleKind::Phone)),
    ("cell", Column::Handle(HandleKind::Phone)),
    ("cellphone", Column::Handle(HandleKind::Phone)),
    ("primaryphone", Column::Handle(HandleKind::Phone)),
    ("homephone", Column::Handle(HandleKind::Phone)),
    ("businessphone", Column::Handle(HandleKind::Phone)),
    ("workphone", Column::Handle(HandleKind::Phone)),
    ("otherphone", Column::Handle(HandleKind::Phone)),
    ("phone1value", Column::Handle(HandleKind::Phone)),
    ("phone2value", Column::Handle(HandleKind::Phone)),
    ("phone3value", Column::Handle(HandleKind::Phone)),
    ("telefon", Column::Handle(HandleKind::Phone)),
    ("telefonnummer", Column::Handle(HandleKind::Phone)),
    ("handy", Column::Handle(HandleKind::Phone)),
    ("telefono", Column::Handle(HandleKind::Phone)),
    ("טלפון", Column::Handle(HandleKind::Phone)),
    ("טלפוןנייד", Column::Handle(HandleKind::Phone)),
    ("נייד", Column::Handle(HandleKind::Phone)),
    ("mail", Column::Handle(HandleKind::Email)),
    ("emailaddress", Column::Handle(HandleKind::Email)),
    ("email1value", Column::Handle(HandleKind::Email)),
    ("email2value", Column::Handle(HandleKind::Email)),
    ("דואל", Column::Handle(HandleKind::Email)),
    ("אימייל", Column::Handle(HandleKind::Email)),
    ("whatsappid", Column::Handle(HandleKind::Whatsapp)),
    ("externalid", Column::Handle(HandleKind::External)),
    ("lang", Column::Language),
    ("sprache", Column::Language),
    ("שפה", Column::Language),
    ("tz", Column::TimeZone),
    ("zeitzone", Column::TimeZone),
    ("companyname", Column::Company),
    ("organization", Column::Company),
    ("organisation", Column::Company),
    ("organizationname", Column::Company),
    ("firma", Column::Company),
    ("empresa", Column::Company),
    ("חברה", Column::Company),
    ("labels", Column::Tags),
    ("groups", Column::Tags),
    ("groupmembership", Column::Tags),
    ("תגיות", Column::Tags),
    ("leadstatus", Column::Status),
];

impl Column {
    /// Those of every business, in the order in which they are written.
    pub const FIXED: [Self; 14] = [
        Self::Id,
        Self::Name,
        Self::Handle(HandleKind::Phone),
        Self::Handle(HandleKind::Email),
        Self::Handle(HandleKind::Whatsapp),
        Self::Handle(HandleKind::WhatsappParent),
        Self::Handle(HandleKind::External),
        Self::NamePolicy,
        Self::Language,
        Self::TimeZone,
        Self::Company,
        Self::Tags,
        Self::Owner,
        Self::Status,
    ];

    /// Reads a column by its own name; a field needs not to be one of the business's.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(key) = text.strip_prefix(FIELD) {
            return FieldKey::parse(key).ok().map(Self::Field);
        }
        let named = [Self::FirstName, Self::LastName].into_iter().chain(Self::FIXED);
        named.into_iter().find(|column| column.to_string() == text)
    }

    /// What a header means: a column's own name, one of many other words for it, or the key or label of a field. Case,
    /// blanks and punctuation make no difference.
    pub(crate) fn of_header(header: &str, schema: &FieldSchema) -> Option<Self> {
        if let Some(column) = Self::parse(header.trim()) {
            let is_ours = match &column {
                Self::Field(key) => schema.field(key.as_str()).is_some(),
                _ => true,
            };
            return is_ours.then_some(column);
        }
        let bare_header = bare(header);
        if bare_header.is_empty() {
            return None;
        }
        let named = [Self::FirstName, Self::LastName].into_iter().chain(Self::FIXED);
        named
            .into_iter()
            .find(|column| bare(&column.to_string()) == bare_header)
            .or_else(|| {
                let field = |field: &&super::super::FieldSpec| {
                    bare(field.key.as_str()) == bare_header || bare(&field.label) == bare_header
                };
                schema.fields.iter().find(field).map(|field| Self::Field(field.key.clone()))
            })
            .or_else(|| {
                ALIASES.iter().find(|(alias, _)| *alias == bare_header).map(|(_, column)| column.clone())
            })
    }

    /// Whether several columns of a file may be this one.
    const fn may_repeat(&self) -> bool {
        matches!(self, Self::Handle(_) | Self::Tags)
    }
}

/// The column's own name, as it is written into files.
impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Handle(kind) => kind.as_str(),
            Self::NamePolicy => "name_policy",
            Self::Language => "language",
            Self::TimeZone => "time_zone",
            Self::Company => "company",
            Self::Tags => "tags",
            Self::Owner => "owner",
            Self::Status => "status",
            Self::Field(key) => return write!(f, "{FIELD}{key}"),
        })
    }
}

/// A header without case, blanks and punctuation.
pub(crate) fn bare(header: &str) -> String {
    folded(header).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Why a file is no table of contacts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSheet {
    /// It has no row of headers.
    #[error("the file is empty: its first row is to hold the headers")]
    Empty,
    /// It has too many columns.
    #[error("the file has {0} columns: give {MAX_COLUMNS} at most")]
    Columns(usize),
    /// Two columns are to be one.
    #[error("two columns hold `{0}`: say in `columns` which one counts")]
    Twice(Column),
    /// No column says who a row is about.
    #[error("no column is a name, a number, an address or an id: say in `columns` what the headers mean")]
    Nothing,
    /// The mapping names a header that is not there.
    #[error("`columns` names header {0} of its list, which the file does not have")]
    Header(usize),
    /// The mapping names a column that is not there.
    #[error("`columns` gives header {0} of its list a column that there is not")]
    Column(usize),
}

impl NoSheet {
    /// The word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Columns(_) => "too_many_columns",
            Self::Twice(_) => "column_twice",
            Self::Nothing => "no_person",
            Self::Header(_) => "unknown_header",
            Self::Column(_) => "unknown_column",
        }
    }
}

/// The columns of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// What each header means; `None`: the column is left out.
    pub columns: Vec<Option<Column>>,
}

impl Sheet {
    /// The columns of these headers. `mapping` says of headers which column they are, or that they are left out; the others are
    /// known by their words.
    ///
    /// # Errors
    /// [`NoSheet`].
    pub fn new(
        headers: &[String],
        mapping: &BTreeMap<String, Option<String>>,
        schema: &FieldSchema,
    ) -> Result<Self, NoSheet> {
        if headers.iter().all(|header| header.trim().is_empty()) {
            return Err(NoSheet::Empty);
        }
        if headers.len() > MAX_COLUMNS {
            return Err(NoSheet::Columns(headers.len()));
        }
        let mut said = BTreeMap::new();
        for (index, (header, column)) in mapping.iter().enumerate() {
            if !headers.iter().any(|known| known.trim() == header.trim()) {
                return Err(NoSheet::Header(index + 1));
            }
            let read = |column: &String| {
                let column = Column::parse(column).filter(|column| match column {
                    Column::Field(key) => schema.field(key.as_str()).is_some(),
                    _ => true,
                });
                column.ok_or(NoSheet::Column(index + 1))
            };
            said.insert(header.trim(), column.as_ref().map(read).transpose()?);
        }
        let column = |header: &String| match said.get(header.trim()) {
            Some(column) => column.clone(),
            None => Column::of_header(header, schema),
        };
        let columns: Vec<Option<Column>> = headers.iter().map(column).collect();
        let mut seen = BTreeSet::new();
        for column in columns.iter().flatten() {
            if !seen.insert(column) && !column.may_repeat() {
                return Err(NoSheet::Twice(column.clone()));
            }
        }
        let identifies = |column: &&Column| {
            matches!(column, Column::Name | Column::FirstName | Column::LastName | Column::Handle(_))
        };
        if !seen.iter().any(identifies) {
            return Err(NoSheet::Nothing);
        }
        Ok(Self { columns })
    }
}
