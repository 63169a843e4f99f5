//! `{{name}}` in texts: where something is filled in.

use std::ops::Range;

/// What stands between two pairs of braces, with its place; or a pair that is never closed.
pub(crate) enum Braces<'a> {
    Closed(&'a str, Range<usize>),
    Open(Range<usize>),
}

/// The pairs of braces of a text, in their order; of those within each other the innermost ones.
pub(crate) fn braces(text: &str) -> Vec<Braces<'_>> {
    let mut found = vec![];
    let mut at = 0;
    while let Some(start) = text[at..].find("{{").map(|offset| at + offset) {
        let inner = start + 2;
        let end = text[inner..].find("}}").map(|offset| inner + offset);
        let next = text[inner..].find("{{").map(|offset| inner + offset);
        match end {
            Some(end) if next.is_none_or(|next| end < next) => {
                found.push(Braces::Closed(&text[inner..end], start..end + 2));
                at = end + 2;
            }
            _ => {
                found.push(Braces::Open(start..inner));
                at = inner;
            }
        }
    }
    found
}
