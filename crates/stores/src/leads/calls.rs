//! What became of calls that leads asked for.

use domain::BusinessId;
use domain::lead::Lead;
use domain::lead::calling::Calling;
use platform::Aws;

use super::{CALLING, StoredLead, due_key, lead_draft, lead_key};
use crate::item::{names, text};
use crate::table::Table;
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

/// Held by what calls the people of leads.
#[derive(Debug, Clone)]
pub struct CallWriter {
    contacts: Table,
}

impl CallWriter {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Writes what became of a call that was ordered, and takes it off the list. `false`: another worker did, or the lead is gone.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn settle(
        &self,
        business: &BusinessId,
        seen: &StoredLead,
        call: Calling,
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        let lead = Lead { call, ..seen.lead.clone() };
        let item =
            lead_key(business, &lead.source, lead.id).item(lead_draft(table, &lead, seen.raw.as_ref())?);
        let put = table.put_action(item, |put| {
            put.condition_expression("#calling = :ordered")
                .set_expression_attribute_names(Some(names(&[CALLING])))
                .expression_attribute_values(":ordered", text(seen.lead.call.word()))
        });
        let actions = [put, table.delete_action(&due_key(lead.id), |delete| delete)];
        Ok(matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done))
    }

    /// Takes a call off the list whose lead is gone, or that is over.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn forget(&self, lead: domain::contact::LeadId) -> Result<(), StoreError> {
        self.contacts.delete(&due_key(lead)).await.map(drop)
    }
}
