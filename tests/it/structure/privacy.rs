//! docs/privacy.md names every place in which something about people may lie, and how long it lies there.

use std::collections::BTreeSet;

use regex::Regex;
use stores::ownership::OWNERSHIP;

use super::read;

const PAGE: &str = "docs/privacy.md";

/// The rows of the table of tables: a table, and what the partition keys begin with.
fn listed() -> Vec<(String, Vec<String>, String)> {
    let page = read(PAGE);
    let section = page.split("\n### Tables\n").nth(1).expect("the tables");
    let section = section.split("\n### ").next().expect("a section");
    let keys = Regex::new("`([^`]+)`").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let families = keys.captures_iter(cells[2]).map(|found| found[1].to_owned()).collect();
        (cells[1].to_owned(), families, cells[4].to_owned())
    })
    .collect()
}

fn every_row_that_is_kept_stands_on_the_page_of_privacy() {
    let listed = listed();
    let mut told = BTreeSet::new();
    for (table, families, kept) in &listed {
        assert!(!kept.is_empty(), "{table} {families:?}: for how long?");
        match families.as_slice() {
            [] => assert!(told.insert((table.as_str(), "")), "{table} stands there twice"),
            families => {
                for family in families {
                    assert!(told.insert((table, family)), "{table}, {family} stands there twice");
                }
            }
        }
    }
    let mut owned = BTreeSet::new();
    for rows in OWNERSHIP {
        match rows.keys {
            [] => drop(owned.insert((rows.table, ""))),
            keys => owned.extend(keys.iter().map(|key| (rows.table, *key))),
        }
    }
    let missing: Vec<_> = owned.difference(&told).collect();
    let left_over: Vec<_> = told.difference(&owned).collect();
    assert!(
        missing.is_empty() && left_over.is_empty(),
        "{PAGE} lacks {missing:?}, and has besides {left_over:?}"
    );
}

fn every_bucket_and_log_stands_on_the_page_of_privacy() {
    let page = read(PAGE);
    let place = Regex::new(r"(?m)^  (\w+):\n    Type: AWS::(S3::Bucket|Logs::LogGroup)$").unwrap();
    let mut places = 0;
    for template in ["template.yaml", "infra/bridge.yaml"] {
        for found in place.captures_iter(&read(template)) {
            places += 1;
            assert!(page.contains(&format!("`{}`", &found[1])), "{PAGE} lacks {}", &found[1]);
        }
    }
    assert!(places >= 5, "{places} buckets and log groups");
}

acceptance::tests![
    every_row_that_is_kept_stands_on_the_page_of_privacy,
    every_bucket_and_log_stands_on_the_page_of_privacy,
];
