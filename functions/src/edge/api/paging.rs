//! Pages of lists: where a page begins, and how it names the next one.
//!
//! A store knows positions; the cursor that a client holds is made and read here, for every list alike. It is good for
//! what it was given for: the list, the business, the filters and the order. How many entries a page has may change on
//! the way.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use domain::access::KeyOwner;
use domain::cursor::{CursorKey, InvalidCursor};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded::{Serializer, parse};

use super::BUSINESSES;
use super::requester::{NamedBusiness, Requester};
use crate::edge::problem::Problem;

const CURSOR: &str = "cursor";

/// The request for a page, as far as it is not the list's own affair.
#[derive(Debug, Clone)]
pub struct Paging {
    key: CursorKey,
    subject: KeyOwner,
    path: String,
    query: String,
}

/// A list that is asked for, with everything that decides what is in it and where.
#[derive(Debug)]
pub struct Asked<'a> {
    paging: &'a Paging,
    asked: Vec<u8>,
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let requester = Requester::from_request_parts(parts, state).await?;
        let key = parts.extensions.get().cloned().ok_or_else(Problem::unauthorised)?;
        Ok(Self {
            key,
            subject: requester.subject(),
            path: as_sent(parts),
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

/// The path that the client sent: an operator names the business in it.
fn as_sent(parts: &Parts) -> String {
    let path = parts.uri.path();
    match (parts.extensions.get(), path.strip_prefix("/v1")) {
        (Some(NamedBusiness(business)), Some(rest)) => format!("{BUSINESSES}/{business}{rest}"),
        _ => path.to_owned(),
    }
}

impl Paging {
    /// The list of this name, with these filters and in this order.
    ///
    /// # Errors
    /// 503, for filters that cannot be written as JSON, which is a defect.
    pub fn of(&self, list: &'static str, filters: &impl Serialize) -> Result<Asked<'_>, Problem> {
        let asked = serde_json::to_vec(&(list, &self.subject, filters));
        let asked = asked.map_err(|error| {
            tracing::error!(%error, list, "filters cannot be written");
            Problem::unavailable()
        })?;
        Ok(Asked { paging: self, asked })
    }
}

impl Asked<'_> {
    /// The position that a cursor stands for; `None`: the list begins.
    ///
    /// # Errors
    /// 400 for a cursor that was not given for exactly this list.
    pub fn behind<P: DeserializeOwned>(&self, cursor: Option<&str>) -> Result<Option<P>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let position = self.paging.key.open(&self.asked, cursor).map_err(refused)?;
        // One that an earlier version of the API made may be of another shape.
        serde_json::from_slice(&position).map(Some).map_err(|_| refused(InvalidCursor::NotOurs))
    }

    /// The answer with a page: `body` is given the cursor of the next one, which `Link` names as well (RFC 8288).
    ///
    /// # Errors
    /// 503, for a position that cannot be written as JSON, which is a defect.
    pub fn page<B: Serialize>(
        &self,
        next: Option<&impl Serialize>,
        body: impl FnOnce(Option<String>) -> B,
    ) -> Result<Response, Problem> {
        self.page_as(next, |next| Json(body(next)).into_response())
    }

    /// The same for a page that is no JSON.
    ///
    /// # Errors
    /// Likewise.
    pub fn page_as(
        &self,
        next: Option<&impl Serialize>,
        answer: impl FnOnce(Option<String>) -> Response,
    ) -> Result<Response, Problem> {
        let Some(next) = next else { return Ok(answer(None)) };
        let position = serde_json::to_vec(next).map_err(|error| {
            tracing::error!(%error, "a position cannot be written");
            Problem::unavailable()
        })?;
        let cursor = self.paging.key.seal(&self.asked, &position);
        let link = self.paging.link(&cursor);
        let mut response = answer(Some(cursor));
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
        Ok(response)
    }
}

impl Paging {
    /// The same request with another cursor, relative to the API's address.
    fn link(&self, cursor: &str) -> String {
        let asked = parse(self.query.as_bytes()).filter(|(name, _)| name != CURSOR);
        let query = Serializer::new(String::new()).extend_pairs(asked).append_pair(CURSOR, cursor).finish();
        format!("<{}?{query}>; rel=\"next\"", self.path)
    }
}

fn refused(error: InvalidCursor) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "cursor invalid").detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use domain::token::TokenKey;
    use domain::{BusinessId, Secret};
    use http::Request;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    fn paging(business: &str, query: &str) -> Paging {
        Paging {
            key: TokenKey::new(Secret::new("k".repeat(32))).unwrap().cursors(),
            subject: KeyOwner::Business(BusinessId::parse(business).unwrap()),
            path: "/v1/calls".to_owned(),
            query: query.to_owned(),
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Page {
        next: Option<String>,
    }

    async fn body(response: Response) -> Page {
        serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_page_names_the_next_one_in_its_body_and_in_a_link() {
        let paging = paging("harbour", "status=live&cursor=old&party=%2B43720000001");
        let asked = paging.of("calls", &("live", 3)).unwrap();
        let answer = asked.page(Some(&7), |next| Page { next }).unwrap();
        let link = answer.headers()[header::LINK].to_str().unwrap().to_owned();
        let next = body(answer).await.next.unwrap();
        assert_eq!(link, format!("</v1/calls?status=live&party=%2B43720000001&cursor={next}>; rel=\"next\""));
        assert_eq!(asked.behind::<u32>(Some(&next)).unwrap(), Some(7));
        let last = asked.page(None::<&u32>, |next| Page { next }).unwrap();
        assert!(!last.headers().contains_key(header::LINK));
        assert_eq!(body(last).await, Page { next: None });
    }

    #[test]
    fn the_path_is_the_one_that_was_sent() {
        let parts = |path: &str, named: Option<&str>| {
            let (mut parts, ()) = Request::builder().uri(path).body(()).unwrap().into_parts();
            if let Some(business) = named {
                parts.extensions.insert(NamedBusiness(business.to_owned()));
            }
            as_sent(&parts)
        };
        assert_eq!(parts("/v1/calls", None), "/v1/calls");
        assert_eq!(parts("/v1/calls", Some("harbour")), "/v1/businesses/harbour/calls");
        assert_eq!(parts("/v1/businesses", None), "/v1/businesses");
    }

    proptest! {
        /// A cursor is good for its own list, business, filters and order, and for nothing else.
        #[test]
        fn a_cursor_is_good_for_what_it_was_given_for(
            position in any::<(u64, String)>(),
            filters in any::<(Option<u16>, String, bool)>(),
            others in any::<(Option<u16>, String, bool)>(),
        ) {
            prop_assume!(filters != others);
            let harbour = paging("harbour", "");
            let sealed = |asked: &Asked<'_>| {
                let mut cursor = None;
                asked.page(Some(&position), |next| cursor.clone_from(&next)).unwrap();
                cursor.unwrap()
            };
            let asked = harbour.of("calls", &filters).unwrap();
            let cursor = sealed(&asked);
            prop_assert_eq!(asked.behind(Some(&cursor)).unwrap(), Some(position.clone()));
            let garden = paging("garden", "");
            for other in [harbour.of("calls", &others), harbour.of("events", &filters), garden.of("calls", &filters)] {
                let problem = other.unwrap().behind::<(u64, String)>(Some(&cursor)).unwrap_err();
                let told = serde_json::to_value(&problem).unwrap();
                prop_assert_eq!(&told["code"], "cursor_invalid");
                prop_assert_eq!(problem.status(), 400);
            }
        }
    }
}
