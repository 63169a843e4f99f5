//! Work in flight, from outside: a test need not wait until a lease has lapsed.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use stores::capacity::DEPLOYMENT_KEYS;

use crate::World;

/// The holder of this work is taken for dead, and a cooldown for over. What is done stays done.
pub async fn lapse(world: &World, kind: &str, id: &str) {
    let request = world.system.aws.dynamodb.update_item();
    let request = request.table_name(world.system.name("LeasesTable").expect("a table"));
    let request = request
        .key("pk", AttributeValue::S(format!("once#{kind}#{id}")))
        .update_expression("SET lease_until = :past")
        .condition_expression("attribute_exists(pk) AND #status <> :done")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":past", AttributeValue::N("0".into()))
        .expression_attribute_values(":done", AttributeValue::S("done".into()));
    if let Err(error) = request.send().await {
        assert_eq!(error.code(), Some("ConditionalCheckFailedException"), "{error}");
    }
}

/// The only slot of a deployment that has room for one call is another's, or free again.
pub async fn fill_deployment(world: &World, taken: bool) {
    let until = if taken { world.now().plus(Duration::from_secs(3_600)) } else { Timestamp(0) };
    let request = world.system.aws.dynamodb.put_item();
    let request = request
        .table_name(world.system.name("LeasesTable").expect("a table"))
        .item("pk", AttributeValue::S(format!("{DEPLOYMENT_KEYS}0")))
        .item("holder", AttributeValue::S("another".into()))
        .item("lease_until", AttributeValue::N(until.0.to_string()));
    request.send().await.expect("the slot can be written");
}
