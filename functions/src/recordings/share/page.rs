//! What a link's receiver sees. Plain pages without a script, a cookie or a word about whose they are.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use url::Url;

pub(super) enum Page {
    /// On to the recording.
    Recording(Url),
    Passcode {
        wrong: bool,
    },
    Ended,
    Unknown,
    Unreadable,
    Unavailable,
}

pub(super) fn answer(page: Page) -> Response {
    let mut response = match page {
        // After a form too, the browser is to fetch the recording with GET.
        Page::Recording(url) => redirect(&url),
        Page::Passcode { wrong } => {
            let status = if wrong { StatusCode::FORBIDDEN } else { StatusCode::OK };
            let lead =
                if wrong { "That was not the passcode." } else { "This recording asks for a passcode." };
            html(status, &format!("<p>{lead}</p>{FORM}"))
        }
        Page::Ended => html(StatusCode::GONE, "<p>This link has ended.</p>"),
        Page::Unknown => html(StatusCode::NOT_FOUND, "<p>There is no such link.</p>"),
        Page::Unreadable => html(StatusCode::BAD_REQUEST, FORM),
        Page::Unavailable => {
            html(StatusCode::SERVICE_UNAVAILABLE, "<p>This does not work just now. Try again shortly.</p>")
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        // The address is the key: no page that comes after may learn it.
        (header::REFERRER_POLICY, "no-referrer"),
        // Not `form-action`: browsers hold it against the redirect that follows the form.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

const FORM: &str = "<form method=\"post\"><label>Passcode <input name=\"passcode\" type=\"password\" \
    autocomplete=\"off\" required></label> <button>Open</button></form>";

fn redirect(url: &Url) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, url.as_str())]).into_response()
}

fn html(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Recording</title><body>{body}"
    );
    (status, axum::response::Html(page)).into_response()
}
