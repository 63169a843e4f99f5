//! Places a call with the simulated Twilio and shows it from the first ring to the finished record.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bridge::{LiveEvent, LiveEvents};
use domain::Secret;
use simulator::twilio::{CallOutcome, CallSpec, Twilio};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

use super::{record, screen};

/// Where a call goes and how its record is read back.
#[derive(Clone)]
pub struct CallTarget {
    pub voice_url: Url,
    pub status_url: Option<Url>,
    /// The API and its key; without them the call is shown and no record is read.
    pub api: Option<(Url, Secret)>,
    /// Where a playable copy of each recording is put.
    pub recordings: PathBuf,
}

/// Lines that wait for a reader of the live view before the view skips some.
pub const LINES: usize = 1_024;

/// Follows the call and writes what happens to `lines`, one text a line.
pub async fn follow(
    twilio: &Twilio,
    spec: CallSpec,
    live: &LiveEvents,
    lines: &mpsc::Sender<String>,
) -> Arc<CallOutcome> {
    let started = Instant::now();
    let mut live = live.subscribe();
    let call = twilio.call(spec);
    let mut events = call.events();
    loop {
        let shown = tokio::select! {
            event = events.next() => match event {
                Some(event) => screen::line_event(started.elapsed(), &event),
                None => break,
            },
            event = next_live(&mut live) => match event {
                Some(event) if event.call.as_str() == call.sid() => screen::live_event(started.elapsed(), &event),
                Some(_) | None => None,
            },
        };
        if let Some(shown) = shown {
            send(lines, shown.to_string()).await;
        }
    }
    let outcome = call.finished().await;
    // The last words are transcribed after the line is dead.
    let late = async {
        while let Some(event) = next_live(&mut live).await {
            if let Some(shown) = screen::live_event(started.elapsed(), &event) {
                send(lines, shown.to_string()).await;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(300), late).await;
    outcome
}

/// Waits for the record to be complete and writes it.
pub async fn show_record(
    target: &CallTarget,
    sid: &str,
    lines: &mpsc::Sender<String>,
) -> Result<(), record::RecordError> {
    let Some((api, key)) = &target.api else { return Ok(()) };
    let record = record::complete(api, key, sid).await?;
    let copy = record::save_recording(api, key, &record, &target.recordings).await?;
    send(lines, String::new()).await;
    for line in record::show(&record, api, copy.as_deref()).lines() {
        send(lines, line.to_owned()).await;
    }
    Ok(())
}

/// A reader that went away is no reason to stop a call.
async fn send(lines: &mpsc::Sender<String>, line: String) {
    let _ = lines.send(line).await;
}

async fn next_live(live: &mut Option<tokio::sync::broadcast::Receiver<LiveEvent>>) -> Option<LiveEvent> {
    let Some(receiver) = live else { return std::future::pending().await };
    loop {
        match receiver.recv().await {
            Ok(event) => return Some(event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}
