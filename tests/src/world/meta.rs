//! The app at Meta of a world that has one.

use std::time::Duration;

use domain::PhoneNumber;
use local::home::Identity;
use local::system::System;
use simulator::meta::{Meta, MetaConfig, Sender, Template};
use tokio::sync::watch;

use super::World;

/// Meta's name of the business's number.
pub const PHONE_NUMBER_ID: &str = "106540352242922";
/// A template with one place, approved in German.
pub const TEMPLATE: &str = "reminder";

/// A simulated Meta for the app of this identity; without one the identity knows no app either.
pub(super) async fn start(
    identity: &mut Identity,
    wanted: bool,
    ahead: watch::Receiver<Duration>,
) -> Option<Meta> {
    if !wanted {
        identity.meta = None;
    }
    let app = identity.meta.as_ref()?;
    let mut config = MetaConfig::new(app.token.expose(), app.app_secret.expose(), app.verify_token.expose());
    config.templates = vec![Template { name: TEMPLATE.to_owned(), language: "de".to_owned(), places: 1 }];
    config.ahead = Some(ahead);
    Some(Meta::start(config).await.expect("the simulated Meta starts"))
}

/// The business's number is a sender there, and the system has answered the challenge.
pub(super) async fn subscribe(meta: Option<&Meta>, system: &System, number: &PhoneNumber) {
    let Some(meta) = meta else { return };
    meta.add_sender(sender(number));
    let url = system.api_url.join("/meta/whatsapp").expect("a path");
    meta.subscribe(url).await.expect("the system answers the challenge");
}

/// A business's number as Meta knows it.
pub(crate) fn sender(number: &PhoneNumber) -> Sender {
    Sender {
        phone_number_id: PHONE_NUMBER_ID.to_owned(),
        display_phone_number: number.as_e164().trim_start_matches('+').to_owned(),
    }
}

impl World {
    /// WhatsApp over Meta itself.
    ///
    /// # Panics
    /// In a world without an app there.
    pub fn meta(&self) -> &Meta {
        self.meta.as_ref().expect("a world with an app at Meta")
    }
}
