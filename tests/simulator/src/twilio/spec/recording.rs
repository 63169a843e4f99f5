//! Recordings that are asked for, and what goes wrong with them.

use std::time::Duration;
use strum::IntoStaticStr;
use url::Url;

/// A recording asked for.
#[derive(Clone)]
pub struct RecordingRequest {
    /// Two channels: the person on the first, the agent on the second.
    pub dual: bool,
    /// Silence at both ends is cut away.
    pub trim: bool,
    /// Told the recording's progress.
    pub status_callback: Option<Url>,
    /// Words of `RecordingStatusCallbackEvent`; `completed` is the default.
    pub events: Vec<String>,
    /// What started it.
    pub source: RecordingSource,
}

/// What started a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr)]
pub enum RecordingSource {
    /// `Record=true` of the request that placed the call.
    #[strum(serialize = "OutboundAPI")]
    OutboundApi,
    /// The Recordings resource of a live call.
    #[strum(serialize = "StartCallRecordingAPI")]
    StartCallRecordingApi,
    /// `<Start><Recording>`.
    #[strum(serialize = "StartCallRecordingTwiML")]
    StartCallRecordingTwiml,
    /// The settings of a SIP trunk. Its channels are the other way round.
    Trunking,
    /// `<Record>`, which hears only the person.
    RecordVerb,
}

impl RecordingSource {
    /// The value of `RecordingSource` in callbacks.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Faults of the recordings of one call.
#[derive(Clone, Default)]
pub struct RecordingFaults {
    /// One for each download, in order; later downloads are sound.
    pub media: Vec<MediaFault>,
    /// Further copies of each callback.
    pub callback_copies: u32,
    /// Each callback leaves this late.
    pub callback_delay: Duration,
    /// No callback at all.
    pub callback_lost: bool,
    /// The word in place of the duration in callbacks: what is not known is blank or -1 somewhere.
    pub duration: Option<&'static str>,
    /// Neither can the media be had nor does the list show it, until the test releases it.
    pub withheld: bool,
    /// There is no media for this reason, a Twilio error code.
    pub absent: Option<u32>,
    /// `<Start><Recording>` does nothing.
    pub never_begins: bool,
    /// The account encrypts its recordings: what can be downloaded is ciphertext.
    pub encrypted: bool,
    /// Recordings that other programs make of the call, from the answer on, without a callback.
    pub foreign: Vec<RecordingSource>,
}

/// How a download of a recording fails.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MediaFault {
    /// 404 with Twilio's XML body: not ready yet.
    NotFound,
    /// 401 with correct credentials.
    Unauthorized,
    /// 404 for good: the recording is deleted.
    Deleted,
    /// 403 at the download host: the signed link has expired.
    Expired,
    /// 200 with Twilio's XML body.
    Xml,
    /// 200 with the error page of a proxy.
    Html,
    /// 200 with no bytes.
    Empty,
    /// 200 with a sound file that is longer than was announced, by ten seconds.
    TooLong,
    /// The connection breaks after this share of the promised length, 0 to 1.
    Cut(f64),
    /// 200 with bytes that are no audio file.
    WrongMagic,
    /// 200 with a file that begins with an MP3 frame.
    Mp3,
    /// 200 with a header that gives this as the size of the samples, as writers of streams do.
    Placeholder(u32),
    /// 200 with the whole file, and the end of the answer so long after it.
    Unended(Duration),
}
