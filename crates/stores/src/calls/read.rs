//! Reading calls: strongly consistent by sid, newest first by business.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::call::StatusEvent;
use domain::{BusinessId, Call, CallSid, Epoch, Timestamp};

use crate::StoreError;
use crate::item::{Attributes, Row, number, text};
use crate::table::{PK, Table};
use platform::Aws;

use super::row::{BUSINESS, EPOCH, LIVE, OPENED_AT, call_key};
use super::{row, settle};

/// Which calls of a business are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// All of them.
    All,
    /// Those that are not over.
    Live,
}

impl Listing {
    const fn index(self) -> &'static str {
        match self {
            Self::All => "by_business",
            Self::Live => LIVE,
        }
    }

    /// The attribute that holds the business in the index.
    const fn attribute(self) -> &'static str {
        match self {
            Self::All => BUSINESS,
            Self::Live => LIVE,
        }
    }
}

/// The most calls one page holds.
pub const MAX_PAGE: u16 = 100;

/// Calls of a business, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The latest first.
    pub calls: Vec<Call>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Held by everything that reads calls and may not write them.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) calls: Table,
}

impl Reader {
    /// `table` is the name of Calls.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { calls: Table::new(aws, table) }
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn call(&self, sid: &CallSid) -> Result<Option<Call>, StoreError> {
        self.calls.get(&call_key(sid)).await?.map(|row| row::call(&row)).transpose()
    }

    /// The call, and the epoch of the latest plan that was made for it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with_epoch(&self, sid: &CallSid) -> Result<Option<(Call, Epoch)>, StoreError> {
        let Some(row) = self.calls.get(&call_key(sid)).await? else { return Ok(None) };
        Ok(Some((row::call(&row)?, Epoch(row.number(EPOCH)?))))
    }

    /// Every recorded event of a call with its key, in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events(&self, sid: &CallSid) -> Result<Vec<(String, StatusEvent)>, StoreError> {
        super::events(&self.calls, sid).await
    }

    /// At most `limit` calls of one of the [`UNSETTLED_SHARDS`](super::UNSETTLED_SHARDS) that were opened before
    /// `before` and whose end has not been followed up, the oldest first. It comes from an index: what is to be
    /// done about a call is decided by a conditional write.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unsettled(&self, shard: u8, before: Timestamp, limit: u16) -> Result<Vec<Call>, StoreError> {
        settle::unsettled(&self.calls, shard, before, limit).await
    }

    /// A page of at most `limit` calls (1 to [`MAX_PAGE`]), newest first. It comes from an index, so a call
    /// of the last second may be missing, and one that ended in it may be live; nothing may be decided by it.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another business, of another listing or of none at all.
    pub async fn list(
        &self,
        business: &BusinessId,
        listing: Listing,
        limit: u16,
        cursor: Option<String>,
    ) -> Result<Page, StoreError> {
        let start = cursor.map(|cursor| Cursor::decode(&cursor, business, listing)).transpose()?;
        let page = self
            .calls
            .client
            .query()
            .table_name(&*self.calls.name)
            .index_name(listing.index())
            .key_condition_expression("#business = :business")
            .expression_attribute_names("#business", listing.attribute())
            .expression_attribute_values(":business", text(business.as_str()))
            .scan_index_forward(false)
            .limit(i32::from(limit.clamp(1, MAX_PAGE)))
            .set_exclusive_start_key(start.as_ref().map(Cursor::key))
            .send()
            .await
            .map_err(|e| self.calls.error(&e))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.calls.row(item));
        let calls = rows.map(|row| row::call(&row)).collect::<Result<_, _>>()?;
        let next = match page.last_evaluated_key.filter(|key| !key.is_empty()) {
            Some(key) => Some(Cursor::after(listing, &self.calls.row(key))?.encode()),
            None => None,
        };
        Ok(Page { calls, next })
    }
}

/// The last call of a page. Opaque to the client; it gives no access beyond the listing.
#[derive(Debug, PartialEq, Eq)]
struct Cursor {
    listing: Listing,
    business: BusinessId,
    call: CallSid,
    opened_at: i64,
}

impl Cursor {
    fn after(listing: Listing, key: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            listing,
            business: key.parsed(listing.attribute(), BusinessId::parse)?,
            call: key.parsed(PK, row::sid_of)?,
            opened_at: key.time(OPENED_AT)?.0,
        })
    }

    fn encode(&self) -> String {
        let live = if self.listing == Listing::Live { " live" } else { "" };
        URL_SAFE_NO_PAD.encode(format!("{} {} {}{live}", self.business, self.call, self.opened_at))
    }

    fn decode(text: &str, business: &BusinessId, listing: Listing) -> Result<Self, StoreError> {
        let ours = |cursor: &Self| cursor.business == *business && cursor.listing == listing;
        Self::read(text).filter(ours).ok_or(StoreError::Cursor)
    }

    fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.split(' ');
        let (business, call) = (BusinessId::parse(parts.next()?).ok()?, CallSid::parse(parts.next()?).ok()?);
        let opened_at = parts.next()?.parse().ok()?;
        let listing = match parts.next() {
            None => Listing::All,
            Some("live") => Listing::Live,
            Some(_) => return None,
        };
        parts.next().is_none().then_some(Self { listing, business, call, opened_at })
    }

    fn key(&self) -> Attributes {
        let mut key = call_key(&self.call).attributes();
        key.insert(self.listing.attribute().to_owned(), text(self.business.as_str()));
        key.insert(OPENED_AT.to_owned(), number(self.opened_at));
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_business_and_listing_only() {
        let [harbour, garden] = ["harbour", "garden"].map(|id| BusinessId::parse(id).unwrap());
        let call = CallSid::parse(&format!("CA{}", "1".repeat(32))).unwrap();
        let [other, cursor] = [Listing::Live, Listing::All].map(|listing| Cursor {
            listing,
            business: harbour.clone(),
            call: call.clone(),
            opened_at: 7,
        });
        let text = cursor.encode();
        assert_eq!(Cursor::decode(&text, &harbour, Listing::All).unwrap(), cursor);
        assert_eq!(Cursor::decode(&text, &harbour, Listing::Live), Err(StoreError::Cursor));
        assert_eq!(Cursor::decode(&other.encode(), &harbour, Listing::Live).unwrap(), other);
        assert_eq!(Cursor::decode(&text, &garden, Listing::All), Err(StoreError::Cursor));
        for garbage in ["", "!", "AAAA", &text[1..], &format!("{text}AAAA")] {
            assert_eq!(Cursor::decode(garbage, &harbour, Listing::All), Err(StoreError::Cursor), "{garbage}");
        }
    }
}
