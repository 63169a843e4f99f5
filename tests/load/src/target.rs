//! The processes under test. They are processes of their own, so that the kernel tells what they cost.

mod product;
mod relay;

use std::io::{BufRead as _, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use domain::Secret;
use domain::token::TokenKey;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::model::{self, ModelEnd};
use crate::options::{Options, Upstream};
use crate::process::{ProcessError, Usage};
use crate::script::Deltas;
use crate::tls::{self, TlsError};

/// What the bridge is told and signs for; the port it listens at is behind it.
pub(crate) const STREAM_URL: &str = "wss://media.load.example/twilio/stream";
/// The origin of the pages that may listen.
pub(crate) const CONSOLE_ORIGIN: &str = "https://calls.load.example";
pub(crate) const STREAM_PATH: &str = "/twilio/stream";
pub(crate) const ACCOUNT_SID: &str = "AC00000000000000000000000000000000";
pub(crate) const AUTH_TOKEN: &str = "00000000000000000000000000000000";
/// Calls that may be ending while others begin, in addition to those that are measured.
const CALLS_MARGIN: u32 = 8;

const START_DEADLINE: Duration = Duration::from_secs(20);
const READY_POLL: Duration = Duration::from_millis(20);
/// The start's line is a few hundred bytes.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// What carries the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The product.
    Bridge,
    /// The least that connects the two sockets: the baseline.
    Relay,
}

impl TargetKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a target needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TargetConfig {
    pub(crate) max_calls: u32,
    /// Where the model listens.
    pub(crate) model: SocketAddr,
    /// The certificate it shows, if it speaks TLS; base64 of DER.
    pub(crate) certificate: Option<String>,
    /// Sockets to keep ready.
    pub(crate) warm: u32,
}

impl TargetConfig {
    fn realtime_url(&self) -> Result<Url, TargetError> {
        let scheme = if self.certificate.is_some() { "wss" } else { "ws" };
        let url = format!("{scheme}://{}/v1/realtime", self.model);
        Url::parse(&url).map_err(|error| TargetError::Setup(error.to_string()))
    }
}

/// What a target says when it is ready.
#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    address: SocketAddr,
}

#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("the process under test cannot be started: {0}")]
    Spawn(std::io::Error),
    #[error("the process under test was not ready within {} s", START_DEADLINE.as_secs())]
    NotReady,
    #[error("the process under test kept no sockets ready within {} s", START_DEADLINE.as_secs())]
    NotWarm,
    #[error("the process under test ended at its start, see its messages above")]
    Ended,
    #[error("the load tool and the process under test do not understand each other: {0}")]
    Talk(#[from] serde_json::Error),
    #[error("cannot talk to the process under test: {0}")]
    Io(#[from] std::io::Error),
    #[error("the process under test does not accept its settings: {0}")]
    Setup(String),
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running target and the model's listener that it connects to. It ends with this value.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) kind: TargetKind,
    pub(crate) pid: u32,
    pub(crate) model: Arc<ModelEnd>,
    _serving: JoinSet<()>,
    /// Whatever has to stay for the target to run.
    _process: Option<Child>,
}

impl Target {
    pub(crate) async fn spawn(
        kind: TargetKind,
        options: &Options,
        command: impl Fn(TargetKind) -> Command,
    ) -> Result<Self, TargetError> {
        let (model, config) = model_for(kind, options.calls, options.deltas, options.upstream).await?;
        let mut process = command(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(TargetError::Spawn)?;
        let (Some(stdin), Some(stdout)) = (process.stdin.as_mut(), process.stdout.take()) else {
            return Err(TargetError::Ended);
        };
        let mut line = serde_json::to_vec(&config)?;
        line.push(b'\n');
        stdin.write_all(&line).await?;
        let mut answer = String::new();
        let mut stdout = BufReader::new(stdout);
        let read = timeout(START_DEADLINE, stdout.read_line(&mut answer));
        if read.await.map_err(|_| TargetError::NotReady)?? == 0 {
            return Err(TargetError::Ended);
        }
        let Ready { address } = serde_json::from_str(&answer)?;
        let pid = process.id().ok_or(TargetError::Ended)?;
        Ok(Self::new(address, (kind, pid), model, Some(process)))
    }

    /// A target within this process, on a thread and a runtime of its own.
    #[cfg(test)]
    pub(crate) async fn within(
        kind: TargetKind,
        calls: u32,
        deltas: Deltas,
        upstream: Upstream,
    ) -> Result<Self, TargetError> {
        let (model, config) = model_for(kind, calls, deltas, upstream).await?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async { carry(kind, config, TcpListener::from_std(listener)?).await })
        });
        Ok(Self::new(address, (kind, std::process::id()), model, None))
    }

    fn new(
        address: SocketAddr,
        (kind, pid): (TargetKind, u32),
        model: Arc<ModelEnd>,
        process: Option<Child>,
    ) -> Self {
        let mut serving = JoinSet::new();
        serving.spawn(model::serve(Arc::clone(&model)));
        Self { address, kind, pid, model, _serving: serving, _process: process }
    }

    /// Waits until every socket that is to be kept ready is.
    pub(crate) async fn warmed_up(&self) -> Result<(), TargetError> {
        let warm = async {
            while !self.model.is_warm() {
                sleep(READY_POLL).await;
            }
        };
        timeout(START_DEADLINE, warm).await.map_err(|_| TargetError::NotWarm)
    }

    pub(crate) fn usage(&self) -> Result<Usage, ProcessError> {
        Usage::of(self.pid)
    }
}

async fn model_for(
    kind: TargetKind,
    calls: u32,
    deltas: Deltas,
    upstream: Upstream,
) -> Result<(Arc<ModelEnd>, TargetConfig), TargetError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (tls, certificate) =
        if upstream.tls { tls::server().map(|(tls, cert)| (Some(tls), Some(cert)))? } else { (None, None) };
    let model = listener.local_addr()?;
    let warm = if kind == TargetKind::Bridge { upstream.warm } else { 0 };
    let config = TargetConfig { max_calls: calls + CALLS_MARGIN, model, certificate, warm };
    let connect_delay = Duration::from_millis(u64::from(upstream.connect_delay_ms));
    Ok((Arc::new(ModelEnd::new(listener, tls, connect_delay, deltas, warm)), config))
}

/// The program of a target: reads its configuration from standard input, says on standard output where it
/// listens, and carries calls until standard input ends, which it does with the process that started it.
///
/// # Errors
/// When the configuration is not one, or nothing can be listened at.
pub async fn serve(kind: TargetKind) -> Result<(), TargetError> {
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_LINE_BYTES).read_line(&mut line)?;
    let config: TargetConfig = serde_json::from_str(&line)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut ready = serde_json::to_vec(&Ready { address: listener.local_addr()? })?;
    ready.push(b'\n');
    std::io::stdout().write_all(&ready)?;
    std::io::stdout().flush()?;
    let parent_left = tokio::task::spawn_blocking(|| std::io::stdin().lock().read_to_end(&mut Vec::new()));
    tokio::select! {
        done = carry(kind, config, listener) => done,
        _ = parent_left => Ok(()),
    }
}

async fn carry(kind: TargetKind, config: TargetConfig, listener: TcpListener) -> Result<(), TargetError> {
    match kind {
        TargetKind::Bridge => product::run(config, listener).await,
        TargetKind::Relay => relay::run(config, listener).await,
    }
}

/// The key of the stream tokens. Both sides make it, so it need not be told.
pub(crate) fn token_key() -> Result<TokenKey, TargetError> {
    TokenKey::new(Secret::new("0".repeat(TokenKey::MIN_BYTES)))
        .map_err(|error| TargetError::Setup(error.to_string()))
}

pub(crate) fn call_sid(call: u32) -> String {
    format!("CA{call:032x}")
}

/// The prompt of a call. It ends with the call's sid, by which the model's end knows which one it is.
pub(crate) fn instructions(call_sid: &str) -> String {
    format!(
        "You are Robin, the assistant of a bicycle workshop. Answer in one or two short sentences, as one does \
         on the telephone. Never invent a price or an appointment. This is call {call_sid}"
    )
}

/// The inverse of [`instructions`].
pub(crate) fn call_of_instructions(instructions: &str) -> Option<u32> {
    let (_, sid) = instructions.rsplit_once("CA")?;
    u32::from_str_radix(sid, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_recognises_a_call_by_its_instructions() {
        for call in [0, 17, 499] {
            assert_eq!(call_of_instructions(&instructions(&call_sid(call))), Some(call));
        }
        assert_eq!(call_of_instructions("You are Robin."), None);
    }
}
