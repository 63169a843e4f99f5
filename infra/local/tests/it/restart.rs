//! Killed at any moment and started again with the same folder: no accepted webhook is lost.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use platform::aws::Aws;
use platform::env::MapEnv;
use simulator::twilio::{SIGNATURE_HEADER, sign_form};

use super::process::Up;

struct Client {
    base: String,
    account: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    fn new(up: &Up) -> Self {
        platform::tls::install();
        Self {
            base: up.variable("PUBLIC_BASE_URL").trim_end_matches('/').to_owned(),
            account: up.variable("TWILIO_ACCOUNT_SID").to_owned(),
            token: up.variable("TWILIO_AUTH_TOKEN").to_owned(),
            http: reqwest::Client::new(),
        }
    }

    /// The answer if the webhook was accepted.
    async fn post(&self, path: &str, call: &str, more: &[(&str, &str)]) -> Option<String> {
        let mut fields: Vec<(String, String)> = [
            ("CallSid", call),
            ("AccountSid", self.account.as_str()),
            ("From", local::demo::business::CALLER),
            ("To", local::demo::business::NUMBER),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
        ]
        .iter()
        .filter(|(name, _)| more.iter().all(|(other, _)| other != name))
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        fields.sort();
        let url = format!("{}{path}", self.base);
        let signature = sign_form(&self.token, &url, &fields);
        let request = self.http.post(&url).header(SIGNATURE_HEADER, signature).form(&fields);
        let response = request.send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        response.text().await.ok()
    }
}

fn sid(index: usize) -> String {
    format!("CA{index:032x}")
}

/// The stream's address has the port of the run; the token has not.
fn token(twiml: &str) -> &str {
    twiml.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token")
}

async fn a_killed_process_loses_no_accepted_webhook() {
    const ROUNDS: usize = 4;
    const CALLS_A_ROUND: usize = 4;
    let data = tempfile::tempdir().unwrap();
    let mut accepted: Vec<(String, String)> = vec![];
    for round in 0..ROUNDS {
        let up = Up::start(data.path());
        let client = Client::new(&up);
        let calls = (0..CALLS_A_ROUND).map(|call| sid(round * CALLS_A_ROUND + call));
        let posts = calls.map(|sid| {
            let client = &client;
            async move {
                let answer = client.post("/twilio/voice/inbound", &sid, &[]).await;
                answer.map(|answer| (sid, answer))
            }
        });
        // Killed as soon as 0, 1, 2 or 3 of them are answered: the others are before, in or behind their writes.
        let mut posts: FuturesUnordered<_> = posts.collect();
        let mut answers = vec![];
        while answers.len() < round {
            answers.extend(posts.next().await.expect("there are more calls than that"));
        }
        assert_eq!(answers.len(), round, "nothing is refused before the kill");
        up.kill();
        answers.extend(posts.filter_map(|answer| async { answer }).collect::<Vec<_>>().await);
        accepted.extend(answers);
    }
    assert!(accepted.len() >= (0..ROUNDS).sum::<usize>(), "{}", accepted.len());

    let up = Up::start(data.path());
    let client = Client::new(&up);
    for (sid, answer) in &accepted {
        let again = client.post("/twilio/voice/inbound", sid, &[]).await.expect("a copy is served");
        assert_eq!(token(&again), token(answer), "the same call, the same token");
    }
    up.kill();
}

async fn a_pending_job_survives_the_kill() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let client = Client::new(&up);
    client.post("/twilio/voice/inbound", &sid(1), &[]).await.expect("accepted");
    let completed = [("CallStatus", "completed"), ("SequenceNumber", "3"), ("CallDuration", "1")];
    client.post("/twilio/voice/status", &sid(1), &completed).await.expect("accepted");
    up.kill();

    let up = Up::start(data.path());
    let variables = up.environment.as_object().unwrap();
    let env: MapEnv =
        variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    let aws = Aws::load(&env).await.unwrap();
    let attributes = aws
        .sqs
        .get_queue_attributes()
        .queue_url(up.variable("QUEUE_TRANSCRIPTS"))
        .attribute_names(aws_sdk_sqs::types::QueueAttributeName::All)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    let count = |name: &str| -> u32 {
        let name = aws_sdk_sqs::types::QueueAttributeName::from(name);
        attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0)
    };
    let pending = count("ApproximateNumberOfMessages")
        + count("ApproximateNumberOfMessagesDelayed")
        + count("ApproximateNumberOfMessagesNotVisible");
    assert_eq!(pending, 1, "the transcript job is still there");
    up.kill();
}

/// An edit of the demonstration business is no mistake of the user's that the next start has to mend.
async fn an_edited_demonstration_business_stays_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let aws = async |up: &Up| {
        let variables = up.environment.as_object().unwrap().iter();
        let env: MapEnv =
            variables.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        Aws::load(&env).await.unwrap()
    };
    let key = |sk: &str| {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        std::collections::HashMap::from([
            ("pk".to_owned(), text("business#harbour-bicycles")),
            ("sk".to_owned(), text(sk)),
        ])
    };
    let body = async |up: &Up, sk: &str| {
        let table = up.variable("TABLE_BUSINESSES");
        let got = aws(up).await.dynamodb.get_item().table_name(table).set_key(Some(key(sk))).send().await;
        got.unwrap().item.unwrap()["body"].as_s().unwrap().clone()
    };
    let rows = ["profile", "settings#0000000001"];
    let up = Up::start(data.path());
    for (row, (from, to)) in
        rows.iter().zip([("Harbour Bicycle Workshop", "Harbour Boats"), ("marin", "cedar")])
    {
        let edited = body(&up, row).await.replace(from, to);
        assert!(edited.contains(to), "{edited}");
        let update = aws(&up).await.dynamodb.update_item().table_name(up.variable("TABLE_BUSINESSES"));
        let update = update.set_key(Some(key(row))).update_expression("SET body = :body");
        update.expression_attribute_values(":body", AttributeValue::S(edited)).send().await.unwrap();
    }
    let before = [body(&up, rows[0]).await, body(&up, rows[1]).await];
    up.kill();
    let up = Up::start(data.path());
    assert_eq!([body(&up, rows[0]).await, body(&up, rows[1]).await], before);
    assert!(before[0].contains("Harbour Boats") && before[1].contains("cedar"));
    up.kill();
}

/// Other users of the machine read nothing of it, and have no keys to its endpoints.
#[cfg(unix)]
fn the_data_folder_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let up = Up::start(&data);
    let mut open = vec![];
    let mut folders = vec![data];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let metadata = std::fs::metadata(&path).unwrap();
            if metadata.permissions().mode() & 0o077 != 0 {
                open.push(path.clone());
            }
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    up.kill();
}

acceptance::tests![
    a_killed_process_loses_no_accepted_webhook,
    a_pending_job_survives_the_kill,
    an_edited_demonstration_business_stays_as_it_is,
    the_data_folder_is_its_owners_only,
];
