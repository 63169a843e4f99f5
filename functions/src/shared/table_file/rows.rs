//! The rows of a file as it comes, a slice at a time: no more of it is in memory than two slices and what one row may have.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use bytes::Bytes;
use domain::contact::import::SLICE_ROWS;
use domain::contact::sheet::{MAX_CELL, MAX_COLUMNS};
use encoding_rs::{CoderResult, Decoder};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::encoding::Written;

/// Pieces of the file, and slices of rows, that may wait.
const WAITING: usize = 2;
/// The longest row, bytes of UTF-8: a quote that is never closed makes one row of all that follows.
const MAX_ROW_BYTES: usize = 1024 * 1024;
/// The most of a slice.
const MAX_SLICE_BYTES: usize = 1024 * 1024;

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileRow {
    /// The line in which it begins, from 1.
    pub(crate) line: u32,
    pub(crate) cells: Vec<String>,
    /// Whether an earlier row names the same person.
    #[serde(default)]
    pub(crate) again: bool,
}

impl FileRow {
    /// Whether it says nothing at all: spreadsheets leave such rows behind.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Why a file has no rows that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRows {
    #[error("the file has more than {0} rows: part it")]
    TooMany(u32),
    #[error("the row at line {0} has more than a megabyte: a quote may not be closed there")]
    TooLong(u32),
    #[error("the file is no table")]
    Broken,
}

impl NoRows {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::TooMany(_) => "too_many_rows",
            Self::TooLong(_) => "row_too_long",
            Self::Broken => "not_a_table",
        }
    }
}

/// Slices of the file: the first one holds the row of the headers alone.
pub(crate) type Slices = mpsc::Receiver<Result<Vec<FileRow>, NoRows>>;

/// Begins to read a file. What is sent is a piece of it; the end is that nothing can be sent any more.
pub(crate) fn begin(written: Written, max_rows: u32) -> (mpsc::Sender<Bytes>, Slices) {
    let (pieces, incoming) = mpsc::channel(WAITING);
    let (outgoing, slices) = mpsc::channel(WAITING);
    // The reader of CSV wants bytes at once, so it waits for them in a thread of its own.
    tokio::task::spawn_blocking(move || {
        if let Err(no_rows) = read((written, max_rows), incoming, &outgoing) {
            drop(outgoing.blocking_send(Err(no_rows)));
        }
    });
    (pieces, slices)
}

/// Reads to the end, or until its slices are wanted no more.
fn read(
    (written, max_rows): (Written, u32),
    pieces: mpsc::Receiver<Bytes>,
    slices: &mpsc::Sender<Result<Vec<FileRow>, NoRows>>,
) -> Result<(), NoRows> {
    let given = Rc::new(Cell::new(0));
    let text = Utf8 {
        pieces,
        decoder: written.encoding.new_decoder_with_bom_removal(),
        text: String::new(),
        at: 0,
        last: None,
        ended: false,
        given: Rc::clone(&given),
    };
    let mut table = csv::ReaderBuilder::new();
    table.has_headers(false).flexible(true).delimiter(u8::try_from(written.delimiter).unwrap_or(b','));
    let mut table = table.from_reader(text);
    let (mut record, mut slice, mut held) = (csv::StringRecord::new(), Vec::new(), 0);
    let (mut rows, mut line, mut seen_headers) = (0_u32, 1_u32, false);
    let mut skip = written.said_in_first_line;
    loop {
        let read = table.read_record(&mut record);
        match read {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(NoRows::TooLong(line)),
            Err(_) => return Err(NoRows::Broken),
        }
        given.set(0);
        // The reader stands behind the line's end; where it stood before leaves out empty lines, which it skips.
        let within = record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count();
        let behind = usize::try_from(table.position().line()).unwrap_or(usize::MAX);
        line = u32::try_from(behind.saturating_sub(within + 1)).unwrap_or(u32::MAX);
        if std::mem::take(&mut skip) {
            continue;
        }
        // One cell more than there may be says that there are too many; one character more, that it is too long.
        let cells = record.iter().take(MAX_COLUMNS + 1);
        let cells: Vec<String> = cells.map(|cell| cell.chars().take(MAX_CELL + 1).collect()).collect();
        held += cells.iter().map(String::len).sum::<usize>();
        slice.push(FileRow { line, cells, again: false });
        if !seen_headers {
            seen_headers = true;
        } else {
            rows += 1;
            if rows > max_rows {
                return Err(NoRows::TooMany(max_rows));
            }
            let full =
                slice.len() >= usize::try_from(SLICE_ROWS).unwrap_or(usize::MAX) || held >= MAX_SLICE_BYTES;
            if !full {
                continue;
            }
        }
        held = 0;
        if slices.blocking_send(Ok(std::mem::take(&mut slice))).is_err() {
            return Ok(());
        }
    }
    if !slice.is_empty() {
        drop(slices.blocking_send(Ok(slice)));
    }
    Ok(())
}

/// The file as UTF-8. Bytes that its encoding does not have become U+FFFD, and each end of a line, the last one's too, is one
/// line feed, so that lines can be counted.
struct Utf8 {
    pieces: mpsc::Receiver<Bytes>,
    decoder: Decoder,
    text: String,
    at: usize,
    /// The last character, before line ends were made alike.
    last: Option<char>,
    ended: bool,
    /// How much was given since the last row began.
    given: Rc<Cell<usize>>,
}

impl Utf8 {
    fn decode(&mut self, piece: &[u8], last: bool) {
        self.text.clear();
        self.at = 0;
        let mut rest = piece;
        loop {
            let most = self.decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len() * 4 + 16);
            self.text.reserve(most);
            let (result, read, _) = self.decoder.decode_to_string(rest, &mut self.text, last);
            rest = rest.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        self.make_line_ends_alike(last);
    }

    fn make_line_ends_alike(&mut self, is_end: bool) {
        let text = std::mem::take(&mut self.text);
        for c in text.chars() {
            match (self.last.replace(c), c) {
                (Some('\r'), '\n') => {}
                (_, '\r' | '\n') => self.text.push('\n'),
                (_, c) => self.text.push(c),
            }
        }
        if is_end && self.last.is_some_and(|last| !matches!(last, '\r' | '\n')) {
            self.text.push('\n');
        }
    }
}

impl Read for Utf8 {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(piece) => self.decode(&piece, false),
                None => {
                    self.decode(&[], true);
                    self.ended = true;
                }
            }
        }
        if self.given.get() > MAX_ROW_BYTES {
            return Err(io::Error::other("a row is too long"));
        }
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = bytes.len().min(into.len());
        for (to, from) in into.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.at += count;
        self.given.set(self.given.get() + count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use domain::contact::sheet::MAX_ROWS;
    use encoding_rs::{UTF_8, UTF_16LE};

    use super::*;

    async fn all(written: Written, bytes: &[u8], piece: usize) -> Result<Vec<Vec<FileRow>>, NoRows> {
        let (pieces, mut slices) = begin(written, MAX_ROWS);
        let bytes = bytes.to_vec();
        let sending = tokio::spawn(async move {
            for piece in bytes.chunks(piece) {
                if pieces.send(Bytes::copy_from_slice(piece)).await.is_err() {
                    return;
                }
            }
        });
        let mut read = vec![];
        while let Some(slice) = slices.recv().await {
            read.push(slice?);
        }
        sending.await.unwrap();
        Ok(read)
    }

    fn plain() -> Written {
        Written { encoding: UTF_8, guessed: false, delimiter: ',', said_in_first_line: false }
    }

    #[tokio::test]
    async fn rows_come_with_the_lines_in_which_they_begin() {
        let text = "name,phone\r\n\"Levi, \"\"Dana\"\"\nof Graz\",+43\r\nEve\r\n\r\nשם,x\r\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for piece in [1, 3, 10_000] {
            for (written, bytes) in
                [(plain(), text.as_bytes()), (Written { encoding: UTF_16LE, ..plain() }, utf16.as_slice())]
            {
                let slices = all(written, bytes, piece).await.unwrap();
                assert_eq!(slices[0][0].cells, ["name", "phone"]);
                let rows: Vec<(u32, Vec<&str>)> = slices[1]
                    .iter()
                    .map(|row| (row.line, row.cells.iter().map(String::as_str).collect()))
                    .collect();
                let whole = "Levi, \"Dana\"\nof Graz";
                assert_eq!(rows, [(2, vec![whole, "+43"]), (4, vec!["Eve"]), (6, vec!["שם", "x"])]);
            }
        }
    }

    #[tokio::test]
    async fn slices_are_bounded_and_so_is_the_file() {
        let file = |rows: u32| format!("name\n{}", "Dana\n".repeat(usize::try_from(rows).unwrap()));
        let slices = all(plain(), file(1_001).as_bytes(), 9_999).await.unwrap();
        assert_eq!(slices.iter().map(Vec::len).collect::<Vec<_>>(), [1, 500, 500, 1]);
        let most = all(plain(), file(MAX_ROWS).as_bytes(), 9_999).await.unwrap();
        assert_eq!(most.iter().map(Vec::len).sum::<usize>(), 50_001);
        assert_eq!(all(plain(), file(MAX_ROWS + 1).as_bytes(), 9_999).await, Err(NoRows::TooMany(MAX_ROWS)));
        let wide = format!("name\n{}\n", format!("{}\n", "x,".repeat(400_000)).repeat(3));
        let wide = all(plain(), wide.as_bytes(), 9_999).await.unwrap();
        assert!(wide.iter().flatten().all(|row| row.cells.len() <= MAX_COLUMNS + 1));
    }

    /// A quote that is never closed does not take the rest of a long file into memory.
    #[tokio::test]
    async fn a_quote_that_is_not_closed_is_named_by_its_line() {
        let text = format!("name\nDana\n\"Eve\n{}", "x,y\n".repeat(600_000));
        assert_eq!(all(plain(), text.as_bytes(), 9_999).await, Err(NoRows::TooLong(2)));
    }

    #[tokio::test]
    async fn a_file_of_nothing_has_no_slices() {
        assert_eq!(all(plain(), b"", 9).await, Ok(vec![]));
        let said = Written { said_in_first_line: true, ..plain() };
        let slices = all(said, b"sep=,\nname\nDana\n", 9).await.unwrap();
        assert_eq!(slices[0][0], FileRow { line: 2, cells: vec!["name".into()], again: false });
    }
}
