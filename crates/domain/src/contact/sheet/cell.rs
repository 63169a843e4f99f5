//! Cells: what spreadsheets take for a formula, what they break, and lists in one cell.

use std::borrow::Cow;

/// The beginnings that spreadsheets take for a formula, and our own mark.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\t', '\r', '\n', MARK];
/// Written before a cell that would be taken for a formula: spreadsheets read the rest as text.
const MARK: char = '\'';
/// What parts a list in one cell.
const SEPARATORS: [char; 2] = [';', ','];
const ESCAPE: char = '\\';

/// A cell that no spreadsheet runs: one that begins like a formula has `'` before it. [`restored`] takes it away.
pub fn neutral(text: &str) -> Cow<'_, str> {
    match text.starts_with(FORMULA) {
        true => Cow::Owned(format!("{MARK}{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The reverse of [`neutral`]; a cell that it did not write stays as it is.
pub fn restored(cell: &str) -> &str {
    cell.strip_prefix(MARK).filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

/// Several texts in one cell.
pub(super) fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut cell = String::new();
    for text in texts {
        if !cell.is_empty() {
            cell.push_str("; ");
        }
        for c in text.chars() {
            if c == ESCAPE || SEPARATORS.contains(&c) {
                cell.push(ESCAPE);
            }
            cell.push(c);
        }
    }
    cell
}

/// The texts of a cell that is a list, without blanks around them and without empty ones.
pub(super) fn parted(cell: &str) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = |next: &char| *next == ESCAPE || SEPARATORS.contains(next);
        let last = texts.last_mut();
        match (c, last) {
            (ESCAPE, Some(last)) => last.push(chars.next_if(escaped).unwrap_or(ESCAPE)),
            (c, _) if SEPARATORS.contains(&c) => texts.push(String::new()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    let texts = texts.into_iter().map(|text| text.trim().to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

/// What a spreadsheet has done to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// `4.36641E+11`: the digits behind are lost.
    Scientific,
    /// `#NAME?`, `########`.
    Error,
    /// `03-Feb`, `01.02.2026`.
    Date,
    /// `436641234567.0`.
    Decimal,
}

/// What a spreadsheet has done to a cell that holds no date and no decimals.
pub(super) fn damage(cell: &str) -> Option<Damage> {
    let cell = cell.trim();
    if is_error(cell) {
        Some(Damage::Error)
    } else if is_scientific(cell) {
        Some(Damage::Scientific)
    } else if is_date(cell) {
        Some(Damage::Date)
    } else if whole(cell).is_some() {
        Some(Damage::Decimal)
    } else {
        None
    }
}

pub(super) fn is_error(cell: &str) -> bool {
    const ERRORS: [&str; 13] = [
        "#NAME?", "#REF!", "#VALUE!", "#N/A", "#NULL!", "#NUM!", "#DIV/0!", "#WERT!", "#BEZUG!", "#NV",
        "#ZAHL!", "#SPILL!", "#CALC!",
    ];
    ERRORS.contains(&cell) || (cell.len() > 2 && cell.chars().all(|c| c == '#'))
}

pub(super) fn is_scientific(cell: &str) -> bool {
    let unsigned = cell.trim_start_matches(['+', '-']);
    let Some((mantissa, exponent)) = unsigned.split_once(['e', 'E']) else { return false };
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let exponent = exponent.trim_start_matches(['+', '-']);
    whole.len() == 1 && digits(whole) && digits(part) && (1..=3).contains(&exponent.len()) && digits(exponent)
}

/// The digits of a whole number to which decimals of zeros were added.
pub(super) fn whole(cell: &str) -> Option<&str> {
    let (whole, part) = cell.split_once(['.', ','])?;
    let zeros = !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b == b'0');
    (zeros && whole.len() > 4 && digits(whole)).then_some(whole)
}

fn is_date(cell: &str) -> bool {
    let parts: Vec<&str> = cell.split(['-', '.', '/', ' ']).filter(|part| !part.is_empty()).collect();
    let short = |part: &str| part.len() <= 2 && digits(part);
    let year = |part: &str| matches!(part.len(), 2 | 4) && digits(part);
    match parts.as_slice() {
        [a, b] => (is_month(a) && digits(b) && b.len() <= 4) || (is_month(b) && short(a)),
        [a, b, c] => {
            (short(a) && (short(b) || is_month(b)) && year(c))
                || (a.len() == 4 && digits(a) && short(b) && short(c))
        }
        _ => false,
    }
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 16] = [
        "jan", "feb", "mar", "mär", "mrz", "apr", "may", "mai", "jun", "jul", "aug", "sep", "oct", "okt",
        "nov", "dez",
    ];
    let word = word.to_lowercase();
    let short: String = word.chars().take(3).collect();
    word.chars().count() >= 3
        && word.chars().all(char::is_alphabetic)
        && (MONTHS.contains(&short.as_str()) || short == "dec")
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}
