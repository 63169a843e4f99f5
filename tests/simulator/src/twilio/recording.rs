//! Recordings of calls: their audio, their callbacks, and the WAV file behind the link.

use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use strum::IntoStaticStr;
use uuid::Uuid;

use super::account::Account;
use super::call::{CallState, post, rfc2822};
use super::ear::is_audible;
use super::events::{LineRecording, WebhookKind};
use super::lock;
use super::spec::{MediaFault, RecordingFaults, RecordingRequest, RecordingSource};
use super::webhooks::Webhook;
use crate::audio::{mulaw, wav::RATE_HZ};

/// A recording's status, in Twilio's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum RecordingStatus {
    /// The call goes on.
    InProgress,
    /// The media can be downloaded.
    Completed,
    /// The media is gone.
    Deleted,
    /// There is no media and there will be none.
    Absent,
}

impl RecordingStatus {
    /// The value of `status` in the REST API.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One recording of a call.
pub(crate) struct Recording {
    pub(crate) sid: String,
    pub(crate) call_sid: String,
    pub(crate) request: RecordingRequest,
    /// Where on the line it begins, in samples.
    pub(crate) from: usize,
    pub(crate) started: Timestamp,
    state: Mutex<State>,
    /// What goes wrong with it, downloads excepted.
    faults: RecordingFaults,
    media_faults: Mutex<VecDeque<MediaFault>>,
}

struct State {
    status: RecordingStatus,
    audio: Arc<LineRecording>,
    withheld: bool,
}

impl Recording {
    pub(crate) fn new(
        call_sid: String,
        request: RecordingRequest,
        from: usize,
        started: Timestamp,
        faults: RecordingFaults,
    ) -> Self {
        Self {
            sid: format!("RE{}", Uuid::new_v4().simple()),
            call_sid,
            request,
            from,
            started,
            state: Mutex::new(State {
                status: RecordingStatus::InProgress,
                audio: Arc::default(),
                withheld: faults.withheld,
            }),
            media_faults: Mutex::new(faults.media.clone().into()),
            faults,
        }
    }

    pub(crate) fn complete(&self, mut audio: LineRecording) {
        if self.request.trim {
            audio = trimmed(&audio);
        }
        let mut state = lock(&self.state);
        (state.status, state.audio) = (RecordingStatus::Completed, Arc::new(audio));
    }

    pub(crate) fn delete(&self) {
        self.end(RecordingStatus::Deleted);
    }

    /// Ends what was started by the product without media, if that is what goes wrong with it.
    pub(crate) fn comes_to_nothing(&self) -> bool {
        let absent = self.error_code().is_some();
        if absent {
            self.end(RecordingStatus::Absent);
        }
        absent
    }

    /// Why there is no media.
    pub(crate) fn error_code(&self) -> Option<u32> {
        match self.request.source {
            RecordingSource::StartCallRecordingApi | RecordingSource::StartCallRecordingTwiml => {
                self.faults.absent
            }
            RecordingSource::OutboundApi | RecordingSource::RecordVerb | RecordingSource::Trunking => None,
        }
    }

    fn end(&self, status: RecordingStatus) {
        let mut state = lock(&self.state);
        (state.status, state.audio) = (status, Arc::default());
    }

    /// Whether the list and the media are as far as the callback is.
    pub(crate) fn is_to_be_found(&self) -> bool {
        !lock(&self.state).withheld
    }

    pub(crate) fn release(&self) {
        lock(&self.state).withheld = false;
    }

    pub(crate) const fn is_encrypted(&self) -> bool {
        self.faults.encrypted
    }

    /// What a key of the account's is needed for.
    pub(crate) fn encryption_details(&self) -> Value {
        json!({ "encrypted_cek": "Wm9v".repeat(86), "iv": "8I2hhNIYNTrwxfHk", "public_key_sid": self.sid.replace("RE", "CR") })
    }

    pub(crate) fn status(&self) -> RecordingStatus {
        lock(&self.state).status
    }

    pub(crate) fn audio(&self) -> Arc<LineRecording> {
        Arc::clone(&lock(&self.state).audio)
    }

    /// Whole seconds, rounded up so that a short recording is not an empty one.
    pub(crate) fn duration_s(&self) -> u64 {
        mulaw::duration_ms(&self.audio().agent).div_ceil(1_000)
    }

    pub(crate) const fn channels(&self) -> u16 {
        if self.request.dual { 2 } else { 1 }
    }

    /// The media's address without an extension, as callbacks give it.
    pub(crate) fn url(&self, account: &Account) -> String {
        account.resource_url(&format!("Recordings/{}", self.sid))
    }

    /// The fault of the next download.
    pub(crate) fn next_fault(&self) -> Option<MediaFault> {
        lock(&self.media_faults).pop_front()
    }

    /// Sends the callback of an event if it is wanted, with the faults of the call.
    pub(crate) fn announce(&self, account: &Arc<Account>, call: &Arc<CallState>, event: &'static str) {
        let wanted = match self.request.events.as_slice() {
            [] => event == "completed",
            events => events.iter().any(|wanted| wanted == event),
        };
        let faults = &self.faults;
        let Some(url) = self.request.status_callback.clone().filter(|_| wanted && !faults.callback_lost)
        else {
            return;
        };
        let (copies, mut delay) = (faults.callback_copies, faults.callback_delay);
        if event == "completed" {
            delay += account.config.recording_ready_after;
        }
        let mut params = vec![
            ("AccountSid", account.config.account_sid.clone()),
            ("CallSid", self.call_sid.clone()),
            ("RecordingSid", self.sid.clone()),
            ("RecordingUrl", self.url(account)),
            ("RecordingStatus", event.to_owned()),
            ("RecordingChannels", self.channels().to_string()),
            ("RecordingStartTime", rfc2822(self.started)),
            ("RecordingSource", self.request.source.as_str().to_owned()),
            ("RecordingTrack", "both".to_owned()),
        ];
        if event == "completed" {
            let duration = faults.duration.map_or_else(|| self.duration_s().to_string(), str::to_owned);
            params.push(("RecordingDuration", duration));
            params.push(("ErrorCode", "0".to_owned()));
            if self.is_encrypted() {
                params.push(("EncryptionDetails", self.encryption_details().to_string()));
            }
        }
        if let Some(code) = self.error_code().filter(|_| event == "absent") {
            params.push(("ErrorCode", code.to_string()));
        }
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let webhook = Webhook::new(WebhookKind::RecordingStatus, url, false, params);
        let (posting_account, call) = (Arc::clone(account), Arc::clone(call));
        account.spawn(async move {
            tokio::time::sleep(delay).await;
            for _ in 0..=copies {
                // A callback that fails is in the log and has no other effect.
                let _ = post(&posting_account, &call, &webhook).await;
            }
        });
    }

    /// The file: PCM16 at 8 kHz, the person on the first channel and the agent on the second, of a trunk's the other way
    /// round, or both mixed.
    pub(crate) fn wav(&self, channels: u16) -> Result<Vec<u8>, hound::Error> {
        let audio = self.audio();
        let spec = hound::WavSpec {
            channels,
            sample_rate: RATE_HZ,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec)?;
        for (&caller, &agent) in audio.caller.iter().zip(&audio.agent) {
            let (caller, agent) = (mulaw::decode(caller), mulaw::decode(agent));
            if channels == 2 && self.request.source == RecordingSource::Trunking {
                writer.write_sample(agent)?;
                writer.write_sample(caller)?;
            } else if channels == 2 {
                writer.write_sample(caller)?;
                writer.write_sample(agent)?;
            } else {
                match self.request.source {
                    RecordingSource::RecordVerb => writer.write_sample(caller)?,
                    RecordingSource::OutboundApi
                    | RecordingSource::StartCallRecordingApi
                    | RecordingSource::StartCallRecordingTwiml
                    | RecordingSource::Trunking => {
                        writer.write_sample(caller.saturating_add(agent))?;
                    }
                }
            }
        }
        writer.finalize()?;
        Ok(file.into_inner())
    }
}

/// Without the silence common to both channels at the start and the end.
fn trimmed(audio: &LineRecording) -> LineRecording {
    let sound = |at: &usize| is_audible(audio.caller[*at]) || is_audible(audio.agent[*at]);
    let length = audio.caller.len().min(audio.agent.len());
    let (Some(first), Some(last)) = ((0..length).find(sound), (0..length).rfind(sound)) else {
        return LineRecording::default();
    };
    LineRecording { caller: audio.caller[first..=last].to_vec(), agent: audio.agent[first..=last].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(dual: bool, trim: bool, source: RecordingSource) -> Recording {
        let request = RecordingRequest { dual, trim, status_callback: None, events: Vec::new(), source };
        let recording =
            Recording::new("CA1".into(), request, 0, Timestamp::UNIX_EPOCH, RecordingFaults::default());
        let channel = |byte: u8, from: usize| -> Vec<u8> {
            (0..800).map(|at| if (from..from + 80).contains(&at) { byte } else { mulaw::SILENCE }).collect()
        };
        recording.complete(LineRecording { caller: channel(0x10, 100), agent: channel(0x90, 300) });
        recording
    }

    fn samples(wav: Vec<u8>) -> (u16, Vec<i16>) {
        let mut reader = hound::WavReader::new(Cursor::new(wav)).unwrap();
        (reader.spec().channels, reader.samples::<i16>().map(Result::unwrap).collect())
    }

    #[test]
    fn a_dual_file_holds_the_person_first_and_the_agent_second() {
        let (channels, samples) =
            samples(recording(true, false, RecordingSource::OutboundApi).wav(2).unwrap());
        assert_eq!((channels, samples.len()), (2, 1_600));
        let first_sound =
            |channel: usize| samples.iter().skip(channel).step_by(2).position(|s| s.abs() > 256);
        assert_eq!((first_sound(0), first_sound(1)), (Some(100), Some(300)));
    }

    /// Case C22.
    #[test]
    fn a_trunks_file_holds_the_agent_first() {
        let (_, samples) = samples(recording(true, false, RecordingSource::Trunking).wav(2).unwrap());
        let first_sound =
            |channel: usize| samples.iter().skip(channel).step_by(2).position(|s| s.abs() > 256);
        assert_eq!((first_sound(0), first_sound(1)), (Some(300), Some(100)));
    }

    #[test]
    fn a_voicemail_holds_only_the_person() {
        let (_, mixed) = samples(recording(false, false, RecordingSource::OutboundApi).wav(1).unwrap());
        let (_, voicemail) = samples(recording(false, false, RecordingSource::RecordVerb).wav(1).unwrap());
        assert!(mixed[310].abs() > 256 && voicemail[310].abs() <= 256);
        assert_eq!(mixed[110], voicemail[110]);
    }

    #[test]
    fn trimming_cuts_silence_at_both_ends_only() {
        assert_eq!(recording(true, true, RecordingSource::OutboundApi).audio().caller.len(), 280);
    }
}
