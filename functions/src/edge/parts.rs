//! What functions are made of. A part knows the settings that it is opened with, and a function is the list of its
//! parts: the macro `parts!` makes the one out of the other.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use domain::cost::{PriceChanges, PriceList};
use domain::token::TokenKey;
use platform::Clock;
use platform::aws::Aws;
use platform::business_secrets;
use platform::env::{Parser, Reader};
use platform::objects::Objects;
use platform::secrets::Secrets;
use providers::endpoint_http::EndpointClient;
use providers::openai_http::OpenAiHttp;
use providers::public_address::Reach;
use providers::realtime_echo::RealtimeEcho;
use providers::twilio_rest::{TwilioAccounts, TwilioRest};
use serde::Deserialize;
use stores::leases::Leases;
use stores::{
    appointments, businesses, calls, contacts, do_not_call, endpoints, events, keys, leads, members,
    messages, notifications, recordings, texts, transcripts, turns, usage,
};
use url::Url;

use super::StartError;

/// The settings of all parts of a function, read before any of them is opened, so that everything that is wrong is
/// reported at once.
pub struct Needs<'a> {
    pub vars: Parser<'a>,
    secrets: bool,
    /// By their variables; several parts may lie in one table.
    tables: BTreeMap<&'static str, String>,
    first_table: Option<String>,
    business_secrets: Option<String>,
}

impl Needs<'_> {
    /// The name of a table, in the variable `name`.
    pub fn table(&mut self, name: &'static str) -> String {
        let table = self.tables.entry(name).or_insert_with(|| self.vars.text(name)).clone();
        self.first_table.get_or_insert_with(|| table.clone());
        table
    }

    /// Has the deployment's keys loaded.
    pub fn secrets(&mut self) {
        self.secrets = true;
    }

    /// What the names of the businesses' secrets begin with.
    pub fn business_secrets(&mut self) -> String {
        let vars = &mut self.vars;
        self.business_secrets.get_or_insert_with(|| vars.text("BUSINESS_SECRETS_PREFIX")).clone()
    }

    /// Where Twilio and everybody else reach us.
    pub fn public_base(&mut self) -> Url {
        self.vars.url("PUBLIC_BASE_URL")
    }

    /// Where addresses that others name may lead: to this machine in the local system alone.
    pub fn reach(&mut self) -> Reach {
        let on_loopback = self.vars.parsed("TOOLS_ON_LOOPBACK", "true or false", |text| text.parse().ok());
        if on_loopback == Some(true) { Reach::AndLoopback } else { Reach::Public }
    }

    /// The issuer through which people sign in, and our name there; `None`: they sign in with keys alone.
    pub fn issuer(&mut self) -> Option<(String, String)> {
        const EXPECTED: &str = "a JSON document with issuer and client_id, both empty for none";
        let named = self.vars.parsed("OIDC", EXPECTED, |text| {
            let named: NamedIssuer = serde_json::from_str(text).ok()?;
            (named.issuer.is_empty() == named.client_id.is_empty()).then_some(named)
        });
        named.filter(|named| !named.issuer.is_empty()).map(|named| (named.issuer, named.client_id))
    }

    /// The address that notifications are mailed from; `None`: none are mailed.
    pub fn mailed_from(&mut self) -> Option<String> {
        const EXPECTED: &str = "a JSON document with the address from, which is empty for none";
        let named = self.vars.parsed("MAIL", EXPECTED, |text| serde_json::from_str::<Mail>(text).ok());
        named.map(|mail| mail.from).filter(|from| !from.is_empty())
    }

    /// Calls at one time in the whole deployment: what the bridge's tasks carry.
    pub fn deployment_limit(&mut self) -> u16 {
        let limit =
            self.vars.parsed("MAX_CONCURRENT_CALLS", "a number up to 65535", |text| text.parse().ok());
        limit.unwrap_or_default()
    }

    /// The list prices, with those that the deployment pays otherwise.
    pub fn prices(&mut self) -> PriceList {
        const EXPECTED: &str = "a JSON document of prices, {} for the list prices";
        let changes =
            self.vars.parsed("PRICES", EXPECTED, |text| serde_json::from_str::<PriceChanges>(text).ok());
        PriceList::default().with(changes.unwrap_or_default())
    }

    /// Models by their names, the one that is asked first in front.
    pub fn models(&mut self, name: &'static str) -> Vec<String> {
        let listed = self.vars.text(name);
        listed.split(',').map(str::trim).filter(|model| !model.is_empty()).map(str::to_owned).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    from: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedIssuer {
    issuer: String,
    client_id: String,
}

/// What parts are opened with.
pub struct Deployment {
    pub aws: Aws,
    secrets: Option<Secrets>,
    /// What one part has read of them, the others need not.
    business_secrets: OnceLock<business_secrets::Reader>,
}

impl Deployment {
    /// The deployment's keys.
    ///
    /// # Errors
    /// [`StartError::Other`] when the part did not call [`Needs::secrets`], which is a defect.
    pub fn secrets(&self) -> Result<&Secrets, StartError> {
        self.secrets.as_ref().ok_or_else(|| StartError::Other("a part did not ask for its secrets".into()))
    }
}

/// Opens a part whose settings were read.
pub type Opener<P> = Box<dyn FnOnce(&Deployment) -> Result<P, StartError> + Send>;

/// Something that a function is made of.
pub trait Part: Sized {
    /// Reads the part's settings. What it returns is called only if those of all parts are usable.
    fn declare(needs: &mut Needs<'_>) -> Opener<Self>;
}

/// What is done before the first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warm {
    Nothing,
    /// The connection to the function's first table is opened, so that no caller pays its handshake.
    Store,
}

/// Starts a function: reads the settings of its parts, then opens them.
///
/// # Errors
/// [`StartError`]; all settings that are missing or malformed are named together.
pub async fn load<P: Part>(env: &dyn Reader, warm: Warm) -> Result<P, StartError> {
    let mut needs = Needs {
        vars: Parser::new(env),
        secrets: false,
        tables: BTreeMap::new(),
        first_table: None,
        business_secrets: None,
    };
    let open = P::declare(&mut needs);
    let Needs { vars, secrets, first_table, .. } = needs;
    let aws = Aws::load_with(env, vars).await?;
    let secrets = match secrets {
        true => Some(Secrets::load(env, &aws.secrets_manager).await?),
        false => None,
    };
    if let (Warm::Store, Some(table)) = (warm, first_table) {
        aws.warm(&table).await;
    }
    open(&Deployment { aws, secrets, business_secrets: OnceLock::new() })
}

/// A struct and how it is opened, from the list of its parts:
///
/// - `field: Type` is a [`Part`] and opens itself;
/// - `field: Type => read` is a setting, read by `read(&mut Needs)`;
/// - `field: Type = value` is made anew with each start.
macro_rules! parts {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$of:meta])* $seen:vis $field:ident: $kind:ty $(= $fresh:expr)? $(=> $read:expr)?, )+
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $( $(#[$of])* $seen $field: $kind, )+
        }

        impl $crate::edge::parts::Part for $name {
            fn declare(
                needs: &mut $crate::edge::parts::Needs<'_>,
            ) -> $crate::edge::parts::Opener<Self> {
                // A function whose every part is made anew reads no settings.
                let _ = &needs;
                $( let $field = $crate::edge::parts::parts!(@declare needs, $kind $(= $fresh)? $(=> $read)?); )+
                Box::new(move |deployment| Ok(Self { $( $field: $field(deployment)?, )+ }))
            }
        }
    };
    (@declare $needs:ident, $kind:ty) => {
        <$kind as $crate::edge::parts::Part>::declare($needs)
    };
    (@declare $needs:ident, $kind:ty => $read:expr) => {{
        let read: fn(&mut $crate::edge::parts::Needs<'_>) -> $kind = $read;
        let value = read($needs);
        move |_: &$crate::edge::parts::Deployment| Ok::<$kind, $crate::edge::StartError>(value)
    }};
    (@declare $needs:ident, $kind:ty = $fresh:expr) => {
        |_: &$crate::edge::parts::Deployment| Ok::<$kind, $crate::edge::StartError>($fresh)
    };
}

/// Makes stores parts: each opens the table that its variable names.
macro_rules! table_parts {
    ($($store:ty: $variable:literal;)+) => {$(
        impl $crate::edge::parts::Part for $store {
            fn declare(needs: &mut $crate::edge::parts::Needs<'_>) -> $crate::edge::parts::Opener<Self> {
                let table = needs.table($variable);
                Box::new(move |deployment| Ok(Self::new(&deployment.aws, &table)))
            }
        }
    )+};
}

pub(crate) use {parts, table_parts};

// Everybody may read. A table's writer is made a part by the feature that owns the table.
table_parts! {
    appointments::Reader: "TABLE_APPOINTMENTS";
    businesses::Reader: "TABLE_BUSINESSES";
    calls::Reader: "TABLE_CALLS";
    contacts::Reader: "TABLE_CONTACTS";
    do_not_call::Reader: "TABLE_DO_NOT_CALL";
    endpoints::Reader: "TABLE_EVENTS";
    events::Reader: "TABLE_EVENTS";
    keys::Reader: "TABLE_KEYS";
    leads::Reader: "TABLE_CONTACTS";
    members::Reader: "TABLE_MEMBERS";
    messages::Reader: "TABLE_MESSAGES";
    notifications::Reader: "TABLE_EVENTS";
    recordings::Reader: "TABLE_RECORDINGS";
    texts::Reader: "TABLE_TEXTS";
    transcripts::Reader: "TABLE_TRANSCRIPTS";
    turns::Reader: "TABLE_TURNS";
    usage::Reader: "TABLE_USAGE";
    Leases: "TABLE_LEASES";
}

impl Part for Objects {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let bucket = needs.vars.text("BUCKET_RECORDINGS");
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &bucket)))
    }
}

impl Part for Clock {
    fn declare(_: &mut Needs<'_>) -> Opener<Self> {
        Box::new(|deployment| Ok(deployment.aws.clock.clone()))
    }
}

impl Part for business_secrets::Reader {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let prefix = needs.business_secrets();
        Box::new(move |deployment| {
            let Deployment { aws, business_secrets, .. } = deployment;
            Ok(business_secrets.get_or_init(|| Self::new(aws, &prefix)).clone())
        })
    }
}

/// What posts to addresses that businesses name.
impl Part for EndpointClient {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let reach = needs.reach();
        Box::new(move |_| Self::new(reach).map_err(|error| StartError::Other(error.to_string())))
    }
}

/// Twilio's REST API: the deployment's account with the token that is current, and those that businesses brought.
impl Part for TwilioAccounts {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let url = needs.vars.url("TWILIO_API_URL");
        needs.secrets();
        let own = business_secrets::Reader::declare(needs);
        Box::new(move |deployment| {
            let secrets = deployment.secrets()?;
            let token = secrets.twilio_auth_tokens.first().cloned();
            let token = token.ok_or_else(|| StartError::Other("no Twilio auth token".into()))?;
            let rest = TwilioRest::new(&url, &secrets.twilio_account_sid, token)
                .map_err(|error| StartError::Other(error.to_string()))?;
            Ok(Self::new(rest, url, own(deployment)?, deployment.aws.clock.clone()))
        })
    }
}

impl Part for OpenAiHttp {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let url = needs.vars.url("OPENAI_API_URL");
        needs.secrets();
        Box::new(move |deployment| {
            let key = deployment.secrets()?.openai_api_key.clone();
            Self::new(&url, key).map_err(|error| StartError::Other(error.to_string()))
        })
    }
}

impl Part for RealtimeEcho {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let url = needs.vars.url("OPENAI_REALTIME_URL");
        needs.secrets();
        Box::new(move |deployment| Ok(Self::new(url, deployment.secrets()?.openai_api_key.clone())))
    }
}

/// The key of stream tokens and of what is derived from it.
impl Part for TokenKey {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        needs.secrets();
        Box::new(|deployment| Ok(deployment.secrets()?.stream_token_key.clone()))
    }
}

#[cfg(test)]
mod tests {
    use platform::env::MapEnv;

    use super::*;

    parts! {
        /// Three stores in two tables, two settings, and a value that each start makes anew.
        struct Sample {
            businesses: businesses::Reader,
            others: businesses::Reader,
            leases: Leases,
            limit: u16 => |needs| needs.deployment_limit(),
            models: Vec<String> => |needs| needs.models("SAMPLE_MODELS"),
            begun: u8 = 7,
        }
    }

    #[tokio::test]
    async fn everything_that_is_wrong_is_reported_at_once() {
        let env: MapEnv = [("MAX_CONCURRENT_CALLS", "many")].into_iter().collect();
        let Err(error) = load::<Sample>(&env, Warm::Nothing).await else {
            panic!("it starts without settings")
        };
        let text = error.to_string();
        for name in
            ["TABLE_BUSINESSES", "TABLE_LEASES", "MAX_CONCURRENT_CALLS", "SAMPLE_MODELS", "AWS_REGION"]
        {
            assert_eq!(text.matches(name).count(), 1, "{name}: {text}");
        }
    }

    #[tokio::test]
    async fn a_part_has_what_its_settings_say() {
        let env: MapEnv = [
            ("AWS_REGION", "us-east-1"),
            ("TABLE_BUSINESSES", "B"),
            ("TABLE_LEASES", "L"),
            ("MAX_CONCURRENT_CALLS", "12"),
            ("SAMPLE_MODELS", "one, ,two"),
        ]
        .into_iter()
        .collect();
        let sample = load::<Sample>(&env, Warm::Nothing).await.unwrap();
        assert_eq!((sample.limit, sample.begun), (12, 7));
        assert_eq!(sample.models, ["one", "two"]);
        let _ = (sample.businesses, sample.others, sample.leases);
    }

    /// A part that takes a secret and does not say so fails its start, and not its first request.
    #[tokio::test]
    async fn secrets_are_given_to_those_who_asked() {
        struct Silent;
        impl Part for Silent {
            fn declare(_: &mut Needs<'_>) -> Opener<Self> {
                Box::new(|deployment| deployment.secrets().map(|_| Self))
            }
        }
        let env: MapEnv = [("AWS_REGION", "us-east-1")].into_iter().collect();
        assert!(matches!(load::<Silent>(&env, Warm::Nothing).await, Err(StartError::Other(_))));
    }
}
