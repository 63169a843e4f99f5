//! What a browser gets of a source file of the console: its lines without comments, without indentation and without spaces
//! that mean nothing.
//!
//! What a screen loads is bounded, raw, as it goes over the wire; spaces and documentation would be a fifth of it and help
//! no browser. Every line stays, if only an empty one, so that a line number in a browser is that of the source.
//! No name is shortened, and what is vendored is served as it was made.

mod script;

use std::borrow::Cow;

/// Punctuation with its spaces, and without. A colon in front of a selector has none behind it.
const SPACED: [(&str, &str); 6] =
    [(": ", ":"), ("; ", ";"), (", ", ","), (" {", "{"), ("{ ", "{"), (" }", "}")];

/// The file `name` as it is served. Scripts are read by no more than their tokens; a test reads every file with a parser of
/// JavaScript and compares them.
pub(super) fn served<'a>(name: &str, source: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    let Some(plain) = way(name) else { return source };
    match std::str::from_utf8(&source) {
        Ok(text) => Cow::Owned(plain(text).into_bytes()),
        Err(_) => source,
    }
}

/// How this kind of file is made plain.
fn way(name: &str) -> Option<fn(&str) -> String> {
    if name.starts_with("vendor/") {
        return None;
    }
    match name.rsplit('.').next()? {
        "js" => Some(script::plain),
        "css" => Some(|sheet| without_spaces(&lines(sheet, ("/*", "*/")))),
        "html" => Some(|page| lines(page, ("<!--", "-->"))),
        _ => None,
    }
}

fn without_spaces(sheet: &str) -> String {
    SPACED.iter().fold(sheet.to_owned(), |sheet, (wide, narrow)| sheet.replace(wide, narrow))
}

/// The lines of a source without indentation and without comments that begin a line.
fn lines(source: &str, (begin, end): (&str, &str)) -> String {
    let mut text = String::with_capacity(source.len());
    let mut in_block = false;
    for whole in source.split_inclusive('\n') {
        let mut rest = whole.trim();
        loop {
            if in_block {
                in_block = !rest.contains(end);
                rest = rest.split_once(end).map_or("", |(_, after)| after.trim_start());
                if in_block {
                    break;
                }
            } else if let Some(after) = rest.strip_prefix(begin) {
                in_block = true;
                rest = after;
            } else {
                break;
            }
        }
        text.push_str(rest);
        if whole.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Files;
    use super::*;

    fn of(name: &str, source: &str) -> String {
        String::from_utf8(served(name, Cow::Borrowed(source.as_bytes())).into_owned()).unwrap()
    }

    #[test]
    fn each_kind_of_file_has_its_own_comments() {
        assert_eq!(of("style.css", "/* One. */\n\ta { b: c; }\n// d\n"), "\na{b:c;}\n// d\n");
        assert_eq!(of("index.html", "  <p>\n  <!-- One.\n  Two. -->\n  </p>\n"), "<p>\n\n\n</p>\n");
        assert_eq!(of("screens/one.js", "  // One.\n  f( 1 );\n"), "\nf(1);\n");
        for name in ["icon.svg", "vendor/preact.js", "vendor/LICENCES.txt"] {
            assert_eq!(of(name, "  // One.\n"), "  // One.\n", "{name}");
        }
    }

    #[test]
    fn what_is_no_text_is_served_as_it_is() {
        assert_eq!(served("a.js", Cow::Borrowed(b"  \xff")).as_ref(), b"  \xff");
    }

    #[test]
    fn every_line_of_every_file_is_where_it_was() {
        for name in Files::iter() {
            let file = Files::get(&name).unwrap();
            let source = std::str::from_utf8(&file.data).unwrap();
            let served = of(&name, source);
            assert_eq!(source.lines().count(), served.lines().count(), "{name}");
            for (line, (source, served)) in source.lines().zip(served.lines()).enumerate() {
                let mut source_chars = source.chars();
                let kept = served.chars().all(|c| source_chars.any(|other| other == c));
                assert!(kept, "{name}:{}: {source:?} became {served:?}", line + 1);
            }
            assert_eq!(of(&name, &served), served, "{name} is plain already");
        }
    }
}
