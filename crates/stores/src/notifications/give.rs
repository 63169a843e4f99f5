//! How events become notifications.

use domain::event::Type;
use domain::notification::notice::Notice;
use domain::notification::{Cause, Receiver, told};
use domain::{BusinessId, Timestamp};
use platform::backoff::Tries;

use super::notices::{Place, StoredNotice};
use super::{DESKS, Writer};
use crate::desk::{Desk, NEXT_IN_ORDER};
use crate::events::Event;
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

/// Events that one call looks at, at most.
const MOST: usize = 500;

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// Notifications that are on their way.
    pub to: Vec<Place>,
    /// There is more to give.
    pub more: bool,
}

impl Writer {
    /// Gives each event of the outbox that was not given yet to the receivers that are told of it, in order, once those that have
    /// no number have one. Any number of workers may do it at once.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn give(&self, business: &BusinessId, now: Timestamp) -> Result<Given, StoreError> {
        let table = &self.table;
        let mut given = Given::default();
        if DESKS.read(table, business).await?.count == 0 {
            return Ok(given);
        }
        given.more = self.sequencer.number(business).await?;
        let mut tries = Tries::with(NEXT_IN_ORDER);
        let mut seen = 0;
        'anew: while tries.next().await {
            // The desk first: if a receiver changes behind it, nothing is given by what was read.
            let mut desk = DESKS.read(table, business).await?;
            if desk.count == 0 {
                return Ok(given);
            }
            let all = self.reader.all(business).await?;
            let all: Vec<Receiver> = all.into_iter().map(|stored| stored.receiver).collect();
            // Most events are for no receiver: the mark goes past them together.
            let mut past = desk.given;
            loop {
                let page = self.events.after(business, past, crate::events::MAX_PAGE).await?;
                for event in &page.events {
                    let to = receivers(&all, event);
                    if !to.is_empty() {
                        let Some(places) = self.give_one(business, desk, &to, event, now).await? else {
                            continue 'anew;
                        };
                        given.to.extend(places);
                        desk.given = event.sequence;
                    }
                    past = event.sequence;
                }
                seen += page.events.len();
                given.more |= page.next.is_some() && seen >= MOST;
                if page.next.is_none() || seen >= MOST {
                    break;
                }
            }
            if past == desk.given {
                return Ok(given);
            }
            let actions = [DESKS.mark(table, business, desk, past)];
            if let Transacted::Done = transact(table, &actions, &random::id(&table.name)?).await? {
                return Ok(given);
            }
        }
        Err(table.contended())
    }

    /// Whether there are events that were not given yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lags(&self, business: &BusinessId) -> Result<bool, StoreError> {
        let desk = DESKS.read(&self.table, business).await?;
        if desk.count == 0 {
            return Ok(false);
        }
        let (waits, page) =
            tokio::try_join!(self.events.waits(business), self.events.after(business, desk.given, 1))?;
        Ok(waits || !page.events.is_empty())
    }

    /// What is on its way now. `None`: another worker was faster, or a receiver was changed meanwhile.
    async fn give_one(
        &self,
        business: &BusinessId,
        desk: Desk,
        to: &[&Receiver],
        event: &Event,
        now: Timestamp,
    ) -> Result<Option<Vec<Place>>, StoreError> {
        let table = &self.table;
        let mut actions = vec![DESKS.mark(table, business, desk, event.sequence)];
        let mut places = vec![];
        for receiver in to {
            let place = Place { sequence: event.sequence, receiver: receiver.id.clone() };
            let new = StoredNotice::new(place.clone(), event, Notice::new(now), now);
            actions.extend(new.puts(table, business)?);
            places.push(place);
        }
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Some(places)),
            Transacted::Refused(_) => Ok(None),
        }
    }

    /// Takes a business off the list of those that have receivers, if it has none and none is being made.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn leave(&self, business: &BusinessId) -> Result<(), StoreError> {
        DESKS.leave(&self.table, business).await
    }
}

/// Whom an event is for.
fn receivers<'a>(all: &'a [Receiver], event: &Event) -> Vec<&'a Receiver> {
    let cause = Type::parse(&event.kind).and_then(Cause::of);
    cause.map_or_else(Vec::new, |cause| told(all, cause, event.sequence))
}
