//! Bodies of any length in items of at most 400 KB.
//!
//! The head item holds the first part, the number of further parts and a digest of the whole; the further
//! parts have keys that contain the digest, and are written before the head. So whichever head stands, its
//! parts are its own, and a writer that died in between left nothing that anybody reads.

use std::collections::HashMap;

use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, Row};
use crate::table::{Key, SK};

/// The most text one item holds; DynamoDB allows 400 KB with all attributes and their names.
pub(crate) const PART_MAX_BYTES: usize = 64 * 1024;

const BODY: &str = "body";
const PARTS: &str = "parts";
const DIGEST: &str = "digest";
/// Enough to keep the few bodies that one key ever has apart.
const DIGEST_CHARS: usize = 16;

/// A body as items.
pub(crate) struct Chunked {
    pub(crate) head: Draft,
    pub(crate) further: Vec<(Key, Draft)>,
}

/// Cuts `body` for the item under `pk` and `sk`, whose other attributes are in `head`.
pub(crate) fn split(pk: &str, sk: &str, head: Draft, body: &str) -> Chunked {
    let parts = cut(body);
    let mut digest = sha256_hex(body.as_bytes());
    digest.truncate(DIGEST_CHARS);
    let (first, rest) = parts.split_first().map_or(("", &[][..]), |(first, rest)| (*first, rest));
    let further = rest
        .iter()
        .enumerate()
        .map(|(n, part)| (Key::new(pk, part_sk(sk, &digest, n)), Draft::default().text(BODY, *part)))
        .collect();
    let head = head.text(BODY, first).number(PARTS, rest.len()).text(DIGEST, &digest);
    Chunked { head, further }
}

/// The body of a head that has no further parts; `None` for any other row.
pub(crate) fn of_one(row: &Row) -> Result<Option<&str>, StoreError> {
    Ok(if row.optional_number::<usize>(PARTS)? == Some(0) { Some(row.text(BODY)?) } else { None })
}

/// Puts bodies together again: each head in `rows`, in their order, with its whole body.
pub(crate) fn join(rows: &[Row]) -> Result<Vec<(&Row, String)>, StoreError> {
    let mut heads = Vec::new();
    let mut parts = HashMap::new();
    for row in rows {
        match row.optional_number::<usize>(PARTS)? {
            Some(further) => heads.push((row, further)),
            None => {
                parts.insert(row.text(SK)?, row);
            }
        }
    }
    let whole = |(head, further): (&'_ Row, usize)| {
        let mut body = head.text(BODY)?.to_owned();
        for n in 0..further {
            let sk = part_sk(head.text(SK)?, head.text(DIGEST)?, n);
            let part = parts.get(sk.as_str()).ok_or_else(|| head.corrupt(BODY))?;
            body.push_str(part.text(BODY)?);
        }
        Ok(body)
    };
    heads.into_iter().map(|(head, further)| Ok((head, whole((head, further))?))).collect()
}

fn part_sk(sk: &str, digest: &str, n: usize) -> String {
    format!("{sk}#{digest}#{n:03}")
}

fn cut(mut body: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while !body.is_empty() {
        let (part, rest) = body.split_at(body.floor_char_boundary(PART_MAX_BYTES));
        parts.push(part);
        body = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn rows(pk: &str, sk: &str, body: &str) -> Vec<Row> {
        let Chunked { head, further } = split(pk, sk, Draft::default(), body);
        let items = std::iter::once((Key::new(pk, sk), head)).chain(further);
        items.map(|(key, draft)| Row::new(&Arc::from("turns"), key.item(draft))).collect()
    }

    proptest! {
        /// Fault 27.
        #[test]
        fn any_text_comes_back_whole_from_parts_that_fit(
            unit in "\\PC{1,5}", repeats in 0usize..60_000, reversed: bool
        ) {
            let body = unit.repeat(repeats);
            let mut rows = rows("call#1", "turn#000001#000002", &body);
            for row in &rows {
                prop_assert!(row.text(BODY).unwrap().len() <= PART_MAX_BYTES);
            }
            if reversed {
                rows.reverse();
            }
            let joined = join(&rows).unwrap();
            prop_assert_eq!(joined.len(), 1);
            prop_assert_eq!(&joined[0].1, &body);
        }
    }

    #[test]
    fn parts_of_an_earlier_body_under_the_same_key_are_not_mixed_in() {
        let (old, new) = ("a".repeat(3 * PART_MAX_BYTES), "b".repeat(2 * PART_MAX_BYTES));
        let mut rows: Vec<Row> = rows("p", "s", &old).split_off(1);
        rows.extend(super::tests::rows("p", "s", &new));
        assert_eq!(join(&rows).unwrap()[0].1, new);
    }

    #[test]
    fn a_missing_part_is_an_error_and_not_a_shorter_text() {
        let mut rows = rows("p", "s", &"a".repeat(3 * PART_MAX_BYTES));
        rows.pop();
        assert!(matches!(join(&rows), Err(StoreError::Corrupt { attribute: BODY, .. })));
    }
}
