//! What a lead says of a person, and what becomes of their contact.

use super::mapping::{Leaf, Picked, Target};
use super::{LeadNote, LeadSource, MAX_MESSAGE};
use crate::contact::sheet::{Code, Column, Sheet, SheetRow, Weight, is_yes};
use crate::contact::{
    Contact, Entry, FieldSchema, LeadChange, LeadId, LeadRequest, MAX_TAGS, MovedBy, Pipeline, StatusId,
    What, cut,
};
use crate::{PhoneNumber, Timestamp};

/// What a lead says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadForm {
    /// What is known of the person.
    pub row: SheetRow,
    /// What the person wrote.
    pub message: Option<String>,
    /// What the person consented to.
    pub consent: Option<String>,
    /// What was left out.
    pub notes: Vec<LeadNote>,
}

/// A lead that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotALead {
    /// Why, field by field; one at least.
    pub notes: Vec<LeadNote>,
}

impl LeadSource {
    /// Reads what was sent.
    ///
    /// # Errors
    /// [`NotALead`], if a field that identifies the person cannot be read, or none is there.
    pub fn read(
        &self,
        leaves: &[Leaf],
        schema: &FieldSchema,
        pipeline: &Pipeline,
    ) -> Result<LeadForm, NotALead> {
        let picked = self.mapping.pick(leaves, schema);
        let columns = |(target, (text, _)): (&Target, &(&str, String))| match target {
            Target::Column(column) => Some((column.clone(), (*text).to_owned())),
            Target::Message | Target::Consent => None,
        };
        let (columns, cells): (Vec<Column>, Vec<String>) = picked.iter().filter_map(columns).unzip();
        let sheet = Sheet { columns: columns.iter().cloned().map(Some).collect() };
        let reading = sheet.read(&cells, &self.how, schema, pipeline);
        let note = |(place, code): &(Option<usize>, Code)| {
            let column = place.and_then(|place| columns.get(place));
            let field = column.map_or_else(|| "name".to_owned(), ToString::to_string);
            LeadNote { field, code: code.as_str().to_owned(), detail: detail(*code).to_owned() }
        };
        let (grave, light): (Vec<_>, Vec<_>) = reading
            .codes
            .iter()
            .partition(|(_, code)| code.weight() == Weight::Row && *code != Code::Nothing);
        if !grave.is_empty() {
            return Err(NotALead { notes: grave.into_iter().map(note).collect() });
        }
        let Some(row) = reading.row.filter(SheetRow::is_found_again) else {
            return Err(NotALead { notes: vec![no_handle()] });
        };
        let light = light.into_iter().filter(|(_, code)| *code != Code::Nothing);
        Ok(LeadForm {
            row,
            message: message(&picked),
            consent: self.consent_of(&picked),
            notes: light.map(note).collect(),
        })
    }

    /// What the person consented to: what the source stands for, unless the form has a box for it that was not ticked.
    fn consent_of(&self, picked: &Picked<'_>) -> Option<String> {
        let asks = self.mapping.0.contains_key(&Target::Consent);
        let ticked = picked.get(&Target::Consent).is_some_and(|(text, _)| is_yes(text));
        self.consent.clone().filter(|_| !asks || ticked)
    }
}

fn message(picked: &Picked<'_>) -> Option<String> {
    let (text, _) = picked.get(&Target::Message)?;
    Some(cut(text.trim(), MAX_MESSAGE)).filter(|text| !text.is_empty())
}

fn no_handle() -> LeadNote {
    LeadNote {
        field: "phone".to_owned(),
        code: "missing".to_owned(),
        detail: "neither a telephone number nor an e-mail address was found: see the lead's `paths`, and name them in the \
                 source's `mapping`"
            .to_owned(),
    }
}

/// What is so, as people who have no file but a source are told.
const fn detail(code: Code) -> &'static str {
    match code {
        Code::NoCountry => {
            "the number has no `+` and country code: send it whole, or give the source's `country`"
        }
        Code::Completed => {
            "the number has neither `+` nor a leading zero: it was read as one of the source's `country`"
        }
        Code::AmbiguousDate => {
            "the day reads as two different ones: send it as `2026-12-31`, or give the source's `date_order`"
        }
        _ => code.detail(),
    }
}

impl LeadForm {
    /// The number by which the person is called.
    pub fn number(&self) -> Option<PhoneNumber> {
        self.row.number()
    }

    /// Writes the lead into the contact, and says what its timeline is told. Of a new contact the source's status is where its
    /// lead begins; one that was known moves by the rule of moves that no person asks for.
    pub fn fill_in(&self, contact: &mut Contact, of: &Filling<'_>) -> Vec<Entry> {
        let Filling { source, lead, pipeline, is_new, now } = *of;
        self.row.fill_in(contact, now);
        for tag in &source.tags {
            if contact.tags.len() < MAX_TAGS {
                contact.tags.insert(tag.clone());
            }
        }
        let came = What::Lead { lead, source: source.id.clone(), name: source.name.clone() };
        let mut entries = vec![Entry::new(now, &lead.to_string(), came)];
        let status = source.status.as_ref().map(|status| pipeline.retired.get(status).unwrap_or(status));
        if let Some(to) = status.filter(|to| is_status(pipeline, to)) {
            if is_new {
                contact.lead.status = Some(to.clone());
                contact.lead.since = Some(now);
            } else {
                let by = MovedBy::LeadSource(source.id.clone());
                let request = LeadRequest { to: to.clone(), by, reason: None, confidence: None, at: now };
                if let Ok(LeadChange::Moved(moved)) = contact.lead.ask(pipeline, &request) {
                    let name = format!("{}#{}", contact.id, moved.number);
                    entries.push(Entry::new(now, &name, What::LeadMove(moved)));
                }
            }
        }
        entries
    }
}

/// What a contact is filled in from.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// Where the lead came from.
    pub source: &'a LeadSource,
    /// The lead.
    pub lead: LeadId,
    /// The business's statuses.
    pub pipeline: &'a Pipeline,
    /// Whether the lead makes the contact.
    pub is_new: bool,
    /// When it came.
    pub now: Timestamp,
}

fn is_status(pipeline: &Pipeline, id: &StatusId) -> bool {
    pipeline.statuses.iter().any(|status| status.id == *id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::mapping::{FieldPath, Mapping};
    use super::super::proof::{Proof, ProofKind};
    use super::super::{LeadSource, LeadSourceId};
    use super::*;
    use crate::BusinessId;
    use crate::campaign::Purpose;
    use crate::contact::sheet::HowToRead;
    use crate::contact::{ContactId, Known, Source};
    use crate::endpoint::signing::Signing;

    const NOW: Timestamp = Timestamp::from_secs(1_795_860_000);

    fn source() -> LeadSource {
        LeadSource {
            id: LeadSourceId::of(&BusinessId::parse("harbour").unwrap(), "web"),
            name: "Web form".to_owned(),
            enabled: true,
            proof: Proof { kind: ProofKind::Secret, header: None },
            signing: Signing::new(1),
            mapping: Mapping::default(),
            how: HowToRead::default(),
            status: Some(StatusId::parse("qualified").unwrap()),
            tags: BTreeSet::from(["web".to_owned()]),
            purpose: Purpose::Service,
            consent: Some("agrees to be called".to_owned()),
            call_now: None,
            created_at: NOW,
        }
    }

    fn leaves(parts: &[(&str, &str)]) -> Vec<Leaf> {
        let leaf =
            |(path, text): &(&str, &str)| Leaf { path: FieldPath::read(path), text: (*text).to_owned() };
        parts.iter().map(leaf).collect()
    }

    fn read(source: &LeadSource, parts: &[(&str, &str)]) -> Result<LeadForm, NotALead> {
        source.read(&leaves(parts), &FieldSchema::default(), &Pipeline::default())
    }

    fn refusal(source: &LeadSource, parts: &[(&str, &str)]) -> Vec<(String, String)> {
        let notes = read(source, parts).unwrap_err().notes;
        notes.into_iter().map(|note| (note.field, note.code)).collect()
    }

    #[test]
    fn a_lead_without_what_its_person_is_found_by_is_refused_with_the_field() {
        let of = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        assert_eq!(refusal(&source(), &[("name", "Dana")]), of("phone", "missing"));
        assert_eq!(refusal(&source(), &[("color", "blue")]), of("phone", "missing"));
        assert_eq!(refusal(&source(), &[("phone", "9.72E+11")]), of("phone", "scientific"));
        assert_eq!(refusal(&source(), &[("phone", "0501234567")]), of("phone", "no_country"));
        assert_eq!(refusal(&source(), &[("email", "dana at home")]), of("email", "email"));
        let mut national = source();
        national.how.country = Some(crate::numbering::Country::parse("IL").unwrap());
        let number = read(&national, &[("phone", "050-234-5678")]).unwrap().number().unwrap();
        assert_eq!(number.as_e164(), "+972502345678");
    }

    #[test]
    fn a_box_that_is_not_ticked_is_no_consent() {
        let mut asks = source();
        let paths = |path: &str| vec![FieldPath::parse(path).unwrap()];
        asks.mapping.0.insert(Target::Consent, paths("agree"));
        asks.mapping.0.insert(Target::parse("phone").unwrap(), paths("phone"));
        let consent = |agree: &str| {
            read(&asks, &[("phone", "+12025550143"), ("agree", agree)]).unwrap().consent.is_some()
        };
        assert!(consent("yes") && consent("TRUE") && consent("כן") && consent("on"));
        assert!(!consent("no") && !consent("") && !consent("maybe"));
        assert!(read(&source(), &[("phone", "+12025550143")]).unwrap().consent.is_some());
    }

    #[test]
    fn a_form_fills_in_what_is_not_known_or_less_certain() {
        let form =
            read(&source(), &[("phone", "+12025550143"), ("name", "Dana Levi"), ("company", "Harbour")]);
        let form = form.unwrap();
        let mut contact = Contact::new(ContactId::new(NOW, 1));
        contact.call_it(Known::by(Source::Profile, "dana 🌊".to_owned(), NOW));
        contact.company = Some(Known::by(Source::Person, "Harbour Ltd".to_owned(), NOW));
        let lead = LeadId::new(NOW, 1);
        let (source, pipeline) = (source(), Pipeline::default());
        let of = Filling { source: &source, lead, pipeline: &pipeline, is_new: false, now: NOW };
        let entries = form.fill_in(&mut contact, &of);
        assert_eq!(contact.name().unwrap().value, "Dana Levi");
        assert_eq!(contact.company.as_ref().unwrap().value, "Harbour Ltd", "a person typed it");
        assert_eq!(contact.lead.status, source.status);
        assert_eq!(entries.len(), 2, "it came, and the lead moved");
        let other = read(&source, &[("phone", "+12025550143"), ("name", "Somebody Else")]).unwrap();
        let later = Filling { now: Timestamp(NOW.0 + 1), ..of };
        assert_eq!(other.fill_in(&mut contact, &later).len(), 1);
        assert_eq!(
            contact.name().unwrap().value,
            "Dana Levi",
            "no second form replaces the first one's word"
        );
    }

    #[test]
    fn a_form_moves_no_lead_back() {
        let (source, pipeline) = (source(), Pipeline::default());
        let form = read(&source, &[("phone", "+12025550143")]).unwrap();
        let lead = LeadId::new(NOW, 1);
        let mut contact = Contact::new(ContactId::new(NOW, 1));
        contact.lead.status = Some(StatusId::parse("booked").unwrap());
        let of = Filling { source: &source, lead, pipeline: &pipeline, is_new: false, now: NOW };
        assert_eq!(form.fill_in(&mut contact, &of).len(), 1);
        assert_eq!(contact.lead.status.as_ref().unwrap().as_str(), "booked");
        assert!(contact.lead.suggestion.is_some(), "a person decides");
        let mut new = Contact::new(ContactId::new(NOW, 2));
        form.fill_in(&mut new, &Filling { is_new: true, ..of });
        assert_eq!((new.lead.moves, new.lead.status), (0, source.status.clone()), "it begins there");
    }
}
