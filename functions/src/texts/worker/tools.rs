//! Runs what the agent calls while it answers a text. The tools are those of calls, and so is what they do; what differs is
//! where the person is and what names an effect.
//!
//! An effect that may happen once is named by the thread, by the texts that are being answered, and by what is asked for. So a
//! draft that was dropped, or a worker that died, leads to the same name; and the same wish next week to another one.

use std::time::Duration;

use domain::appointments::{Source, Whose};
use domain::contact::ContactId;
use domain::texts::thread::{MAX_REASON, Thread};
use domain::texts::tool_use::{MAX_ARGUMENTS, ToolUse};
use domain::texts::{Body, ThreadId};
use domain::token::TokenKey;
use domain::tools::{
    APPOINTMENT_TOOLS, HAND_OVER, HttpTool, Missed, TAKE_MESSAGE, TIMEOUT_MAX, TakenMessage, ToolOutcome,
};
use domain::{BusinessId, Timestamp};
use openai::responses::FunctionCall;
use providers::tool_http::{ToolClient, ToolRequest};
use providers::toolbox::{
    answer_of, digest, error, fitting, message_in, not_done, not_known, parameters, schema_of,
};
use serde::Serialize;
use serde_json::Value;
use stores::appointments::desk::{Answer, AppointmentRequest, Desk, Visitor};
use stores::businesses::Published;
use stores::leases::{Leases, NotAsked, WorkKind};
use stores::{StoreError, appointments, contacts};
use tokio::time::{Instant, timeout};

use crate::edge::StartError;
use crate::edge::parts::{Needs, Opener, Part, parts};

/// How long the store of appointments may take.
const DESK_WAIT: Duration = Duration::from_secs(6);
/// What the model is told of something that was noted.
const OK: &str = r#"{"ok":true}"#;

/// The businesses' own tools.
struct Client(ToolClient);

impl Part for Client {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        needs.secrets();
        let reach = needs.reach();
        Box::new(move |deployment| {
            let key = deployment.secrets()?.stream_token_key.clone();
            let client = ToolClient::new(key, reach);
            client.map(Self).map_err(|error| StartError::Other(error.to_string()))
        })
    }
}

parts! {
    pub(super) struct Tools {
        appointments: appointments::Reader,
        contacts: contacts::Reader,
        writer: appointments::Writer,
        key: TokenKey,
        once: Leases,
        client: Client,
    }
}

/// What a business's own tool is sent.
#[derive(Serialize)]
struct Asked<'a> {
    tool: &'a str,
    thread: &'a ThreadId,
    business: &'a BusinessId,
    arguments: &'a Value,
}

/// Where a tool is used.
pub(super) struct Turn<'a> {
    pub(super) published: &'a Published,
    pub(super) thread: &'a Thread,
    /// When the whole reply has to be there.
    pub(super) until: Instant,
}

/// What came of a use.
pub(super) struct Ran {
    pub(super) used: ToolUse,
    pub(super) then: Then,
}

/// What follows from it.
pub(super) enum Then {
    /// The model is told, and goes on.
    GoOn,
    /// The business is told this, and it is left for it.
    Note { note: Body, message: TakenMessage },
    /// The thread goes to a person.
    HandOver { reason: String, say: String },
}

impl Tools {
    /// Runs one tool to its answer.
    pub(super) async fn run(&self, turn: &Turn<'_>, call: &FunctionCall, now: Timestamp) -> Ran {
        let (answer, done, then) = self.answer(turn, call, now).await;
        let cut = |text: &str, bytes: usize| text[..text.floor_char_boundary(bytes)].to_owned();
        let used = ToolUse {
            tool: cut(&call.name, 64),
            call: cut(&call.id, 128),
            arguments: Body(cut(call.arguments.as_str(), MAX_ARGUMENTS)),
            answer: Body(answer),
            done,
            at: now,
        };
        Ran { used, then }
    }

    async fn answer(&self, turn: &Turn<'_>, call: &FunctionCall, now: Timestamp) -> (String, bool, Then) {
        let wrong = |complaint: Value| (complaint.to_string(), false, Then::GoOn);
        let unknown = || error("unknown_tool", "there is no such tool");
        if call.arguments.as_str().len() > MAX_ARGUMENTS {
            return wrong(error("invalid_arguments", "the arguments are too long"));
        }
        let (tools, name) = (&turn.published.settings.tools, call.name.as_str());
        // A business's own tool may have the name of one of the product's that it has not turned on.
        if let Some(own) = tools.http_tool(name) {
            let Some(schema) = schema_of(own) else { return wrong(unknown()) };
            return match fitting(&schema, call.arguments.as_str()) {
                Ok(arguments) => self.ask(turn, own, call, &arguments, now).await,
                Err(complaint) => wrong(complaint),
            };
        }
        let is_offered = match name {
            TAKE_MESSAGE => tools.take_messages,
            HAND_OVER => true,
            name => tools.appointments && APPOINTMENT_TOOLS.contains(&name),
        };
        let Some(schema) = parameters(tools, name).filter(|_| is_offered) else { return wrong(unknown()) };
        let arguments = match fitting(&schema, call.arguments.as_str()) {
            Ok(arguments) => arguments,
            Err(complaint) => return wrong(complaint),
        };
        let text = |field: &str| arguments[field].as_str().unwrap_or_default().to_owned();
        match name {
            TAKE_MESSAGE => {
                let message = message_in(&arguments);
                let parts =
                    [message.recipient.as_deref(), Some(message.text.as_str()), message.callback.as_deref()];
                let whole = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
                let note = Body(whole.chars().take(MAX_REASON * 4).collect());
                (OK.to_owned(), true, Then::Note { note, message })
            }
            HAND_OVER => {
                let then = Then::HandOver { reason: text("reason"), say: text("say") };
                (OK.to_owned(), true, then)
            }
            name => match AppointmentRequest::read(name, arguments) {
                Some(Ok(request)) => self.at_the_desk(turn, &request, now).await,
                Some(Err(_)) => wrong(error(
                    "invalid_arguments",
                    "an hour is written like `16:30`, `4:30pm`, or `4` if it has two meanings",
                )),
                None => wrong(unknown()),
            },
        }
    }

    /// Something about appointments. Slots are good in this thread alone, and the person sees and changes what is under their
    /// own number or their contact.
    async fn at_the_desk(
        &self,
        turn: &Turn<'_>,
        request: &AppointmentRequest,
        now: Timestamp,
    ) -> (String, bool, Then) {
        let Turn { published, thread, until } = turn;
        let desk = Desk::new(self.appointments.clone(), self.writer.clone(), &self.key);
        let source = Source::Thread(thread.id.clone());
        let number = thread.person.phone();
        let answer = async {
            let contacts = self.contacts_of(thread).await?;
            let visitor = Visitor {
                business: &thread.business,
                conversation: thread.id.as_str(),
                language: published.settings.voice.language(),
                whose: Whose { number: number.as_ref(), contacts: &contacts },
                source: &source,
                fence: None,
            };
            desk.answer(&visitor, request, now).await
        };
        let wait = DESK_WAIT.min(until.saturating_duration_since(Instant::now()));
        let trouble = match timeout(wait, Box::pin(answer)).await {
            Ok(Ok(answer)) => {
                let done =
                    answer.is_done() || matches!(answer, Answer::Appointments { .. } | Answer::Slots { .. });
                match serde_json::to_string(&answer) {
                    Ok(text) => return (text, done, Then::GoOn),
                    Err(error) => error.to_string(),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the store did not answer in time".to_owned(),
        };
        tracing::error!(thread = %thread.id, %trouble, "a tool about appointments failed");
        (not_known().to_string(), false, Then::GoOn)
    }

    /// The person who writes, by every contact that they have been, the one that they are now in front.
    async fn contacts_of(&self, thread: &Thread) -> Result<Vec<ContactId>, StoreError> {
        let Some(id) = thread.contact else { return Ok(vec![]) };
        let stored = self.contacts.one(&thread.business, id).await?;
        Ok(stored.iter().flat_map(|stored| stored.contact.all_ids()).copied().collect())
    }

    /// A tool of the business's own.
    async fn ask(
        &self,
        turn: &Turn<'_>,
        tool: &HttpTool,
        call: &FunctionCall,
        arguments: &Value,
        now: Timestamp,
    ) -> (String, bool, Then) {
        let Turn { thread, until, .. } = turn;
        let scope = format!("{}.{}", thread.id, thread.answered);
        // Objects are ordered by key, so equal arguments have equal texts.
        let id = match tool.once {
            true => format!("{scope}.{}", digest(&format!("{}\0{arguments}", tool.name))),
            false => format!("{scope}.{}", digest(&call.id)),
        };
        let wait = tool.timeout.min(TIMEOUT_MAX).min(until.saturating_duration_since(Instant::now()));
        let asked = Asked { tool: &tool.name, thread: &thread.id, business: &thread.business, arguments };
        let body = serde_json::to_value(asked).unwrap_or_default();
        let request =
            ToolRequest { business: &thread.business, url: &tool.url, id: &id, body: &body, timeout: wait };
        let asked = async {
            if wait.is_zero() {
                return ToolOutcome::NotDone { why: Missed::Unreachable };
            }
            self.client.0.call(&request).await
        };
        let outcome = match tool.once {
            true => self.once.once(WorkKind::TextTool, &id, wait, now, asked).await,
            false => Ok(asked.await),
        };
        match outcome {
            Ok(outcome) => {
                let done = matches!(outcome, ToolOutcome::Done { .. });
                if !done {
                    tracing::warn!(thread = %thread.id, tool = tool.name, %outcome, "a tool did not do what it was asked");
                }
                (answer_of(&outcome, tool.once), done, Then::GoOn)
            }
            Err(NotAsked::InProgress) => {
                (error("in_progress", "this is being done at this moment").to_string(), false, Then::GoOn)
            }
            Err(NotAsked::Store(trouble)) => {
                tracing::error!(thread = %thread.id, tool = tool.name, %trouble, "a tool was not asked");
                (not_done().to_string(), false, Then::GoOn)
            }
        }
    }
}
