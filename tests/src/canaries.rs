//! Looking for words that must not be anywhere: in every table, every bucket, every queue and the log.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use local::template::Template;

use crate::World;
use crate::log;

/// A row or an object in which a canary stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The logical id of the table or the bucket.
    pub place: String,
    /// The row's keys or the object's key.
    pub key: String,
    /// Which canary.
    pub canary: String,
    /// Until when the store keeps a row, in seconds, if it forgets it by itself.
    pub expires_at: Option<i64>,
}

impl World {
    /// Every row and object in which one of these stands, in its key or in what it holds. A number is looked for without its
    /// plus sign, since that is lost in some encodings.
    ///
    /// # Panics
    /// If a table or a bucket cannot be read.
    pub async fn find(&self, canaries: &[&str]) -> Vec<Found> {
        let canaries: Vec<&str> = canaries.iter().map(|canary| canary.trim_start_matches('+')).collect();
        let mut found = vec![];
        let template = Template::load().expect("the template");
        for table in template.tables {
            let place = table.logical_id;
            for item in self.rows(&self.system.names[&place]).await {
                let sorted: BTreeMap<_, _> = item.iter().collect();
                let text = format!("{sorted:?}");
                let key = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
                for canary in canaries.iter().filter(|canary| text.contains(**canary)) {
                    let keys = [key("pk"), key("sk")].into_iter().flatten().collect::<Vec<_>>().join(" ");
                    let number = item.get("expires_at").and_then(|value| value.as_n().ok()?.parse().ok());
                    found.push(Found {
                        place: place.clone(),
                        key: keys,
                        canary: (*canary).to_owned(),
                        expires_at: number,
                    });
                }
            }
        }
        for bucket in template.buckets {
            for (key, body) in self.objects(&bucket).await {
                let is_there = |canary: &&&str| {
                    key.contains(**canary) || body.windows(canary.len()).any(|part| part == canary.as_bytes())
                };
                for canary in canaries.iter().filter(is_there) {
                    let (place, canary) = (bucket.clone(), (*canary).to_owned());
                    found.push(Found { place, key: key.clone(), canary, expires_at: None });
                }
            }
        }
        found
    }

    /// All objects of a bucket with their bytes.
    ///
    /// # Panics
    /// If it cannot be read.
    pub async fn objects(&self, bucket: &str) -> Vec<(String, Vec<u8>)> {
        let (s3, name) = (&self.system.aws.s3, &self.system.names[bucket]);
        let listed = s3.list_objects_v2().bucket(name).send().await.expect("it is listed");
        assert!(!listed.is_truncated().unwrap_or_default(), "a test puts fewer objects");
        let mut all = vec![];
        for key in listed.contents().iter().filter_map(|object| object.key()) {
            let object = s3.get_object().bucket(name).key(key).send().await.expect("it is there");
            let body = object.body.collect().await.expect("it comes").to_vec();
            all.push((key.to_owned(), body));
        }
        all
    }

    /// All queues are empty, those of what was given up as well.
    ///
    /// # Panics
    /// If they stay otherwise.
    pub async fn no_message_is_left(&self) {
        let queues: Vec<String> = Template::load()
            .expect("the template")
            .queues
            .into_iter()
            .map(|queue| queue.logical_id)
            .collect();
        assert!(queues.iter().any(|queue| queue == "PersonsDlq") && queues.len() > 10, "{queues:?}");
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        self.until(|| async {
            for queue in &queues {
                let url = &self.system.names[queue];
                let asked = self.system.aws.sqs.get_queue_attributes().queue_url(url);
                let answer = asked.attribute_names(QueueAttributeName::All).send().await.expect("it is told");
                let attributes = answer.attributes.unwrap_or_default();
                if counts.iter().any(|count| attributes.get(count).is_some_and(|count| count != "0")) {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    async fn rows(&self, table: &str) -> Vec<std::collections::HashMap<String, AttributeValue>> {
        let (mut all, mut start) = (vec![], None);
        loop {
            let scan = self.system.aws.dynamodb.scan().table_name(table).consistent_read(true);
            let page = scan.set_exclusive_start_key(start).send().await.expect("it is scanned");
            all.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return all;
            }
        }
    }
}

/// The lines of the log in which one of these stands, without it.
pub fn logged(canaries: &[&str]) -> Vec<String> {
    let text = log::text();
    let canaries: Vec<&str> = canaries.iter().map(|canary| canary.trim_start_matches('+')).collect();
    let is_told = |line: &&str| canaries.iter().any(|canary| line.contains(canary));
    let hidden =
        |line: &str| canaries.iter().fold(line.to_owned(), |line, canary| line.replace(canary, "(canary)"));
    text.lines().filter(is_told).take(3).map(hidden).collect()
}
