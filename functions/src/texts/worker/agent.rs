//! The agent's words for a thread: one request to a text model, with the thread as it stands.

use std::sync::Arc;
use std::time::Duration;

use domain::prompt::{self, Channel, NoPrompt};
use domain::texts::history::{MAX_TEXTS, Side, said};
use domain::texts::thread::Thread;
use openai::responses::{Effort, ResponsesOutcome, ResponsesReply, ResponsesRequest, Verbosity};
use providers::openai_http::{OpenAiError, OpenAiHttp, tell_refused};
use stores::StoreError;
use stores::businesses::Published;
use stores::texts::Reader;
use tokio::time::Instant;

use crate::edge::parts::parts;
use crate::shared::settings_cache::SettingsCache;

/// What an answer may take, reasoning included.
const OUTPUT_TOKENS: u32 = 2_000;
/// All models together: a claim lasts longer.
const WRITE_WITHIN: Duration = Duration::from_secs(60);

parts! {
    pub(super) struct Agent {
        openai: OpenAiHttp,
        models: Vec<String> => |needs| needs.models("TEXT_MODELS"),
        settings: SettingsCache,
    }
}

/// Why there are no words.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoWords {
    /// The number has no agent for texts.
    #[error(transparent)]
    NoPrompt(#[from] NoPrompt),
    /// The number is no business's any more.
    #[error("no business has the number any more")]
    NoBusiness,
    /// The last word is the business's.
    #[error("nothing was asked")]
    Nothing,
    /// It may be otherwise later.
    #[error("no model answered: {0}")]
    Later(String),
    /// It would be the same again.
    #[error("no model has an answer: {0}")]
    Final(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Agent {
    /// What the agent says in this thread now.
    pub(super) async fn words(
        &self,
        reader: &Reader,
        thread: &Thread,
        now: domain::Timestamp,
    ) -> Result<String, NoWords> {
        let published = self.settings.of_number(&thread.sender.number).await?.ok_or(NoWords::NoBusiness)?;
        if published.business.id != thread.business {
            return Err(NoWords::NoBusiness);
        }
        let instructions = self.instructions(&published, now).await?;
        let mut kept = reader.texts(&thread.business, &thread.id, None, MAX_TEXTS).await?;
        kept.reverse();
        let said = said(kept.iter().map(|kept| &kept.text));
        if said.last().is_none_or(|(side, _)| *side == Side::Business) {
            return Err(NoWords::Nothing);
        }
        let deadline = Instant::now() + WRITE_WITHIN;
        let mut why = NoWords::Final("no model is set");
        for model in &self.models {
            let mut request = ResponsesRequest::new(model, instructions.clone());
            for (side, words) in &said {
                request = match side {
                    Side::Person => request.user(words.clone()),
                    Side::Business => request.assistant(words.clone()),
                };
            }
            let request = request
                .max_output_tokens(OUTPUT_TOKENS)
                .effort(Effort::Low)
                .verbosity(Verbosity::Low)
                .prompt_cache_key(format!("{}:{}:text", thread.business, published.settings.revision))
                .safety_identifier(thread.id.as_str());
            match self.ask(model, request, &thread.business, deadline).await {
                Ok(reply) => match reply.outcome {
                    ResponsesOutcome::Text(text) if !text.as_str().trim().is_empty() => {
                        return Ok(text.as_str().trim().to_owned());
                    }
                    ResponsesOutcome::Failed(error) if !error.is_fatal() => {
                        why = NoWords::Later("it failed".to_owned());
                    }
                    ResponsesOutcome::Unfinished { .. } => {
                        why = NoWords::Later("it is unfinished".to_owned())
                    }
                    ResponsesOutcome::Refused(_) => return Err(NoWords::Final("refused")),
                    _ => why = NoWords::Final("no words"),
                },
                Err(error) if error.is_retryable() => why = NoWords::Later(error.to_string()),
                Err(error) => {
                    tracing::warn!(%error, "a model does not take the request");
                    why = NoWords::Final("rejected");
                }
            }
        }
        Err(why)
    }

    async fn instructions(
        &self,
        published: &Arc<Published>,
        now: domain::Timestamp,
    ) -> Result<String, NoPrompt> {
        let compiled = self.settings.prompt(published, Channel::WhatsApp, None).await?;
        Ok(prompt::for_thread(&compiled, &published.business, &published.settings, now))
    }

    /// Asks one model. What it refuses and can do without is left out.
    async fn ask(
        &self,
        model: &str,
        mut request: ResponsesRequest,
        business: &domain::BusinessId,
        deadline: Instant,
    ) -> Result<ResponsesReply, OpenAiError> {
        loop {
            let answer = self.openai.respond(&request, deadline).await;
            let Err(error) = answer else { return answer };
            let refused = error.http().map(|http| request.refused(http)).unwrap_or_default();
            if refused.is_empty() {
                return Err(error);
            }
            for nicety in refused {
                tell_refused(business.as_str(), model, nicety.as_str(), &error);
                request = request.without(nicety);
            }
        }
    }
}
