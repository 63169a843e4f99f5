//! Looking for times.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::appointments::{
    Asked, Candidate, Clock, Hint, Interval, Part, Question, Refusal, Service, Slot, Week, say_moment,
};
use domain::text::words;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Answer, Offer, Offered, Told};
use super::{Desk, Visitor};
use crate::StoreError;
use crate::appointments::{AppointmentError, Catalogue};

/// Times that a person is told at once: more are not remembered.
const TOLD: usize = 3;
/// Times that one search looks at.
const LOOKED_AT: usize = 3_000;
/// Days whose hours decide which half of the day an hour means.
const WEEK: i32 = 7;
/// How far from a time that is taken others are looked for, milliseconds.
const NEAR_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

const NEXT: &str = "Offer these times as they are written; book with the slot of the one that is chosen. Nothing is booked yet.";
const NONE: &str = "Nothing is free then. Say so, and ask for another day or time.";
const OTHERS: &str = "Nothing is free then. Say so, and offer these times instead. Nothing is booked yet.";

/// What a model passes to look for times.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Find {
    /// The service, by its id or its name.
    pub service: Option<String>,
    /// With which person or where, by the calendar's id or name.
    pub with: Option<String>,
    /// As in [`Hint`].
    pub day: Option<String>,
    /// As in [`Hint`].
    pub week: Option<Week>,
    /// As in [`Hint`].
    pub part: Option<Part>,
    /// As in [`Hint`].
    pub after: Option<Clock>,
    /// As in [`Hint`].
    pub before: Option<Clock>,
    /// As in [`Hint`].
    pub at: Option<Clock>,
}

impl Find {
    fn hint(&self) -> Hint {
        let Self { day, week, part, after, before, at, service: _, with: _ } = self.clone();
        Hint { day, week, part, after, before, at }
    }
}

impl Desk {
    /// Looks for free times, three at most, spread over the days.
    ///
    /// # Errors
    /// [`AppointmentError`] when the store does not answer.
    pub async fn find(
        &self,
        visitor: &Visitor<'_>,
        find: &Find,
        now: Timestamp,
    ) -> Result<Answer, AppointmentError> {
        let catalogue = self.reader.catalogue(visitor.business).await?;
        let service = match which(&catalogue, find.service.as_deref(), visitor.language) {
            Ok(service) => service,
            Err(answer) => return Ok(answer),
        };
        let resources = catalogue.resources(service);
        let candidates: Vec<Candidate<'_>> = service
            .calendars
            .iter()
            .filter_map(|id| catalogue.candidate(service, id, &resources).ok())
            .filter(|candidate| find.with.as_deref().is_none_or(|with| is_named(candidate, with)))
            .collect();
        let Some(first) = candidates.first() else {
            return Ok(Answer::refused(Refusal::UnknownCalendar));
        };
        let zone = &first.calendar.time_zone;
        let open = |first: Date, last: Date, minute: u16| {
            candidates.iter().any(|candidate| is_open(candidate, first, last, minute))
        };
        let asked = match find.hint().resolve(visitor.language, zone, now, open) {
            Ok(asked) => asked,
            Err(question) => return Ok(question_of(&question, visitor.language)),
        };
        let Some(wanted) = asked.within(zone) else { return Ok(Answer::refused(Refusal::TooFar)) };
        let bookable = service.bookable(now);
        if wanted.from >= bookable.until {
            return Ok(Answer::refused(Refusal::TooFar));
        }
        if wanted.until <= bookable.from {
            return Ok(Answer::refused(Refusal::TooSoon));
        }
        let Some(free) = self.free(visitor, &candidates, wanted, now).await? else {
            return Ok(Answer::refused(Refusal::CalendarUnavailable));
        };
        let fit: Vec<&Slot> = free.iter().filter(|slot| asked.holds(slot.local)).collect();
        if fit.is_empty() {
            let near = match free.is_empty() {
                // Nothing on these days at all.
                true => {
                    let later = Interval {
                        from: wanted.until,
                        until: Timestamp(wanted.until.0.saturating_add(NEAR_MS)),
                    };
                    self.free(visitor, &candidates, later, now).await?.unwrap_or_default()
                }
                false => free,
            };
            let told = chosen(near.iter().collect(), &asked);
            let slots = self.offered(visitor, &catalogue, &told, now);
            let message = if slots.is_empty() { NONE } else { OTHERS };
            return Ok(Answer::Slots { slots, more: false, message });
        }
        let more = fit.len() > TOLD;
        let told = chosen(fit, &asked);
        Ok(Answer::Slots { slots: self.offered(visitor, &catalogue, &told, now), more, message: NEXT })
    }

    /// Times near one that is taken.
    pub(super) async fn near(
        &self,
        visitor: &Visitor<'_>,
        catalogue: &Catalogue,
        service: &Service,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Offered>, StoreError> {
        let resources = catalogue.resources(service);
        let candidates: Vec<Candidate<'_>> = service
            .calendars
            .iter()
            .filter_map(|id| catalogue.candidate(service, id, &resources).ok())
            .collect();
        let at = |more: i64| Timestamp(start.0.saturating_add(more));
        let wanted = Interval { from: at(-NEAR_MS / 7), until: at(NEAR_MS) };
        let mut free = self.free(visitor, &candidates, wanted, now).await?.unwrap_or_default();
        free.sort_by_key(|slot| slot.start.0.abs_diff(start.0));
        free.truncate(TOLD);
        free.sort_by_key(|slot| slot.start);
        Ok(self.offered(visitor, catalogue, &free.iter().collect::<Vec<_>>(), now))
    }

    /// The free times of all candidates; of several at one time the first candidate's. `None`: of no candidate it is known
    /// what is taken.
    async fn free(
        &self,
        visitor: &Visitor<'_>,
        candidates: &[Candidate<'_>],
        wanted: Interval,
        now: Timestamp,
    ) -> Result<Option<Vec<Slot>>, StoreError> {
        let (mut silent, mut told) = (0_usize, 0_usize);
        let mut free: BTreeMap<Timestamp, Slot> = BTreeMap::new();
        for candidate in candidates {
            let wanted = wanted.and(candidate.service.bookable(now));
            if wanted.from >= wanted.until {
                continue;
            }
            let lanes = candidate.lanes();
            let calendars = lanes.iter().map(|lane| lane.calendar.clone()).collect();
            let needed = candidate.needs(wanted);
            let busy = self.reader.agendas(visitor.business, calendars, needed, now).await?;
            // A source that tells of a part of the time lets this part be offered.
            match busy.is_silent(&lanes, candidate.service.takes(wanted.from)) {
                true => silent += 1,
                false => told += 1,
            }
            for slot in candidate.slots(wanted, &busy, now, LOOKED_AT) {
                free.entry(slot.start).or_insert(slot);
            }
        }
        Ok((told > 0 || silent == 0).then(|| free.into_values().collect()))
    }

    fn offered(
        &self,
        visitor: &Visitor<'_>,
        catalogue: &Catalogue,
        slots: &[&Slot],
        now: Timestamp,
    ) -> Vec<Offered> {
        let offered = |slot: &&Slot| {
            let given = (visitor.business, visitor.conversation);
            let service = catalogue.services.iter().find(|service| service.id == slot.service);
            let several = service.is_some_and(|service| service.calendars.len() > 1);
            let calendar = catalogue.calendar(&slot.calendar).filter(|_| several);
            Offered {
                slot: self.key.seal(given, (&slot.service, &slot.calendar), slot.start, now),
                say: say_moment(slot.local, visitor.language),
                with: calendar.map(|calendar| calendar.name.clone()),
            }
        };
        slots.iter().map(offered).collect()
    }
}

/// The service that is meant: by its id or its name, or the only one that there is.
fn which<'a>(catalogue: &'a Catalogue, named: Option<&str>, language: &str) -> Result<&'a Service, Answer> {
    let active: Vec<&Service> = catalogue.services.iter().filter(|service| service.active).collect();
    let named = named.map(str::trim).filter(|named| !named.is_empty());
    let is_meant = |service: &&&Service| {
        let same = |name: &str| named.is_some_and(|named| words(named) == words(name));
        named == Some(service.id.as_str())
            || same(&service.name)
            || service.names.values().any(|name| same(name))
    };
    match (active.as_slice(), named) {
        ([], _) => Err(Answer::refused(Refusal::UnknownService)),
        ([only], None) => Ok(only),
        (_, _) => active.iter().find(is_meant).copied().ok_or_else(|| Answer::Services {
            services: active.iter().map(|service| Offer::new(service, language)).collect(),
            message: "Find out which of these services is wanted, and call find_slots again with its id.",
        }),
    }
}

fn is_named(candidate: &Candidate<'_>, with: &str) -> bool {
    candidate.calendar.id.as_str() == with.trim() || words(&candidate.calendar.name) == words(with)
}

/// Whether a calendar is open at a minute of one of the days.
fn is_open(candidate: &Candidate<'_>, first: Date, last: Date, minute: u16) -> bool {
    let zone = &candidate.calendar.time_zone;
    let (Ok(hour), Ok(part)) = (i8::try_from(minute / 60), i8::try_from(minute % 60)) else { return false };
    if hour > 23 {
        return false;
    }
    let last = last.min(first.saturating_add(jiff::Span::new().days(WEEK - 1)));
    first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).any(|day| {
        let Some(at) = zone.reached(day.at(hour, part, 0, 0)) else { return false };
        let minute = Interval { from: at, until: Timestamp(at.0.saturating_add(60_000)) };
        candidate.open(minute).iter().any(|open| open.holds(at))
    })
}

/// Those that a person is told: the nearest to the hour that is wanted, or one of each day, and then others of these days.
fn chosen<'a>(mut slots: Vec<&'a Slot>, asked: &Asked) -> Vec<&'a Slot> {
    if asked.near.is_some() {
        slots.sort_by_key(|slot| (asked.distance(slot.local), slot.start));
        slots.truncate(TOLD);
        slots.sort_by_key(|slot| slot.start);
        return slots;
    }
    let mut days: BTreeMap<Date, Vec<&Slot>> = BTreeMap::new();
    for slot in slots {
        days.entry(slot.local.date()).or_default().push(slot);
    }
    let days: Vec<Vec<&Slot>> = days.into_values().take(TOLD).collect();
    let each = TOLD.div_ceil(days.len().max(1));
    // Of a day its first, its middle and its last one, rather than three in a row.
    let spread = |day: &Vec<&'a Slot>| -> Vec<&'a Slot> {
        let wanted = each.min(day.len());
        let place = |n: usize| if wanted < 2 { 0 } else { n * (day.len() - 1) / (wanted - 1) };
        (0..wanted).filter_map(|n| day.get(place(n)).copied()).collect()
    };
    let mut told: Vec<&Slot> = days.iter().flat_map(spread).collect();
    told.truncate(TOLD);
    told
}

fn question_of(question: &Question, language: &str) -> Answer {
    let message = match question {
        Question::WhichDay(_) => {
            "Ask which of these two days is meant, then call find_slots again with its value as `day`, and without `week`."
        }
        Question::DayIsPast(_) => {
            "That day is past. Say so, ask whether this one is meant, then call find_slots again with its value as `day`."
        }
        Question::WhichHour(_) => {
            "Ask whether the morning or the afternoon is meant, then call find_slots again with the hour as written here."
        }
        Question::UnknownDay => {
            "The day was not understood. Ask for a weekday or a date, and pass it as one word or as 2026-12-03."
        }
        Question::NoTimeLeft => "These hours leave no time. Ask from when until when it may be.",
    };
    let options = question.options(language).into_iter().map(|(value, say)| Told { value, say }).collect();
    Answer::Question { question: question.code(), message: message.to_owned(), options }
}
