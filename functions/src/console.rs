//! The console: a page over `/v1`. Its files lie in `functions/console`, are a part of the program, and need no build.
//!
//! The page is the same for everybody and holds no data; what it shows it asks of the API. Its other files are reached below
//! a digest of all of them, so that a browser keeps them until one changes. Digests and tags are of what is served.

mod served;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use platform::objects::Objects;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use url::Url;

use crate::edge::HttpFunction;
use crate::edge::etag;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::edge::problem::Problem;

/// Read from the folder itself in a debug build, so that an edit shows at the next reload.
#[derive(RustEmbed)]
#[folder = "console"]
#[exclude = "*.d.ts"]
struct Files;

const INDEX: &str = "index.html";
/// Where the page stands for the digest of its files.
const DIGEST_IN_PAGE: &str = "@DIGEST@";
/// Where the page names its scripts.
const SCRIPTS_IN_PAGE: &str = "<!-- @SCRIPTS@ -->";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for again each time.
const CHECKED: &str = "no-cache";
/// What a browser may do with the page, besides its content security policy.
const HEADERS: &[(&str, &str)] = &[
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "microphone=(self), camera=(), geolocation=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000"),
];

/// Where files of contacts are put. The console signs nothing there: it only asks where it is.
#[derive(Clone)]
struct Uploads(Objects);

impl Part for Uploads {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let bucket = needs.vars.text("BUCKET_FILES");
        Box::new(move |deployment| Ok(Self(Objects::new(&deployment.aws, &bucket))))
    }
}

parts! {
    pub struct Console {
        recordings: Objects,
        uploads: Uploads,
        stream: Url => |needs| needs.vars.url("STREAM_URL"),
        policy: OnceCell<HeaderValue> = OnceCell::new(),
    }
}

impl HttpFunction for Console {
    const NAME: &'static str = "console";

    fn router(self) -> Router {
        Router::new()
            .route("/", get(async || (StatusCode::SEE_OTHER, [(header::LOCATION, "console")])))
            .route("/console", get(page))
            .route("/console/{digest}/{*file}", get(file))
            .fallback(async || Problem::no_such_route())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .layer(from_fn_with_state(Arc::new(self), with_headers))
    }
}

async fn with_headers(State(app): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let policy = match app.policy.get_or_try_init(|| app.policy()).await {
        Ok(policy) => policy.clone(),
        Err(problem) => return problem.into_response(),
    };
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

impl Console {
    /// The content security policy: everything comes from this origin, but for recordings, which the browser fetches from
    /// their bucket, files of contacts, which it puts into theirs, and what the bridge streams. Where a bucket is, a link to
    /// it tells.
    async fn policy(&self) -> Result<HeaderValue, Problem> {
        let recordings = self.recordings.presign_get("x", Duration::from_secs(1), None).await.ok();
        let uploads = self.uploads.0.presign_get("x", Duration::from_secs(1), None).await.ok();
        let policy = recordings.zip(uploads).and_then(|(recordings, uploads)| {
            HeaderValue::try_from(policy(&recordings, &uploads, &self.stream)).ok()
        });
        policy.ok_or_else(Problem::unavailable)
    }
}

fn policy(bucket: &Url, uploads: &Url, stream: &Url) -> String {
    // An origin of `wss:` has no serialisation of its own in the URL standard.
    let place = |url: &Url| url[..url::Position::BeforePath].to_owned();
    let (bucket, uploads, stream) = (place(bucket), place(uploads), place(stream));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self' {bucket} {uploads} {stream}; media-src 'self' {bucket}; worker-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
}

async fn page(headers: HeaderMap) -> Response {
    let Some(page) = whole_page(&digest()) else { return Problem::no_such_route().into_response() };
    let etag = etag::of_content(Sha256::digest(&page).into());
    answer(&headers, &etag, CHECKED, INDEX, page.into())
}

/// Scripts that the first screen begins with, for most who come.
const FIRST_SCRIPTS: [&str; 2] = ["main.js", "screens/overview.js"];

/// These scripts and all that they import.
fn with_imports(scripts: &[&str]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let mut new: Vec<String> = scripts.iter().map(|&name| name.to_owned()).collect();
    while let Some(name) = new.pop() {
        let script = content(&name).unwrap_or_default();
        let script = String::from_utf8_lossy(&script);
        let named = script.split("from\"").skip(1).filter_map(|rest| rest.split('"').next());
        let named = named.filter(|named| named.starts_with('.'));
        // Names are relative to the script, as addresses are.
        let root = Url::parse("file:///").and_then(|root| root.join(&name));
        let paths =
            named.filter_map(|named| Some(root.as_ref().ok()?.join(named).ok()?.path()[1..].to_owned()));
        new.extend(paths.filter(|path| !known.contains(path)));
        known.insert(name);
    }
    known
}

/// The page with its first scripts named in it. A browser then asks for all of them at once; otherwise it finds them one behind
/// another, as each names what it imports.
fn whole_page(digest: &str) -> Option<String> {
    let page = Files::get(INDEX)?.data;
    let mut scripts = String::new();
    for name in with_imports(&FIRST_SCRIPTS) {
        let _ = writeln!(scripts, "<link rel=\"modulepreload\" href=\"console/{DIGEST_IN_PAGE}/{name}\">");
    }
    let page = String::from_utf8_lossy(&page).replace(SCRIPTS_IN_PAGE, &scripts);
    let page = served::served(INDEX, Cow::Owned(page.into_bytes()));
    Some(String::from_utf8_lossy(&page).replace(DIGEST_IN_PAGE, digest))
}

async fn file(Path((wanted, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let found = (name != INDEX).then(|| content(&name)).flatten();
    let Some(content) = found else { return Problem::no_such_route().into_response() };
    let etag = etag::of_content(Sha256::digest(&content).into());
    // A page that was loaded before a deployment still finds its files, and must not keep the new ones for the old.
    let is_of_last_page = wanted == *last_digest();
    let caching = if is_of_last_page || wanted == digest() { FOREVER } else { CHECKED };
    answer(&headers, &etag, caching, &name, content)
}

/// What is served of a file. It is made once of each state of the file.
fn content(name: &str) -> Option<Bytes> {
    /// By the file's name: the digest of its state, and what is served of that.
    type Made = HashMap<String, ([u8; 32], Bytes)>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
    let file = Files::get(name)?;
    let state = file.metadata.sha256_hash();
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, content)) = made.get(name).filter(|(of, _)| *of == state) {
        return Some(content.clone());
    }
    let content = Bytes::from(served::served(name, file.data).into_owned());
    made.insert(name.to_owned(), (state, content.clone()));
    Some(content)
}

fn answer(headers: &HeaderMap, etag: &str, caching: &'static str, name: &str, body: Bytes) -> Response {
    let caching = [(header::ETAG, etag.to_owned()), (header::CACHE_CONTROL, caching.to_owned())];
    if etag::is_held(headers, etag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, content_type(name))], body).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        // The licences of what is not ours.
        _ => "text/plain; charset=utf-8",
    }
}

/// Of all files but the page itself, in the order of their names.
fn digest() -> String {
    // The files of a debug build change while it runs.
    if cfg!(debug_assertions) {
        last_digest().clone_from(&made_digest());
    }
    last_digest().clone()
}

/// The digest as it was made last.
fn last_digest() -> MutexGuard<'static, String> {
    static LAST: LazyLock<Mutex<String>> = LazyLock::new(|| Mutex::new(made_digest()));
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn made_digest() -> String {
    let mut names: Vec<_> = Files::iter().filter(|name| *name != INDEX).collect();
    names.sort_unstable();
    let mut digest = Sha256::new();
    for name in names {
        digest.update(name.as_bytes());
        digest.update(Sha256::digest(content(&name).unwrap_or_default()));
    }
    hex::encode(&digest.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the first screen loads: the page, its style, and its scripts with all that they import.
    const FIRST_SCREEN: usize = 88_000;
    /// What any other screen loads besides.
    const ANOTHER_SCREEN: usize = 16_000;
    /// All files for each screen: the console grows with what it shows, and a screen costs little.
    const EACH_SCREEN: usize = 4_400;

    /// As they are served, which is raw on the wire (`served`).
    fn size<'a>(names: impl IntoIterator<Item = &'a String>) -> usize {
        names.into_iter().filter_map(|name| Some(content(name)?.len())).sum()
    }

    fn first_scripts() -> BTreeSet<String> {
        with_imports(&[&FIRST_SCRIPTS[..], &["lib/early.js"]].concat())
    }

    #[test]
    fn the_first_screen_is_small() {
        let others = ["style.css".to_owned(), "icon.svg".to_owned()];
        let sizes = whole_page(&digest()).unwrap().len() + size(&others) + size(&first_scripts());
        assert!(sizes <= FIRST_SCREEN, "the first screen has {sizes} bytes: {FIRST_SCREEN} are its bound");
    }

    #[test]
    fn every_other_screen_is_smaller() {
        let first = first_scripts();
        let screens: Vec<_> = Files::iter().filter(|name| name.starts_with("screens/")).collect();
        assert!(screens.len() > 20, "{screens:?}");
        for name in screens {
            let own = with_imports(&[&name]);
            let own: Vec<&String> = own.difference(&first).collect();
            let sizes = size(own.iter().copied());
            assert!(
                sizes <= ANOTHER_SCREEN,
                "{name} has {sizes} bytes with {own:?}: {ANOTHER_SCREEN} are its bound. `later` loads what is not shown at once"
            );
        }
    }

    #[test]
    fn the_whole_console_is_small_for_what_it_shows() {
        let files: Vec<String> = Files::iter().map(Cow::into_owned).collect();
        let screens = files.iter().filter(|name| name.starts_with("screens/")).count();
        let each = size(files.iter().filter(|name| !name.ends_with("/LICENCES.txt"))) / screens;
        assert!(
            each <= EACH_SCREEN,
            "{each} bytes for each of {screens} screens: {EACH_SCREEN} are the bound"
        );
    }

    #[test]
    fn the_page_names_the_scripts_that_it_needs_first() {
        let page = whole_page("0").unwrap();
        assert!(!page.contains('@'), "{page}");
        let names = with_imports(&FIRST_SCRIPTS);
        for name in ["main.js", "lib/ui.js", "vendor/preact.js", "screens/overview.js", "screens/calls.js"] {
            assert!(names.contains(name), "{name}: {names:?}");
            assert!(
                page.contains(&format!("<link rel=\"modulepreload\" href=\"console/0/{name}\">")),
                "{page}"
            );
        }
        assert!(!names.contains("screens/audit.js"), "{names:?}");
        for name in names {
            assert!(Files::get(&name).is_some(), "{name} is imported and not there");
        }
    }

    #[test]
    fn every_file_has_a_type_and_asks_for_nothing_from_elsewhere() {
        for name in Files::iter() {
            let is_text = content_type(&name).starts_with("text/plain");
            assert_eq!(is_text, name.ends_with("/LICENCES.txt"), "{name}");
            let file = Files::get(&name).unwrap();
            let text = std::str::from_utf8(&file.data).unwrap();
            let foreign: BTreeSet<&str> = text
                .split(['"', '\'', '`', '(', ')', ' ', '\n'])
                .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
                .filter(|word| !word.starts_with("http://www.w3.org/"))
                .collect();
            assert!(foreign.is_empty(), "{name}: {foreign:?}");
        }
    }

    #[test]
    fn the_policy_names_the_origins_alone() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let bucket = url("https://recordings.s3.eu-central-1.amazonaws.com/recordings/?X-Amz-Signature=0");
        let uploads = url("https://files.s3.eu-central-1.amazonaws.com/x?X-Amz-Signature=0");
        let policy = policy(&bucket, &uploads, &url("wss://media.example.com/twilio/stream"));
        assert!(policy.contains(
            "connect-src 'self' https://recordings.s3.eu-central-1.amazonaws.com \
             https://files.s3.eu-central-1.amazonaws.com wss://media.example.com; \
             media-src 'self' https://recordings.s3.eu-central-1.amazonaws.com;"
        ));
        assert!(!policy.contains("Signature") && !policy.contains("unsafe"));
    }
}
