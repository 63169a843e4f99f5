//! Whose number it is.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use domain::numbers::OwnNumber;
use domain::{BusinessId, PhoneNumber};

use super::{BODY, BUSINESS, Reader, Saved, Writer, number_key, partition};
use crate::StoreError;
use crate::item::{Draft, Row, text, to_json};
use crate::table::Key;
use crate::transaction::Transacted;

const LISTED: &str = "number#";

impl Reader {
    /// A number with its business, if a business has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn number(&self, number: &PhoneNumber) -> Result<Option<OwnNumber>, StoreError> {
        self.businesses.get(&number_key(number)).await?.as_ref().map(own).transpose()
    }

    /// Every number of a business, by its digits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn numbers(&self, id: &BusinessId) -> Result<Vec<OwnNumber>, StoreError> {
        let rows = self.businesses.query(&partition(id), LISTED).await?;
        rows.iter().map(own).collect()
    }
}

fn own(row: &Row) -> Result<OwnNumber, StoreError> {
    row.json(BODY)
}

impl Writer {
    /// Gives a business a number, or stores what it calls one that it has.
    ///
    /// # Errors
    /// [`StoreError`]. [`Saved::Overtaken`]: another business has it.
    pub async fn take_number(&self, number: &OwnNumber) -> Result<Saved, StoreError> {
        Ok(match self.transact(&self.own_number(number)?).await? {
            Transacted::Done => Saved::Done(0),
            Transacted::Refused(_) => Saved::Overtaken,
        })
    }

    /// Moves a number of `from` to the business that `number` names.
    ///
    /// # Errors
    /// [`StoreError`]. [`Saved::Overtaken`]: it is not, or no more, a number of `from`.
    pub async fn move_number(&self, number: &OwnNumber, from: &BusinessId) -> Result<Saved, StoreError> {
        let actions = [
            self.number_action(&number_key(&number.number), number, from)?,
            self.unlist(&number.number, from),
            self.listed(number)?,
        ];
        Ok(match self.transact(&actions).await? {
            Transacted::Done => Saved::Done(0),
            Transacted::Refused(_) => Saved::Overtaken,
        })
    }

    /// Takes a number from its business. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]. [`Saved::Overtaken`]: another business has it meanwhile.
    pub async fn release_number(&self, number: &PhoneNumber, from: &BusinessId) -> Result<Saved, StoreError> {
        let table = &self.businesses;
        let delete = Delete::builder()
            .table_name(&*table.name)
            .set_key(Some(number_key(number).attributes()))
            .condition_expression("attribute_not_exists(pk) OR business = :id")
            .expression_attribute_values(":id", text(from.as_str()));
        // Building fails only without a table or a key; both are given.
        let delete = TransactWriteItem::builder().set_delete(delete.build().ok()).build();
        Ok(match self.transact(&[delete, self.unlist(number, from)]).await? {
            Transacted::Done => Saved::Done(0),
            Transacted::Refused(_) => Saved::Overtaken,
        })
    }

    /// The two rows of a number that the business has, or gets if no other business has it.
    pub(super) fn own_number(&self, number: &OwnNumber) -> Result<[TransactWriteItem; 2], StoreError> {
        let row = self.number_action(&number_key(&number.number), number, &number.business)?;
        Ok([row, self.listed(number)?])
    }

    /// The row of the number itself, if `holder` or none has it.
    fn number_action(
        &self,
        key: &Key,
        number: &OwnNumber,
        holder: &BusinessId,
    ) -> Result<TransactWriteItem, StoreError> {
        let draft = self.number_draft(number)?.text(BUSINESS, number.business.as_str());
        Ok(self.businesses.put_action(key.item(draft), |put| {
            put.condition_expression("attribute_not_exists(pk) OR business = :id")
                .expression_attribute_values(":id", text(holder.as_str()))
        }))
    }

    fn number_draft(&self, number: &OwnNumber) -> Result<Draft, StoreError> {
        Ok(Draft::default().text(BODY, to_json(&self.businesses.name, BODY, number)?))
    }

    fn listed(&self, number: &OwnNumber) -> Result<TransactWriteItem, StoreError> {
        let key = listed_key(&number.number, &number.business);
        Ok(self.businesses.put_action(key.item(self.number_draft(number)?), |put| put))
    }

    fn unlist(&self, number: &PhoneNumber, business: &BusinessId) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(&*self.businesses.name)
            .set_key(Some(listed_key(number, business).attributes()));
        // Building fails only without a table or a key; both are given.
        TransactWriteItem::builder().set_delete(delete.build().ok()).build()
    }
}

fn listed_key(number: &PhoneNumber, business: &BusinessId) -> Key {
    Key::new(partition(business), format!("{LISTED}{}", number.as_e164()))
}
