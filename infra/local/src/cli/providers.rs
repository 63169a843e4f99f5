//! Twilio, Meta, OpenAI and the issuer that people sign in through: real where they are given, simulated otherwise.

use anyhow::{Context as _, bail};
use domain::Secret;
use local::demo::story;
use local::home::{Identity, MetaApp};
use local::system::{Issuer, Providers};
use simulator::meta::{Meta, MetaConfig};
use simulator::oidc::IssuerConfig;
use simulator::openai::{OpenAi, OpenAiConfig};
use simulator::twilio::{Twilio, TwilioConfig};
use url::Url;

/// The providers, and the simulators that stand in for them.
pub(super) struct Chosen {
    pub(super) urls: Providers,
    pub(super) identity: Identity,
    pub(super) twilio: Option<Twilio>,
    pub(super) openai: Option<OpenAi>,
    pub(super) meta: Option<Meta>,
    pub(super) issuer: Option<simulator::oidc::Issuer>,
}

/// Real credentials replace the simulated ones in the identity, for this run only.
pub(super) async fn choose(mut identity: Identity) -> anyhow::Result<Chosen> {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let url = |name: &str, default: &str| {
        let text = var(name).unwrap_or_else(|| default.to_owned());
        Url::parse(&text).with_context(|| format!("{name} is not a URL"))
    };
    let (openai, openai_api_url, openai_realtime_url) = match var("OPENAI_API_KEY") {
        Some(key) => {
            identity.openai_api_key = Secret::new(key);
            let api = url("OPENAI_API_URL", "https://api.openai.com/v1")?;
            (None, api, url("OPENAI_REALTIME_URL", "wss://api.openai.com/v1/realtime")?)
        }
        None => {
            let config = OpenAiConfig {
                api_key: identity.openai_api_key.expose().to_owned(),
                script: story::model(),
                facts: story::facts(),
                talk: story::talk(),
                ..OpenAiConfig::default()
            };
            let openai = OpenAi::start(config).await.context("the simulated OpenAI")?;
            let (api, realtime) = (Url::parse(&openai.api_url)?, Url::parse(&openai.realtime_url)?);
            (Some(openai), api, realtime)
        }
    };
    let (twilio, twilio_api_url) = match (var("TWILIO_ACCOUNT_SID"), var("TWILIO_AUTH_TOKEN")) {
        (Some(account_sid), Some(auth_token)) => {
            identity.account_sid = account_sid;
            identity.auth_token = Secret::new(auth_token);
            (None, url("TWILIO_API_URL", "https://api.twilio.com")?)
        }
        (None, None) => {
            let config = TwilioConfig::new(&identity.account_sid, identity.auth_token.expose());
            let twilio = Twilio::start(config).await?;
            let api = twilio.api_url().clone();
            (Some(twilio), api)
        }
        _ => bail!("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN go together: set both or neither"),
    };
    let (meta, meta_api_url) = match (var("META_TOKEN"), var("META_APP_SECRET"), var("META_VERIFY_TOKEN")) {
        (Some(token), Some(app_secret), Some(verify_token)) => {
            let secret = Secret::new;
            identity.meta = Some(MetaApp {
                token: secret(token),
                app_secret: secret(app_secret),
                verify_token: secret(verify_token),
            });
            (None, Some(url("META_API_URL", "https://graph.facebook.com")?))
        }
        (None, None, None) => match &identity.meta {
            Some(MetaApp { token, app_secret, verify_token }) => {
                let config = MetaConfig::new(token.expose(), app_secret.expose(), verify_token.expose());
                let meta = Meta::start(config).await.context("the simulated Meta")?;
                let api = meta.api_url().clone();
                (Some(meta), Some(api))
            }
            None => (None, None),
        },
        _ => bail!("META_TOKEN, META_APP_SECRET and META_VERIFY_TOKEN go together: set all three or none"),
    };
    let (simulated, issuer) = match var("OIDC_ISSUER") {
        Some(issuer) => {
            let client_id =
                var("OIDC_CLIENT_ID").context("OIDC_CLIENT_ID is our name at OIDC_ISSUER: set both")?;
            let client_secret = var("OIDC_CLIENT_SECRET").map(Secret::new);
            (None, Issuer { issuer, client_id, client_secret })
        }
        None => {
            let (client_id, client_secret) = ("switchboard".to_owned(), identity.openai_api_key.clone());
            let config = IssuerConfig {
                client_id: client_id.clone(),
                client_secret: client_secret.expose().to_owned(),
                ahead: None,
            };
            let simulated = simulator::oidc::Issuer::start(config).await.context("the simulated issuer")?;
            let issuer = simulated.url.clone();
            (Some(simulated), Issuer { issuer, client_id, client_secret: Some(client_secret) })
        }
    };
    let issuer = Some(issuer);
    let urls = Providers { twilio_api_url, meta_api_url, openai_api_url, openai_realtime_url, issuer };
    Ok(Chosen { urls, identity, twilio, openai, meta, issuer: simulated })
}
