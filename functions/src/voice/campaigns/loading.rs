//! The file of a campaign is checked, and its rows become entries.

use std::collections::HashSet;

use domain::campaign::entry::{Person, Skip};
use domain::campaign::sheet::{NoSheet, RowCode, Sheet};
use domain::campaign::window::Places;
use domain::campaign::{Campaign, MAX_ROWS, Purpose, Report, Step};
use domain::dial::barred::barred;
use domain::numbering::{Country, countries};
use domain::outbound::OutboundPolicy;
use domain::{BusinessId, PhoneNumber};
use platform::Clock;
use platform::objects::ObjectError;
use stores::businesses::Published;
use stores::campaigns::{Reader, Stored, Writer};
use stores::{StoreError, do_not_call};

use super::files::{Files, RowProblem, Slice};
use super::telling::step;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::settings_cache::SettingsCache;
use crate::shared::table_file::reading::{fed, look};
use crate::shared::table_file::rows::{FileRow, begin};

/// The characters of a header that are kept.
const HEADER_CHARS: usize = 100;
/// The most places that a report tells apart.
const PLACES: usize = 100;

parts! {
    /// Checks files and makes entries.
    pub(super) struct Loading {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        files: Files,
        settings: SettingsCache,
        list: do_not_call::Reader,
    }
}

/// What rows are judged by.
struct Judge<'a> {
    campaign: &'a Campaign,
    published: &'a Published,
    sheet: Sheet,
    headers: Vec<String>,
    /// Numbers that are not called.
    listed: HashSet<PhoneNumber>,
    /// Numbers of the rows before.
    seen: HashSet<PhoneNumber>,
    /// Numbers of the business's own countries.
    own: Vec<Country>,
}

impl Loading {
    /// Checks the file of a campaign and writes the report. Doing it again gives the same one.
    pub(super) async fn check(&self, business: &BusinessId, seen: &Stored) -> Result<(), JobError> {
        let report = match Box::pin(self.report(business, &seen.campaign)).await? {
            Ok(report) => report,
            Err((code, detail)) => {
                let began_at = seen.campaign.since;
                Report { began_at, refused: Some((code.to_owned(), detail)), ..Report::default() }
            }
        };
        let of = (&self.reader, &self.writer);
        step(of, business, seen, Step::Checked(report), self.clock.now()).await?;
        Ok(())
    }

    /// The report, or why the file is no list of people.
    async fn report(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
    ) -> Result<Result<Report, (&'static str, String)>, JobError> {
        let no_file = || Ok(Err(("no_file", "there is no file: put it where `upload` says".to_owned())));
        let Some(published) = self.settings.of_business(business).await? else { return no_file() };
        let Some(pieces) = self.files.read_file(business, &campaign.id).await? else { return no_file() };
        let written = look(pieces, (None, None)).await?;
        let Some(pieces) = self.files.read_file(business, &campaign.id).await? else { return no_file() };
        let listed = self.listed(business).await?;
        let (to_reader, mut slices) = begin(written, MAX_ROWS);
        let taking = async {
            let mut judge: Option<Judge<'_>> = None;
            let mut report = Report { began_at: campaign.since, ..Report::default() };
            let mut listed = Some(listed);
            while let Some(slice) = slices.recv().await {
                let rows = match slice {
                    Ok(rows) => rows,
                    Err(error) => return Ok(Err((error.code(), error.to_string()))),
                };
                let Some(judge) = &mut judge else {
                    let headers = rows.into_iter().next().map(|row| row.cells).unwrap_or_default();
                    let known = listed.take().unwrap_or_default();
                    match Judge::new(campaign, &published, headers, known) {
                        Ok(new) => judge = Some(new),
                        Err(error) => return Ok(Err((error.code(), error.to_string()))),
                    }
                    continue;
                };
                let (slice, problems) = judge.slice(rows, &mut report);
                self.files.put_slice(business, campaign, report.slices, (&slice, &problems)).await?;
                report.slices += 1;
            }
            let Some(judge) = judge else {
                return Ok(Err((NoSheet::Empty.code(), NoSheet::Empty.to_string())));
            };
            report.missing = judge.sheet.missing(&campaign.plan);
            let header = |header: &String| header.trim().chars().take(HEADER_CHARS).collect();
            report.headers = judge.headers.iter().map(header).collect();
            Ok::<_, ObjectError>(Ok(report))
        };
        Ok(fed(pieces, to_reader, taking).await?)
    }

    /// Every number that the business does not call.
    async fn listed(&self, business: &BusinessId) -> Result<HashSet<PhoneNumber>, StoreError> {
        let (mut listed, mut after) = (HashSet::new(), None);
        loop {
            let page = self.list.list(business, do_not_call::MAX_PAGE, after.as_ref()).await?;
            listed.extend(page.entries.into_iter().map(|entry| entry.number));
            after = page.next;
            if after.is_none() {
                return Ok(listed);
            }
        }
    }

    /// Makes the entries of the next slice.
    pub(super) async fn load(&self, business: &BusinessId, seen: &Stored) -> Result<(), JobError> {
        let campaign = &seen.campaign;
        let number = campaign.loaded;
        let Some(slice) = self.files.slice(business, campaign, number).await? else {
            return Err(JobError::new("files", "a slice of a campaign is gone"));
        };
        let now = self.clock.now();
        let from = campaign.plan.starts_at.map_or(now, |start| start.max(now));
        self.writer.load(business, &campaign.id, slice.first, slice.people, from).await?;
        let of = (&self.reader, &self.writer);
        step(of, business, seen, Step::LoadedSlice(number), now).await?;
        Ok(())
    }

    /// Deletes the file once its people are entries, or are not wanted.
    pub(super) async fn forget(&self, business: &BusinessId, campaign: &Campaign) -> Result<(), ObjectError> {
        self.files.forget(business, campaign).await
    }
}

impl<'a> Judge<'a> {
    fn new(
        campaign: &'a Campaign,
        published: &'a Published,
        headers: Vec<String>,
        listed: HashSet<PhoneNumber>,
    ) -> Result<Self, NoSheet> {
        let sheet = Sheet::new(&headers)?;
        let own = campaign.plan.from.first().map(countries).unwrap_or_default();
        Ok(Self { campaign, published, sheet, headers, listed, seen: HashSet::new(), own })
    }

    fn policy(&self) -> &OutboundPolicy {
        &self.published.settings.outbound
    }

    /// The people of a slice who will be called, and what there is to say of its rows.
    fn slice(&mut self, rows: Vec<FileRow>, report: &mut Report) -> (Slice, Vec<RowProblem>) {
        let (mut people, mut problems) = (vec![], vec![]);
        let first = report.valid;
        for row in rows {
            if row.is_empty() {
                continue;
            }
            report.rows += 1;
            let reading = self.sheet.read(&row.cells, &self.campaign.plan);
            let mut codes = reading.codes;
            let mut person = reading.person;
            if let Some(found) = &person {
                match self.against(found) {
                    None => {
                        let country = countries(&found.to).first().map(|country| country.as_str().to_owned());
                        let country = country.unwrap_or_default();
                        let zone = found.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default();
                        let place = format!("{country}{zone}");
                        if report.places.len() < PLACES || report.places.contains_key(&place) {
                            *report.places.entry(place).or_default() += 1;
                        }
                        *report.countries.entry(country).or_default() += 1;
                    }
                    Some(code) => {
                        codes.push((None, code));
                        person = None;
                    }
                }
            }
            match person {
                Some(person) => people.push(person),
                None => report.left_out += 1,
            }
            let column = |place: usize| self.headers.get(place).cloned();
            problems.extend(codes.into_iter().map(|(place, code)| RowProblem {
                line: row.line,
                column: place.and_then(column).map(|header| header.chars().take(HEADER_CHARS).collect()),
                code,
            }));
        }
        report.valid += u32::try_from(people.len()).unwrap_or(u32::MAX);
        report.problems += u32::try_from(problems.len()).unwrap_or(u32::MAX);
        (Slice { first, people }, problems)
    }

    /// Why a person of the file is not called, as far as is known before the campaign begins.
    fn against(&mut self, person: &Person) -> Option<RowCode> {
        let to = &person.to;
        if !self.seen.insert(to.clone()) {
            return Some(RowCode::Repeated);
        }
        if self.listed.contains(to) {
            return Some(RowCode::DoNotCall);
        }
        let from = self.campaign.plan.from.first()?;
        let allowed = &self.policy().countries;
        let is_allowed = |country: &Country| match allowed.is_empty() {
            true => self.own.contains(country),
            false => allowed.contains(country),
        };
        let of = countries(to);
        if of.is_empty() || !of.iter().all(is_allowed) {
            return Some(RowCode::Country);
        }
        // A number that looks domestic and is not is meant if its country is named.
        if barred(to, from).is_some() && !of.iter().all(|country| allowed.contains(country)) || to == from {
            return Some(RowCode::Barred);
        }
        let places = match Places::of(to, person.zone.as_ref()) {
            Ok(places) => places,
            Err(Skip::Country) => return Some(RowCode::Country),
            Err(_) => return Some(RowCode::NoRule),
        };
        let is_marketing = self.campaign.plan.purpose == Purpose::Marketing;
        if is_marketing && places.need_consent() && person.consent.is_none() {
            return Some(RowCode::NoConsent);
        }
        let spoken = |tag: &String| self.published.settings.language(tag).is_some();
        if !person.language.iter().all(spoken) {
            return Some(RowCode::Language);
        }
        None
    }
}
