//! `<Record>`: what the caller leaves on the answering machine. `<Start><Recording>`: the call itself.

use std::sync::Arc;

use url::Url;

use super::Runner;
use super::document::Loaded;
use super::program::AfterVerb;
use super::verbs::owned;
use crate::twilio::ear::is_audible;
use crate::twilio::events::WebhookKind;
use crate::twilio::line::{FRAME_MS, Heard};
use crate::twilio::lock;
use crate::twilio::recording::Recording;
use crate::twilio::spec::{RecordingRequest, RecordingSource, TwimlSource};
use crate::twilio::twiml::{ActionAddress, RecordVerb, RecordingNoun};
use crate::twilio::webhooks::Webhook;

/// A message that is being taken, and where to ask when it is over.
pub(super) struct Message {
    recording: Arc<Recording>,
    action: Option<TwimlSource>,
}

impl Runner {
    /// Records until a key, the longest silence or the longest message; then asks the `action`, which is
    /// the document itself unless given. When the caller hangs up it is told as well (`Digits=hangup`, Twilio's
    /// Record docs), and its answer is not followed.
    pub(super) async fn record(&self, document: &Loaded, verb: &RecordVerb) -> AfterVerb {
        if verb.play_beep {
            self.beep().await;
        }
        let status_callback = self.address(document, verb.status_callback.as_ref());
        let recording = self.call.start_recording(
            &self.account,
            RecordingRequest {
                dual: false,
                trim: false,
                status_callback,
                events: Vec::new(),
                source: RecordingSource::RecordVerb,
            },
        );
        let here = ActionAddress { url: String::new(), get: false };
        let action = verb.action.as_ref().unwrap_or(&here);
        *lock(&self.call.message) =
            Some(Message { recording: Arc::clone(&recording), action: document.resolve(&self.call, action) });
        let digits = self.listen_to_message(verb).await;
        lock(&self.call.message).take();
        self.call.line.detach();
        self.call.stop_recording(&self.account, &recording, self.call.line.since(recording.from));
        self.go_to(document, action, self.about_message(&recording, digits))
    }

    fn about_message(&self, recording: &Recording, digits: String) -> Vec<(String, String)> {
        owned(vec![
            ("RecordingUrl", recording.url(&self.account)),
            ("RecordingSid", recording.sid.clone()),
            ("RecordingDuration", recording.duration_s().to_string()),
            ("Digits", digits),
        ])
    }

    /// Tells the `action` of a message that was being taken as the call ended.
    pub(super) async fn message_ended_by_hanging_up(&self) {
        let Some(Message { recording, action: Some(TwimlSource::Url { url, get }) }) =
            lock(&self.call.message).take()
        else {
            return;
        };
        let mut params = self.call.params(&self.account.config.account_sid);
        params.extend(self.about_message(&recording, "hangup".to_owned()));
        // The caller is gone, so the answer is heard by no one; a failure is in the log.
        let _ = super::post(&self.account, &self.call, &Webhook::new(WebhookKind::Action, url, get, params))
            .await;
    }

    /// Records from here to the end of the call, whatever is done meanwhile. A call that is recorded so already is not
    /// recorded twice.
    pub(super) fn record_in_background(&self, document: &Loaded, noun: &RecordingNoun) {
        let source = RecordingSource::StartCallRecordingTwiml;
        if self.call.spec.faults.recording.never_begins || self.call.is_recorded_by(source) {
            return;
        }
        let request = RecordingRequest {
            dual: noun.dual,
            trim: noun.trim,
            status_callback: self.address(document, noun.status_callback.as_ref()),
            events: noun.events.clone(),
            source,
        };
        self.call.start_recording(&self.account, request);
    }

    fn address(&self, document: &Loaded, target: Option<&ActionAddress>) -> Option<Url> {
        document.resolve_url(&self.call, &target?.url)
    }

    /// Returns the key that ended the message, or nothing.
    async fn listen_to_message(&self, verb: &RecordVerb) -> String {
        let (_, mut heard) = self.call.line.listen();
        let (mut length_ms, mut quiet_ms) = (0, 0);
        while length_ms < verb.max_length_s.saturating_mul(1_000)
            && quiet_ms < verb.timeout_s.saturating_mul(1_000)
        {
            match heard.recv().await {
                Some(Heard::Frame(frame)) => {
                    length_ms += FRAME_MS;
                    let spoke = frame.is_some_and(|frame| frame.iter().any(|&byte| is_audible(byte)));
                    quiet_ms = if spoke { 0 } else { quiet_ms + FRAME_MS };
                }
                Some(Heard::Digit(digit)) if verb.finish_on_key.contains(digit) => return digit.to_string(),
                Some(Heard::Digit(_) | Heard::Mark(_)) => {}
                None => break,
            }
        }
        String::new()
    }
}
