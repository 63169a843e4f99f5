//! No file of the session uses another one that uses it, at whatever distance: each can be read from the ones below it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The code of each module without its tests, by path: `facts::turns`.
fn modules() -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if !path.ends_with("tests.rs") {
                let below = path.strip_prefix(root).unwrap().with_extension("");
                let name = below.display().to_string().replace(std::path::MAIN_SEPARATOR, "::");
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(name, text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    walk(&root, &root, &mut found);
    found
}

/// The methods that `impl Session` blocks of a file define.
fn session_methods(code: &str) -> Vec<&str> {
    let blocks = code.split("\nimpl Session {").skip(1).map(|block| block.split("\n}").next().unwrap());
    let lines =
        blocks.flat_map(str::lines).filter(|line| line.starts_with("    ") && !line.starts_with("     "));
    lines.filter_map(|line| line.split_once("fn ")?.1.split(['(', '<']).next()).collect()
}

/// The module that a path below the crate leads into, if it is a file.
fn module_of<'a>(path: &str, modules: &'a BTreeMap<String, String>) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some((name, _)) = modules.get_key_value(path) {
            return Some(name);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// The modules that each one names in a `use`, or whose methods of the session it calls.
fn uses(modules: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let methods = modules.iter().flat_map(|(name, code)| {
        session_methods(code).into_iter().map(move |method| (format!("self.{method}("), name.as_str()))
    });
    let methods: BTreeMap<String, &str> = methods.collect();
    let used_by = |(name, code): (&'_ String, &'_ String)| -> BTreeSet<&str> {
        let parent = name.rsplit_once("::").map_or("", |(parent, _)| parent);
        let paths = code.lines().filter_map(|line| line.strip_prefix("use ")).flat_map(|path| {
            let (base, names) = path.trim_end_matches(';').split_once("::{").unwrap_or((path, ""));
            let names = names.trim_end_matches('}').split(", ");
            names.map(move |name| format!("{base}::{name}").trim_end_matches([':', ';']).to_owned())
        });
        let inside = paths.map(|path| match path.split_once("::") {
            Some(("crate", rest)) => rest.to_owned(),
            Some(("super", rest)) => format!("{parent}::{rest}"),
            _ => format!("{name}::{path}"),
        });
        let named = inside.filter_map(|path| module_of(&path, modules));
        let called = methods
            .iter()
            .filter(|(call, _)| code.contains("\nimpl Session {") && code.contains(call.as_str()));
        named.chain(called.map(|(_, owner)| *owner)).filter(|used| used != name).collect()
    };
    modules.iter().map(|module| (module.0.as_str(), used_by(module))).collect()
}

#[test]
fn no_file_uses_itself_through_others() {
    let modules = modules();
    let mut uses = uses(&modules);
    assert!(uses["drive"].contains("live") && uses["conclude"].contains("closing"), "calls are seen");
    assert!(
        uses["rules::barge_in"].contains("facts") && uses["facts"].contains("facts::turns"),
        "names are seen"
    );
    // What uses nothing that is left is taken away; a circle would stay.
    while let Some(lowest) = uses.iter().find(|(_, used)| used.is_empty()).map(|(name, _)| *name) {
        uses.remove(lowest);
        uses.values_mut().for_each(|used| {
            used.remove(lowest);
        });
    }
    assert!(uses.is_empty(), "a circle: {uses:#?}");
}

#[test]
fn facts_know_no_rules_and_rules_do_nothing_themselves() {
    let modules = modules();
    for (name, used) in uses(&modules) {
        let forbidden: &[&str] = match name.split("::").next().unwrap() {
            "facts" => &["rules", "action", "instructions", "session", "apply", "conclude"],
            "rules" => &["session", "apply", "conclude", "output_queue", "timetable"],
            _ => &[],
        };
        let layer = |used: &&str| forbidden.contains(&used.split("::").next().unwrap());
        assert_eq!(used.iter().find(|used| layer(used)), None, "{name}");
    }
}
