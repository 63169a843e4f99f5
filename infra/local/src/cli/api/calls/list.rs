//! `switchboard calls list`.

use std::io;

use clap::{Args, ValueEnum};
use domain::turn::EndReason;
use http::Method;

use crate::cli::api::client::Client;
use crate::cli::say;

/// Which calls are listed. Filters are combined: a call has to fit all of them.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// `live` (not over), queued, initiated, ringing, in-progress, completed, busy, failed, no-answer or canceled
    #[arg(long)]
    status: Option<String>,
    /// Which way the call went
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// The number of the business that was called or called out, E.164
    #[arg(long, value_name = "E164")]
    number: Option<String>,
    /// The person at the other end, E.164
    #[arg(long, value_name = "E164")]
    party: Option<String>,
    /// Opened at this time or later, such as 2026-12-01T08:30:00Z
    #[arg(long, value_name = "TIME")]
    opened_after: Option<String>,
    /// Opened before this time
    #[arg(long, value_name = "TIME")]
    opened_before: Option<String>,
    /// The call's least duration in seconds
    #[arg(long, value_name = "SECONDS")]
    min_duration: Option<u32>,
    /// Why the call's last session ended
    #[arg(long, value_name = "WORD", value_parser = end_reason)]
    end_reason: Option<&'static str>,
    /// What the call came to, one of the business's own words
    #[arg(long, value_name = "WORD")]
    lead_status: Option<String>,
    /// Whether the recording of the conversation can be fetched
    #[arg(long, value_name = "true|false")]
    has_recording: Option<bool>,
    /// The call that was opened first comes first
    #[arg(long)]
    oldest_first: bool,
    /// Calls to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all that fit
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Direction {
    Inbound,
    Outbound,
    Test,
}

fn end_reason(word: &str) -> Result<&'static str, String> {
    EndReason::parse(word).map(EndReason::as_str).ok_or_else(|| {
        let words: Vec<&str> = EndReason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("it is one of {}", words.join(", "))
    })
}

impl List {
    fn query(&self) -> [(&'static str, Option<String>); 11] {
        let direction = self.direction.map(|direction| match direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
            Direction::Test => "test",
        });
        [
            ("status", self.status.clone()),
            ("direction", direction.map(str::to_owned)),
            ("number", self.number.clone()),
            ("party", self.party.clone()),
            ("opened_after", self.opened_after.clone()),
            ("opened_before", self.opened_before.clone()),
            ("min_duration_ms", self.min_duration.map(|seconds| (u64::from(seconds) * 1_000).to_string())),
            ("end_reason", self.end_reason.map(str::to_owned)),
            ("lead_status", self.lead_status.clone()),
            ("has_recording", self.has_recording.map(|has| has.to_string())),
            ("order", self.oldest_first.then(|| "asc".to_owned())),
        ]
    }
}

pub(super) async fn run(client: &Client, list: &List) -> anyhow::Result<()> {
    let most = if list.all { usize::MAX } else { usize::try_from(list.limit)? };
    let ask = || Ok(client.ask(Method::GET, "/calls")?.query(&list.query()));
    let found = client.walk("calls", most, ask).await?;
    let columns = [
        ("SID", "/sid"),
        ("STATUS", "/status"),
        ("DIRECTION", "/direction"),
        ("FROM", "/from"),
        ("TO", "/to"),
        ("OPENED", "/opened_at"),
        ("SECONDS", "/duration_s"),
    ];
    client.list(&found, "calls", &columns)?;
    let more = !found["next"].is_null() && !client.wants_json();
    if more { rest() } else { Ok(()) }.map_err(Into::into)
}

fn rest() -> io::Result<()> {
    say("There may be more: say --all, or a higher --limit")
}
