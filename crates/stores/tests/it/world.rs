//! A DynamoDB for one test, and values to fill it with.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
pub(crate) use domain::testing::{call_sid, phone};
use domain::{Business, BusinessId, Call, CallPlan, RecordingSid, Revision, Settings, Timestamp, testing};
use local_aws::{Config, Endpoints};
use platform::Aws;
use platform::env::MapEnv;
use stores::calls::OpenCall;
use stores::capacity::{Limits, SlotRequest, WhichSlots};

use crate::lossy::Lossy;

pub(crate) const TABLE: &str = "table";
pub(crate) const LEASES: &str = "leases";

pub(crate) struct World {
    pub(crate) aws: Aws,
    _endpoints: Endpoints,
}

impl World {
    /// With both tables: `table` has a sort key and the indexes of Calls and Recordings, `leases` has neither.
    pub(crate) async fn new() -> Self {
        let endpoints = Endpoints::start(Config::default()).await.unwrap();
        let env = endpoints.env();
        Self::reached_by(endpoints, env).await
    }

    /// The same, behind a way that can lose answers.
    pub(crate) async fn lossy() -> (Self, Lossy) {
        let endpoints = Endpoints::start(Config::default()).await.unwrap();
        let lossy = Lossy::before(&endpoints.dynamodb).await;
        let mut env = endpoints.env();
        env.push(("AWS_ENDPOINT_URL_DYNAMODB".into(), lossy.url.to_string()));
        (Self::reached_by(endpoints, env).await, lossy)
    }

    async fn reached_by(endpoints: Endpoints, env: Vec<(String, String)>) -> Self {
        let env: MapEnv = env.into_iter().collect();
        let aws = Aws::load(&env).await.unwrap();
        create_sorted(&aws).await;
        create_leases(&aws).await;
        Self { aws, _endpoints: endpoints }
    }

    /// The partition keys in Leases that start with `prefix`.
    pub(crate) async fn leases(&self, prefix: &str) -> Vec<String> {
        let rows = self.aws.dynamodb.scan().table_name(LEASES).consistent_read(true).send().await.unwrap();
        let keys = rows.items().iter().map(|row| row["pk"].as_s().unwrap().clone());
        keys.filter(|pk| pk.starts_with(prefix)).collect()
    }

    pub(crate) async fn item(
        &self,
        pk: &str,
        sk: &str,
    ) -> Option<std::collections::HashMap<String, AttributeValue>> {
        let get = self.aws.dynamodb.get_item().table_name(TABLE).consistent_read(true);
        let get = get.key("pk", AttributeValue::S(pk.into())).key("sk", AttributeValue::S(sk.into()));
        get.send().await.unwrap().item
    }
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

async fn create_sorted(aws: &Aws) {
    let index = GlobalSecondaryIndex::builder()
        .index_name("by_business")
        .key_schema(key("business", KeyType::Hash))
        .key_schema(key("opened_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    let due = GlobalSecondaryIndex::builder()
        .index_name("by_due")
        .key_schema(key("due", KeyType::Hash))
        .key_schema(key("due_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    let unsettled = GlobalSecondaryIndex::builder()
        .index_name("unsettled")
        .key_schema(key("unsettled", KeyType::Hash))
        .key_schema(key("opened_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    let live = GlobalSecondaryIndex::builder()
        .index_name("live")
        .key_schema(key("live", KeyType::Hash))
        .key_schema(key("opened_at", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    aws.dynamodb
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::S))
        .attribute_definitions(attribute("business", ScalarAttributeType::S))
        .attribute_definitions(attribute("opened_at", ScalarAttributeType::N))
        .attribute_definitions(attribute("unsettled", ScalarAttributeType::S))
        .attribute_definitions(attribute("live", ScalarAttributeType::S))
        .attribute_definitions(attribute("due", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index.build().unwrap())
        .global_secondary_indexes(due.build().unwrap())
        .global_secondary_indexes(unsettled.build().unwrap())
        .global_secondary_indexes(live.build().unwrap())
        .send()
        .await
        .unwrap();
}

async fn create_leases(aws: &Aws) {
    aws.dynamodb
        .create_table()
        .table_name(LEASES)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .key_schema(key("pk", KeyType::Hash))
        .send()
        .await
        .unwrap();
}

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

pub(crate) fn recording_sid(n: u32) -> RecordingSid {
    RecordingSid::parse(&format!("RE{n:032x}")).unwrap()
}

pub(crate) fn business_id(name: &str) -> BusinessId {
    BusinessId::parse(name).unwrap()
}

pub(crate) fn business(name: &str) -> Business {
    Business { id: business_id(name), ..testing::business() }
}

pub(crate) fn settings(revision: u32, instructions: &str) -> Settings {
    let mut settings = Settings { revision: Revision(revision), ..testing::settings() };
    if let Some(inbound) = &mut settings.prompts.inbound {
        inbound.instructions = instructions.into();
    }
    settings
}

pub(crate) fn call(n: u32) -> Call {
    testing::call(n, NOW)
}

fn plan(n: u32) -> CallPlan {
    CallPlan { minted_at: NOW, ..testing::plan(n) }
}

pub(crate) const TOKEN_TTL: Duration = Duration::from_secs(60);
pub(crate) const SLOT_TTL: Duration = Duration::from_secs(3600);

/// More calls than any test has.
pub(crate) const DEPLOYMENT_LIMIT: u16 = 1_000;

pub(crate) fn open_call(n: u32, limit: u16) -> OpenCall {
    OpenCall {
        call: call(n),
        plan: Some(plan(n)),
        token_ttl: TOKEN_TTL,
        slots: Some(SlotRequest {
            business: business_id("harbour"),
            which: WhichSlots::Free(Limits { business: limit, deployment: DEPLOYMENT_LIMIT }),
            ttl: SLOT_TTL,
        }),
        name: None,
        reserved: None,
        now: NOW,
    }
}

/// Runs all futures at once, on several threads, and gives their results.
pub(crate) async fn all_at_once<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
