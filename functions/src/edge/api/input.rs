//! How a handler reads a request. Whatever cannot be read is a [`Problem`] that names the field.

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::edge::problem::Problem;

/// A JSON body: 415 for another type, 413 for one that is too large, 400 for what is not JSON, 422 for JSON of another
/// shape.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(another_type());
        }
        json(&bytes(request, state).await?).map(Self)
    }
}

/// A JSON body, or none: then the type's default.
#[derive(Debug, Clone, Copy)]
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let body = bytes(request, state).await?;
        if !is_json && !body.trim_ascii().is_empty() {
            return Err(another_type());
        }
        if body.trim_ascii().is_empty() { Ok(Self(T::default())) } else { json(&body).map(Self) }
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|error: BytesRejection| {
        match error.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too large").detail("send a smaller body")
            }
            _ => Problem::bad_request("the body did not arrive whole: send the request again"),
        }
    })
}

fn another_type() -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type")
        .detail("send `Content-Type: application/json`")
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(http::HeaderValue::to_str) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/merge-patch+json"].iter().any(|json| kind.eq_ignore_ascii_case(json))
}

/// Reads JSON. A whole number may be written with a fraction of zero, as JSON Schema has it: `3.0` is an integer.
///
/// # Errors
/// A [`Problem`] with a pointer to the field that does not fit.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Serde takes a list of the fields' values for an object, too.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::invalid("", "shape", "the body is an object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = match serde_path_to_error::deserialize(&mut reader) {
        Ok(value) => value,
        Err(error) => return with_whole_numbers(body, &error).ok_or_else(|| refused(&error)),
    };
    reader.end().map_err(|_| Problem::bad_request("the body goes on behind its JSON"))?;
    Ok(value)
}

fn refused(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    match error.inner().classify() {
        Category::Data => {
            let pointer: String = error.path().iter().map(token).collect();
            Problem::invalid(pointer, "shape", without_place(&error.inner().to_string()))
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::bad_request(format!("the body is not JSON: {}", error.inner()))
        }
    }
}

/// What a body says that was refused for a number with a fraction of zero.
fn with_whole_numbers<T: DeserializeOwned>(
    body: &[u8],
    error: &serde_path_to_error::Error<serde_json::Error>,
) -> Option<T> {
    if !error.inner().to_string().starts_with("invalid type: floating point") {
        return None;
    }
    let mut value: Value = serde_json::from_slice(body).ok()?;
    make_whole(&mut value);
    serde_json::from_value(value).ok()
}

fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            // Larger ones are not exact, and `{:.0}` writes no exponent.
            let whole = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15);
            if let Some(whole) = whole.and_then(|float| format!("{float:.0}").parse::<i64>().ok()) {
                *number = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(fields) => fields.values_mut().for_each(make_whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Reads a field that is an object, and nothing that serde takes for one besides: `#[serde(deserialize_with = "object")]`.
///
/// # Errors
/// The reader's.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<T, D::Error> {
    struct Fields<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, fields: M) -> Result<T, M::Error> {
            T::deserialize(MapAccessDeserializer::new(fields))
        }
    }

    reader.deserialize_map(Fields(PhantomData))
}

/// Reads a field of a merge patch (RFC 7396), in which null deletes and a field that is left out stays:
/// `#[serde(default, deserialize_with = "present")]`.
///
/// # Errors
/// The reader's.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

/// Entries on a page, if the query does not say.
const USUAL_PAGE: u16 = 25;
/// The most entries on a page.
const LARGEST_PAGE: u16 = 100;

/// How many entries a page of a list has.
///
/// # Errors
/// 400 for a number that is not from 1 to 100.
pub fn page_limit(asked: Option<u16>) -> Result<u16, Problem> {
    let limit = asked.unwrap_or(USUAL_PAGE);
    let fits = (1..=LARGEST_PAGE).contains(&limit);
    fits.then_some(limit)
        .ok_or_else(|| Problem::bad_request(format!("`limit` must be between 1 and {LARGEST_PAGE}")))
}

/// A step of a JSON pointer (RFC 6901).
fn token(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    }
}

/// The pointer says where it is better than line and column do.
fn without_place(error: &str) -> String {
    error.split(" at line ").next().unwrap_or(error).to_owned()
}

/// The query of a request, unknown and repeated parameters refused with 400.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(read)) => Ok(Self(read)),
            Err(error) => {
                tracing::debug!(bytes = query.len(), "a query is refused");
                let text = error.body_text();
                let parameter = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                Err(Problem::bad_request(format!("the query is refused: {parameter}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        hours: Vec<Hour>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Hour {
        from: u8,
    }

    #[test]
    fn a_field_that_does_not_fit_is_pointed_at() {
        let refused =
            |body: &str| serde_json::to_value(json::<Sample>(body.as_bytes()).unwrap_err()).unwrap();
        let unknown = refused(r#"{"hours":[{"from":1},{"form":2}]}"#);
        assert_eq!(unknown["status"], 422);
        assert_eq!(unknown["errors"][0]["pointer"], "/hours/1/form");
        assert!(
            unknown["errors"][0]["detail"].as_str().unwrap().contains("unknown field `form`"),
            "{unknown}"
        );
        assert_eq!(refused(r#"{"hours":[{"from":"x"}]}"#)["errors"][0]["pointer"], "/hours/0/from");
        for broken in ["", "{", r#"{"hours":[]} x"#, "\u{0}"] {
            assert_eq!(refused(broken)["status"], 400, "{broken:?}");
        }
        assert_eq!(json::<Sample>(br#" {"hours":[{"from":7}]} "#).unwrap().hours, [Hour { from: 7 }]);
    }

    #[test]
    fn a_whole_number_may_have_a_fraction_of_zero() {
        let read = |body: &str| json::<Sample>(body.as_bytes()).map_err(|problem| problem.status());
        assert_eq!(read(r#"{"hours":[{"from":7.0}]}"#).unwrap().hours, [Hour { from: 7 }]);
        for broken in ["7.5", "-1.0", "256.0", "1e300", "\"7\""] {
            assert_eq!(read(&format!(r#"{{"hours":[{{"from":{broken}}}]}}"#)), Err(422), "{broken}");
        }
        assert_eq!(read(r#"{"hours":[{"from":7.0,"form":1}]}"#), Err(422));
        assert_eq!(read(r#"{"hours":[{"from":7.0}]} x"#), Err(422), "more behind it");
        assert_eq!(read(r#"[[{"from":7}]]"#), Err(422), "a list of an object's values");
    }

    /// A type with a default has no body where nothing in particular is wanted.
    #[tokio::test]
    async fn a_body_may_be_left_out_where_it_has_a_default() {
        #[derive(Debug, Default, Deserialize, PartialEq)]
        #[serde(default, deny_unknown_fields)]
        struct Wish {
            max_views: u8,
        }
        let read = async |body: &'static str| {
            let request = Request::builder().header(header::CONTENT_TYPE, "application/json");
            let request = request.body(axum::body::Body::from(body)).unwrap();
            OptionalBody::<Wish>::from_request(request, &()).await.map(|OptionalBody(wish)| wish)
        };
        for nothing in ["", " \n"] {
            assert_eq!(read(nothing).await.unwrap(), Wish::default());
        }
        assert_eq!(read(r#"{"max_views":3}"#).await.unwrap(), Wish { max_views: 3 });
        assert_eq!(read(r#"{"max_view":3}"#).await.unwrap_err().status(), 422);
        assert_eq!(read("max_views=3").await.unwrap_err().status(), 400);
    }

    #[tokio::test]
    async fn a_body_of_another_type_is_refused() {
        let read = async |kind: Option<&str>| {
            let request = kind
                .into_iter()
                .fold(Request::builder(), |request, kind| request.header(header::CONTENT_TYPE, kind));
            let request = request.body(axum::body::Body::from(r#"{"from":7}"#)).unwrap();
            Body::<Hour>::from_request(request, &()).await.map_err(|problem| problem.status())
        };
        assert_eq!(read(Some("Application/JSON; charset=utf-8")).await.unwrap().0, Hour { from: 7 });
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            assert_eq!(read(kind).await.unwrap_err(), 415, "{kind:?}");
        }
    }
}
