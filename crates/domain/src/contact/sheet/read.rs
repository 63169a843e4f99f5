//! What a row says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;

use super::super::{
    ContactId, FieldKey, FieldKind, FieldSchema, FieldSpec, FieldValue, Handle, HandleKind, Pipeline, Raw,
    StatusId, is_words,
};
use super::cell::{Damage, damage, is_error, is_scientific, parted, restored, whole};
use super::{Code, Column, DateOrder, HowToRead, MAX_CELL, Sheet, Weight};
use crate::access::KeyId;
use crate::language::Tongue;
use crate::prompt::caller::NamePolicy;
use crate::zone::Zone;

/// What a row says of one contact, each part in the form in which it is kept.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SheetRow {
    /// The contact that it names.
    pub id: Option<ContactId>,
    /// What identifies the contact.
    pub handles: BTreeSet<Handle>,
    pub(super) name: Option<String>,
    pub(super) name_policy: Option<NamePolicy>,
    pub(super) language: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) company: Option<String>,
    pub(super) tags: BTreeSet<String>,
    pub(super) owner: Option<KeyId>,
    pub(super) status: Option<StatusId>,
    pub(super) fields: BTreeMap<FieldKey, FieldValue>,
}

// It speaks of a person.
impl fmt::Debug for SheetRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SheetRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it says; `None`: it is left out.
    pub row: Option<SheetRow>,
    /// What there is to say of it: of a cell, by the place of its column, or of the row. A row that is left out has one of
    /// the weight [`Weight::Row`].
    pub codes: Vec<(Option<usize>, Code)>,
}

impl Sheet {
    /// Reads a row. A row of empty cells alone is [`Code::Nothing`].
    pub fn read(
        &self,
        cells: &[String],
        how: &HowToRead,
        schema: &FieldSchema,
        pipeline: &Pipeline,
    ) -> Reading {
        let mut reader =
            Reader { how, schema, pipeline, row: SheetRow::default(), codes: vec![], parts: [None, None] };
        let extra = cells.iter().skip(self.columns.len());
        if extra.into_iter().any(|cell| !cell.trim().is_empty()) {
            reader.codes.push((None, Code::Cells));
        }
        if cells.len() < self.columns.len() {
            reader.codes.push((None, Code::Short));
        }
        for (index, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            let Some(column) = column else { continue };
            let cell = restored(cell).trim();
            if cell.is_empty() {
                continue;
            }
            if let Err(code) = reader.cell(index, column, cell) {
                reader.codes.push((Some(index), code));
            }
        }
        reader.done()
    }
}

struct Reader<'a> {
    how: &'a HowToRead,
    schema: &'a FieldSchema,
    pipeline: &'a Pipeline,
    row: SheetRow,
    codes: Vec<(Option<usize>, Code)>,
    /// The first and the last name.
    parts: [Option<String>; 2],
}

impl Reader<'_> {
    fn cell(&mut self, index: usize, column: &Column, cell: &str) -> Result<(), Code> {
        if cell.chars().count() > MAX_CELL {
            return Err(Code::TooLong);
        }
        if cell.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Code::Characters);
        }
        let row = &mut self.row;
        match column {
            // An id of another business, or of no contact, says nothing here.
            Column::Id => row.id = ContactId::parse(cell).ok(),
            Column::Name => row.name = Some(words(cell)?),
            Column::FirstName => self.parts[0] = Some(words(cell)?),
            Column::LastName => self.parts[1] = Some(words(cell)?),
            Column::Handle(kind) => {
                // A comma may be that of a number which a spreadsheet has damaged.
                let texts = if damage(cell).is_some() { vec![cell.to_owned()] } else { parted(cell) };
                for text in texts {
                    let (handle, note) = handle(*kind, &text, self.how)?;
                    row.handles.insert(handle);
                    self.codes.extend(note.map(|note| (Some(index), note)));
                }
            }
            Column::NamePolicy => {
                row.name_policy = Some(NamePolicy::parse(&cell.to_lowercase()).ok_or(Code::NamePolicy)?);
            }
            Column::Language => {
                let fits = cell.len() <= 35 && Tongue::parse(cell).is_some();
                row.language = Some(fits.then(|| cell.to_owned()).ok_or(Code::Language)?);
            }
            Column::TimeZone => {
                row.time_zone = Some(Zone::parse(cell).map(|_| cell.to_owned()).map_err(|_| Code::TimeZone)?);
            }
            Column::Company => row.company = Some(words(cell)?),
            Column::Tags => {
                for tag in parted(cell) {
                    row.tags.insert(words(&tag)?);
                }
            }
            Column::Owner => row.owner = Some(KeyId::parse(cell).map_err(|_| Code::Owner)?),
            Column::Status => {
                let id = StatusId::parse(cell).map_err(|_| Code::Status)?;
                let known = self.pipeline.status(Some(&id)).filter(|status| status.id == id);
                row.status = Some(known.ok_or(Code::Status)?.id.clone());
            }
            Column::Field(key) => {
                let field = self.schema.field(key.as_str()).ok_or(Code::Value)?;
                row.fields.insert(field.key.clone(), value(field, cell, self.how.date_order)?);
            }
        }
        Ok(())
    }

    fn done(mut self) -> Reading {
        if self.row.name.is_none() {
            let name: Vec<String> = self.parts.into_iter().flatten().collect();
            match words(&name.join(" ")) {
                Ok(name) => self.row.name = Some(name),
                Err(_) if name.is_empty() => {}
                Err(code) => self.codes.push((None, code)),
            }
        }
        let row = &self.row;
        let is_left_out =
            |codes: &[(Option<usize>, Code)]| codes.iter().any(|(_, code)| code.weight() == Weight::Row);
        let says_nothing = row.handles.is_empty() && row.name.is_none() && row.id.is_none();
        if says_nothing && !is_left_out(&self.codes) {
            self.codes.push((None, Code::Nothing));
        }
        let left_out = is_left_out(&self.codes);
        Reading { row: (!left_out).then_some(self.row), codes: self.codes }
    }
}

fn words(cell: &str) -> Result<String, Code> {
    if is_error(cell) {
        return Err(Code::Error);
    }
    is_words(cell).then(|| cell.to_owned()).ok_or(Code::Words)
}

/// A handle, and what there is to say of how it was read.
fn handle(kind: HandleKind, text: &str, how: &HowToRead) -> Result<(Handle, Option<Code>), Code> {
    if is_error(text) {
        return Err(Code::Error);
    }
    let read = |code: Code| Handle::read(kind, text).map(|handle| (handle, None)).map_err(|_| code);
    match kind {
        HandleKind::Phone => number(text, how),
        HandleKind::Email => read(Code::Email),
        HandleKind::Whatsapp | HandleKind::WhatsappParent if is_scientific(text) => Err(Code::Scientific),
        HandleKind::Whatsapp | HandleKind::WhatsappParent => read(Code::Whatsapp),
        HandleKind::External => match text.split_once(':') {
            Some((_, id)) if is_scientific(id) => Err(Code::Scientific),
            _ => read(Code::External),
        },
    }
}

/// A telephone number as a cell has it, and what there is to say of how it was read.
///
/// # Errors
/// The [`Code`] of what is wrong with it.
pub fn number(text: &str, how: &HowToRead) -> Result<(Handle, Option<Code>), Code> {
    let (text, mut note) = match damage(text) {
        Some(Damage::Scientific) => return Err(Code::Scientific),
        Some(Damage::Error) => return Err(Code::Error),
        Some(Damage::Date) => return Err(Code::Date),
        Some(Damage::Decimal) => (whole(text).unwrap_or(text), Some(Code::Decimal)),
        None => (text, None),
    };
    let whole_number = match text.strip_prefix("00") {
        Some(rest) => Some(format!("+{}", rest.trim_start())),
        None => text.starts_with('+').then(|| text.to_owned()),
    };
    if let Some(number) = whole_number {
        // A number that the network gave may be in no numbering plan.
        let read =
            Handle::read(HandleKind::Phone, &number).or_else(|_| Handle::parse(&format!("phone:{number}")));
        return read.map(|handle| (handle, note)).map_err(|_| Code::Phone);
    }
    if !text.chars().any(|c| c.is_ascii_digit()) {
        return Err(Code::Phone);
    }
    let Some(country) = how.country else { return Err(Code::NoCountry) };
    let read = Handle::national(text, country).map_err(|_| Code::Phone)?;
    if note.is_none()
        && text.bytes().all(|b| b.is_ascii_digit())
        && !text.starts_with('0')
        && country.has_trunk_zero()
    {
        note = Some(Code::Completed);
    }
    Ok((read, note))
}

fn value(field: &FieldSpec, cell: &str, order: Option<DateOrder>) -> Result<FieldValue, Code> {
    // A text may be a row of `#`, which in another cell is a number that had no room.
    if is_error(cell) && !(field.kind == FieldKind::Text && cell.chars().all(|c| c == '#')) {
        return Err(Code::Value);
    }
    let raw = match field.kind {
        FieldKind::Text | FieldKind::Select | FieldKind::Url | FieldKind::Datetime => {
            Raw::Text(cell.to_owned())
        }
        FieldKind::Number => Raw::Number(decimal(cell)?),
        FieldKind::Date => Raw::Text(day(cell, order)?),
        FieldKind::Bool => Raw::Flag(flag(cell).ok_or(Code::Value)?),
        FieldKind::Multiselect => Raw::Many(parted(cell)),
    };
    FieldValue::read(field, raw).map_err(|_| Code::Value)
}

/// Whether a cell says yes, or a box was ticked.
pub fn is_yes(cell: &str) -> bool {
    flag(cell) == Some(true) || crate::text::folded(cell.trim()) == "on"
}

fn flag(cell: &str) -> Option<bool> {
    match crate::text::folded(cell).as_str() {
        "yes" | "true" | "1" | "x" | "y" | "ja" | "wahr" | "oui" | "si" | "sí" | "כן" => Some(true),
        "no" | "false" | "0" | "n" | "nein" | "falsch" | "non" | "לא" => Some(false),
        _ => None,
    }
}

/// A number with a point, however its decimals are parted off; `1,234` is one thousand to some and one to others.
fn decimal(cell: &str) -> Result<String, Code> {
    if is_scientific(cell) {
        return Err(Code::AmbiguousNumber);
    }
    match (cell.matches(',').count(), cell.contains('.')) {
        (0, _) => Ok(cell.to_owned()),
        (1, false) => match cell.split_once(',') {
            Some((_, part)) if part.len() == 3 => Err(Code::AmbiguousNumber),
            _ => Ok(cell.replace(',', ".")),
        },
        _ => Err(Code::AmbiguousNumber),
    }
}

/// A day as `2026-12-31`.
fn day(cell: &str, order: Option<DateOrder>) -> Result<String, Code> {
    if cell.parse::<Date>().is_ok() {
        return Ok(cell.to_owned());
    }
    if cell.len() == 5 && cell.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Code::SerialDate);
    }
    let parts: Vec<&str> = cell.split(['.', '/', '-']).map(str::trim).collect();
    let [first, second, year] = parts.as_slice() else { return Err(Code::Value) };
    let numbers = [first, second].map(|part| part.parse::<i8>().ok().filter(|n| *n > 0));
    let ([Some(first), Some(second)], true) = (numbers, year.len() == 4) else { return Err(Code::Value) };
    let year: i16 = year.parse().map_err(|_| Code::Value)?;
    let dotted = cell.contains('.');
    let (day, month) = match order {
        _ if dotted => (first, second),
        Some(DateOrder::Dmy) => (first, second),
        Some(DateOrder::Mdy) => (second, first),
        None if first > 12 => (first, second),
        None if second > 12 => (second, first),
        None if first == second => (first, second),
        None => return Err(Code::AmbiguousDate),
    };
    Date::new(year, month, day).map(|day| day.to_string()).map_err(|_| Code::Value)
}
