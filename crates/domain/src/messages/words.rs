//! What a caller said to a voicemail.

use std::time::Duration;

use crate::recording::CallRecordings;
use crate::transcript::Source;
use crate::{Recording, Speaker, Transcript};

/// Twilio gives the beginning of a recording in whole seconds.
const ROUNDED_BY: Duration = Duration::from_secs(1);

/// The words of a voicemail, as the call's final transcript has them. A recording of the whole call holds the voicemail
/// too: of its transcript those lines count that were said after the voicemail began, and not by Twilio's own voice. `None`
/// where the words are not written down, or cannot be told from those of the conversation.
pub fn words_of(
    voicemail: &Recording,
    recordings: &CallRecordings,
    transcript: &Transcript,
) -> Option<String> {
    let heard = match transcript.source {
        Source::Recording => transcript.recording.as_ref(),
        // A person who corrects a transcript does not say what it was made from.
        Source::Edited => recordings.own().or_else(|| recordings.voicemail()).map(|heard| &heard.sid),
        Source::Realtime | Source::Failed => None,
    }?;
    let from = if *heard == voicemail.sid {
        None
    } else {
        let whole = recordings.all.iter().find(|recording| recording.sid == *heard)?;
        let place = voicemail.started_at?.since(whole.started_at?).saturating_sub(ROUNDED_BY);
        Some(u64::try_from(place.as_millis()).ok()?)
    };
    let lines = transcript.lines.iter().filter(|line| match from {
        None => true,
        Some(from) => {
            line.speaker != Some(Speaker::Agent) && line.start_ms.is_some_and(|start| start >= from)
        }
    });
    let words: Vec<&str> = lines.map(|line| line.text.trim()).filter(|text| !text.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
