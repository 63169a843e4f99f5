//! `<Record>`: what the caller leaves on the answering machine.

use super::Runner;
use super::document::Loaded;
use super::program::Next;
use super::verbs::owned;
use crate::twilio::ear::is_audible;
use crate::twilio::line::{FRAME_MS, Heard};
use crate::twilio::spec::{RecordingRequest, RecordingSource, TwimlSource};
use crate::twilio::twiml::{RecordVerb, Target};

impl Runner {
    /// Records until a key, the longest silence or the longest message; then asks the `action`, which is
    /// the document itself unless given. A caller who hangs up leaves the recording and no action.
    pub(super) async fn record(&self, document: &Loaded, verb: &RecordVerb) -> Next {
        if verb.play_beep {
            self.beep().await;
        }
        let status_callback =
            verb.status_callback.as_ref().and_then(|target| document.resolve(&self.call, target)).and_then(
                |source| match source {
                    TwimlSource::Url { url, .. } => Some(url),
                    TwimlSource::Inline(_) => None,
                },
            );
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
        let digits = self.listen_to_message(verb).await;
        self.call.line.detach();
        self.call.stop_recording(&self.account, &recording, self.call.line.since(recording.from));
        let extra = owned(vec![
            ("RecordingUrl", recording.url(&self.account)),
            ("RecordingSid", recording.sid.clone()),
            ("RecordingDuration", recording.duration_s().to_string()),
            ("Digits", digits),
        ]);
        let here = Target { url: String::new(), get: false };
        self.go_to(document, verb.action.as_ref().unwrap_or(&here), extra)
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
