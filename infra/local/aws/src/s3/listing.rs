//! ListObjectsV2: keys in UTF-8 order, rolled up at a delimiter, a page at a time.

use rusqlite::{Transaction, params};

use super::catalogue::{CatalogueError, require_bucket};

/// One request for a page.
pub(super) struct Query {
    pub(super) bucket: String,
    pub(super) prefix: String,
    pub(super) delimiter: Option<String>,
    /// The page begins after this key or common prefix.
    pub(super) after: String,
    /// Keys and common prefixes together.
    pub(super) limit: usize,
}

#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) keys: Vec<Listed>,
    pub(super) common_prefixes: Vec<String>,
    /// What the next page begins after; `None` on the last page.
    pub(super) next: Option<String>,
}

#[derive(Debug)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) size: i64,
    pub(super) etag: String,
    pub(super) modified_ms: i64,
}

pub(super) fn list(tx: &Transaction<'_>, query: &Query) -> Result<Page, CatalogueError> {
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
