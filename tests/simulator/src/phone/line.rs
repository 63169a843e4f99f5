//! What a conversation goes over.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;
use uuid::Uuid;

use super::json::{self, Entry};
use super::person::Person;
use super::received::Received;
use super::report::Report;
use super::what::Message;
use super::{Answer, NotTaken, form};
use crate::meta::{self, Meta, Sender, Signing, wamid};
use crate::twilio::{Account, Attachment, Twilio, Webhook, WebhookKind, deliver, lock};

/// Twilio's prefix of both parties over WhatsApp.
const WHATSAPP: &str = "whatsapp:";

pub(super) enum Line {
    Twilio(OverTwilio),
    Meta { state: Arc<meta::State>, sender: Sender },
}

pub(super) struct OverTwilio {
    pub(super) account: Arc<Account>,
    pub(super) is_whatsapp: bool,
    /// The business's number, E.164.
    pub(super) number: String,
    webhook: Url,
}

impl OverTwilio {
    /// A party as Twilio writes it.
    pub(super) fn address(&self, party: &str) -> String {
        if self.is_whatsapp { format!("{WHATSAPP}{party}") } else { party.to_owned() }
    }

    /// Under which addresses a person gets texts.
    fn addresses(&self, person: &Person) -> Vec<String> {
        let of_whatsapp = [&person.user_id, &person.parent_user_id].into_iter().flatten();
        let others = of_whatsapp.filter(|_| self.is_whatsapp);
        person.number.iter().chain(others).map(|handle| self.address(handle)).collect()
    }

    async fn post(&self, kind: WebhookKind, url: Url, fields: Vec<(String, String)>) -> Answer {
        let began = Instant::now();
        let answered = deliver(&self.account, &Webhook::new(kind, url, false, fields)).await;
        let took = began.elapsed();
        match answered {
            Ok(reply) => {
                let body = String::from_utf8_lossy(&reply.body).into_owned();
                Answer { status: Some(reply.status), body, took }
            }
            Err(error) => Answer { status: error.status, body: String::new(), took },
        }
    }

    /// The addresses of a message's files, which are at Twilio from the first delivery on.
    fn media(&self, message: &Message) -> Vec<String> {
        let keep = || {
            let files = message.files().iter();
            let keep = |file: &super::what::File| match &file.elsewhere {
                Some(url) => url.clone(),
                None => self.account.keep_attachment(Attachment {
                    text_sid: message.key.clone(),
                    bytes: file.bytes.clone(),
                    content_type: file.content_type.clone(),
                    late: file.late,
                }),
            };
            files.map(keep).collect()
        };
        message.media.get_or_init(keep).clone()
    }
}

impl Line {
    pub(super) fn sms(twilio: &Twilio, business: &str, webhook: Url) -> Self {
        Self::over_twilio(twilio, false, business, webhook)
    }

    pub(super) fn whatsapp(twilio: &Twilio, business: &str, webhook: Url) -> Self {
        Self::over_twilio(twilio, true, business, webhook)
    }

    fn over_twilio(twilio: &Twilio, is_whatsapp: bool, business: &str, webhook: Url) -> Self {
        let (account, number) = (Arc::clone(twilio.account()), business.to_owned());
        Self::Twilio(OverTwilio { account, is_whatsapp, number, webhook })
    }

    pub(super) fn meta(meta: &Meta, sender: Sender) -> Self {
        Self::Meta { state: Arc::clone(meta.state()), sender }
    }

    pub(super) const fn is_meta(&self) -> bool {
        matches!(self, Self::Meta { .. })
    }

    /// Whether free words need a window, and reading is told.
    pub(super) const fn has_window(&self) -> bool {
        match self {
            Self::Twilio(twilio) => twilio.is_whatsapp,
            Self::Meta { .. } => true,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Twilio(twilio) => twilio.account.config.now(),
            Self::Meta { state, .. } => state.config.now(),
        }
    }

    pub(super) fn new_key(&self) -> String {
        match self {
            Self::Twilio(_) => format!("SM{}", Uuid::new_v4().simple()),
            Self::Meta { .. } => wamid(),
        }
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        match self {
            Self::Twilio(twilio) => twilio.account.texted.subscribe(),
            Self::Meta { state, .. } => state.changes(),
        }
    }

    pub(super) fn received(&self, person: &Person) -> Vec<Received> {
        match self {
            Self::Twilio(twilio) => {
                let (from, to) = (twilio.address(&twilio.number), twilio.addresses(person));
                let all = twilio.account.texts.all().into_iter();
                let own = all.filter(|text| text.from == from && to.contains(&text.to));
                own.map(|text| Received {
                    key: text.sid.clone(),
                    body: text.body.clone(),
                    template: text.content_sid.clone(),
                    variables: text.content_variables.clone(),
                    media: text.media.clone(),
                    to: text.to.clone(),
                    at: text.created,
                    callback: text.status_callback.clone(),
                })
                .collect()
            }
            Self::Meta { state, sender } => {
                let handles = person.handles();
                let all = state.sent().into_iter();
                let own = all.filter(|sent| {
                    sent.phone_number_id == sender.phone_number_id && handles.contains(&sent.to)
                });
                own.map(|sent| Received {
                    key: sent.id,
                    body: sent.body,
                    variables: sent.template.as_ref().map(|template| {
                        let values = template.places.iter().map(|(_, value)| value.as_str());
                        values.collect::<Vec<_>>().join("\n")
                    }),
                    template: sent.template.map(|template| template.name),
                    media: Vec::new(),
                    to: sent.to,
                    at: sent.at,
                    callback: sent.opaque,
                })
                .collect()
            }
        }
    }

    pub(super) fn signs_of_writing(&self) -> Vec<String> {
        match self {
            Self::Twilio(twilio) => {
                let requests = twilio.account.requests.entries().into_iter();
                let shown =
                    requests.filter(|asked| asked.path.ends_with("/Typing.json") && asked.status < 300);
                shown.filter_map(|asked| asked.param("messageId").map(str::to_owned)).collect()
            }
            Self::Meta { state, .. } => {
                let signs = state.signs().into_iter();
                signs.filter(|sign| sign.writing).map(|sign| sign.message_id).collect()
            }
        }
    }

    pub(super) async fn deliver(
        &self,
        message: &Message,
        wrote: &Mutex<Option<Timestamp>>,
    ) -> Result<Answer, NotTaken> {
        let answers = self.deliver_batch(&[Entry::from(message.clone())], wrote).await?;
        let none = Answer { status: None, body: String::new(), took: Duration::ZERO };
        Ok(answers.into_iter().next().unwrap_or(none))
    }

    pub(super) async fn deliver_batch(
        &self,
        entries: &[Entry],
        wrote: &Mutex<Option<Timestamp>>,
    ) -> Result<Vec<Answer>, NotTaken> {
        match self {
            Self::Twilio(twilio) => {
                let mut answers = Vec::new();
                for entry in flat(entries) {
                    answers.push(match entry {
                        Entry::Message(message) => {
                            let fields = form::of_message(twilio, message, &twilio.media(message))?;
                            noted(wrote, message);
                            twilio.post(WebhookKind::Text, twilio.webhook.clone(), fields).await
                        }
                        Entry::Report(received, report) => self.report(received, report).await,
                        Entry::Together(_) | Entry::Raw(_) => continue,
                    });
                }
                Ok(answers)
            }
            Self::Meta { state, sender } => {
                for message in flat(entries).filter_map(Entry::message) {
                    noted(wrote, message);
                    if message.what.is_written() {
                        state.person_wrote(&sender.phone_number_id, &message.person.handles(), message.at);
                    }
                }
                let body = json::body(state, sender, entries)?;
                let delivery = meta::post(state, &body, Signing::Correct).await;
                Ok(vec![Answer { status: delivery.status, body: delivery.answer, took: delivery.took }])
            }
        }
    }

    /// The carrier knows what became of a text, and its callback is lost. Meta has no request for that.
    pub(super) fn keep_back(&self, received: &Received, report: &Report) {
        if let Self::Twilio(twilio) = self {
            let fate = (report.status.clone(), report.code);
            lock(&twilio.account.fates).insert(received.key.clone(), fate);
        }
    }

    pub(super) async fn report(&self, received: &Received, report: &Report) -> Answer {
        match self {
            Self::Twilio(twilio) => {
                lock(&twilio.account.fates)
                    .insert(received.key.clone(), (report.status.clone(), report.code));
                let url = received.callback.as_deref().and_then(|url| Url::parse(url).ok());
                match url {
                    Some(url) => {
                        let fields = form::of_report(twilio, received, report);
                        twilio.post(WebhookKind::TextStatus, url, fields).await
                    }
                    None => Answer { status: None, body: String::new(), took: Duration::ZERO },
                }
            }
            Self::Meta { state, sender } => {
                let entry = Entry::Report(received.clone(), report.clone());
                let body = json::body(state, sender, &[entry]).unwrap_or_default();
                let delivery = meta::post(state, &body, Signing::Correct).await;
                Answer { status: delivery.status, body: delivery.answer, took: delivery.took }
            }
        }
    }
}

/// The entries by themselves, whatever body they come in.
fn flat(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().flat_map(|entry| match entry {
        Entry::Together(entries) => entries.iter().collect::<Vec<_>>(),
        entry => vec![entry],
    })
}

fn noted(wrote: &Mutex<Option<Timestamp>>, message: &Message) {
    if message.what.is_written() {
        let mut wrote = lock(wrote);
        *wrote = (*wrote).max(Some(message.at));
    }
}
