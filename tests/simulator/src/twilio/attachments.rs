//! Media of texts that came in, as Twilio keeps them.

use bytes::Bytes;
use uuid::Uuid;

use super::account::Account;
use super::lock;

/// Media kept; the oldest go first.
const MAX_KEPT: usize = 200;

/// One picture, voice note or document of a text that came in.
#[derive(Clone)]
pub(crate) struct Attachment {
    /// The text that it came with.
    pub(crate) text_sid: String,
    pub(crate) bytes: Bytes,
    pub(crate) content_type: String,
    /// Requests that find nothing yet: the webhook is faster than the storage.
    pub(crate) late: u32,
}

impl Account {
    /// Keeps a medium, and gives its address in the REST API.
    pub(crate) fn keep_attachment(&self, attachment: Attachment) -> String {
        let sid = format!("ME{}", Uuid::new_v4().simple());
        let url = self.resource_url(&format!("Messages/{}/Media/{sid}", attachment.text_sid));
        let mut kept = lock(&self.attachments);
        if kept.len() == MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back((sid, attachment));
        url
    }

    /// A medium of a text, as soon as it can be found.
    pub(crate) fn attachment(&self, sid: &str) -> Option<Attachment> {
        lock(&self.attachments).iter().find(|(known, _)| known == sid).map(|(_, kept)| kept.clone())
    }

    /// Whether a request comes before the medium can be found; each such request brings that nearer.
    pub(crate) fn comes_too_early(&self, sid: &str) -> bool {
        let mut kept = lock(&self.attachments);
        let found = kept.iter_mut().find(|(known, _)| known == sid);
        found.is_some_and(|(_, kept)| {
            let early = kept.late > 0;
            kept.late = kept.late.saturating_sub(1);
            early
        })
    }

    /// Whether there was such a medium, which is gone now.
    pub(crate) fn delete_attachment(&self, sid: &str) -> bool {
        let mut kept = lock(&self.attachments);
        let before = kept.len();
        kept.retain(|(known, _)| known != sid);
        kept.len() < before
    }
}
