//! The commands of CONTRIBUTING.md can be typed: packages, test targets, modules and scripts in them exist.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use regex::Regex;

use super::{read, root};

/// The test targets of each package of the workspace.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(metadata).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let targets = package["targets"].as_array().unwrap().iter();
            let tests =
                targets.filter(|target| target["kind"][0] == "test").map(|target| text(&target["name"]));
            (text(&package["name"]), tests.collect())
        })
        .collect()
}

/// The lines of the blocks marked `sh`, without the variables that a line sets first.
fn commands() -> Vec<String> {
    let block = Regex::new(r"(?ms)^```sh\n(.*?)^```$").unwrap();
    let variable = Regex::new(r"^[A-Z_]+=\S+ ").unwrap();
    let page = read("CONTRIBUTING.md");
    let mut commands = vec![];
    for found in block.captures_iter(&page) {
        for line in found[1].lines() {
            let mut command = line.trim();
            while let Some(set) = variable.find(command) {
                command = &command[set.end()..];
            }
            commands.push(command.to_owned());
        }
    }
    commands
}

fn the_commands_of_the_contributors_page_name_what_exists() {
    let (packages, commands) = (packages(), commands());
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let words: Vec<_> = command.split_whitespace().collect();
        if words[0] != "cargo" {
            assert!(root().join(words[0]).is_file(), "there is no {}", words[0]);
            continue;
        }
        let after = |flag: &str| {
            let pairs = words.windows(2).filter(|pair| pair[0] == flag);
            pairs.map(|pair| pair[1].to_owned()).collect::<Vec<_>>()
        };
        let named = after("-p");
        for package in &named {
            let tests = packages.get(package).unwrap_or_else(|| panic!("`{command}`: no package {package}"));
            for test in after("--test") {
                assert!(tests.contains(&test), "`{command}`: {package} has no test {test}");
            }
        }
        if named == ["acceptance"] {
            let main = read("tests/it/main.rs");
            for module in words.iter().filter_map(|word| word.strip_suffix("::")) {
                assert!(main.contains(&format!("mod {module};")), "`{command}`: no tests in {module}");
            }
        }
    }
}

acceptance::tests![the_commands_of_the_contributors_page_name_what_exists,];
