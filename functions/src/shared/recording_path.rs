//! The path of a request that is about one of a call's recordings.

use domain::{Call, Recording};
use serde::Deserialize;
use stores::{calls, recordings};

use crate::edge::api::requester::Tenant;
use crate::edge::problem::Problem;

/// What the path says: below `/v1/calls/{sid}/recording` it is the conversation's, below
/// `/v1/calls/{sid}/recordings/{recording}` the one that is named.
#[derive(Deserialize)]
pub(crate) struct RecordingPath {
    sid: String,
    recording: Option<String>,
}

impl RecordingPath {
    pub(crate) async fn call(&self, tenant: &Tenant, calls: &calls::Reader) -> Result<Call, Problem> {
        tenant.call(calls, &self.sid).await
    }

    /// The recording, if it is of a call of this business.
    pub(crate) async fn recording(
        &self,
        tenant: &Tenant,
        calls: &calls::Reader,
        recordings: &recordings::Reader,
    ) -> Result<Recording, Problem> {
        let call = self.call(tenant, calls).await?;
        let known = recordings.for_call(&call.sid).await?;
        let found = match &self.recording {
            Some(sid) => known.all.iter().find(|recording| recording.sid.as_str() == sid),
            None => known.own(),
        };
        found.cloned().ok_or_else(|| Problem::not_found("recording"))
    }
}
