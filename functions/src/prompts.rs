//! Prompts as the model gets them, for the people who write them: from the same builder and the same cache as those of
//! calls.

mod api;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::prompt::{self, CallContext, Channel, NoPrompt};
use domain::reception::reception;
use domain::{BusinessId, Settings};
use http::StatusCode;
use platform::Clock;
use stores::businesses::{self, Published};
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, Query};
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::shared::settings_cache::SettingsCache;
use crate::shared::shapes::Time;
use api::{AnsweredBy, PreviewOf, PreviewView, PromptOf, PromptView, What, Which};

parts! {
    pub struct Prompts {
        gatekeeper: Gatekeeper,
        clock: Clock,
        settings: SettingsCache,
        businesses: businesses::Reader,
    }
}

impl ApiFunction for Prompts {
    const NAME: &'static str = "prompts";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::SettingsRead, routes!(compiled))
            .of_business(Scope::SettingsRead, routes!(preview))
    }
}

/// What all calls of a channel have in common: instructions, greeting, tools, and what transcription expects.
#[utoipa::path(
    get,
    path = "/v1/prompt",
    operation_id = "get_prompt",
    params(PromptOf),
    responses((status = 200, description = "The prompt.", body = PromptView)),
)]
async fn compiled(
    State(app): State<Arc<Prompts>>,
    tenant: Tenant,
    Query(query): Query<PromptOf>,
) -> Result<Response, Problem> {
    let (channel, language) = (query.channel()?, query.language()?);
    let published = app.of(&tenant.0, &query.which()?).await?;
    let compiled = app.settings.prompt(&published, channel, language).await.map_err(no_prompt)?;
    let Published { business, settings } = &*published;
    let view = PromptView::new(channel, language, business, settings, &compiled, &compiled.instructions);
    Ok(Json(view).into_response())
}

/// Exactly what the model would get for one call: a given caller at a given time, with published settings, those of a
/// number, a revision or a draft.
#[utoipa::path(
    post,
    path = "/v1/prompt/preview",
    operation_id = "preview_prompt",
    request_body = PreviewOf,
    responses((status = 200, description = "What the call would come to.", body = PreviewView)),
)]
async fn preview(
    State(app): State<Arc<Prompts>>,
    tenant: Tenant,
    requester: Requester,
    Body(body): Body<PreviewOf>,
) -> Result<Response, Problem> {
    let channel = body.channel()?;
    let (caller, task) = (body.caller()?, body.task(channel)?);
    let now = body.at()?.unwrap_or_else(|| app.clock.now());
    let what = match body.what()? {
        What::Stored(which) => app.of(&tenant.0, &which).await?,
        What::Sent(settings) => app.unpublished(&tenant.0, *settings).await?,
        What::Draft => {
            let draft = app.businesses.draft(&tenant.0, &requester.key.id).await?;
            let draft = draft.ok_or_else(|| Problem::not_found("draft of this key"))?;
            app.unpublished(&tenant.0, draft.value.written.settings).await?
        }
    };
    let Published { business, settings } = &*what;
    let language = body.language()?;
    let answered_by = match channel {
        Channel::Inbound => AnsweredBy::from(reception(business, settings, now)),
        Channel::Outbound | Channel::WhatsApp => AnsweredBy::Agent,
    };
    let compiled = prompt::compile(business, settings, channel, language).map_err(no_prompt)?;
    let context = CallContext { caller: &caller, task: task.as_ref(), about: body.about()?, now };
    let instructions = prompt::for_call(&compiled, business, settings, &context);
    let prompt = (answered_by == AnsweredBy::Agent)
        .then(|| PromptView::new(channel, language, business, settings, &compiled, &instructions));
    Ok(Json(PreviewView { at: Time(now), answered_by, prompt }).into_response())
}

impl Prompts {
    /// Settings that no call runs with yet.
    async fn unpublished(
        &self,
        business: &BusinessId,
        settings: Settings,
    ) -> Result<Arc<Published>, Problem> {
        let business = self.businesses.business(business).await?;
        let business = business.ok_or_else(|| Problem::not_found("business"))?;
        Ok(Arc::new(Published { business, settings }))
    }

    /// Settings that are stored, and that calls run with or did.
    async fn of(&self, business: &BusinessId, which: &Which) -> Result<Arc<Published>, Problem> {
        let settings = &self.settings;
        match which {
            Which::Revision(revision) => settings.pinned(business, *revision).await?,
            Which::Published => settings.of_business(business).await?,
            Which::Number(number) => {
                let own = settings.of_number(number).await?.filter(|own| own.business.id == *business);
                return own.ok_or_else(|| Problem::not_found("number"));
            }
        }
        .ok_or_else(|| Problem::not_found("revision of the settings"))
    }
}

fn no_prompt(error: NoPrompt) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no prompt").detail(error.to_string())
}
