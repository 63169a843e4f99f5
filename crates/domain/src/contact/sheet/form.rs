//! A contact after a form that its person filled in.

use super::super::facts::learn;
use super::super::{Contact, FieldValue, Handle, HandleKind, Known, Source};
use super::SheetRow;
use crate::Timestamp;
use crate::phone::PhoneNumber;
use crate::zone::Zone;

impl SheetRow {
    /// Writes what a form says where nothing is known, or something less certain. Handles are the store's to give: one may
    /// belong to another contact.
    pub fn fill_in(&self, contact: &mut Contact, now: Timestamp) {
        let said = |text: &String| Known::by(Source::Form, text.clone(), now);
        if let Some(name) = &self.name {
            contact.call_it(said(name));
        }
        for (standing, new) in [
            (&mut contact.language, &self.language),
            (&mut contact.time_zone, &self.time_zone),
            (&mut contact.company, &self.company),
        ] {
            if let Some(new) = new {
                learn(standing, said(new));
            }
        }
        for (key, value) in &self.fields {
            let mut standing: Option<Known<FieldValue>> = contact.fields.remove(key);
            learn(&mut standing, Known::by(Source::Form, value.clone(), now));
            contact.fields.extend(standing.map(|standing| (key.clone(), standing)));
        }
    }

    /// The first of its numbers.
    pub fn number(&self) -> Option<PhoneNumber> {
        self.handles.iter().find_map(Handle::number)
    }

    /// Whether it says by what its person is found again.
    pub fn is_found_again(&self) -> bool {
        self.handles.iter().any(|handle| matches!(handle.kind(), HandleKind::Phone | HandleKind::Email))
    }

    /// The clocks of its person, if it says so.
    pub fn zone(&self) -> Option<Zone> {
        self.time_zone.as_deref().and_then(|zone| Zone::parse(zone).ok())
    }
}
