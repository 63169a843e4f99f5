//! The issuer of a world, and how the system is known there.

use std::time::Duration;

use domain::Secret;
use simulator::oidc::{Issuer, IssuerConfig};
use tokio::sync::watch;

/// Name and secret are encoded before they are sent: these look otherwise then.
const OUR_NAME: &str = "switchboard: tests";
const OUR_SECRET: &str = "a secret/of+tests%";

pub(super) async fn start(ahead: watch::Receiver<Duration>) -> Issuer {
    let (client_id, client_secret) = (OUR_NAME.to_owned(), OUR_SECRET.to_owned());
    let config = IssuerConfig { client_id, client_secret, ahead: Some(ahead) };
    Issuer::start(config).await.expect("the simulated issuer starts")
}

pub(super) fn known_as(issuer: &Issuer) -> local::system::Issuer {
    local::system::Issuer {
        issuer: issuer.url.clone(),
        client_id: OUR_NAME.to_owned(),
        client_secret: Some(Secret::new(OUR_SECRET)),
    }
}
