//! Our own public address, asked as Twilio asks it.

use std::time::Duration;

use platform::{Clock, clock};
use providers::probe::Probe;
use twilio::signature::{Algorithm, sign_form};
use twilio::{Form, SigningKey};
use url::Url;

use super::Finding;
use crate::edge::StartError;
use crate::edge::address;
use crate::edge::api::DOCUMENT_PATH;
use crate::edge::parts::{Needs, Opener, Part};
use crate::shared::callbacks;

/// How far two clocks may differ. The header counts in seconds, and its way takes time.
const MAX_SKEW: Duration = Duration::from_secs(5);

/// The account and the token that Twilio signs with, and a client.
pub(super) struct OwnAddress {
    account: String,
    key: SigningKey,
    probe: Probe,
}

impl Part for OwnAddress {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        needs.secrets();
        Box::new(|deployment| {
            let secrets = deployment.secrets()?;
            let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
            let token = secrets.twilio_auth_tokens.first().map(|token| token.expose()).unwrap_or_default();
            Ok(Self {
                account: secrets.twilio_account_sid.clone(),
                key: SigningKey::new(token).map_err(|error| other(&error))?,
                probe: Probe::new().map_err(|error| other(&error))?,
            })
        })
    }
}

impl OwnAddress {
    /// A webhook that names no call, once with a wrong signature and once with the right one. The first must be refused
    /// for its signature, the second for what it lacks; neither has an effect.
    pub(super) async fn signatures(&self, base: &Url) -> Finding {
        let text = address::of(base, callbacks::CALL_STATUS);
        let Ok(url) = Url::parse(&text) else {
            return Finding::fault("the public address is no URL");
        };
        let form = Form::from_pairs([("AccountSid", self.account.as_str())]);
        let right = sign_form(Algorithm::HmacSha1, &self.key, &text, &form);
        for (signature, expected, otherwise) in [
            ("wrong", 403, "is our function behind this address?"),
            (&right, 400, "the address or the token differs from those that its function checks with"),
        ] {
            match self.probe.post(&url, &form, signature).await {
                Ok(answer) if answer.status == expected => {}
                Ok(answer) => {
                    return Finding::fault(format!(
                        "{text} answers {} where {expected} is due: {otherwise}",
                        answer.status
                    ));
                }
                Err(error) => return Finding::fault(format!("{text}: {error}")),
            }
        }
        Finding::proven(format!("{text} lets in what Twilio's token signs, and nothing else"))
    }

    /// Our time beside that of the public address.
    pub(super) async fn clock(&self, base: &Url, clock: &Clock) -> Finding {
        let Ok(url) = Url::parse(&address::of(base, DOCUMENT_PATH)) else {
            return Finding::not_proven("the public address is no URL");
        };
        let answer = match self.probe.get(&url).await {
            Ok(answer) => answer,
            Err(error) => return Finding::not_proven(format!("{}: {error}", url.path())),
        };
        let Some(theirs) = answer.date.as_deref().and_then(clock::from_rfc2822) else {
            return Finding::not_proven("the answer has no date");
        };
        let ours = clock.now();
        let skew = ours.since(theirs).max(theirs.since(ours));
        match skew {
            skew if skew > MAX_SKEW => {
                Finding::fault(format!("it is {} s off the gateway's", skew.as_secs()))
            }
            _ => Finding::proven(format!("within {} s of the gateway's", MAX_SKEW.as_secs())),
        }
    }
}
