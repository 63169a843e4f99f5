//! What a request shows of who sends it: an API key in its header, or the cookie of a person who is signed in.
//!
//! A browser sends a cookie along with whatever a page makes it ask. So a request with a cookie that could change something
//! must come from a page of ours, and say so in a header that a foreign page cannot send.

use std::time::Duration;

use domain::Secret;
use domain::access::ApiKey;
use domain::access::oidc::{ATTEMPT_LASTS, AttemptToken};
use domain::access::sign_in::{SignInToken, WHOLE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lambda_http::request::RequestContext;

use crate::edge::problem::Problem;

/// Longer ones are not keys of ours.
const MAX_KEY_CHARS: usize = 256;
/// The cookie behind HTTPS: bound to this host, this path and to encryption by its name.
const COOKIE: &str = "__Host-switchboard";
/// The cookie on a laptop, where a browser need not take one that is bound to HTTPS.
const LOCAL_COOKIE: &str = "switchboard";
/// The cookie of an attempt to sign in through an issuer, behind HTTPS and on a laptop.
const ATTEMPT_COOKIES: (&str, &str) = ("__Host-switchboard-oidc", "switchboard-oidc");
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const X_REQUESTED_WITH: &str = "x-requested-with";
/// What a page of ours says that it is.
const OURS: &str = "switchboard";

/// Who sends a request.
#[derive(Debug)]
pub(super) enum Credential {
    Key(ApiKey),
    SignIn(SignInToken),
}

impl Credential {
    /// What the request shows.
    ///
    /// # Errors
    /// 401 without one that can be read; 400 with both; 403 for a change from a foreign page.
    pub(super) fn of(parts: &Parts) -> Result<Self, Problem> {
        let cookie = cookie_of(parts);
        if parts.headers.contains_key(header::AUTHORIZATION) {
            if cookie.is_some() {
                return Err(Problem::new(StatusCode::BAD_REQUEST, "two credentials")
                    .detail("send an API key or the cookie of a sign-in, not both"));
            }
            let key = bearer(&parts.headers).and_then(|text| ApiKey::parse(text).ok());
            return key.map(Self::Key).ok_or_else(Problem::unauthorised);
        }
        let token =
            cookie.and_then(|text| SignInToken::parse(text).ok()).ok_or_else(Problem::unauthorised)?;
        if !parts.method.is_safe() {
            of_our_page(parts)?;
        }
        Ok(Self::SignIn(token))
    }
}

/// Refuses what a page of another origin made a browser send.
///
/// # Errors
/// 403.
pub fn of_our_page(parts: &Parts) -> Result<(), Problem> {
    let said = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let same_origin = match said(SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        // A browser that does not say it names the page's origin.
        None => said(header::ORIGIN.as_str()).is_none_or(|origin| Some(origin_host(origin)) == said("host")),
    };
    if same_origin && said(X_REQUESTED_WITH) == Some(OURS) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "another origin").detail(
        "a sign-in is used by the console's own pages: send an API key as `Authorization: Bearer <key>` instead",
    ))
}

/// The authority of an origin; empty for an opaque one.
fn origin_host(origin: &str) -> &str {
    origin.split_once("://").map_or("", |(_, authority)| authority)
}

/// The key of `Authorization: Bearer <key>`. A scheme has no case, and any number of spaces may follow it (RFC 9110,
/// 11.1 and 11.4). Two headers name two keys: neither counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, key) = value.to_str().ok()?.trim().split_once([' ', '\t'])?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && (1..=MAX_KEY_CHARS).contains(&key.len())).then_some(key)
}

/// The value of the sign-in's cookie. Where HTTPS is certain only the cookie that is bound to it counts, since any host of
/// the domain could set the other one.
fn cookie_of(parts: &Parts) -> Option<&str> {
    cookie_named(parts, by_place(parts, (COOKIE, LOCAL_COOKIE)))
}

fn cookie_named<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(known, value)| (known == name).then_some(value))
}

/// The first of two names behind the gateway, the second one on a laptop.
fn by_place(parts: &Parts, (bound, plain): (&'static str, &'static str)) -> &'static str {
    if parts.extensions.get::<RequestContext>().is_some() { bound } else { plain }
}

/// The `Set-Cookie` that hands a token to the browser; `None` takes it away.
pub(super) fn set_cookie(parts: &Parts, token: Option<&SignInToken>) -> Option<HeaderValue> {
    let name = by_place(parts, (COOKIE, LOCAL_COOKIE));
    cookie(parts, name, token.map(SignInToken::secret), WHOLE, "Strict")
}

/// The attempt to sign in that the browser has begun.
pub fn attempt(parts: &Parts) -> Option<AttemptToken> {
    let text = cookie_named(parts, by_place(parts, ATTEMPT_COOKIES))?;
    AttemptToken::parse(text).ok()
}

/// The `Set-Cookie` that hands an attempt to the browser; `None` takes it away. The browser comes back from the issuer by
/// a link of another site, and brings the cookie along to that alone.
pub fn set_attempt(parts: &Parts, token: Option<&AttemptToken>) -> Option<HeaderValue> {
    let name = by_place(parts, ATTEMPT_COOKIES);
    cookie(parts, name, token.map(AttemptToken::secret), ATTEMPT_LASTS, "Lax")
}

fn cookie(
    parts: &Parts,
    name: &str,
    token: Option<&Secret>,
    lasts: Duration,
    same_site: &str,
) -> Option<HeaderValue> {
    let (value, age) = token.map_or(("", 0), |token| (token.expose(), lasts.as_secs()));
    let secure = by_place(parts, ("; Secure", ""));
    let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite={same_site}{secure}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Cases C18 and B21.
    #[test]
    fn the_scheme_has_no_case_and_any_spaces_may_follow_it() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        for value in [
            "Bearer key",
            "bearer key",
            "BEARER key",
            "bEaReR  key",
            "Bearer \t key",
            " Bearer key ",
            "Bearer\tkey",
        ] {
            assert_eq!(read(value).as_deref(), Some("key"), "{value:?}");
        }
        for value in ["", "Bearer", "Bearer ", "Bearer   ", "Basic key", "Bearerkey", "key", "Bearer: key x"]
        {
            assert_ne!(read(value).as_deref(), Some("key"), "{value:?}");
        }
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        for value in ["Bearer one", "Bearer two"] {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert_eq!(bearer(&headers), None);
    }

    fn parts(cookie: &str, behind_the_gateway: bool) -> Parts {
        let request = http::Request::builder().header(header::COOKIE, cookie).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        if behind_the_gateway {
            parts.extensions.insert(RequestContext::ApiGatewayV2(Default::default()));
        }
        parts
    }

    /// Where HTTPS is certain, only the cookie counts that is bound to it and to this host.
    #[test]
    fn behind_the_gateway_the_cookie_is_bound_to_the_host() {
        let token = SignInToken::of_random(&[7; 32]);
        let text = token.secret().expose();
        let (bound, plain) = (format!("a=b; {COOKIE}={text}"), format!("{LOCAL_COOKIE}={text}; a=b"));
        let knows =
            |cookie: &str, behind| cookie_of(&parts(cookie, behind)).is_some_and(|found| found == text);
        assert_eq!((knows(&bound, true), knows(&plain, true)), (true, false));
        assert_eq!((knows(&bound, false), knows(&plain, false)), (false, true));
        let set = |behind| set_cookie(&parts("", behind), Some(&token)).unwrap();
        assert!(set(true).to_str().unwrap().starts_with("__Host-"));
        assert!(
            set(true)
                .to_str()
                .unwrap()
                .ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure")
        );
        assert!(!set(false).to_str().unwrap().contains("Secure"));
        assert!(
            set_cookie(&parts("", true), None).unwrap().to_str().unwrap().contains("=; Path=/; Max-Age=0")
        );
    }
}
