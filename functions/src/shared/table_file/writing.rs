//! Rows of a file for people: CSV (RFC 4180) of which no spreadsheet runs a cell.

use domain::contact::sheet::neutral;

/// What such a file is.
pub(crate) const CSV: &str = "text/csv; charset=utf-8";
/// Stands before the first row: without it spreadsheets take the file for one of an older encoding.
pub(crate) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A row cannot be written, which is a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row cannot be written as CSV")]
pub(crate) struct NotWritten;

/// Rows as CSV, each cell made [`neutral`].
pub(crate) fn written(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, NotWritten> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    for row in rows {
        table.write_record(row.iter().map(|cell| neutral(cell).into_owned())).map_err(|_| NotWritten)?;
    }
    table.into_inner().map_err(|_| NotWritten)
}
