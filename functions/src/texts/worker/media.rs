//! What came with a text: fetched from its carrier once, checked, kept in the business's bucket, and a voice note heard.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::digest::sha256_hex;
use domain::texts::incoming::{Incoming, Media};
use domain::texts::media::{Archived, MAX_BYTES, NotKept, content_type};
use domain::texts::{Body, Text, ThreadId};
use domain::{BusinessId, Timestamp};
use openai::transcription::{AudioContainer, TranscriptionRequest};
use platform::objects::{NewObject, Objects};
use platform::telemetry::{Unit, metric};
use providers::openai_http::OpenAiHttp;
use providers::text_media::{Foreign, NotFetched};
use stores::texts::Stored;
use tokio::time::Instant;

use crate::edge::StartError;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::jobs::SentText;
use crate::texts::sending::Carriers;
use crate::texts::steps::{Looks, StepError, Threads};

/// How long a voice note may be listened to.
const LISTEN_WITHIN: Duration = Duration::from_secs(40);
/// A reply waits so long for what is said in a voice note.
const HEARD_WITHIN: Duration = Duration::from_secs(25);
/// By this tag the bucket's lifecycle deletes it, as long after it came as the text itself.
const RETENTION: (&str, &str) = ("retention", "400-days");
/// Texts among which voice notes are looked for that wait to be heard.
const NEWEST: u16 = 10;

/// What fetches without credentials.
pub(super) struct Elsewhere(pub(super) Foreign);

impl Part for Elsewhere {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let reach = needs.reach();
        Box::new(move |_| Foreign::new(reach).map(Self).map_err(|error| StartError::Other(error.to_string())))
    }
}

parts! {
    /// The archive of what comes with texts.
    pub(super) struct Archive {
        objects: Objects,
        openai: OpenAiHttp,
        models: Vec<String> => |needs| needs.models("TRANSCRIPTION_MODELS"),
        elsewhere: Elsewhere,
    }
}

impl Threads {
    /// Whether a voice note is just being listened to whose words the reply should know.
    pub(super) async fn is_listening(&self, business: &BusinessId, id: &ThreadId) -> Result<bool, StepError> {
        let now = self.clock.now();
        let waits = |text: &Text| match text {
            Text::In(incoming) => {
                now.since(incoming.came_at) < HEARD_WITHIN
                    && incoming.media.iter().any(|media| media.voice && !media.is_settled())
            }
            Text::Out(_) | Text::Tool(_) => false,
        };
        Ok(self.reader.texts(business, id, None, NEWEST).await?.iter().any(|kept| waits(&kept.text)))
    }
}

impl Archive {
    /// Fetches a medium, keeps it, and says what is said in it.
    pub(super) async fn fetch(
        &self,
        threads: &Threads,
        carriers: &Carriers,
        (text, index): (&SentText, usize),
        delivery: Delivery,
    ) -> Result<(), JobError> {
        let kept = threads.reader.text(&text.business, &text.thread, text.number).await?;
        let Some(Text::In(incoming)) = kept.map(|kept| kept.text) else { return Ok(()) };
        let Some(media) = incoming.media.get(index).filter(|media| !media.is_settled()) else {
            return Ok(());
        };
        let Some(thread) = threads.reader.thread(&text.business, &text.thread).await? else { return Ok(()) };
        let settled = match carriers.media(&thread, &self.elsewhere.0, &media.source).await {
            Ok(bytes) => self.keep(text, index, media, bytes).await?,
            Err(why @ NotFetched::Later) if !delivery.is_last() => return Err(JobError::new("media", why)),
            Err(why) => Err(match why {
                NotFetched::Later => NotKept::NotThere,
                NotFetched::TooLarge => NotKept::TooLarge,
                NotFetched::Refused => NotKept::Refused,
            }),
        };
        let outcome = settled.as_ref().err().map_or("kept", |why| why.as_str());
        metric("TextMedia", 1.0, Unit::Count, &[("Outcome", outcome)]);
        Ok(threads.settle_media(text, index, &settled).await?)
    }

    async fn keep(
        &self,
        text: &SentText,
        index: usize,
        media: &Media,
        bytes: Vec<u8>,
    ) -> Result<Result<(Archived, Option<Body>), NotKept>, JobError> {
        let sha256 = sha256_hex(&bytes);
        let is_another =
            media.sha256.as_ref().is_some_and(|promised| !promised.eq_ignore_ascii_case(&sha256));
        let kind = content_type(media.content_type.as_deref(), &bytes).filter(|_| !is_another);
        let Some(kind) = kind else { return Ok(Err(NotKept::WrongBytes)) };
        debug_assert!(bytes.len() <= MAX_BYTES, "the fetch is bounded");
        let key = format!("texts/{}/{}/{}-{index}", text.business, text.thread, text.number);
        let archived = Archived {
            key: key.clone(),
            content_type: kind.to_owned(),
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        };
        let object = NewObject { key, content_type: kind, metadata: BTreeMap::new(), tag: Some(RETENTION) };
        let bytes = bytes::Bytes::from(bytes);
        // An object that is there already was put by an attempt that was cut off behind it.
        let put = self.objects.put_if_absent(&object, bytes.clone(), &sha256).await;
        put.map_err(|error| JobError::new("object", error))?;
        let said = if media.voice { self.heard(kind, &bytes).await } else { None };
        Ok(Ok((archived, said)))
    }

    /// What is said in a voice note. What cannot be heard is no reason to keep it out of the thread.
    async fn heard(&self, kind: &str, bytes: &bytes::Bytes) -> Option<Body> {
        let container = match kind {
            "audio/ogg" => AudioContainer::Ogg,
            "audio/mpeg" => AudioContainer::Mp3,
            "audio/mp4" => AudioContainer::M4a,
            "audio/wav" => AudioContainer::Wav,
            "audio/webm" => AudioContainer::Webm,
            _ => return None,
        };
        let deadline = Instant::now() + LISTEN_WITHIN;
        for model in &self.models {
            let request = TranscriptionRequest::new(model);
            match self.openai.transcribe(&request, container, bytes.clone(), deadline).await {
                Ok(heard) => {
                    let words = heard.text.as_str().trim();
                    return (!words.is_empty()).then(|| Body::received(words));
                }
                Err(error) => tracing::warn!(%error, "a voice note was not transcribed"),
            }
        }
        None
    }
}

impl Threads {
    /// Notes what became of a medium, whatever is noted of others beside it.
    async fn settle_media(
        &self,
        text: &SentText,
        index: usize,
        settled: &Result<(Archived, Option<Body>), NotKept>,
    ) -> Result<(), StepError> {
        let mut looks = Looks::default();
        loop {
            looks.again().await?;
            let now: Timestamp = self.clock.now();
            let Some(kept) = self.reader.text(&text.business, &text.thread, text.number).await? else {
                return Ok(());
            };
            let Text::In(before) = &kept.text else { return Ok(()) };
            let mut after: Incoming = (**before).clone();
            let Some(media) = after.media.get_mut(index).filter(|media| !media.is_settled()) else {
                return Ok(());
            };
            match settled {
                Ok((archived, said)) => {
                    media.archived = Some(archived.clone());
                    media.said.clone_from(said);
                }
                Err(why) => media.not_kept = Some(*why),
            }
            let place = (&text.business, &text.thread);
            if self.writer.store_media(place, &kept, &after, now).await? == Stored::Done {
                return Ok(());
            }
        }
    }
}
