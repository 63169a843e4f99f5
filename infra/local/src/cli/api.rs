//! Commands over the API of a deployment or of the running local system.

mod business;
mod calls;
mod client;
mod doctor;
mod init;
mod key;
mod messages;
mod number;
mod report;
mod settings;
mod table;
mod twilio;

use clap::{Args, Subcommand};

use client::Target;

pub(super) use key::new_key;

/// A group of commands, with the API that they are asked of.
#[derive(Debug, Args)]
pub(super) struct Group<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    #[command(flatten)]
    target: Target,
}

/// One command, with the API that it is asked of.
#[derive(Debug, Args)]
pub(super) struct Single<A: Args> {
    #[command(flatten)]
    wanted: A,
    #[command(flatten)]
    target: Target,
}

/// What is asked of the API.
#[derive(Debug, Subcommand)]
pub(super) enum Area {
    /// Make a first business from questions or a TOML file; doing it again changes nothing
    Init(Single<init::Init>),
    /// Businesses: list, set up, change, suspend, resume, delete; their own Twilio accounts
    Business(Group<business::Command>),
    /// The numbers of a business, and whether Twilio sends their calls here
    Number(Group<number::Command>),
    /// API keys of a business or of the operators
    Key(Group<key::Command>),
    /// Settings: draft, validate, compare, publish, restore
    Settings(Group<settings::Command>),
    /// What the model gets: the compiled prompt
    Prompt(Single<settings::Prompt>),
    /// Calls: list, show, place, act on one in progress
    Calls(Group<calls::Command>),
    /// What callers left: list it, say that it is dealt with
    Messages(Group<messages::Command>),
    /// What a business used in a month, and what it cost
    Usage(Single<report::Usage>),
    /// Who wrote, heard or read what on a day
    Audit(Single<report::Audit>),
    /// Check a deployment from outside and inside: what is proven, what is not; exits with an error on a fault
    Doctor(Single<doctor::Doctor>),
}

/// Carries a command out.
pub(super) async fn run(area: Area) -> anyhow::Result<()> {
    match area {
        Area::Init(Single { wanted, target }) => init::run(&target.client()?, wanted).await,
        Area::Business(Group { command, target }) => business::run(&target.client()?, command).await,
        Area::Number(Group { command, target }) => number::run(&target.client()?, command).await,
        Area::Key(Group { command, target }) => key::run(&target.client()?, command).await,
        Area::Settings(Group { command, target }) => settings::run(&target.client()?, command).await,
        Area::Prompt(Single { wanted, target }) => settings::prompt(&target.client()?, wanted).await,
        Area::Calls(Group { command, target }) => calls::run(&target.client()?, command).await,
        Area::Messages(Group { command, target }) => messages::run(&target.client()?, command).await,
        Area::Usage(Single { wanted, target }) => report::usage(&target.client()?, wanted).await,
        Area::Audit(Single { wanted, target }) => report::audit(&target.client()?, wanted).await,
        Area::Doctor(Single { wanted, target }) => doctor::run(&target.client()?, wanted).await,
    }
}
