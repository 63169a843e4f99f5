//! The calls of one person.

use std::collections::{BTreeSet, HashMap};

use domain::contact::ContactId;
use domain::{BusinessId, CallSid, Caller, PhoneNumber, Timestamp};

use super::Reader;
use super::row::{self, BUSINESS, OPENED_AT};
use crate::StoreError;
use crate::item::{number, text, to_json};
use crate::table::next_key;

impl Reader {
    /// The business's calls that were opened before a moment, with one of these numbers at the other end, or that were of one
    /// of these contacts. It comes from an index: a call of the last second may be missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_person(
        &self,
        business: &BusinessId,
        numbers: &[PhoneNumber],
        contacts: &BTreeSet<ContactId>,
        before: Timestamp,
    ) -> Result<Vec<CallSid>, StoreError> {
        let table = &self.calls;
        let (mut either, mut values) = (vec![], HashMap::new());
        for (index, contact) in contacts.iter().enumerate() {
            either.push(format!("#contact = :contact{index}"));
            values.insert(format!(":contact{index}"), text(contact.to_string()));
        }
        for (index, number) in numbers.iter().enumerate() {
            either.push(format!("#from = :from{index} OR #to = :to{index}"));
            let from = to_json(&table.name, "from", &Caller::Number(number.clone()))?;
            values.insert(format!(":from{index}"), text(from));
            values.insert(format!(":to{index}"), text(number.as_e164()));
        }
        if either.is_empty() {
            return Ok(vec![]);
        }
        let mut names = vec![("#contact", "contact")];
        if !numbers.is_empty() {
            names.extend([("#from", "from"), ("#to", "to")]);
        }
        let (mut found, mut start) = (vec![], None);
        loop {
            let request = table.client.query().table_name(&*table.name).index_name("by_business");
            let request = request
                .key_condition_expression(format!("{BUSINESS} = :business AND {OPENED_AT} < :before"))
                .expression_attribute_values(":business", text(business.as_str()))
                .expression_attribute_values(":before", number(before.0))
                .filter_expression(either.join(" OR "));
            let request = values.iter().fold(request, |request, (name, value)| {
                request.expression_attribute_values(name, value.clone())
            });
            let request = names
                .iter()
                .filter(|(short, _)| *short != "#contact" || !contacts.is_empty())
                .fold(request, |request, (short, name)| request.expression_attribute_names(*short, *name));
            let page = request.set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| table.error(&error))?;
            for item in page.items.unwrap_or_default() {
                let call = row::call(&table.row(item))?;
                // The business's own number is at the other end of each of its calls.
                let is_at_the_end = call.other_party().is_some_and(|other| numbers.contains(other));
                if is_at_the_end || call.contact.is_some_and(|contact| contacts.contains(&contact)) {
                    found.push(call.sid);
                }
            }
            start = next_key(page.last_evaluated_key);
            if start.is_none() {
                return Ok(found);
            }
        }
    }
}
