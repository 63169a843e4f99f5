//! Appointments: no time is given away twice, and a change is whole or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::appointments::{
    Appointment, AppointmentId, Calendar, CalendarId, Entry, HOLD_LASTS, Interval, Outcome, Person, Refusal,
    Reminded, Reminder, Service, ServiceId, Source, Status, Wanted, WayWord, Whose,
};
use domain::contact::{Contact, EntryKind, Handle, What};
use domain::hours::{DAYS, Week};
use domain::zone::Zone;
use domain::{Epoch, PhoneNumber, Timestamp};
use platform::Aws;
use stores::appointments::{
    AppointmentError, Catalogue, CatalogueWriter, Fence, Place, Reader, ReminderWriter, Writer,
};
use stores::contacts;

use crate::world::{LEASES, NOW, TABLE, World, all_at_once, business_id, call_sid, open_call, phone};

fn calendar(id: &str) -> Calendar {
    Calendar {
        id: CalendarId::parse(id).unwrap(),
        name: "Anna".into(),
        time_zone: Zone::parse("Europe/Vienna").unwrap(),
        week: Week::of(&DAYS.map(|(day, _)| day), &["00:00-24:00".parse().unwrap()]),
        exceptions: vec![],
        seats: 1,
        active: true,
    }
}

fn service() -> Service {
    Service {
        id: ServiceId::parse("trim").unwrap(),
        name: "Trim".into(),
        names: BTreeMap::new(),
        price: None,
        minutes: 60,
        before_minutes: 0,
        after_minutes: 15,
        notice_minutes: 0,
        window_days: 100,
        step_minutes: 15,
        seats: 1,
        calendars: vec![CalendarId::parse("anna").unwrap()],
        resources: vec![CalendarId::parse("room").unwrap()],
        reminders: vec![60, 24 * 60],
        remind: None,
        active: true,
    }
}

fn catalogue() -> Catalogue {
    Catalogue { services: vec![service()], calendars: vec![calendar("anna"), calendar("room")] }
}

fn id(n: u32) -> AppointmentId {
    AppointmentId::parse(&format!("{n:032x}")).unwrap()
}

fn wanted(n: u32) -> Wanted {
    let person = Person { name: format!("Person {n}"), number: Some(phone(n)), contact: None };
    Wanted { id: id(n), person, notes: None, source: Source::Api, hold: false, in_place_of: None }
}

fn by_number(number: &PhoneNumber) -> Whose<'_> {
    Whose { number: Some(number), contacts: &[] }
}

/// A quarter of an hour, counted from two days after [`NOW`].
fn quarter(n: i64) -> Timestamp {
    Timestamp::from_secs((NOW.secs() / 900) * 900 + 2 * 24 * 3_600 + n * 900)
}

struct Desk {
    reader: Reader,
    writer: Writer,
    catalogue: Catalogue,
}

impl Desk {
    fn new(aws: &Aws) -> Self {
        Self {
            reader: Reader::new(aws, TABLE),
            writer: Writer::of_sessions(aws, TABLE, TABLE, TABLE, LEASES),
            catalogue: catalogue(),
        }
    }

    async fn book(
        &self,
        wanted: &Wanted,
        start: Timestamp,
        now: Timestamp,
    ) -> Result<Appointment, AppointmentError> {
        self.fenced(wanted, start, now, None).await
    }

    async fn fenced(
        &self,
        wanted: &Wanted,
        start: Timestamp,
        now: Timestamp,
        fence: Option<Fence<'_>>,
    ) -> Result<Appointment, AppointmentError> {
        let service = &self.catalogue.services[0];
        let resources = self.catalogue.resources(service);
        let candidate = self.catalogue.candidate(service, &service.calendars[0], &resources)?;
        let place = Place { candidate, start };
        Ok(self.writer.book(&business_id("harbour"), wanted, place, now, fence).await?.appointment)
    }

    async fn reschedule(&self, n: u32, start: Timestamp) -> Result<Appointment, AppointmentError> {
        let service = &self.catalogue.services[0];
        let resources = self.catalogue.resources(service);
        let candidate = self.catalogue.candidate(service, &service.calendars[0], &resources)?;
        let place = Place { candidate, start };
        let business = business_id("harbour");
        Ok(self.writer.reschedule(&business, &id(n), |_| Ok(()), place, NOW, None).await?.appointment)
    }

    /// What is taken of both calendars from the first quarter on; both are always taken together.
    async fn taken(&self) -> Vec<Entry> {
        let [anna, room] = ["anna", "room"].map(|id| CalendarId::parse(id).unwrap());
        let days = Interval { from: NOW, until: quarter(1_000) };
        let agendas = self
            .reader
            .agendas(&business_id("harbour"), vec![anna.clone(), room.clone()], days, NOW)
            .await
            .unwrap();
        let of = |calendar| agendas.entries(calendar, NOW).into_iter().cloned().collect::<Vec<Entry>>();
        assert_eq!(of(&anna), of(&room));
        of(&anna)
    }

    async fn due(&self, now: Timestamp) -> Vec<(String, u32, Timestamp)> {
        let due = self.reader.due(now).await.unwrap().into_iter();
        let mut due: Vec<_> =
            due.map(|due| (due.appointment.to_string(), due.before_minutes, due.start)).collect();
        due.sort();
        due
    }
}

/// 500 people ask for one time at once: one gets it, and each of the others is told that it is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_500_who_ask_for_one_time_one_gets_it() {
    let world = World::new().await;
    let bookings = (0..500).map(|n| {
        let desk = Desk::new(&world.aws);
        async move { desk.book(&wanted(n), quarter(0), NOW).await }
    });
    let results = all_at_once(bookings).await;
    let booked: Vec<_> = results.iter().flatten().collect();
    assert_eq!(booked.len(), 1);
    let taken = results.iter().filter(|result| **result == Err(Refusal::SlotTaken.into())).count();
    assert_eq!(taken, 499, "{:?}", results.iter().find(|result| **result != Err(Refusal::SlotTaken.into())));
    let desk = Desk::new(&world.aws);
    let entries = desk.taken().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].appointment, booked[0].id);
}

#[tokio::test]
async fn the_same_request_gets_the_same_appointment_though_answers_are_lost() {
    let (world, lossy) = World::lossy().await;
    let desk = Desk::new(&world.aws);
    let first = desk.book(&wanted(1), quarter(0), NOW).await.unwrap();
    // Reads of the appointment and of four agendas at most, then the transaction: each answer is lost once.
    for lost in 0..7 {
        let n = 10 + lost;
        lossy.lose(lost..lost + 1);
        let start = quarter(8 * i64::from(lost) + 8);
        let booked = desk.book(&wanted(n), start, NOW).await.unwrap();
        assert_eq!((booked.start, booked.version), (start, 1));
    }
    assert_eq!(desk.taken().await.len(), 8);
    let later = NOW.plus(Duration::from_secs(60));
    assert_eq!(desk.book(&wanted(1), quarter(0), later).await, Ok(first.clone()));
    assert_eq!(
        desk.book(&wanted(1), quarter(400), later).await,
        Ok(first),
        "its key says that it is the same"
    );
}

/// A move that is cut off at any request leaves exactly one interval taken, and the reminders of that one.
#[tokio::test]
async fn a_move_that_is_cut_off_leaves_one_interval_taken() {
    for cut in 0..8 {
        let (world, lossy) = World::lossy().await;
        let desk = Desk::new(&world.aws);
        desk.book(&wanted(1), quarter(0), NOW).await.unwrap();
        // Everything from this answer on is lost, so the process is as good as dead.
        lossy.lose(cut..1_000);
        let cut_off =
            tokio::time::timeout(Duration::from_millis(400), desk.reschedule(1, quarter(200))).await;
        lossy.lose(0..0);
        let stands = desk.reader.one(&business_id("harbour"), &id(1)).await.unwrap().unwrap();
        let entries = desk.taken().await;
        assert_eq!(entries.len(), 1, "cut {cut}: {cut_off:?}");
        assert_eq!(entries[0].start, stands.start, "cut {cut}");
        let due = desk.due(quarter(1_000)).await;
        assert!(
            due.len() == 2 && due.iter().all(|(_, _, start)| *start == stands.start),
            "cut {cut}: {due:?}"
        );
        // Asking again finishes it.
        assert_eq!(desk.reschedule(1, quarter(200)).await.unwrap().start, quarter(200));
        assert_eq!(desk.taken().await.len(), 1);
    }
}

#[tokio::test]
async fn moving_an_appointment_moves_its_reminders() {
    let world = World::new().await;
    let desk = Desk::new(&world.aws);
    let business = business_id("harbour");
    desk.book(&wanted(1), quarter(0), NOW).await.unwrap();
    let hour = Duration::from_secs(3_600);
    assert_eq!(
        desk.due(quarter(0).minus(hour).minus(Duration::from_millis(1))).await.len(),
        1,
        "the day before"
    );
    assert_eq!(desk.due(quarter(0).minus(hour)).await.len(), 2);
    desk.reschedule(1, quarter(100)).await.unwrap();
    assert_eq!(desk.due(quarter(0)).await, [], "those of the old time are gone");
    let due = desk.reader.due(quarter(100)).await.unwrap();
    assert_eq!(due.len(), 2);
    let reminders = ReminderWriter::new(&world.aws, TABLE);
    let Reminder { start, before_minutes, .. } = due[0];
    let sent = Outcome::Sent { way: WayWord::Sms };
    let became = Reminded { start, before_minutes, outcome: sent, at: NOW };
    assert_eq!(reminders.settle(&due[0], &became).await, Ok(true));
    assert_eq!(reminders.settle(&due[0], &became).await, Ok(false), "one sweep alone sends it");
    let later = due[1].due.plus(hour);
    assert_eq!(reminders.put_off(&due[1], later).await, Ok(true));
    assert_eq!(reminders.put_off(&due[1], later).await, Ok(false), "it is elsewhere on the list");
    assert_eq!(desk.due(later.minus(Duration::from_millis(1))).await, []);
    let of = desk.reader.reminders(&business, &id(1)).await.unwrap().unwrap();
    assert_eq!((of.owed.len(), of.over), (1, vec![became]));
    let put_off = desk.reader.due(later).await.unwrap();
    assert_eq!(put_off.len(), 1);
    assert_eq!(reminders.drop_unwanted(&put_off[0]).await, Ok(true));
    assert_eq!(reminders.drop_unwanted(&put_off[0]).await, Ok(false));
    assert_eq!(desk.reader.reminders(&business, &id(9)).await, Ok(None));
    desk.writer.cancel(&business, &id(1), |_| Ok(()), NOW, None).await.unwrap();
    assert_eq!(desk.due(quarter(1_000)).await, []);
    assert_eq!(desk.taken().await, []);
}

#[tokio::test]
async fn a_hold_is_given_away_after_180_seconds_though_its_row_is_there() {
    let world = World::new().await;
    let desk = Desk::new(&world.aws);
    let held = desk.book(&Wanted { hold: true, ..wanted(1) }, quarter(0), NOW).await.unwrap();
    assert_eq!(held.status, Status::Held);
    let almost = NOW.plus(Duration::from_secs(179));
    assert_eq!(desk.book(&wanted(2), quarter(0), almost).await, Err(Refusal::SlotTaken.into()));
    let service = &desk.catalogue.services[0];
    let lanes: Vec<_> = desk.catalogue.calendars.iter().map(Calendar::lane).collect();
    let (business, held) = (business_id("harbour"), held.id);
    let confirm = |now| desk.writer.confirm(&business, &held, (service, &lanes), None, now, None);
    let over = NOW.plus(HOLD_LASTS);
    assert_eq!(desk.book(&wanted(3), quarter(0), over).await.map(|booked| booked.id), Ok(id(3)));
    assert_eq!(confirm(over).await, Err(Refusal::HoldExpired.into()));
    // In time, but the time is another's by a clock that is ahead.
    assert_eq!(confirm(almost).await, Err(Refusal::SlotTaken.into()));
    let other = desk.book(&Wanted { hold: true, ..wanted(4) }, quarter(20), NOW).await.unwrap();
    let booked =
        desk.writer.confirm(&business, &other.id, (service, &lanes), None, almost, None).await.unwrap();
    assert_eq!((booked.appointment.status, booked.replayed), (Status::Booked, false));
    let again = desk.writer.confirm(&business, &other.id, (service, &lanes), None, over, None).await.unwrap();
    assert!(again.replayed);
    assert_eq!(desk.book(&wanted(5), quarter(20), over).await, Err(Refusal::SlotTaken.into()));
}

/// A person who holds one time and takes another has one: the first is free for others at once.
#[tokio::test]
async fn a_hold_is_given_back_in_the_step_that_takes_another_time() {
    let world = World::new().await;
    let desk = Desk::new(&world.aws);
    desk.book(&Wanted { hold: true, ..wanted(1) }, quarter(0), NOW).await.unwrap();
    let instead = |n: u32, hold| Wanted { hold, in_place_of: Some(id(1)), ..wanted(n) };
    // Overlaps with the time that is held by the same person.
    let held = desk.book(&instead(2, true), quarter(2), NOW).await.unwrap();
    assert_eq!((held.status, desk.taken().await.len()), (Status::Held, 1));
    let first = desk.reader.one(&business_id("harbour"), &id(1)).await.unwrap().unwrap();
    assert_eq!(first.status, Status::Cancelled);
    let booked = desk.book(&Wanted { in_place_of: Some(id(2)), ..wanted(3) }, quarter(2), NOW).await.unwrap();
    assert_eq!((booked.status, desk.taken().await.len()), (Status::Booked, 1));
    // What is booked is no hold, and is not given back.
    let other = Wanted { in_place_of: Some(id(3)), ..wanted(4) };
    desk.book(&other, quarter(40), NOW).await.unwrap();
    assert_eq!(desk.taken().await.len(), 2);
}

#[tokio::test]
async fn a_session_that_was_superseded_books_nothing() {
    let world = World::new().await;
    let calls = stores::calls::Writer::new(&world.aws, TABLE, LEASES, TABLE);
    calls.open(&open_call(1, 4)).await.unwrap();
    let desk = Desk::new(&world.aws);
    let (call, later) = (call_sid(1), call_sid(2));
    let fence = |epoch| Some(Fence { call: &call, epoch: Epoch(epoch) });
    assert!(desk.fenced(&wanted(1), quarter(0), NOW, fence(1)).await.is_ok());
    // A session of an epoch that is behind the row's.
    let refused = desk.fenced(&wanted(2), quarter(20), NOW, fence(0)).await;
    assert_eq!(refused, Err(AppointmentError::Superseded));
    let unknown = Some(Fence { call: &later, epoch: Epoch(1) });
    assert!(desk.fenced(&wanted(3), quarter(40), NOW, unknown).await.is_ok());
    assert_eq!(desk.taken().await.len(), 2);
}

#[tokio::test]
async fn appointments_are_found_by_time_and_by_person() {
    let world = World::new().await;
    let desk = Desk::new(&world.aws);
    let business = business_id("harbour");
    for n in 1..=5 {
        desk.book(&wanted(n), quarter(i64::from(n) * 10), NOW).await.unwrap();
    }
    let all = Interval { from: NOW, until: quarter(1_000) };
    let ids = |page: &[Appointment]| page.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    let first = desk.reader.list(&business, all, 2, None).await.unwrap();
    assert_eq!(ids(&first.appointments), [id(1), id(2)]);
    desk.reschedule(1, quarter(45)).await.unwrap();
    let second = desk.reader.list(&business, all, 3, first.next.as_ref()).await.unwrap();
    assert_eq!(ids(&second.appointments), [id(3), id(4), id(1)]);
    let last = desk.reader.list(&business, all, 3, second.next.as_ref()).await.unwrap();
    assert_eq!((ids(&last.appointments), last.next), (vec![id(5)], None));
    let theirs = desk.reader.of_person(&business, by_number(&phone(1)), NOW).await.unwrap();
    assert_eq!(theirs.iter().map(|one| one.start).collect::<Vec<_>>(), [quarter(45)]);
    assert_eq!(desk.reader.of_person(&business, by_number(&phone(1)), quarter(46)).await.unwrap(), []);
    assert_eq!(desk.reader.of_person(&business_id("castle"), by_number(&phone(1)), NOW).await.unwrap(), []);
    assert_eq!(desk.reader.one(&business_id("castle"), &id(1)).await, Ok(None));
    let may = |appointment: &Appointment| match appointment.is_of(by_number(&phone(9))) {
        true => Ok(()),
        false => Err(Refusal::NotYours.into()),
    };
    let cancelled = desk.writer.cancel(&business, &id(1), may, NOW, None).await;
    assert_eq!(cancelled, Err(Refusal::NotYours.into()));
    desk.writer.cancel(&business, &id(1), |_| Ok(()), NOW, None).await.unwrap();
    let again = desk.writer.cancel(&business, &id(1), may, NOW, None).await;
    assert_eq!(again, Err(Refusal::NotYours.into()), "nor is anything told of one that is called off");
    let missed = desk.writer.end(&business, &id(2), |_| Ok(()), false, quarter(21)).await.unwrap();
    assert_eq!(missed.appointment.status, Status::NoShow);
}

#[tokio::test]
async fn what_is_offered_changes_under_its_version() {
    let world = World::new().await;
    let (writer, reader) = (CatalogueWriter::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let business = business_id("harbour");
    assert_eq!(reader.catalogue(&business).await, Ok(Catalogue::default()));
    assert_eq!(writer.put_calendar(&business, &calendar("anna"), 0).await, Ok(1));
    assert_eq!(writer.put_calendar(&business, &calendar("anna"), 0).await, Err(None));
    let closed = Calendar { active: false, ..calendar("anna") };
    assert_eq!(writer.put_calendar(&business, &closed, 1).await, Ok(2));
    assert_eq!(writer.put_calendar(&business, &closed, 1).await, Err(None));
    assert_eq!(writer.put_service(&business, &service(), 0).await, Ok(1));
    let catalogue = reader.catalogue(&business).await.unwrap();
    assert_eq!((catalogue.calendars.clone(), catalogue.services.clone()), (vec![closed], vec![service()]));
    assert_eq!(reader.catalogue(&business_id("castle")).await, Ok(Catalogue::default()));
    let service = &catalogue.services[0];
    let refused = catalogue
        .candidate(service, &service.calendars[0], &[])
        .map(|candidate| candidate.service.id.clone());
    assert_eq!(refused, Err(Refusal::UnknownCalendar), "it is closed");
}

/// An appointment is found by the number and by the contact of its person, once; what becomes of it is told to the timeline in
/// the transaction that writes it; that of a deleted contact can be changed.
#[tokio::test]
async fn an_appointment_is_found_by_its_contact_whose_timeline_is_told() {
    let world = World::new().await;
    let desk = Desk::new(&world.aws);
    let business = business_id("harbour");
    let people = contacts::Reader::new(&world.aws, TABLE);
    let first = contacts::First::new(&world.aws, TABLE, TABLE);
    let (theirs, _) = first.of(&business, &Handle::phone(&phone(1)), NOW).await.unwrap();
    let stranger = Contact::new(domain::ContactId::new(NOW, 7)).id;
    let contact = theirs.contact.id;
    let of_contact = |n| {
        let wanted = wanted(n);
        Wanted { person: Person { contact: Some(contact), ..wanted.person.clone() }, ..wanted }
    };
    desk.book(&of_contact(1), quarter(0), NOW).await.unwrap();
    desk.book(&wanted(2), quarter(8), NOW).await.unwrap();
    let by = async |number: Option<u32>, contacts: &[domain::ContactId]| {
        let number = number.map(phone);
        let whose = Whose { number: number.as_ref(), contacts };
        let found = desk.reader.of_person(&business, whose, NOW).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(by(Some(1), &[]).await, [id(1)]);
    assert_eq!(by(None, &[contact]).await, [id(1)]);
    assert_eq!(by(Some(1), &[contact]).await, [id(1)], "by both, once");
    assert_eq!(by(Some(2), &[stranger, contact]).await, [id(1), id(2)], "the earliest first");
    assert_eq!(by(None, &[stranger]).await, []);
    desk.reschedule(1, quarter(40)).await.unwrap();
    desk.reschedule(1, quarter(40)).await.unwrap();
    assert_eq!(by(None, &[contact]).await, [id(1)]);
    let told = async || {
        let kind = Some(EntryKind::Appointment);
        let page = people.timeline(&business, &[contact], kind, 100, None).await.unwrap();
        let word = |what| match what {
            What::Appointment { became, .. } => became,
            other => panic!("{other:?}"),
        };
        page.entries.into_iter().map(|entry| word(entry.what)).collect::<Vec<_>>()
    };
    let mut words = told().await;
    words.sort();
    assert_eq!(words, ["booked", "moved"], "each once");
    desk.writer.end(&business, &id(1), |_| Ok(()), false, quarter(41)).await.unwrap();
    desk.writer.end(&business, &id(1), |_| Ok(()), true, quarter(41)).await.unwrap();
    assert_eq!(told().await[0], "done", "what was corrected is not told any more");
    assert_eq!(told().await.len(), 3);

    desk.book(&of_contact(3), quarter(80), NOW).await.unwrap();
    let keeper = contacts::Writer::new(&world.aws, TABLE, TABLE);
    assert!(keeper.delete(&business, &theirs).await.unwrap());
    let cancelled = desk.writer.cancel(&business, &id(3), |_| Ok(()), NOW, None).await.unwrap();
    assert_eq!(cancelled.appointment.status, Status::Cancelled);
    assert_eq!(told().await, Vec::<String>::new());
}
