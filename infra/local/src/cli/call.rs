//! `switchboard call`: one more call, against the running system or against any voice URL.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bridge::LiveEvents;
use futures_util::StreamExt as _;
use http::StatusCode;
use local::demo::{place, story};
use local::home::Identity;
use serde::{Deserialize, Serialize};
use simulator::audio::wav;
use simulator::openai::{ConnectionPlan, OpenAi};
use simulator::twilio::{CallSpec, Twilio, TwilioConfig};
use tokio::sync::mpsc;

use super::running::Running;
use super::{CallArgs, say};

/// The longest recording a caller may speak.
const MAX_WAV_BYTES: u64 = 64 * 1024 * 1024;

/// The simulated telephone network of a running system.
pub(super) struct Station {
    pub(super) twilio: Twilio,
    pub(super) openai: Option<OpenAi>,
    pub(super) live: LiveEvents,
    pub(super) target: place::CallTarget,
}

impl Station {
    /// Places a call and writes it, and then its record, to `lines`.
    pub(super) async fn place(&self, mut spec: CallSpec, lines: &mpsc::Sender<String>) -> anyhow::Result<()> {
        spec.status_callback.clone_from(&self.target.status_url);
        let outcome = place::follow(&self.twilio, spec, &self.live, lines).await;
        place::show_record(&self.target, &outcome.call_sid, lines).await?;
        let codes = outcome.debugger_codes();
        ensure!(codes.is_empty(), "Twilio's debugger has entries for this call: {codes:?}");
        Ok(())
    }
}

/// What one `switchboard` asks of another.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    from: String,
    to: String,
    /// Mu-law at 8 kHz; without it, the shipped conversation.
    mulaw: Option<Vec<u8>>,
}

pub(super) fn control(station: Option<Arc<Station>>) -> Router {
    Router::new()
        .route("/calls", post(ordered))
        .layer(axum::extract::DefaultBodyLimit::max(4 * MAX_WAV_BYTES as usize))
        .with_state(station)
}

async fn ordered(State(station): State<Option<Arc<Station>>>, Json(order): Json<Order>) -> Response {
    let Some(station) = station else {
        let why = "this system is connected to the real Twilio: call its number with a telephone";
        return (StatusCode::CONFLICT, why).into_response();
    };
    let caller = match order.mulaw {
        Some(mulaw) => {
            if let Some(openai) = &station.openai {
                openai.plan(ConnectionPlan {
                    script: Some(story::model_for_own_recording()),
                    ..Default::default()
                });
            }
            story::own_recording(mulaw)
        }
        None => story::caller(),
    };
    let spec = CallSpec::inbound(order.from, order.to, station.target.voice_url.clone(), caller);
    let (lines, shown) = mpsc::channel(place::LINES);
    tokio::spawn(async move {
        if let Err(error) = station.place(spec, &lines).await {
            let _ = lines.send(format!("switchboard: {error:#}")).await;
        }
    });
    let body = futures_util::stream::unfold(shown, |mut shown| async move {
        let mut line = shown.recv().await?;
        line.push('\n');
        Some((Ok::<_, std::convert::Infallible>(line), shown))
    });
    Body::from_stream(body).into_response()
}

pub(super) async fn run(args: CallArgs) -> anyhow::Result<()> {
    let mulaw = args.wav.as_deref().map(speech).transpose()?;
    match &args.voice_url {
        None => order(&args, mulaw).await,
        Some(voice_url) => call_elsewhere(&args, voice_url.clone(), mulaw).await,
    }
}

fn speech(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= MAX_WAV_BYTES, "{} is larger than {} MiB", path.display(), MAX_WAV_BYTES >> 20);
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mulaw = wav::read_mulaw(&bytes)
        .with_context(|| format!("{} cannot be played to a telephone line", path.display()))?;
    if wav::is_silent(&mulaw) {
        say(format_args!(
            "{} is silent from beginning to end: the caller will not be heard",
            path.display()
        ))?;
    }
    Ok(mulaw)
}

async fn order(args: &CallArgs, mulaw: Option<Vec<u8>>) -> anyhow::Result<()> {
    let running = Running::find(&args.folder.data)?;
    let order = Order { from: args.from.clone(), to: args.to.clone(), mulaw };
    let response = reqwest::Client::new()
        .post(format!("{}calls", running.control_url))
        .json(&order)
        .send()
        .await
        .context("the running system does not answer; was it stopped?")?;
    if !response.status().is_success() {
        bail!("{}", response.text().await?);
    }
    let (mut body, mut rest) = (response.bytes_stream(), String::new());
    while let Some(chunk) = body.next().await {
        let _ = write!(rest, "{}", String::from_utf8_lossy(&chunk?));
        while let Some((line, after)) = rest.split_once('\n') {
            say(line)?;
            rest = after.to_owned();
        }
    }
    Ok(())
}

/// A simulated Twilio of its own: the system called must know its account, its token and its address.
async fn call_elsewhere(args: &CallArgs, voice_url: url::Url, mulaw: Option<Vec<u8>>) -> anyhow::Result<()> {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (account_sid, auth_token) = match (var("TWILIO_ACCOUNT_SID"), var("TWILIO_AUTH_TOKEN")) {
        (Some(account_sid), Some(auth_token)) => (account_sid, auth_token),
        _ => {
            let identity = Identity::open(&args.folder.data)?;
            (identity.account_sid, identity.auth_token.expose().to_owned())
        }
    };
    let twilio = Twilio::start(TwilioConfig::new(account_sid, auth_token)).await?;
    say(format_args!("simulated Twilio REST API: TWILIO_API_URL={}", twilio.api_url()))?;
    let caller = mulaw.map_or_else(story::caller, story::own_recording);
    let mut spec = CallSpec::inbound(&args.from, &args.to, voice_url, caller);
    spec.status_callback.clone_from(&args.status_url);
    let (lines, mut shown) = mpsc::channel(place::LINES);
    let live = LiveEvents::default();
    let follow = async move { place::follow(&twilio, spec, &live, &lines).await };
    let print = async {
        while let Some(line) = shown.recv().await {
            say(line)?;
        }
        io::Result::Ok(())
    };
    let (outcome, printed) = tokio::join!(follow, print);
    printed?;
    let codes = outcome.debugger_codes();
    ensure!(codes.is_empty(), "Twilio's debugger has entries for this call: {codes:?}");
    Ok(())
}
