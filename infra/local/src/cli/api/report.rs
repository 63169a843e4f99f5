//! `switchboard usage` and `switchboard audit`.

use clap::Args;
use http::Method;

use super::client::Client;

#[derive(Debug, Args)]
pub(in crate::cli) struct Usage {
    /// A month such as 2026-11; this one without it
    #[arg(long)]
    month: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    /// A day in UTC such as 2026-11-29; today without it
    #[arg(long)]
    day: Option<String>,
}

pub(super) async fn usage(client: &Client, wanted: Usage) -> anyhow::Result<()> {
    let answer = client.ask(Method::GET, "/usage")?.query(&[("month", wanted.month)]).send().await?;
    client.show(&answer.body)?;
    Ok(())
}

pub(super) async fn audit(client: &Client, wanted: Audit) -> anyhow::Result<()> {
    let answer = client.ask(Method::GET, "/audit")?.query(&[("day", wanted.day)]).send().await?;
    let columns = [
        ("AT", "/at"),
        ("KEY", "/key"),
        ("METHOD", "/method"),
        ("PATH", "/path"),
        ("STATUS", "/status"),
        ("SOURCE", "/source"),
    ];
    client.list(&answer.body, "entries", &columns)?;
    Ok(())
}
