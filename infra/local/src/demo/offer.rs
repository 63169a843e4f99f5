//! What the demonstration business offers: a calendar and a service, put as any client of the API puts them.

use domain::Secret;
use functions::edge::address;
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

/// Days on which the workshop is open.
const DAYS: [&str; 6] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    #[error("the API does not answer: {0}")]
    Http(#[from] reqwest::Error),
    #[error("cannot make the address of what the business offers: {0}")]
    Url(#[from] url::ParseError),
    #[error("the API does not take {path}: {status}")]
    NotTaken { path: &'static str, status: StatusCode },
}

/// Makes the calendar and the service that are not there. What was changed of them since stays as it is.
pub async fn open(api: &Url, key: &Secret) -> Result<(), OfferError> {
    let client = reqwest::Client::new();
    for (path, body) in [
        ("/v1/appointments/calendars/workshop", calendar()),
        ("/v1/appointments/services/service", service()),
    ] {
        let url = Url::parse(&address::of(api, path))?;
        let found = client.get(url.clone()).bearer_auth(key.expose()).send().await?;
        if found.status() != StatusCode::NOT_FOUND {
            continue;
        }
        let put = client.put(url).bearer_auth(key.expose()).json(&body).send().await?;
        if !put.status().is_success() {
            return Err(OfferError::NotTaken { path, status: put.status() });
        }
    }
    Ok(())
}

fn calendar() -> Value {
    let week: serde_json::Map<String, Value> =
        DAYS.iter().map(|day| ((*day).to_owned(), json!(["09:00-18:00"]))).collect();
    // Bicycles stand beside each other.
    json!({ "name": "Workshop", "time_zone": "Europe/Dublin", "week": week, "seats": 4 })
}

fn service() -> Value {
    json!({
        "name": "Bicycle service", "minutes": 120, "step_minutes": 30, "price": "89 euros", "calendars": ["workshop"],
    })
}
