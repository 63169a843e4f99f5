//! What the OpenAPI document says of every operation alike: its area, its path, the headers of its answers, and the
//! problems that it can end in. All of it follows from its path, its body and its rule.

use http::StatusCode;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, Content, ObjectBuilder, Ref, RefOr, Required, Schema, Type};
use utoipa::{PartialSchema as _, ToSchema};

use super::rule::Rule;
use super::schema;
use crate::edge::problem::{FieldError, Fields};

const PROBLEM: &str = "application/problem+json";

/// The problems that are answered alike everywhere: the name of the answer, and what it says.
const PROBLEMS: &[(StatusCode, &str, &str)] = &[
    (StatusCode::BAD_REQUEST, "BadRequest", "The query, a header or the body cannot be read."),
    (StatusCode::UNAUTHORIZED, "Unauthorised", "No API key that is known and good was sent."),
    (
        StatusCode::FORBIDDEN,
        "Forbidden",
        "The key lacks the scope, or is used from another network than its own.",
    ),
    (StatusCode::NOT_FOUND, "NotFound", "There is no such thing, or it is another business's."),
    (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The path has other methods; `Allow` names them."),
    (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", "The body is too large."),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "The body is not `application/json`."),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "Invalid",
        "The request was read and cannot be done as it is; `errors` points at fields.",
    ),
    (
        StatusCode::TOO_MANY_REQUESTS,
        "TooManyRequests",
        "The key made too many requests in this minute; `Retry-After` says how long to wait.",
    ),
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalError",
        "A defect of ours. Look at what became of the request before it is repeated.",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Unavailable",
        "Something that is needed cannot be reached: try again shortly.",
    ),
];

/// The headers of answers: the name of the component, the header, and what it says.
const HEADERS: &[(&str, &str, &str)] = &[
    ("RequestId", "X-Request-Id", "Names the request, for questions about it."),
    (
        "RateLimit",
        "RateLimit",
        "What is left of the key's limit, and the seconds until it is whole again: `\"key\";r=583;t=12`.",
    ),
    ("RateLimitPolicy", "RateLimit-Policy", "The key's limit in a window of seconds: `\"key\";q=600;w=60`."),
    ("RetryAfter", "Retry-After", "Seconds after which the same request may succeed."),
    ("Allow", "Allow", "The methods of the path."),
    ("WwwAuthenticate", "WWW-Authenticate", "`Bearer`."),
    (
        "Link",
        "Link",
        "The next page (RFC 8288), relative to the API's address: `</v1/calls?cursor=AWhh>; rel=\"next\"`. None on the last one.",
    ),
    (
        "IdempotencyReplayed",
        "Idempotency-Replayed",
        "`true` if an earlier request with this `Idempotency-Key` did what was asked; absent otherwise.",
    ),
];

/// The areas of the API.
const AREAS: &[(&str, &str)] = &[
    ("calls", "Calls: placed, listed, read."),
    ("test_calls", "Calls from a browser, to try the agent."),
    ("recordings", "The recordings of calls, and links that lend them."),
    ("transcripts", "What was said, corrections, and processing a call again."),
    ("messages", "What callers left: messages that the agent took, and voicemails."),
    ("threads", "Texts: SMS and WhatsApp with people, read, written, taken from the agent and given back."),
    ("appointments", "Calendars, services, free times, and who has which appointment."),
    (
        "contacts",
        "The people whom the business knows: what is known of them, what happened with them, their leads and tasks.",
    ),
    ("events", "What the business is owed to know, in order."),
    (
        "endpoints",
        "Addresses at which the business is told what happened, and what became of each event that was sent there.",
    ),
    ("lead-sources", "Where leads come from, and those that came."),
    (
        "notifications",
        "People of the business, and rooms of its chat, who are told of few things in words, and what became of that.",
    ),
    ("campaigns", "Lists of people whom the business has called, each when they may be."),
    ("prompt", "Prompts as the model gets them."),
    ("usage", "What the business used in a month, and its caps."),
    ("do-not-call", "The numbers that the business does not call."),
    ("numbers", "The numbers of the business, and where Twilio sends their calls."),
    ("settings", "How calls are conducted: drafts, revisions, publishing."),
    ("keys", "API keys: made, rotated, revoked."),
    ("members", "People who sign in at the console through an issuer: invited, given roles, removed."),
    ("audit", "What was asked of the API."),
    ("sign-in", "People who sign in at the console, with a key or through an issuer."),
    ("businesses", "The businesses of the deployment and their profiles."),
    ("deployment", "How the deployment is, for operators."),
];

/// Adds to an operation what its path, its body and its rule say.
pub(super) fn complete(path: &str, rule: Rule, operation: &mut Operation) {
    operation.tags.get_or_insert_with(|| vec![area(path).to_owned()]);
    let parameters = operation.parameters.get_or_insert_default();
    complete_path(path, parameters);
    for parameter in parameters.iter_mut() {
        if let RefOr::T(Parameter { schema: Some(schema), .. }) = parameter {
            without_null(schema);
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            if let RefOr::T(Content { schema: Some(schema), .. }) = content {
                without_null(schema);
            }
        }
    }
    let takes = |name: &str| {
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(known) if known.name == name))
    };
    let (is_list, is_repeatable) = (takes("cursor"), takes("Idempotency-Key"));
    let keyed = rule != Rule::Open;
    let answers = &mut operation.responses.responses;
    for (status, name, _) in PROBLEMS {
        let wanted = match *status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => keyed,
            StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => operation.request_body.is_some(),
            // An operator may name a business that there is not.
            StatusCode::NOT_FOUND => {
                path.contains('{') || matches!(rule, Rule::OfBusiness(_) | Rule::OfKey(_))
            }
            _ => true,
        };
        if wanted {
            let shared = || RefOr::Ref(Ref::from_response_name(*name));
            answers.entry(status.as_str().to_owned()).or_insert_with(shared);
        }
    }
    for (status, answer) in answers {
        let RefOr::T(answer) = answer else { continue };
        if answer.description.is_empty() {
            let reason =
                StatusCode::from_bytes(status.as_bytes()).ok().and_then(|code| code.canonical_reason());
            answer.description = reason.unwrap_or("The answer").to_owned();
        }
        if status.starts_with(['4', '5']) && answer.content.is_empty() {
            answer.content.insert(PROBLEM.to_owned(), RefOr::T(problem()));
        }
        let done = status.starts_with('2');
        let own = [
            (is_list && done, ("Link", "Link")),
            (is_repeatable && done, ("IdempotencyReplayed", "Idempotency-Replayed")),
        ];
        let own = own.into_iter().filter_map(|(has, header)| has.then_some(header));
        let all = HEADERS.iter().take(if keyed { 3 } else { 1 }).map(|(name, header, _)| (*name, *header));
        for (name, header) in all.chain(own) {
            answer.headers.entry(header.to_owned()).or_insert_with(|| shared_header(name));
        }
    }
}

/// What may be left out is no null: a parameter has no way to be one, and neither has a whole body.
fn without_null(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(either)) = schema else { return };
    let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    either.items.retain(|item| !is_null(item));
    if let [only] = either.items.as_slice() {
        *schema = only.clone();
    }
}

/// The area of a path: what it leads to below a call, otherwise its first word.
fn area(path: &str) -> &str {
    let words: Vec<&str> =
        path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{')).collect();
    match words.as_slice() {
        [_, "calls", "recording" | "recordings" | "voicemail", ..] => "recordings",
        [_, "calls", "transcript" | "reprocess", ..] => "transcripts",
        [_, "businesses", area, ..] | [_, area, ..] => area,
        _ => "deployment",
    }
}

/// Every parameter of the path, described by its name.
fn complete_path(path: &str, parameters: &mut Vec<RefOr<Parameter>>) {
    for name in path.split('/').filter_map(|word| word.strip_prefix('{')?.strip_suffix('}')) {
        let is_it = |parameter: &RefOr<Parameter>| match parameter {
            RefOr::T(known) => known.name == name && known.parameter_in == ParameterIn::Path,
            RefOr::Ref(_) => false,
        };
        let known = parameters.iter().position(is_it);
        let Some(schema) = of_path(name) else {
            if known.is_none() {
                let text = ObjectBuilder::new().schema_type(Type::String);
                parameters.push(RefOr::T(path_parameter(name, text.into())));
            }
            continue;
        };
        let described = RefOr::T(path_parameter(name, schema));
        match known.and_then(|place| parameters.get_mut(place)) {
            Some(place) => *place = described,
            None => parameters.push(described),
        }
    }
}

fn path_parameter(name: &str, schema: RefOr<Schema>) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
    parameter.required(Required::True).schema(Some(schema)).build()
}

/// The parameters of paths that mean the same wherever they stand.
fn of_path(name: &str) -> Option<RefOr<Schema>> {
    let number = || ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(u32::MAX));
    Some(match name {
        "sid" => named::<schema::CallSid>(),
        "recording" => named::<schema::RecordingSid>(),
        "business" => named::<schema::BusinessId>(),
        "share" => named::<schema::ShareId>(),
        "action" => named::<schema::ActionId>(),
        "callee" => named::<schema::E164>(),
        "number" => named::<schema::E164>(),
        "key" | "member" => named::<schema::KeyId>(),
        "message" => named::<schema::MessageId>(),
        "thread" => named::<schema::ThreadId>(),
        "appointment" => named::<schema::AppointmentId>(),
        "calendar" | "service" => named::<schema::OfferedId>(),
        "contact" => named::<schema::ContactId>(),
        "import" => named::<schema::ImportId>(),
        "export" => named::<schema::ExportId>(),
        "person_export" => named::<schema::PersonRequestId>(),
        "note" | "task" => named::<schema::EntryId>(),
        "channel" => named::<schema::SettingsChannel>(),
        "endpoint" => named::<schema::EndpointId>(),
        "campaign" => named::<schema::CampaignId>(),
        "lead_source" => named::<schema::LeadSourceId>(),
        "lead" => named::<schema::LeadId>(),
        "run" | "revision" | "delivery" => number().into(),
        _ => return None,
    })
}

fn named<T: ToSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::name()))
}

fn shared_header(name: &str) -> RefOr<Header> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}

fn problem() -> Content {
    Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
}

/// What operations refer to.
pub fn components(components: &mut Components) {
    for (name, schema) in [
        ("Problem", Fields::schema()),
        ("FieldError", FieldError::schema()),
        ("CallSid", schema::CallSid::schema()),
        ("RecordingSid", schema::RecordingSid::schema()),
        ("BusinessId", schema::BusinessId::schema()),
        ("ShareId", schema::ShareId::schema()),
        ("ActionId", schema::ActionId::schema()),
        ("MessageId", schema::MessageId::schema()),
        ("AppointmentId", schema::AppointmentId::schema()),
        ("OfferedId", schema::OfferedId::schema()),
        ("ContactId", schema::ContactId::schema()),
        ("EntryId", schema::EntryId::schema()),
        ("E164", schema::E164::schema()),
        ("KeyId", schema::KeyId::schema()),
        ("SettingsChannel", schema::SettingsChannel::schema()),
        ("VersionTag", schema::VersionTag::schema()),
        ("ContentTag", schema::ContentTag::schema()),
        ("IncludeWord", schema::IncludeWord::schema()),
        ("ListIncludeWord", schema::ListIncludeWord::schema()),
        ("MessageIncludeWord", schema::MessageIncludeWord::schema()),
        ("IdempotencyKey", schema::IdempotencyKey::schema()),
    ] {
        components.schemas.insert(name.to_owned(), schema);
    }
    for (name, header, description) in HEADERS {
        let schema = match *header {
            "X-Request-Id" => schema::RequestId::schema(),
            "Retry-After" => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).into(),
            _ => ObjectBuilder::new().schema_type(Type::String).into(),
        };
        let mut header = Header::new(schema);
        header.description = Some((*description).to_owned());
        components.headers.insert((*name).to_owned(), RefOr::T(header));
    }
    for (status, name, description) in PROBLEMS {
        components.responses.insert((*name).to_owned(), RefOr::T(shared_problem(*status, description)));
    }
}

fn shared_problem(status: StatusCode, description: &str) -> Response {
    let own = match status {
        StatusCode::UNAUTHORIZED => Some(("WWW-Authenticate", "WwwAuthenticate")),
        StatusCode::METHOD_NOT_ALLOWED => Some(("Allow", "Allow")),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Some(("Retry-After", "RetryAfter"))
        }
        _ => None,
    };
    let mut response = ResponseBuilder::new().description(description).build();
    response.content.insert(PROBLEM.to_owned(), RefOr::T(problem()));
    for (header, name) in own.into_iter().chain([("X-Request-Id", "RequestId")]) {
        response.headers.insert(header.to_owned(), shared_header(name));
    }
    response
}

/// The areas, for the document.
pub fn areas() -> Vec<utoipa::openapi::Tag> {
    let area = |(name, description): &(&str, &str)| {
        TagBuilder::new().name(*name).description(Some(*description)).build()
    };
    AREAS.iter().map(area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_area_that_it_leads_to() {
        for (path, expected) in [
            ("/v1/calls", "calls"),
            ("/v1/calls/{sid}", "calls"),
            ("/v1/calls/{sid}/actions", "calls"),
            ("/v1/calls/{sid}/recordings/{recording}/shares", "recordings"),
            ("/v1/calls/{sid}/voicemail", "recordings"),
            ("/v1/calls/{sid}/reprocess/{run}", "transcripts"),
            ("/v1/businesses", "businesses"),
            ("/v1/businesses/{business}", "businesses"),
            ("/v1/businesses/{business}/numbers", "numbers"),
        ] {
            assert_eq!(area(path), expected, "{path}");
        }
    }
}
