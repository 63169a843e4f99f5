//! The agent's next step in a thread: words, or tools that it wants to use. One request to a text model, with the thread as it
//! stands.

use std::sync::Arc;
use std::time::Duration;

use domain::cost::TextUsage;
use domain::prompt::{self, Channel, NoPrompt};
use domain::texts::Text;
use domain::texts::history::{MAX_TEXTS, Said, Side, said};
use domain::texts::thread::Thread;
use openai::PrivateText;
use openai::responses::{
    Effort, FunctionCall, ResponsesOutcome, ResponsesReply, ResponsesRequest, Verbosity,
};
use providers::openai_http::{OpenAiError, OpenAiHttp, tell_refused};
use providers::toolbox;
use stores::StoreError;
use stores::businesses::Published;
use stores::texts::Reader;
use tokio::time::Instant;

use crate::edge::parts::parts;
use crate::shared::about_contact::Told;
use crate::shared::settings_cache::SettingsCache;

/// What an answer may take, reasoning included.
const OUTPUT_TOKENS: u32 = 2_000;
/// All models together: a claim lasts longer.
const WRITE_WITHIN: Duration = Duration::from_secs(60);
/// What the model is told of a draft that said too much.
const TAKE_BACK: &str = "[From the business's system, not from the person] Your last draft said that an appointment was made, moved \
                         or cancelled, but no tool did that, and nothing was changed. The person did not see the draft. Use \
                         the tool, or write again without saying so.";

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

/// What the agent does next.
pub(super) enum Draft {
    /// It says this.
    Words(String),
    /// It wants to use these tools first.
    Tools(Vec<FunctionCall>),
}

/// How the model may go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave {
    /// It may use tools.
    pub(super) tools: bool,
    /// Its last draft said that something was done which was not.
    pub(super) took_back: bool,
    /// When the whole reply has to be there.
    pub(super) until: Instant,
}

/// A thread as the agent looks at it.
pub(super) struct Situation {
    pub(super) published: Arc<Published>,
    /// The oldest first.
    pub(super) texts: Vec<Text>,
}

impl Agent {
    /// The settings under which a thread is answered.
    pub(super) async fn settings_of(&self, thread: &Thread) -> Result<Arc<Published>, NoWords> {
        let published = self.settings.of_number(&thread.sender.number).await?.ok_or(NoWords::NoBusiness)?;
        if published.business.id == thread.business { Ok(published) } else { Err(NoWords::NoBusiness) }
    }

    /// The thread as it stands now.
    pub(super) async fn look(
        &self,
        reader: &Reader,
        thread: &Thread,
        published: &Arc<Published>,
    ) -> Result<Situation, NoWords> {
        let kept = reader.texts(&thread.business, &thread.id, None, MAX_TEXTS).await?;
        let texts = kept.into_iter().rev().map(|kept| kept.text).collect();
        Ok(Situation { published: Arc::clone(published), texts })
    }

    /// What the agent does next in this thread.
    pub(super) async fn draft(
        &self,
        thread: &Thread,
        situation: &Situation,
        known: &Told,
        leave: Leave,
        used: &mut Vec<TextUsage>,
        now: domain::Timestamp,
    ) -> Result<Draft, NoWords> {
        let published = &situation.published;
        let said = said(&situation.texts);
        if said.last().is_none_or(Said::is_answer) {
            return Err(NoWords::Nothing);
        }
        let instructions = self.instructions(published, known, now).await?;
        let deadline = leave.until.min(Instant::now() + WRITE_WITHIN);
        let mut why = NoWords::Final("no model is set");
        for model in &self.models {
            let request = ResponsesRequest::new(model, instructions.clone());
            let request = self.with_history(request, &said, published, leave);
            let request = request
                .max_output_tokens(OUTPUT_TOKENS)
                .effort(Effort::Low)
                .verbosity(Verbosity::Low)
                .prompt_cache_key(format!("{}:{}:text", thread.business, published.settings.revision))
                .safety_identifier(thread.id.as_str());
            let answer = self.ask(model, request, &thread.business, deadline).await;
            used.extend(answer.as_ref().ok().map(|reply| TextUsage {
                model: model.clone(),
                input: reply.usage.input,
                cached_input: reply.usage.cached_input,
                cache_write: reply.usage.cache_write,
                output: reply.usage.output,
            }));
            match answer {
                Ok(reply) if leave.tools && !reply.calls.is_empty() => return Ok(Draft::Tools(reply.calls)),
                Ok(reply) => match reply.outcome {
                    ResponsesOutcome::Text(text) if !text.as_str().trim().is_empty() => {
                        return Ok(Draft::Words(text.as_str().trim().to_owned()));
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

    /// The request with the tools and with what was said.
    fn with_history(
        &self,
        mut request: ResponsesRequest,
        said: &[Said<'_>],
        published: &Published,
        leave: Leave,
    ) -> ResponsesRequest {
        if leave.tools {
            let tools = &published.settings.tools;
            for tool in toolbox::offered(tools, prompt::tools::described_in_writing(tools)) {
                request = request.function(tool.name, tool.description, tool.parameters);
            }
        }
        for piece in said {
            request = match piece {
                Said::Words(Side::Person, words) => request.user(words.clone()),
                Said::Words(Side::Business, words) => request.assistant(words.clone()),
                Said::Tool(used) => {
                    let call = FunctionCall {
                        id: used.call.clone(),
                        name: used.tool.clone(),
                        arguments: PrivateText::from(used.arguments.as_str()),
                    };
                    request.called(&call, used.answer.as_str())
                }
            };
        }
        if leave.took_back { request.user(TAKE_BACK) } else { request }
    }

    async fn instructions(
        &self,
        published: &Arc<Published>,
        known: &Told,
        now: domain::Timestamp,
    ) -> Result<String, NoPrompt> {
        let compiled = self.settings.prompt(published, Channel::WhatsApp, None).await?;
        let Published { business, settings } = &**published;
        Ok(prompt::for_thread(&compiled, business, settings, &known.about(), now))
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
