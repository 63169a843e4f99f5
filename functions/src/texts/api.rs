//! The requests and answers about threads and texts.

use std::collections::HashMap;

use domain::Timestamp;
use domain::access::KeyId;
use domain::contact::ContactId;
use domain::texts::consent::Consent;
use domain::texts::failure::Failure;
use domain::texts::media::NotKept;
use domain::texts::outgoing::{Author, Content, Outgoing, Receipt};
use domain::texts::template::Template;
use domain::texts::thread::{Owner, Thread};
use domain::texts::window::Window;
use domain::texts::{Medium, Text, ThreadId};
use serde::{Deserialize, Serialize};
use stores::texts::Kept;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// The query of `GET /v1/threads` and of the texts of a thread. Unknown and repeated parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListPage {
    /// Entries on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

/// A text that a person of the business sends: words or a template.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "Your bicycle is ready." }))]
pub(super) struct NewText {
    /// The words. Longer ones than the carrier takes are sent in parts. Over WhatsApp only within a day of the person's
    /// last text.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 8000, nullable = false)]
    pub(super) text: Option<String>,
    /// Words that were approved before.
    #[serde(default)]
    #[schema(nullable = false)]
    pub(super) template: Option<NewTemplate>,
}

/// A template with what its places hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TextTemplate)]
pub(super) struct NewTemplate {
    /// Over Twilio the content sid, `HX` and 32 hexadecimal digits; over Meta the template's name.
    name: String,
    /// Over Meta the language under which the template was approved, such as `de` or `en_US`.
    #[serde(default)]
    #[schema(nullable = false)]
    language: Option<String>,
    /// What the places hold, by their names or numbers.
    #[serde(default)]
    variables: std::collections::BTreeMap<String, String>,
}

impl NewTemplate {
    pub(super) fn template(self) -> Template {
        Template { name: self.name, language: self.language, variables: self.variables }
    }
}

/// Who is to answer in a thread.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "owner": "person" }))]
pub(super) struct ThreadChange {
    #[schema(value_type = schema::ThreadOwnerChoice, inline)]
    pub(super) owner: NewOwner,
}

/// Who is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NewOwner {
    Agent,
    Person,
}

/// Who answers in a thread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThreadOwner)]
struct OwnerView<'a> {
    #[schema(value_type = schema::ThreadOwnerWord)]
    kind: &'static str,
    /// The id of the person's key; null for the agent, and for a person in the carrier's own app.
    #[schema(value_type = Option<schema::KeyId>)]
    key: Option<&'a KeyId>,
    /// What the key was called then; null for the agent.
    name: Option<&'a str>,
    /// When the person took the thread; null for the agent.
    since: Option<Time>,
    /// When the thread is the agent's again if the person writes nothing more; null for the agent.
    until: Option<Time>,
}

impl<'a> OwnerView<'a> {
    fn new(owner: &'a Owner) -> Self {
        match owner {
            Owner::Agent => Self { kind: "agent", key: None, name: None, since: None, until: None },
            Owner::Person { key, name, since, until } => Self {
                kind: "person",
                key: key.as_ref(),
                name: name.as_deref(),
                since: Some(Time(*since)),
                until: Some(Time(*until)),
            },
        }
    }
}

/// Why the agent gave a thread to a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThreadHandOver)]
struct HandedView<'a> {
    /// In the agent's words.
    reason: &'a str,
    at: Time,
}

/// A thread: the texts between one person and one number of the business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextThread)]
pub(super) struct ThreadView<'a> {
    #[schema(value_type = schema::ThreadId)]
    id: &'a ThreadId,
    #[schema(value_type = schema::MediumWord)]
    medium: Medium,
    /// The business's number.
    #[schema(value_type = schema::E164)]
    number: &'a str,
    /// The person, as the carrier names them: a number, or an id of theirs at this business.
    person: &'a str,
    /// The person's number; null where WhatsApp does not tell it.
    #[schema(value_type = Option<schema::E164>)]
    phone: Option<String>,
    /// What the person calls themselves.
    name: Option<&'a str>,
    owner: OwnerView<'a>,
    /// Texts in it.
    texts: u64,
    /// The last text of either side.
    last: Option<TextView<'a>>,
    /// When the last text was written.
    last_at: Time,
    /// Whether something waits for an answer.
    waiting: bool,
    /// Whether free words may be sent now.
    window_open: bool,
    /// Until when free words may be sent; null where there is no window, or it is closed.
    window_until: Option<Time>,
    /// Why the agent gave the thread to a person, as long as none has taken it; null otherwise.
    handed_over: Option<HandedView<'a>>,
    /// What the person wants the business to be told, as the agent noted it; null once a person of the business has taken the
    /// thread.
    message: Option<&'a str>,
    /// The contact of the person; null if they have none.
    #[schema(value_type = Option<schema::ContactId>)]
    contact: Option<ContactId>,
    /// Since when the person wants no texts, as said on this thread or another one; null if they do.
    stopped_at: Option<Time>,
    opened_at: Time,
}

impl<'a> ThreadView<'a> {
    /// `person` is what the person said on any of their threads.
    pub(super) fn new(thread: &'a Thread, last: Option<&'a Kept>, person: Consent, now: Timestamp) -> Self {
        let window = thread.window(now);
        Self {
            id: &thread.id,
            medium: thread.sender.medium,
            number: thread.sender.number.as_e164(),
            person: thread.person.as_str(),
            phone: thread.person.phone().map(|number| number.as_e164().to_owned()),
            name: thread.name.as_ref().map(|name| name.as_str()),
            owner: OwnerView::new(thread.owner_at(now)),
            texts: thread.texts,
            last: last.map(|kept| TextView::new(kept, vec![])),
            last_at: Time(thread.last_at),
            waiting: thread.asked > thread.answered,
            window_open: window.is_open(),
            window_until: match window {
                Window::Until(until) => Some(Time(until)),
                Window::Always | Window::Closed => None,
            },
            handed_over: thread
                .handed
                .as_ref()
                .map(|handed| HandedView { reason: handed.reason.as_str(), at: Time(handed.at) }),
            message: thread.message.as_ref().map(|message| message.as_str()),
            contact: thread.contact,
            stopped_at: match thread.consent.and(person) {
                Consent::Stopped(at) => Some(Time(at)),
                Consent::Open => None,
            },
            opened_at: Time(thread.opened_at),
        }
    }
}

/// The answer of `GET /v1/threads`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ThreadList<'a> {
    /// The one that was written in last comes first.
    threads: Vec<ThreadView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> ThreadList<'a> {
    /// `consents` are what the persons said on any of their threads, in the order of the threads.
    pub(super) fn new(
        threads: &'a [Thread],
        last: &'a HashMap<ThreadId, Kept>,
        consents: &[Consent],
        now: Timestamp,
        next: Option<String>,
    ) -> Self {
        let view = |(thread, person): (&'a Thread, &Consent)| {
            ThreadView::new(thread, last.get(&thread.id), *person, now)
        };
        Self { threads: threads.iter().zip(consents).map(view).collect(), next }
    }
}

/// A text of a thread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThreadText)]
pub(super) struct TextView<'a> {
    /// Its number in the thread, from 1.
    number: u64,
    #[schema(value_type = schema::TextWayWord)]
    way: &'static str,
    /// What it is; `template` of what was sent so, `tool` of what the agent did between texts.
    #[schema(value_type = schema::TextKindWord)]
    kind: &'static str,
    /// The words. Of what has none, what it is; of a template the values of its places; of a tool its name.
    text: String,
    /// The template's name; null of anything else.
    template: Option<&'a str>,
    /// How many pictures and the like came with it.
    media: usize,
    /// Those, in their order.
    attachments: Vec<AttachmentView<'a>>,
    /// When it came, or was written.
    at: Time,
    /// When the person wrote it, by the carrier's clock; null where that is not told, and of what was sent.
    said_at: Option<Time>,
    /// In whose name it was sent or done; null of what came.
    #[schema(value_type = Option<schema::TextAuthorWord>)]
    author: Option<&'static str>,
    /// What the person's key was called then; null for the agent, and of what came.
    author_name: Option<&'a str>,
    /// Where it stands; of a tool, whether it did what it was asked; null of what came.
    #[schema(value_type = Option<schema::TextStatusWord>)]
    status: Option<&'static str>,
    /// Why it was not sent or did not arrive; null if it did, and of what came.
    failure: Option<FailureView<'a>>,
    /// How it ended for a text whose carrier never said whether it arrived: it was asked and knows no more, or it cannot be
    /// found out. Null: the carrier said so, or may yet; and of what came.
    #[schema(value_type = Option<schema::TextReceiptWord>)]
    receipt: Option<&'static str>,
}

/// A picture, a voice note or a document that came with a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextAttachment)]
struct AttachmentView<'a> {
    /// What its bytes are, such as `image/jpeg`; null until they are there.
    content_type: Option<&'a str>,
    /// How many; null until they are there.
    bytes: Option<u64>,
    /// A link to it that is good for two minutes; null until it is there.
    url: Option<String>,
    /// What is said in a voice note; null if that is not known.
    said: Option<&'a str>,
    /// Why it is not kept; null if it is, or may yet be.
    #[schema(value_type = Option<schema::MediaNotKeptWord>)]
    not_kept: Option<&'static str>,
}

/// Why a text was not sent or did not arrive.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextFailure)]
struct FailureView<'a> {
    /// A word for programs, such as `window_closed` or `undeliverable`.
    code: &'a str,
    /// The carrier's own code.
    carrier_code: Option<u32>,
    /// What it means.
    detail: &'static str,
}

impl<'a> TextView<'a> {
    /// `links` are those to what came with it, in its order; `None` of what is not there.
    pub(super) fn new(kept: &'a Kept, links: Vec<Option<String>>) -> Self {
        let number = kept.number;
        match &kept.text {
            Text::In(incoming) => Self {
                number,
                way: "in",
                kind: incoming.kind.as_str(),
                text: incoming.body.as_str().to_owned(),
                template: None,
                media: incoming.media.len(),
                attachments: incoming
                    .media
                    .iter()
                    .zip(links.into_iter().chain(std::iter::repeat(None)))
                    .map(|(media, url)| AttachmentView {
                        content_type: media.archived.as_ref().map(|kept| kept.content_type.as_str()),
                        bytes: media.archived.as_ref().map(|kept| kept.bytes),
                        url,
                        said: media.said.as_ref().map(|said| said.as_str()),
                        not_kept: media.not_kept.map(NotKept::as_str),
                    })
                    .collect(),
                at: Time(incoming.came_at),
                said_at: incoming.said_at.map(Time),
                author: None,
                author_name: None,
                status: None,
                failure: None,
                receipt: None,
            },
            Text::Out(out) => Self::sent(number, out),
            Text::Tool(used) => Self {
                number,
                way: "tool",
                kind: "tool",
                text: used.tool.clone(),
                template: None,
                media: 0,
                attachments: vec![],
                at: Time(used.at),
                said_at: None,
                author: Some("agent"),
                author_name: None,
                status: Some(if used.done { "done" } else { "not_done" }),
                failure: None,
                receipt: None,
            },
        }
    }

    fn sent(number: u64, out: &'a Outgoing) -> Self {
        let (kind, text, template) = match &out.content {
            Content::Words(body) => ("text", body.as_str().to_owned(), None),
            Content::Template(template) => {
                let values: Vec<&str> = template.in_order().into_iter().map(|(_, value)| value).collect();
                ("template", values.join(", "), Some(template.name.as_str()))
            }
        };
        Self {
            number,
            way: "out",
            kind,
            text,
            template,
            media: 0,
            attachments: vec![],
            at: Time(out.at),
            said_at: None,
            author: Some(out.author.as_str()),
            author_name: match &out.author {
                Author::Person { name, .. } => Some(name),
                Author::Agent { .. } | Author::Call { .. } | Author::Notice | Author::Business => None,
            },
            status: Some(out.fate.delivery.as_str()),
            failure: out.fate.delivery.is_failure().then(|| {
                let code = out.why.as_deref().unwrap_or("unknown");
                FailureView { code, carrier_code: out.fate.code, detail: in_words(code) }
            }),
            receipt: out.receipt.map(Receipt::as_str),
        }
    }
}

fn in_words(code: &str) -> &'static str {
    match code {
        "taken_over" => "A person had taken the thread before the agent's text was sent.",
        "stale" => "It could not be sent for so long that it was no answer any more.",
        "lost" => "The carrier did not say whether it took the text, so it was not sent again.",
        code => Failure::ALL
            .iter()
            .find(|failure| failure.as_str() == code)
            .map_or("", |failure| failure.in_words()),
    }
}

/// The answer of `GET /v1/threads/{thread}/texts`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TextList<'a> {
    /// The newest first.
    pub(super) texts: Vec<TextView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    pub(super) next: Option<String>,
}
