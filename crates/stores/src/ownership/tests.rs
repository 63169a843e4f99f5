//! Families of rows are told apart by their keys.

use domain::contact::erasure::Step;

use super::*;

/// The steps by which persons are taken out of rows; what they are exported by as well. Empty: the rows say nothing of a
/// person once their requests are over.
fn steps_of(table: &str, keys: &[&str]) -> Option<&'static [Step]> {
    Some(match (table, keys.first().copied().unwrap_or_default()) {
        ("Contacts", "contact#" | "timeline#" | "note#" | "file-row#") => &[Step::Contact],
        ("Contacts", "file#") => &[Step::Files],
        ("Contacts", "lead#") => &[Step::Leads],
        ("Contacts", "erasure#") => &[],
        ("Recordings", "") => &[Step::Recordings],
        ("Messages", "left#" | "done#") => &[Step::Messages],
        ("Turns", "") => &[Step::Turns],
        ("Transcripts", "") => &[Step::Transcripts],
        ("Leases", "session#" | "action#") => &[Step::Plans],
        ("Calls", "") => &[Step::Calls],
        ("Events", "happened#" | "business#") => &[Step::Events],
        ("Texts", "") => &[Step::Texts, Step::Wishes],
        ("DoNotCall", "") => &[Step::DoNotCall],
        ("Campaigns", "campaign#" | "campaign-entry#") => &[Step::Campaigns],
        ("Appointments", "agenda#" | "reminder#") => &[Step::Appointments],
        _ => return None,
    })
}

/// A person who is erased and a person who is given what is kept of them meet the same list of owners: rows that an erasure
/// changes belong to a step, and each step says whether an export gives what it has.
#[test]
fn rows_of_persons_belong_to_a_step() {
    let mut named = vec![Step::Log];
    for rows in OWNERSHIP {
        let is_of_persons = rows
            .writers
            .iter()
            .any(|handle| handle.name == "Eraser" && handle.folders.contains(&"functions/src/persons"));
        let steps = steps_of(rows.table, rows.keys);
        assert_eq!(steps.is_some(), is_of_persons, "{} {:?}: of which step?", rows.table, rows.keys);
        named.extend(steps.unwrap_or_default());
    }
    assert!(Step::ALL.iter().all(|step| named.contains(step)), "{named:?}");
}

#[test]
fn no_key_belongs_to_two_families() {
    let all: Vec<&str> = OWNERSHIP.iter().flat_map(|rows| rows.keys).copied().collect();
    assert!(all.len() > 5, "{all:?}");
    for (index, keys) in all.iter().enumerate() {
        assert!(keys.ends_with('#') && !keys.contains(['*', '?']), "{keys}: a pattern of IAM is made of it");
        let others = all.iter().enumerate().filter(|(other, _)| *other != index);
        assert!(others.into_iter().all(|(_, other)| !other.starts_with(keys)), "{keys}");
    }
    assert_eq!(keys_of("Leases", "once#tool#CA1#part#2"), Some("once#tool#"));
    assert_eq!(keys_of("Leases", "once#toolbox#CA1"), None);
    assert_eq!(keys_of("Calls", "session#CA1"), None);
}
