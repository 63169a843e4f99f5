//! The running system's side: phones for those who ask for one, each for as long as its screen is watched.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use simulator::meta::{Meta, Sender};
use simulator::phone::{Answer, File, Message, NotTaken, Person, Phone, Report, What};
use tokio::sync::mpsc;
use url::Url;

use super::typed::title;
use super::{Act, FileNote, MAX_FILE_BYTES, Order, Seen, Way};
use crate::cli::call::Station;

/// What the simulated Meta calls the business's number.
pub(in crate::cli) const PHONE_NUMBER_ID: &str = "106540352242922";
/// Events that wait for a slow screen.
const EVENTS: usize = 256;
/// Phones at one time.
const MAX_PHONES: usize = 100;

/// What phones of the simulated carriers are made of.
pub(in crate::cli) struct Carriers {
    /// Texts over Twilio, if it is simulated.
    pub(in crate::cli) calls: Option<Arc<Station>>,
    /// WhatsApp over Meta, if it is simulated.
    pub(in crate::cli) meta: Option<Meta>,
    /// Where Twilio brings texts to.
    pub(in crate::cli) webhook: Url,
}

struct Phones {
    carriers: Carriers,
    all: Mutex<(u64, BTreeMap<u64, Arc<Held>>)>,
}

/// A phone that is in use.
struct Held {
    phone: Phone,
    way: Way,
    screen: mpsc::Sender<Seen>,
    /// The names of the person's own texts.
    own: Mutex<Vec<String>>,
}

pub(in crate::cli) fn router(carriers: Carriers) -> Router {
    Router::new()
        .route("/texts", post(opened))
        .route("/texts/{phone}", post(acted))
        .route("/texts/{phone}/file", post(sent_file))
        .layer(DefaultBodyLimit::max(MAX_FILE_BYTES))
        .with_state(Arc::new(Phones { carriers, all: Mutex::default() }))
}

/// Gives a phone, whose screen the answer shows until the reader has had enough.
async fn opened(State(phones): State<Arc<Phones>>, Json(order): Json<Order>) -> Response {
    let phone = match phones.carriers.phone(&order) {
        Ok(phone) => phone,
        Err(why) => return (StatusCode::CONFLICT, why).into_response(),
    };
    let (screen, shown) = mpsc::channel(EVENTS);
    let held = Arc::new(Held { phone, way: order.way, screen, own: Mutex::default() });
    let number = {
        let mut all = lock(&phones.all);
        if all.1.len() >= MAX_PHONES {
            return (StatusCode::TOO_MANY_REQUESTS, "too many phones are open").into_response();
        }
        all.0 += 1;
        let number = all.0;
        all.1.insert(number, Arc::clone(&held));
        number
    };
    tokio::spawn(async move {
        let _ = held.screen.send(Seen::Ready { phone: number }).await;
        held.watch().await;
        lock(&phones.all).1.remove(&number);
    });
    let body = futures_util::stream::unfold(shown, |mut shown| async move {
        let seen = shown.recv().await?;
        let mut line = serde_json::to_string(&seen).unwrap_or_default();
        line.push('\n');
        Some((Ok::<_, Infallible>(line), shown))
    });
    Body::from_stream(body).into_response()
}

async fn acted(State(phones): State<Arc<Phones>>, Path(number): Path<u64>, Json(act): Json<Act>) -> Response {
    let Some(held) = phones.held(number) else { return NO_PHONE.into_response() };
    let last = held.phone.received().pop();
    let words = last.as_ref().map(|text| text.body.clone()).unwrap_or_default();
    let message = match act {
        Act::Say { words } => held.phone.message(What::Text(words)),
        Act::Press { button } => {
            let (id, title) = (button.clone(), title(&button, &words));
            let message = match held.way {
                // There are no buttons: people answer with the words.
                Way::Sms => held.phone.message(What::Text(title)),
                Way::WhatsApp | Way::Meta => held.phone.message(What::Button { id, title }),
            };
            match last.as_ref() {
                Some(text) => message.about(&text.key),
                None => message,
            }
        }
        Act::React { emoji } => {
            let Some(text) = last else {
                return (StatusCode::CONFLICT, "there is no text to react to").into_response();
            };
            let emoji = Some(emoji).filter(|emoji| !emoji.is_empty());
            held.phone.message(What::Reaction { about: text.key, emoji })
        }
        Act::Stop => {
            let message = held.phone.message(What::Text("STOP".to_owned()));
            if held.way == Way::Sms { message.opted("STOP") } else { message }
        }
    };
    held.sends(message).await
}

async fn sent_file(
    State(phones): State<Arc<Phones>>,
    Path(number): Path<u64>,
    Query(note): Query<FileNote>,
    bytes: Bytes,
) -> Response {
    let Some(held) = phones.held(number) else { return NO_PHONE.into_response() };
    let is_voice = note.content_type.starts_with("audio/ogg");
    let file = File::new(&note.name, &note.content_type, bytes);
    let what = if is_voice { What::VoiceNote(file) } else { What::picture(file, &note.caption) };
    held.sends(held.phone.message(what)).await
}

const NO_PHONE: (StatusCode, &str) = (StatusCode::NOT_FOUND, "there is no such phone");

impl Phones {
    fn held(&self, number: u64) -> Option<Arc<Held>> {
        lock(&self.all).1.get(&number).cloned()
    }
}

impl Carriers {
    fn phone(&self, order: &Order) -> Result<Phone, &'static str> {
        let person = match order.from.starts_with('+') {
            true => Person::with_number(&order.from),
            false => Person::hidden(&order.from),
        };
        let person = person.called(&order.name);
        const REAL_TWILIO: &str =
            "this system is connected to the real Twilio: text its number with a telephone";
        const REAL_META: &str = "this system is connected to the real Meta: text its number with a telephone";
        let twilio = || self.calls.as_ref().map(|station| &station.twilio).ok_or(REAL_TWILIO);
        Ok(match order.way {
            Way::Sms => Phone::sms(twilio()?, person, &order.to, self.webhook.clone()),
            Way::WhatsApp => Phone::whatsapp(twilio()?, person, &order.to, self.webhook.clone()),
            Way::Meta => {
                let meta = self.meta.as_ref().ok_or(REAL_META)?;
                let number = order.to.trim_start_matches('+').to_owned();
                let sender =
                    Sender { phone_number_id: PHONE_NUMBER_ID.to_owned(), display_phone_number: number };
                Phone::meta(meta, person, sender)
            }
        })
    }
}

impl Held {
    /// Delivers a message, and shows what came of it.
    async fn sends(&self, message: Message) -> Response {
        lock(&self.own).push(message.key.clone());
        let seen = match self.phone.deliver(&message).await {
            Ok(answer) if answer.is_taken() => Seen::Taken,
            Ok(Answer { status: Some(status), .. }) => {
                Seen::Refused { why: format!("the webhook was answered with {status}") }
            }
            Ok(Answer { status: None, .. }) => {
                Seen::Refused { why: "the webhook was not answered".to_owned() }
            }
            Err(error @ (NotTaken::Answer(_) | NotTaken::NoSuchThing { .. })) => {
                Seen::Refused { why: error.to_string() }
            }
        };
        let _ = self.screen.send(Seen::Did { what: shown(&message.what) }).await;
        let _ = self.screen.send(seen).await;
        StatusCode::NO_CONTENT.into_response()
    }

    /// Shows what arrives, and reports it, until the screen is not watched any more.
    async fn watch(&self) {
        let mut received = self.phone.received().len();
        let mut signs = self.phone.signs_of_writing().len();
        loop {
            let more = self.phone.more();
            let shown = self.phone.signs_of_writing();
            let own = lock(&self.own).clone();
            if shown.iter().skip(signs).any(|sign| own.contains(sign)) {
                let _ = self.screen.send(Seen::Writing).await;
            }
            signs = shown.len();
            let arrived = self.phone.received();
            for text in arrived.iter().skip(received) {
                let words = match (&text.template, &text.variables) {
                    (Some(name), values) => format!("[{name}] {}", values.as_deref().unwrap_or_default()),
                    (None, _) => text.body.clone(),
                };
                let _ = self.screen.send(Seen::Received { words }).await;
                self.report(text).await;
            }
            received = arrived.len();
            tokio::select! {
                () = more => {}
                () = self.screen.closed() => return,
            }
        }
    }

    async fn report(&self, text: &simulator::phone::Received) {
        let reports = if text.is_free() && !self.phone.window_is_open() {
            vec![Report::failed(if self.way == Way::Meta { 131_047 } else { 63_016 })]
        } else if self.way == Way::Sms {
            vec![Report::new("sent"), Report::new("delivered")]
        } else {
            vec![Report::new("sent"), Report::new("delivered"), Report::new("read")]
        };
        let mut statuses = vec![];
        for report in reports {
            if self.phone.report(text, &report).await.is_taken() {
                let code = report.code.map(|code| format!(" ({code})")).unwrap_or_default();
                statuses.push(format!("{}{code}", report.status));
            }
        }
        let _ = self.screen.send(Seen::Reported { statuses }).await;
    }
}

/// What the person did, in words.
fn shown(what: &What) -> String {
    match what {
        What::Text(words) => words.clone(),
        What::Button { title, .. } => format!("[{title}]"),
        What::Reaction { emoji: Some(emoji), .. } => format!("reacts with {emoji}"),
        What::Reaction { emoji: None, .. } => "takes the reaction off".to_owned(),
        What::Media { files, caption } => {
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            format!("({}) {caption}", names.join(", ")).trim_end().to_owned()
        }
        What::VoiceNote(file) => format!("({})", file.name),
        other => other.as_str().to_owned(),
    }
}

/// A thread that panicked with the lock leaves its state readable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
