//! The keys of the deployment: from Secrets Manager in AWS, from the environment on one machine.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use domain::access::{ApiKey, KeyKind};
use domain::token::TokenKey;
use domain::{Secret, Timestamp};
use serde::Deserialize;

use crate::env::{Parser, Reader, SettingsError};

/// Every secret the product has. None of them can be printed.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// When the values were written, in Secrets Manager; none: they come from the environment.
    pub changed_at: Option<Timestamp>,
    /// The account whose numbers call in.
    pub twilio_account_sid: String,
    /// The current token first; while it is being rotated, the previous one behind it.
    pub twilio_auth_tokens: Vec<Secret>,
    /// Keys that webhooks may be signed with in place of the auth token, by Twilio's id of the key: one, two while it
    /// is being rotated, or none.
    pub twilio_webhook_keys: BTreeMap<String, Secret>,
    /// The key of the OpenAI project.
    pub openai_api_key: Secret,
    /// The key that stream tokens are made with.
    pub stream_token_key: TokenKey,
    /// Our secret at the issuer through which people sign in; none: the issuer wants none, or there is no issuer.
    pub oidc_client_secret: Option<Secret>,
    /// The keys of our app at Meta, for WhatsApp without Twilio; none: texts go over Twilio alone.
    pub meta: Option<MetaKeys>,
    /// The first operator's key of the API, with which the others are made; none: there are others already.
    pub operator_key: Option<ApiKey>,
}

/// The keys of an app at Meta. All three belong together.
#[derive(Debug, Clone)]
pub struct MetaKeys {
    /// Opens the Graph API: the token of a system user.
    pub token: Secret,
    /// Signs Meta's webhooks.
    pub app_secret: Secret,
    /// What Meta shows when it subscribes.
    pub verify_token: Secret,
}

/// Why there are no secrets to run with.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The settings do not say where the secret is.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The secret cannot be read.
    #[error("the secret in SECRETS_ARN cannot be read ({code}): check its ARN and the role's permission")]
    Unreadable {
        /// The error code of Secrets Manager.
        code: String,
    },
    /// The secret is not the JSON document that it should be. The document itself is never repeated.
    #[error(
        "the secret in SECRETS_ARN is not usable: expected a JSON object with twilio_account_sid, \
         twilio_auth_token, openai_api_key and stream_token_key, and optionally twilio_auth_token_previous, \
         operator_key, oidc_client_secret, meta_token with meta_app_secret and meta_verify_token, and \
         twilio_webhook_keys, an object of key ids and keys"
    )]
    Document,
    /// The first operator's key is not a key.
    #[error("operator_key is not an operator's API key ({0}): make one with `switchboard new-key`")]
    OperatorKey(String),
    /// The key of the stream tokens is too short.
    #[error(transparent)]
    WeakKey(#[from] domain::token::WeakKey),
}

impl Secrets {
    /// Reads the document in `SECRETS_ARN` when that is set, else
    /// `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TWILIO_AUTH_TOKEN_PREVIOUS`, `TWILIO_WEBHOOK_KEYS` (`id=key`, several
    /// divided by commas), `OPENAI_API_KEY`, `STREAM_TOKEN_KEY`, `OIDC_CLIENT_SECRET`, `META_TOKEN`, `META_APP_SECRET`,
    /// `META_VERIFY_TOKEN` and `OPERATOR_KEY`.
    ///
    /// # Errors
    /// [`SecretsError`]; nothing in it reveals a secret.
    pub async fn load(env: &dyn Reader, client: &Client) -> Result<Self, SecretsError> {
        let mut parser = Parser::new(env);
        let (document, changed_at) = match parser.optional("SECRETS_ARN") {
            Some(arn) => fetch(client, &arn).await?,
            None => {
                let document = Document {
                    twilio_account_sid: parser.text("TWILIO_ACCOUNT_SID"),
                    twilio_auth_token: parser.secret("TWILIO_AUTH_TOKEN"),
                    twilio_auth_token_previous: parser.optional_secret("TWILIO_AUTH_TOKEN_PREVIOUS"),
                    twilio_webhook_keys: webhook_keys(&mut parser),
                    openai_api_key: parser.secret("OPENAI_API_KEY"),
                    stream_token_key: parser.secret("STREAM_TOKEN_KEY"),
                    oidc_client_secret: parser.optional_secret("OIDC_CLIENT_SECRET"),
                    meta_token: parser.optional_secret("META_TOKEN"),
                    meta_app_secret: parser.optional_secret("META_APP_SECRET"),
                    meta_verify_token: parser.optional_secret("META_VERIFY_TOKEN"),
                    operator_key: parser.optional_secret("OPERATOR_KEY"),
                };
                (parser.finish(document)?, None)
            }
        };
        Ok(Self { changed_at, ..document.into_secrets()? })
    }
}

fn webhook_keys(parser: &mut Parser<'_>) -> BTreeMap<String, Secret> {
    const NAME: &str = "TWILIO_WEBHOOK_KEYS";
    let Some(text) = parser.optional(NAME) else { return BTreeMap::new() };
    // A key is base64 perhaps, so it may hold `=`.
    let pair = |pair: &str| {
        let (id, key) = pair.split_once('=')?;
        Some((id.trim().to_owned(), Secret::new(key.trim())))
    };
    text.split(',').map(pair).collect::<Option<_>>().unwrap_or_else(|| {
        parser.wrong(NAME, "id=key, several divided by commas");
        BTreeMap::new()
    })
}

/// The document, and when this version of it was made: tags and rotation settings may have changed since, its values not.
async fn fetch(client: &Client, arn: &str) -> Result<(Document, Option<Timestamp>), SecretsError> {
    let value = client.get_secret_value().secret_id(arn).send().await.map_err(|error| {
        let code = error.as_service_error().and_then(|service| service.code()).unwrap_or("no answer");
        SecretsError::Unreadable { code: code.to_owned() }
    })?;
    let made_at = value.created_date().map(|at| Timestamp::from_secs(at.secs()));
    Ok((Document::parse(value.secret_string().unwrap_or_default())?, made_at))
}

fn operator_key(text: &Secret) -> Result<ApiKey, SecretsError> {
    let key = ApiKey::parse(text.expose()).map_err(|error| SecretsError::OperatorKey(error.to_string()))?;
    match key.kind() {
        KeyKind::Operator => Ok(key),
        KeyKind::Business | KeyKind::Invitation => {
            Err(SecretsError::OperatorKey("it is a business's".to_owned()))
        }
    }
}

#[derive(Deserialize)]
struct Document {
    twilio_account_sid: String,
    twilio_auth_token: Secret,
    #[serde(default)]
    twilio_auth_token_previous: Option<Secret>,
    #[serde(default)]
    twilio_webhook_keys: BTreeMap<String, Secret>,
    openai_api_key: Secret,
    stream_token_key: Secret,
    #[serde(default)]
    oidc_client_secret: Option<Secret>,
    #[serde(default)]
    meta_token: Option<Secret>,
    #[serde(default)]
    meta_app_secret: Option<Secret>,
    #[serde(default)]
    meta_verify_token: Option<Secret>,
    #[serde(default)]
    operator_key: Option<Secret>,
}

impl Document {
    fn parse(json: &str) -> Result<Self, SecretsError> {
        // Serde's message could quote the document, so it goes no further.
        let document: Self = serde_json::from_str(json).map_err(|_| SecretsError::Document)?;
        let required = [&document.twilio_auth_token, &document.openai_api_key];
        if document.twilio_account_sid.is_empty() || required.iter().any(|key| key.expose().is_empty()) {
            return Err(SecretsError::Document);
        }
        Ok(document)
    }

    fn into_secrets(self) -> Result<Secrets, SecretsError> {
        if self.twilio_webhook_keys.iter().any(|(id, key)| id.is_empty() || key.expose().trim().is_empty()) {
            return Err(SecretsError::Document);
        }
        let given = |secret: Option<Secret>| secret.filter(|secret| !secret.expose().trim().is_empty());
        let meta = match (given(self.meta_token), given(self.meta_app_secret), given(self.meta_verify_token))
        {
            (Some(token), Some(app_secret), Some(verify_token)) => {
                Some(MetaKeys { token, app_secret, verify_token })
            }
            (None, None, None) => None,
            _ => return Err(SecretsError::Document),
        };
        let previous = self.twilio_auth_token_previous.filter(|token| !token.expose().is_empty());
        Ok(Secrets {
            changed_at: None,
            twilio_account_sid: self.twilio_account_sid,
            twilio_auth_tokens: std::iter::once(self.twilio_auth_token).chain(previous).collect(),
            twilio_webhook_keys: self.twilio_webhook_keys,
            openai_api_key: self.openai_api_key,
            stream_token_key: TokenKey::new(self.stream_token_key)?,
            oidc_client_secret: self.oidc_client_secret.filter(|secret| !secret.expose().is_empty()),
            meta,
            operator_key: self.operator_key.as_ref().map(operator_key).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_under_rotation_is_accepted_behind_the_current_one() {
        let key = "k".repeat(TokenKey::MIN_BYTES);
        let json = format!(
            r#"{{"twilio_account_sid":"AC1","twilio_auth_token":"new","twilio_auth_token_previous":"old",
                "openai_api_key":"o","stream_token_key":"{key}","added_later":1}}"#
        );
        let secrets = Document::parse(&json).unwrap().into_secrets().unwrap();
        let tokens: Vec<&str> = secrets.twilio_auth_tokens.iter().map(Secret::expose).collect();
        assert_eq!(tokens, ["new", "old"]);
        assert!(!format!("{secrets:?}").contains("new"));
    }

    #[test]
    fn the_keys_of_an_app_at_meta_are_all_there_or_none() {
        let key = "k".repeat(TokenKey::MIN_BYTES);
        let read = |more: &str| {
            let json = format!(
                r#"{{"twilio_account_sid":"AC1","twilio_auth_token":"t","openai_api_key":"o","stream_token_key":"{key}"{more}}}"#
            );
            Document::parse(&json).and_then(Document::into_secrets)
        };
        assert!(read("").unwrap().meta.is_none());
        let all = r#","meta_token":"canary","meta_app_secret":"b","meta_verify_token":"c""#;
        let secrets = read(all).unwrap();
        assert_eq!(secrets.meta.as_ref().map(|meta| meta.token.expose()), Some("canary"));
        assert!(!format!("{secrets:?}").contains("canary"));
        assert!(matches!(read(r#","meta_token":"a""#), Err(SecretsError::Document)));
    }

    #[test]
    fn keys_for_webhooks_are_read_by_their_ids() {
        let key = "k".repeat(TokenKey::MIN_BYTES);
        let json = |keys: &str| {
            format!(
                r#"{{"twilio_account_sid":"AC1","twilio_auth_token":"t","openai_api_key":"o",
                    "stream_token_key":"{key}","twilio_webhook_keys":{keys}}}"#
            )
        };
        let read = |keys: &str| Document::parse(&json(keys)).and_then(Document::into_secrets);
        let secrets = read(r#"{"old":"canary","new":"other"}"#).unwrap();
        assert_eq!(secrets.twilio_webhook_keys["old"].expose(), "canary");
        assert!(!format!("{secrets:?}").contains("canary"));
        for unusable in [r#"{"id":""}"#, r#"{"":"key"}"#, r#"{"id":1}"#, "[]", "\"key\""] {
            assert!(matches!(read(unusable), Err(SecretsError::Document)), "{unusable}");
        }
    }

    #[test]
    fn an_unusable_document_is_refused_without_quoting_it() {
        let blank = r#"{"twilio_account_sid":"AC1","twilio_auth_token":"","openai_api_key":"canary",
            "stream_token_key":""}"#;
        for json in ["", "canary", r#"{"openai_api_key":"canary"}"#, blank] {
            let Err(error) = Document::parse(json) else { panic!("{json} must not pass") };
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }

    #[test]
    fn a_short_stream_token_key_is_refused() {
        let json = r#"{"twilio_account_sid":"AC1","twilio_auth_token":"t","openai_api_key":"o",
            "stream_token_key":"short"}"#;
        let refused = Document::parse(json).unwrap().into_secrets();
        assert!(matches!(refused, Err(SecretsError::WeakKey(_))));
    }
}
