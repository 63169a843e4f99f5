//! Whether the deployment can do its work: what is proven, what is at fault, and what cannot be told from here.
//!
//! Each check asks what the deployment itself depends on, with a deadline of its own, and all of them run side by side.
//! Nothing is changed by asking.

mod address;
mod deployment;
mod finding;
mod numbers;
mod openai;
mod twilio;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use futures_util::future::{BoxFuture, join_all};
use platform::Clock;
use providers::openai_http::OpenAiHttp;
use providers::twilio_rest::TwilioRest;
use stores::businesses;
use url::Url;
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use address::OwnAddress;
use deployment::{Queues, SecretState, Tables};
use finding::{DeepHealth, Finding, HealthCheck};

/// For what asks one party a question or two.
const SHORT: Duration = Duration::from_secs(8);
/// For what asks Twilio about many numbers. The gateway waits for 30 s in all.
const LONG: Duration = Duration::from_secs(20);

parts! {
    pub struct Health {
        gatekeeper: Gatekeeper,
        clock: Clock,
        secret: SecretState,
        tables: Tables,
        queues: Queues,
        openai: OpenAiHttp,
        models: Vec<String> => |needs| openai::models(needs),
        twilio: TwilioRest,
        businesses: businesses::Reader,
        base: Url => |needs| needs.public_base(),
        own: OwnAddress,
    }
}

impl ApiFunction for Health {
    const NAME: &'static str = "health";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new().of_operator(Scope::DeploymentRead, routes!(deep))
    }
}

/// Checks what the deployment depends on: tables, queues, the secret, OpenAI, Twilio, every number's addresses there,
/// signatures and the clock. A fault is told in the answer, whose status is 200 all the same.
#[utoipa::path(get, path = "/v1/health/deep", operation_id = "check_deployment", tag = "deployment",
    responses((status = 200, body = DeepHealth)))]
async fn deep(State(app): State<Arc<Health>>) -> Result<Response, Problem> {
    let checks: Vec<BoxFuture<'_, HealthCheck>> = vec![
        Box::pin(finding::timed("secret", SHORT, async { app.secret.finding() })),
        Box::pin(finding::timed("tables", SHORT, app.tables.finding())),
        Box::pin(finding::timed("queues", SHORT, app.queues.finding())),
        Box::pin(finding::timed("openai", SHORT, openai::finding(&app.openai, &app.models, app.clock.now()))),
        Box::pin(finding::timed("twilio account", SHORT, twilio::finding(&app.twilio))),
        Box::pin(finding::timed("numbers", LONG, numbers::finding(&app.businesses, &app.twilio, &app.base))),
        Box::pin(finding::timed("signatures", LONG, app.own.signatures(&app.base))),
        Box::pin(finding::timed("clock", SHORT, app.own.clock(&app.base, &app.clock))),
    ];
    let checks = join_all(checks).await;
    for fault in checks.iter().filter(|check| check.is_fault()) {
        tracing::warn!(check = fault.name, "a check of the deployment found a fault");
    }
    Ok(Json(DeepHealth::of(checks)).into_response())
}
