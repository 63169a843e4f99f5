//! The numbers of a business. Each belongs to one business at a time, or to none.

mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::numbers::{NotTaken, OwnNumber};
use domain::{BusinessId, PhoneNumber};
use http::{StatusCode, header};
use platform::Clock;
use providers::twilio_rest::{TwilioAccounts, TwilioError, TwilioRest};
use stores::businesses::{Given, Reader, Saved, Writer};
use url::Url;
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::shared::number_check::{self, NumberCheck};
use shapes::{ChangeNumber, MoveNumber, NewNumberRequest, NumberList, NumberView};

parts! {
    pub struct Numbers {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        twilio: TwilioAccounts,
        base: Url => |needs| needs.public_base(),
    }
}

impl ApiFunction for Numbers {
    const NAME: &'static str = "numbers";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::NumbersRead, routes!(list))
            .of_business(Scope::NumbersWrite, routes!(take))
            .of_business(Scope::NumbersRead, routes!(one))
            .of_business(Scope::NumbersWrite, routes!(change))
            .of_business(Scope::NumbersWrite, routes!(release))
            .of_business(Scope::NumbersRead, routes!(check))
            .of_business(Scope::NumbersWrite, routes!(set_up))
            .of_operator(Scope::BusinessesWrite, routes!(hand_over))
    }
}

/// The numbers of the business.
#[utoipa::path(get, path = "/v1/numbers", operation_id = "list_numbers", tag = "numbers",
    responses((status = 200, body = NumberList)))]
async fn list(State(app): State<Arc<Numbers>>, tenant: Tenant) -> Result<Response, Problem> {
    let numbers = app.reader.numbers(&tenant.0).await?;
    Ok(Json(NumberList { numbers: numbers.iter().map(NumberView::new).collect() }).into_response())
}

/// Gives the business a number; with `set_up`, Twilio is told where its calls and their callbacks go. Doing it again
/// changes its label and its settings channel.
#[utoipa::path(post, path = "/v1/numbers", operation_id = "take_number", tag = "numbers",
    request_body = NewNumberRequest, responses((status = 201, body = NumberView), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn take(
    State(app): State<Arc<Numbers>>,
    tenant: Tenant,
    Body(wish): Body<NewNumberRequest>,
) -> Result<Response, Problem> {
    if app.reader.business(&tenant.0).await?.is_none() {
        return Err(Problem::not_found("business"));
    }
    let set_up = wish.set_up;
    let wanted = wish.read()?;
    let holder = app.reader.number(&wanted.number).await?;
    let number = wanted.take(tenant.0, app.clock.now(), holder.as_ref()).map_err(shapes::not_taken)?;
    match app.writer.take_number(&number).await? {
        Given::Done => {}
        Given::Overtaken => return Err(shapes::not_taken(NotTaken::Taken)),
        Given::NoChannel => return Err(shapes::not_taken(NotTaken::UnknownChannel)),
    }
    tracing::info!(business = %number.business, "a number is taken");
    if set_up {
        app.tell_twilio(&Tenant(number.business.clone()), &number.number).await?;
    }
    let location = [(header::LOCATION, format!("/v1/numbers/{}", number.number.as_e164()))];
    Ok((StatusCode::CREATED, location, Json(NumberView::new(&number))).into_response())
}

/// One number.
#[utoipa::path(get, path = "/v1/numbers/{number}", operation_id = "get_number", tag = "numbers",
    params(("number" = String, Path, description = "E.164")), responses((status = 200, body = NumberView)))]
async fn one(
    State(app): State<Arc<Numbers>>,
    tenant: Tenant,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    Ok(Json(NumberView::new(&app.number(&tenant, &number).await?)).into_response())
}

/// Changes what a number is called, and the settings that its calls run with: new calls within half a minute.
#[utoipa::path(patch, path = "/v1/numbers/{number}", operation_id = "change_number", tag = "numbers",
    params(("number" = String, Path, description = "E.164")), request_body = ChangeNumber,
    responses((status = 200, body = NumberView), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn change(
    State(app): State<Arc<Numbers>>,
    tenant: Tenant,
    Path(number): Path<String>,
    Body(change): Body<ChangeNumber>,
) -> Result<Response, Problem> {
    let seen = app.number(&tenant, &number).await?;
    let changed = change.of(seen.clone())?.take(tenant.0, app.clock.now(), Some(&seen));
    let changed = changed.map_err(shapes::not_taken)?;
    match app.writer.take_number(&changed).await? {
        Given::Done => Ok(Json(NumberView::new(&changed)).into_response()),
        Given::Overtaken => Err(Problem::not_found("number")),
        Given::NoChannel => Err(shapes::not_taken(NotTaken::UnknownChannel)),
    }
}

/// Gives a number back. Its calls belong to no business then, and are refused politely.
#[utoipa::path(delete, path = "/v1/numbers/{number}", operation_id = "release_number", tag = "numbers",
    params(("number" = String, Path, description = "E.164")), responses((status = 204, description = "Released")))]
async fn release(
    State(app): State<Arc<Numbers>>,
    tenant: Tenant,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let number = app.number(&tenant, &number).await?;
    match app.writer.release_number(&number.number, &tenant.0).await? {
        Saved::Done(_) => Ok(no_content()),
        Saved::Overtaken => Err(Problem::not_found("number")),
    }
}

/// Whether Twilio has the number, and sends its calls and their callbacks here.
#[utoipa::path(get, path = "/v1/numbers/{number}/check", operation_id = "check_number", tag = "numbers",
    params(("number" = String, Path, description = "E.164")), responses((status = 200, body = NumberCheck), (status = 409, description = "Twilio does not have the number.")))]
async fn check(
    State(app): State<Arc<Numbers>>,
    tenant: Tenant,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let number = app.number(&tenant, &number).await?;
    let twilio = app.twilio_of(&tenant).await?;
    let found = twilio.number(&number.number).await.map_err(at_twilio)?;
    Ok(Json(NumberCheck::new(&number_check::setup(&app.base), found.as_ref())).into_response())
}

/// Tells Twilio where the number's calls and their callbacks go, and checks that it has it so.
#[utoipa::path(put, path = "/v1/numbers/{number}/check", operation_id = "set_up_number", tag = "numbers",
    params(("number" = String, Path, description = "E.164")), responses((status = 200, body = NumberCheck), (status = 409, description = "Twilio does not have the number.")))]
async fn set_up(
    State(app): State<Arc<Numbers>>,
    tenant: Tenant,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let number = app.number(&tenant, &number).await?;
    let found = app.tell_twilio(&tenant, &number.number).await?;
    Ok(Json(found).into_response())
}

/// Hands a number over to another business, whose published settings its calls run with then. A business that the path
/// names must be the one that has the number.
#[utoipa::path(post, path = "/v1/numbers/{number}/move", operation_id = "move_number", tag = "numbers",
    params(("number" = String, Path, description = "E.164")), request_body = MoveNumber,
    responses((status = 200, body = NumberView), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn hand_over(
    State(app): State<Arc<Numbers>>,
    requester: Requester,
    Path(number): Path<String>,
    Body(wish): Body<MoveNumber>,
) -> Result<Response, Problem> {
    let seen = app.number_of(requester.business(), &number).await?;
    let to = BusinessId::parse(&wish.to).map_err(|error| Problem::invalid("/to", "id", error.to_string()))?;
    if app.reader.business(&to).await?.is_none() {
        return Err(Problem::invalid("/to", "unknown", "there is no such business"));
    }
    let from = seen.business.clone();
    let moved = seen.moved_to(to, app.clock.now());
    match app.writer.move_number(&moved, &from).await? {
        Saved::Done(_) => {
            tracing::info!(%from, to = %moved.business, by = %requester.key.id, "a number is moved");
            Ok(Json(NumberView::new(&moved)).into_response())
        }
        Saved::Overtaken => Err(Problem::not_found("number")),
    }
}

impl Numbers {
    async fn number(&self, tenant: &Tenant, text: &str) -> Result<OwnNumber, Problem> {
        self.number_of(Some(&tenant.0), text).await
    }

    /// A number of a business; of any business if none is named.
    async fn number_of(&self, business: Option<&BusinessId>, text: &str) -> Result<OwnNumber, Problem> {
        let unknown = || Problem::not_found("number");
        let number = PhoneNumber::parse(text).map_err(|_| unknown())?;
        let is_theirs = |found: &OwnNumber| business.is_none_or(|business| found.business == *business);
        self.reader.number(&number).await?.filter(is_theirs).ok_or_else(unknown)
    }

    /// The account that has the business's numbers.
    async fn twilio_of(&self, tenant: &Tenant) -> Result<TwilioRest, Problem> {
        let business =
            self.reader.business(&tenant.0).await?.ok_or_else(|| Problem::not_found("business"))?;
        Ok(self.twilio.of_business(&business.id, business.twilio_account.as_ref()))
    }

    async fn tell_twilio(&self, tenant: &Tenant, number: &PhoneNumber) -> Result<NumberCheck, Problem> {
        let setup = number_check::setup(&self.base);
        let twilio = self.twilio_of(tenant).await?;
        let found = twilio.number(number).await.map_err(at_twilio)?.ok_or_else(|| {
            Problem::new(StatusCode::CONFLICT, "not at twilio")
                .detail("the Twilio account has no such number: buy it there first, or use its own account")
        })?;
        let found = twilio.set_number_up(&found.sid, &setup).await.map_err(at_twilio)?;
        Ok(NumberCheck::new(&setup, Some(&found)))
    }
}

fn at_twilio(error: TwilioError) -> Problem {
    tracing::warn!(%error, "Twilio was asked about a number");
    Problem::new(StatusCode::BAD_GATEWAY, "twilio failed").detail(error.to_string())
}
