//! What is kept of a person beside contact and calls.

use std::time::Duration;

use super::worker::Worker;
use crate::edge::batch::JobError;
use crate::shared::erased::erased;
use crate::shared::of_person::file_of;
use crate::shared::person_in_event::PersonInEvents;
use domain::BusinessId;
use domain::appointments::Whose;
use domain::contact::erasure::{Erasure, Kept, Outcome, Step, Trace, Waits};
use domain::contact::import::ImportState;
use domain::texts::consent::Consent;
use stores::appointments::AppointmentError;
use stores::contacts::OldExport;

/// How long the bucket of files keeps anything, and a day more: its rule counts days of UTC.
const FILES_KEPT: Duration = Duration::from_secs(8 * 86_400);
/// An export that is not written by then is never written.
const GIVEN_UP: Duration = Duration::from_secs(24 * 3_600);

impl Worker {
    /// One of the steps that are done as a whole in each round, and what it came to; the step of texts is that of wishes, too.
    pub(super) async fn other(
        &self,
        step: Step,
        business: &BusinessId,
        erasure: &Erasure,
        trace: &mut Trace,
    ) -> Result<Vec<(Step, Outcome)>, JobError> {
        let outcome = match step {
            Step::Events => self.of_events(business, trace).await?,
            Step::Texts => return self.of_texts(business, trace).await,
            Step::DoNotCall => self.of_do_not_call(business, trace).await?,
            Step::Campaigns => self.of_campaigns(business, trace).await?,
            Step::Leads => Outcome::gone(self.leads.forget(business, &trace.contacts).await?),
            Step::Appointments => self.of_appointments(business, erasure, trace).await?,
            Step::Files => self.of_files(business, trace).await?,
            Step::Log => {
                // It says who did what and when, and a path may name the number that was asked about.
                let mut kept = Outcome::default();
                kept.keep(Kept::Law, 1, Some(erasure.id.at().plus(stores::requests::KEPT)));
                kept
            }
            Step::Contact
            | Step::Recordings
            | Step::Messages
            | Step::Turns
            | Step::Transcripts
            | Step::Plans
            | Step::Calls
            | Step::Wishes => Outcome::default(),
        };
        Ok(vec![(step, outcome)])
    }

    async fn of_events(&self, business: &BusinessId, trace: &mut Trace) -> Result<Outcome, JobError> {
        let mut came = Outcome::default();
        let (count, to) = {
            let person = PersonInEvents::not_held(trace);
            self.events.forget(business, trace.events_from(), |event| person.taken_out_of(event)).await?
        };
        came.count = count;
        trace.events_read(to);
        came.keep(Kept::LegalHold, u64::try_from(trace.held.len()).unwrap_or(u64::MAX), None);
        Ok(came)
    }

    async fn of_texts(&self, business: &BusinessId, trace: &Trace) -> Result<Vec<(Step, Outcome)>, JobError> {
        let handles = trace.of_texts();
        let marks: Vec<_> = handles.iter().map(|handle| erased(&self.key, business, handle)).collect();
        let forget = |objects: Vec<String>| async move {
            let all = objects.iter().map(|key| self.objects.delete(key));
            futures_util::future::try_join_all(all).await.is_ok()
        };
        let theirs = (&trace.contacts, &trace.threads);
        let forgotten = self.texts.forget_person(business, theirs, &marks, forget).await?;
        let (mut texts, mut wishes) = (Outcome::gone(forgotten.texts), Outcome::gone(forgotten.wishes));
        if forgotten.more {
            texts.wait(Waits::More);
        }
        for mark in &marks {
            if self.finder.texts.wish_of_erased(business, mark).await? != Consent::Open {
                wishes.keep(Kept::Wish, 1, None);
            }
        }
        Ok(vec![(Step::Texts, texts), (Step::Wishes, wishes)])
    }

    /// A number on the list stays there: it says no more than that this number is not called, and without it the person
    /// would be. People who look after the list have to see it and to be able to take it off.
    async fn of_do_not_call(&self, business: &BusinessId, trace: &Trace) -> Result<Outcome, JobError> {
        let mut came = Outcome::default();
        for number in trace.numbers() {
            if let Some(had_reason) = self.do_not_call.forget_reason(business, &number).await? {
                came.count += u64::from(had_reason);
                came.keep(Kept::Wish, 1, None);
            }
        }
        Ok(came)
    }

    async fn of_campaigns(&self, business: &BusinessId, trace: &Trace) -> Result<Outcome, JobError> {
        let mut came = Outcome::default();
        for number in trace.numbers() {
            came.count += self.campaigns.forget(business, &number, self.clock.now()).await?;
        }
        Ok(came)
    }

    async fn of_appointments(
        &self,
        business: &BusinessId,
        erasure: &Erasure,
        trace: &Trace,
    ) -> Result<Outcome, JobError> {
        let mut came = Outcome::default();
        let contacts: Vec<_> = trace.contacts.iter().copied().collect();
        let of_contact = Whose { number: None, contacts: &contacts };
        let numbers = trace.numbers();
        let of_numbers = numbers.iter().map(|number| Whose { number: Some(number), contacts: &[] });
        for whose in of_numbers.chain([of_contact]) {
            let times = (erasure.id.at(), self.clock.now());
            let gone = self.appointments.forget(business, whose, times).await;
            came.count += gone.map_err(|error| match error {
                AppointmentError::Store(error) => error.into(),
                error => JobError::new("appointment", error),
            })?;
        }
        Ok(came)
    }

    /// Exports of all contacts are deleted, since each holds the person; they are quickly written again. So are those of the person.
    /// The file of an import
    /// that was not run yet is the business's to run or to leave; it goes by itself.
    async fn of_files(&self, business: &BusinessId, trace: &Trace) -> Result<Outcome, JobError> {
        let (mut came, now) = (Outcome::default(), self.clock.now());
        let gone_at = trace.gone_at.unwrap_or(now);
        let (exports, imports) = self.contacts.files(business, gone_at).await?;
        for OldExport { id, is_written } in exports {
            if !is_written && now.since(id.at()) < GIVEN_UP {
                came.wait(Waits::Bytes);
                continue;
            }
            self.exports.delete(&format!("exports/{business}/{id}")).await?;
            came.count += u64::from(self.contacts.forget_export(business, id).await?);
        }
        for export in self.contacts.person_exports(business, &trace.contacts).await? {
            // An attempt that began since is not known by its name yet: it is in the next round.
            let is_known = trace.exports.get(&export.id).is_some_and(|known| *known >= export.attempts);
            match is_known && self.contacts.forget_person_export(business, &export).await? {
                true => came.count += 1,
                false => came.wait(Waits::More),
            }
        }
        for (export, attempts) in &trace.exports {
            // In each round: a worker that was at it takes its file away, unless it dies before that.
            for attempt in 1..=*attempts {
                self.exports.delete(&file_of(business, *export, attempt)).await?;
            }
        }
        for import in imports {
            let until = import.id.at().plus(FILES_KEPT);
            let has_file =
                !matches!(import.state, ImportState::Done | ImportState::Undoing | ImportState::Undone);
            if has_file && import.id.at() <= gone_at && now < until {
                came.keep(Kept::Expires, 1, Some(until));
            }
        }
        Ok(came)
    }
}
