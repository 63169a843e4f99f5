use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::meta::MetaConfig;
use crate::twilio::{SIGNATURE_HEADER, TwilioConfig, sign_form};

const ACCOUNT: &str = "AC1a2b3c4d5e6f708192a3b4c5d6e7f809";
const BUSINESS: &str = "+15005550006";
const PERSON: &str = "+15005550001";

/// The product's side: it keeps what it gets.
#[derive(Clone, Default)]
struct Product(Arc<Mutex<Vec<(String, HeaderMap, String)>>>);

impl Product {
    async fn start(&self) -> Url {
        let router = Router::new().fallback(get(challenge).post(take)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/texts", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn forms(&self) -> Vec<Vec<(String, String)>> {
        let taken = self.0.lock().unwrap();
        taken
            .iter()
            .map(|(_, _, body)| form_urlencoded::parse(body.as_bytes()).into_owned().collect())
            .collect()
    }

    fn bodies(&self) -> Vec<Value> {
        let taken = self.0.lock().unwrap();
        taken.iter().map(|(_, _, body)| serde_json::from_str(body).unwrap()).collect()
    }
}

async fn challenge(uri: Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let mut asked = form_urlencoded::parse(query.as_bytes());
    asked.find(|(name, _)| name == "hub.challenge").map(|(_, text)| text.into_owned()).unwrap_or_default()
}

async fn take(
    State(product): State<Product>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> axum::response::Response {
    product.0.lock().unwrap().push((uri.to_string(), headers, body));
    (StatusCode::OK, [("content-type", "text/xml")], "<Response/>").into_response()
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

async fn over_twilio() -> (Twilio, Product, Url) {
    let product = Product::default();
    let url = product.start().await;
    (Twilio::start(TwilioConfig::new(ACCOUNT, "token")).await.unwrap(), product, url)
}

async fn over_meta() -> (Meta, Product, Sender) {
    let product = Product::default();
    let sender = Sender { phone_number_id: "1055".into(), display_phone_number: "15005550006".into() };
    let meta = Meta::start(MetaConfig::new("token", "secret", "verify")).await.unwrap();
    meta.add_sender(sender.clone());
    meta.subscribe(product.start().await).await.unwrap();
    (meta, product, sender)
}

/// As the account's own program would send it.
async fn sends(twilio: &Twilio, to: &str, callback: &Url) -> u16 {
    let url = format!("{}2010-04-01/Accounts/{ACCOUNT}/Messages.json", twilio.api_url());
    let from = if to.starts_with("whatsapp:") { format!("whatsapp:{BUSINESS}") } else { BUSINESS.to_owned() };
    let form = [("To", to), ("From", &from), ("Body", "At nine."), ("StatusCallback", callback.as_str())];
    let request = twilio.account().http.post(url).basic_auth(ACCOUNT, Some("token")).form(&form);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn copies_of_a_message_are_the_same_signed_request() {
    let (twilio, product, url) = over_twilio().await;
    let phone = Phone::sms(&twilio, Person::with_number(PERSON), BUSINESS, url.clone());
    let message = phone.say("Hi").await.unwrap();
    assert!(phone.deliver(&message).await.unwrap().is_taken());
    let forms = product.forms();
    assert_eq!(forms[0], forms[1]);
    assert_eq!((field(&forms[0], "Body"), field(&forms[0], "From")), (Some("Hi"), Some(PERSON)));
    let (_, headers, _) = product.0.lock().unwrap()[0].clone();
    assert_eq!(headers[SIGNATURE_HEADER].to_str().unwrap(), sign_form("token", url.as_str(), &forms[0]));
}

#[tokio::test]
async fn a_person_without_a_number_is_known_by_their_id_on_either_way() {
    let hidden = Person::hidden("US.13491208655302741918");
    let (twilio, product, url) = over_twilio().await;
    Phone::whatsapp(&twilio, hidden.clone(), BUSINESS, url).say("Hi").await.unwrap();
    let form = product.forms().remove(0);
    assert_eq!(field(&form, "From"), Some("whatsapp:US.13491208655302741918"));
    assert_eq!(field(&form, "WaId"), None);
    let (meta, product, sender) = over_meta().await;
    Phone::meta(&meta, hidden, sender).say("Hi").await.unwrap();
    let value = product.bodies()[0]["entry"][0]["changes"][0]["value"].clone();
    assert_eq!(value["messages"][0]["from_user_id"], "US.13491208655302741918");
    assert_eq!((value["messages"][0].get("from"), value["contacts"][0].get("wa_id")), (None, None));
}

#[tokio::test]
async fn a_phone_reports_what_arrives_and_answers_it() {
    let (twilio, product, url) = over_twilio().await;
    let phone = Phone::whatsapp(&twilio, Person::with_number(PERSON), BUSINESS, url.clone());
    phone.say("Hi").await.unwrap();
    phone.behaves(Habit::READS.and_answers(|text| text.body.contains("nine").then(|| "Thanks".to_owned())));
    let callback = url.join("/status?text=1").unwrap();
    assert_eq!(sends(&twilio, &format!("whatsapp:{PERSON}"), &callback).await, 201);
    assert_eq!(phone.nth_received(0).await.body, "At nine.");
    let told = || {
        product
            .forms()
            .iter()
            .filter_map(|form| field(form, "MessageStatus").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    while product.forms().len() < 5 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told(), ["sent", "delivered", "read"]);
    assert_eq!(field(&product.forms()[4], "Body"), Some("Thanks"));
    assert_eq!(product.0.lock().unwrap()[1].0, "/status?text=1");
    phone.goes_silent();
}

/// Twilio has taken the text: what is wrong with it comes as a report.
#[tokio::test]
async fn free_words_outside_the_window_fail_with_each_carriers_code() {
    let (twilio, product, url) = over_twilio().await;
    let phone = Phone::whatsapp(&twilio, Person::with_number(PERSON), BUSINESS, url.clone());
    phone.behaves(Habit::READS);
    assert!(!phone.window_is_open());
    sends(&twilio, &format!("whatsapp:{PERSON}"), &url).await;
    while product.forms().is_empty() {
        tokio::task::yield_now().await;
    }
    let form = product.forms().remove(0);
    assert_eq!((field(&form, "MessageStatus"), field(&form, "ErrorCode")), (Some("failed"), Some("63016")));
    phone.say("Hi").await.unwrap();
    assert!(phone.window_is_open());
}

#[tokio::test]
async fn a_callback_to_a_host_with_an_underscore_is_refused() {
    let (twilio, _, _) = over_twilio().await;
    let url = Url::parse("https://my_host.example/status").unwrap();
    assert_eq!(sends(&twilio, PERSON, &url).await, 400);
    assert!(twilio.texts().is_empty());
}

#[tokio::test]
async fn a_batch_of_metas_holds_entries_with_messages_and_statuses() {
    let (meta, product, sender) = over_meta().await;
    let phone = Phone::meta(&meta, Person::with_number(PERSON).known_as("US.1349"), sender);
    let entry = |from: usize| {
        let messages = (from..from + 4).map(|n| Entry::from(phone.message(format!("words {n}").as_str())));
        Entry::Together(messages.collect())
    };
    let update = What::UserIdUpdate { previous: "US.1349".into(), current: "US.2481".into() };
    let entries = [entry(0), entry(4), Entry::from(phone.message(update))];
    assert!(phone.deliver_batch(&entries).await.unwrap()[0].is_taken());
    let body = product.bodies().remove(0);
    let counts: Vec<_> = body["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["changes"][0]["value"]["messages"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(counts, [4, 4, 0]);
    let change = &body["entry"][2]["changes"][0];
    assert_eq!(change["field"], "user_id_update");
    assert_eq!(
        change["value"]["user_id_update"][0]["user_id"],
        json!({ "previous": "US.1349", "current": "US.2481" })
    );
}

#[tokio::test]
async fn a_file_is_fetched_through_a_redirect_and_is_late_as_often_as_was_asked_for() {
    let (twilio, product, url) = over_twilio().await;
    let phone = Phone::sms(&twilio, Person::with_number(PERSON), BUSINESS, url);
    let file = File::new("brake.jpg", "image/jpeg", &b"\xff\xd8\xffabc"[..]).late(1);
    phone.send(What::picture(file, "the brake")).await.unwrap();
    let form = product.forms().remove(0);
    let address = field(&form, "MediaUrl0").unwrap().to_owned();
    let get =
        async || twilio.account().http.get(&address).basic_auth(ACCOUNT, Some("token")).send().await.unwrap();
    assert_eq!(get().await.status(), 404);
    let answer = get().await;
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"\xff\xd8\xffabc");
    let delete = twilio.account().http.delete(&address).basic_auth(ACCOUNT, Some("token"));
    assert_eq!(delete.send().await.unwrap().status(), 204);
    assert_eq!(get().await.status(), 404);
}

#[tokio::test]
async fn what_twilio_does_not_hand_on_is_refused_here() {
    let (twilio, _, url) = over_twilio().await;
    let phone = Phone::whatsapp(&twilio, Person::with_number(PERSON), BUSINESS, url);
    let edit = What::Edit { about: "SM1".into(), body: "x".into() };
    assert_eq!(phone.send(edit).await, Err(NotTaken::NoSuchThing { what: "edit" }));
}
