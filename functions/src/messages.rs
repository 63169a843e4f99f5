//! What callers left for a business, as a list that people work off: messages that the agent took, and voicemails.
//!
//! What was left is put by the function that looks at a call after its end (`transcripts::worker`), and by the agent that
//! writes (`texts::worker`); here it is read, and marked as dealt with. Where a voicemail's recording is and what was said to it are asked of their owners at each
//! request, so that a deletion and a correction show.

mod api;
pub(crate) mod of_person;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::messages::{Left, Mark, MessageId, MessageState, What, words_of};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use platform::Clock;
use stores::messages::{Marks, Reader};
use stores::{StoreError, recordings, transcripts};
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, Query, page_limit};
use crate::edge::api::log::Log;
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use api::{ListMessages, MessageChange, MessageList, Standing, Voicemail};

/// Voicemails that are looked up at one time.
const AT_ONCE: usize = 16;

table_parts! {
    Marks: "TABLE_MESSAGES";
}

parts! {
    pub struct Messages {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        marks: Marks,
        recordings: recordings::Reader,
        transcripts: transcripts::Reader,
    }
}

impl ApiFunction for Messages {
    const NAME: &'static str = "messages";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::CallsRead, routes!(list))
            .of_business(Scope::MessagesWrite, routes!(mark))
    }
}

/// A page of what callers left, the newest first, and how much of all of it waits. `include=words` tells what they said: it
/// takes the scope `transcripts:read` besides, and is in the log of readings once in five minutes.
#[utoipa::path(
    get,
    path = "/v1/messages",
    operation_id = "list_messages",
    params(ListMessages),
    responses((status = 200, description = "A page of messages and voicemails.", body = MessageList)),
)]
async fn list(
    State(app): State<Arc<Messages>>,
    tenant: Tenant,
    paging: Paging,
    log: Log,
    Query(query): Query<ListMessages>,
) -> Result<Response, Problem> {
    let (limit, wanted, words) = (page_limit(query.limit)?, query.wanted(), query.has_words());
    if words {
        log.reads(Scope::TranscriptsRead).await?;
    }
    let asked = paging.of("messages", &wanted)?;
    let behind: Option<MessageId> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.list(&tenant.0, &wanted, limit, behind).await?;
    let things: Vec<Left> = page.entries.iter().map(|(left, _)| left.clone()).collect();
    let keepers = Keepers { recordings: &app.recordings, transcripts: &app.transcripts };
    let look = |left| keepers.voicemail(left, words);
    let voicemails: Vec<_> = stream::iter(things).map(look).buffered(AT_ONCE).try_collect().await?;
    asked.page(page.next.as_ref(), |next| MessageList::new(&page, &voicemails, words, next))
}

/// Says that a message or voicemail is dealt with, or that it is to be dealt with after all. Of two people who say that it
/// is `done` the first one counts.
#[utoipa::path(
    patch,
    path = "/v1/messages/{message}",
    operation_id = "mark_message",
    request_body = MessageChange,
    responses((status = 200, description = "How it stands now.", body = Standing)),
)]
async fn mark(
    State(app): State<Arc<Messages>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    Body(change): Body<MessageChange>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("message");
    let id = MessageId::parse(&id).map_err(|_| unknown())?;
    let left = app.reader.one(&tenant.0, id).await?.ok_or_else(unknown)?;
    let mark = match change.state {
        MessageState::Done => {
            let (by, name) = (requester.key.id.clone(), requester.key.name.clone());
            let mark = Mark { by, name, at: app.clock.now() };
            Some(app.marks.set(&tenant.0, &left, &mark).await?)
        }
        MessageState::Waiting => {
            app.marks.take_off(&tenant.0, &left).await?;
            None
        }
    };
    Ok(Json(Standing::new(id, mark.as_ref())).into_response())
}

/// Those who know of voicemails.
#[derive(Clone, Copy)]
struct Keepers<'a> {
    recordings: &'a recordings::Reader,
    transcripts: &'a transcripts::Reader,
}

impl Keepers<'_> {
    /// What is known of a voicemail elsewhere; `None` for a message, and for a recording whose row is gone.
    async fn voicemail(self, left: Left, words: bool) -> Result<Option<Voicemail>, StoreError> {
        let What::Voicemail(sid) = &left.what else { return Ok(None) };
        let Some(call) = left.origin.call() else { return Ok(None) };
        let recordings = self.recordings.for_call(call).await?;
        let Some(recording) = recordings.all.iter().find(|recording| recording.sid == *sid) else {
            return Ok(None);
        };
        let transcript = match words {
            true => self.transcripts.final_transcript(call).await?.and_then(|(_, transcript)| transcript),
            false => None,
        };
        let said = transcript.and_then(|transcript| words_of(recording, &recordings, &transcript));
        Ok(Some(Voicemail { recording: recording.clone(), said }))
    }
}
