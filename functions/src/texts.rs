//! Texts: SMS and WhatsApp, over Twilio and over Meta.
//!
//! A webhook puts what it is told into a queue and has answered. The worker takes it from there: it keeps a text in its
//! thread, replies for the agent, sends, and hears what became of what was sent. People read threads and write in them
//! through the API. All of them change a thread by one way, a step that is kept behind the step before (`steps`).

mod api;
mod came;
pub mod inbound;
mod of_carriers;
mod sending;
mod steps;
pub mod threads;
pub mod worker;

use platform::secrets::MetaKeys;
use stores::texts::Writer;
use url::Url;

use crate::edge::StartError;
use crate::edge::parts::{Needs, Opener, Part, table_parts};
use providers::meta_graph::MetaGraph;

table_parts! {
    Writer: "TABLE_TEXTS";
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
