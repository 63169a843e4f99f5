//! What became of the recording of a call that is over.
//!
//! Twilio calls back about every recording, so that mostly there is nothing to do here. A call of whose recording nothing
//! was heard is asked about once, and ends with a recording or with the reason why it has none. That Twilio is to be
//! asked is written down before it is: should no attempt come to an end, the sweep sends another job.

use std::time::Duration;

use domain::recording::{Account, CallRecordings, NotRecorded, RecordingKind, RecordingSource, Search};
use domain::{Call, CallSid, Recording, RecordingSid, RecordingState, Timestamp};
use platform::telemetry::{self, Unit};
use providers::twilio_rest::TwilioError;
use twilio::rest::{self, RecordingResource};

use super::Worker;
use crate::edge::batch::JobError;
use crate::jobs::RecordingJob;

impl Worker {
    pub(super) async fn account(&self, sid: &CallSid) -> Result<(), JobError> {
        let call = self.calls.call(sid).await?;
        let call = call.ok_or_else(|| JobError::new("no_call", "the call was never opened"))?;
        let settings = self.businesses.settings_of(&call).await?;
        let Some(settings) = settings.filter(|_| call.status.is_terminal()) else { return Ok(()) };
        let records = settings.policies.record_calls;
        // Of a test call it is said in any case: a person may look for what they have just said.
        if call.is_twilios() && !records && !settings.recording_withheld {
            return Ok(());
        }
        let known = self.reader.for_call(sid).await?;
        match known.account(&call) {
            Account::NotRecorded(reason) => self.not_recorded(&call, reason).await,
            Account::Ask if !records && known.own().is_none() => {
                self.not_recorded(&call, NotRecorded::SettingsNotUnderstood).await
            }
            Account::Ask => self.ask(&call, &known).await,
            Account::Known => {
                // The function that announced it may have died before it asked for the copy.
                if let Some(own) = known.own().filter(|own| own.state == RecordingState::Announced) {
                    self.copy_later(own).await?;
                }
                if known.search == Some(Search::Open) {
                    self.recordings.search_over(sid, None).await?;
                }
                Ok(())
            }
        }
    }

    async fn ask(&self, call: &Call, known: &CallRecordings) -> Result<(), JobError> {
        let begun = known.own().is_some();
        if !begun {
            self.recordings.search_begun(&call.sid, self.clock.now()).await?;
        }
        let twilio = self.twilio.of_call(&call.account, &call.business);
        let listed = match twilio.recordings_of(&call.sid).await {
            Ok(listed) => listed,
            Err(TwilioError::NotFound) => vec![],
            Err(error) => return Err(JobError::new("twilio", error)),
        };
        let all = listed.iter().filter_map(|resource| {
            let sid = RecordingSid::parse(resource.sid.as_str()).ok()?;
            let fresh = Recording::new(
                sid,
                call.sid.clone(),
                call.business.clone(),
                RecordingState::InProgress,
                self.clock.now(),
            );
            Some(as_listed(fresh, resource, self.clock.now()))
        });
        let found = CallRecordings { all: all.collect(), search: None };
        match found.own() {
            Some(own) => {
                self.take_up(own).await?;
                if !begun {
                    self.recordings.search_over(&call.sid, None).await?;
                }
                Ok(())
            }
            // The list lags behind what was heard: the recording's own date stands on its row.
            None if begun => Ok(()),
            None => self.not_recorded(call, NotRecorded::unlisted(call)).await,
        }
    }

    async fn not_recorded(&self, call: &Call, reason: NotRecorded) -> Result<(), JobError> {
        self.recordings.search_over(&call.sid, Some(reason)).await?;
        if reason == NotRecorded::NotBegun {
            tracing::error!(call = %call.sid, business = %call.business, "a call was not recorded: Twilio lists no recording of it");
        }
        // No recording is missed that was never to be.
        if reason != NotRecorded::TestCall {
            telemetry::metric("CallsNotRecorded", 1.0, Unit::Count, &[("Reason", reason.as_str())]);
        }
        self.transcribe_next(&call.sid).await
    }

    /// Announces what Twilio says of a recording as its callback would have.
    pub(super) async fn take_up(&self, recording: &Recording) -> Result<(), JobError> {
        self.recordings.announce(recording).await?;
        match recording.state {
            RecordingState::Announced => self.copy_later(recording).await,
            RecordingState::InProgress => Ok(()),
            _ => self.transcribe_next(&recording.call).await,
        }
    }

    pub(super) async fn copy_later(&self, recording: &Recording) -> Result<(), JobError> {
        let (call, recording) = (recording.call.clone(), recording.sid.clone());
        let job = RecordingJob::Archive { call, recording };
        self.inbox.jobs.send(&job, Duration::ZERO).await.map_err(|error| JobError::new("queue", error))
    }
}

/// A recording as the API shows it at `now`. What the API leaves out stays.
pub(super) fn as_listed(known: Recording, resource: &RecordingResource, now: Timestamp) -> Recording {
    let source = resource.source.as_deref().map_or(known.source, RecordingSource::parse);
    let seconds = resource.duration_s.map(|s| Duration::from_secs(u64::from(s)));
    Recording {
        kind: if source == RecordingSource::RecordVerb { RecordingKind::Voicemail } else { known.kind },
        source,
        state: match resource.status {
            rest::RecordingState::Completed => RecordingState::Announced,
            rest::RecordingState::Absent => RecordingState::Absent,
            rest::RecordingState::Deleted => RecordingState::Lost,
            rest::RecordingState::Pending | rest::RecordingState::Other(_) => RecordingState::InProgress,
        },
        announced_at: now,
        announced_duration: seconds.or(known.announced_duration),
        channels: resource.channels.map(u16::from).or(known.channels),
        error_code: resource.error_code.filter(|code| *code != 0).or(known.error_code),
        encrypted: resource.encrypted || known.encrypted,
        ..known
    }
}

#[cfg(test)]
mod tests {
    use domain::testing;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_179_909_000);

    fn known() -> Recording {
        let call = testing::call(1, NOW);
        let sid = RecordingSid::parse(&format!("RE{}", "1".repeat(32))).unwrap();
        Recording {
            source: RecordingSource::StartTwiml,
            announced_duration: Some(Duration::from_secs(3)),
            channels: Some(2),
            error_code: Some(7),
            ..Recording::new(sid, call.sid, call.business, RecordingState::InProgress, NOW)
        }
    }

    fn listed(more: &str) -> Recording {
        let json = format!(r#"{{"sid":"RE{}","call_sid":"CA{}"{more}}}"#, "1".repeat(32), "1".repeat(32));
        as_listed(known(), &serde_json::from_str::<RecordingResource>(&json).unwrap(), NOW)
    }

    #[test]
    fn a_status_of_the_list_is_a_state_of_ours() {
        for (word, state) in [
            ("completed", RecordingState::Announced),
            ("absent", RecordingState::Absent),
            ("deleted", RecordingState::Lost),
            ("processing", RecordingState::InProgress),
            ("in-progress", RecordingState::InProgress),
        ] {
            assert_eq!(listed(&format!(r#","status":"{word}""#)).state, state, "{word}");
        }
    }

    #[test]
    fn what_the_list_leaves_out_stays_and_what_it_says_counts() {
        let silent = listed(r#","status":"completed""#);
        assert_eq!((silent.source, silent.kind), (RecordingSource::StartTwiml, RecordingKind::Call));
        assert_eq!((silent.announced_duration, silent.channels), (Some(Duration::from_secs(3)), Some(2)));
        assert_eq!((silent.error_code, silent.encrypted), (Some(7), false));

        let told = listed(
            r#","status":"completed","source":"RecordVerb","duration":"9","channels":1,"error_code":13226"#,
        );
        assert_eq!((told.source, told.kind), (RecordingSource::RecordVerb, RecordingKind::Voicemail));
        assert_eq!((told.announced_duration, told.channels), (Some(Duration::from_secs(9)), Some(1)));
        assert_eq!(told.error_code, Some(13_226));
        assert_eq!(listed(r#","status":"completed","error_code":0"#).error_code, Some(7), "0 is no error");
    }
}
