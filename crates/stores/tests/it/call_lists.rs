//! Lists of calls at their size: what a walk sees while the list changes, and what filters find in ten thousand calls.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use domain::{Call, CallSid, CallStatus, Direction, Timestamp};
use futures_util::{StreamExt as _, stream};
use platform::Aws;
use stores::calls::{OpenCall, Order, Reader, Wanted, WantedStatus, Writer};

use crate::world::{LEASES, TABLE, World, business_id, open_call, phone};

/// The calls that are there before a walk begins.
const OLD: u32 = 10_000;
/// DynamoDB's limit on one BatchWriteItem.
const BATCH: usize = 25;

type Item = HashMap<String, AttributeValue>;

/// Rows of calls, each made of one that the writer has written.
struct Rows {
    aws: Aws,
    sample: Item,
}

fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

impl Rows {
    async fn new(world: &World) -> Self {
        let writer = Writer::new(&world.aws, TABLE, LEASES, TABLE);
        let mut request = OpenCall { plan: None, slots: None, ..open_call(1, 1) };
        request.call.business = business_id("castle");
        writer.open(&request).await.unwrap();
        let sample = world.item(&format!("call#{}", request.call.sid), "call").await.unwrap();
        Self { aws: world.aws.clone(), sample }
    }

    /// A call of `harbour`, opened at this millisecond. Numbers and ways go round, statuses and durations too.
    fn row(&self, n: u32, opened_at: i64) -> Item {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let (own, person) = (phone(n % 3), phone(100 + n % 50));
        let outbound = n.is_multiple_of(4);
        let (from, to) = if outbound { (&own, &person) } else { (&person, &own) };
        let from = serde_json::to_string(&domain::Caller::Number(from.clone())).unwrap();
        let status = [CallStatus::Completed, CallStatus::Busy, CallStatus::InProgress][n as usize % 7 % 3];
        let mut item = self.sample.clone();
        item.extend([
            ("pk".to_owned(), text(&format!("call#{}", sid(n)))),
            ("business".to_owned(), text("harbour")),
            ("opened_at".to_owned(), AttributeValue::N(opened_at.to_string())),
            ("from".to_owned(), text(&from)),
            ("to".to_owned(), text(to.as_e164())),
            ("direction".to_owned(), text(if outbound { "outbound" } else { "inbound" })),
            ("status".to_owned(), text(status.as_str())),
            ("status_rank".to_owned(), AttributeValue::N(status.rank().to_string())),
        ]);
        item.remove("unsettled");
        item.remove("live");
        if status.is_terminal() {
            item.insert("duration_secs".to_owned(), AttributeValue::N((n % 600).to_string()));
        } else {
            item.insert("live".to_owned(), text("harbour"));
        }
        item
    }

    fn put(&self, n: u32, opened_at: i64) -> WriteRequest {
        let put = PutRequest::builder().set_item(Some(self.row(n, opened_at))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    }

    fn delete(call: &CallSid) -> WriteRequest {
        let key = [("pk", format!("call#{call}")), ("sk", "call".to_owned())];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let delete = DeleteRequest::builder().set_key(Some(key.into())).build().unwrap();
        WriteRequest::builder().delete_request(delete).build()
    }

    async fn write(&self, requests: Vec<WriteRequest>) {
        let batches = requests.chunks(BATCH).map(<[_]>::to_vec).collect::<Vec<_>>();
        let written = stream::iter(batches).map(|batch| async {
            let request = self.aws.dynamodb.batch_write_item().request_items(TABLE, batch);
            let left = request.send().await.unwrap().unprocessed_items;
            assert!(left.is_none_or(|left| left.is_empty()));
        });
        written.buffer_unordered(4).collect::<Vec<_>>().await;
    }

    /// All that there is from the start: three of them in each second, and so at one position of the sort key.
    async fn old(&self) {
        self.write((0..OLD).map(|n| self.put(n, opened_at(n))).collect()).await;
    }
}

fn opened_at(n: u32) -> i64 {
    i64::from(n / 3) * 1_000
}

/// Requirement 4 of lists: each old call exactly once, none twice, while a thousand are inserted and a thousand deleted,
/// the one at which each page ended among them.
async fn walked(order: Order) {
    let world = World::new().await;
    let rows = Rows::new(&world).await;
    rows.old().await;
    let (reader, business) = (Reader::new(&world.aws, TABLE), business_id("harbour"));
    let (mut seen, mut after, mut inserted) = (BTreeMap::<CallSid, u32>::new(), None, OLD);
    let mut pages = 0_i64;
    loop {
        let page = reader.list(&business, &Wanted::default(), order, 100, after.as_ref()).await.unwrap();
        for call in &page.calls {
            *seen.entry(call.sid.clone()).or_default() += 1;
        }
        after = page.next;
        let (Some(_), Some(last)) = (&after, page.calls.last()) else { break };
        pages += 1;
        // New ones at both ends and where the walk is; of those before them, and of what was seen, some go.
        let ends = [-1_000 - pages, opened_at(OLD) + pages, last.opened_at.0, last.opened_at.0 + 1];
        let new = (inserted..inserted + 12).map(|n| rows.put(n, ends[n as usize % ends.len()]));
        let mut changes: Vec<_> = new.collect();
        changes.extend((inserted.saturating_sub(6).max(OLD)..inserted).map(|n| Rows::delete(&sid(n))));
        changes.extend(page.calls.iter().rev().take(6).map(|call| Rows::delete(&call.sid)));
        inserted += 12;
        rows.write(changes).await;
    }
    assert!(inserted - OLD >= 1_000 && pages >= 84, "{inserted} calls, {pages} pages");
    assert_eq!(seen.values().filter(|times| **times != 1).count(), 0, "a call came twice");
    let missing = (0..OLD).filter(|n| !seen.contains_key(&sid(*n))).count();
    assert_eq!(missing, 0, "old calls were passed over");
}

#[tokio::test]
async fn a_walk_from_the_newest_sees_each_old_call_once_while_others_come_and_go() {
    walked(Order::Desc).await;
}

#[tokio::test]
async fn a_walk_from_the_oldest_sees_each_old_call_once_while_others_come_and_go() {
    walked(Order::Asc).await;
}

/// What a filter means, said once more on a call.
fn is_wanted(wanted: &Wanted, call: &Call) -> bool {
    let party = call.other_party();
    let own = if call.direction == Direction::Outbound { call.from.number() } else { call.to.as_ref() };
    wanted.status.is_none_or(|status| match status {
        WantedStatus::Live => !call.status.is_terminal(),
        WantedStatus::Is(status) => call.status == status,
    }) && wanted.direction.is_none_or(|direction| call.direction == direction)
        && wanted.number.as_ref().is_none_or(|number| own == Some(number))
        && wanted.party.as_ref().is_none_or(|number| party == Some(number))
        && wanted.opened_after.is_none_or(|after| call.opened_at >= after)
        && wanted.opened_before.is_none_or(|before| call.opened_at < before)
        && wanted.min_duration.is_none_or(|least| call.duration.is_some_and(|lasted| lasted >= least))
}

/// Every filter alone and with others finds what it means, in both orders. Prints how long a page takes.
#[tokio::test]
async fn filters_find_what_they_mean_in_ten_thousand_calls() {
    let world = World::new().await;
    Rows::new(&world).await.old().await;
    let (reader, business) = (Reader::new(&world.aws, TABLE), business_id("harbour"));
    let at = |n: u32| Some(Timestamp(opened_at(n)));
    let none = Wanted::default;
    let asked = [
        none(),
        Wanted { status: Some(WantedStatus::Live), ..none() },
        Wanted {
            status: Some(WantedStatus::Is(CallStatus::InProgress)),
            direction: Some(Direction::Outbound),
            ..none()
        },
        Wanted { status: Some(WantedStatus::Is(CallStatus::NoAnswer)), ..none() },
        Wanted { status: Some(WantedStatus::Is(CallStatus::Busy)), number: Some(phone(1)), ..none() },
        Wanted { direction: Some(Direction::Inbound), party: Some(phone(103)), ..none() },
        Wanted { party: Some(phone(104)), opened_after: at(3_000), opened_before: at(6_001), ..none() },
        Wanted { number: Some(phone(2)), min_duration: Some(Duration::from_millis(590_001)), ..none() },
        Wanted { opened_after: at(9_000), ..none() },
        Wanted { opened_before: at(31), ..none() },
        Wanted { opened_after: at(30), opened_before: Some(Timestamp(opened_at(30) + 1)), ..none() },
    ];
    let mut all: Vec<Call> = vec![];
    for wanted in &asked {
        for order in [Order::Desc, Order::Asc] {
            let (mut found, mut after, mut longest) = (vec![], None, Duration::ZERO);
            loop {
                let begun = Instant::now();
                let page = reader.list(&business, wanted, order, 25, after.as_ref()).await.unwrap();
                longest = longest.max(begun.elapsed());
                assert!(page.calls.len() <= 25);
                found.extend(page.calls);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if all.is_empty() {
                all.clone_from(&found);
                assert_eq!(all.len(), OLD as usize);
            }
            println!("{wanted:?} {order:?}: {} calls, longest page {longest:?}", found.len());
            assert!(found.is_sorted_by(|first, second| match order {
                Order::Desc => first.opened_at >= second.opened_at,
                Order::Asc => first.opened_at <= second.opened_at,
            }));
            let sids = |calls: &mut dyn Iterator<Item = &Call>| {
                let mut sids: Vec<_> = calls.map(|call| call.sid.clone()).collect();
                sids.sort();
                sids
            };
            let meant = sids(&mut all.iter().filter(|call| is_wanted(wanted, call)));
            assert_eq!(sids(&mut found.iter()), meant, "{wanted:?} {order:?}");
        }
    }
}
