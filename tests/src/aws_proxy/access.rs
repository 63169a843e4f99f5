//! Requests to AWS in IAM's words.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use stores::ownership::keys_of;

use crate::World;

/// One action on one table, family of rows, index, queue, bucket or its objects: (`dynamodb:PutItem`, `CallsTable`),
/// (`dynamodb:PutItem`, `LeasesTable/slot#*`).
pub type Access = (String, String);

/// The rows of a table whose partition keys begin with certain words.
#[must_use]
pub fn rows(table: &str, keys: &str) -> String {
    format!("{table}/{keys}*")
}

/// Ends the name of a queue that stands in another's place and has no worker.
pub const ASIDE: &str = "-aside";

/// The secrets of businesses, all of which a role reaches or none.
pub const BUSINESS_SECRETS: &str = "businesses' secrets";

/// The logical ids of queues and buckets. A table is called by its logical id.
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub(super) fn of(world: &World) -> Self {
        let own = |(id, name): (&String, &String)| (last(name).to_owned(), id.clone());
        Self(world.system.names.iter().map(own).collect())
    }

    fn logical(&self, name: &str) -> String {
        let name = last(name);
        let name = name.strip_suffix(ASIDE).unwrap_or(name);
        self.0.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// The name at the end of a queue's address.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Reads are eventually consistent unless they say otherwise (DynamoDB, "Read consistency").
pub(super) fn may_be_stale(operation: &str, request: &Value) -> bool {
    let consistent = |read: &Value| read["ConsistentRead"].as_bool() == Some(true);
    match operation {
        "GetItem" | "Query" | "Scan" => !consistent(request),
        "BatchGetItem" => {
            request["RequestItems"].as_object().into_iter().flatten().any(|(_, read)| !consistent(read))
        }
        _ => false,
    }
}

/// The table, or the family of rows in it that an item or a key belongs to.
fn reached(table: &str, item: &Value) -> String {
    let key = item["pk"]["S"].as_str().unwrap_or_default();
    let logical = table.trim_end_matches("Table");
    keys_of(logical, key).map_or_else(|| table.to_owned(), |keys| rows(table, keys))
}

/// The items or keys that a part of a batch is about.
fn of_batch(part: &Value) -> Vec<&Value> {
    match part["Keys"].as_array() {
        Some(keys) => keys.iter().collect(),
        None => part.as_array().into_iter().flatten().map(item_of).collect(),
    }
}

/// What a write is about: the whole item, or the key of one.
fn item_of(request: &Value) -> &Value {
    let request = request.as_object().and_then(|request| request.values().next()).unwrap_or(request);
    if request["Item"].is_object() { &request["Item"] } else { &request["Key"] }
}

/// A transaction needs the permission of each of its actions, and none of its own.
pub(super) fn to_tables(operation: &str, request: &Value) -> Vec<Access> {
    let named = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let action = |operation: &str| format!("dynamodb:{operation}");
    if let Some(tables) = request["RequestItems"].as_object() {
        let one = |(table, part): (&String, &Value)| {
            of_batch(part)
                .into_iter()
                .map(|item| (action(operation), reached(table, item)))
                .collect::<Vec<_>>()
        };
        return tables.iter().flat_map(one).collect();
    }
    if let Some(actions) = request["TransactItems"].as_array() {
        let one = |whole: &Value| {
            let (kind, of) = whole.as_object()?.iter().next()?;
            Some((action(&format!("{kind}Item")), reached(&named(&of["TableName"]), item_of(whole))))
        };
        return actions.iter().filter_map(one).collect();
    }
    let index = request["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
    let table = named(&request["TableName"]);
    // A query names its partition among the values of its condition; each of ours calls it `:pk` where it matters.
    let partition = &request["ExpressionAttributeValues"][":pk"];
    let reached = match (&request["Item"], partition) {
        (item, _) if item.is_object() => reached(&table, item),
        (_, pk) if operation == "Query" => reached(&table, &serde_json::json!({ "pk": pk })),
        _ => reached(&table, &request["Key"]),
    };
    vec![(action(operation), reached + &index)]
}

pub(super) fn to_queue(names: &Names, operation: &str, request: &Value) -> Access {
    (format!("sqs:{operation}"), names.logical(request["QueueUrl"].as_str().unwrap_or_default()))
}

/// What S3 asks for is told by method, query and headers, and by the answer: without the right to list a bucket, what is
/// not there is answered with 403 instead of 404 (service authorization reference; S3 API, HeadObject).
pub(super) fn to_objects(
    names: &Names,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    status: StatusCode,
) -> Vec<Access> {
    let path = uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let bucket = names.logical(bucket);
    let folder = key.split('/').next().unwrap_or_default();
    let objects = format!("{bucket}/{folder}/*");
    let asks = |name: &str| {
        uri.query().unwrap_or_default().split('&').any(|pair| pair.split('=').next() == Some(name))
    };
    let action = match *method {
        Method::GET | Method::HEAD if key.is_empty() => return vec![("s3:ListBucket".to_owned(), bucket)],
        Method::GET | Method::HEAD => "s3:GetObject",
        Method::PUT if asks("tagging") => "s3:PutObjectTagging",
        Method::PUT | Method::POST => "s3:PutObject",
        Method::DELETE if asks("uploadId") => "s3:AbortMultipartUpload",
        Method::DELETE => "s3:DeleteObject",
        ref other => panic!("{other} {uri}: what permission is that?"),
    };
    let mut accesses = vec![(action.to_owned(), objects.clone())];
    if headers.contains_key("x-amz-tagging") {
        accesses.push(("s3:PutObjectTagging".to_owned(), objects));
    }
    if action == "s3:GetObject" && status == StatusCode::NOT_FOUND {
        accesses.push(("s3:ListBucket".to_owned(), bucket));
    }
    accesses
}
