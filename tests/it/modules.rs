//! The rooms of the functions: who may know whom, read from the `use` lines.
//!
//! A module and the folder of its name are one room. Within a room the module and its children may know each other;
//! rooms side by side may not, in a circle, at any depth.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::structure::sources;

const ROOT: &str = "functions/src/";

type Module = Vec<String>;
type Edges = BTreeMap<Module, BTreeSet<Module>>;

fn module(path: &[&str]) -> Module {
    path.iter().map(|part| (*part).to_owned()).collect()
}

/// Every module of the package with its code, without comments and tests. The root is empty.
fn modules() -> BTreeMap<Module, String> {
    let files = sources(&["functions/src"]);
    let code = files.into_iter().filter_map(|(path, text)| {
        let path = path.strip_prefix(ROOT)?.strip_suffix(".rs")?.to_owned();
        if path.starts_with("bin/") {
            return None;
        }
        let name = if path == "lib" { vec![] } else { path.split('/').map(str::to_owned).collect() };
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        Some((name, code.join("\n")))
    });
    code.collect()
}

/// The paths in a `use`, without its braces and renamings.
fn paths(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
    let (mut parts, mut depth, mut part) = (vec![], 0, String::new());
    for c in inside.chars() {
        match c {
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
    parts.push(part);
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| paths(&format!("{}{part}", before.trim()))).collect()
}

/// The module that a path leads to from `here`, if it is one of ours.
fn target(here: &Module, path: &str, all: &BTreeMap<Module, String>) -> Option<Module> {
    let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut base = here.clone();
    match parts[0] {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
        }
        // A child by its name.
        name => {
            base.push(name.to_owned());
            all.contains_key(&base).then_some(())?;
        }
    }
    parts.remove(0);
    for part in parts {
        match part {
            "super" => {
                base.pop();
            }
            "self" => {}
            part => base.push(part.to_owned()),
        }
    }
    // The rest names an item of the module.
    while !all.contains_key(&base) {
        base.pop()?;
    }
    (base != *here).then_some(base)
}

fn edges(all: &BTreeMap<Module, String>) -> Edges {
    let uses = Regex::new(r"\buse\s+([^;]+);|\b((?:crate|super)(?:::\w+)+)").unwrap();
    let mut edges = Edges::new();
    for (here, code) in all {
        for found in uses.captures_iter(code) {
            let tree = found.get(1).or_else(|| found.get(2)).map_or("", |path| path.as_str());
            let known =
                paths(&tree.replace('\n', " ")).into_iter().filter_map(|path| target(here, &path, all));
            edges.entry(here.clone()).or_default().extend(known);
        }
    }
    edges
}

/// The edges between rooms that stand side by side, by the room around them.
fn between_rooms(edges: &Edges) -> BTreeMap<Module, Edges> {
    let mut rooms: BTreeMap<Module, Edges> = BTreeMap::new();
    for (from, to) in edges.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to))) {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        if common < from.len().min(to.len()) {
            let around = rooms.entry(from[..common].to_vec()).or_default();
            around.entry(from[..=common].to_vec()).or_default().insert(to[..=common].to_vec());
        }
    }
    rooms
}

/// The modules of one circle, if there is one.
fn circle(edges: &Edges) -> Option<Vec<Module>> {
    let mut left = edges.clone();
    loop {
        // Whatever leads nowhere that is left is in no circle.
        let still: BTreeSet<Module> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, to| to.iter().any(|to| still.contains(to)));
        if left.len() == before {
            return (!left.is_empty()).then(|| left.into_keys().collect());
        }
    }
}

fn no_rooms_know_each_other_in_a_circle() {
    let all = modules();
    assert!(all.len() > 50, "{} modules", all.len());
    for (around, edges) in between_rooms(&edges(&all)) {
        let found = circle(&edges);
        assert!(found.is_none(), "a circle within {around:?}: {found:?}, of {edges:?}");
    }
}

/// What two features need is shared or the edge's; a job goes by a queue.
fn a_feature_knows_no_other_feature() {
    let everyones = ["edge", "jobs", "shared"];
    let all = modules();
    let rooms = between_rooms(&edges(&all));
    let top = &rooms[&module(&[])];
    for (feature, known) in top {
        let name = feature[0].as_str();
        let may: &[&str] = match name {
            "features" => continue,
            "jobs" => &[],
            "edge" => &["jobs"],
            "shared" => &["edge", "jobs"],
            _ => &everyones,
        };
        for other in known {
            assert!(may.contains(&other[0].as_str()), "`{name}` knows `{}`", other[0]);
        }
    }
    assert!(top.contains_key(&module(&["voice"])), "{top:?}");
}

fn a_circle_is_seen_through_any_way_of_writing_a_path() {
    let written = |a: &str, b: &str| {
        let all = BTreeMap::from([
            (module(&[]), String::new()),
            (module(&["a"]), a.to_owned()),
            (module(&["a", "inner"]), String::new()),
            (module(&["b"]), b.to_owned()),
            (module(&["c"]), String::new()),
        ]);
        between_rooms(&edges(&all)).values().find_map(circle)
    };
    let both = Some(vec![module(&["a"]), module(&["b"])]);
    assert_eq!(written("use crate::b::X;", "use crate::a::{Y, inner::Z as W};"), both);
    assert_eq!(written("use super::b;", "fn f() { crate::a::g() }"), both);
    assert_eq!(written("use crate::{\n    b::X,\n    c,\n};", "use super::a::inner;"), both);
    assert_eq!(written("use crate::b::X;", "use crate::c::Y;"), None);
    assert_eq!(written("use inner::X;", "use crate::a::Y;"), None, "a child is no other room");
}

/// Requests and answers are types, which a reader finds and a document can be made of. The schema that a model's answer
/// has to fit is data of the business.
fn no_answer_is_assembled_by_hand() {
    for (path, text) in sources(&["functions/src"]) {
        if path != "functions/src/transcripts/insights/schema.rs" {
            // The examples of the document are JSON.
            let text = text.replace("example = json!(", "");
            assert!(!text.contains("json!("), "{path} assembles JSON: give it a type");
        }
    }
}

acceptance::tests![
    no_rooms_know_each_other_in_a_circle,
    a_feature_knows_no_other_feature,
    a_circle_is_seen_through_any_way_of_writing_a_path,
    no_answer_is_assembled_by_hand,
];
