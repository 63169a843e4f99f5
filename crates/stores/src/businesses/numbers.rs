//! Whose number it is.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::numbers::{OwnNumber, SettingsChannel};
use domain::{BusinessId, PhoneNumber};

use super::{BODY, BUSINESS, Reader, Saved, Writer, document, number_key, partition};
use crate::StoreError;
use crate::item::{Draft, text, to_json};
use crate::table::Key;
use crate::transaction::{Action, Transacted};

const LISTED: &str = "number#";
/// How often a number is put on a channel that changes meanwhile.
const TRIES: usize = 5;

/// What became of giving a business a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// It is the business's, with this label and channel.
    Done,
    /// Another business has it.
    Overtaken,
    /// Nothing was published to its settings channel.
    NoChannel,
}

impl Reader {
    /// A number with its business, if a business has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn number(&self, number: &PhoneNumber) -> Result<Option<OwnNumber>, StoreError> {
        self.businesses.get(&number_key(number)).await?.as_ref().map(document::stored_number).transpose()
    }

    /// Every number of a business, by its digits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn numbers(&self, id: &BusinessId) -> Result<Vec<OwnNumber>, StoreError> {
        let rows = self.businesses.query(&partition(id), LISTED).await?;
        rows.iter().map(document::stored_number).collect()
    }
}

impl Writer {
    /// Gives a business a number, or stores what has changed of one that it has.
    ///
    /// # Errors
    /// [`StoreError`]: [`StoreError::Contended`] when its settings channel changes all the time.
    pub async fn take_number(&self, number: &OwnNumber) -> Result<Given, StoreError> {
        let [own, listed] = self.own_number(number)?;
        let SettingsChannel::Channel(name) = &number.settings else {
            return Ok(match self.transact(&[own, listed]).await? {
                Transacted::Done => Given::Done,
                Transacted::Refused(_) => Given::Overtaken,
            });
        };
        let reader = Reader { businesses: self.businesses.clone() };
        for _ in 0..TRIES {
            let Some(seen) = reader.pointer(&number.business, &number.settings).await? else {
                return Ok(Given::NoChannel);
            };
            let touch = self.touch(&number.business, name, &seen);
            match self.transact(&[own.clone(), listed.clone(), touch]).await? {
                Transacted::Done => return Ok(Given::Done),
                Transacted::Refused(actions) if matches!(actions.first(), Some(Action::Refused(_))) => {
                    return Ok(Given::Overtaken);
                }
                // Something was published to the channel, or it was taken away.
                Transacted::Refused(_) => {}
            }
        }
        Err(self.businesses.contended())
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
        let delete = self.businesses.delete_action(&number_key(number), |delete| {
            delete
                .condition_expression("attribute_not_exists(pk) OR business = :id")
                .expression_attribute_values(":id", text(from.as_str()))
        });
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
        self.businesses.delete_action(&listed_key(number, business), |delete| delete)
    }
}

fn listed_key(number: &PhoneNumber, business: &BusinessId) -> Key {
    Key::new(partition(business), format!("{LISTED}{}", number.as_e164()))
}
