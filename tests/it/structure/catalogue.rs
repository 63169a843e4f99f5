//! `docs/faults.md` and the tests that cite it agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::{read, sources};

/// Folders with Rust files whose comments may cite the catalogue.
const CODE: [&str; 5] = ["bridge", "crates", "functions", "infra", "tests"];

static CITATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(fault|historic failure|case)s? ([BC]?\d+(?:(?:, and |, | and )[BC]?\d+)*)").unwrap()
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[BC]?\d+").unwrap());

/// The entries by name, such as `Fault 58`, each with its whole text.
fn entries() -> BTreeMap<String, String> {
    let heading = Regex::new(r"(?m)^\*\*(Fault|Historic failure|Case) ([BC]?\d+)\.\*\* ").unwrap();
    let page = read("docs/faults.md");
    let mut entries = BTreeMap::new();
    for paragraph in page.split("\n\n") {
        let Some(found) = heading.captures(paragraph.trim_start()) else {
            continue;
        };
        let name = format!("{} {}", &found[1], &found[2]);
        assert_eq!(entries.insert(name.clone(), paragraph.to_owned()), None, "{name} has two entries");
    }
    entries
}

/// The names that a comment cites: `Faults 12, 13 and 14.` names three.
fn cited(comment: &str) -> Vec<String> {
    let mut names = vec![];
    for found in CITATION.captures_iter(comment) {
        let list = match found[1].to_lowercase().as_str() {
            "fault" => "Fault",
            "case" => "Case",
            _ => "Historic failure",
        };
        names.extend(NUMBER.find_iter(&found[2]).map(|number| format!("{list} {}", number.as_str())));
    }
    names
}

/// Every name that a comment cites, with the places.
fn citations() -> BTreeMap<String, BTreeSet<String>> {
    let mut citations: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources(&CODE).into_iter().filter(|(path, _)| !path.ends_with("catalogue.rs")) {
        for comment in text.lines().map(str::trim_start).filter(|line| line.starts_with("//")) {
            for name in cited(comment) {
                citations.entry(name).or_default().insert(path.clone());
            }
        }
    }
    citations
}

fn a_list_of_citations_names_each_of_them() {
    assert_eq!(cited("/// Faults 12, 13, and 14."), ["Fault 12", "Fault 13", "Fault 14"]);
    assert_eq!(
        cited("/// Historic failures 1 and 2: the guard of case C03."),
        ["Historic failure 1", "Historic failure 2", "Case C03"]
    );
    assert!(cited("/// The default 0.5 of 3 faults.").is_empty());
}

fn every_citation_has_an_entry_and_every_entry_is_tested_or_says_why_not() {
    let (entries, citations) = (entries(), citations());
    assert!(entries.len() > 100, "docs/faults.md is read as {} entries", entries.len());
    let unknown: Vec<_> = citations.iter().filter(|(name, _)| !entries.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "cited, and not in docs/faults.md: {unknown:?}");
    for (name, text) in &entries {
        let excused = text.replace('\n', " ").contains("Not tested");
        assert_ne!(
            citations.contains_key(name),
            excused,
            "docs/faults.md, {name}: a test cites it, or the entry says \"Not tested: why\""
        );
    }
}

acceptance::tests![
    a_list_of_citations_names_each_of_them,
    every_citation_has_an_entry_and_every_entry_is_tested_or_says_why_not,
];
