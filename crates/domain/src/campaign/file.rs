//! A campaign's entries as rows of a file, for people: who was to be called, how far that is, and what it came to.
//!
//! The columns of the campaign's own file stand behind the others, under their names with `var_` before them, so that none of
//! them can be taken for one of ours.

use super::Report;
use super::entry::{Entry, Person, State};
use super::goal::Facts;
use super::sheet::{Column, Sheet};
use super::window::Places;
use crate::Timestamp;
use crate::zone::Zone;

/// The columns that every such file has.
const FIXED: [&str; 21] = [
    "number",
    "phone",
    "name",
    "time_zone",
    "language",
    "not_before_utc",
    "consent",
    "state",
    "outcome",
    "reason",
    "attempts",
    "last_at_utc",
    "last_at_local",
    "last_from",
    "last_call",
    "last_outcome",
    "last_seconds",
    "micros_at_most",
    "goal",
    "next_at_utc",
    "next_at_local",
];

/// The columns of a campaign's file that are variables, in their order.
pub fn variables(report: &Report) -> Vec<String> {
    let sheet = Sheet::new(&report.headers).map(|sheet| sheet.0).unwrap_or_default();
    let variable = |column| if let Column::Variable(name) = column { Some(name) } else { None };
    sheet.into_iter().filter_map(variable).collect()
}

/// The headers of the file.
pub fn headers(variables: &[String]) -> Vec<String> {
    let own = FIXED.iter().map(|name| (*name).to_owned());
    own.chain(variables.iter().map(|name| format!("var_{name}"))).collect()
}

/// An entry as a row under [`headers`]. Times are in UTC, and by the callee's clocks as far as it is known what these show: of a
/// number that may be in several zones it is not. Before a row is written each cell is made
/// [`neutral`](crate::contact::sheet::neutral).
pub fn cells(entry: &Entry, variables: &[String]) -> Vec<String> {
    let person = entry.person.as_ref();
    let of = |read: fn(&Person) -> Option<String>| person.and_then(read).unwrap_or_default();
    let places = person.and_then(|person| Places::of(&person.to, person.zone.as_ref()).ok());
    let local = |at: Option<Timestamp>| {
        let shown = at.and_then(|at| places.as_ref()?.local(at));
        shown.map(|local| local.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
    };
    let last = entry.attempts.last();
    let outcome = if let State::Done { outcome, .. } = &entry.state { outcome.as_str() } else { "" };
    let spent = entry.attempts.iter().map(|attempt| attempt.spent.micros).sum::<Option<u64>>();
    let known = entry.attempts.iter().any(|attempt| matches!(attempt.facts, Some(Facts::Known { .. })));
    let goal = match (entry.has_reached_goal(), known) {
        (true, _) => "reached",
        (false, true) => "not_reached",
        (false, false) => "",
    };
    let (last_at, next_at) = (last.map(|last| last.at), entry.state.due());
    let own = [
        entry.number.to_string(),
        of(|person| Some(person.to.as_e164().to_owned())),
        of(|person| person.name.clone()),
        of(|person| Some(person.zone.as_ref()?.name().to_owned())),
        of(|person| person.language.clone()),
        utc(person.and_then(|person| person.not_before)),
        of(|person| person.consent.clone()),
        entry.state.word().to_owned(),
        outcome.to_owned(),
        entry.state.words().to_owned(),
        entry.attempts.len().to_string(),
        utc(last_at),
        local(last_at),
        last.map(|last| last.from.as_e164().to_owned()).unwrap_or_default(),
        last.and_then(|last| last.call.as_ref()).map(ToString::to_string).unwrap_or_default(),
        last.and_then(|last| last.outcome).map(|came| came.as_str().to_owned()).unwrap_or_default(),
        last.map(|last| last.seconds.to_string()).unwrap_or_default(),
        spent.map(|micros| micros.to_string()).unwrap_or_default(),
        goal.to_owned(),
        utc(next_at),
        local(next_at),
    ];
    let said = |name: &String| person.and_then(|person| person.vars.get(name)).cloned().unwrap_or_default();
    own.into_iter().chain(variables.iter().map(said)).collect()
}

fn utc(at: Option<Timestamp>) -> String {
    let shown = |at| Zone::utc().local(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    at.map(shown).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::entry::{Skip, Wait};
    use super::super::tests::{NOW, attempted, person};
    use super::*;
    use crate::campaign::retry::Outcome;
    use crate::contact::sheet::neutral;

    fn row(entry: &Entry, variables: &[String]) -> std::collections::BTreeMap<String, String> {
        headers(variables).into_iter().zip(cells(entry, variables)).collect()
    }

    #[test]
    fn a_row_says_what_became_of_a_person_in_words_and_by_both_clocks() {
        let mut someone = person("+12025550143");
        someone.zone = Some(Zone::parse("America/New_York").unwrap());
        someone.vars.insert("state".to_owned(), "Ohio".to_owned());
        let variables = ["state".to_owned(), "empty".to_owned()];
        let mut entry = Entry::new(7, someone, NOW);
        let before = row(&entry, &variables);
        let shown = |row: &std::collections::BTreeMap<String, String>, names: &[&str]| {
            names.iter().map(|name| row[*name].clone()).collect::<Vec<_>>()
        };
        let names = ["number", "phone", "state", "var_state", "var_empty", "attempts", "last_at_utc"];
        assert_eq!(shown(&before, &names), ["7", "+12025550143", "pending", "Ohio", "", "0", ""]);
        attempted(&mut entry, Outcome::NoAnswer, NOW);
        let after = row(&entry, &variables);
        let names = ["state", "reason", "last_outcome", "last_at_utc", "last_at_local"];
        let wanted =
            ["waiting", Wait::Retry.words(), "no_answer", "2026-11-30T11:00:00Z", "2026-11-30 06:00:00"];
        assert_eq!(shown(&after, &names), wanted);
        // Without a zone it is not known what clocks show.
        entry.person.as_mut().unwrap().zone = None;
        assert_eq!(row(&entry, &variables)["last_at_local"], "");
        entry.forget(NOW);
        let erased = row(&entry, &variables);
        assert_eq!(shown(&erased, &["phone", "reason", "var_state"]), ["", Skip::Erased.words(), ""]);
    }

    #[test]
    fn the_variables_are_those_of_the_file() {
        let headers = ["Phone", "Name", "Bicycle Model", "tz", "price"].map(str::to_owned).to_vec();
        assert_eq!(variables(&Report { headers, ..Report::default() }), ["bicycle_model", "price"]);
        assert!(variables(&Report::default()).is_empty());
    }

    proptest! {
        /// Every row has a cell for each header, whatever the file said, and no cell is run by a spreadsheet.
        #[test]
        fn a_row_fits_its_headers(texts in prop::collection::btree_map("[a-z]{1,4}", "[=+@a\t-]{0,4}", 0..5)) {
            let mut someone = person("+12025550143");
            someone.vars = texts.clone();
            let variables: Vec<String> = texts.into_keys().chain(["more".to_owned()]).collect();
            let cells = cells(&Entry::new(0, someone, NOW), &variables);
            prop_assert_eq!(cells.len(), headers(&variables).len());
            prop_assert!(cells.iter().all(|cell| !neutral(cell).starts_with(['=', '+', '-', '@', '\t'])));
        }
    }
}
