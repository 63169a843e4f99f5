//! `template.yaml`, as far as one machine needs it.
//!
//! The file is compiled in: the binary and the stack cannot disagree about what there is.

mod intrinsic;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_yaml_ng::Value;

pub use intrinsic::Resolve;

const ROOT: &str = include_str!("../../../template.yaml");
const BRIDGE: &str = include_str!("../../bridge.yaml");

/// A template that this code cannot read. It is compiled in, so this is a defect, found by the first test.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("template.yaml is not YAML: {0}")]
    Yaml(#[from] serde_yaml_ng::Error),
    #[error("template.yaml: {resource} has no usable `{field}`")]
    Missing { resource: String, field: &'static str },
    #[error("template.yaml: cannot resolve {0}")]
    Unresolved(String),
}

/// Everything in the stack that has a counterpart on one machine.
#[derive(Debug, Clone)]
pub struct Template {
    /// Parameters that have a default.
    pub parameters: BTreeMap<String, String>,
    pub functions: Vec<Function>,
    pub tables: Vec<Table>,
    pub queues: Vec<Queue>,
    /// Logical ids of the buckets.
    pub buckets: Vec<String>,
    /// The bridge container's environment, its values in terms of the root template.
    pub bridge_environment: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
pub struct Function {
    pub logical_id: String,
    /// The feature that it is: Lambda's `Handler`.
    pub name: String,
    /// The bin that holds it.
    pub program: String,
    pub timeout_s: u64,
    pub environment: BTreeMap<String, Value>,
    pub routes: Vec<Route>,
    pub queue: Option<QueueSource>,
    /// How often it is started without being asked.
    pub schedule: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub method: String,
    /// `{name}` stands for one segment, `{name+}` at the end for one or more.
    pub path: String,
}

impl Route {
    /// The path of API Gateway's route for everything that no other route takes.
    pub const REST: &str = "$default";

    /// What a route of every method has for a method.
    pub const ANY: &str = "ANY";
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSource {
    /// Logical id of the queue.
    pub queue: String,
    pub batch_size: i32,
    /// Batches that are worked on at one time here. Where the stack has its parameter for that, one is enough.
    pub at_once: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub logical_id: String,
    /// (name, type) with type `S`, `N` or `B`.
    pub attributes: Vec<(String, String)>,
    pub keys: Keys,
    /// (name, keys) of each global secondary index.
    pub indexes: Vec<(String, Keys)>,
    /// The attribute that says when an item may be deleted.
    pub time_to_live: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub hash: String,
    pub range: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    pub logical_id: String,
    pub visibility_timeout_s: u32,
    /// Logical id of the DLQ, and how often a message is received before it goes there.
    pub dlq: Option<(String, u32)>,
}

impl Template {
    pub fn load() -> Result<Self, TemplateError> {
        Self::parse(ROOT, BRIDGE)
    }

    fn parse(root: &str, bridge: &str) -> Result<Self, TemplateError> {
        let root: Value = serde_yaml_ng::from_str(root)?;
        let bridge: Value = serde_yaml_ng::from_str(bridge)?;
        let globals = &root["Globals"]["Function"];
        let mut template = Self {
            parameters: entries(&root["Parameters"])
                .filter_map(|(name, parameter)| Some((name.to_owned(), scalar(&parameter["Default"])?)))
                .collect(),
            functions: vec![],
            tables: vec![],
            queues: vec![],
            buckets: vec![],
            bridge_environment: bridge_environment(&root, &bridge)?,
        };
        for (id, resource) in entries(&root["Resources"]) {
            match resource["Type"].as_str().unwrap_or_default() {
                "AWS::Serverless::Function" => template.functions.push(function(id, resource, globals)?),
                "AWS::DynamoDB::Table" => template.tables.push(table(id, &resource["Properties"])?),
                "AWS::SQS::Queue" => template.queues.push(queue(id, &resource["Properties"])?),
                "AWS::S3::Bucket" => template.buckets.push(id.to_owned()),
                _ => {}
            }
        }
        Ok(template)
    }
}

fn function(id: &str, resource: &Value, globals: &Value) -> Result<Function, TemplateError> {
    let properties = &resource["Properties"];
    let mut environment = BTreeMap::new();
    for scope in [globals, properties] {
        for (name, value) in entries(&scope["Environment"]["Variables"]) {
            environment.insert(name.to_owned(), value.clone());
        }
    }
    let (mut routes, mut queue, mut schedule) = (vec![], None, None);
    for (_, event) in entries(&properties["Events"]) {
        let event_properties = &event["Properties"];
        match event["Type"].as_str().unwrap_or_default() {
            "HttpApi" => {
                let (method, path) = (&event_properties["Method"], &event_properties["Path"]);
                // Without either, SAM makes the route for what no other route takes.
                routes.push(if method.is_null() && path.is_null() {
                    Route { method: Route::ANY.to_owned(), path: Route::REST.to_owned() }
                } else {
                    Route { method: text(id, method, "Events.Method")?, path: text(id, path, "Events.Path")? }
                });
            }
            "SQS" => {
                queue = Some(QueueSource {
                    queue: intrinsic::attribute_of(&event_properties["Queue"])
                        .ok_or_else(|| missing(id, "Events.Queue"))?,
                    batch_size: event_properties["BatchSize"].as_i64().map_or(10, |n| n.clamp(1, 10) as i32),
                    at_once: at_once(&event_properties["ScalingConfig"]["MaximumConcurrency"]),
                });
            }
            "Schedule" => {
                let rule = text(id, &event_properties["Schedule"], "Events.Schedule")?;
                schedule = Some(rate(&rule).ok_or_else(|| missing(id, "Events.Schedule"))?);
            }
            _ => return Err(missing(id, "Events.Type")),
        }
    }
    Ok(Function {
        logical_id: id.to_owned(),
        name: text(id, &properties["Handler"], "Handler")?,
        program: text(id, &resource["Metadata"]["BuildProperties"]["Binary"], "BuildProperties.Binary")?,
        timeout_s: number(&properties["Timeout"]).or_else(|| number(&globals["Timeout"])).unwrap_or(3),
        environment,
        routes,
        queue,
        schedule,
    })
}

/// One machine needs fewer than a stack.
fn at_once(limit: &Value) -> usize {
    limit.as_u64().map_or(1, |limit| usize::try_from(limit.clamp(1, 8)).unwrap_or(1))
}

/// `rate(5 minutes)`. A time of day (`cron`) would have to be kept by a machine that is not always on.
fn rate(rule: &str) -> Option<Duration> {
    let (count, unit) = rule.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        _ => return None,
    };
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    count.checked_mul(seconds).map(Duration::from_secs)
}

fn table(id: &str, properties: &Value) -> Result<Table, TemplateError> {
    let attributes = items(&properties["AttributeDefinitions"])
        .map(|attribute| {
            Ok((
                text(id, &attribute["AttributeName"], "AttributeName")?,
                text(id, &attribute["AttributeType"], "AttributeType")?,
            ))
        })
        .collect::<Result<_, TemplateError>>()?;
    let indexes = items(&properties["GlobalSecondaryIndexes"])
        .map(|index| Ok((text(id, &index["IndexName"], "IndexName")?, keys(id, &index["KeySchema"])?)))
        .collect::<Result<_, TemplateError>>()?;
    let lifetime = &properties["TimeToLiveSpecification"];
    let time_to_live = (lifetime["Enabled"].as_bool() == Some(true))
        .then(|| text(id, &lifetime["AttributeName"], "TimeToLiveSpecification.AttributeName"))
        .transpose()?;
    let keys = keys(id, &properties["KeySchema"])?;
    Ok(Table { logical_id: id.to_owned(), attributes, keys, indexes, time_to_live })
}

fn keys(id: &str, schema: &Value) -> Result<Keys, TemplateError> {
    let of = |kind: &str| {
        items(schema)
            .find(|key| key["KeyType"].as_str() == Some(kind))
            .and_then(|key| key["AttributeName"].as_str())
            .map(str::to_owned)
    };
    Ok(Keys { hash: of("HASH").ok_or_else(|| missing(id, "KeySchema"))?, range: of("RANGE") })
}

fn queue(id: &str, properties: &Value) -> Result<Queue, TemplateError> {
    let redrive = &properties["RedrivePolicy"];
    let dlq = match redrive {
        Value::Null => None,
        _ => Some((
            intrinsic::attribute_of(&redrive["deadLetterTargetArn"])
                .ok_or_else(|| missing(id, "RedrivePolicy.deadLetterTargetArn"))?,
            number(&redrive["maxReceiveCount"])
                .and_then(|count| u32::try_from(count).ok())
                .ok_or_else(|| missing(id, "RedrivePolicy.maxReceiveCount"))?,
        )),
    };
    let visibility_timeout_s =
        number(&properties["VisibilityTimeout"]).and_then(|s| u32::try_from(s).ok()).unwrap_or(30);
    Ok(Queue { logical_id: id.to_owned(), visibility_timeout_s, dlq })
}

/// The nested stack's parameters are replaced by what the root passes for them.
fn bridge_environment(root: &Value, bridge: &Value) -> Result<BTreeMap<String, Value>, TemplateError> {
    let passed = &root["Resources"]["Bridge"]["Properties"]["Parameters"];
    let container = &bridge["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0];
    items(&container["Environment"])
        .map(|variable| {
            let name = text("Bridge", &variable["Name"], "Environment.Name")?;
            let value = match intrinsic::reference_of(&variable["Value"]) {
                Some(parameter) if !parameter.starts_with("AWS::") => passed[parameter].clone(),
                Some(_) | None => variable["Value"].clone(),
            };
            if value.is_null() {
                return Err(TemplateError::Unresolved(format!("the bridge's {name}")));
            }
            Ok((name, value))
        })
        .collect()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_mapping().into_iter().flatten().filter_map(|(key, value)| Some((key.as_str()?, value)))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().into_iter().flatten()
}

fn scalar(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

fn text(resource: &str, value: &Value, field: &'static str) -> Result<String, TemplateError> {
    value.as_str().map(str::to_owned).ok_or_else(|| missing(resource, field))
}

fn missing(resource: &str, field: &'static str) -> TemplateError {
    TemplateError::Missing { resource: resource.to_owned(), field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_one_trigger_and_every_queue_a_dlq_of_its_own() {
        let template = Template::load().unwrap();
        assert!(template.functions.len() >= 7);
        for function in &template.functions {
            let triggers =
                [!function.routes.is_empty(), function.queue.is_some(), function.schedule.is_some()];
            assert_eq!(triggers.iter().filter(|has| **has).count(), 1, "{}", function.logical_id);
        }
        for source in template.functions.iter().filter_map(|function| function.queue.as_ref()) {
            let queue = template.queues.iter().find(|queue| queue.logical_id == source.queue).unwrap();
            assert!(queue.dlq.is_some(), "{} has no DLQ", queue.logical_id);
        }
    }

    /// Case C18. API Gateway answers HEAD with 404 unless a route says so.
    #[test]
    fn head_has_a_route_wherever_get_has_one() {
        for function in Template::load().unwrap().functions {
            let has = |method: &str, path: &str| {
                function.routes.iter().any(|route| route.method == method && route.path == path)
            };
            for route in &function.routes {
                assert_eq!(has("HEAD", &route.path), has("GET", &route.path), "{}", route.path);
            }
        }
    }

    #[test]
    fn a_table_whose_items_expire_says_by_which_attribute() {
        let template = Template::load().unwrap();
        let leases = template.tables.iter().find(|table| table.logical_id == "LeasesTable").unwrap();
        assert_eq!(leases.time_to_live.as_deref(), Some("expires_at"));
        let turns = template.tables.iter().find(|table| table.logical_id == "TurnsTable").unwrap();
        assert_eq!(turns.time_to_live, None);
    }

    #[test]
    fn a_schedule_is_a_rate_of_at_least_one_unit() {
        assert_eq!(rate("rate(1 minute)"), Some(Duration::from_secs(60)));
        assert_eq!(rate("rate(5 minutes)"), Some(Duration::from_secs(300)));
        assert_eq!(rate("rate(2 days)"), Some(Duration::from_secs(172_800)));
        for rule in ["", "rate(0 minutes)", "rate(5)", "rate(5 weeks)", "cron(0 3 * * ? *)"] {
            assert_eq!(rate(rule), None, "{rule}");
        }
    }

    #[test]
    fn visibility_is_at_least_six_times_the_consumers_timeout() {
        let template = Template::load().unwrap();
        for function in &template.functions {
            let Some(source) = &function.queue else { continue };
            let queue = template.queues.iter().find(|queue| queue.logical_id == source.queue).unwrap();
            assert!(u64::from(queue.visibility_timeout_s) >= 6 * function.timeout_s, "{}", source.queue);
        }
    }

    #[test]
    fn the_bridges_environment_is_what_the_root_passes_down() {
        let environment = Template::load().unwrap().bridge_environment;
        assert!(environment.contains_key("TABLE_TURNS"));
        assert_eq!(intrinsic::reference_of(&environment["TABLE_TURNS"]), Some("TurnsTable"));
    }
}
