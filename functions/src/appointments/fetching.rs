//! Reads calendars of other systems, so that their times are taken in ours.

use std::time::{Duration, Instant};

use domain::appointments::{BusySource, Interval, Known, NotRead, READ_AHEAD};
use domain::zone::Zone;
use domain::{BusinessId, Timestamp};
use futures_util::{StreamExt as _, stream};
use ics::{Reading, Unreadable};
use platform::telemetry::{Unit, metric};
use providers::calendar_http::CalendarClient;
use stores::StoreError;
use stores::appointments::{Reader, SourceKey, SourceWriter, StoredSource};
use tokio::sync::Mutex;

use crate::edge::batch::JobError;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::edge::tally::Tally;
use crate::edge::{ScheduledFunction, StartError};

/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);
/// Sources that are read at once.
const AT_ONCE: usize = 8;
/// How long the text of one calendar may be worked on.
const WORK: Duration = Duration::from_secs(5);
/// What began before now may last until now.
const BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

impl Part for CalendarClient {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let reach = needs.reach();
        Box::new(move |_| Self::new(reach).map_err(|error| StartError::Other(error.to_string())))
    }
}

parts! {
    /// Reads sources, and keeps what they say.
    pub(super) struct Fetcher {
        pub(super) client: CalendarClient,
        writer: SourceWriter,
    }
}

impl Fetcher {
    /// What is known of a source once it was tried, and kept. `None`: it was named anew or taken away meanwhile.
    pub(super) async fn fetch(
        &self,
        key: &SourceKey,
        stored: &StoredSource,
        zone: &Zone,
        now: Timestamp,
    ) -> Result<Option<Known>, StoreError> {
        let known = match self.read(&key.business, &stored.source, zone, now).await {
            Ok(known) => known,
            Err(why) => {
                metric("CalendarSourcesNotRead", 1.0, Unit::Count, &[("Reason", why.as_str())]);
                tracing::warn!(
                    business = %key.business, calendar = %key.calendar, source = %key.source,
                    why = why.as_str(), "a calendar of another system is not read"
                );
                stored.known.clone().not_read(why, now)
            }
        };
        Ok(self.writer.keep(key, stored, &known).await?.then_some(known))
    }

    async fn read(
        &self,
        business: &BusinessId,
        source: &BusySource,
        zone: &Zone,
        now: Timestamp,
    ) -> Result<Known, NotRead> {
        let text = self.client.read(&source.address).await?;
        let within = Interval { from: now.minus(BEHIND), until: now.plus(READ_AHEAD) };
        let (zone, own) = (zone.clone(), format!("@{business}.switchboard"));
        // Rules are expanded beside the threads that answer.
        let read = tokio::task::spawn_blocking(move || {
            let ends = Instant::now() + WORK;
            let reading = Reading { within, zone: &zone, own: &own };
            ics::read(&text, &reading, || Instant::now() < ends)
        });
        let busy =
            read.await.map_err(|_| NotRead::NotUnderstood)?.map_err(|unreadable| match unreadable {
                Unreadable::NotACalendar => NotRead::NotACalendar,
                Unreadable::NotUnderstood => NotRead::NotUnderstood,
                Unreadable::TooMuch => NotRead::TooMuch,
            })?;
        Ok(Known::read(within, &busy.times, busy.unknown_zone, now))
    }
}

parts! {
    pub struct Sources {
        reader: Reader,
        fetcher: Fetcher,
    }
}

impl ScheduledFunction for Sources {
    const NAME: &'static str = "calendar-sources";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let failures = Mutex::new(Tally::default());
        let all = self.reader.every_source().await.map_err(|error| JobError::new("store", error))?;
        let reading = stream::iter(&all).for_each_concurrent(AT_ONCE, |key| {
            let failures = &failures;
            async move {
                if let Err(error) = Box::pin(self.read(key, now)).await {
                    let of = format!("{}/{}/{}: {error}", key.business, key.calendar, key.source);
                    failures.lock().await.add("source", of);
                }
            }
        });
        let in_time = tokio::time::timeout(WITHIN, reading).await;
        let failures = failures.into_inner();
        let failed = !failures.is_empty();
        failures.complain("calendars of other systems are not kept");
        match in_time {
            Err(_) => Err(JobError::new("timeout", "there were more calendars than a tick has time for")),
            Ok(()) if failed => Err(JobError::new("source", "some calendars were not kept")),
            Ok(()) => Ok(()),
        }
    }
}

impl Sources {
    async fn read(&self, key: &SourceKey, now: Timestamp) -> Result<(), StoreError> {
        let Some(stored) = self.reader.source(key).await? else { return Ok(()) };
        if !stored.known.is_due(now) {
            return Ok(());
        }
        let calendar = self.reader.calendar(&key.business, &key.calendar).await?;
        let zone = calendar.map_or_else(Zone::utc, |calendar| calendar.value.time_zone);
        self.fetcher.fetch(key, &stored, &zone, now).await.map(drop)
    }
}
