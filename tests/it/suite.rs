//! No test is lost: the suite has a harness of its own, to which an attribute says nothing.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn every_test_is_listed_by_its_file_and_every_file_by_main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    let attribute = Regex::new(r"(?m)^\s*#\[(tokio::)?test\b").unwrap();
    // A test is given nothing, or a world.
    let test = Regex::new(r"(?m)^(async )?fn \w+\((world: [^)]*)?\) \{").unwrap();
    let files = files_below(&folder);
    assert!(files.len() > 30, "the files are read: {files:?}");
    let code = files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs"));
    for path in code.filter(|path| !path.ends_with("main.rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let module = path.strip_prefix(&folder).unwrap().with_extension("");
        let module = module.to_str().unwrap().replace('/', "::");
        assert!(
            !attribute.is_match(&text),
            "{module}: an attribute makes no test here; list the function in `acceptance::tests!`"
        );
        if !text.contains("acceptance::tests![") {
            // A part of another file's test has nothing that could be one.
            let is_part = module.contains("::") && !test.is_match(&text);
            assert!(is_part, "{module} lists no tests");
            continue;
        }
        assert!(main.contains(&format!("{module}::TESTS")), "main.rs does not run the tests of {module}");
    }
}

acceptance::tests![every_test_is_listed_by_its_file_and_every_file_by_main];
