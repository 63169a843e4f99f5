//! Whether the deployment can do its work: what is proven, what is at fault, and what cannot be told from here.
//!
//! Each check asks what the deployment itself depends on, with a deadline of its own, and all of them run side by side.
//! Nothing is changed by asking, and nothing is paid but a few words of the model, whose cost is said.

mod address;
mod census;
mod deployment;
mod finding;
mod geo;
mod numbers;
mod openai;
mod own_accounts;
mod quarantine;
mod twilio;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::cost::PriceList;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use platform::Clock;
use providers::openai_http::OpenAiHttp;
use providers::realtime_echo::RealtimeEcho;
use providers::twilio_rest::TwilioAccounts;
use stores::{businesses, calls};
use url::Url;
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use address::OwnAddress;
use deployment::{Queues, SecretState, Tables};
use finding::{DeepHealth, Finding, HealthCheck, timed};

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
        realtime: RealtimeEcho,
        prices: PriceList => |needs| needs.prices(),
        models: Vec<String> => |needs| openai::models(needs),
        twilio: TwilioAccounts,
        businesses: businesses::Reader,
        calls: calls::Reader,
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

/// Checks what the deployment depends on: tables, queues, the secret and its age, OpenAI's key and models, one short
/// session with a model, Twilio's account and those that businesses brought, the countries that it dials, every number's addresses there, calls that came to
/// numbers of no business, signatures and the clock. A fault is told in the answer, whose status is 200 all the same. Each
/// request pays for a few spoken words of a model.
#[utoipa::path(get, path = "/v1/health/deep", operation_id = "check_deployment", tag = "deployment",
    responses((status = 200, body = DeepHealth)))]
async fn deep(State(app): State<Arc<Health>>) -> Result<Response, Problem> {
    let (app, now) = (&*app, app.clock.now());
    // Several checks judge by these, which are read once.
    let census = census::take(&app.businesses).shared();
    let listed = openai::list(&app.openai).shared();
    let checks: Vec<BoxFuture<'_, HealthCheck>> = vec![
        Box::pin(timed("secret", SHORT, async { app.secret.finding() })),
        Box::pin(timed("secret age", SHORT, async { app.secret.age(now) })),
        Box::pin(timed("tables", SHORT, app.tables.finding())),
        Box::pin(timed("queues", SHORT, app.queues.finding())),
        Box::pin(timed("openai", SHORT, async { openai::finding(&listed.clone().await, &app.models, now) })),
        Box::pin(timed("models of the businesses", SHORT, async {
            let listed = listed.clone().await;
            census.clone().await.map(|census| openai::chosen(&listed, &census, now))
        })),
        Box::pin(timed("model session", LONG, openai::session(&app.realtime, &app.prices))),
        Box::pin(timed("twilio account", SHORT, twilio::finding(app.twilio.deployment()))),
        Box::pin(timed("businesses' twilio accounts", LONG, async {
            Ok::<_, Finding>(own_accounts::finding(&*census.clone().await?, &app.twilio).await)
        })),
        Box::pin(timed("countries", LONG, async {
            Ok::<_, Finding>(geo::finding(&*census.clone().await?, &app.twilio).await)
        })),
        Box::pin(timed("numbers", LONG, async {
            Ok::<_, Finding>(numbers::finding(&*census.clone().await?, &app.twilio, &app.base).await)
        })),
        Box::pin(timed("quarantine", SHORT, quarantine::finding(&app.calls, &app.businesses, now))),
        Box::pin(timed("signatures", LONG, app.own.signatures(&app.base))),
        Box::pin(timed("clock", SHORT, app.own.clock(&app.base, &app.clock))),
    ];
    let checks = join_all(checks).await;
    for fault in checks.iter().filter(|check| check.is_fault()) {
        tracing::warn!(check = fault.name, "a check of the deployment found a fault");
    }
    Ok(Json(DeepHealth::of(checks)).into_response())
}
