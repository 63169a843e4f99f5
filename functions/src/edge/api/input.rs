//! How a handler reads a request. Whatever cannot be read is a [`Problem`] that names the field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
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

/// Reads JSON.
///
/// # Errors
/// A [`Problem`] with a pointer to the field that does not fit.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| match error.inner().classify() {
            Category::Data => {
                let pointer: String = error.path().iter().map(token).collect();
                Problem::invalid(pointer, "shape", without_place(&error.inner().to_string()))
            }
            Category::Syntax | Category::Eof | Category::Io => {
                Problem::bad_request(format!("the body is not JSON: {}", error.inner()))
            }
        })?;
    reader.end().map_err(|_| Problem::bad_request("the body goes on behind its JSON"))?;
    Ok(value)
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
                Err(Problem::bad_request(format!("the query is refused: {}", error.body_text())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

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
