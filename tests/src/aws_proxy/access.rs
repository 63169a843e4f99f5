//! Requests to AWS in IAM's words.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;

use crate::World;

/// One action on one table, index, queue, bucket or its objects: (`dynamodb:PutItem`, `CallsTable`).
pub type Access = (String, String);

/// Ends the name of a queue that stands in another's place and has no worker.
pub const ASIDE: &str = "-aside";

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

/// A transaction needs the permission of each of its actions, and none of its own.
pub(super) fn to_tables(operation: &str, request: &Value) -> Vec<Access> {
    let named = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let action = |operation: &str| format!("dynamodb:{operation}");
    if let Some(tables) = request["RequestItems"].as_object() {
        return tables.keys().map(|table| (action(operation), table.clone())).collect();
    }
    if let Some(actions) = request["TransactItems"].as_array() {
        let actions = actions.iter().filter_map(Value::as_object).flatten();
        let one = |(kind, of): (&String, &Value)| (action(&format!("{kind}Item")), named(&of["TableName"]));
        return actions.map(one).collect();
    }
    let index = request["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
    vec![(action(operation), named(&request["TableName"]) + &index)]
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
