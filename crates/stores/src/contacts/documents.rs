//! The business's own fields and statuses: a document each, changed under the version that was read.

use domain::BusinessId;
use domain::contact::{FieldSchema, Pipeline};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BODY, Reader, VERSION, Writer, partition};
use crate::StoreError;
use crate::item::{Draft, number, to_json};
use crate::table::{ABSENT, Key, Table, WriteOutcome};

const FIELDS: &str = "document#fields";
const PIPELINE: &str = "document#pipeline";

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
    /// The fields that a business has for its contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fields(&self, business: &BusinessId) -> Result<Document<FieldSchema>, StoreError> {
        read(&self.contacts, business, FIELDS).await
    }

    /// The statuses of a business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pipeline(&self, business: &BusinessId) -> Result<Document<Pipeline>, StoreError> {
        read(&self.contacts, business, PIPELINE).await
    }
}

impl Writer {
    /// Changes the fields, if they are still those of the version `seen`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_fields(
        &self,
        business: &BusinessId,
        fields: &FieldSchema,
        seen: u64,
    ) -> Result<DocumentSaved, StoreError> {
        save(&self.contacts, business, FIELDS, fields, seen).await
    }

    /// Changes the statuses, if they are still those of the version `seen`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_pipeline(
        &self,
        business: &BusinessId,
        pipeline: &Pipeline,
        seen: u64,
    ) -> Result<DocumentSaved, StoreError> {
        save(&self.contacts, business, PIPELINE, pipeline, seen).await
    }
}

async fn read<T: DeserializeOwned + Default>(
    table: &Table,
    business: &BusinessId,
    name: &str,
) -> Result<Document<T>, StoreError> {
    match table.get(&Key::new(partition(business), name)).await? {
        Some(row) => Ok(Document { value: row.json(BODY)?, version: row.number(VERSION)? }),
        None => Ok(Document::default()),
    }
}

async fn save<T: Serialize>(
    table: &Table,
    business: &BusinessId,
    name: &str,
    value: &T,
    seen: u64,
) -> Result<DocumentSaved, StoreError> {
    let draft = Draft::default().text(BODY, to_json(&table.name, BODY, value)?).number(VERSION, seen + 1);
    let request = table.client.put_item().table_name(&*table.name);
    let request = request.set_item(Some(Key::new(partition(business), name).item(draft)));
    let request = match seen {
        0 => request.condition_expression(ABSENT),
        seen => {
            request.condition_expression("version = :seen").expression_attribute_values(":seen", number(seen))
        }
    };
    Ok(match table.outcome(request.send().await)? {
        WriteOutcome::Done(_) => DocumentSaved::Done(seen + 1),
        WriteOutcome::Refused(_) => DocumentSaved::Overtaken,
    })
}
