//! The rows and what is in them.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::BusinessId;
use domain::appointments::{Agenda, AgendaKey, Appointment, AppointmentId, Entry, Reminder};

use super::{AGENDA_KEYS, APPOINTMENT_KEYS, PERSON_KEYS, REMINDER_KEYS, START_KEYS};
use crate::StoreError;
use crate::digest::spread;
use crate::item::{Draft, Row, number, time_sk, to_json};
use crate::table::{ABSENT, Key, Table};

pub(super) const BODY: &str = "body";
pub(super) const REMINDERS: &str = "reminders";
pub(super) const VERSION: &str = "version";
/// Partitions over which reminders are spread.
pub(super) const SHARES: u64 = 8;

/// An appointment as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) appointment: Appointment,
    pub(super) reminders: Vec<Reminder>,
}

pub(super) fn stored(row: &Row) -> Result<Stored, StoreError> {
    Ok(Stored { appointment: row.json(BODY)?, reminders: row.json(REMINDERS)? })
}

pub(super) fn agenda(row: Option<&Row>) -> Result<Agenda, StoreError> {
    let Some(row) = row else { return Ok(Agenda::default()) };
    Ok(Agenda { version: row.number(VERSION)?, entries: row.json::<Vec<Entry>>(BODY)? })
}

pub(super) fn agenda_key(business: &BusinessId, (calendar, day): &AgendaKey) -> Key {
    Key::new(format!("{AGENDA_KEYS}{business}#{calendar}"), day_sk(day.0))
}

pub(super) fn day_sk(day: u32) -> String {
    format!("{day:06}")
}

pub(super) fn appointment_key(business: &BusinessId, id: &AppointmentId) -> Key {
    Key::new(format!("{APPOINTMENT_KEYS}{business}"), id.as_str())
}

/// The rows by which an appointment is found: when it begins, and by whom, as far as that is known.
fn pointers(business: &BusinessId, of: &Appointment) -> Vec<Key> {
    let by_start = Key::new(format!("{START_KEYS}{business}"), format!("{}#{}", time_sk(of.start), of.id));
    let number = of.person.number.as_ref().map(|number| number.as_e164().to_owned());
    let contact = of.person.contact.map(|contact| contact.to_string());
    let by_person = number.into_iter().chain(contact).map(|person| {
        let sk = format!("{person}#{}#{}", time_sk(of.start), of.id);
        Key::new(format!("{PERSON_KEYS}{business}"), sk)
    });
    [by_start].into_iter().chain(by_person).collect()
}

pub(super) fn reminder_key(reminder: &Reminder) -> Key {
    let share = spread(reminder.appointment.as_str().as_bytes()) % SHARES;
    let sk = format!(
        "{}#{}#{}#{}#{}",
        time_sk(reminder.due),
        reminder.business,
        reminder.appointment,
        reminder.before_minutes,
        reminder.start.0
    );
    Key::new(format!("{REMINDER_KEYS}{share}"), sk)
}

/// Of an agenda that was read, the write under the version that was read.
pub(super) fn agenda_action(
    table: &Table,
    business: &BusinessId,
    key: &AgendaKey,
    agenda: &Agenda,
) -> Result<TransactWriteItem, StoreError> {
    let draft = Draft::default()
        .text(BODY, to_json(&table.name, BODY, &agenda.entries)?)
        .number(VERSION, agenda.version + 1);
    Ok(versioned_put(table, &agenda_key(business, key), draft, agenda.version))
}

/// A put that replaces the version `seen` alone; 0: nothing.
pub(super) fn versioned_put(table: &Table, key: &Key, draft: Draft, seen: u64) -> TransactWriteItem {
    table.put_action(key.item(draft), |put| match seen {
        0 => put.condition_expression(ABSENT),
        seen => put
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":seen", number(seen)),
    })
}

/// Everything about an appointment besides the agendas: it comes first.
pub(super) fn appointment_actions(
    table: &Table,
    business: &BusinessId,
    before: Option<&Stored>,
    after: &Stored,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let seen = before.map_or(0, |before| before.appointment.version);
    let draft = Draft::default()
        .text(BODY, to_json(&table.name, BODY, &after.appointment)?)
        .text(REMINDERS, to_json(&table.name, REMINDERS, &after.reminders)?)
        .number(VERSION, after.appointment.version);
    let key = appointment_key(business, &after.appointment.id);
    let mut actions = vec![versioned_put(table, &key, draft, seen)];
    let found = |stored: &Stored| pointers(business, &stored.appointment);
    let owed = |stored: &Stored| stored.reminders.iter().map(reminder_key).collect::<Vec<_>>();
    let old = before.map(|before| (found(before), owed(before))).unwrap_or_default();
    let new = (found(after), owed(after));
    let gone = old
        .0
        .iter()
        .filter(|key| !new.0.contains(key))
        .chain(old.1.iter().filter(|key| !new.1.contains(key)));
    actions.extend(gone.map(|key| table.delete_action(key, |delete| delete)));
    let put = |key: &Key, draft| table.put_action(key.item(draft), |put| put);
    let come = new.0.iter().filter(|key| !old.0.contains(key));
    actions.extend(come.map(|key| put(key, Draft::default())));
    for (reminder, key) in after.reminders.iter().zip(&new.1).filter(|(_, key)| !old.1.contains(key)) {
        actions.push(put(key, Draft::default().text(BODY, to_json(&table.name, BODY, reminder)?)));
    }
    Ok(actions)
}
