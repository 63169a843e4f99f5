//! Entries that are due are claimed and dialled.

use std::time::Duration;

use domain::call_back::Terms;
use domain::campaign::decision::{Decision, decide};
use domain::campaign::entry::{Claim, DIALLED_WITHIN, Entry, Event, Person, Skip, State, Wait};
use domain::campaign::guard::at_once;
use domain::campaign::progress::{BUSY, MICROS, MINUTES};
use domain::campaign::retry::{Outcome, within_caps};
use domain::campaign::{Campaign, PAUSE, Pause, Purpose};
use domain::dial::Series;
use domain::outbound::AtMost;
use domain::{BusinessId, PhoneNumber, Timestamp};
use futures_util::{StreamExt as _, stream};
use platform::Clock;
use stores::businesses::Published;
use stores::campaigns::{DueList, Limits, Moved, Reader, StoredEntry, Writer};
use stores::{StoreError, businesses, do_not_call};

use super::{move_entry, order_key};
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::voice::outbound::{Placing, WantedCall};

/// Orders of one campaign that are placed at once.
const PLACED_AT_ONCE: usize = 8;
/// Entries that are looked at in one pass.
const LOOKED_AT: u16 = 60;
/// When what could not be asked for is looked at again.
const TROUBLE: Duration = Duration::from_secs(60);

parts! {
    /// Claims entries and has them dialled.
    pub(super) struct Claiming {
        pub(super) clock: Clock,
        reader: Reader,
        writer: Writer,
        list: do_not_call::Reader,
        businesses: businesses::Reader,
        pub(super) placing: Placing,
    }
}

/// What a pass over what is due came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Claimed {
    /// Entries that moved.
    pub(super) moved: usize,
    /// The campaign cannot go on.
    pub(super) pause: Option<Pause>,
    /// There is no room for a call now.
    pub(super) is_full: bool,
}

/// What all entries of a campaign are judged by in one pass.
struct Pass<'a> {
    business: &'a BusinessId,
    campaign: &'a Campaign,
    published: &'a Published,
    /// The numbers of the campaign that are the business's now; one at least.
    own: Vec<&'a PhoneNumber>,
    limits: Limits,
    most: AtMost,
}

impl Claiming {
    /// Claims what is due and there is room for, and dials it.
    pub(super) async fn claim(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
        published: &Published,
    ) -> Result<Claimed, StoreError> {
        let (now, plan) = (self.clock.now(), &campaign.plan);
        let mut claimed = Claimed::default();
        let own = self.own_numbers(business, campaign).await?;
        if own.is_empty() {
            claimed.pause = Some(Pause::Settings);
            return Ok(claimed);
        }
        let sums = self.reader.sums(business, &campaign.id).await?;
        let most = self.placing.most(published);
        let may = at_once(campaign.running_since.unwrap_or(now), now, plan.at_once);
        let free = usize::from(may).saturating_sub(usize::try_from(sums.get(BUSY)).unwrap_or(usize::MAX));
        if plan.budget.admits(sums.get(MICROS), sums.get(MINUTES), most).is_err() {
            // What runs may come to less than is kept for it.
            claimed.is_full = true;
            claimed.pause = (sums.get(BUSY) == 0).then_some(Pause::Budget);
            return Ok(claimed);
        }
        if free == 0 {
            claimed.is_full = true;
            return Ok(claimed);
        }
        let limits = Limits {
            at_once: may,
            micros: plan.budget.micros.map(|cap| cap.saturating_sub(most.micros.unwrap_or(cap))),
            minutes: plan.budget.minutes.map(|cap| cap.saturating_sub(most.minutes)),
        };
        let pass = Pass { business, campaign, published, own, limits, most };
        let mut won = vec![];
        // Those who were promised a call first; they are among those that are due, too, and by then no more at that time.
        let mut due = match sums.ended_with(Outcome::CallbackRequested) {
            0 => vec![],
            _ => self.reader.due(business, &campaign.id, DueList::PROMISED, now, LOOKED_AT).await?,
        };
        due.extend(self.reader.due(business, &campaign.id, DueList::CALL, now, LOOKED_AT).await?);
        for (due, number) in due {
            if won.len() >= free {
                break;
            }
            let found = self.writer.due_entry(business, &campaign.id, DueList::CALL, (due, number)).await?;
            let Some(seen) = found else { continue };
            let Some(person) = seen.entry.person.clone() else { continue };
            let event = self.judge(&pass, number, &person).await?;
            let is_claim = matches!(event, Event::Claim(_));
            match self.move_entry(&pass, &seen, event).await? {
                Some(Moved::Done(entry)) => {
                    claimed.moved += 1;
                    if is_claim {
                        won.push((*entry, person));
                    }
                }
                Some(Moved::Full) => {
                    claimed.is_full = true;
                    break;
                }
                Some(Moved::NotRunning) => break,
                Some(Moved::Overtaken) | None => {}
            }
        }
        let placed = stream::iter(won).map(|(entry, person)| {
            let pass = &pass;
            async move { Box::pin(self.place(pass, entry, person)).await }
        });
        let placed: Vec<Result<Option<Pause>, StoreError>> =
            placed.buffer_unordered(PLACED_AT_ONCE).collect().await;
        for one in placed {
            claimed.pause = claimed.pause.or(one?);
        }
        Ok(claimed)
    }

    /// The numbers of a campaign that are still the business's.
    async fn own_numbers<'a>(
        &self,
        business: &BusinessId,
        campaign: &'a Campaign,
    ) -> Result<Vec<&'a PhoneNumber>, StoreError> {
        let mut own = vec![];
        for number in &campaign.plan.from {
            if self.businesses.number(number).await?.is_some_and(|owned| owned.business == *business) {
                own.push(number);
            }
        }
        Ok(own)
    }

    /// What becomes of an entry that is due.
    async fn judge(&self, pass: &Pass<'_>, number: u32, person: &Person) -> Result<Event, StoreError> {
        let (now, plan) = (self.clock.now(), &pass.campaign.plan);
        let is_listed = self.list.entry(pass.business, &person.to).await?.is_some();
        let until = match decide(plan, &pass.published.settings.outbound.hours, person, is_listed, now) {
            Decision::Call { until } => until,
            Decision::Wait { until } => return Ok(Event::Wait(until, Wait::Hours)),
            Decision::Never(why) => return Ok(Event::Skip(why)),
        };
        let Some(from) = pass.campaign.number_for(number, &pass.own) else {
            return Ok(Event::Wait(now.plus(TROUBLE), Wait::Trouble));
        };
        let ends = [until, plan.ends_at, Some(now.plus(DIALLED_WITHIN))].into_iter().flatten().min();
        let hour = pass.published.business.zone().local(now).hour();
        Ok(Event::Claim(Claim {
            from: from.clone(),
            hour: u8::try_from(hour).unwrap_or(0),
            until: ends.unwrap_or(now),
            most: pass.most,
        }))
    }

    async fn move_entry(
        &self,
        pass: &Pass<'_>,
        seen: &StoredEntry,
        event: Event,
    ) -> Result<Option<Moved>, StoreError> {
        let limits = matches!(event, Event::Claim(_)).then_some(pass.limits);
        let of = (pass.business, pass.campaign);
        move_entry(&self.writer, of, seen, event, ((limits, None), self.clock.now())).await
    }

    /// Dials a claimed entry, and notes what came of it. What is not known is found out later.
    async fn place(
        &self,
        pass: &Pass<'_>,
        seen: StoredEntry,
        person: Person,
    ) -> Result<Option<Pause>, StoreError> {
        let (campaign, order) = (pass.campaign, seen.entry.orders);
        let task = campaign.plan.task(&person);
        let (Ok(task), Some(attempt)) = (task, seen.entry.attempts.last()) else {
            self.move_entry(pass, &seen, Event::Refused { order, why: Skip::Refused }).await?;
            return Ok(None);
        };
        let State::Dialling { until, .. } = seen.entry.state else { return Ok(None) };
        let series = Series {
            name: campaign.id.to_string(),
            pause: PAUSE,
            until,
            leaves_no_message: campaign.plan.purpose == Purpose::Marketing,
            call_back: call_back(pass, &seen.entry, &person),
        };
        let wanted = WantedCall {
            from: attempt.from.clone(),
            to: person.to,
            zone: person.zone,
            task,
            series: Some(series),
        };
        let key = order_key(&campaign.id, seen.entry.number, order);
        let (event, pause) = match Box::pin(self.placing.place_wanted(pass.business, &key, wanted)).await {
            Ok((call, _)) => (Event::Placed { order, call }, None),
            Err(problem) => match refused(&problem, order, self.clock.now()) {
                Some(refusal) => refusal,
                None => {
                    tracing::warn!(campaign = %campaign.id, entry = seen.entry.number, code = problem.word(),
                        "it is not known yet whether a call of a campaign was placed");
                    return Ok(None);
                }
            },
        };
        self.move_entry(pass, &seen, event).await?;
        Ok(pause)
    }
}

/// What a call-back has to keep to that the person may be promised in the call that is being placed; `None`: this call is their last
/// one.
fn call_back(pass: &Pass<'_>, entry: &Entry, person: &Person) -> Option<Terms> {
    let (plan, outbound) = (&pass.campaign.plan, &pass.published.settings.outbound);
    let rests_until = entry.attempts.last()?.at.plus(outbound.cool_down);
    Some(Terms {
        earliest: within_caps(entry, plan.retries, rests_until)?,
        latest: plan.ends_at,
        hours: [Some(&outbound.hours), plan.hours.as_ref()].into_iter().flatten().cloned().collect(),
        zone: person.zone.clone(),
    })
}

/// What an order that was not placed means for its entry, and for the campaign. `None`: it is not known whether it was.
fn refused(problem: &Problem, order: u32, now: Timestamp) -> Option<(Event, Option<Pause>)> {
    let not_placed = |until: Timestamp, why: Wait| Event::NotPlaced { order, again: (until, why) };
    match (problem.status(), problem.seconds_to_wait()) {
        (429, wait) => {
            let why = match problem.word() {
                "hours" => Wait::Hours,
                "cooling_down" => Wait::CoolingDown,
                "business_slots" | "deployment_slots" | "pace" => Wait::NoRoom,
                _ => Wait::Cap,
            };
            Some((not_placed(now.plus(Duration::from_secs(wait.unwrap_or(60))), why), None))
        }
        (422, _) => {
            let skip = |why| Some((Event::Refused { order, why }, None));
            match problem.word() {
                "late" => Some((not_placed(now, Wait::Trouble), None)),
                "unknown_number" | "suspended" | "no_prompt" | "policy_not_understood" | "unknown_price" => {
                    Some((not_placed(now.plus(TROUBLE), Wait::Trouble), Some(Pause::Settings)))
                }
                "do_not_call" => skip(Skip::DoNotCall),
                "barred" | "itself" => skip(Skip::Barred),
                "country" | "unknown_country" => skip(Skip::Country),
                "unknown_zone" => skip(Skip::NoRule),
                "hours" => skip(Skip::NoHours),
                _ => skip(Skip::Refused),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn an_order_that_is_not_placed_waits_is_given_up_or_is_not_known() {
        let now = Timestamp(1_000);
        let problem = |status, code: &str| Problem::new(status, "call not placed").code(code);
        let wait = problem(StatusCode::TOO_MANY_REQUESTS, "pace").retry_after(5);
        let again = (Timestamp(6_000), Wait::NoRoom);
        assert_eq!(refused(&wait, 3, now), Some((Event::NotPlaced { order: 3, again }, None)));
        let never = problem(StatusCode::UNPROCESSABLE_ENTITY, "do_not_call");
        assert_eq!(refused(&never, 3, now), Some((Event::Refused { order: 3, why: Skip::DoNotCall }, None)));
        let settings = problem(StatusCode::UNPROCESSABLE_ENTITY, "no_prompt");
        assert_eq!(refused(&settings, 3, now).unwrap().1, Some(Pause::Settings));
        for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::CONFLICT] {
            assert_eq!(refused(&problem(status, "in_progress"), 3, now), None, "{status}");
        }
    }
}
