//! The business's own fields and statuses: a document each, changed under the version that was read.

use domain::BusinessId;
use domain::contact::{FieldSchema, Pipeline};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BODY, Reader, VERSION, Writer, partition};
use crate::StoreError;
use crate::item::{Draft, number, to_json};
use crate::table::{ABSENT, Key, WriteOutcome};

/// A document that a business has one of.
pub trait BusinessDocument: Serialize + DeserializeOwned + Default + Send + Sync {
    /// What its row is called.
    const NAME: &'static str;
}

impl BusinessDocument for FieldSchema {
    const NAME: &'static str = "document#fields";
}

impl BusinessDocument for Pipeline {
    const NAME: &'static str = "document#pipeline";
}

/// A document and its version; 0 for one that was never written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document<T> {
    /// What it says.
    pub value: T,
    /// Raised by every write.
    pub version: u64,
}

/// What became of a change of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentSaved {
    /// It stands, as this version.
    Done(u64),
    /// It was changed since it was read.
    Overtaken,
}

impl Reader {
    /// A document of a business; its default if none was ever written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn document<T: BusinessDocument>(
        &self,
        business: &BusinessId,
    ) -> Result<Document<T>, StoreError> {
        match self.contacts.get(&Key::new(partition(business), T::NAME)).await? {
            Some(row) => Ok(Document { value: row.json(BODY)?, version: row.number(VERSION)? }),
            None => Ok(Document::default()),
        }
    }

    /// The fields that a business has for its contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fields(&self, business: &BusinessId) -> Result<Document<FieldSchema>, StoreError> {
        self.document(business).await
    }

    /// The statuses of a business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pipeline(&self, business: &BusinessId) -> Result<Document<Pipeline>, StoreError> {
        self.document(business).await
    }
}

impl Writer {
    /// Changes a document, if it is still that of the version `seen`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_document<T: BusinessDocument>(
        &self,
        business: &BusinessId,
        value: &T,
        seen: u64,
    ) -> Result<DocumentSaved, StoreError> {
        let table = &self.contacts;
        let draft = Draft::default().text(BODY, to_json(&table.name, BODY, value)?).number(VERSION, seen + 1);
        let request = table.client.put_item().table_name(&*table.name);
        let request = request.set_item(Some(Key::new(partition(business), T::NAME).item(draft)));
        let request = match seen {
            0 => request.condition_expression(ABSENT),
            seen => request
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", number(seen)),
        };
        Ok(match table.outcome(request.send().await)? {
            WriteOutcome::Done(_) => DocumentSaved::Done(seen + 1),
            WriteOutcome::Refused(_) => DocumentSaved::Overtaken,
        })
    }
}
