//! What a call adds to its business's month, and what the business is told when a cap is near or reached.

use domain::cost::CallCost;
use domain::event::usage_level;
use domain::recording::CallRecordings;
use domain::transcript::Run;
use domain::usage::{Conversation, Entry, Level, Month, Reading, readings};
use domain::{Business, Call, Insights};
use platform::Clock;
use platform::telemetry::{Unit, metric};
use stores::events::NewEvent;
use stores::{businesses, events, usage};

use crate::edge::batch::JobError;
use crate::edge::parts::parts;

parts! {
    /// The writer of what businesses used.
    pub(super) struct Metering {
        clock: Clock,
        businesses: businesses::Reader,
        sums: usage::Reader,
        pub(super) usage: usage::Writer,
        events: events::Writer,
    }
}

impl Metering {
    /// What a run of the last stage adds. The first one adds the call with everything that it cost until then; a later
    /// one only what the cost has grown by.
    pub(super) async fn entry(
        &self,
        call: &Call,
        insights: &Insights,
        cost: &CallCost,
        before: Option<&CallCost>,
        conversation: Conversation<'_>,
    ) -> Result<Entry, JobError> {
        let zone = self.businesses.business(&call.business).await?.as_ref().map(Business::zone);
        let zone = zone.unwrap_or_else(domain::zone::Zone::utc);
        // Runs are numbered from 1 here; the call's own is 0 in an entry.
        let run = Run(insights.run.saturating_sub(1));
        let grown = before.map_or_else(|| cost.clone(), |before| cost.since(before));
        match Entry::of_run(call, run, &grown, insights.at, &zone) {
            Some(entry) => Ok(entry),
            None => Entry::of_call(call, cost, conversation, &zone)
                .map_err(|error| JobError::new("not_over", error)),
        }
    }

    /// What is counted beside the run: recordings that came and went, each once, and the caps that the month has come near.
    /// Every job for the call does it, so that no crash and no late recording leaves it undone.
    pub(super) async fn beside(&self, call: &Call, recordings: &CallRecordings) -> Result<(), JobError> {
        let Some(business) = self.businesses.business(&call.business).await? else { return Ok(()) };
        let (zone, now) = (business.zone(), self.clock.now());
        for recording in &recordings.all {
            for entry in Entry::of_recording(recording, &zone) {
                self.usage.add(entry).await?;
            }
        }
        if business.caps.is_none() {
            return Ok(());
        }
        let month = Month::of(now, &zone);
        let sum = self.sums.month(&business.id, month).await?;
        for reading in readings(&sum.figures, &business.caps) {
            if reading.level > Level::Within && !sum.was_told(&reading) {
                self.tell(call, month, &reading).await?;
            }
        }
        Ok(())
    }

    async fn tell(&self, call: &Call, month: Month, reading: &Reading) -> Result<(), JobError> {
        let Reading { meter, level, .. } = *reading;
        let event = usage_level(&call.business, &call.sid, month, reading, self.clock.now());
        let event = NewEvent::of(&event)?;
        if self.usage.tell(&call.business, month, reading, (&self.events, &event)).await? {
            let (meter, level) = (meter.as_str(), level.as_str());
            tracing::warn!(business = %call.business, meter, level, "a cap of the month is near or reached");
            metric("UsageCapsNeared", 1.0, Unit::Count, &[("Meter", meter), ("Level", level)]);
        }
        Ok(())
    }
}
