//! The architecture's rules, held by the build: what ARCHITECTURE.md and the template say is what the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use functions::edge::verified_form::DELIVERY;
use functions::features;
use local::template::Template;
use platform::env::Reader;
use regex::Regex;
use serde_yaml_ng::Value;

pub(crate) mod catalogue;
pub(crate) mod commands;
pub(crate) mod one_place;
pub(crate) mod plain_words;
pub(crate) mod privacy;
pub(crate) mod routes;
pub(crate) mod walkthroughs;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository").to_owned()
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust file below the folders, with its path relative to the repository.
pub(crate) fn sources(folders: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = vec![];
    folders.iter().for_each(|folder| walk(&root().join(folder), &mut found));
    assert!(!found.is_empty());
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(root()).expect("below the root").display().to_string();
            (relative, std::fs::read_to_string(&path).expect("readable"))
        })
        .collect()
}

/// Fault 63. Calls have so long to end or to leave, and what they leave so long to be written; then comes the kill.
fn a_task_that_is_stopped_is_done_before_it_is_killed() {
    let bridge: Value = serde_yaml_ng::from_str(&read("infra/bridge.yaml")).unwrap();
    let container = &bridge["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0];
    let killed = container["StopTimeout"].as_u64().unwrap();
    let environment = container["Environment"].as_sequence().unwrap();
    let drain = environment.iter().find(|variable| variable["Name"] == "DRAIN_SECONDS").unwrap();
    let drain: u64 = drain["Value"].as_str().unwrap().parse().unwrap();
    assert!(drain + bridge::BridgeSettings::FINISH_DEADLINE.as_secs() < killed, "{drain} s of {killed} s");
    assert!(killed <= 120, "Fargate kills then, whatever it is asked for");
}

/// The console's page alone mixes the sound of recordings.
fn the_bucket_of_recordings_lets_the_consoles_page_read_and_no_other() {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let rules = &template["Resources"]["RecordingsBucket"]["Properties"]["CorsConfiguration"]["CorsRules"];
    assert_eq!(rules.as_sequence().unwrap().len(), 1);
    assert_eq!(strings(&rules[0]["AllowedOrigins"]), ["https://${PublicHost}"]);
    assert_eq!(strings(&rules[0]["AllowedMethods"]), ["GET", "HEAD"]);
}

/// The texts in a value: itself, its items, or the names inside an intrinsic function.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Sequence(items) => items.iter().flat_map(strings).collect(),
        Value::Tagged(tagged) => strings(&tagged.value),
        _ => vec![],
    }
}

fn the_programs_and_the_template_have_the_same_functions() {
    let functions: BTreeSet<(String, String)> = Template::load()
        .unwrap()
        .functions
        .into_iter()
        .map(|function| (function.program, function.name))
        .collect();
    let features: BTreeSet<(String, String)> =
        features::ALL.iter().map(|feature| (feature.program.to_owned(), feature.name.to_owned())).collect();
    assert_eq!(features, functions, "the list of functions and the template");
    let programs: BTreeSet<String> = features.into_iter().map(|(program, _)| program).collect();
    let bins: BTreeSet<String> = sources(&["functions/src/bin"])
        .into_iter()
        .map(|(path, text)| {
            let bin = Path::new(&path).file_stem().unwrap().to_str().unwrap().to_owned();
            let body = format!("functions::features::{bin}()");
            assert!(text.contains(&body) && text.lines().count() <= 5, "{path} is not `{body}`");
            bin
        })
        .collect();
    assert_eq!(bins, programs);
}

/// Remembers which variables were asked for.
struct Recorder {
    asked: Mutex<BTreeSet<String>>,
}

impl Reader for Recorder {
    fn var(&self, name: &str) -> Option<String> {
        self.asked.lock().unwrap().insert(name.to_owned());
        None
    }
}

/// A variable that the template sets and no code reads is a mistake, as is one that is read and not set.
async fn the_template_sets_exactly_the_variables_that_each_function_reads() {
    for function in Template::load().unwrap().functions {
        let recorder = Recorder { asked: Mutex::default() };
        let feature =
            features::named(&function.name).unwrap_or_else(|| panic!("{} is not a feature", function.name));
        let error = match feature.load(&recorder).await {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{} starts without settings", function.name),
        };
        let asked = recorder.asked.into_inner().unwrap();
        for name in function.environment.keys().filter(|name| *name != "SECRETS_ARN") {
            assert!(asked.contains(name), "{}: {name} is set and never read", function.name);
            assert!(error.contains(name.as_str()), "{}: the error names {name}: {error}", function.name);
        }
        for name in asked.iter().filter(|name| !name.starts_with("AWS_")) {
            assert!(
                function.environment.contains_key(name),
                "{}: {name} is read and never set",
                function.name
            );
        }
    }
}

fn a_message_has_the_attempts_that_the_code_counts() {
    for queue in Template::load().unwrap().queues {
        if let Some((_, max_receives)) = queue.dlq {
            assert_eq!(max_receives, functions::edge::batch::MAX_ATTEMPTS, "{}", queue.logical_id);
        }
    }
}

/// A webhook that fails is sent again, and an apology comes before Twilio has stopped listening.
fn twilio_is_told_to_retry_and_waits_longer_than_an_answer_takes() {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    for output in ["InboundWebhook", "StatusWebhook"] {
        let address = strings(&template["Outputs"][output]["Value"]).remove(0);
        let (_, delivery) = address.split_once('#').unwrap_or_default();
        assert_eq!(delivery, DELIVERY, "{output}");
    }
    let wait = DELIVERY.split('&').find_map(|rule| rule.strip_prefix("rt=")).expect("a limit on each answer");
    let wait = Duration::from_millis(wait.parse().unwrap());
    assert!(functions::voice::ANSWER_WITHIN < wait);
    for function in Template::load().unwrap().functions {
        assert!(Duration::from_secs(function.timeout_s) > wait, "{}", function.logical_id);
    }
}

/// One message may need all the time that its function has.
fn no_job_can_use_up_the_time_of_another() {
    for function in Template::load().unwrap().functions {
        if let Some(queue) = function.queue {
            assert_eq!(queue.batch_size, 1, "{}", function.logical_id);
        }
    }
}

/// A run that is stopped by Lambda hands nothing on.
fn a_run_that_listens_stops_before_it_is_stopped() {
    let functions = Template::load().unwrap().functions;
    let step = functions.iter().find(|function| function.name == "transcript-step").unwrap();
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let variables =
        &template["Resources"]["TranscriptStepFunction"]["Properties"]["Environment"]["Variables"];
    let listens: u64 = variables["TRANSCRIBE_SECONDS"].as_str().unwrap().parse().unwrap();
    assert!(listens + 15 <= step.timeout_s, "{listens} of {} s", step.timeout_s);
}

/// The packages that one in `folder` is built with, as cargo reads its manifest; those of its tests are not among them.
fn dependencies(folder: &str) -> Vec<String> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join(folder).join("Cargo.toml")).no_deps();
    let metadata = command.other_options(["--offline".to_owned(), "--locked".to_owned()]).exec().unwrap();
    let here = |package: &&Package| package.manifest_path.parent().is_some_and(|at| at.ends_with(folder));
    let package = metadata.packages.iter().find(here).expect("a package");
    // What a feature brings along is no part of the crate unless another one asks for it.
    let normal =
        package.dependencies.iter().filter(|one| one.kind == DependencyKind::Normal && !one.optional);
    normal.map(|one| one.name.clone()).collect()
}

/// rustdoc reads a whole crate to find its examples: those that have none say so, and one that gets some is told here.
fn a_library_with_examples_has_them_tried_and_no_other_is_searched() {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps();
    let metadata = command.other_options(["--offline".to_owned(), "--locked".to_owned()]).exec().unwrap();
    let example = Regex::new(r"(?m)^\s*//[/!]\s*```(rust|no_run|should_panic|compile_fail)?$").unwrap();
    let fences = Regex::new(r"(?m)^\s*//[/!]\s*```.*$").unwrap();
    for package in metadata.packages {
        let folder = package.manifest_path.parent().unwrap().strip_prefix(root()).unwrap().join("src");
        let library =
            package.targets.iter().find(|target| target.is_lib()).expect("each package has a library");
        // A fence that closes looks like one that opens: the first of a comment opens.
        let has_some = sources(&[folder.as_str()])
            .iter()
            .any(|(_, text)| fences.find_iter(text).step_by(2).any(|fence| example.is_match(fence.as_str())));
        assert_eq!(library.doctest, has_some, "{folder}: `doctest` of its library");
    }
}

fn a_pure_crate_has_neither_runtime_nor_clock() {
    let allowed: BTreeMap<&str, &[&str]> = [
        (
            "crates/domain",
            &[
                "base64",
                "crc32fast",
                "hex",
                "hmac",
                "icu_casemap",
                "icu_locale",
                "icu_normalizer",
                "icu_properties",
                "icu_time",
                "ipnet",
                "jiff",
                "phonenumber",
                "serde",
                "sha2",
                "strum",
                "subtle",
                "thiserror",
                "unicode-segmentation",
            ][..],
        ),
        ("bridge/session", &["domain"][..]),
        ("crates/ics", &["chrono", "domain", "icalendar", "jiff", "rrule", "thiserror"][..]),
        ("crates/meta", &["hex", "hmac", "serde", "serde_json", "sha2", "subtle", "thiserror"][..]),
        (
            "crates/openai",
            &["jiff", "memchr", "serde", "serde_json", "serde_path_to_error", "strum", "thiserror"][..],
        ),
        (
            "crates/twilio",
            &[
                "base64",
                "form_urlencoded",
                "hex",
                "hmac",
                "memchr",
                "quick-xml",
                "serde",
                "serde_json",
                "sha1",
                "sha2",
                "subtle",
                "thiserror",
            ][..],
        ),
    ]
    .into();
    for (package, allowed) in &allowed {
        let used = dependencies(package);
        assert!(!used.is_empty());
        for name in used {
            assert!(allowed.contains(&name.as_str()), "{package} must not depend on {name}");
        }
    }
    for (package, dependencies) in &allowed {
        let bans = read(&format!("{package}/.clippy.toml"));
        for ban in ["std::time::Instant::now", "std::time::SystemTime::now", "std::thread::sleep"] {
            assert!(bans.contains(ban), "{package} may call {ban}");
        }
        // Of the kept crates only this one has a clock.
        assert!(!dependencies.contains(&"jiff") || bans.contains("jiff::Timestamp::now"), "{package}");
    }
}

/// Modules that every audio frame passes through: a file, and the folder beside it if there is one.
const HOT: [&str; 9] = [
    "bridge/src/caller_socket",
    "bridge/src/driver",
    "bridge/src/model_socket",
    "bridge/src/outbox",
    "bridge/src/wire",
    "bridge/session/src/facts/caller_audio",
    "bridge/session/src/facts/playback",
    "crates/openai/src/realtime/fast",
    "crates/twilio/src/media_stream/fast",
];

fn hot_modules_log_in_less_than_two_per_cent_of_their_lines() {
    let log = Regex::new(r"\b(trace|debug|info|warn|error)!\(").unwrap();
    for module in HOT {
        let mut code = read(&format!("{module}.rs")).split("#[cfg(test)]").next().unwrap().to_owned();
        if root().join(module).is_dir() {
            let parts = sources(&[module]).into_iter().filter(|(path, _)| !path.ends_with("tests.rs"));
            code.extend(parts.map(|(_, text)| text));
        }
        let (lines, logs) = (code.lines().count(), code.lines().filter(|line| log.is_match(line)).count());
        assert!(logs * 50 < lines || logs == 0, "{module}: {logs} log lines of {lines}");
    }
    assert!(read("Cargo.toml").contains("release_max_level_debug"), "TRACE is compiled out of releases");
}

fn a_file_can_be_read_in_one_sitting() {
    const MAX_LINES: usize = 450;
    for (path, text) in sources(&["crates", "functions", "bridge", "infra", "tests"]) {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines: split it by concern");
    }
}

fn nothing_is_left_open() {
    let hole = Regex::new(r"\b(todo|unimplemented)!\(|\b(FIXME|XXX)\b|#\[ignore").unwrap();
    for (path, text) in sources(&["crates", "functions", "bridge", "infra", "tests"]) {
        if path != "tests/it/structure.rs" {
            assert!(!hole.is_match(&text), "{path} leaves something open");
        }
    }
}

/// Where the machine's clock is asked, and why the injected one will not do there.
const REAL_TIME: [(&str, &str); 13] = [
    ("bridge/src/model_socket.rs", "OpenAI dates the end of a session"),
    ("crates/platform/src/clock.rs", "the clock itself"),
    ("crates/platform/src/env.rs", "the clock of a process's own environment"),
    ("crates/platform/src/mail.rs", "SES checks the signature's time"),
    ("crates/platform/src/telemetry.rs", "CloudWatch refuses metrics of the future"),
    ("crates/providers/src/openai_http.rs", "OpenAI dates its `Retry-After`"),
    ("crates/providers/src/tool_http.rs", "the tool checks the signature's time"),
    ("functions/src/edge/run.rs", "Lambda's own clock"),
    ("infra/local/aws/src/clock.rs", "the clock of the local AWS"),
    ("infra/local/aws/src/json_protocol.rs", "the client signs with the machine's clock"),
    ("infra/local/aws/src/ses.rs", "the client signs with the machine's clock"),
    ("infra/local/src/cli/api/doctor.rs", "it compares this machine's clock with the deployment's"),
    ("infra/local/src/system.rs", "the clock of a system that none was injected into"),
];

/// A store, a function or a queue that asks the machine for the time cannot be tested in virtual time.
fn the_machines_clock_is_asked_in_few_places() {
    let asks = Regex::new(
        r"SystemTime::now\b|Clock::(system|default)\(|Clock::system\b|(Timestamp|Zoned|Utc|OffsetDateTime)::now\(",
    )
    .unwrap();
    let mut found = vec![];
    for (path, text) in sources(&["crates", "functions", "bridge", "infra"]) {
        let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
        let code = text.split("#[cfg(test)]").next().unwrap();
        if !is_test && asks.is_match(code) {
            found.push(path);
        }
    }
    assert_eq!(found, REAL_TIME.map(|(path, _)| path));
}

/// The provider's messages stop at one module each.
fn wire_types_stop_at_their_module() {
    for (path, text) in sources(&["bridge/src"]) {
        if !path.starts_with("bridge/src/caller_socket") {
            assert!(!text.contains("twilio::media_stream"), "{path} knows Twilio's messages");
        }
        if !path.starts_with("bridge/src/model_socket") {
            assert!(!text.contains("openai::realtime"), "{path} knows the Realtime API's messages");
        }
    }
    for (path, text) in sources(&["tests/simulator/src"]) {
        for ours in ["domain::", "session::", "platform::", "providers::", "stores::", "bridge::"] {
            assert!(
                !text.contains(&format!("use {ours}")),
                "{path}: the simulator judges by the reference alone"
            );
        }
    }
}

acceptance::tests![
    the_bucket_of_recordings_lets_the_consoles_page_read_and_no_other,
    a_task_that_is_stopped_is_done_before_it_is_killed,
    the_programs_and_the_template_have_the_same_functions,
    the_template_sets_exactly_the_variables_that_each_function_reads,
    a_message_has_the_attempts_that_the_code_counts,
    twilio_is_told_to_retry_and_waits_longer_than_an_answer_takes,
    no_job_can_use_up_the_time_of_another,
    a_run_that_listens_stops_before_it_is_stopped,
    a_library_with_examples_has_them_tried_and_no_other_is_searched,
    a_pure_crate_has_neither_runtime_nor_clock,
    hot_modules_log_in_less_than_two_per_cent_of_their_lines,
    a_file_can_be_read_in_one_sitting,
    nothing_is_left_open,
    the_machines_clock_is_asked_in_few_places,
    wire_types_stop_at_their_module,
];
