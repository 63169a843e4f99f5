//! The file of a campaign: what its columns are, what a row says, and how the words of the campaign are filled with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::Plan;
use super::entry::Person;
use crate::Timestamp;
use crate::braces::{Braces, braces};
use crate::contact::sheet::{Code, HowToRead, number, restored};
use crate::dial::CallTask;
use crate::language::Tongue;
use crate::text::folded;
use crate::zone::Zone;

/// The most columns of a file.
pub const MAX_COLUMNS: usize = 50;
/// The longest cell, characters.
pub const MAX_CELL: usize = 1_000;
/// The longest name of a variable, bytes.
const MAX_VARIABLE: usize = 32;
/// The longest language tag (RFC 5646, 4.4.1), bytes.
const MAX_TAG_BYTES: usize = 35;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The number to call.
    Phone,
    /// What the person is called.
    Name,
    /// Their time zone.
    TimeZone,
    /// The language that the agent opens in.
    Language,
    /// They are not called before this.
    NotBefore,
    /// How and when they agreed to be called.
    Consent,
    /// A variable of the words.
    Variable(String),
}

/// What is to be said of a row. Each costs the row its call but [`RowCode::Completed`] and [`RowCode::Decimal`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RowCode {
    /// The row has more cells than there are headers.
    Cells,
    /// A cell is too long.
    TooLong,
    /// A cell has characters that the file's encoding cannot have.
    Characters,
    /// There is no number.
    NoPhone,
    /// No telephone number.
    Phone,
    /// A number in scientific notation: its digits are lost.
    Scientific,
    /// A date in a cell that holds none.
    Date,
    /// An error value of a spreadsheet.
    Error,
    /// A number without a country code.
    NoCountry,
    /// A number with decimals: they were left out.
    Decimal,
    /// A number without `+` and without a leading zero: it was read as one of the campaign's country.
    Completed,
    /// No IANA name.
    TimeZone,
    /// No BCP 47 tag, or no language of the business.
    Language,
    /// No moment.
    NotBefore,
    /// A variable that the words need is empty.
    Empty,
    /// The words become too long with what the row says.
    Words,
    /// An earlier row has the same number.
    Repeated,
    /// The person asked this business not to be called.
    DoNotCall,
    /// The calls are marketing, and the row has no consent.
    NoConsent,
    /// No call is placed to numbers of this kind.
    Barred,
    /// The business does not call this country.
    Country,
    /// There are no rules for calls to this country.
    NoRule,
}

impl RowCode {
    /// Every code.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the row is called all the same.
    pub const fn is_note(self) -> bool {
        matches!(self, Self::Decimal | Self::Completed)
    }

    /// What is so, and what to do about it, for people.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Cells => {
                "the row has more cells than there are headers: put cells with the separator in them in quotes"
            }
            Self::TooLong => "the cell has more than 1000 characters",
            Self::Characters => {
                "the cell has characters that are not of the file's encoding: save the file as UTF-8"
            }
            Self::NoPhone => "the row has no number",
            Self::Phone => "not a telephone number",
            Self::Scientific => {
                "a spreadsheet wrote the number in scientific notation, and its last digits are lost: format the column as \
                 text and fill it in again"
            }
            Self::Date => {
                "a spreadsheet made a date of the cell: format the column as text and fill it in again"
            }
            Self::Error => "the cell holds an error of a spreadsheet",
            Self::NoCountry => {
                "the number has no `+` and country code, which spreadsheets take away: write it whole, or give the \
                 campaign's `country`"
            }
            Self::Decimal => "a spreadsheet added decimals to the number: they were left out",
            Self::Completed => {
                "the number has neither `+` nor a leading zero, which spreadsheets take away: it was read as one of the \
                 campaign's `country`"
            }
            Self::TimeZone => "not a time zone: give an IANA name, such as `Europe/Vienna`",
            Self::Language => "not a language of the business: give one of its BCP 47 tags, such as `de-AT`",
            Self::NotBefore => "not a moment: write it as `2026-12-31T09:00:00Z`",
            Self::Empty => "a variable that the campaign's words need is empty",
            Self::Words => "with what the row says, the reason or the context of the call is too long",
            Self::Repeated => "an earlier row has the same number: each person is called once",
            Self::DoNotCall => "the person asked this business not to be called",
            Self::NoConsent => {
                "the calls are marketing, and the row has no `consent`: say how and when it was given"
            }
            Self::Barred => "no call is placed to numbers of this kind",
            Self::Country => {
                "the business does not call this country: add it to the countries that may be called"
            }
            Self::NoRule => "there are no rules for calls to this country, so no campaign calls it",
        }
    }
}

/// Why a file is no list of people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSheet {
    /// It has no rows.
    #[error("the file is empty")]
    Empty,
    /// It has too many columns.
    #[error("the file has more than {MAX_COLUMNS} columns")]
    Wide,
    /// No column is the number.
    #[error("no column is the number to call: name one `phone`")]
    NoPhone,
    /// Two columns are the same.
    #[error("two columns are `{0}`: leave one out")]
    Twice(String),
    /// A header cannot be a variable.
    #[error(
        "`{0}` cannot be a column: use small letters, digits and `_`, a letter first, 32 characters at most"
    )]
    Name(String),
}

impl NoSheet {
    /// The word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Wide => "too_many_columns",
            Self::NoPhone => "no_phone",
            Self::Twice(_) => "column_twice",
            Self::Name(_) => "column_name",
        }
    }
}

/// The columns of a file, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet(pub Vec<Column>);

/// A row that was read: whom to call, or why not, by the place of the column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Whom to call; `None`: the row is left out.
    pub person: Option<Person>,
    /// What there is to say of it.
    pub codes: Vec<(Option<usize>, RowCode)>,
}

impl Column {
    fn of(header: &str) -> Result<Self, NoSheet> {
        let word = folded(header).replace([' ', '-'], "_");
        Ok(match word.trim_matches('_') {
            "phone" | "phone_number" | "number" | "telephone" | "mobile" | "tel" | "to" | "telefon"
            | "telefonnummer" | "handy" => Self::Phone,
            "name" | "full_name" => Self::Name,
            "time_zone" | "timezone" | "tz" => Self::TimeZone,
            "language" | "lang" => Self::Language,
            "not_before" => Self::NotBefore,
            "consent" => Self::Consent,
            word if is_variable(word) => Self::Variable(word.to_owned()),
            _ => return Err(NoSheet::Name(header.chars().take(40).collect())),
        })
    }

    /// Its name among the columns and in words.
    pub fn name(&self) -> &str {
        match self {
            Self::Phone => "phone",
            Self::Name => "name",
            Self::TimeZone => "time_zone",
            Self::Language => "language",
            Self::NotBefore => "not_before",
            Self::Consent => "consent",
            Self::Variable(name) => name,
        }
    }
}

/// Whether a word can be a variable.
fn is_variable(word: &str) -> bool {
    let mut bytes = word.bytes();
    word.len() <= MAX_VARIABLE
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Sheet {
    /// The columns by the headers of a file.
    ///
    /// # Errors
    /// [`NoSheet`].
    pub fn new(headers: &[String]) -> Result<Self, NoSheet> {
        // Spreadsheets add empty columns behind the last one.
        let used = headers.iter().rposition(|header| !header.trim().is_empty()).map_or(0, |last| last + 1);
        if used > MAX_COLUMNS {
            return Err(NoSheet::Wide);
        }
        let columns: Vec<Column> =
            headers.iter().take(used).map(|header| Column::of(header)).collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().find(|column| !seen.insert(column.name())) {
            return Err(NoSheet::Twice(twice.name().to_owned()));
        }
        if !columns.contains(&Column::Phone) {
            return Err(if columns.is_empty() { NoSheet::Empty } else { NoSheet::NoPhone });
        }
        Ok(Self(columns))
    }

    /// Variables that the words of the campaign need and no column has.
    pub fn missing(&self, plan: &Plan) -> Vec<String> {
        let has = |name: &String| self.0.iter().any(|column| column.name() == name);
        plan.variables().into_iter().filter(|name| !has(name)).collect()
    }

    /// Reads a row.
    pub fn read(&self, cells: &[String], plan: &Plan) -> Reading {
        let mut codes = vec![];
        if cells.iter().skip(self.0.len()).any(|cell| !cell.trim().is_empty()) {
            codes.push((None, RowCode::Cells));
        }
        let (mut to, mut name, mut zone, mut language, mut not_before, mut consent) =
            (None, None, None, None, None, None);
        let mut vars = BTreeMap::new();
        for (place, (cell, column)) in cells.iter().zip(&self.0).enumerate() {
            let cell = restored(cell).trim();
            if cell.is_empty() {
                continue;
            }
            let mut read = || -> Result<(), RowCode> {
                if cell.chars().count() > MAX_CELL {
                    return Err(RowCode::TooLong);
                }
                if cell.contains(char::REPLACEMENT_CHARACTER) {
                    return Err(RowCode::Characters);
                }
                match column {
                    Column::Phone => {
                        let how = HowToRead { country: plan.country, date_order: None };
                        let (handle, note) = number(cell, &how).map_err(of_cell)?;
                        to = Some(handle.number().ok_or(RowCode::Phone)?);
                        codes.extend(note.map(|note| (Some(place), of_cell(note))));
                    }
                    Column::Name => name = Some(cell.to_owned()),
                    Column::TimeZone => zone = Some(Zone::parse(cell).map_err(|_| RowCode::TimeZone)?),
                    Column::Language => {
                        let fits = cell.len() <= MAX_TAG_BYTES && Tongue::parse(cell).is_some();
                        language = Some(fits.then(|| cell.to_owned()).ok_or(RowCode::Language)?);
                    }
                    Column::NotBefore => not_before = Some(moment(cell).ok_or(RowCode::NotBefore)?),
                    Column::Consent => consent = says_yes(cell).then(|| cell.to_owned()),
                    Column::Variable(name) => {
                        vars.insert(name.clone(), cell.to_owned());
                    }
                }
                Ok(())
            };
            if let Err(code) = read() {
                codes.push((Some(place), code));
            }
        }
        let Some(to) = to else {
            if !codes.iter().any(|(_, code)| !code.is_note()) {
                codes.push((None, RowCode::NoPhone));
            }
            return Reading { person: None, codes };
        };
        let person = Person { to, name, zone, language, not_before, consent, vars };
        match plan.task(&person) {
            Ok(_) => {}
            Err(code) => codes.push((None, code)),
        }
        let is_left_out = codes.iter().any(|(_, code)| !code.is_note());
        Reading { person: (!is_left_out).then_some(person), codes }
    }
}

fn of_cell(code: Code) -> RowCode {
    match code {
        Code::Scientific => RowCode::Scientific,
        Code::Date => RowCode::Date,
        Code::Error => RowCode::Error,
        Code::NoCountry => RowCode::NoCountry,
        Code::Decimal => RowCode::Decimal,
        Code::Completed => RowCode::Completed,
        _ => RowCode::Phone,
    }
}

/// A cell that says how a person agreed. What says no, or nothing, is no consent.
fn says_yes(cell: &str) -> bool {
    !matches!(
        folded(cell).as_str(),
        "" | "no" | "n" | "0" | "false" | "none" | "nein" | "falsch" | "non" | "-" | "?" | "unknown" | "n/a"
    )
}

fn moment(cell: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = cell.parse().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

impl Plan {
    /// The variables that its words need.
    pub fn variables(&self) -> BTreeSet<String> {
        [&self.reason, &self.context]
            .into_iter()
            .flatten()
            .flat_map(|text| pieces(text))
            .filter_map(variable)
            .collect()
    }

    /// What a call to this person is for: the words, filled with what the file says.
    ///
    /// # Errors
    /// [`RowCode::Empty`] for a variable that the file does not say of them, [`RowCode::Words`] for words that become too long.
    pub fn task(&self, person: &Person) -> Result<CallTask, RowCode> {
        let fill = |text: &Option<String>, most: usize| -> Result<Option<String>, RowCode> {
            let Some(text) = text else { return Ok(None) };
            let mut filled = String::new();
            for piece in pieces(text) {
                match piece {
                    Piece::Words(words) => filled.push_str(words),
                    Piece::Variable(name) => filled.push_str(person.says(name).ok_or(RowCode::Empty)?),
                }
            }
            if filled.chars().count() > most { Err(RowCode::Words) } else { Ok(Some(filled)) }
        };
        let language = person.language.as_ref().or(self.language.as_ref()).cloned();
        Ok(CallTask {
            reason: fill(&self.reason, CallTask::MAX_REASON_CHARS)?,
            context: fill(&self.context, CallTask::MAX_CONTEXT_CHARS)?,
            language,
        })
    }
}

impl Person {
    /// What the file says of them under this name.
    fn says(&self, name: &str) -> Option<&str> {
        match name {
            "name" => self.name.as_deref(),
            "phone" => Some(self.to.as_e164()),
            "time_zone" => self.zone.as_ref().map(Zone::name),
            "language" => self.language.as_deref(),
            "consent" => self.consent.as_deref(),
            name => self.vars.get(name).map(String::as_str),
        }
    }
}

/// A part of words with variables in them.
enum Piece<'a> {
    Words(&'a str),
    Variable(&'a str),
}

fn variable(piece: Piece<'_>) -> Option<String> {
    match piece {
        Piece::Variable(name) => Some(name.to_owned()),
        Piece::Words(_) => None,
    }
}

/// The parts of words. Braces without a name in them are words.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut behind) = (vec![], 0);
    for found in braces(text) {
        if let Braces::Closed(name, place) = found
            && is_variable(name.trim())
        {
            pieces.push(Piece::Words(&text[behind..place.start]));
            pieces.push(Piece::Variable(name.trim()));
            behind = place.end;
        }
    }
    pieces.push(Piece::Words(&text[behind..]));
    pieces
}
