//! Feeds: which calendar a secret link leads to. The link's secret is kept as a hash, and a calendar has one link at a time.

use domain::appointments::CalendarId;
use domain::{BusinessId, Timestamp};

use super::{CatalogueWriter, FEED_KEYS, Reader};
use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, number, text};
use crate::random;
use crate::table::{ABSENT, Key, WriteOutcome};
use crate::transaction::{Transacted, transact};

const FEED: &str = "feed";
const HASH: &str = "hash";
const BUSINESS: &str = "business";
const CALENDAR: &str = "calendar";
const FULL: &str = "full";
const MINUTE: &str = "minute";
const ASKED: &str = "asked";

/// How often one link is answered in a minute. Calendar programs ask a few times in an hour.
pub const FEED_PER_MINUTE: u32 = 30;

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedOf {
    /// Whose calendar it is.
    pub business: BusinessId,
    /// The calendar.
    pub calendar: CalendarId,
    /// Whether people are named in full.
    pub full: bool,
}

impl Reader {
    /// What the link with this secret leads to; `None`: there is no such link any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn feed(&self, secret: &str) -> Result<Option<FeedOf>, StoreError> {
        let row = self.table.get(&feed_key(&sha256_hex(secret.as_bytes()))).await?;
        let feed = |row: crate::item::Row| {
            Ok(FeedOf {
                business: row.parsed(BUSINESS, BusinessId::parse)?,
                calendar: row.parsed(CALENDAR, CalendarId::parse)?,
                full: row.optional_text(FULL)?.is_some(),
            })
        };
        row.map(feed).transpose()
    }
}

impl CatalogueWriter {
    /// Gives a calendar a new link, in place of the one that it has: its secret, 128 bits as 32 hexadecimal digits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_feed(&self, feed: &FeedOf) -> Result<String, StoreError> {
        let table = &self.table;
        let secret = random::id(&table.name)?;
        let hash = sha256_hex(secret.as_bytes());
        let of_calendar = of_calendar(&feed.business, &feed.calendar);
        let before = table.get(&of_calendar).await?;
        let before = before.as_ref().map(|row| row.text(HASH)).transpose()?;
        let draft = Draft::default()
            .text(BUSINESS, feed.business.as_str())
            .text(CALENDAR, feed.calendar.as_str())
            .optional_text(FULL, feed.full.then_some("yes"));
        let pointer = of_calendar.item(Draft::default().text(HASH, &hash));
        let mut actions = vec![
            table.put_action(pointer, |put| match before {
                None => put.condition_expression(ABSENT),
                Some(before) => put
                    .condition_expression("#hash = :before")
                    .expression_attribute_names("#hash", HASH)
                    .expression_attribute_values(":before", text(before)),
            }),
            table.put_new_action(&feed_key(&hash), draft),
        ];
        actions.extend(before.map(|before| self.table.delete_action(&feed_key(before), |delete| delete)));
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(secret),
            Transacted::Refused(_) => Err(table.contended()),
        }
    }

    /// Counts that a link is asked. `Err`: it was asked too often in this minute; the seconds until
    /// the next one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_feed(&self, secret: &str, now: Timestamp) -> Result<Result<(), u64>, StoreError> {
        let seconds = u64::try_from(now.secs()).unwrap_or_default();
        let (minute, left) = (seconds / 60, 60 - seconds % 60);
        let key = feed_key(&sha256_hex(secret.as_bytes()));
        let update = |change: &str, condition: &str| {
            let request = self.table.client.update_item().table_name(&*self.table.name);
            request
                .set_key(Some(key.attributes()))
                .update_expression(change)
                .condition_expression(format!("attribute_exists(pk) AND {condition}"))
                .expression_attribute_names("#minute", MINUTE)
                .expression_attribute_names("#asked", ASKED)
                .expression_attribute_values(":minute", number(minute))
                .expression_attribute_values(":one", number(1))
        };
        let first = "(attribute_not_exists(#minute) OR #minute < :minute)";
        let first = update("SET #minute = :minute, #asked = :one", first).send().await;
        if let WriteOutcome::Done(_) = self.table.outcome(first)? {
            return Ok(Ok(()));
        }
        let another = update("SET #asked = #asked + :one", "#minute = :minute AND #asked < :most")
            .expression_attribute_values(":most", number(FEED_PER_MINUTE));
        Ok(match self.table.outcome(another.send().await)? {
            WriteOutcome::Done(_) => Ok(()),
            WriteOutcome::Refused(_) => Err(left),
        })
    }

    /// Ends the link of a calendar. `false`: it has none.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn end_feed(&self, business: &BusinessId, calendar: &CalendarId) -> Result<bool, StoreError> {
        let table = &self.table;
        let of_calendar = of_calendar(business, calendar);
        let Some(row) = table.get(&of_calendar).await? else { return Ok(false) };
        // The link first: what is left of it leads nowhere.
        let actions = [feed_key(row.text(HASH)?), of_calendar]
            .map(|key| self.table.delete_action(&key, |delete| delete));
        transact(table, &actions, &random::id(&table.name)?).await?;
        Ok(true)
    }
}

fn feed_key(hash: &str) -> Key {
    Key::new(format!("{FEED_KEYS}{hash}"), FEED)
}

fn of_calendar(business: &BusinessId, calendar: &CalendarId) -> Key {
    Key::new(format!("{FEED_KEYS}of#{business}"), calendar.as_str())
}
