//! A person with a browser who signs in through the issuer. Cookies are kept as a browser keeps them, and redirects are
//! followed one by one.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, StatusCode, header};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use crate::World;
use crate::client::{Answer, Client};

/// A window of a browser, with cookies of its own.
pub struct Window<'a> {
    world: &'a World,
    /// Where requests to the API go.
    api: Url,
    client: reqwest::Client,
    /// By their names.
    pub cookies: BTreeMap<String, String>,
}

impl<'a> Window<'a> {
    /// A window without cookies.
    ///
    /// # Panics
    /// If there is no client.
    pub fn new(world: &'a World) -> Self {
        let client = crate::http().redirect(Policy::none()).build().expect("a client");
        Self { world, api: world.url("/"), client, cookies: BTreeMap::new() }
    }

    /// The same, whose requests to the API go to another sandbox of its function.
    pub fn at(world: &'a World, api: &Url) -> Self {
        Self { api: api.clone(), ..Self::new(world) }
    }

    /// What a page of the console asks.
    ///
    /// # Panics
    /// If the API does not answer.
    pub async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, self.api.join(path).expect("a path"));
        request = request.header("sec-fetch-site", "same-origin").header("x-requested-with", "switchboard");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.header(header::COOKIE, self.cookie()).send().await.expect("the API answers");
        self.keep(answer.headers());
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: crate::told(answer.json().await.unwrap_or(Value::Null)) }
    }

    /// The same with GET.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// Begins an attempt, with the text of an invitation's link or without, and gives the issuer's page.
    ///
    /// # Errors
    /// What the API refuses it with.
    pub async fn begin(&mut self, invitation: Option<&str>) -> Result<Url, Answer> {
        let body = invitation.map_or_else(|| json!({}), |text| json!({ "invitation": text }));
        let answer = self.ask(Method::POST, "/v1/sign-in/oidc", Some(body)).await;
        let url = answer.body["url"].as_str().and_then(|url| url.parse().ok());
        url.ok_or(answer)
    }

    /// Tells the issuer who the person is, and gives the address that it sends the browser back to.
    ///
    /// # Panics
    /// If the issuer refuses the request.
    pub async fn at_the_issuer(&self, page: &Url, person: &str) -> Url {
        let shown = self.client.get(page.clone()).send().await.expect("the issuer answers");
        assert_eq!(shown.status(), StatusCode::OK, "{}", shown.text().await.unwrap_or_default());
        let answered = if person.is_empty() { "no" } else { "yes" };
        let form = [("person", person), ("answer", answered)];
        let answer = self.client.post(page.clone()).form(&form).send().await.expect("the issuer answers");
        location(answer.headers())
    }

    /// Comes back from the issuer: the place in the console that the browser is sent to, from its `#` on.
    ///
    /// # Panics
    /// If it is sent to any other page than the console.
    pub async fn come_back(&mut self, address: &Url) -> String {
        // A link of another site: what is bound to this one stays at home.
        let name = "switchboard-oidc";
        let cookie = self.cookies.get(name).map(|value| format!("{name}={value}")).unwrap_or_default();
        let mut address = address.clone();
        address.set_port(self.api.port()).expect("an address with a host");
        let request = self.client.get(address).header(header::COOKIE, cookie);
        let answer = request.header("sec-fetch-site", "cross-site").send().await.expect("the API answers");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        self.keep(answer.headers());
        let place = location(answer.headers()).to_string();
        let console = self.world.url("/console").to_string();
        place.strip_prefix(&console).unwrap_or_else(|| panic!("sent to {place}")).to_owned()
    }

    /// The whole way. Empty: the person is signed in; otherwise the reason why not.
    ///
    /// # Panics
    /// If the attempt cannot begin.
    pub async fn sign_in(&mut self, person: &str, invitation: Option<&str>) -> String {
        let page = self.begin(invitation).await.expect("the attempt begins");
        let address = self.at_the_issuer(&page, person).await;
        let place = self.come_back(&address).await;
        place.strip_prefix("#/?sign-in=").unwrap_or(&place).to_owned()
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("a text");
            let (name, rest) = set.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            assert!(set.contains("; HttpOnly; SameSite="), "{name}");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn location(headers: &HeaderMap) -> Url {
    let location = headers.get(header::LOCATION).expect("a redirect").to_str().expect("a text");
    location.parse().expect("an address")
}

/// Invites a person to the world's business with its own key: the member's id, and the text at the end of the link.
///
/// # Panics
/// If the person is not invited.
pub async fn invite(world: &World, name: &str, role: &str) -> (String, String) {
    let client = Client { world, key: world.identity.api_key.expose().to_owned() };
    invite_with(&client, name, role).await
}

/// The same with another key.
///
/// # Panics
/// If the person is not invited.
pub async fn invite_with(client: &Client<'_>, name: &str, role: &str) -> (String, String) {
    let made = client.post("/v1/members", json!({ "name": name, "role": role })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let link = made.body["link"].as_str().expect("a link");
    let console = client.world.url("/console#/join/").to_string();
    let text = link.strip_prefix(&console).unwrap_or_else(|| panic!("{link}"));
    (made.body["id"].as_str().expect("an id").to_owned(), text.to_owned())
}
