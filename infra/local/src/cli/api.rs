//! Commands over the API of a deployment or of the running local system.

mod appointments;
mod business;
mod calls;
mod campaigns;
mod client;
mod contacts;
mod do_not_call;
mod doctor;
mod endpoints;
mod init;
mod key;
mod leads;
mod messages;
mod notifications;
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
    /// The people whom a business knows: list them, take them in from a file, write them into one
    Contacts(Group<contacts::Command>),
    /// People of a file who are called one after another: make, start, pause, stop, and who came to what
    Campaigns(Group<campaigns::Command>),
    /// Numbers that the business does not call: list them, put one there, take one off
    DoNotCall(Group<do_not_call::Command>),
    /// Appointments: list, look for free times, book, call off
    Appointments(Group<appointments::Command>),
    /// Calendars and services: list, make, feeds and calendars of other systems
    Calendars(Group<appointments::Calendars>),
    /// Addresses at which a business is told what happened, and what became of each event on its way there
    Endpoints(Group<endpoints::Command>),
    /// Where leads come from, and those that came
    Leads(Group<leads::Command>),
    /// People of a business, and rooms of its chat, who are told of few things in words, and what became of that
    Notifications(Group<notifications::Command>),
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
        Area::Contacts(Group { command, target }) => contacts::run(&target.client()?, command).await,
        Area::Campaigns(Group { command, target }) => campaigns::run(&target.client()?, command).await,
        Area::DoNotCall(Group { command, target }) => do_not_call::run(&target.client()?, command).await,
        Area::Appointments(Group { command, target }) => appointments::run(&target.client()?, command).await,
        Area::Calendars(Group { command, target }) => {
            appointments::calendars(&target.client()?, command).await
        }
        Area::Endpoints(Group { command, target }) => endpoints::run(&target.client()?, command).await,
        Area::Leads(Group { command, target }) => leads::run(&target.client()?, command).await,
        Area::Notifications(Group { command, target }) => {
            notifications::run(&target.client()?, command).await
        }
        Area::Usage(Single { wanted, target }) => report::usage(&target.client()?, wanted).await,
        Area::Audit(Single { wanted, target }) => report::audit(&target.client()?, wanted).await,
        Area::Doctor(Single { wanted, target }) => doctor::run(&target.client()?, wanted).await,
    }
}
