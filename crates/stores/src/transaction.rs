//! All or nothing, over several items and tables.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem, Update};

use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::Attributes;
use crate::table::Table;
use platform::backoff::{CONTENTION, Tries};

/// What became of a transaction.
pub(crate) enum Transacted {
    Done,
    /// Nothing was written: a condition did not hold. One entry per action, in their order.
    Refused(Vec<Action>),
}

/// One action of a refused transaction.
pub(crate) enum Action {
    /// It would have gone through.
    Willing,
    /// Its condition did not hold; this is the item as it stands, if there is one.
    Refused(Option<Attributes>),
}

/// DynamoDB's limit on a client request token, characters.
const TOKEN_CHARS: usize = 36;

/// Writes `actions` as one transaction.
///
/// `identity` names this very attempt and no other, however alike: within ten minutes DynamoDB answers its
/// repetition, by the SDK after a lost answer, with the first one's success (TransactWriteItems API
/// reference). Conflicts with other transactions are waited out here.
pub(crate) async fn transact(
    table: &Table,
    actions: &[TransactWriteItem],
    identity: &str,
) -> Result<Transacted, StoreError> {
    let mut token = sha256_hex(identity.as_bytes());
    token.truncate(TOKEN_CHARS);
    let mut tries = Tries::with(CONTENTION);
    while tries.next().await {
        let request = table.client.transact_write_items().client_request_token(&token);
        let Err(error) = request.set_transact_items(Some(actions.to_vec())).send().await else {
            return Ok(Transacted::Done);
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
        else {
            match table.error(&error) {
                StoreError::Contended { .. } => continue,
                other => return Err(other),
            }
        };
        let reasons = cancelled.cancellation_reasons();
        if reasons.iter().any(|reason| is(reason, "ConditionalCheckFailed")) {
            return Ok(Transacted::Refused(reasons.iter().map(action).collect()));
        }
        if let Some(code) = reasons.iter().find_map(fatal) {
            return Err(StoreError::Rejected { table: table.name.to_string(), code });
        }
    }
    Err(StoreError::Contended { table: table.name.to_string() })
}

/// An update that was put together as a request, as an action.
pub(crate) fn update_action(request: &UpdateItemFluentBuilder) -> TransactWriteItem {
    let input = request.as_input();
    let update = Update::builder()
        .set_table_name(input.get_table_name().clone())
        .set_key(input.get_key().clone())
        .set_update_expression(input.get_update_expression().clone())
        .set_condition_expression(input.get_condition_expression().clone())
        .set_expression_attribute_names(input.get_expression_attribute_names().clone())
        .set_expression_attribute_values(input.get_expression_attribute_values().clone())
        .set_return_values_on_condition_check_failure(
            input.get_return_values_on_condition_check_failure().clone(),
        );
    // Building fails only without table, key or expression; all are given.
    TransactWriteItem::builder().set_update(update.build().ok()).build()
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code.as_deref() == Some(code)
}

fn action(reason: &CancellationReason) -> Action {
    if is(reason, "ConditionalCheckFailed") { Action::Refused(reason.item.clone()) } else { Action::Willing }
}

/// A reason that waiting does not cure.
fn fatal(reason: &CancellationReason) -> Option<String> {
    const PASSING: [&str; 4] =
        ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let code = reason.code.as_deref().unwrap_or("None");
    (!PASSING.contains(&code)).then(|| code.to_owned())
}
