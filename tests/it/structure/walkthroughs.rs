//! ARCHITECTURE.md's walkthroughs lead to the code: a behaviour's heading, then the file and the name.

use regex::Regex;

use super::{read, root};

/// A walkthrough's heading, and what its last line points to: a file and a name in it.
struct Walkthrough {
    behaviour: String,
    places: Vec<(String, String)>,
}

fn walkthroughs() -> Vec<Walkthrough> {
    let page = read("ARCHITECTURE.md");
    let section = page.split("\n## Walkthroughs\n").nth(1).expect("the walkthroughs");
    let section = section.split("\n## ").next().expect("a section");
    let place = Regex::new(r"`([^`]+\.rs)`: `(\w+)`").unwrap();
    let parts = section.split("\n### ").skip(1);
    parts
        .map(|part| {
            let behaviour = part.lines().next().unwrap_or_default().to_owned();
            let last = part.trim_end().lines().last().unwrap_or_default();
            let pointer = last.strip_prefix("-> ").unwrap_or_else(|| panic!("{behaviour}: ends with `->`"));
            let places = place.captures_iter(pointer).map(|found| (found[1].to_owned(), found[2].to_owned()));
            Walkthrough { places: places.collect(), behaviour }
        })
        .collect()
}

fn every_walkthrough_leads_to_a_name_in_a_file() {
    let walkthroughs = walkthroughs();
    assert!(walkthroughs.len() >= 20, "{} behaviours are walked through", walkthroughs.len());
    for Walkthrough { behaviour, places } in walkthroughs {
        assert!(!places.is_empty(), "{behaviour}: no `file`: `name`");
        for (file, name) in places {
            assert!(root().join(&file).is_file(), "{behaviour}: there is no {file}");
            let definition = Regex::new(&format!(r"\b(fn|struct|enum|trait|const|static) {name}\b")).unwrap();
            assert!(definition.is_match(&read(&file)), "{behaviour}: {file} does not define {name}");
        }
    }
}

/// Every file that a document names is there.
fn every_source_file_that_the_documents_name_exists() {
    let file =
        Regex::new(r"`((?:bridge|crates|docs|functions|infra|tests)/[\w/.-]+\.(?:rs|md|yaml|py))`").unwrap();
    let mut named = 0;
    for document in [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "README.md",
        "docs/faults.md",
        "docs/privacy.md",
        "infra/README.md",
    ] {
        for found in file.captures_iter(&read(document)) {
            named += 1;
            assert!(root().join(&found[1]).is_file(), "{document} names {}", &found[1]);
        }
    }
    assert!(named > 40, "{named} files are named");
}

acceptance::tests![
    every_walkthrough_leads_to_a_name_in_a_file,
    every_source_file_that_the_documents_name_exists,
];
