//! Calls that came to numbers of no business.

use std::collections::BTreeMap;

use domain::{PhoneNumber, Timestamp};
use stores::StoreError;
use stores::{businesses, calls};

use super::Finding;

/// Calls that are looked at, the latest.
const MAX_CALLS: u16 = 200;
/// Numbers that are named.
const NAMED: usize = 10;

pub(super) async fn finding(
    calls: &calls::Reader,
    businesses: &businesses::Reader,
    now: Timestamp,
) -> Finding {
    match look(calls, businesses, now).await {
        Ok(found) => found,
        Err(error) => Finding::not_proven(error.to_string()),
    }
}

async fn look(
    calls: &calls::Reader,
    businesses: &businesses::Reader,
    now: Timestamp,
) -> Result<Finding, StoreError> {
    let kept = calls.quarantined(now, MAX_CALLS).await?;
    let mut called: BTreeMap<&str, (usize, Timestamp)> = BTreeMap::new();
    for call in &kept {
        let (count, latest) = called.entry(&call.to).or_insert((0, call.at));
        *count += 1;
        *latest = (*latest).max(call.at);
    }
    let mut nobodys = vec![];
    for (number, (count, latest)) in called {
        let owner = match PhoneNumber::parse(number) {
            Ok(number) => businesses.number(&number).await?,
            Err(_) => None,
        };
        if owner.is_none() {
            nobodys.push((number, count, latest));
        }
    }
    Ok(judge(kept.len(), &nobodys))
}

fn judge(kept: usize, nobodys: &[(&str, usize, Timestamp)]) -> Finding {
    if nobodys.is_empty() {
        return Finding::proven(match kept {
            0 => "no call came to a number of no business in 30 days".to_owned(),
            kept => {
                format!("{kept} calls in 30 days came before their numbers had a business; they have one now")
            }
        });
    }
    let named = nobodys.iter().take(NAMED).map(|(number, count, latest)| {
        format!("{number} ({count}, the last at {})", platform::clock::rfc3339(*latest))
    });
    let named: Vec<_> = named.collect();
    let others = nobodys.len().saturating_sub(NAMED);
    let others = if others > 0 { format!(", and {others} more numbers") } else { String::new() };
    Finding::warning(format!(
        "calls were refused that came to numbers of no business: {}{others}. Give each number to a business \
         (`switchboard number take`), or point it elsewhere at Twilio",
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_that_still_has_no_business_is_warned_of() {
        assert!(judge(0, &[]).says("no call came"));
        assert!(judge(3, &[]).says("3 calls"));
        let many: Vec<_> = ["+1"; 12].map(|number| (number, 2, Timestamp(0))).into();
        let warned = judge(24, &many);
        assert!(warned.is_warning() && warned.says("1970-01-01") && warned.says("and 2 more"), "{warned:?}");
    }
}
