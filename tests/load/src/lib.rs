//! The load tool: many calls on a bridge in a process of its own, over real sockets, both ends played here.
//!
//! Every piece of audio carries its call, its number and the time it was sent, so each end recovers from the
//! sound alone what the bridge added, lost or reordered. The same calls are then played to a bare relay, in
//! turns with the bridge, because a figure of a shared machine means little without one to hold it against.
//!
//! | module | what it alone knows |
//! |---|---|
//! | `script` | what is said when: lengths, pace, interruptions |
//! | `caller` | Twilio's end of a call |
//! | `model` | the Realtime API's end of a call |
//! | `listeners` | people who listen to a call meanwhile |
//! | `ledger` | what was sent, what arrived, and what that means |
//! | `tls` | the certificate that the model's end shows |
//! | `target` | the processes under test: the bridge and the relay |
//! | `wave` | one load on one process |
//! | `churn` | short calls, over and over: what stays behind |
//! | `report`, `bars` | the figures, their medians, and what they are held against |

mod alarm;
mod bars;
mod caller;
mod churn;
mod histogram;
mod ledger;
mod listeners;
mod model;
mod options;
mod process;
mod pulse;
mod report;
mod script;
pub mod target;
mod tls;
mod wave;

use tokio::process::Command;

pub use bars::Bar;
pub use churn::{ChurnReport, Wave};
pub use options::{InvalidOptions, Options, Upstream};
pub use process::ProcessError;
pub use report::{Figures, Latency, Medians, Report, Round};
pub use script::Deltas;
use target::{Target, TargetError, TargetKind};

/// What the tool found out.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadOutcome {
    Load(Box<Report>),
    Churn(ChurnReport),
}

#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Options(#[from] InvalidOptions),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("the process under test cannot be measured: {0}")]
    Process(#[from] ProcessError),
    #[error("the load generator cannot be set up: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs the whole measurement; blocks for as long as it takes.
///
/// `command` makes the command that starts a target: a process that calls [`target::serve`].
///
/// # Errors
/// When options are out of bounds, or a target cannot be started or dies.
pub fn run(options: &Options, command: impl Fn(TargetKind) -> Command) -> Result<LoadOutcome, LoadError> {
    options.check()?;
    // One thread: the two ends share a clock and a ledger, and the targets get the other cores.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if options.churn {
            let target = Target::spawn(TargetKind::Bridge, options, command).await?;
            return Ok(LoadOutcome::Churn(churn::run(options, &target).await?));
        }
        let mut rounds = vec![];
        for _ in 0..options.rounds {
            for kind in [TargetKind::Bridge, TargetKind::Relay] {
                let target = Target::spawn(kind, options, &command).await?;
                let figures = wave::measure(options, &target).await?;
                rounds.push(Round { target: kind, figures });
            }
        }
        Ok(LoadOutcome::Load(Box::new(Report::new(options.clone(), rounds))))
    })
}

#[cfg(test)]
mod tests;
