//! `switchboard business twilio`. A token is typed or piped in: what stands in a command can be seen by other programs,
//! and is kept in the shell's history.

use std::io::{self, BufRead as _, IsTerminal as _};

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use http::Method;
use serde::Serialize;

use super::client::Client;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Have its calls begin in its own account, or change that account's tokens. The token is asked for, or read from
    /// standard input
    Set {
        /// The business
        id: String,
        /// The account: AC and 32 hexadecimal digits
        account_sid: String,
        /// Ask for the account's other token as well (the second line of standard input): webhooks are accepted with both
        /// while the token is being changed
        #[arg(long)]
        previous: bool,
    },
    /// Show which account it is, and by which token, without the token
    Show {
        /// The business
        id: String,
    },
    /// Have its calls begin in the deployment's account again
    Remove {
        /// The business
        id: String,
        /// Say that it is meant
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Serialize)]
struct Account {
    account_sid: String,
    auth_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_auth_token: Option<String>,
}

fn path(id: &str) -> String {
    format!("/v1/businesses/{id}/twilio")
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Set { id, account_sid, previous } => {
            let auth_token = secret("Auth token: ")?;
            let previous_auth_token = previous.then(|| secret("The other auth token: ")).transpose()?;
            let account = Account { account_sid, auth_token, previous_auth_token };
            let answer = client.ask_at(Method::PUT, &path(&id))?.json(&account).send().await?;
            let known = answer.body["fingerprint"].as_str().unwrap_or_default().to_owned();
            let done = format_args!(
                "{id} uses its own Twilio account from now on (token {known}); `switchboard number set-up` tells Twilio \
                 where its numbers' calls go"
            );
            client.done(&answer.body, done)?;
        }
        Command::Show { id } => {
            client.show(&client.ask_at(Method::GET, &path(&id))?.send().await?.body)?;
        }
        Command::Remove { id, yes } => {
            ensure!(
                yes,
                "calls that still come from {id}'s own account would be refused: move its numbers to the deployment's \
                 account first, then say --yes"
            );
            let answer = client.ask_at(Method::DELETE, &path(&id))?.send().await?;
            client.done(&answer.body, format_args!("{id} uses the deployment's Twilio account again"))?;
        }
    }
    Ok(())
}

/// A line that is not shown as it is typed, or the next line of standard input.
fn secret(prompt: &str) -> anyhow::Result<String> {
    let stdin = io::stdin();
    let line = if stdin.is_terminal() {
        rpassword::prompt_password(prompt).context("the token cannot be read from the terminal")?
    } else {
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("the token cannot be read from standard input")?;
        line
    };
    let line = line.trim().to_owned();
    ensure!(!line.is_empty(), "no token: type it when asked, or give it on standard input");
    Ok(line)
}
