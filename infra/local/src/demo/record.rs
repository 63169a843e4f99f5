//! The finished record of a call, read through the API like any client would, and shown.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::Secret;
use functions::edge::address;
use serde_json::Value;
use url::Url;

use crate::home::create_private_dir;

/// How long after its end a call's record may take to be complete.
const COMPLETE_WITHIN: Duration = Duration::from_secs(60);
/// The parts of the record that are shown.
const SHOWN: &str = "events,turns,session,recordings,transcript,insights,cost";
const ASK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the API does not answer: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the record was not complete within {} s; the last state was {state}", COMPLETE_WITHIN.as_secs())]
    Incomplete { state: String },
    #[error("cannot save a copy of the recording: {0}")]
    Copy(#[from] std::io::Error),
    #[error("cannot make the record's address: {0}")]
    Url(#[from] url::ParseError),
}

/// Asks until the call has ended, its recording is where it will be and it is summed up.
pub async fn complete(api: &Url, key: &Secret, sid: &str) -> Result<Value, RecordError> {
    let client = reqwest::Client::new();
    let url = Url::parse(&address::of(api, &format!("/v1/calls/{sid}?include={SHOWN}")))?;
    let deadline = tokio::time::Instant::now() + COMPLETE_WITHIN;
    loop {
        let response = client.get(url.clone()).bearer_auth(key.expose()).send().await?;
        let record: Value = response.json().await?;
        if is_complete(&record) {
            return Ok(record);
        }
        if tokio::time::Instant::now() >= deadline {
            let state = format!(
                "status {}, transcript {}, recording {}, insights {}",
                record["status"],
                record["transcript_source"],
                record["recording"]["state"],
                record["insights"]["outcome"]
            );
            return Err(RecordError::Incomplete { state });
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

fn is_complete(record: &Value) -> bool {
    let recorded = match record["recording"]["state"].as_str() {
        Some("announced") | None => false,
        Some(_) => true,
    };
    !record["ended_at"].is_null() && !record["insights"].is_null() && recorded
}

/// Fetches the recording through its link, as a browser would, into a file that can be played.
///
/// `None`: there is no recording to fetch.
pub async fn save_recording(
    api: &Url,
    key: &Secret,
    record: &Value,
    folder: &Path,
) -> Result<Option<PathBuf>, RecordError> {
    let recording = &record["recording"];
    let (Some(link), Some(sid)) = (recording["link"].as_str(), recording["sid"].as_str()) else {
        return Ok(None);
    };
    let request = reqwest::Client::new().get(address::of(api, link)).bearer_auth(key.expose());
    let audio = request.send().await?.error_for_status()?.bytes().await?;
    let path = folder.join(format!("{sid}.wav"));
    create_private_dir(folder)?;
    tokio::fs::write(&path, &audio).await?;
    Ok(Some(path))
}

/// The record as text. `copy` is where the recording can be played from.
pub fn show(record: &Value, api: &Url, copy: Option<&Path>) -> String {
    let mut out = String::new();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // Writing to a String cannot fail.
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<13} {value}");
    };
    line("call", text(&record["sid"]));
    line("status", statuses(record));
    line("duration", format!("{} s, {}", record["duration_s"], text(&record["direction"])));
    line("settings", format!("revision {}", record["settings_revision"]));
    let turns = record["turns"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, turn) in turns.iter().enumerate() {
        line(if index == 0 { "turns" } else { "" }, turn_line(turn));
    }
    let lines = record["transcript"]["lines"].as_array().map_or(0, Vec::len);
    line("transcript", format!("{lines} lines, source {}", text(&record["transcript_source"])));
    let recording = &record["recording"];
    let mut about = text(&recording["state"]);
    if let (Some(key), Some(link)) = (recording["object"].as_str(), recording["link"].as_str()) {
        let _ = write!(
            about,
            ", {} channels, {} ms, {} bytes",
            recording["channels"], recording["duration_ms"], recording["bytes"]
        );
        line("recording", about);
        line("stored as", key.to_owned());
        if let Some(copy) = copy {
            line("play it", copy.display().to_string());
        }
        line("link", format!("{}{link}", api.as_str().trim_end_matches('/')));
    } else {
        line("recording", about);
    }
    insights(record, &mut line);
    figures(record, &mut line);
    out
}

/// What the call came to, each value with the words that it rests on, and what it cost.
fn insights(record: &Value, line: &mut impl FnMut(&str, String)) {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let summary = &record["summary"];
    if summary.is_null() {
        line("summary", format!("none: {}", word(&record["insights"]["outcome"])));
    } else {
        line("summary", word(&summary["topic"]));
        line("", word(&summary["details"]));
        line("outcome", word(&summary["outcome"]));
        line("next step", summary["next_step"].as_str().unwrap_or("none").to_owned());
    }
    for fact in record["extraction"].as_array().into_iter().flatten() {
        let (value, quote) = (word(&fact["value"]), word(&fact["quote"]));
        line(&word(&fact["name"]), format!("{value}  [\u{201c}{quote}\u{201d}, {}%]", fact["confidence"]));
    }
    line("lead status", record["lead_status"].as_str().unwrap_or("none").to_owned());
    let cost = &record["cost"];
    let dollars = |micros: u64| format!("{}.{:06} USD", micros / 1_000_000, micros % 1_000_000);
    let unknown: Vec<String> = cost["parts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|part| part["micros"].is_null())
        .map(|part| format!("{} ({})", word(&part["kind"]), part["model"].as_str().unwrap_or("no price")))
        .collect();
    let mut total = cost["usd_micros"].as_u64().map_or_else(|| "unknown".to_owned(), dollars);
    if !unknown.is_empty() {
        let _ = write!(total, ", and what has no price: {}", unknown.join(", "));
    }
    line("cost", total);
}

fn statuses(record: &Value) -> String {
    let mut words = vec!["ringing".to_owned()];
    let events = record["events"].as_array().into_iter().flatten();
    // An event without one says nothing about the status; nor does being in Twilio's queue, before anything rings.
    for word in events.filter_map(|event| event["status"].as_str()).filter(|word| *word != "queued") {
        if words.last().map(String::as_str) != Some(word) {
            words.push(word.to_owned());
        }
    }
    words.join(" -> ")
}

fn turn_line(turn: &Value) -> String {
    let mut line = format!(
        "{:<7} {}",
        turn["speaker"].as_str().unwrap_or_default(),
        turn["text"].as_str().unwrap_or_default()
    );
    if turn["state"] == "interrupted" {
        let _ = write!(line, "  [interrupted: heard {} of {} ms]", turn["heard_ms"], turn["spoken_ms"]);
    }
    for tool in turn["tool_calls"].as_array().into_iter().flatten() {
        let _ = write!(line, "  [{}]", tool["name"].as_str().unwrap_or_default());
    }
    line
}

fn figures(record: &Value, line: &mut impl FnMut(&str, String)) {
    let session = &record["session"];
    if session.is_null() {
        return;
    }
    let opt = |value: &Value, unit: &str| match value.as_u64() {
        Some(number) => format!("{number} {unit}"),
        None => "none".to_owned(),
    };
    line("ended", session["end_reason"].as_str().unwrap_or_default().to_owned());
    line("greeting", format!("heard {} after the stream's start", opt(&session["greeting_heard_ms"], "ms")));
    let turn = &session["turn_latency_ms"];
    // The silence that the model's turn detection waits for comes on top.
    let (median, worst) = (opt(&turn["p50"], "ms"), opt(&turn["max"], "ms"));
    line(
        "turn latency",
        format!("median {median}, worst {worst}, from the turn's end as the model noticed it"),
    );
    let added = &session["added_latency_us"];
    for (name, way) in [("added, up", &added["up"]), ("added, down", &added["down"])] {
        line(name, format!("p50 {}, p99 {}", opt(&way["p50"], "us"), opt(&way["p99"], "us")));
    }
    line(
        "barge-in",
        format!("{}, cleared within {}", session["barge_ins"], opt(&session["barge_in_clear_max_us"], "us")),
    );
    let frames = &session["frames"];
    line(
        "frames",
        format!("{} in, {} forwarded, {} dropped", frames["in"], frames["forwarded"], frames["dropped"]),
    );
}
