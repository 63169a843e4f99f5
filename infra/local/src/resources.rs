//! Makes the template's tables, queues and buckets on the endpoints, as a deployment would.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
};
use aws_sdk_sqs::types::QueueAttributeName;
use platform::aws::Aws;

use crate::template::{Keys, Queue, Table, Template};

/// What the resources are called: for each logical id, the value of its `!Ref`.
pub type Names = BTreeMap<String, String>;

#[derive(Debug, thiserror::Error)]
#[error("cannot create {resource}: {reason}")]
pub struct ResourceError {
    resource: String,
    reason: String,
}

/// Creates what is missing; what exists, with its content, stays.
///
/// A bucket's name is shared with the whole world, so it takes `suffix`; nothing else needs to.
pub async fn create(template: &Template, suffix: &str, aws: &Aws) -> Result<Names, ResourceError> {
    let mut names = Names::new();
    for table in &template.tables {
        create_table(table, aws).await?;
        names.insert(table.logical_id.clone(), table.logical_id.clone());
    }
    for bucket in &template.buckets {
        let name = format!("{}{suffix}", bucket.to_lowercase());
        create_bucket(&name, aws).await?;
        names.insert(bucket.clone(), name);
    }
    // A queue names its DLQ by ARN, so those without one come first.
    let (dlqs, sources): (Vec<&Queue>, Vec<&Queue>) =
        template.queues.iter().partition(|queue| queue.dlq.is_none());
    let mut arns = BTreeMap::new();
    for queue in dlqs.into_iter().chain(sources) {
        let (url, arn) = create_queue(queue, &arns, aws).await?;
        names.insert(queue.logical_id.clone(), url);
        arns.insert(queue.logical_id.clone(), arn);
    }
    Ok(names)
}

async fn create_table(table: &Table, aws: &Aws) -> Result<(), ResourceError> {
    let failed = |reason: String| ResourceError { resource: format!("table {}", table.logical_id), reason };
    let build = |error: aws_sdk_dynamodb::error::BuildError| failed(error.to_string());
    let mut request = aws
        .dynamodb
        .create_table()
        .table_name(&table.logical_id)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(&table.keys).map_err(build)?));
    for (name, kind) in &table.attributes {
        request = request.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::from(kind.as_str()))
                .build()
                .map_err(build)?,
        );
    }
    for (name, keys) in &table.indexes {
        request = request.global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(name)
                .set_key_schema(Some(key_schema(keys).map_err(build)?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
                .map_err(build)?,
        );
    }
    match request.send().await.map_err(aws_sdk_dynamodb::Error::from) {
        Ok(_) | Err(aws_sdk_dynamodb::Error::ResourceInUseException(_)) => {}
        Err(error) => return Err(failed(error.to_string())),
    }
    let Some(attribute) = &table.time_to_live else { return Ok(()) };
    expire_by(attribute, &table.logical_id, aws).await.map_err(|error| failed(error.to_string()))
}

/// Nothing here deletes by it: expiry is checked in code. It is there to be looked at.
async fn expire_by(attribute: &str, table: &str, aws: &Aws) -> Result<(), aws_sdk_dynamodb::Error> {
    let described = aws.dynamodb.describe_time_to_live().table_name(table).send().await?;
    let status = described.time_to_live_description.and_then(|described| described.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let wanted = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute).build()?;
    aws.dynamodb.update_time_to_live().table_name(table).time_to_live_specification(wanted).send().await?;
    Ok(())
}

fn key_schema(keys: &Keys) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let mut schema = vec![element(&keys.hash, KeyType::Hash)?];
    if let Some(range) = &keys.range {
        schema.push(element(range, KeyType::Range)?);
    }
    Ok(schema)
}

async fn create_bucket(name: &str, aws: &Aws) -> Result<(), ResourceError> {
    match aws.s3.create_bucket().bucket(name).send().await.map_err(aws_sdk_s3::Error::from) {
        Ok(_) | Err(aws_sdk_s3::Error::BucketAlreadyOwnedByYou(_)) => Ok(()),
        Err(error) => Err(ResourceError { resource: format!("bucket {name}"), reason: error.to_string() }),
    }
}

async fn create_queue(
    queue: &Queue,
    arns: &BTreeMap<String, String>,
    aws: &Aws,
) -> Result<(String, String), ResourceError> {
    let failed = |reason: String| ResourceError { resource: format!("queue {}", queue.logical_id), reason };
    let mut request = aws
        .sqs
        .create_queue()
        .queue_name(&queue.logical_id)
        .attributes(QueueAttributeName::VisibilityTimeout, queue.visibility_timeout_s.to_string());
    if let Some((dlq, max_receives)) = &queue.dlq {
        let arn = arns.get(dlq).ok_or_else(|| failed(format!("its DLQ {dlq} is not in the template")))?;
        let policy = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": max_receives });
        request = request.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    }
    let created =
        request.send().await.map_err(|error| failed(aws_sdk_sqs::Error::from(error).to_string()))?;
    let url = created.queue_url.ok_or_else(|| failed("the endpoint named no URL".into()))?;
    let attributes = aws
        .sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(|error| failed(aws_sdk_sqs::Error::from(error).to_string()))?;
    let arn = attributes
        .attributes
        .and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn))
        .ok_or_else(|| failed("the endpoint named no ARN".into()))?;
    Ok((url, arn))
}
