use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TransactWriteItem,
};
use futures_util::future::join_all;

use crate::support::{code, start};

pub(crate) async fn create_table(client: &aws_sdk_dynamodb::Client, name: &str) {
    let attribute =
        AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute.build().unwrap())
        .key_schema(key.build().unwrap())
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_parallel_conditional_puts_one_wins() {
    let (_endpoints, clients) = start().await;
    create_table(&clients.dynamodb, "calls").await;
    let puts = (0..50).map(|n| {
        let put = clients.dynamodb.put_item().table_name("calls").item("pk", AttributeValue::S("k".into()));
        put.item("n", AttributeValue::N(n.to_string()))
            .condition_expression("attribute_not_exists(pk)")
            .send()
    });
    let results = join_all(puts).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for refused in lost {
        assert_eq!(code(refused), "ConditionalCheckFailedException");
    }
}

#[tokio::test]
async fn a_refused_transaction_writes_nothing_and_shows_the_old_item() {
    let (_endpoints, clients) = start().await;
    create_table(&clients.dynamodb, "calls").await;
    let put = |pk: &str| {
        Put::builder()
            .table_name("calls")
            .item("pk", AttributeValue::S(pk.into()))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .unwrap()
    };
    let taken = AttributeValue::S("taken".into());
    let owner = AttributeValue::S("first".into());
    clients
        .dynamodb
        .put_item()
        .table_name("calls")
        .item("pk", taken)
        .item("owner", owner.clone())
        .send()
        .await
        .unwrap();

    let transaction = clients
        .dynamodb
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put("free")).build())
        .transact_items(TransactWriteItem::builder().put(put("taken")).build());
    let error = transaction.send().await.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception(), "{error}");
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("not cancelled")
    };
    let reasons = cancelled.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    assert_eq!(reasons[1].item().unwrap()["owner"], owner);
    let free = clients.dynamodb.get_item().table_name("calls").key("pk", AttributeValue::S("free".into()));
    assert!(free.send().await.unwrap().item().is_none());
}
