//! `switchboard messages`: what callers left.

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde::Serialize;

use super::client::Client;
use crate::cli::say;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List messages and voicemails with what callers said, the newest first
    List(List),
    /// Say that one is dealt with
    Done {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Say that one is to be dealt with after all
    Undo {
        /// Its id, as `list` shows it
        id: String,
    },
}

#[derive(Serialize)]
struct Change {
    state: &'static str,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Whether they are dealt with
    #[arg(long, value_enum, default_value = "waiting")]
    state: State,
    /// Messages that the agent took, or voicemails
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Messages to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all that fit
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Waiting,
    Done,
    All,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Message,
    Voicemail,
}

impl List {
    fn query(&self) -> [(&'static str, Option<String>); 3] {
        let state = match self.state {
            State::Waiting => "waiting",
            State::Done => "done",
            State::All => "all",
        };
        let kind = self.kind.map(|kind| match kind {
            Kind::Message => "message",
            Kind::Voicemail => "voicemail",
        });
        let words = Some("words".to_owned());
        [("state", Some(state.to_owned())), ("kind", kind.map(str::to_owned)), ("include", words)]
    }
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    let (id, state) = match &command {
        Command::List(wanted) => return list(client, wanted).await,
        Command::Done { id } => (id, "done"),
        Command::Undo { id } => (id, "waiting"),
    };
    let ask = client.ask(Method::PATCH, &format!("/messages/{id}"))?;
    Ok(client.show(&ask.json(&Change { state }).send().await?.body)?)
}

async fn list(client: &Client, wanted: &List) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let ask = || Ok(client.ask(Method::GET, "/messages")?.query(&wanted.query()));
    let found = client.walk("messages", most, ask).await?;
    let columns = [
        ("ID", "/id"),
        ("TAKEN", "/taken_at"),
        ("KIND", "/kind"),
        ("FROM", "/caller"),
        ("FOR", "/recipient"),
        ("STATE", "/state"),
        ("DONE BY", "/done_by/name"),
        ("TEXT", "/text"),
    ];
    client.list(&found, "messages", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}
