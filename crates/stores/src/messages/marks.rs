//! Marks: that something which was left is dealt with.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::BusinessId;
use domain::access::KeyId;
use domain::messages::{Left, Mark};
use platform::Aws;

use super::{DONE_KEYS, KIND, counts, item_key};
use crate::StoreError;
use crate::item::{Draft, Row};
use crate::random;
use crate::table::Table;
use crate::transaction::{Action, Transacted, transact};

const BY: &str = "by";
const NAME: &str = "name";
const AT: &str = "at";

/// Held by the API through which people say what they dealt with.
#[derive(Debug, Clone)]
pub struct Marks {
    marks: Table,
}

impl Marks {
    /// `table` is the name of Messages.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { marks: Table::new(aws, table) }
    }

    /// Marks it as done and gives the mark that stands: the first one.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is safe.
    pub async fn set(&self, business: &BusinessId, left: &Left, mark: &Mark) -> Result<Mark, StoreError> {
        let table = &self.marks;
        let draft = Draft::default()
            .text(KIND, left.kind().as_str())
            .text(BY, mark.by.as_str())
            .text(NAME, &mark.name)
            .time(AT, mark.at);
        let put = table.put_new_action(&item_key(DONE_KEYS, business, left.id), draft);
        match self.change(business, left, put, 1).await? {
            Transacted::Done => Ok(mark.clone()),
            Transacted::Refused(refused) => match refused.into_iter().next() {
                Some(Action::Refused(Some(standing))) => of(&table.row(standing)),
                // It was taken off in this moment.
                Some(Action::Refused(None) | Action::Willing) | None => Err(table.contended()),
            },
        }
    }

    /// Takes the mark off. `false`: there was none.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is safe.
    pub async fn take_off(&self, business: &BusinessId, left: &Left) -> Result<bool, StoreError> {
        let delete = self.marks.delete_action(&item_key(DONE_KEYS, business, left.id), |delete| {
            delete.condition_expression("attribute_exists(pk)")
        });
        Ok(matches!(self.change(business, left, delete, -1).await?, Transacted::Done))
    }

    async fn change(
        &self,
        business: &BusinessId,
        left: &Left,
        change: TransactWriteItem,
        more: i64,
    ) -> Result<Transacted, StoreError> {
        let table = &self.marks;
        let mut actions = vec![change];
        actions.extend(counts(table, DONE_KEYS, business, (left.id, left.kind()), more));
        transact(table, &actions, &random::id(&table.name)?).await
    }
}

pub(super) fn of(row: &Row) -> Result<Mark, StoreError> {
    Ok(Mark { by: row.parsed(BY, KeyId::parse)?, name: row.text(NAME)?.to_owned(), at: row.time(AT)? })
}
