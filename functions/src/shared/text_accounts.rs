//! The accounts through which a business's texts are sent, and are asked about.

use domain::texts::Carrier;
use domain::{BusinessId, Timestamp};
use platform::secrets::MetaKeys;
use providers::meta_graph::MetaGraph;
use providers::texts::{Letter, MetaSender, NotTaken, Taken, Texts};
use providers::twilio_rest::{TwilioAccounts, TwilioRest};
use stores::{StoreError, businesses};
use url::Url;

use crate::edge::StartError;
use crate::edge::parts::{Needs, Opener, Part, parts};

parts! {
    pub(crate) struct TextAccounts {
        twilio: TwilioAccounts,
        graph: Graph,
        businesses: businesses::Reader,
    }
}

/// An account at a carrier.
pub(crate) enum TextAccount {
    Twilio(TwilioRest),
    Meta(MetaSender),
}

impl TextAccounts {
    /// The account of a business at a carrier. `None`: there is no such business, or no keys for the carrier.
    pub(crate) async fn of(
        &self,
        business: &BusinessId,
        carrier: &Carrier,
    ) -> Result<Option<TextAccount>, StoreError> {
        match carrier {
            Carrier::Twilio => {
                let business = self.businesses.business(business).await?;
                Ok(business.map(|business| {
                    let brought = business.twilio_account.as_ref();
                    TextAccount::Twilio(self.twilio.of_business(&business.id, brought))
                }))
            }
            Carrier::Meta { phone_number_id } => Ok(self.graph.0.clone().map(|graph| {
                TextAccount::Meta(MetaSender { graph, phone_number_id: phone_number_id.clone() })
            })),
        }
    }
}

impl TextAccount {
    /// Asks the carrier to send a text, once.
    pub(crate) async fn send(&self, letter: &Letter<'_>) -> Result<Taken, NotTaken> {
        match self {
            Self::Twilio(twilio) => twilio.send(letter).await,
            Self::Meta(meta) => meta.send(letter).await,
        }
    }

    /// Whether the carrier has taken a text whose answer was lost.
    pub(crate) async fn look_up(
        &self,
        letter: &Letter<'_>,
        since: Timestamp,
    ) -> Result<Option<Taken>, NotTaken> {
        match self {
            Self::Twilio(twilio) => twilio.look_up(letter, since).await,
            Self::Meta(meta) => meta.look_up(letter, since).await,
        }
    }
}

/// Meta's Graph API, if the deployment has keys for it.
#[derive(Debug, Clone)]
struct Graph(Option<MetaGraph>);

impl Part for Graph {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let url: Url = needs.vars.url("META_API_URL");
        let version = needs.vars.text("META_API_VERSION");
        needs.secrets();
        Box::new(move |deployment| {
            let Some(MetaKeys { token, .. }) = &deployment.secrets()?.meta else { return Ok(Self(None)) };
            let graph = MetaGraph::new(&url, &version, token.clone());
            graph.map(|graph| Self(Some(graph))).map_err(|error| StartError::Other(error.to_string()))
        })
    }
}
