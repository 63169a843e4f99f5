//! `switchboard doctor`: looks at a deployment from here, as its callers and clients do, and has it look at itself.

mod certificate;

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use domain::access::{ApiKey, KeyKind};
use http::StatusCode;
use platform::clock;
use reqwest::Response;
use reqwest::header::DATE;
use serde::{Deserialize, Serialize};
use url::Url;

use super::client::{Client, pretty};
use super::table;
use crate::cli::progress::Progress;
use crate::cli::say;

/// For one answer.
const WITHIN: Duration = Duration::from_secs(10);
/// For the deployment's look at itself: the gateway waits for 30 s.
const DEEP_WITHIN: Duration = Duration::from_secs(35);
/// How far this machine's clock may be from the deployment's.
const MAX_SKEW: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(in crate::cli) struct Doctor {
    /// Host name of the media stream, the deployment's MediaHost, or its stream URL
    #[arg(long, env = "STREAM_URL", value_name = "HOST")]
    media_host: Option<String>,
}

/// What was found, by the names that the API gives it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Check {
    name: String,
    state: State,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Proven,
    Warning,
    Fault,
    NotProven,
}

/// What a check came to.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    state: State,
    detail: String,
}

/// A check as a row for people.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    state: &'static str,
    detail: &'a str,
}

impl Check {
    fn row(&self) -> Row<'_> {
        let state = match self.state {
            State::Proven => "proven",
            State::Warning => "warning",
            State::Fault => "FAULT",
            State::NotProven => "not proven",
        };
        Row { name: &self.name, state, detail: &self.detail }
    }
}

impl Report {
    fn add(&mut self, name: &str, Found { state, detail }: Found) {
        self.checks.push(Check { name: name.to_owned(), state, detail });
    }

    fn faults(&self) -> usize {
        self.checks.iter().filter(|check| check.state == State::Fault).count()
    }
}

fn proven(detail: impl Into<String>) -> Found {
    Found { state: State::Proven, detail: detail.into() }
}

fn warning(detail: impl Into<String>) -> Found {
    Found { state: State::Warning, detail: detail.into() }
}

fn fault(detail: impl Into<String>) -> Found {
    Found { state: State::Fault, detail: detail.into() }
}

fn not_proven(detail: impl Into<String>) -> Found {
    Found { state: State::NotProven, detail: detail.into() }
}

pub(super) async fn run(client: &Client, wanted: Doctor) -> anyhow::Result<()> {
    let progress = Progress::spinner(client.wants_json());
    let mut report = Report::default();
    let now = platform::Clock::system().now();
    progress.at("looking from outside");
    report.add("DNS of the API", dns(client.url()).await);
    report.add("certificate of the API", certificate::look(client.url(), now).await);
    let document = client.get("/v1/openapi.json").timeout(WITHIN).send().await;
    report.add("clock of this machine", skew(document.as_ref().ok()));
    report.add("document", documented(document).await);
    match wanted.media_host.as_deref().map(media_url) {
        Some(Ok(url)) => {
            report.add("DNS of the media host", dns(&url).await);
            report.add("certificate of the media host", certificate::look(&url, now).await);
            report.add("media host", media(client, &url).await);
        }
        Some(Err(error)) => report.add("media host", fault(error.to_string())),
        None => report.add("media host", not_proven("name it with --media-host")),
    }
    report.add("key", key(client).await);
    progress.at("the deployment looks at itself");
    deep(client, &mut report).await;
    drop(progress);
    report.ok = report.faults() == 0;

    if client.wants_json() {
        say(pretty(&serde_json::to_value(&report)?))?;
    } else {
        let rows: Vec<Row<'_>> = report.checks.iter().map(Check::row).collect();
        let rows = serde_json::to_value(rows)?;
        let columns = [("CHECK", "/name"), ("STATE", "/state"), ("WHAT WAS FOUND", "/detail")];
        say(table::of(rows.as_array(), &columns))?;
    }
    match report.faults() {
        0 => Ok(()),
        1 => bail!("there is a fault"),
        faults => bail!("there are {faults} faults"),
    }
}

async fn dns(url: &Url) -> Found {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return fault(format!("{url} names no host"));
    };
    let asked = tokio::time::timeout(WITHIN, tokio::net::lookup_host((host.trim_matches(['[', ']']), port)));
    match asked.await {
        Ok(Ok(addresses)) => match addresses.count() {
            0 => fault(format!("{host} has no address")),
            count => proven(format!("{host} has {count} addresses")),
        },
        Ok(Err(_)) => fault(format!("{host} is not known: point it at the deployment")),
        Err(_) => fault(format!("no answer about {host} within {} seconds", WITHIN.as_secs())),
    }
}

fn skew(answer: Option<&Response>) -> Found {
    let date = answer.and_then(|answer| answer.headers().get(DATE)?.to_str().ok());
    let Some(theirs) = date.and_then(clock::from_rfc2822) else {
        return not_proven("no answer has a date");
    };
    let ours = platform::Clock::system().now();
    match ours.since(theirs).max(theirs.since(ours)) {
        skew if skew > MAX_SKEW => fault(format!("it is {} s off the deployment's", skew.as_secs())),
        _ => proven(format!("within {} s of the deployment's", MAX_SKEW.as_secs())),
    }
}

#[derive(Deserialize)]
struct Document {
    openapi: String,
}

async fn documented(answer: reqwest::Result<Response>) -> Found {
    match answer {
        Ok(answer) if answer.status() == StatusCode::OK => match answer.json::<Document>().await {
            Ok(document) => proven(format!("OpenAPI {}", document.openapi)),
            Err(_) => fault("what is served there is no document: is this the deployment's address?"),
        },
        Ok(answer) => fault(format!("{}: is this the deployment's address?", answer.status())),
        Err(error) => fault(error.without_url().to_string()),
    }
}

/// Where the bridge says how it is: the host is given alone, or within the address of the stream.
fn media_url(text: &str) -> anyhow::Result<Url> {
    let text = if text.contains("://") { text.to_owned() } else { format!("wss://{text}") };
    // `ws` becomes `http`, and `wss` `https`.
    let url = match text.strip_prefix("ws") {
        Some(rest) => format!("http{rest}"),
        None => text,
    };
    Ok(Url::parse(&url)?.join("/health")?)
}

async fn media(client: &Client, url: &Url) -> Found {
    match client.plain(url.clone()).timeout(WITHIN).send().await {
        Ok(answer) if answer.status() == StatusCode::OK => proven(format!("{url} answers")),
        Ok(answer) => fault(format!("{url} answers {}: do its tasks run?", answer.status())),
        Err(error) => fault(format!("{url}: {}", error.without_url())),
    }
}

#[derive(Deserialize)]
struct KeyView {
    scopes: Vec<String>,
    #[serde(default)]
    expires_at: Option<String>,
}

async fn key(client: &Client) -> Found {
    let Ok(text) = ApiKey::parse(client.key()) else {
        return fault("this is no API key: it is cut short or misspelt");
    };
    let of = if text.kind() == KeyKind::Operator { "an operator's" } else { "a business's" };
    let answer = client.get(&format!("/v1/keys/{}", text.id().as_str())).timeout(WITHIN).send().await;
    match answer {
        Ok(answer) if answer.status() == StatusCode::OK => match answer.json::<KeyView>().await {
            Ok(KeyView { scopes, expires_at }) => {
                let end = expires_at.map(|end| format!(", until {end}")).unwrap_or_default();
                proven(format!("{of}, with {} scopes{end}", scopes.len()))
            }
            Err(_) => not_proven(format!("{of}; what it may do cannot be read")),
        },
        Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
            fault("the deployment does not know the key, or it is no longer good")
        }
        Ok(answer) => not_proven(format!("{of}; it may not look at keys ({})", answer.status())),
        Err(error) => not_proven(error.without_url().to_string()),
    }
}

/// What the deployment finds of itself.
async fn deep(client: &Client, report: &mut Report) {
    let begun = Instant::now();
    match client.get("/v1/health/deep").timeout(DEEP_WITHIN).send().await {
        Ok(answer) if answer.status() == StatusCode::OK => match answer.json::<Report>().await {
            Ok(Report { checks, .. }) => report.checks.extend(checks),
            Err(_) => report.add("inside", fault("what the deployment finds of itself cannot be read")),
        },
        Ok(answer) if answer.status() == StatusCode::FORBIDDEN => {
            report.add("inside", not_proven("that needs an operator's key with the scope deployment:read"));
        }
        Ok(answer) => {
            let after = begun.elapsed().as_secs();
            report.add("inside", fault(format!("{} after {after} s", answer.status())));
        }
        Err(error) => report.add("inside", fault(error.without_url().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_host_is_given_alone_or_within_the_address_of_its_stream() {
        for (given, health) in [
            ("media.example.com", "https://media.example.com/health"),
            ("wss://media.example.com/twilio/stream", "https://media.example.com/health"),
            ("ws://127.0.0.1:8481/twilio/stream", "http://127.0.0.1:8481/health"),
            ("https://media.example.com", "https://media.example.com/health"),
        ] {
            assert_eq!(media_url(given).unwrap().as_str(), health);
        }
        assert!(media_url("not a host").is_err());
    }

    #[test]
    fn a_fault_stands_out_in_the_table() {
        let mut report = Report::default();
        report.add("dns", proven("fine"));
        report.add("tls", not_proven("plain"));
        report.add("certificate", warning("ends soon"));
        assert_eq!(report.faults(), 0);
        report.add("key", fault("unknown"));
        assert_eq!(report.faults(), 1);
        assert_eq!(
            report.checks.iter().map(|check| check.row().state).collect::<Vec<_>>(),
            ["proven", "not proven", "warning", "FAULT"]
        );
    }
}
