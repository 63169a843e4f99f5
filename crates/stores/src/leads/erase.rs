//! A person's leads go with the person. What is left are hashes of keys, which say that something came, for a day.

use std::collections::BTreeSet;

use domain::BusinessId;
use domain::contact::ContactId;
use platform::Aws;

use super::{about, contact_pk, lead_key};
use crate::StoreError;
use crate::table::{Key, Table};

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    contacts: Table,
}

impl Eraser {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Deletes the leads about these contacts, with what was sent, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn forget(
        &self,
        business: &BusinessId,
        contacts: &BTreeSet<ContactId>,
    ) -> Result<u64, StoreError> {
        let table = &self.contacts;
        let mut gone = 0;
        for contact in contacts {
            for (source, lead) in about(table, business, *contact).await? {
                gone += u64::from(table.delete(&lead_key(business, &source, lead)).await?);
                // By it the lead is found: it goes last.
                table.delete(&Key::new(contact_pk(business, *contact), lead.to_string())).await?;
            }
        }
        Ok(gone)
    }
}
