//! Does what the queue of campaigns asks for: one job at a time is at a campaign, and sends itself on while there is something to
//! do soon. What is due later is found by the sweep.

use std::time::Duration;

use domain::campaign::entry::{Event, Skip};
use domain::campaign::guard::{LOOKS_BACK, SHOWN, trips};
use domain::campaign::progress::{AWAITED, OPEN};
use domain::campaign::{CampaignId, Pause, State, Step};
use domain::{BusinessId, Timestamp};
use platform::Clock;
use stores::campaigns::{DueList, Reader, Stored, Writer};
use tokio::time::Instant;

use super::claiming::Claiming;
use super::ending::Ending;
use super::facts::AskingFacts;
use super::loading::Loading;
use super::move_entry;
use super::settling::Settling;
use super::telling::{Stepped, step};
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{CampaignJob, EndpointJob};
use crate::shared::settings_cache::SettingsCache;
use crate::shared::telling::tell_endpoints;

/// How long one job goes on; what is left is another one's. The template gives the function two minutes.
const GOES_ON_FOR: Duration = Duration::from_secs(40);
/// Longer than a job is at a campaign: the last orders of a pass may each wait for Twilio.
const HELD: Duration = Duration::from_secs(180);
/// Calls under way are looked at this often.
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// What is due by then is waited for by a job; the sweep finds the rest.
const SOON: Duration = Duration::from_secs(30);
/// Entries that are closed in one pass.
const CLOSED_AT_ONCE: u16 = 100;

parts! {
    pub struct Worker {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        settings: SettingsCache,
        loading: Loading,
        claiming: Claiming,
        settling: Settling,
        ending: Ending,
        facts: AskingFacts,
        endpoints: Jobs<EndpointJob>,
        inbox: Inbox<CampaignJob>,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "campaign-step";

    type Job = CampaignJob;

    fn inbox(&self) -> &Inbox<CampaignJob> {
        &self.inbox
    }

    async fn handle(&self, job: CampaignJob, _: Delivery) -> Result<(), JobError> {
        let CampaignJob::Work { business, campaign, turn } = job;
        let held = (HELD, turn.as_deref());
        let lease = self.writer.take_lease(&business, &campaign, held, self.clock.now()).await?;
        // Another job is at it, and looks at what is there when it is done.
        let Some(lease) = lease else { return Ok(()) };
        let next = Box::pin(self.work(&business, &campaign)).await;
        match next {
            Ok(Some(wait)) => {
                // The next job has the right to it until it comes; if it is lost, the right lapses and the sweep's job has it.
                let turn = Some(lease.turn().to_owned());
                let job = CampaignJob::Work { business, campaign, turn };
                self.inbox.jobs.send(&job, wait).await.map_err(|error| JobError::new("queue", error))
            }
            ended => {
                self.writer.give_back(&lease).await?;
                ended.map(drop)
            }
        }
    }
}

/// What is to be done after a pass.
enum Next {
    /// Another pass.
    Again,
    /// Another pass after this time.
    After(Duration),
    /// Nothing soon.
    Rest,
}

impl Worker {
    /// Goes on with a campaign. When the next job is to come; `None`: nothing is to be done soon.
    async fn work(&self, business: &BusinessId, id: &CampaignId) -> Result<Option<Duration>, JobError> {
        let until = Instant::now() + GOES_ON_FOR;
        loop {
            let Some(stored) = self.reader.one(business, id).await? else {
                self.writer.leave(business, id).await?;
                return Ok(None);
            };
            let next = match stored.campaign.state {
                State::Checking => {
                    Box::pin(self.loading.check(business, &stored)).await?;
                    Next::Again
                }
                State::Loading => {
                    self.loading.load(business, &stored).await?;
                    Next::Again
                }
                State::Running => Box::pin(self.run(business, &stored)).await?,
                State::Paused | State::Stopping => Box::pin(self.wind_down(business, &stored)).await?,
                State::Draft | State::Ready => Next::Rest,
                State::Completed | State::Stopped => self.rest(business, &stored).await?,
            };
            match next {
                Next::Again if Instant::now() < until => {}
                Next::Again => return Ok(Some(Duration::ZERO)),
                Next::After(wait) => return Ok(Some(wait)),
                Next::Rest => return Ok(None),
            }
        }
    }

    async fn run(&self, business: &BusinessId, stored: &Stored) -> Result<Next, JobError> {
        let campaign = &stored.campaign;
        let settled = self.settling.settle(&self.claiming.placing, business, campaign).await?;
        self.facts.ask(business, campaign).await?;
        let now = self.clock.now();
        if settled.failed > 0 && self.trip(business, stored, now).await? {
            return Ok(Next::Again);
        }
        if campaign.is_late(now) {
            return self.close(business, stored, Skip::Expired, settled.busy).await;
        }
        let published = self.settings.of_business(business).await?;
        let active = published.filter(|published| published.business.standing.is_active());
        let Some(published) = active else {
            self.step(business, stored, Step::Pause(Pause::Settings, vec![])).await?;
            return Ok(Next::Again);
        };
        let claimed = match campaign.calls_at(now) {
            true => Box::pin(self.claiming.claim(business, campaign, &published)).await?,
            false => Default::default(),
        };
        if let Some(pause) = claimed.pause {
            self.step(business, stored, Step::Pause(pause, vec![])).await?;
            return Ok(Next::Again);
        }
        let sums = self.reader.sums(business, &campaign.id).await?;
        if sums.get(OPEN) == 0 {
            self.step(business, stored, Step::Drained).await?;
            return Ok(Next::Again);
        }
        if claimed.moved > 0 || settled.busy > 0 {
            return Ok(Next::After(LOOKS_EVERY));
        }
        let soon = self.reader.due(business, &campaign.id, DueList::CALL, now.plus(SOON), 1).await?;
        Ok(match soon.first() {
            Some((due, _)) => Next::After(due.since(now).max(LOOKS_EVERY)),
            None => Next::Rest,
        })
    }

    /// A campaign that begins no calls: those under way come to their end, and one that is stopped is closed.
    async fn wind_down(&self, business: &BusinessId, stored: &Stored) -> Result<Next, JobError> {
        let settled = self.settling.settle(&self.claiming.placing, business, &stored.campaign).await?;
        self.facts.ask(business, &stored.campaign).await?;
        if stored.campaign.hangs_up && settled.busy > 0 {
            self.ending.end(business, &stored.campaign).await?;
        }
        match stored.campaign.state {
            State::Stopping => self.close(business, stored, Skip::Stopped, settled.busy).await,
            _ if settled.busy > 0 => Ok(Next::After(LOOKS_EVERY)),
            _ => Ok(Next::Rest),
        }
    }

    /// A campaign that is over: once nothing is awaited of its calls any more its file is deleted, and it is looked at no more.
    async fn rest(&self, business: &BusinessId, stored: &Stored) -> Result<Next, JobError> {
        let campaign = &stored.campaign;
        if self.facts.ask(business, campaign).await? {
            return Ok(Next::Again);
        }
        if self.reader.sums(business, &campaign.id).await?.get(AWAITED) > 0 {
            // The sweep comes again each minute.
            return Ok(Next::Rest);
        }
        self.loading.forget(business, campaign).await?;
        self.writer.leave(business, &campaign.id).await?;
        Ok(Next::Rest)
    }

    /// Closes the entries that are left, and then the campaign.
    async fn close(
        &self,
        business: &BusinessId,
        stored: &Stored,
        why: Skip,
        busy: usize,
    ) -> Result<Next, JobError> {
        let campaign = &stored.campaign;
        let left = self
            .reader
            .due(business, &campaign.id, DueList::CALL, Timestamp(i64::MAX), CLOSED_AT_ONCE)
            .await?;
        for due in &left {
            let found = self.writer.due_entry(business, &campaign.id, DueList::CALL, *due).await?;
            let Some(seen) = found else { continue };
            let (event, beside) = (Event::Skip(seen.entry.dropped(why)), ((None, None), self.clock.now()));
            move_entry(&self.writer, (business, campaign), &seen, event, beside).await?;
        }
        if !left.is_empty() {
            return Ok(Next::Again);
        }
        if busy > 0 || self.reader.sums(business, &campaign.id).await?.get(OPEN) > 0 {
            return Ok(Next::After(LOOKS_EVERY));
        }
        self.step(business, stored, Step::Drained).await?;
        Ok(Next::Again)
    }

    /// Pauses a campaign of whose last calls too many failed.
    async fn trip(&self, business: &BusinessId, stored: &Stored, now: Timestamp) -> Result<bool, JobError> {
        let campaign = &stored.campaign;
        let since = campaign.running_since.unwrap_or(campaign.since);
        let from = since.max(now.minus(LOOKS_BACK));
        let mut samples = self.reader.samples(business, &campaign.id, from).await?;
        if !trips(&samples, since, now) {
            return Ok(false);
        }
        let shown = samples.split_off(samples.len().saturating_sub(SHOWN));
        self.step(business, stored, Step::Pause(Pause::Failures, shown)).await?;
        Ok(true)
    }

    /// Moves the campaign and has its business told. One that others moved meanwhile is looked at anew.
    async fn step(&self, business: &BusinessId, seen: &Stored, what: Step) -> Result<(), JobError> {
        let of = (&self.reader, &self.writer);
        if let Stepped::Moved(_, true) = step(of, business, seen, what, self.clock.now()).await? {
            tell_endpoints(&self.endpoints, business).await;
        }
        Ok(())
    }
}
