//! Every fact has one owner: the list in `stores::ownership` is what ARCHITECTURE.md, the code and the templates say.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_yaml_ng::Value;
use stores::ownership::{Handle, OWNERSHIP, Rows};

use super::structure::{read, sources, strings};

/// Actions that change rows.
const WRITES: [&str; 4] = ["Put", "Update", "Delete", "BatchWrite"];

/// Actions that name the keys of every row they reach. A condition on `dynamodb:LeadingKeys` holds for a request without
/// keys, so no other action may be granted under one.
const BY_KEY: [&str; 7] =
    ["BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"];

/// The rows, as the document and the errors call them.
fn title(rows: &Rows) -> String {
    match rows.keys {
        [] => rows.table.to_owned(),
        keys => format!("{}, {}", rows.table, list(keys)),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What the partition keys begin with that a statement is limited to. `None`: no limit.
pub(crate) fn leading_keys(statement: &Value) -> Option<Vec<String>> {
    let condition = statement.get("Condition")?;
    let patterns = strings(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    assert!(!patterns.is_empty(), "a condition of another kind: {condition:?}");
    let keys = patterns.iter().map(|pattern| pattern.strip_suffix('*').expect("words and a star").to_owned());
    Some(keys.collect())
}

/// The statements of a function's role: its own, and those of the policies that it shares.
pub(crate) fn of_function(template: &Value, function: &Value) -> Vec<Value> {
    let policies = function["Properties"]["Policies"].as_sequence().into_iter().flatten();
    let documents = policies.map(|policy| match policy {
        Value::Tagged(shared) => {
            let name = shared.value.as_str().expect("a reference to a policy");
            &template["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]
        }
        own => &own["Statement"],
    });
    documents.flat_map(|statements| statements.as_sequence().into_iter().flatten()).cloned().collect()
}

/// The statements about tables in the roles of the functions and of the bridge, with the roles' names.
fn statements() -> Vec<(String, Value)> {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let bridge: Value = serde_yaml_ng::from_str(&read("infra/bridge.yaml")).unwrap();
    let mut statements = vec![];
    for (id, resource) in template["Resources"].as_mapping().unwrap() {
        let id = id.as_str().unwrap().to_owned();
        statements.extend(of_function(&template, resource).into_iter().map(|one| (id.clone(), one)));
    }
    let role = &bridge["Resources"]["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    statements.extend(role.as_sequence().unwrap().iter().map(|one| ("Bridge".to_owned(), one.clone())));
    assert!(statements.len() > 20, "{}", statements.len());
    statements
}

/// The tables that a statement is about, by their logical ids without `Table`.
fn tables(statement: &Value) -> Vec<String> {
    let resources = strings(&statement["Resource"]).into_iter();
    let named = |resource: String| {
        let (table, _) = resource.split_once("Table")?;
        Some(table.trim_start_matches("${").to_owned())
    };
    resources.filter_map(named).collect()
}

fn the_document_lists_the_owners() {
    let text = read("ARCHITECTURE.md");
    let section = text.split("## Who owns which fact").nth(1).expect("the ownership section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let documented: Vec<&str> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let owned: Vec<String> = OWNERSHIP
        .iter()
        .map(|rows| {
            let mut folders: Vec<&str> =
                rows.writers.iter().flat_map(|writer| writer.folders).copied().collect();
            folders.dedup();
            // A cell without words is one space.
            let line =
                format!("| {} | {} | {} | {} |", title(rows), rows.holds, list(&folders), list(rows.roles));
            line.replace("|  |", "| |")
        })
        .collect();
    assert_eq!(documented, owned, "the table should be:\n{}", owned.join("\n"));
}

/// Code that uses a handle: `calls::Writer`, `calls::{OpenCall, Writer}`, or `WorkKind::Dial`.
fn uses(handle: &Handle) -> Regex {
    let Handle { module, name, .. } = handle;
    let pattern = match name.split_once("::") {
        Some((kind, variant)) => format!(r"\b{kind}::(\{{[^}}]*\b)?{variant}\b"),
        None => format!(r"\b{module}::(\{{[^}}]*\b)?{name}\b"),
    };
    Regex::new(&pattern).unwrap()
}

fn rows_are_written_only_by_the_code_that_owns_them() {
    let code = sources(&["functions/src", "bridge", "infra/local/src"]);
    let everything = Regex::new(r"\bstores::(\w+::)*\*").unwrap();
    for (path, text) in &code {
        assert!(!everything.is_match(text), "{path} imports what it does not name");
    }
    for rows in OWNERSHIP {
        for handle in rows.writers {
            let pattern = uses(handle);
            let users: Vec<&str> = code
                .iter()
                .filter(|(_, text)| pattern.is_match(text))
                .map(|(path, _)| path.as_str())
                .collect();
            assert!(!users.is_empty(), "{}: nothing uses {handle:?}", title(rows));
            for path in users {
                assert!(
                    handle.folders.iter().any(|folder| path.starts_with(folder)),
                    "{path} writes {}, which belongs to {:?}",
                    title(rows),
                    handle.folders
                );
            }
        }
    }
}

/// A type that reaches a table is a `Reader`, or it is in the list.
fn every_writer_has_an_owner() {
    let holds_a_table = Regex::new(r"pub struct (\w+) \{[^}]*: Table,").unwrap();
    let handles: BTreeSet<(&str, &str)> = OWNERSHIP
        .iter()
        .flat_map(|rows| rows.writers)
        // What a `Leases` may write follows from the kind of work it is asked for.
        .map(|handle| (handle.module, if handle.name.contains("::") { "Leases" } else { handle.name }))
        .collect();
    let mut found = BTreeSet::new();
    for (path, text) in sources(&["crates/stores/src"]) {
        let path = path.strip_prefix("crates/stores/src/").expect("below the folder");
        let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        for name in holds_a_table.captures_iter(&text).map(|found| found[1].to_owned()) {
            if name != "Reader" {
                found.insert((module.to_owned(), name));
            }
        }
    }
    let found: BTreeSet<(&str, &str)> = found.iter().map(|(module, name)| (&**module, &**name)).collect();
    assert_eq!(found, handles);
}

fn only_the_owners_role_may_write_its_rows() {
    // Who may write what, in the words of the template: a table, or a table and what its keys begin with.
    let mut may: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (role, statement) in statements() {
        let actions = strings(&statement["Action"]);
        assert!(!actions.iter().any(|action| action.ends_with('*')), "{role} has a wildcard");
        if !actions.iter().any(|a| WRITES.iter().any(|write| a.starts_with(&format!("dynamodb:{write}")))) {
            continue;
        }
        for table in tables(&statement) {
            for keys in leading_keys(&statement).unwrap_or_else(|| vec![String::new()]) {
                may.entry((table.clone(), keys)).or_default().insert(role.clone());
            }
        }
    }
    for rows in OWNERSHIP {
        let owners: BTreeSet<String> = rows.roles.iter().map(|role| (*role).to_owned()).collect();
        let keys = if rows.keys.is_empty() { &[""][..] } else { rows.keys };
        for keys in keys {
            let allowed = may.remove(&(rows.table.to_owned(), (*keys).to_owned())).unwrap_or_default();
            assert_eq!(allowed, owners, "{}: the roles that may, and the roles that own", title(rows));
        }
    }
    assert!(may.is_empty(), "rows without an owner: {may:?}");
}

/// In a table with several families, a role names those that it reaches.
fn a_role_reaches_no_other_family_of_rows() {
    let parted: BTreeSet<&str> =
        OWNERSHIP.iter().filter(|rows| !rows.keys.is_empty()).map(|rows| rows.table).collect();
    assert_eq!(
        parted,
        ["Appointments", "Campaigns", "Contacts", "Events", "Leases", "Messages", "Requests"].into()
    );
    let known: BTreeSet<&str> = OWNERSHIP.iter().flat_map(|rows| rows.keys).copied().collect();
    let mut granted = BTreeSet::new();
    let mut reached = BTreeSet::new();
    for (role, statement) in statements() {
        if !tables(&statement).iter().any(|table| parted.contains(table.as_str())) {
            continue;
        }
        let keys =
            leading_keys(&statement).unwrap_or_else(|| panic!("{role} reaches every row: {statement:?}"));
        for key in keys {
            assert!(known.contains(key.as_str()), "{role}: no rows have keys that begin with {key}");
            reached.insert(key);
        }
        for action in strings(&statement["Action"]) {
            let operation = action.trim_start_matches("dynamodb:");
            assert!(BY_KEY.contains(&operation), "{role}: {action} does not name the keys it reaches");
            // A transaction over several families needs one statement that allows all of it.
            let parted = tables(&statement);
            assert!(
                granted.insert((role.clone(), parted, action.clone())),
                "{role}: {action} is granted twice"
            );
        }
    }
    assert_eq!(
        reached.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        known,
        "rows that no role reaches"
    );
}

/// Rows that are to be forgotten lie in tables that forget.
fn a_table_whose_rows_expire_has_a_ttl() {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let code = sources(&["crates/stores/src"]);
    let mut expiring = BTreeSet::new();
    let tables: BTreeSet<&str> = OWNERSHIP.iter().map(|rows| rows.table).collect();
    for table in &tables {
        let modules = OWNERSHIP.iter().filter(|rows| rows.table == *table).flat_map(|rows| rows.writers);
        let modules: BTreeSet<&str> = modules.map(|handle| handle.module).collect();
        let expires = code.iter().any(|(path, text)| {
            let path = path.trim_start_matches("crates/stores/src/");
            let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs");
            modules.contains(module)
                && [".expires(", ".until(", "expires_at"].iter().any(|sign| text.contains(sign))
        });
        let ttl =
            &template["Resources"][format!("{table}Table").as_str()]["Properties"]["TimeToLiveSpecification"];
        assert_eq!(ttl["AttributeName"].as_str(), expires.then_some("expires_at"), "{table}");
        if expires {
            expiring.insert(*table);
        }
    }
    assert_eq!(expiring, ["Calls", "Campaigns", "Contacts", "Events", "Leases", "Requests", "Texts"].into());
}

acceptance::tests![
    the_document_lists_the_owners,
    rows_are_written_only_by_the_code_that_owns_them,
    every_writer_has_an_owner,
    only_the_owners_role_may_write_its_rows,
    a_role_reaches_no_other_family_of_rows,
    a_table_whose_rows_expire_has_a_ttl,
];
