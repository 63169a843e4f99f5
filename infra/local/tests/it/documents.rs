//! README.md and infra/README.md: every command in them is typed here, or says that it needs AWS.
//!
//! A block marked `sh` runs on this machine, so it is run, word for word; `cargo run` in it is the binary under
//! test. A block marked `sh aws` needs an account, a registry or the AWS CLI. A command inside a sentence is given
//! to the command line's parser.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex::Regex;

use super::process::{Up, switchboard};

const PAGES: [&str; 2] = ["README.md", "infra/README.md"];

/// Blocks that `.ci/run` runs word for word, in its stages "first run" and "tests".
const RUN_BY_CI: [&str; 2] = ["cargo run", "cargo test --workspace"];

/// Programs that nothing but an account, a registry or the AWS CLI gives a meaning.
const REMOTE: [&str; 5] = ["aws ", "sam ", "docker ", "\"$queue\"", "https://$PUBLIC_HOST"];

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of both pages with this mark, without their indentation.
fn blocks(mark: &str) -> Vec<String> {
    let fence = Regex::new(r"(?ms)^( *)```sh([^\n]*)\n(.*?)^ *```$").unwrap();
    let mut blocks = vec![];
    for name in PAGES {
        let text = page(name);
        for found in fence.captures_iter(&text).filter(|found| found[2].trim() == mark) {
            let lines = found[3].lines().map(|line| line.strip_prefix(&found[1]).unwrap_or(line));
            blocks.push(lines.collect::<Vec<_>>().join("\n"));
        }
    }
    blocks
}

/// Inline code that is a command of ours, without the words in brackets that the reader may leave out.
fn inline() -> BTreeSet<String> {
    let code = Regex::new(r"`((?:cargo run(?: --release)? -- |switchboard )[^`]+)`").unwrap();
    let optional = Regex::new(r" \[[^\]]*\]").unwrap();
    let mut found = BTreeSet::new();
    for name in PAGES {
        for one in code.captures_iter(&page(name)) {
            found.insert(optional.replace_all(&one[1], "").into_owned());
        }
    }
    found
}

/// A shell in which `cargo run` is the binary under test.
struct Shell {
    folder: tempfile::TempDir,
    path: String,
}

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cargo = folder.path().join("cargo");
        let binary = switchboard().get_program().to_str().unwrap().to_owned();
        let script = format!(
            "#!/bin/sh\nfor skipped in run -q --release --; do [ \"$1\" = \"$skipped\" ] && shift; done\nexec '{binary}' \"$@\"\n"
        );
        std::fs::write(&cargo, script).unwrap();
        let executable = Command::new("chmod").arg("+x").arg(&cargo).status().unwrap();
        assert!(executable.success());
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        Self { folder, path }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(".switchboard")
    }

    fn run(&self, script: &str) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-euc", script]).current_dir(self.folder.path()).env("PATH", &self.path);
        shell.output().expect("a shell")
    }
}

/// The first word of a block that tells it from the others.
fn runs_here(block: &str) -> bool {
    RUN_BY_CI.contains(&block)
        || block.contains("/v1/calls")
        || block.contains("X-Webhook-Secret")
        || block.contains("-- init ")
        || block.contains("-- settings ")
        || block.contains("-- calls list ")
}

fn a_block_runs_on_this_machine_or_says_that_it_needs_aws() {
    let here = blocks("");
    assert!(here.len() >= 4, "{here:#?}");
    for block in &here {
        assert!(runs_here(block), "no test types this block; type it here, or mark it `sh aws`:\n{block}");
    }
    for block in blocks("aws") {
        let remote = block.lines().all(|line| line.is_empty() || !line.starts_with("cargo"));
        assert!(remote && REMOTE.iter().any(|word| block.contains(word)), "this runs without AWS:\n{block}");
    }
}

/// The request in the README, typed as it stands beside a running system, calls the customer once.
fn the_request_in_the_readme_calls_the_customer_and_its_repetition_calls_no_second_time() {
    let shell = Shell::new();
    let up = Up::start(&shell.data());
    let block = blocks("").into_iter().find(|block| block.contains("/v1/calls")).expect("the request");
    let mut answers = vec![];
    for _ in 0..2 {
        let output = shell.run(&block);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        assert!(answer["sid"].as_str().is_some_and(|sid| sid.starts_with("CA")), "{text}");
        answers.push(answer["sid"].clone());
    }
    assert_eq!(answers[0], answers[1]);
    up.kill();
}

/// The lead in the README, typed as it stands with the address and the secret of a source, makes a contact once.
fn the_lead_in_the_readme_makes_a_contact_and_its_repetition_no_second_one() {
    let shell = Shell::new();
    let up = Up::start(&shell.data());
    let typed = |script: &str| {
        let output = shell.run(script);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|_| panic!("{text}"))
    };
    let source = typed("eval \"$(cargo run -q -- env)\"\ncargo run -q -- leads add Form --json");
    let block = blocks("").into_iter().find(|block| block.contains("X-Webhook-Secret")).expect("the lead");
    let [url, secret] = ["url", "secret"].map(|name| source[name].as_str().expect(name).to_owned());
    let block = format!("URL='{url}'\nSECRET='{secret}'\n{block}");
    let (first, again) = (typed(&block), typed(&block));
    assert_eq!(first["state"], "created", "{first}");
    assert_eq!(first["lead"], again["lead"]);
    up.kill();
}

/// What infra/README.md has an operator type to set a business up, to publish settings and to find calls.
fn a_business_is_set_up_and_its_settings_published_as_the_page_says() {
    let shell = Shell::new();
    let up = Up::start(&shell.data());
    let typed = |sign: &str| {
        let block = blocks("").into_iter().find(|block| block.contains(sign)).expect("the block");
        let output = shell.run(&block);
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        told
    };
    let told = typed("-- init ");
    for words in
        ["castle-bakery is set up", "revision 1 is in force", "swb_bus_", "Castle Bakery", "voice_url"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(typed("-- init ").lines().filter(|line| line.contains("stay as they are")).count(), 1);
    let told = typed("-- settings ");
    assert!(told.contains("revision 2 is in force") && told.contains("as it was"), "{told}");
    assert!(shell.folder.path().join("settings.toml").exists());
    assert_eq!(typed("-- calls list "), "none\nnone\n", "there was no call yet");
    up.kill();
}

/// A command that is named in a sentence is one that the command line takes.
fn every_command_that_the_pages_name_is_one_that_exists() {
    let inline = inline();
    assert!(inline.len() >= 4, "{inline:?}");
    for line in inline {
        let words = line.split_whitespace().skip_while(|word| !matches!(*word, "--" | "switchboard")).skip(1);
        let output = switchboard().args(words).arg("--help").output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The README's table has each command of the binary, and no other.
fn the_table_of_commands_is_the_binarys() {
    let help = String::from_utf8(switchboard().arg("--help").output().unwrap().stdout).unwrap();
    let listed = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let known: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    let readme = page("README.md");
    let row = Regex::new(r"(?m)^\| (`[^|]+`) \|").unwrap();
    let name = Regex::new(r"`([a-z-]+)[^`]*`").unwrap();
    let section = readme.split("## The command line").nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = row.captures_iter(section).map(|found| found.get(1).unwrap().as_str());
    let rows: BTreeSet<&str> =
        cells.flat_map(|cell| name.captures_iter(cell).map(|found| found.get(1).unwrap().as_str())).collect();
    assert_eq!(rows, known);
}

acceptance::tests![
    a_block_runs_on_this_machine_or_says_that_it_needs_aws,
    the_request_in_the_readme_calls_the_customer_and_its_repetition_calls_no_second_time,
    the_lead_in_the_readme_makes_a_contact_and_its_repetition_no_second_one,
    a_business_is_set_up_and_its_settings_published_as_the_page_says,
    every_command_that_the_pages_name_is_one_that_exists,
    the_table_of_commands_is_the_binarys,
];
