//! The command line.

mod api;
mod call;
mod load;
mod progress;
mod providers;
mod redrive;
mod running;
mod text;
mod tool_key;
mod up;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use platform::env::ProcessEnv;
use url::Url;

/// An AI phone call centre, whole, on one machine.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: Up,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything, place a demonstration call, stay up (the default)
    Up(Up),
    /// Place one call against the running system, or against any voice URL
    Call(CallArgs),
    /// Text with the running system: lines typed are texts, replies and what became of them are shown
    Text(text::Text),
    /// Print the environment in which the bins, the AWS CLI or boto3 talk to the running system
    Env(Folder),
    /// Try again what waits in dead-letter queues; what is no job at all stays there
    Redrive(redrive::Redrive),
    #[command(flatten)]
    Api(api::Area),
    /// Print a new operator's key, for `operator_key` of the deployment's secret
    NewKey,
    /// Print a script that completes these commands in a shell
    Completions {
        /// The shell that they are for
        shell: clap_complete::Shell,
    },
    /// Print the key that signs requests to a business's own tools
    ToolKey(tool_key::ToolKey),
    /// Measure the bridge against a bare relay: added latency, CPU and memory, interruptions
    Load(load::Load),
    /// What `load` starts and measures
    #[command(hide = true)]
    LoadTarget(load::LoadTarget),
    /// The bridge by itself, as its own binary is: settings from the environment
    #[command(hide = true)]
    Bridge,
}

#[derive(Debug, Args)]
struct Folder {
    /// Holds DynamoDB, S3, pending queue messages and keys across restarts
    #[arg(long, value_name = "DIR", default_value = ".switchboard")]
    data: PathBuf,
}

#[derive(Debug, Args)]
struct Up {
    #[command(flatten)]
    folder: Folder,
    /// Port of the API; the media stream takes the next one. 0 takes any two free ones
    #[arg(long, default_value_t = 8480)]
    port: u16,
    /// Exit after the demonstration call
    #[arg(long)]
    once: bool,
    /// Start without a demonstration call
    #[arg(long, conflicts_with = "once")]
    no_call: bool,
    /// Where Twilio reaches the API, when a real account calls (a tunnel to --port)
    #[arg(long, env = "PUBLIC_BASE_URL", value_name = "URL")]
    public_base_url: Option<Url>,
    /// Where Twilio reaches the media stream (a tunnel to the media port, path /twilio/stream)
    #[arg(long, env = "STREAM_URL", value_name = "URL")]
    stream_url: Option<Url>,
    /// A value for a parameter of the template, such as ApiRequestsPerMinute=6000; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// The number that the demonstration business answers at
    #[arg(long, default_value = local::demo::business::NUMBER, value_name = "E164")]
    number: String,
}

#[derive(Debug, Args)]
struct CallArgs {
    #[command(flatten)]
    folder: Folder,
    /// What the caller says: mono PCM WAV, 16 bits, 8 or 16 kHz. Without it, the shipped conversation
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
    /// Call this voice URL instead of the running system
    #[arg(long, value_name = "URL")]
    voice_url: Option<Url>,
    /// Where status callbacks of such a call go
    #[arg(long, value_name = "URL", requires = "voice_url")]
    status_url: Option<Url>,
    /// The caller's number, or a word such as `anonymous`
    #[arg(long, default_value = local::demo::business::CALLER)]
    from: String,
    /// The number called
    #[arg(long, default_value = local::demo::business::NUMBER)]
    to: String,
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Every error reaches the user as one readable line.
pub(crate) fn run(cli: Cli) -> ExitCode {
    platform::tls::install();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::anyhow!("no async runtime: {error}")),
    };
    let done: anyhow::Result<ExitCode> = runtime.block_on(async {
        let done = match cli.command.unwrap_or(Command::Up(cli.up)) {
            Command::Up(args) => Box::pin(up::run(args)).await,
            Command::Call(args) => call::run(args).await,
            Command::Text(args) => text::run(args).await,
            Command::Api(area) => Box::pin(api::run(area)).await,
            Command::NewKey => api::new_key(),
            Command::Completions { shell } => {
                clap_complete::generate(shell, &mut Cli::command(), "switchboard", &mut io::stdout());
                Ok(())
            }
            Command::Redrive(args) => redrive::run(args).await,
            Command::Env(args) => running::print_environment(&args.data),
            Command::ToolKey(args) => tool_key::run(args),
            Command::Load(args) => load::run(args).await,
            Command::LoadTarget(args) => load::serve(args).await,
            Command::Bridge => return Ok(bridge::process::run(&ProcessEnv).await),
        };
        done.map(|()| ExitCode::SUCCESS)
    });
    match done {
        Ok(code) => code,
        // The reader closed the pipe: `switchboard env | head -1`.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Nothing is left to tell it to if standard error is closed, too.
    let _ = writeln!(io::stderr(), "switchboard: {error:#}");
    ExitCode::FAILURE
}

/// The terminal is this program's product.
fn say(line: impl std::fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests;
