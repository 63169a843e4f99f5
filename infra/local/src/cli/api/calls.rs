//! `switchboard calls`. The command `call` places a simulated call against a local system; these are about real ones.

mod list;

use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;

use super::client::Client;

/// Every part of a call's record.
const EVERYTHING: &str = "events,turns,messages,session,recordings,transcript,insights,cost";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List calls, the newest first
    List(Box<list::List>),
    /// Show what is known of a call
    Show {
        /// The call's sid: CA and 32 hexadecimal digits
        sid: String,
        /// What is shown besides the call itself
        #[arg(long, value_name = "PARTS", default_value = EVERYTHING)]
        include: String,
    },
    /// Place a call
    Place(New),
    /// Act on a call in progress
    Act {
        /// The call's sid: CA and 32 hexadecimal digits
        sid: String,
        #[command(subcommand)]
        action: Action,
    },
}

#[derive(Debug, Args, Serialize)]
pub(in crate::cli) struct New {
    /// A number of the business, E.164
    #[arg(long)]
    from: String,
    /// The number to call, E.164
    #[arg(long)]
    to: String,
    /// Why, for the agent to say
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What the agent should know
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    /// Names the order: repeating it places no second call. Made at random if it is left out
    #[arg(long, value_name = "KEY")]
    #[serde(skip)]
    once: Option<String>,
}

#[derive(Debug, Subcommand, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(in crate::cli) enum Action {
    /// End the call with a goodbye
    End,
    /// Hand the caller over to an entry of the directory
    Transfer {
        /// The entry's id
        to: String,
    },
    /// Have the agent say exactly this
    Say {
        /// The words
        text: String,
    },
    /// Tell the agent something that the caller does not hear
    NoteToAgent {
        /// The words
        text: String,
    },
    /// Silence the agent
    MuteAgent,
    /// Let the agent speak again
    UnmuteAgent,
    /// Cancel an outbound call that still rings
    Cancel,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(list) => list::run(client, &list).await?,
        Command::Show { sid, include } => {
            let ask = client.ask(Method::GET, &format!("/calls/{sid}"))?;
            client.show(&ask.query(&[("include", Some(include))]).send().await?.body)?;
        }
        Command::Place(new) => {
            let once = match &new.once {
                Some(once) => once.clone(),
                None => random()?,
            };
            let ask = client.ask(Method::POST, "/calls")?.header("idempotency-key", &once);
            let answer = ask.json(&new).send().await?;
            client.done(&answer.body, answer.body["sid"].as_str().unwrap_or_default())?;
        }
        Command::Act { sid, action } => {
            let path = match action {
                Action::Cancel => format!("/calls/{sid}/cancel"),
                _ => format!("/calls/{sid}/actions"),
            };
            let ask = client.ask(Method::POST, &path)?.header("idempotency-key", random()?);
            let ask = if let Action::Cancel = action { ask } else { ask.json(&action) };
            client.show(&ask.send().await?.body)?;
        }
    }
    Ok(())
}

pub(super) fn random() -> anyhow::Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
    Ok(hex::encode(bytes))
}
