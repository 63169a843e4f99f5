//! Plain words: comments and documents without the turns of phrase that must be read twice.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use super::{read, root, sources};

/// Pronouns without a referent and comparisons without a measure.
const TURNS: &str = r"(?i)\b(who(so)?ever|whomever|nobody|somebody|of whom|so many|is none|are none|the same of)\b|\bas many\b";

/// The same words in the name of a function: a test's name is a sentence, too.
const NAMES: &str = r"\bfn (\w*_)?(who(so)?ever|nobodys?|somebody|so_many|as_many|the_same_of)(_\w*)?\b";

/// Sentences that are clearest as they are: the line's file, and a part of the line.
const KEPT: [(&str, &str); 1] = [("CONTRIBUTING.md", "Not \"whoever asks is told so")];

/// How many such lines stand in a folder from before this check. A folder's number only falls.
const LEFT: [(&str, usize); 1] = [("crates", 10)];

/// Folders and files whose prose people read.
const READ: [&str; 13] = [
    ".ci",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "bridge",
    "crates",
    "docs",
    "functions",
    "infra",
    "samconfig.toml",
    "template.yaml",
    "tests",
    "Cargo.toml",
];

fn files(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        let name = path.file_name().unwrap_or_default();
        if name == "target" || name == "corpus" || name == "fixtures" {
            return;
        }
        for entry in std::fs::read_dir(path).unwrap().flatten() {
            files(&entry.path(), found);
        }
    } else {
        found.push(path.strip_prefix(root()).unwrap().display().to_string());
    }
}

/// The part of a line that is prose: a comment, or in a document the whole line.
fn prose<'a>(path: &str, line: &'a str) -> Option<&'a str> {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md") => Some(line),
        Some("rs") => {
            let (code, comment) = line.split_once("//")?;
            // Two slashes inside a text, such as an address, are no comment.
            (code.matches('"').count() % 2 == 0 && !code.ends_with(':')).then_some(comment)
        }
        Some("yaml" | "toml" | "py" | "sh") | None => line
            .split_once("# ")
            .map(|(_, comment)| comment)
            .or_else(|| line.split_once("Description: ").map(|(_, text)| text)),
        Some(_) => None,
    }
}

fn functions_have_plain_names() {
    let names = Regex::new(NAMES).unwrap();
    let mut found = vec![];
    for (path, text) in sources(&["bridge", "crates", "infra", "tests"]) {
        found.extend(names.find_iter(&text).map(|name| format!("{path}: {}", name.as_str())));
    }
    assert!(found.is_empty(), "name it by the thing:\n{}", found.join("\n"));
}

fn comments_and_documents_use_plain_words() {
    let turns = Regex::new(TURNS).unwrap();
    let mut paths = vec![];
    READ.iter().for_each(|path| files(&root().join(path), &mut paths));
    assert!(paths.len() > 400, "{} files are read", paths.len());
    let mut kept = BTreeSet::new();
    let mut found = vec![];
    for path in paths.iter().filter(|path| !path.ends_with("plain_words.rs")) {
        let known = ["md", "rs", "yaml", "toml", "py"].iter().any(|end| path.ends_with(&format!(".{end}")));
        if !known && !path.ends_with("/run") {
            continue;
        }
        for (number, line) in read(path).lines().enumerate() {
            if !prose(path, line).is_some_and(|prose| turns.is_match(prose)) {
                continue;
            }
            match KEPT.iter().position(|(file, part)| path == file && line.contains(part)) {
                Some(index) => _ = kept.insert(index),
                None => found.push(format!("{path}:{}: {}", number + 1, line.trim())),
            }
        }
    }
    for (folder, left) in LEFT {
        let here: Vec<_> = found.extract_if(.., |line| line.starts_with(folder)).collect();
        assert!(here.len() <= left, "say it plainly, with the thing as the subject:\n{}", here.join("\n"));
    }
    assert!(found.is_empty(), "say it plainly, with the thing as the subject:\n{}", found.join("\n"));
    assert!(KEPT.len() <= 20, "{} sentences are kept", KEPT.len());
    assert_eq!(kept.len(), KEPT.len(), "a kept sentence is gone: take it off the list");
}

acceptance::tests![functions_have_plain_names, comments_and_documents_use_plain_words,];
