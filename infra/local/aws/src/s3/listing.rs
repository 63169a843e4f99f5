//! ListObjects and ListObjectsV2: keys in UTF-8 order, rolled up at a delimiter, a page at a time.

use rusqlite::{Transaction, params};
use s3s::S3Result;
use s3s::dto::*;

use super::catalogue::{CatalogueError, require_bucket};
use super::objects::{Objects, timestamp};

/// The most items of a page, and how many it has unless the request says otherwise.
const MAX_PAGE_ITEMS: i32 = 1000;

/// What the two versions of the operation ask and answer alike; they differ in the names by which a page begins.
macro_rules! listed {
    ($objects:expr, $input:expr, $output:ident, $after:expr) => {{
        let max_keys = $input.max_keys.unwrap_or(MAX_PAGE_ITEMS).clamp(0, MAX_PAGE_ITEMS);
        let query = Query {
            bucket: $input.bucket.clone(),
            prefix: $input.prefix.clone().unwrap_or_default(),
            delimiter: $input.delimiter.clone(),
            after: $after,
            limit: usize::try_from(max_keys).unwrap_or(0),
        };
        let page = $objects.catalogue.transact(move |tx| list(tx, &query)).await?;
        let prefixes = page.common_prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) });
        let output = $output {
            contents: Some(page.keys.into_iter().map(Listed::entry).collect()),
            common_prefixes: Some(prefixes.collect()),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            delimiter: $input.delimiter,
            prefix: $input.prefix,
            name: Some($input.bucket),
            ..Default::default()
        };
        (output, page.next)
    }};
}

impl Objects {
    pub(super) async fn list(&self, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let after = input.marker.clone().unwrap_or_default();
        let (page, next_marker) = listed!(self, input, ListObjectsOutput, after);
        Ok(ListObjectsOutput { next_marker, marker: input.marker, ..page })
    }

    pub(super) async fn list_v2(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let after = input.continuation_token.as_ref().or(input.start_after.as_ref()).cloned();
        let (page, next_continuation_token) =
            listed!(self, input, ListObjectsV2Output, after.unwrap_or_default());
        let count = page.contents.iter().flatten().count() + page.common_prefixes.iter().flatten().count();
        Ok(ListObjectsV2Output {
            key_count: i32::try_from(count).ok(),
            next_continuation_token,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..page
        })
    }
}

/// One request for a page.
struct Query {
    bucket: String,
    prefix: String,
    delimiter: Option<String>,
    /// The page begins after this key or common prefix.
    after: String,
    /// Keys and common prefixes together.
    limit: usize,
}

#[derive(Debug, Default)]
struct Page {
    keys: Vec<Listed>,
    common_prefixes: Vec<String>,
    /// What the next page begins after; `None` on the last page.
    next: Option<String>,
}

#[derive(Debug)]
struct Listed {
    key: String,
    size: i64,
    etag: String,
    modified_ms: i64,
}

impl Listed {
    fn entry(self) -> Object {
        Object {
            key: Some(self.key),
            size: Some(self.size),
            e_tag: Some(ETag::Strong(self.etag)),
            last_modified: Some(timestamp(self.modified_ms)),
            ..Default::default()
        }
    }
}

fn list(tx: &Transaction<'_>, query: &Query) -> Result<Page, CatalogueError> {
    require_bucket(tx, &query.bucket)?;
    let mut page = Page::default();
    if query.limit == 0 {
        return Ok(page);
    }
    let mut statement = tx.prepare_cached(
        "SELECT key, size, etag, modified_ms FROM objects WHERE bucket = ?1 AND key >= ?2 AND key > ?3 ORDER BY key",
    )?;
    let mut rows = statement.query(params![query.bucket, query.prefix, query.after])?;
    let mut last = String::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        if !key.starts_with(&query.prefix) {
            break;
        }
        let rolled_up = rolled_up(&key, query);
        let item = rolled_up.unwrap_or(&key);
        if item == last || (rolled_up.is_some() && item <= query.after.as_str()) {
            continue;
        }
        if page.keys.len() + page.common_prefixes.len() == query.limit {
            page.next = Some(last);
            break;
        }
        last = item.to_owned();
        if rolled_up.is_some() {
            page.common_prefixes.push(last.clone());
        } else {
            page.keys.push(Listed { key, size: row.get(1)?, etag: row.get(2)?, modified_ms: row.get(3)? });
        }
    }
    Ok(page)
}

/// The common prefix that stands for `key`: up to the first delimiter after the query's prefix.
fn rolled_up<'a>(key: &'a str, query: &Query) -> Option<&'a str> {
    let delimiter = query.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
    let start = query.prefix.len();
    let at = key.get(start..)?.find(delimiter)?;
    key.get(..start + at + delimiter.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::database::Database;
    use crate::s3::catalogue::{self, Address, Content, Description, Object};
    use crate::s3::conditions::Condition;

    fn stored(keys: &BTreeSet<String>) -> Database {
        let database = Database::open(None, catalogue::SCHEMA).unwrap();
        let filled: Result<(), CatalogueError> = database.transact_now(|tx| {
            catalogue::create_bucket(tx, "b", 0)?;
            for key in keys {
                let content = Content { blob: key.clone(), size: 1, etag: "e".into(), modified_ms: 0 };
                let object = Object { content, description: Description::default() };
                let at = Address { bucket: "b".into(), key: key.clone() };
                catalogue::put_object(tx, &at, &object, &Condition::Always)?;
            }
            Ok(())
        });
        filled.unwrap();
        database
    }

    /// All items of all pages, in order.
    fn walk(database: &Database, mut query: Query) -> Vec<String> {
        let mut items = Vec::new();
        loop {
            let page = database.transact_now(|tx| list(tx, &query)).unwrap();
            let mut found: Vec<String> = page.keys.into_iter().map(|listed| listed.key).collect();
            found.extend(page.common_prefixes);
            assert!(found.len() <= query.limit);
            found.sort();
            items.extend(found);
            match page.next {
                Some(next) => query.after = next,
                None => return items,
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn pages_of_any_size_show_every_item_once_and_in_order(
            keys in prop::collection::btree_set("[ab/]{1,6}", 0..30),
            prefix in "[ab/]{0,2}",
            delimiter in prop::option::of(Just("/".to_owned())),
            limit in 1_usize..8,
        ) {
            let expected: BTreeSet<String> = keys
                .iter()
                .filter(|key| key.starts_with(&prefix))
                .map(|key| match delimiter.as_ref().and_then(|d| key[prefix.len()..].find(d.as_str())) {
                    Some(at) => key[..=prefix.len() + at].to_owned(),
                    None => key.clone(),
                })
                .collect();
            let query = Query { bucket: "b".into(), prefix, delimiter, after: String::new(), limit };
            prop_assert_eq!(walk(&stored(&keys), query), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
