//! Logs and metrics: JSON lines where a machine reads them, plain lines where a person does.

use std::io::{IsTerminal as _, Write as _};
use std::sync::OnceLock;

use domain::Timestamp;
use serde_json::{Map, Value, json};
use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use strum::IntoStaticStr;

const NAMESPACE: &str = "Switchboard";
/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info,aws_config=warn,aws_smithy_runtime=warn,hyper=warn,rustls=warn";

/// The service's name once metrics are to be printed; unset in a terminal and in tests.
static METRICS: OnceLock<String> = OnceLock::new();

/// A CloudWatch unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Hundredths.
    Percent,
}

impl Unit {
    fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Starts logging, once per process; later calls change nothing.
///
/// In a terminal: readable lines on standard error, no metrics. Elsewhere: JSON lines on standard output,
/// with metrics between them.
pub fn init(service: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    let started = if std::io::stdout().is_terminal() {
        lines.with_writer(std::io::stderr).with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_writer(std::io::stdout).try_init()
    };
    if started.is_ok() && !std::io::stdout().is_terminal() {
        METRICS.get_or_init(|| service.to_owned());
    }
}

/// Records one figure as a line in CloudWatch's embedded metric format.
///
/// Every distinct set of `dimensions` is a metric that is paid for: a call's sid, a number or any other
/// unbounded value must never be one.
pub fn metric(name: &str, value: f64, unit: Unit, dimensions: &[(&str, &str)]) {
    let Some(service) = METRICS.get() else {
        tracing::debug!(name, value, unit = unit.as_str(), "metric");
        return;
    };
    let mut line = embedded(service, Clock::system().now(), name, value, unit, dimensions);
    line.push('\n');
    // One write, so that lines of several threads do not mix. A closed standard output has no reader to miss it.
    let _closed = std::io::stdout().lock().write_all(line.as_bytes());
}

/// The line as CloudWatch's embedded metric format specification describes it. `at` in milliseconds.
fn embedded(
    service: &str,
    at: Timestamp,
    name: &str,
    value: f64,
    unit: Unit,
    dimensions: &[(&str, &str)],
) -> String {
    let mut names = vec!["Service"];
    names.extend(dimensions.iter().map(|(name, _)| *name));
    let mut line = Map::new();
    line.insert(
        "_aws".into(),
        json!({
            "Timestamp": at.0,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [names],
                "Metrics": [{ "Name": name, "Unit": unit.as_str() }],
            }],
        }),
    );
    line.insert("Service".into(), service.into());
    for (dimension, text) in dimensions {
        line.insert((*dimension).into(), (*text).into());
    }
    line.insert(name.into(), json!(value));
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_one_line_that_names_its_value_and_dimensions() {
        let line =
            embedded("voice", Timestamp(7), "LeaseFenced", 1.0, Unit::Count, &[("Kind", "archive\n\"x")]);
        assert!(!line.contains('\n'));
        let parsed: Value = serde_json::from_str(&line).unwrap();
        let declared = &parsed["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(parsed["_aws"]["Timestamp"], 7);
        assert_eq!(declared["Dimensions"], json!([["Service", "Kind"]]));
        assert_eq!(declared["Metrics"][0], json!({ "Name": "LeaseFenced", "Unit": "Count" }));
        for dimension in declared["Dimensions"][0].as_array().unwrap() {
            assert!(parsed[dimension.as_str().unwrap()].is_string(), "{dimension} has a value");
        }
        assert_eq!(parsed["LeaseFenced"], 1.0);
    }
}
