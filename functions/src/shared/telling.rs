//! Telling businesses: what is put into their outbox, and the job that has their endpoints told of it.

use std::time::Duration;

use domain::{BusinessId, Call};
use stores::events::{Telling, Writer};

use crate::edge::inbox::Jobs;
use crate::edge::parts::{parts, table_parts};
use crate::jobs::EndpointJob;

table_parts! {
    Writer: "TABLE_EVENTS";
}

parts! {
    /// The outbox, for what tells of calls, and the queue by which endpoints are told.
    pub(crate) struct Outbox {
        events: Writer,
        endpoints: Jobs<EndpointJob>,
    }
}

impl Outbox {
    /// With what is done about this call its business is told of it.
    pub(crate) const fn of<'a>(&'a self, call: &'a Call) -> Telling<'a> {
        Some((&self.events, call))
    }

    /// Has the endpoints of a business told of what was put.
    pub(crate) async fn tell(&self, business: &BusinessId) {
        tell_endpoints(&self.endpoints, business).await;
    }
}

/// Has the endpoints of a business told of what was put into its outbox. A job that is lost is no loss: the sweep looks.
pub(crate) async fn tell_endpoints(jobs: &Jobs<EndpointJob>, business: &BusinessId) {
    tell_endpoints_in(jobs, business, Duration::ZERO).await;
}

/// The same after a while.
pub(crate) async fn tell_endpoints_in(jobs: &Jobs<EndpointJob>, business: &BusinessId, delay: Duration) {
    let job = EndpointJob::Give { business: business.clone() };
    if let Err(error) = jobs.send(&job, delay).await {
        tracing::warn!(%error, %business, "endpoints are told of an event by the sweep");
    }
}

/// Does `work`, and meanwhile has endpoints told of what it puts, a little later. Both are under way at once, and the queue is
/// waited for no longer than a moment beyond the work: a job that is not sent by then is the sweep's.
pub(crate) async fn while_telling<T>(
    work: impl Future<Output = T>,
    jobs: &Jobs<EndpointJob>,
    business: &BusinessId,
) -> T {
    /// Longer than a transaction takes.
    const LATER: Duration = Duration::from_secs(1);
    /// A caller hears no difference.
    const MOMENT: Duration = Duration::from_millis(250);
    let telling = tokio::time::timeout(MOMENT, tell_endpoints_in(jobs, business, LATER));
    tokio::join!(work, telling).0
}
