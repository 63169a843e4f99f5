//! What events say of campaigns.

use serde::Serialize;

use super::{Body, Happened, Links, Type};
use crate::campaign::Campaign;
use crate::campaign::progress::{self, Progress};
use crate::{BusinessId, Timestamp};

/// The body of `campaign.started` and of all other events of campaigns.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCampaignMoved))]
pub struct CampaignMoved<'a> {
    /// Names the campaign.
    pub campaign: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// How far it is: `loading`, `running`, `paused`, `completed` or `stopped`.
    pub state: &'static str,
    /// Why it is paused; null: it is not.
    pub pause: Option<&'static str>,
    /// The same in words, and what to do about it.
    pub pause_detail: Option<&'static str>,
    /// What it has come to.
    pub progress: CampaignSums,
    /// Where more is found.
    pub links: Links,
}

/// What a campaign has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCampaignSums))]
pub struct CampaignSums {
    /// People.
    pub total: u64,
    /// Those who are not dealt with yet.
    pub open: u64,
    /// Those who were called, as often as the campaign says.
    pub done: u64,
    /// Those who are not called, for a reason that their entry says.
    pub skipped: u64,
    /// Calls that are over.
    pub calls: u64,
    /// Those that a person answered.
    pub answered: u64,
    /// Begun minutes, spent or kept for calls under way.
    pub minutes: u64,
    /// What that costs at most, millionths of a US dollar.
    pub usd_micros: u64,
}

impl CampaignSums {
    fn of(sums: &Progress) -> Self {
        Self {
            total: sums.get(progress::TOTAL),
            open: sums.get(progress::OPEN),
            done: sums.get("state_done"),
            skipped: sums.get("state_skipped"),
            calls: sums.get("calls"),
            answered: sums.answered(),
            minutes: sums.get(progress::MINUTES),
            usd_micros: sums.get(progress::MICROS),
        }
    }
}

/// A campaign moved; `version` is that of the move.
pub fn campaign<'a>(
    business: &BusinessId,
    campaign: &'a Campaign,
    (kind, version): (Type, u64),
    sums: &Progress,
    now: Timestamp,
) -> Happened<'a> {
    let id = campaign.id.as_str();
    let body = CampaignMoved {
        campaign: id,
        name: &campaign.plan.name,
        state: campaign.state.as_str(),
        pause: campaign.pause.map(|pause| pause.as_str()),
        pause_detail: campaign.pause.map(|pause| pause.words()),
        progress: CampaignSums::of(sums),
        links: Links::to("campaign", format!("/v1/campaigns/{id}")),
    };
    Happened {
        business: business.clone(),
        // Named by the version that it makes, so a repetition is known as one.
        id: format!("{}#{id}#{version}", kind.name()),
        kind,
        call: None,
        direction: None,
        at: now,
        body: Body::CampaignMoved(Box::new(body)),
    }
}
