//! `switchboard redrive`: what waits in dead-letter queues is tried again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use local::redrive::{dead_letters, redrive};
use platform::aws::Aws;
use platform::env::{MapEnv, ProcessEnv};

use super::progress::Progress;
use super::running::Running;
use super::say;

const PREFIX: &str = "QUEUE_";

#[derive(Debug, clap::Args)]
pub(crate) struct Redrive {
    /// A queue of the running system, such as `transcripts`, or the URL of one in AWS, for which the usual AWS
    /// variables are read. Without it, every queue of the running system
    #[arg(value_name = "QUEUE")]
    queue: Option<String>,
    /// The running system's data folder
    #[arg(long, value_name = "DIR", default_value = ".switchboard")]
    data: PathBuf,
}

pub(super) async fn run(args: Redrive) -> anyhow::Result<()> {
    let (aws, queues) = match args.queue {
        Some(url) if url.contains("://") => {
            (Aws::load(&ProcessEnv).await?, BTreeMap::from([(url.clone(), url)]))
        }
        name => {
            let environment = Running::find(&args.data)?.environment;
            let all = environment.iter().filter_map(|(variable, url)| {
                Some((variable.strip_prefix(PREFIX)?.to_lowercase(), url.clone()))
            });
            let mut queues: BTreeMap<_, _> = all.collect();
            if let Some(name) = name {
                let Some(url) = queues.remove(&name) else {
                    let known = queues.into_keys().collect::<Vec<_>>().join(", ");
                    bail!("the running system has no queue `{name}`: its queues are {known}");
                };
                queues = BTreeMap::from([(name, url)]);
            }
            (Aws::load(&MapEnv(environment)).await?, queues)
        }
    };
    for (name, url) in queues {
        let of_queue = || format!("queue {name}");
        let progress = Progress::bar(dead_letters(&aws.sqs, &url).await.with_context(of_queue)?, false);
        progress.at(name.clone());
        let done = redrive(&aws.sqs, &url, || progress.piece()).await.with_context(of_queue)?;
        drop(progress);
        say(format_args!("{name}: {} sent again, {} kept", done.sent, done.kept.len()))?;
        for reason in done.kept {
            say(format_args!("  {reason}"))?;
        }
    }
    Ok(())
}
