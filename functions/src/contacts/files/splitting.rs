//! The file of an import becomes rows: its encoding and columns are found, and it is put away in slices.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::BusinessId;
use domain::contact::import::{FileRefused, Found, HeaderUse, Import};
use domain::contact::sheet::{MAX_ROWS, NoSheet, Sheet};
use domain::contact::{FieldSchema, Pipeline};
use platform::objects::ObjectError;

use super::Files;
use crate::shared::table_file::encoding::{Written, named};
use crate::shared::table_file::reading::{fed, look};
use crate::shared::table_file::rows::{FileRow, NoRows, begin};

/// The word for a file that is not there: it can still be put.
pub(super) const NO_FILE: &str = "no_file";
/// The characters of a header that are kept.
const HEADER_CHARS: usize = 100;

fn refused(code: &str, detail: impl ToString) -> FileRefused {
    FileRefused { code: code.to_owned(), detail: detail.to_string() }
}

impl From<NoRows> for FileRefused {
    fn from(error: NoRows) -> Self {
        refused(error.code(), error)
    }
}

fn no_sheet(error: NoSheet) -> FileRefused {
    refused(error.code(), error)
}

/// Splits the file of an import. Doing it again gives the same slices. Inside: why it is no table of contacts.
pub(super) async fn split(
    files: &Files,
    business: &BusinessId,
    import: &Import,
    (schema, pipeline): (&FieldSchema, &Pipeline),
) -> Result<Result<Found, FileRefused>, ObjectError> {
    let Some(pieces) = files.read_file(business, import).await? else {
        return Ok(Err(refused(NO_FILE, "there is no file: put it where the import's `upload` says")));
    };
    let said = import.options.encoding.as_deref().and_then(named);
    let written = look(pieces, (said, import.options.delimiter)).await?;
    let Some(pieces) = files.read_file(business, import).await? else {
        return Ok(Err(refused(NO_FILE, "the file was taken away")));
    };
    let (to_reader, mut slices) = begin(written, MAX_ROWS);
    let taking = async move {
        let mut splitter: Option<Splitter> = None;
        while let Some(slice) = slices.recv().await {
            let mut slice = match slice {
                Ok(slice) => slice,
                Err(error) => return Ok(Err(error.into())),
            };
            match &mut splitter {
                None => match Splitter::new(&slice, import, schema) {
                    Ok(new) => splitter = Some(new),
                    Err(error) => return Ok(Err(no_sheet(error))),
                },
                Some(splitter) => {
                    splitter.mark(&mut slice, import, (schema, pipeline));
                    files.put_rows(business, import, splitter.slices, &slice).await?;
                    splitter.slices += 1;
                    splitter.rows += u32::try_from(slice.len()).unwrap_or(u32::MAX);
                }
            }
        }
        let found = splitter.map(|splitter| splitter.found(&written));
        Ok::<_, ObjectError>(found.ok_or_else(|| no_sheet(NoSheet::Empty)))
    };
    fed(pieces, to_reader, taking).await
}

struct Splitter {
    sheet: Sheet,
    headers: Vec<String>,
    /// Handles of the rows before, as digests: fifty thousand rows have some hundred thousand.
    seen: HashSet<u64>,
    slices: u32,
    rows: u32,
}

impl Splitter {
    fn new(first: &[FileRow], import: &Import, schema: &FieldSchema) -> Result<Self, NoSheet> {
        let headers = first.first().map(|row| row.cells.clone()).ok_or(NoSheet::Empty)?;
        let sheet = Sheet::new(&headers, &import.options.columns, schema)?;
        Ok(Self { sheet, headers, seen: HashSet::new(), slices: 0, rows: 0 })
    }

    /// Marks the rows that name a person whom an earlier row names.
    fn mark(
        &mut self,
        slice: &mut [FileRow],
        import: &Import,
        (schema, pipeline): (&FieldSchema, &Pipeline),
    ) {
        for row in slice {
            let reading = self.sheet.read(&row.cells, &import.options.how, schema, pipeline);
            for handle in reading.row.iter().flat_map(|row| &row.handles) {
                let mut digest = DefaultHasher::new();
                handle.to_string().hash(&mut digest);
                row.again |= !self.seen.insert(digest.finish());
            }
        }
    }

    fn found(self, written: &Written) -> Found {
        let headers = self.headers.iter().zip(&self.sheet.columns).map(|(header, column)| HeaderUse {
            header: domain::contact::cut(header.trim(), HEADER_CHARS),
            column: column.as_ref().map(ToString::to_string),
        });
        Found {
            encoding: written.encoding.name().to_lowercase(),
            guessed: written.guessed,
            delimiter: written.delimiter,
            headers: headers.collect(),
            rows: self.rows,
            slices: self.slices,
        }
    }
}
