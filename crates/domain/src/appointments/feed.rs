//! A calendar's appointments as iCalendar (RFC 5545), for calendar programs that subscribe to them.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::Offset;

use super::{Appointment, Calendar, Service, Status};
use crate::{BusinessId, Timestamp};

/// How long a cancelled appointment stays in the feed, so that every subscriber learns of it.
pub const FEED_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest line, octets, without its end (RFC 5545, 3.1).
const LINE_MAX: usize = 75;

/// What a feed is written from.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    /// Whose calendar it is.
    pub business: &'a BusinessId,
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The services, for their names.
    pub services: &'a [Service],
    /// The appointments. Those that are held are left out.
    pub appointments: &'a [Appointment],
    /// Whether people are named in full, with their notes; otherwise by their first name.
    pub full: bool,
}

impl Feed<'_> {
    /// The whole feed. Equal appointments give equal bytes: nothing in it is the time of the request.
    pub fn write(&self) -> String {
        let mut out = Lines(String::new());
        out.line("BEGIN", "VCALENDAR");
        out.line("VERSION", "2.0");
        out.line("PRODID", "-//Switchboard//Appointments//EN");
        out.line("METHOD", "PUBLISH");
        out.text("NAME", &self.calendar.name);
        out.text("X-WR-CALNAME", &self.calendar.name);
        out.line("REFRESH-INTERVAL;VALUE=DURATION", "PT15M");
        out.line("X-PUBLISHED-TTL", "PT15M");
        for appointment in self.appointments {
            self.event(&mut out, appointment);
        }
        out.line("END", "VCALENDAR");
        out.0
    }

    fn event(&self, out: &mut Lines, appointment: &Appointment) {
        let status = match appointment.status {
            Status::Held => return,
            Status::Cancelled => "CANCELLED",
            Status::Booked | Status::Done | Status::NoShow => "CONFIRMED",
        };
        let service = self.services.iter().find(|service| service.id == appointment.service);
        let service = service.map_or(appointment.service.as_str(), |service| &service.name);
        let name = appointment.person.name.trim();
        let name = if self.full { name } else { name.split_whitespace().next().unwrap_or_default() };
        let summary = if name.is_empty() { service.to_owned() } else { format!("{service}: {name}") };
        out.line("BEGIN", "VEVENT");
        out.text("UID", &format!("{}@{}.switchboard", appointment.id, self.business));
        out.line("DTSTAMP", &utc(appointment.changed_at));
        out.line("LAST-MODIFIED", &utc(appointment.changed_at));
        out.line("CREATED", &utc(appointment.created_at));
        out.line("SEQUENCE", &appointment.sequence.to_string());
        out.line("DTSTART", &utc(appointment.start));
        out.line("DTEND", &utc(appointment.end));
        out.text("SUMMARY", &summary);
        if let Some(notes) = appointment.notes.as_ref().filter(|_| self.full) {
            out.text("DESCRIPTION", notes);
        }
        out.line("STATUS", status);
        out.line("END", "VEVENT");
    }
}

/// A moment in the form of UTC, which needs no description of a zone.
fn utc(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Offset::UTC.to_datetime(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Content lines, folded and with their ends.
struct Lines(String);

impl Lines {
    /// A property whose value needs no escape.
    fn line(&mut self, name: &str, value: &str) {
        let mut room = LINE_MAX;
        for letter in name.chars().chain([':']).chain(value.chars()) {
            // Octets, not letters; and no letter is cut in two.
            if letter.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = LINE_MAX - 1;
            }
            room -= letter.len_utf8();
            self.0.push(letter);
        }
        let _ = self.0.write_str("\r\n");
    }

    /// A property whose value is a text (RFC 5545, 3.3.11). Other control characters are left out.
    fn text(&mut self, name: &str, value: &str) {
        let mut escaped = String::with_capacity(value.len());
        for letter in value.replace("\r\n", "\n").replace('\r', "\n").chars() {
            match letter {
                '\\' | ';' | ',' => escaped.extend(['\\', letter]),
                '\n' => escaped.push_str("\\n"),
                letter if letter.is_control() => {}
                letter => escaped.push(letter),
            }
        }
        self.line(name, &escaped);
    }
}
