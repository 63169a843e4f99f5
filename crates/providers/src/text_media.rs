//! Fetching what came with a text. Credentials go to the carrier's own address and to no other: not where it redirects to, and
//! not to an address of anything else that a text names.

use std::time::Duration;

use domain::texts::media::MAX_BYTES;
use platform::tls::NoTrustStore;
use reqwest::{Client, Response};
use url::Url;

use crate::bounded_body::{NoBody, bounded_body};
use crate::meta_graph::MetaGraph;
use crate::public_address::Reach;
use crate::twilio_rest::{TwilioError, TwilioRest};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The whole of a medium.
const FETCH_WITHIN: Duration = Duration::from_secs(60);

/// Why a medium was not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFetched {
    /// It may be there later.
    #[error("the medium is not there yet, or its carrier does not answer")]
    Later,
    /// It has more bytes than are taken.
    #[error("the medium has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// It will not be given out, or its address leads where nothing is fetched.
    #[error("the medium is not given out")]
    Refused,
}

/// Fetches without credentials, from public addresses alone.
#[derive(Debug, Clone)]
pub struct Foreign {
    client: Client,
    reach: Reach,
}

impl Foreign {
    /// # Errors
    /// [`NoTrustStore`].
    pub fn new(reach: Reach) -> Result<Self, NoTrustStore> {
        let client = reach.client(CONNECT_TIMEOUT)?;
        Ok(Self { client, reach })
    }

    async fn fetch(&self, url: &Url) -> Result<Vec<u8>, NotFetched> {
        self.reach.check(url).map_err(|_| NotFetched::Refused)?;
        let response = self.client.get(url.clone()).timeout(FETCH_WITHIN).send().await;
        whole(response.map_err(|_| NotFetched::Later)?).await
    }
}

/// A medium of a text over Twilio, by its address.
///
/// # Errors
/// [`NotFetched`].
pub async fn of_twilio(twilio: &TwilioRest, foreign: &Foreign, source: &str) -> Result<Vec<u8>, NotFetched> {
    let url = Url::parse(source).map_err(|_| NotFetched::Refused)?;
    if !twilio.is_own(&url) {
        return foreign.fetch(&url).await;
    }
    match twilio.text_media(&url).await {
        Ok(response) => whole(response).await,
        Err(error) if error.is_retryable() || error == TwilioError::NotFound => Err(NotFetched::Later),
        Err(_) => Err(NotFetched::Refused),
    }
}

/// A medium of a text over Meta, by its id.
///
/// # Errors
/// [`NotFetched`].
pub async fn of_meta(graph: &MetaGraph, foreign: &Foreign, id: &str) -> Result<Vec<u8>, NotFetched> {
    let url = graph.media_address(id).await?;
    if !graph.is_own(&url) {
        return foreign.fetch(&url).await;
    }
    whole(graph.media(&url).await?).await
}

/// The bytes of an answer, if there are not too many.
async fn whole(mut response: Response) -> Result<Vec<u8>, NotFetched> {
    match response.status().as_u16() {
        200..=299 => {}
        404 | 408 | 425 | 429 | 500..=599 => return Err(NotFetched::Later),
        _ => return Err(NotFetched::Refused),
    }
    bounded_body(&mut response, MAX_BYTES).await.map_err(|no_body| match no_body {
        NoBody::TooLong => NotFetched::TooLarge,
        NoBody::Cut(_) => NotFetched::Later,
    })
}

#[cfg(test)]
mod tests {
    use domain::Secret;
    use scripted::{Answer, Scripted};

    use super::*;

    const SID: &str = "AC00000000000000000000000000000001";

    fn twilio(base: &Url) -> TwilioRest {
        TwilioRest::new(base, SID, Secret::new("token")).unwrap()
    }

    fn path(base: &Url) -> String {
        base.join(&format!("2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1")).unwrap().to_string()
    }

    /// Demand 13 of texts.
    #[tokio::test]
    async fn credentials_go_to_the_carrier_and_not_where_it_leads() {
        let storage = Scripted::serve([Answer::new(200, "bytes"), Answer::new(200, "elsewhere")]).await;
        let redirect = Answer::new(307, "").header("location", storage.url.as_str());
        let carrier = Scripted::serve([redirect, Answer::new(404, "{}")]).await;
        let (twilio, foreign) = (twilio(&carrier.url), Foreign::new(Reach::AndLoopback).unwrap());
        assert_eq!(of_twilio(&twilio, &foreign, &path(&carrier.url)).await, Ok(b"bytes".to_vec()));
        assert!(carrier.asked()[0].header("authorization").is_some());
        assert_eq!(of_twilio(&twilio, &foreign, &path(&carrier.url)).await, Err(NotFetched::Later));
        // The address of another host.
        assert_eq!(of_twilio(&twilio, &foreign, storage.url.as_str()).await, Ok(b"elsewhere".to_vec()));
        assert!(storage.asked().iter().all(|asked| asked.header("authorization").is_none()));
        let public = Foreign::new(Reach::Public).unwrap();
        assert_eq!(of_twilio(&twilio, &public, storage.url.as_str()).await, Err(NotFetched::Refused));
        assert_eq!(storage.asked().len(), 2, "what is not public is not asked");
    }

    #[tokio::test]
    async fn more_bytes_than_are_taken_are_not_read() {
        let large = || Answer::new(200, vec![b'x'; MAX_BYTES + 1]);
        let carrier = Scripted::serve([large(), Answer::new(401, "{}")]).await;
        let (twilio, foreign) = (twilio(&carrier.url), Foreign::new(Reach::AndLoopback).unwrap());
        assert_eq!(of_twilio(&twilio, &foreign, &path(&carrier.url)).await, Err(NotFetched::TooLarge));
        assert_eq!(of_twilio(&twilio, &foreign, &path(&carrier.url)).await, Err(NotFetched::Refused));
    }
}
