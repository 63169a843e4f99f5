//! The business's own fields and statuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::contact::{FieldKey, FieldKind, FieldSchema, FieldSpec, Pipeline, Status, StatusId, StatusKind};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use stores::contacts::{BusinessDocument, DocumentSaved};
use utoipa::ToSchema;

use super::Contacts;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::problem::{FieldError, Problem};

/// A field that the business has for its contacts.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactFieldSpec)]
struct FieldShape {
    /// For programs; never changes. 1 to 40 of a-z, 0-9 and `_`, a letter first.
    #[schema(value_type = schema::Slug)]
    key: String,
    /// What people call it.
    #[schema(max_length = 100)]
    label: String,
    #[schema(value_type = schema::FieldKindChoice)]
    kind: FieldKind,
    /// The words to choose from, of a `select` or `multiselect`; none of another kind.
    #[serde(default)]
    #[schema(max_items = 100)]
    options: Vec<String>,
    /// Whether the agent is told the value.
    #[serde(default)]
    agent_readable: bool,
    /// Whether a call may fill it in: where it is empty, or less certain.
    #[serde(default)]
    agent_writable: bool,
}

/// The fields that the business has for its contacts, in the order in which they are shown.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactFieldSpecs, example = json!({
    "fields": [{ "key": "city", "label": "City", "kind": "text", "agent_readable": true, "agent_writable": true }]
}))]
pub(super) struct FieldsShape {
    #[schema(max_items = 50)]
    fields: Vec<FieldShape>,
}

impl FieldsShape {
    fn new(schema: FieldSchema) -> Self {
        let field = |field: FieldSpec| FieldShape {
            key: field.key.into(),
            label: field.label,
            kind: field.kind,
            options: field.options,
            agent_readable: field.agent_readable,
            agent_writable: field.agent_writable,
        };
        Self { fields: schema.fields.into_iter().map(field).collect() }
    }

    fn read(self) -> Result<FieldSchema, Problem> {
        let field = |(index, field): (usize, FieldShape)| {
            let key = FieldKey::parse(&field.key).map_err(|error| FieldError {
                pointer: format!("/fields/{index}/key"),
                code: "shape".to_owned(),
                detail: error.to_string(),
            })?;
            let FieldShape { key: _, label, kind, options, agent_readable, agent_writable } = field;
            Ok(FieldSpec { key, label, kind, options, agent_readable, agent_writable })
        };
        let fields = all(self.fields.into_iter().enumerate().map(field))?;
        let schema = FieldSchema { fields };
        no_mistakes(schema.mistakes())?;
        Ok(schema)
    }
}

/// A step of the pipeline.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PipelineStatus)]
struct StatusShape {
    /// For programs; never changes. 1 to 40 of a-z, 0-9 and `_`, a letter first.
    #[schema(value_type = schema::Slug)]
    id: String,
    /// What people call it.
    #[schema(max_length = 100)]
    label: String,
    #[schema(value_type = schema::StatusKindChoice)]
    kind: StatusKind,
}

/// The statuses of the business's leads, in their order. A new contact has the first one.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Pipeline, example = json!({
    "statuses": [
        { "id": "new", "label": "New", "kind": "open" },
        { "id": "booked", "label": "Booked", "kind": "won" },
        { "id": "not_interested", "label": "Not interested", "kind": "lost" }
    ],
    "retired": { "qualified": "new" }
}))]
pub(super) struct PipelineShape {
    #[schema(min_items = 1, max_items = 30)]
    statuses: Vec<StatusShape>,
    /// Statuses that there were, each with the one that takes its place. A status that is left out of the list must be here.
    #[serde(default)]
    retired: BTreeMap<String, String>,
}

impl PipelineShape {
    fn new(pipeline: Pipeline) -> Self {
        let status =
            |status: Status| StatusShape { id: status.id.into(), label: status.label, kind: status.kind };
        Self {
            statuses: pipeline.statuses.into_iter().map(status).collect(),
            retired: pipeline.retired.into_iter().map(|(old, new)| (old.into(), new.into())).collect(),
        }
    }

    fn read(self, before: &Pipeline) -> Result<Pipeline, Problem> {
        let id = |pointer: String, text: &str| {
            StatusId::parse(text).map_err(|error| FieldError {
                pointer,
                code: "shape".to_owned(),
                detail: error.to_string(),
            })
        };
        let status = |(index, status): (usize, StatusShape)| {
            let id = id(format!("/statuses/{index}/id"), &status.id)?;
            Ok(Status { id, label: status.label, kind: status.kind })
        };
        let statuses = all(self.statuses.into_iter().enumerate().map(status))?;
        let pair = |(old, new): (String, String)| {
            let pointer = || format!("/retired/{}", old.replace('~', "~0").replace('/', "~1"));
            Ok((id(pointer(), &old)?, id(pointer(), &new)?))
        };
        let retired = all(self.retired.into_iter().map(pair))?.into_iter().collect();
        let (pipeline, mut mistakes) = Pipeline { statuses, retired }.after(before);
        mistakes.extend(pipeline.mistakes());
        no_mistakes(mistakes)?;
        Ok(pipeline)
    }
}

/// Everything, or all errors together.
fn all<T>(read: impl Iterator<Item = Result<T, FieldError>>) -> Result<Vec<T>, Problem> {
    let (mut good, mut errors) = (vec![], vec![]);
    for one in read {
        match one {
            Ok(one) => good.push(one),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(good) } else { Err(Problem::fields(errors)) }
}

fn no_mistakes(mistakes: Vec<domain::contact::Mistake>) -> Result<(), Problem> {
    let error = |(field, code, detail): domain::contact::Mistake| FieldError {
        pointer: format!("/{field}"),
        code: code.to_owned(),
        detail,
    };
    let errors: Vec<FieldError> = mistakes.into_iter().map(error).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// The fields that the business has for its contacts.
#[utoipa::path(
    get,
    path = "/v1/contacts/fields",
    operation_id = "get_contact_fields",
    responses((status = 200, description = "The fields.", body = FieldsShape, headers(("ETag" = schema::VersionTag)))),
)]
pub(super) async fn fields(State(app): State<Arc<Contacts>>, tenant: Tenant) -> Result<Response, Problem> {
    let document = app.reader.fields(&tenant.0).await?;
    Ok((etag::of(document.version), Json(FieldsShape::new(document.value))).into_response())
}

/// Changes the fields. Values of a field that is left out are kept and shown no more.
#[utoipa::path(
    put,
    path = "/v1/contacts/fields",
    operation_id = "put_contact_fields",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = FieldsShape,
    responses(
        (status = 200, description = "The fields.", body = FieldsShape, headers(("ETag" = schema::VersionTag))),
        (status = 412, description = "They have changed since they were read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
pub(super) async fn save_fields(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(wanted): Body<FieldsShape>,
) -> Result<Response, Problem> {
    let (seen, fields) = (etag::seen(&headers)?, wanted.read()?);
    app.save_document(&tenant, fields, seen, FieldsShape::new).await
}

/// The statuses of the business's leads, in their order.
#[utoipa::path(
    get,
    path = "/v1/contacts/pipeline",
    operation_id = "get_pipeline",
    responses((status = 200, description = "The statuses.", body = PipelineShape, headers(("ETag" = schema::VersionTag)))),
)]
pub(super) async fn pipeline(State(app): State<Arc<Contacts>>, tenant: Tenant) -> Result<Response, Problem> {
    let document = app.reader.pipeline(&tenant.0).await?;
    Ok((etag::of(document.version), Json(PipelineShape::new(document.value))).into_response())
}

/// Changes the statuses. A status that is left out needs one that takes its place, which its contacts then have.
#[utoipa::path(
    put,
    path = "/v1/contacts/pipeline",
    operation_id = "put_pipeline",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = PipelineShape,
    responses(
        (status = 200, description = "The statuses.", body = PipelineShape, headers(("ETag" = schema::VersionTag))),
        (status = 412, description = "They have changed since they were read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
pub(super) async fn save_pipeline(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(wanted): Body<PipelineShape>,
) -> Result<Response, Problem> {
    let seen = etag::seen(&headers)?;
    let before = app.reader.pipeline(&tenant.0).await?;
    if before.version != seen {
        return Err(etag::stale(before.version));
    }
    let pipeline = wanted.read(&before.value)?;
    app.save_document(&tenant, pipeline, seen, PipelineShape::new).await
}

impl Contacts {
    /// Saves a document under the version that the client has seen, and shows it.
    async fn save_document<T: BusinessDocument, S: Serialize>(
        &self,
        tenant: &Tenant,
        value: T,
        seen: u64,
        shape: impl FnOnce(T) -> S,
    ) -> Result<Response, Problem> {
        match self.writer.save_document(&tenant.0, &value, seen).await? {
            DocumentSaved::Done(version) => Ok((etag::of(version), Json(shape(value))).into_response()),
            DocumentSaved::Overtaken => Err(etag::stale(self.reader.document::<T>(&tenant.0).await?.version)),
        }
    }
}
