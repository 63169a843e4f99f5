//! What the queue of campaigns carries: which campaign is to be worked on. Whom it calls stays in the store.

use domain::BusinessId;
use domain::campaign::CampaignId;
use serde::{Deserialize, Serialize};

/// Work on a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum CampaignJob {
    /// Go on with it where it is. With `turn` it follows the job that had the right to be at the campaign under this name.
    Work {
        business: BusinessId,
        campaign: CampaignId,
        #[serde(default)]
        turn: Option<String>,
    },
}
