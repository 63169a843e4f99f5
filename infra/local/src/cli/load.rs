//! `switchboard load`: what the bridge costs and adds, beside a bare relay of the same calls.

mod table;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use load::target::{self, TargetKind};
use load::{Deltas, LoadOutcome, Options, Upstream};
use tokio::process::Command;

use super::say;

#[derive(Debug, Args)]
pub(super) struct Load {
    /// Calls at the same time
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(Options::MAX_CALLS)))]
    calls: u32,
    /// How long each load is measured
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(Options::MAX_SECONDS)))]
    seconds: u32,
    /// How often the bridge and the relay are measured, in turns
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=i64::from(Options::MAX_ROUNDS)))]
    rounds: u32,
    /// How the model sends its speech
    #[arg(long, value_enum, default_value_t = Pace::Burst)]
    deltas: Pace,
    /// Short calls over and over, on the bridge alone: what stays behind
    #[arg(long)]
    churn: bool,
    /// People who listen to one of the bridge's calls
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(Options::MAX_LISTENERS)))]
    listeners: u32,
    /// TLS to the model, as on the Internet
    #[arg(long)]
    tls: bool,
    /// How long the model takes to accept a connection, in milliseconds
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(Options::MAX_CONNECT_DELAY_MS)))]
    connect_delay: u32,
    /// Sockets to the model that the bridge keeps ready
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(Options::MAX_WARM)))]
    warm: u32,
    /// Print the JSON document only
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Pace {
    /// 100 to 400 ms a delta, faster than it plays
    Burst,
    /// One delta per frame, as fast as it plays
    #[value(name = "20ms")]
    Paced,
}

#[derive(Debug, Args)]
pub(super) struct LoadTarget {
    #[arg(long, value_enum)]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Bridge,
    Relay,
}

pub(super) async fn run(args: Load) -> anyhow::Result<()> {
    let json_only = args.json;
    let options = Options {
        calls: args.calls,
        seconds: args.seconds,
        rounds: args.rounds,
        deltas: match args.deltas {
            Pace::Burst => Deltas::Burst,
            Pace::Paced => Deltas::Paced,
        },
        churn: args.churn,
        listeners: args.listeners,
        upstream: Upstream { tls: args.tls, connect_delay_ms: args.connect_delay, warm: args.warm },
    };
    if cfg!(debug_assertions) && !json_only {
        say("This is a debug build; for figures that mean something: cargo run --release -- load")?;
    }
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let command = move |kind: TargetKind| {
        let mut command = Command::new(&program);
        command.args(["load-target", "--kind", kind.as_str()]);
        command
    };
    let outcome = tokio::task::spawn_blocking(move || load::run(&options, command)).await??;
    say(serde_json::to_string_pretty(&outcome)?)?;
    match outcome {
        LoadOutcome::Load(report) => {
            if !json_only {
                table::load(&report).iter().try_for_each(say)?;
            }
            ensure!(report.valid, "the run is not valid: the generator was late, or calls failed");
        }
        LoadOutcome::Churn(churn) => {
            if !json_only {
                table::churn(&churn).iter().try_for_each(say)?;
            }
            ensure!(churn.clean, "calls left something behind, or failed");
        }
    }
    Ok(())
}

pub(super) async fn serve(args: LoadTarget) -> anyhow::Result<()> {
    let kind = match args.kind {
        Kind::Bridge => TargetKind::Bridge,
        Kind::Relay => TargetKind::Relay,
    };
    Ok(target::serve(kind).await?)
}
