//! In what a file is written: its encoding, and what parts its cells.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1255};

/// The bytes in which the first row is looked for.
const HEAD: usize = 64 * 1024;
/// What may part cells, the likeliest first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// What was found of a file that was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) encoding: &'static Encoding,
    /// The file has no mark, and is not UTF-8.
    pub(crate) guessed: bool,
    pub(crate) delimiter: char,
    /// The first line says what parts the cells, as Excel writes it (`sep=;`): it is no row.
    pub(crate) said_in_first_line: bool,
}

/// Looks through a file as it comes.
#[derive(Default)]
pub(crate) struct Look {
    head: Vec<u8>,
    /// The end of what came, which may be the beginning of a character.
    rest: Vec<u8>,
    not_utf8: bool,
    /// Zero bytes at even and at odd places: half of each Latin letter in UTF-16.
    zeros: [u64; 2],
    bytes: u64,
    /// Hebrew letters of Windows-1255, in a word and alone: in Windows-1252 they are accented ones, which stand alone.
    in_words: u64,
    alone: u64,
    run: u64,
}

impl Look {
    pub(crate) fn at(&mut self, piece: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend(piece.iter().take(room));
        for byte in piece {
            if *byte == 0
                && let Some(zeros) = self.zeros.get_mut(usize::from(self.bytes % 2 == 1))
            {
                *zeros += 1;
            }
            self.bytes += 1;
            match byte {
                0xE0..=0xFA => self.run += 1,
                _ => self.end_run(),
            }
        }
        self.check_utf8(piece);
    }

    fn end_run(&mut self) {
        match self.run {
            0 => {}
            1 => self.alone += 1,
            run => self.in_words += run,
        }
        self.run = 0;
    }

    fn check_utf8(&mut self, piece: &[u8]) {
        if self.not_utf8 {
            return;
        }
        self.rest.extend_from_slice(piece);
        match std::str::from_utf8(&self.rest) {
            Ok(_) => self.rest.clear(),
            // A character that is cut off by the end of the piece.
            Err(error) if error.error_len().is_none() => drop(self.rest.drain(..error.valid_up_to())),
            Err(_) => self.not_utf8 = true,
        }
    }

    /// What was found. What the client says stands, apart from a mark, which says it better.
    pub(crate) fn found(mut self, said: (Option<&'static Encoding>, Option<char>)) -> Written {
        self.end_run();
        let (encoding, guessed) = self.encoding(said.0);
        let (head, _, _) = encoding.decode(&self.head);
        let first = head.lines().next().unwrap_or_default();
        let separator = first.strip_prefix("sep=").and_then(|rest| rest.chars().next());
        let separator = separator.filter(|c| DELIMITERS.contains(c));
        let delimiter = said.1.or(separator).unwrap_or_else(|| delimiter(&head));
        Written { encoding, guessed, delimiter, said_in_first_line: separator.is_some() }
    }

    fn encoding(&self, said: Option<&'static Encoding>) -> (&'static Encoding, bool) {
        if let Some((encoding, _)) = Encoding::for_bom(&self.head) {
            return (encoding, false);
        }
        if let Some(said) = said {
            return (said, false);
        }
        let [even, odd] = self.zeros;
        // In UTF-16 about every second byte of Latin text is zero, and no other text has any.
        if (even + odd) * 8 > self.bytes && self.bytes > 0 {
            return (if even > odd { UTF_16BE } else { UTF_16LE }, true);
        }
        if !self.not_utf8 && self.rest.is_empty() {
            return (UTF_8, false);
        }
        (if self.in_words > self.alone { WINDOWS_1255 } else { WINDOWS_1252 }, true)
    }
}

/// What parts the cells of the first row: what stands in it most often outside of quotes.
fn delimiter(head: &str) -> char {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for c in head.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' | '\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (known, count) in DELIMITERS.iter().zip(&mut counts) {
                    *count += usize::from(*known == c);
                }
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let found = DELIMITERS.iter().zip(counts).find(|(_, count)| *count == most && most > 0);
    found.map_or(',', |(delimiter, _)| *delimiter)
}

/// An encoding by one of its names; `None`: it is not one in which files are read.
pub(crate) fn named(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// A character that may part cells.
pub(crate) fn is_delimiter(c: char) -> bool {
    DELIMITERS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(bytes: &[u8], piece: usize) -> Written {
        let mut look = Look::default();
        bytes.chunks(piece).for_each(|piece| look.at(piece));
        look.found((None, None))
    }

    fn in_utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let text = if mark { format!("\u{FEFF}{text}") } else { text.to_owned() };
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    /// Files as Excel, Google and old programs write them, however they are cut into pieces.
    #[test]
    fn an_encoding_is_found() {
        let text = "name;phone\nJos\u{e9} M\u{fc}ller;+436641234567\n";
        let hebrew = "שם,טלפון\nדנה לוי,+972541234567\n";
        let (latin, _, _) = WINDOWS_1252.encode(text);
        let (old_hebrew, _, _) = WINDOWS_1255.encode(hebrew);
        for piece in [1, 2, 7, 10_000] {
            for (bytes, encoding, guessed) in [
                (text.as_bytes().to_vec(), UTF_8, false),
                (hebrew.as_bytes().to_vec(), UTF_8, false),
                ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), UTF_8, false),
                (in_utf16(text, false, true), UTF_16LE, false),
                (in_utf16(text, true, true), UTF_16BE, false),
                (in_utf16(text, false, false), UTF_16LE, true),
                (in_utf16(text, true, false), UTF_16BE, true),
                (latin.to_vec(), WINDOWS_1252, true),
                (old_hebrew.to_vec(), WINDOWS_1255, true),
            ] {
                let found = look(&bytes, piece);
                assert_eq!((found.encoding, found.guessed), (encoding, guessed), "in pieces of {piece}");
            }
        }
        assert_eq!(look(text.as_bytes(), 7).delimiter, ';');
    }

    #[test]
    fn a_delimiter_is_found_outside_of_quotes() {
        for (head, delimiter) in [
            ("name,phone\n", ','),
            ("\"a;b;c;d\",phone\n;;;;", ','),
            ("name\tphone\temail", '\t'),
            ("name|phone", '|'),
            ("name", ','),
            ("", ','),
        ] {
            assert_eq!(look(head.as_bytes(), 3).delimiter, delimiter, "{head}");
        }
        let said = look(b"sep=;\nname,given;phone\n", 3);
        assert_eq!((said.delimiter, said.said_in_first_line), (';', true));
    }

    #[test]
    fn what_the_client_says_stands_unless_the_file_has_a_mark() {
        let mut plain = Look::default();
        plain.at(b"name,phone\n");
        let said = plain.found((named("windows-1252"), Some(';')));
        assert_eq!((said.encoding, said.delimiter, said.guessed), (WINDOWS_1252, ';', false));
        let mut marked = Look::default();
        marked.at(b"\xEF\xBB\xBFname,phone\n");
        assert_eq!(marked.found((named("windows-1252"), None)).encoding, UTF_8);
        assert_eq!((named("latin1"), named("klingon")), (Some(WINDOWS_1252), None));
    }
}
