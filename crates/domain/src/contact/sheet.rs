//! Contacts as rows of a table in a file: what its columns are, what a row says, and how a contact is written as one.
//!
//! A cell that spreadsheets have damaged is noticed and named, and never guessed at in silence. A row that cannot be taken
//! as it is, is left out with its reason; everything else about it that a person should know is a [`Code`] too. What is
//! written reads back as the same contact.

mod apply;
mod cell;
mod columns;
mod form;
mod read;
#[cfg(test)]
mod tests;
mod write;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

pub use apply::{Applied, Applying};
pub use cell::{neutral, restored};
pub(crate) use columns::bare;
pub use columns::{Column, NoSheet, Sheet};
pub use read::{Reading, SheetRow, is_yes, number};
pub use write::{cells, headers};

/// The most rows of a file, without the one of the headers.
pub const MAX_ROWS: u32 = 50_000;
/// The most columns of a file.
pub const MAX_COLUMNS: usize = 100;
/// The longest cell, characters.
pub const MAX_CELL: usize = 4_000;

/// What an import does with a contact that is there already.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    IntoStaticStr,
    EnumString,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Mode {
    /// It is left as it is.
    Create,
    /// What is not known of it is filled in.
    #[default]
    Fill,
    /// The same, and what forms, files and profiles said is replaced. What a person typed or a call brought stays.
    Overwrite,
}

impl Mode {
    /// Every mode.
    pub const ALL: &[Self] = Self::VARIANTS;
}

/// The order of the parts of a day such as `03/04/2026`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DateOrder {
    /// The day first.
    Dmy,
    /// The month first.
    Mdy,
}

impl DateOrder {
    /// Both orders.
    pub const ALL: &[Self] = Self::VARIANTS;
}

/// Something about a cell or a row that a person should know.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    EnumString,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// The row has more cells than there are headers.
    Cells,
    /// The row has fewer cells than there are headers.
    Short,
    /// A cell is too long.
    TooLong,
    /// A cell has characters that the file's encoding cannot have.
    Characters,
    /// The row says nothing of a person.
    Nothing,
    /// A number in scientific notation: its digits are lost.
    Scientific,
    /// A date in a cell that holds none.
    Date,
    /// An error value of a spreadsheet.
    Error,
    /// A number with decimals where it can have none.
    Decimal,
    /// A telephone number without a country code.
    NoCountry,
    /// A telephone number without `+` and without a leading zero.
    Completed,
    /// No telephone number.
    Phone,
    /// No e-mail address.
    Email,
    /// No WhatsApp id.
    Whatsapp,
    /// No name in another system.
    External,
    /// A text that is too long or not one line.
    Words,
    /// No BCP 47 tag.
    Language,
    /// No IANA name.
    TimeZone,
    /// Not a policy for names.
    NamePolicy,
    /// Not the id of a member's key.
    Owner,
    /// Not a status of the pipeline.
    Status,
    /// Not a value of the field.
    Value,
    /// A day that reads as two different ones.
    AmbiguousDate,
    /// A day as a spreadsheet counts days.
    SerialDate,
    /// A number that reads as two different ones.
    AmbiguousNumber,
    /// An earlier row has one of its handles.
    Repeated,
    /// Its handles belong to different contacts.
    Conflict,
    /// The person was erased.
    Erased,
    /// The contact would have too much of something.
    TooMuch,
    /// The contact is there already.
    Exists,
    /// What is known stands above what the file says.
    Kept,
    /// The contact was changed after the import.
    Touched,
}

/// What becomes of a row because of a [`Code`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Weight {
    /// The cell was taken in a way that a person may want to know.
    Note,
    /// The cell is left out, the row is taken.
    Cell,
    /// The row is left out.
    Row,
}

impl Weight {
    /// Every weight.
    pub const ALL: &[Self] = Self::VARIANTS;
}

impl Code {
    /// Every code.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What it means for the row. A cell that identifies a person costs the row: without it, it might be another person's.
    pub const fn weight(self) -> Weight {
        match self {
            Self::Short | Self::Decimal | Self::Completed | Self::Repeated | Self::Kept => Weight::Note,
            Self::Words
            | Self::Language
            | Self::TimeZone
            | Self::NamePolicy
            | Self::Owner
            | Self::Status
            | Self::Value
            | Self::AmbiguousDate
            | Self::SerialDate
            | Self::AmbiguousNumber => Weight::Cell,
            Self::Cells
            | Self::TooLong
            | Self::Characters
            | Self::Nothing
            | Self::Scientific
            | Self::Date
            | Self::Error
            | Self::NoCountry
            | Self::Phone
            | Self::Email
            | Self::Whatsapp
            | Self::External
            | Self::Conflict
            | Self::Erased
            | Self::TooMuch
            | Self::Exists
            | Self::Touched => Weight::Row,
        }
    }

    /// What is so, and what to do about it, for people.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Cells => {
                "the row has more cells than there are headers: put cells with the separator in them in quotes"
            }
            Self::Short => "the row has fewer cells than there are headers: the missing ones count as empty",
            Self::TooLong => "the cell has more than 4000 characters",
            Self::Characters => {
                "the cell has characters that are not of the file's encoding: save the file as UTF-8"
            }
            Self::Nothing => "the row has neither a name nor anything that identifies a person",
            Self::Scientific => {
                "a spreadsheet wrote the number in scientific notation, and its last digits are lost: format the column as \
                 text and fill it in again"
            }
            Self::Date => {
                "a spreadsheet made a date of the cell: format the column as text and fill it in again"
            }
            Self::Error => "the cell holds an error of a spreadsheet",
            Self::Decimal => "a spreadsheet added decimals to the number: they were left out",
            Self::NoCountry => {
                "the number has no `+` and country code, which spreadsheets take away: write it whole, or give the import's \
                 `country`"
            }
            Self::Completed => {
                "the number has neither `+` nor a leading zero, which spreadsheets take away: it was read as one of the \
                 import's `country`"
            }
            Self::Phone => "not a telephone number",
            Self::Email => "not an e-mail address",
            Self::Whatsapp => "not a WhatsApp id: give 1 to 128 letters, digits and `.`, `_`, `-`, `@`",
            Self::External => "not a name in another system: give `system:id`",
            Self::Words => "give 1 to 100 characters in one line, with a letter or a digit",
            Self::Language => "not a language: give a BCP 47 tag, such as `de-AT`",
            Self::TimeZone => "not a time zone: give an IANA name, such as `Europe/Vienna`",
            Self::NamePolicy => "give `ask`, `use` or `never`",
            Self::Owner => "not the id of a member's key",
            Self::Status => "not a status of the pipeline: give the id of one",
            Self::Value => "not a value of the field: see `/v1/contacts/fields`",
            Self::AmbiguousDate => {
                "the day reads as two different ones: write it as `2026-12-31`, or give the import's `date_order`"
            }
            Self::SerialDate => "a spreadsheet wrote the day as a number: write it as `2026-12-31`",
            Self::AmbiguousNumber => {
                "the number reads as two different ones: write it without separators of thousands"
            }
            Self::Repeated => {
                "an earlier row has the same number, address or id: both are taken as one contact"
            }
            Self::Conflict => {
                "its number, address or id belong to different contacts: merge them if they are one person"
            }
            Self::Erased => {
                "the person was erased, and is not taken in again unless the import says `take_erased`"
            }
            Self::TooMuch => "the contact would have too many handles or tags, or be too large",
            Self::Exists => "the contact is there already, and this import only creates",
            Self::Kept => "a person or a call said something else, which stands",
            Self::Touched => "the contact was changed after the import, and is left as it is",
        }
    }
}

/// How the cells of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HowToRead {
    /// The country of telephone numbers without a country code.
    #[serde(default)]
    pub country: Option<crate::numbering::Country>,
    /// The order of the parts of days with slashes.
    #[serde(default)]
    pub date_order: Option<DateOrder>,
}
