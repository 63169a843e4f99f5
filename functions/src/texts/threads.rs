//! Threads for people: read them, write in them, take them from the agent and give them back.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::texts::consent::Consent;
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::split::split;
use domain::texts::thread::{NotSent, Thread};
use domain::texts::{Body as Words, Text, ThreadId};
use domain::{BusinessId, Timestamp};
use http::{HeaderMap, StatusCode};
use platform::objects::Objects;
use sha2::{Digest as _, Sha256};
use stores::texts::{Beside, Change, Kept, Position, Stored};
use utoipa_axum::routes;

use super::api::{ListPage, NewOwner, NewText, TextList, TextView, ThreadChange, ThreadList, ThreadView};
use super::steps::{Decided, Looks, StepError, Threads, is_to_be_sent};
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::parts::parts;
use crate::edge::problem::Problem;

/// The longest words of one request, characters: nine parts over Twilio are some thousand.
const MAX_CHARS: usize = 8_000;
/// How long a link to what came with a text is good.
const LINK_TTL: Duration = Duration::from_secs(120);

parts! {
    pub struct ThreadsOfBusinesses {
        gatekeeper: Gatekeeper,
        threads: Threads,
        objects: Objects,
    }
}

impl ApiFunction for ThreadsOfBusinesses {
    const NAME: &'static str = "threads";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::TextsRead, routes!(list))
            .of_business(Scope::TextsRead, routes!(look))
            .of_business(Scope::TextsRead, routes!(texts))
            .of_business(Scope::TextsWrite, routes!(hand))
            .of_business(Scope::TextsWrite, routes!(send))
    }
}

impl From<StepError> for Problem {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Store(error) => error.into(),
            StepError::Contended | StepError::Queue(_) => {
                tracing::error!(%error, "a thread was not changed");
                Self::unavailable()
            }
        }
    }
}

/// A page of threads, the one that was written in last first.
#[utoipa::path(
    get,
    path = "/v1/threads",
    operation_id = "list_threads",
    params(ListPage),
    responses((status = 200, description = "A page of threads.", body = ThreadList)),
)]
async fn list(
    State(app): State<Arc<ThreadsOfBusinesses>>,
    tenant: Tenant,
    paging: Paging,
    Query(query): Query<ListPage>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let asked = paging.of("threads", &())?;
    let behind: Option<Position> = asked.behind(query.cursor.as_deref())?;
    let page = app.threads.reader.list(&tenant.0, limit, behind.as_ref()).await?;
    let last = app.threads.reader.last_texts(&page.threads).await?;
    let now = app.threads.clock.now();
    let consents = page.threads.iter().map(|thread| app.threads.consent_of(thread));
    let consents = futures_util::future::try_join_all(consents).await?;
    asked.page(page.next.as_ref(), |next| ThreadList::new(&page.threads, &last, &consents, now, next))
}

/// A thread as it stands.
#[utoipa::path(
    get,
    path = "/v1/threads/{thread}",
    operation_id = "get_thread",
    responses((status = 200, description = "The thread.", body = ThreadView)),
)]
async fn look(
    State(app): State<Arc<ThreadsOfBusinesses>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let thread = app.thread(&tenant.0, &id).await?;
    app.shown(&thread, app.threads.clock.now()).await
}

/// A page of a thread's texts, the newest first.
#[utoipa::path(
    get,
    path = "/v1/threads/{thread}/texts",
    operation_id = "list_texts",
    params(ListPage),
    responses((status = 200, description = "A page of texts.", body = TextList)),
)]
async fn texts(
    State(app): State<Arc<ThreadsOfBusinesses>>,
    tenant: Tenant,
    paging: Paging,
    Path(id): Path<String>,
    Query(query): Query<ListPage>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let thread = app.thread(&tenant.0, &id).await?;
    let asked = paging.of("texts", &thread.id)?;
    let before: Option<u64> = asked.behind(query.cursor.as_deref())?;
    let page = app.threads.reader.texts(&tenant.0, &thread.id, before, limit).await?;
    // Numbers have no gaps, so the first text is the end.
    let next = page.last().map(|last| last.number).filter(|last| *last > 1);
    let links = futures_util::future::try_join_all(page.iter().map(|kept| app.links(kept))).await?;
    asked.page(next.as_ref(), |next| {
        let texts = page.iter().zip(&links).map(|(kept, links)| TextView::new(kept, links.clone()));
        TextList { texts: texts.collect(), next }
    })
}

/// Takes a thread from the agent, or gives it back. What waits for an answer when it is given back is answered.
#[utoipa::path(
    patch,
    path = "/v1/threads/{thread}",
    operation_id = "hand_thread",
    request_body = ThreadChange,
    responses((status = 200, description = "The thread as it stands now.", body = ThreadView)),
)]
async fn hand(
    State(app): State<Arc<ThreadsOfBusinesses>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    Body(change): Body<ThreadChange>,
) -> Result<Response, Problem> {
    let id = thread_id(&id)?;
    let threads = &app.threads;
    let now = threads.clock.now();
    let changed = threads.step(&tenant.0, &id, |thread| {
        let reply_at = match change.owner {
            NewOwner::Person => {
                thread.take(&requester.key.id, &requester.key.name, now);
                None
            }
            NewOwner::Agent => thread.hand_back(now),
        };
        Decided::Keep(vec![], (thread.clone(), reply_at))
    });
    let (thread, reply_at) = changed.await?.ok_or_else(|| Problem::not_found("thread"))?;
    if let Some(at) = reply_at {
        threads.reply(&tenant.0, &id, thread.asked, at.since(now)).await?;
    }
    app.shown(&thread, now).await
}

/// Sends a text in a thread, in the name of the key's holder, who has the thread from then on. 202 with the text, or its
/// first part, as it is kept; what becomes of it is told by the thread's texts.
#[utoipa::path(
    post,
    path = "/v1/threads/{thread}/texts",
    operation_id = "send_text",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewText,
    responses(
        (status = 202, description = "The text is kept, and is being sent.", body = TextView),
        (status = 409, description = "The text cannot be sent: `code` says why, such as `window_closed`."),
        (status = 422, description = "The key was used for another text, or what is sent is no text."),
    ),
)]
async fn send(
    State(app): State<Arc<ThreadsOfBusinesses>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewText>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let thread = app.thread(&tenant.0, &id).await?;
    let contents = contents(new, &thread)?;
    let author = Author::Person { key: requester.key.id.clone(), name: requester.key.name.clone() };
    let (kept, replayed) = app.keep(&thread, &author, contents, key).await?;
    // A repetition may come because the first request was cut off before it had the text sent.
    if !replayed.0 || is_to_be_sent(&kept.text) {
        app.threads.send(&tenant.0, &thread.id, kept.number, Duration::ZERO).await?;
    }
    Ok((StatusCode::ACCEPTED, replayed, Json(TextView::new(&kept, vec![]))).into_response())
}

fn thread_id(text: &str) -> Result<ThreadId, Problem> {
    ThreadId::parse(text).map_err(|_| Problem::not_found("thread"))
}

/// What is sent, in parts that the carrier takes.
fn contents(new: NewText, thread: &Thread) -> Result<Vec<Content>, Problem> {
    match (new.text, new.template) {
        (Some(text), None) => {
            let length = text.chars().count();
            if text.trim().is_empty() || length > MAX_CHARS {
                let detail = format!("`text` has 1 to {MAX_CHARS} characters, not all of them spaces");
                return Err(Problem::invalid("/text", "length", detail));
            }
            let parts = split(&text, thread.sender.carrier.max_characters());
            Ok(parts.into_iter().map(|part| Content::Words(Words::received(&part))).collect())
        }
        (None, Some(template)) => {
            let template = template.template();
            template
                .check(&thread.sender.carrier)
                .map_err(|wrong| Problem::invalid("/template", wrong.code(), wrong.to_string()))?;
            Ok(vec![Content::Template(template)])
        }
        (Some(_), Some(_)) | (None, None) => {
            Err(Problem::invalid("", "one_of", "send either `text` or `template`"))
        }
    }
}

fn refused(why: NotSent) -> Problem {
    let detail = match why {
        NotSent::WindowClosed => {
            "more than a day has passed since the person wrote: over WhatsApp send a `template`"
        }
        NotSent::OptedOut => "the person wants no texts from this number",
        NotSent::TakenOver => "another person has the thread",
    };
    Problem::new(StatusCode::CONFLICT, "text not sent").code(why.as_str()).detail(detail)
}

impl ThreadsOfBusinesses {
    async fn thread(&self, business: &BusinessId, id: &str) -> Result<Thread, Problem> {
        let thread = self.threads.reader.thread(business, &thread_id(id)?).await?;
        thread.ok_or_else(|| Problem::not_found("thread"))
    }

    async fn shown(&self, thread: &Thread, now: Timestamp) -> Result<Response, Problem> {
        let last = self.threads.reader.text(&thread.business, &thread.id, thread.texts).await?;
        let person = self.threads.consent_of(thread).await?;
        Ok(Json(ThreadView::new(thread, last.as_ref(), person, now)).into_response())
    }

    /// Links to what came with a text.
    async fn links(&self, kept: &Kept) -> Result<Vec<Option<String>>, Problem> {
        let Text::In(incoming) = &kept.text else { return Ok(vec![]) };
        let mut links = vec![];
        for media in &incoming.media {
            let Some(archived) = &media.archived else {
                links.push(None);
                continue;
            };
            // Whatever a person sent is saved and not shown: a browser may read it otherwise than it was meant.
            let url = self.objects.presign_get(&archived.key, LINK_TTL, Some("attachment")).await;
            links.push(Some(
                url.map_err(|error| {
                    tracing::error!(%error, "cannot presign");
                    Problem::unavailable()
                })?
                .to_string(),
            ));
        }
        Ok(links)
    }

    /// Keeps a text, once for each key of the business.
    async fn keep(
        &self,
        seen: &Thread,
        author: &Author,
        contents: Vec<Content>,
        key: &str,
    ) -> Result<(Kept, Replayed), Problem> {
        let threads = &self.threads;
        let (business, id) = (&seen.business, &seen.id);
        let name = format!("api-{business}-{}", hex::encode(&Sha256::digest(key)[..16]));
        let mut looks = Looks::default();
        loop {
            looks.again().await?;
            if let Some(place) = threads.reader.carried(&name).await? {
                let kept = threads.reader.text(&place.business, &place.thread, place.number).await?;
                let same = |kept: &Kept| match &kept.text {
                    Text::Out(out) => contents.first() == Some(&out.content) && place.thread == *id,
                    Text::In(_) | Text::Tool(_) => false,
                };
                let kept = kept.filter(same).ok_or_else(idempotency::reused)?;
                return Ok((kept, Replayed(true)));
            }
            let now = threads.clock.now();
            let Some(before) = threads.reader.thread(business, id).await? else {
                return Err(Problem::not_found("thread"));
            };
            let mut after = before.clone();
            let person = threads.consent_of(&before).await?;
            let texts = write(&mut after, author, &contents, person, now)?;
            let Some((number, text)) = texts.first().cloned() else {
                return Err(Problem::invalid("/text", "length", "`text` has no words"));
            };
            let change = Change {
                before: Some(&before),
                after: &after,
                texts: &texts,
                carried: Some((&name, number)),
                handles: &[],
                wish: None,
                beside: Beside::default(),
            };
            if threads.writer.store(&change, now).await? == Stored::Done {
                return Ok((Kept { number, version: 1, text }, Replayed(false)));
            }
        }
    }
}

/// The texts of one request in the thread, whose owner their author is from now on.
fn write(
    thread: &mut Thread,
    author: &Author,
    contents: &[Content],
    person: Consent,
    now: Timestamp,
) -> Result<Vec<(u64, Text)>, Problem> {
    let (key, name) = match author {
        Author::Person { key, name } => (key, name),
        Author::Agent { .. } | Author::Call { .. } | Author::Notice | Author::Business => {
            return Err(Problem::unavailable());
        }
    };
    for content in contents {
        let draft = Outgoing::new(author.clone(), content.clone(), thread.turn, now);
        thread.may_send(&draft, person, now).map_err(refused)?;
    }
    let count = u64::try_from(contents.len()).unwrap_or(u64::MAX);
    let first = thread.person_writes(key, name, count, now);
    let turn = thread.turn;
    let text =
        |content: &Content| Text::Out(Box::new(Outgoing::new(author.clone(), content.clone(), turn, now)));
    Ok((first..).zip(contents.iter().map(text)).collect())
}
