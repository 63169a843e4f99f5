//! The few requests that every store is made of.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, DeleteBuilder, PutBuilder};
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::StoreError;
use crate::item::{Attributes, Draft, Row, text};
use platform::Aws;

pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";

/// The condition of every write that must not replace anything.
pub(crate) const ABSENT: &str = "attribute_not_exists(pk)";

/// Pages of at most 1 MB that one query follows; a call's rows are far below it.
const MAX_QUERY_PAGES: usize = 64;
/// Deletions that go on at the same time.
const DELETED_AT_ONCE: usize = 16;

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
}

/// The primary key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pk: String,
    sk: Option<String>,
}

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: Some(sk.into()) }
    }

    /// In a table without a sort key.
    pub(crate) fn single(pk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: None }
    }

    pub(crate) fn attributes(&self) -> Attributes {
        let sk = self.sk.as_ref().map(|sk| (SK.to_owned(), text(sk)));
        HashMap::from_iter([(PK.to_owned(), text(&self.pk))].into_iter().chain(sk))
    }

    /// The whole item under this key.
    pub(crate) fn item(&self, draft: Draft) -> Attributes {
        let mut attributes = draft.finish();
        attributes.extend(self.attributes());
        attributes
    }
}

/// What became of a conditional write.
pub(crate) enum WriteOutcome<T> {
    Done(T),
    /// The condition did not hold; this is the item as it stands, if there is one.
    Refused(Option<Row>),
}

impl Table {
    pub(crate) fn new(aws: &Aws, name: &str) -> Self {
        Self { client: aws.dynamodb.clone(), name: Arc::from(name) }
    }

    /// Strongly consistent.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Row>, StoreError> {
        let request = self.client.get_item().table_name(&*self.name).consistent_read(true);
        let output = request.set_key(Some(key.attributes())).send().await.map_err(|e| self.error(&e))?;
        Ok(output.item.map(|attributes| self.row(attributes)))
    }

    pub(crate) async fn put(&self, key: &Key, draft: Draft) -> Result<(), StoreError> {
        let request = self.client.put_item().table_name(&*self.name).set_item(Some(key.item(draft)));
        request.send().await.map(drop).map_err(|e| self.error(&e))
    }

    /// Puts an item where none is; otherwise gives the one that is there.
    pub(crate) async fn put_new(&self, key: &Key, draft: Draft) -> Result<WriteOutcome<()>, StoreError> {
        let request = self
            .client
            .put_item()
            .table_name(&*self.name)
            .set_item(Some(key.item(draft)))
            .condition_expression(ABSENT)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        self.outcome(request.send().await.map(drop))
    }

    /// The same as an action of a transaction.
    pub(crate) fn put_new_action(&self, key: &Key, draft: Draft) -> TransactWriteItem {
        self.put_action(key.item(draft), |put| put.condition_expression(ABSENT))
    }

    /// A put of a transaction with a condition of its own.
    pub(crate) fn put_action(
        &self,
        item: Attributes,
        condition: impl FnOnce(PutBuilder) -> PutBuilder,
    ) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // Building fails only without a table name or an item; both are given.
        TransactWriteItem::builder().set_put(condition(put).build().ok()).build()
    }

    /// A deletion of a transaction, with a condition of its own or with none.
    pub(crate) fn delete_action(
        &self,
        key: &Key,
        condition: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> TransactWriteItem {
        let delete = Delete::builder().table_name(&*self.name).set_key(Some(key.attributes()));
        // Building fails only without a table name or a key; both are given.
        TransactWriteItem::builder().set_delete(condition(delete).build().ok()).build()
    }

    /// Deletes an item. `false`: there was none.
    pub(crate) async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        let request = self.client.delete_item().table_name(&*self.name).set_key(Some(key.attributes()));
        let deleted = request.return_values(ReturnValue::AllOld).send().await.map_err(|e| self.error(&e))?;
        Ok(deleted.attributes.is_some_and(|before| !before.is_empty()))
    }

    /// Deletes all items of a partition whose sort key starts with `prefix`, and says how many there were.
    pub(crate) async fn delete_all(&self, pk: &str, prefix: &str) -> Result<u64, StoreError> {
        let rows = self.query_only(pk, prefix, "pk, sk").await?;
        let keys = rows.iter().map(|row| Ok(Key::new(row.text(PK)?, row.text(SK)?)));
        self.delete_each(keys.collect::<Result<_, StoreError>>()?).await
    }

    /// Deletes these items, several at once, and says how many there were.
    pub(crate) async fn delete_each(&self, keys: Vec<Key>) -> Result<u64, StoreError> {
        let deletions = keys.into_iter().map(|key| async move { self.delete(&key).await });
        let deleted = stream::iter(deletions).buffer_unordered(DELETED_AT_ONCE);
        deleted.try_fold(0, |count, deleted| async move { Ok(count + u64::from(deleted)) }).await
    }

    /// A condition of a transaction on an item that it does not write.
    pub(crate) fn check_action(
        &self,
        key: &Key,
        condition: impl FnOnce(ConditionCheckBuilder) -> ConditionCheckBuilder,
    ) -> TransactWriteItem {
        let check = ConditionCheck::builder().table_name(&*self.name).set_key(Some(key.attributes()));
        // Building fails only without table, key or condition; all are given.
        TransactWriteItem::builder().set_condition_check(condition(check).build().ok()).build()
    }

    /// All items of a partition whose sort key starts with `prefix`, which may be empty, in the order of the sort key.
    pub(crate) async fn query(&self, pk: &str, prefix: &str) -> Result<Vec<Row>, StoreError> {
        self.query_as(pk, prefix, |request| request).await
    }

    /// The same, of each item these attributes alone, whose names are no reserved words.
    pub(crate) async fn query_only(
        &self,
        pk: &str,
        prefix: &str,
        attributes: &str,
    ) -> Result<Vec<Row>, StoreError> {
        self.query_as(pk, prefix, |request| request.projection_expression(attributes)).await
    }

    /// The last item of a partition whose sort key starts with `prefix`.
    pub(crate) async fn last(&self, pk: &str, prefix: &str) -> Result<Option<Row>, StoreError> {
        let request = self.starting_with(pk, prefix).scan_index_forward(false).limit(1);
        let page = request.send().await.map_err(|e| self.error(&e))?;
        Ok(page.items.unwrap_or_default().into_iter().next().map(|item| self.row(item)))
    }

    /// All items of a partition whose sort key is neither before `from` nor behind `to`, in the order of the sort key.
    pub(crate) async fn between(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Row>, StoreError> {
        self.all_pages(|| self.spanning(pk, from, to)).await
    }

    async fn query_as(
        &self,
        pk: &str,
        prefix: &str,
        wanted: impl Fn(QueryFluentBuilder) -> QueryFluentBuilder,
    ) -> Result<Vec<Row>, StoreError> {
        self.all_pages(|| wanted(self.starting_with(pk, prefix))).await
    }

    async fn all_pages(&self, request: impl Fn() -> QueryFluentBuilder) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        let mut start = None;
        for _ in 0..MAX_QUERY_PAGES {
            let request = request().set_exclusive_start_key(start);
            let page = request.send().await.map_err(|e| self.error(&e))?;
            rows.extend(page.items.unwrap_or_default().into_iter().map(|item| self.row(item)));
            start = next_key(page.last_evaluated_key);
            if start.is_none() {
                return Ok(rows);
            }
        }
        Err(StoreError::Corrupt { table: self.name.to_string(), attribute: SK })
    }

    /// A consistent read of a partition's items whose sort key starts with `prefix`.
    pub(crate) fn starting_with(&self, pk: &str, prefix: &str) -> QueryFluentBuilder {
        let request = self.client.query().table_name(&*self.name).consistent_read(true);
        let request = request.expression_attribute_values(":pk", text(pk));
        // DynamoDB refuses an empty string in the place of a key.
        if prefix.is_empty() {
            return request.key_condition_expression("pk = :pk");
        }
        request
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", text(prefix))
    }

    /// A consistent read of a partition's items whose sort key is neither before `from` nor behind `to`.
    pub(crate) fn spanning(&self, pk: &str, from: &str, to: &str) -> QueryFluentBuilder {
        let request = self.client.query().table_name(&*self.name).consistent_read(true);
        request
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
    }

    pub(crate) fn row(&self, attributes: Attributes) -> Row {
        Row::new(&self.name, attributes)
    }

    /// A refused condition is an answer, not an error.
    pub(crate) fn outcome<T, E>(
        &self,
        result: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<WriteOutcome<T>, StoreError>
    where
        E: ConditionFailure + ProvideErrorMetadata,
    {
        let error = match result {
            Ok(value) => return Ok(WriteOutcome::Done(value)),
            Err(error) => error,
        };
        match error.as_service_error().and_then(ConditionFailure::standing_item) {
            Some(item) => Ok(WriteOutcome::Refused(item.map(|attributes| self.row(attributes)))),
            None => Err(self.error(&error)),
        }
    }

    pub(crate) fn error<E: ProvideErrorMetadata>(&self, error: &SdkError<E, HttpResponse>) -> StoreError {
        StoreError::from_sdk(&self.name, "the record forbids this write", error)
    }

    pub(crate) fn contended(&self) -> StoreError {
        StoreError::Contended { table: self.name.to_string() }
    }

    pub(crate) fn forbidden(&self, rule: &'static str) -> StoreError {
        StoreError::Conditional { table: self.name.to_string(), rule }
    }
}

/// Where the next read of a query begins; `None`: it is at its end. Endpoints of other makers say that with an empty key.
pub(crate) fn next_key(last: Option<Attributes>) -> Option<Attributes> {
    last.filter(|key| !key.is_empty())
}

/// Errors that can say that a condition did not hold.
pub(crate) trait ConditionFailure {
    /// `Some` when that is the error; inside, the item as it stands.
    fn standing_item(&self) -> Option<Option<Attributes>>;
}

macro_rules! condition_failure {
    ($($error:ident),+) => {
        $(impl ConditionFailure for $error {
            fn standing_item(&self) -> Option<Option<Attributes>> {
                match self {
                    $error::ConditionalCheckFailedException(failed) => Some(failed.item.clone()),
                    _ => None,
                }
            }
        })+
    };
}

condition_failure!(PutItemError, UpdateItemError, DeleteItemError);
