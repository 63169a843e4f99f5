//! What a link's receiver gets. Plain pages without a script, a cookie or a word about whose they are; the same as JSON
//! for a program that asks for it.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use url::Url;

use crate::edge::answer;
use crate::edge::problem::Problem;

pub(super) enum Page {
    /// On to the recording.
    Recording {
        url: Url,
        ttl: Duration,
    },
    Notice(Notice),
}

/// What is said in place of the recording.
pub(super) enum Notice {
    /// With a button, behind which the recording is.
    Button {
        passcode: bool,
        ends_in: Duration,
    },
    WrongPasscode,
    TooSoon(Duration),
    Ended,
    Unknown,
    Unreadable,
    Unavailable,
}

/// What a program is told of a link that is good.
#[derive(Debug, Serialize)]
struct Offer {
    /// The method that leads to the recording, always `POST`.
    method: &'static str,
    /// Whether a passcode is asked for.
    passcode: bool,
    /// How long the link is good for, seconds.
    expires_in: u64,
}

pub(super) fn answer(page: Page, asked: &HeaderMap) -> Response {
    let mut response = match page {
        // After a form too, the browser is to fetch the recording with GET.
        Page::Recording { url, ttl } => answer::link(asked, &url, ttl),
        Page::Notice(notice) if answer::wants_json(asked) => program(notice),
        Page::Notice(notice) => person(notice),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        // The address is the key: no page that comes after may learn it.
        (header::REFERRER_POLICY, "no-referrer"),
        // Not `form-action`: browsers hold it against the redirect that follows the form.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
        (header::VARY, "accept"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn person(notice: Notice) -> Response {
    match notice {
        Notice::Button { passcode: false, .. } => {
            html(StatusCode::OK, &format!("<p>A recording was shared with you.</p>{BUTTON}"))
        }
        Notice::Button { passcode: true, .. } => {
            html(StatusCode::OK, &format!("<p>This recording asks for a passcode.</p>{FORM}"))
        }
        Notice::WrongPasscode => {
            html(StatusCode::FORBIDDEN, &format!("<p>That was not the passcode.</p>{FORM}"))
        }
        Notice::TooSoon(wait) => {
            let lead = format!("<p>Too many wrong passcodes. Try again in {}.</p>{FORM}", spoken(wait));
            retry(html(StatusCode::TOO_MANY_REQUESTS, &lead), wait)
        }
        Notice::Ended => html(StatusCode::GONE, "<p>This link has ended.</p>"),
        Notice::Unknown => html(StatusCode::NOT_FOUND, "<p>There is no such link.</p>"),
        Notice::Unreadable => html(StatusCode::BAD_REQUEST, FORM),
        Notice::Unavailable => {
            let lead = "<p>This does not work just now. Try again shortly.</p>";
            retry(html(StatusCode::SERVICE_UNAVAILABLE, lead), Duration::from_secs(1))
        }
    }
}

fn program(notice: Notice) -> Response {
    let problem = |status, title, detail: &str| Problem::new(status, title).detail(detail).into_response();
    match notice {
        Notice::Button { passcode, ends_in } => {
            Json(Offer { method: "POST", passcode, expires_in: ends_in.as_secs() }).into_response()
        }
        Notice::WrongPasscode => {
            problem(StatusCode::FORBIDDEN, "wrong passcode", "that was not the passcode")
        }
        Notice::TooSoon(wait) => {
            let detail = "wrong passcodes came before: this one was not looked at";
            retry(problem(StatusCode::TOO_MANY_REQUESTS, "too soon", detail), wait)
        }
        Notice::Ended => problem(StatusCode::GONE, "ended", "this link has ended"),
        Notice::Unknown => problem(StatusCode::NOT_FOUND, "not found", "there is no such link"),
        Notice::Unreadable => {
            Problem::bad_request("the body is a form or JSON with `passcode`, or nothing").into_response()
        }
        Notice::Unavailable => Problem::unavailable().into_response(),
    }
}

const BUTTON: &str = "<form method=\"post\"><button>Open the recording</button></form>";

const FORM: &str = "<form method=\"post\"><label>Passcode <input name=\"passcode\" type=\"password\" \
    autocomplete=\"off\" required></label> <button>Open</button></form>";

/// At least a second, and the last part of one counts.
fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
}

fn spoken(wait: Duration) -> String {
    match seconds(wait) {
        1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn retry(mut response: Response, wait: Duration) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, seconds(wait).into());
    response
}

fn html(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Recording</title><body>{body}"
    );
    (status, axum::response::Html(page)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_at_least_a_second_and_its_last_part_counts() {
        for (millis, whole, words) in [
            (0, 1, "a second"),
            (1, 1, "a second"),
            (1_000, 1, "a second"),
            (1_001, 2, "2 seconds"),
            (90_000, 90, "90 seconds"),
            (90_001, 91, "2 minutes"),
            (120_000, 120, "2 minutes"),
            (120_001, 121, "3 minutes"),
        ] {
            let wait = Duration::from_millis(millis);
            assert_eq!((seconds(wait), spoken(wait).as_str()), (whole, words), "{millis} ms");
        }
    }

    #[test]
    fn a_person_and_a_program_get_the_same_status() {
        let program = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let button = |passcode| Notice::Button { passcode, ends_in: Duration::from_secs(9) };
        let notices: [(fn() -> Notice, u16); 6] = [
            (|| Notice::WrongPasscode, 403),
            (|| Notice::TooSoon(Duration::from_secs(7)), 429),
            (|| Notice::Ended, 410),
            (|| Notice::Unknown, 404),
            (|| Notice::Unreadable, 400),
            (|| Notice::Unavailable, 503),
        ];
        for (notice, status) in notices {
            for (asked, kind) in
                [(&HeaderMap::new(), "text/html; charset=utf-8"), (&program, "application/problem+json")]
            {
                let response = answer(Page::Notice(notice()), asked);
                assert_eq!(response.status().as_u16(), status);
                assert_eq!(response.headers()[header::CONTENT_TYPE], kind);
                assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
                let wait = response.headers().get(header::RETRY_AFTER).map(|wait| wait.to_str().unwrap());
                let told = match status {
                    429 => Some("7"),
                    503 => Some("1"),
                    _ => None,
                };
                assert_eq!(wait, told);
            }
        }
        for passcode in [false, true] {
            assert_eq!(answer(Page::Notice(button(passcode)), &HeaderMap::new()).status(), StatusCode::OK);
            assert_eq!(answer(Page::Notice(button(passcode)), &program).status(), StatusCode::OK);
        }
    }
}
