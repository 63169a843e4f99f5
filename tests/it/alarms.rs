//! An alarm on a figure that is not counted never rings: what the alarms watch is what the code counts.

use std::collections::{BTreeMap, BTreeSet};

use local::template::Template;
use regex::Regex;
use serde_yaml_ng::Value;

use super::structure::{read, sources, strings};

const NAMESPACE: &str = "Switchboard";
/// Code that counts, and that several functions run.
const FOLDERS: [&str; 5] =
    ["functions/src", "crates/platform/src", "crates/providers/src", "crates/stores/src", "bridge/src"];

/// A metric of ours that an alarm watches.
#[derive(Debug)]
struct Watched {
    alarm: String,
    metric: String,
    dimensions: BTreeMap<String, String>,
}

fn watched() -> Vec<Watched> {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let mut watched = vec![];
    for (id, resource) in template["Resources"].as_mapping().unwrap() {
        let alarm = &resource["Properties"];
        if alarm["Namespace"].as_str() != Some(NAMESPACE) {
            continue;
        }
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let dimensions = alarm["Dimensions"].as_sequence().into_iter().flatten();
        watched.push(Watched {
            alarm: text(id),
            metric: text(&alarm["MetricName"]),
            dimensions: dimensions.map(|one| (text(&one["Name"]), text(&one["Value"]))).collect(),
        });
    }
    assert!(watched.len() > 5, "{watched:?}");
    watched
}

/// Each metric with the dimensions that it is counted under: their names, and their values where those are fixed.
fn counted() -> Vec<(String, BTreeMap<String, Option<String>>)> {
    let call = Regex::new(r#"(?s)\bmetric\(\s*"(\w+)",.*?&\[(.*?)\],?\s*\)"#).unwrap();
    let dimension = Regex::new(r#"\("(\w+)",\s*(?:"(\w+)")?"#).unwrap();
    let mut counted = vec![];
    for (_, text) in sources(&FOLDERS) {
        for found in call.captures_iter(&text) {
            let dimensions = dimension.captures_iter(&found[2]);
            let dimensions = dimensions.map(|one| (one[1].to_owned(), one.get(2).map(|v| v.as_str().into())));
            counted.push((found[1].to_owned(), dimensions.collect()));
        }
    }
    assert!(counted.len() > 20, "{counted:?}");
    counted
}

fn every_metric_that_an_alarm_watches_is_counted_with_these_dimensions() {
    let services: BTreeSet<String> =
        Template::load().unwrap().functions.into_iter().map(|function| function.name).collect();
    let counted = counted();
    for Watched { alarm, metric, mut dimensions } in watched() {
        let service = dimensions.remove("Service").unwrap_or_default();
        assert!(service == "bridge" || services.contains(&service), "{alarm}: {metric} of `{service}`");
        let fits = |own: &BTreeMap<String, Option<String>>| {
            own.keys().eq(dimensions.keys())
                && own.iter().all(|(name, value)| value.as_ref().is_none_or(|v| *v == dimensions[name]))
        };
        let known = counted.iter().any(|(name, own)| *name == metric && fits(own));
        assert!(known, "{alarm}: nobody counts {metric} with {dimensions:?}");
    }
}

/// A metric's service is the function that ran the code: where several do, a watch on one of them sees a part.
fn what_several_functions_count_is_watched_in_all_of_them() {
    let own_name = Regex::new(r#"const NAME: &'static str = "([a-z-]+)""#).unwrap();
    let code: BTreeMap<String, String> = sources(&["functions/src"]).into_iter().collect();
    // A part of a function stands in its file, or in the folder of that name.
    let function_of = |path: &str| {
        let mut module = path.trim_end_matches(".rs");
        loop {
            if let Some(name) = code.get(&format!("{module}.rs")).and_then(|text| own_name.captures(text)) {
                return name[1].to_owned();
            }
            (module, _) = module.rsplit_once('/').unwrap_or_else(|| panic!("{path} is of no function"));
        }
    };
    for (metric, counts) in
        [("CallsDialledTwice", ": OrderedCalls,"), ("OpenAiAccountRefused", ": OpenAiHttp,")]
    {
        let counting = code.iter().filter(|(_, text)| text.contains(counts));
        let functions: BTreeSet<String> = counting.map(|(path, _)| function_of(path)).collect();
        assert!(functions.len() > 1, "{metric}: {functions:?}");
        let own = watched().into_iter().filter(|watched| watched.metric == metric);
        let seen: BTreeSet<String> = own.map(|mut own| own.dimensions.remove("Service").unwrap()).collect();
        assert_eq!(seen, functions, "{metric}");
    }
}

/// A sum over several metrics has no value where one of them has never existed, and a failure should never have
/// existed: an alarm on the sum would not ring. So each alarm stands alone, and silence is no reason to ring.
fn an_alarm_watches_one_metric_and_takes_its_absence_for_peace() {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let mut alarms = 0;
    for (id, resource) in template["Resources"].as_mapping().unwrap() {
        if resource["Type"].as_str() != Some("AWS::CloudWatch::Alarm") {
            continue;
        }
        let alarm = &resource["Properties"];
        assert!(alarm["Metrics"].is_null(), "{id:?} is computed");
        assert!(alarm["MetricName"].is_string(), "{id:?} watches nothing");
        assert_eq!(alarm["TreatMissingData"].as_str(), Some("notBreaching"), "{id:?}");
        alarms += 1;
    }
    assert!(alarms > 10, "{alarms}");
}

/// A queue that is stuck, and one that gave jobs up, are both noticed.
fn every_queue_that_is_worked_has_alarms_for_its_age_and_for_its_dead_letters() {
    let template: Value = serde_yaml_ng::from_str(&read("template.yaml")).unwrap();
    let watched: BTreeSet<(String, String)> = template["Resources"]
        .as_mapping()
        .unwrap()
        .values()
        .filter_map(|resource| {
            let alarm = &resource["Properties"];
            let queue = strings(&alarm["Dimensions"][0]["Value"]).pop()?;
            Some((alarm["MetricName"].as_str()?.to_owned(), queue.trim_end_matches(".QueueName").to_owned()))
        })
        .collect();
    for queue in Template::load().unwrap().queues {
        let Some((dead_letters, _)) = queue.dlq else { continue };
        for (metric, name) in [
            ("ApproximateAgeOfOldestMessage", &queue.logical_id),
            ("ApproximateNumberOfMessagesVisible", &dead_letters),
        ] {
            assert!(watched.contains(&(metric.to_owned(), name.clone())), "{name} has no alarm on {metric}");
        }
    }
}

/// infra/README.md's tables of metrics and of alarms: the names in the first column, of rows like ``| `Name` | ...``.
fn documented(heading: &str) -> BTreeSet<String> {
    let page = read("infra/README.md");
    let section = page.split(heading).nth(1).unwrap_or_else(|| panic!("infra/README.md has {heading}"));
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let name = Regex::new("`([A-Za-z]+)`").unwrap();
    let first = rows.take_while(|line| line.starts_with('|')).map(|row| row.split('|').nth(1).unwrap());
    first
        .flat_map(|cell| name.captures_iter(cell).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect()
}

fn every_metric_is_documented_and_every_documented_metric_is_counted() {
    let counted: BTreeSet<String> = counted().into_iter().map(|(name, _)| name).collect();
    assert_eq!(documented("**Metrics**"), counted);
}

fn every_alarm_is_documented_and_every_documented_alarm_exists() {
    let alarms: BTreeSet<String> = ["template.yaml", "infra/bridge.yaml"]
        .into_iter()
        .flat_map(|file| {
            let template: Value = serde_yaml_ng::from_str(&read(file)).unwrap();
            let resources = template["Resources"].as_mapping().unwrap().clone();
            let alarms = resources.into_iter().filter(|(_, one)| one["Type"] == "AWS::CloudWatch::Alarm");
            alarms.map(|(id, _)| id.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(documented("**Alarms**"), alarms);
}

acceptance::tests![
    every_metric_that_an_alarm_watches_is_counted_with_these_dimensions,
    what_several_functions_count_is_watched_in_all_of_them,
    an_alarm_watches_one_metric_and_takes_its_absence_for_peace,
    every_queue_that_is_worked_has_alarms_for_its_age_and_for_its_dead_letters,
    every_metric_is_documented_and_every_documented_metric_is_counted,
    every_alarm_is_documented_and_every_documented_alarm_exists,
];
