//! Events in the OpenAPI document, as webhooks: they are made of the table of types.

use std::collections::BTreeMap;

use domain::event::{API_VERSIONS, Type};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use utoipa::openapi::{
    AllOfBuilder, ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Schema,
    Type as Kind,
};

/// The schema of what every event has.
const ENVELOPE: &str = "EventEnvelope";

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Kind::String).description(Some(description))
}

/// What is sent with every event, whatever its type.
fn envelope() -> Schema {
    let time = text("When it happened.").format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let number = ObjectBuilder::new().schema_type(Kind::Integer).minimum(Some(1));
    let number = number.description(Some("Its place among the business's events, without gaps."));
    let version =
        text("The version of the form, as the endpoint has it.").enum_values(Some(API_VERSIONS.to_vec()));
    let envelope = ObjectBuilder::new()
        .property("id", text("Names the event: one that comes twice has the same."))
        .property("timestamp", time)
        .property("api_version", version)
        .property("sequence", number);
    let required = ["id", "timestamp", "api_version", "sequence"];
    required.into_iter().fold(envelope, |envelope, name| envelope.required(name)).into()
}

/// What an endpoint is sent for an event of this type.
fn delivered(kind: Type) -> Schema {
    let own = ObjectBuilder::new()
        .property("type", text("The type.").enum_values(Some([kind.name()])))
        .property("data", Ref::from_schema_name(kind.schema_name()))
        .required("type")
        .required("data");
    let both = AllOfBuilder::new().item(Ref::from_schema_name(ENVELOPE)).item(own);
    both.description(Some(kind.when())).into()
}

/// The schemas of all bodies and of their parts, by their names.
fn bodies() -> BTreeMap<String, RefOr<Schema>> {
    Type::ALL.iter().flat_map(|kind| kind.schemas()).collect()
}

/// Adds the webhooks to the document, with what they refer to.
pub(crate) fn describe(document: &mut OpenApi) {
    let mut webhooks = PathsBuilder::new();
    for kind in Type::ALL {
        let content = ContentBuilder::new().schema(Some(delivered(*kind))).build();
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        let taken =
            ResponseBuilder::new().description("It is taken. Every other answer is tried again.").build();
        let operation = OperationBuilder::new()
            .operation_id(Some(format!("on_{}", kind.name().replace('.', "_"))))
            .description(Some(kind.when()))
            .request_body(Some(body.build()))
            .response("2XX", taken)
            .build();
        webhooks = webhooks.path(kind.name(), PathItem::new(HttpMethod::Post, operation));
    }
    document.webhooks = Some(webhooks.build());
    if let Some(components) = &mut document.components {
        components.schemas.insert(ENVELOPE.to_owned(), envelope().into());
        components.schemas.extend(bodies());
    }
}
