//! How a campaign is moved, with the event that tells of it.

use domain::campaign::forecast::over;
use domain::campaign::progress::Progress;
use domain::campaign::{NotNow, Step};
use domain::event::Type;
use domain::{BusinessId, Timestamp, event};
use platform::telemetry::{Unit, metric};
use stores::StoreError;
use stores::campaigns::{Reader, Stored, Writer};

/// What a move came to.
#[derive(Debug)]
pub(super) enum Stepped {
    /// It moved, and its business is told if there is an event.
    Moved(Box<Stored>, bool),
    /// It was there already.
    Same,
    /// It cannot.
    NotNow(NotNow),
    /// It was changed meanwhile.
    Overtaken,
}

/// Moves a campaign from what was read.
pub(super) async fn step(
    (reader, writer): (&Reader, &Writer),
    business: &BusinessId,
    seen: &Stored,
    step: Step,
    now: Timestamp,
) -> Result<Stepped, StoreError> {
    let (before, mut campaign) = (seen.campaign.state, seen.campaign.clone());
    match campaign.step(step, now) {
        Ok(true) => {}
        Ok(false) => return Ok(Stepped::Same),
        Err(not_now) => return Ok(Stepped::NotNow(not_now)),
    }
    let kind = campaign.told(before);
    let sums = match kind {
        Some(_) => reader.sums(business, &campaign.id).await?,
        None => Progress::default(),
    };
    if kind == Some(Type::CampaignResumed) {
        campaign.over_before = over(&sums);
    }
    let told = campaign.clone();
    let event = kind.map(|kind| event::campaign(business, &told, (kind, seen.version + 1), &sums, now));
    let Some(stored) = writer.save(business, seen, campaign, event.as_ref()).await? else {
        return Ok(Stepped::Overtaken);
    };
    if stored.campaign.state != before {
        let (id, state) = (&stored.campaign.id, stored.campaign.state.as_str());
        let reason = stored.campaign.pause.map_or("", |pause| pause.as_str());
        tracing::info!(%business, campaign = %id, state, reason, "a campaign moved");
        metric("CampaignsMoved", 1.0, Unit::Count, &[("State", state)]);
    }
    Ok(Stepped::Moved(Box::new(stored), kind.is_some()))
}
