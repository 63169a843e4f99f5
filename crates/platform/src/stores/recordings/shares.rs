//! Share links and who came with them.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::share::{Disposition, MAX_WRONG_PASSCODES, Share};
use domain::{BusinessId, CallSid, RecordingSid, Secret, Timestamp};

use super::row::CALL;
use super::{Reader, Writer, partition};
use crate::digest::sha256_hex;
use crate::item::{Draft, Row, number, text};
use crate::random;
use crate::stores::StoreError;
use crate::stores::table::{Key, Outcome, SK};
use crate::stores::transaction::{Transacted, transact};

const SHARE: &str = "share#";
const ID: &str = "share_id";
const RECORDING: &str = "recording";
const ENDS_AT: &str = "ends_at";
const VIEWS: &str = "views";
const MAX_VIEWS: &str = "max_views";
const WRONG: &str = "wrong_passcodes";
const REVOKED_AT: &str = "revoked_at";
const ACCESSES: &str = "accesses";

/// Rows of a link's access log; a link that is hammered does not fill the table. Every view fits.
const MAX_ACCESSES: u32 = 2_000;
/// The most that one look at the log shows.
const MAX_ACCESSES_SHOWN: i32 = 100;

/// Whether a conditional count went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// The link has ended.
    No,
}

/// Somebody came with a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub at: Timestamp,
    /// `viewed`, or why not.
    pub outcome: String,
    /// A keyed hash: two visits from one address can be told, the address cannot.
    pub address: Option<String>,
}

/// What a token is filed under.
pub fn token_hash(token: &Secret) -> String {
    sha256_hex(token.expose().as_bytes())
}

impl Writer {
    /// Files a new link under its token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn share(&self, share: &Share, token: &Secret) -> Result<(), StoreError> {
        let draft = Draft::default()
            .text(CALL, share.call.as_str())
            .text("business", share.business.as_str())
            .text(RECORDING, share.recording.as_str())
            .text("disposition", share.disposition.as_str())
            .time("created_at", share.created_at)
            .time(ENDS_AT, share.ends_at)
            .number(MAX_VIEWS, share.max_views)
            .number(VIEWS, share.views)
            .number(WRONG, share.wrong_passcodes)
            .number(ACCESSES, 0)
            .optional_text("passcode", share.passcode.as_ref());
        let pointer = Draft::default().text(CALL, share.call.as_str()).text(ID, &share.id);
        let actions = [
            self.recordings.put_new_action(&share_key(&share.call, &share.id), draft),
            self.recordings.put_new_action(&token_key(token), pointer),
        ];
        match transact(&self.recordings, &actions, &random::id(&self.recordings.name)?).await? {
            Transacted::Done => Ok(()),
            // 256 random bits that somebody else had before: ask for others.
            Transacted::Refused(_) => Err(self.recordings.contended()),
        }
    }

    /// Counts one view, if the link is good at `now`. However many ask at once, no more than it allows are told yes.
    ///
    /// # Errors
    /// [`StoreError`]. A view whose answer was lost may have been counted: better that than one too many.
    pub async fn view(&self, share: &Share, now: Timestamp) -> Result<Taken, StoreError> {
        let request = self
            .good_share(share, now)
            .update_expression("SET #views = #views + :one")
            .expression_attribute_values(":one", number(1));
        self.taken(request).await
    }

    /// Takes one of the link's few attempts at its passcode, before it is looked at: rivals cannot try more often
    /// than one after another could.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn try_passcode(&self, share: &Share, now: Timestamp) -> Result<Taken, StoreError> {
        let request = self
            .good_share(share, now)
            .update_expression("SET #wrong = #wrong + :one")
            .expression_attribute_values(":one", number(1));
        self.taken(request).await
    }

    /// Gives an attempt back that was right.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn right_passcode(&self, share: &Share) -> Result<(), StoreError> {
        let request = self
            .update(&share_key(&share.call, &share.id))
            .update_expression("SET #wrong = #wrong - :one")
            .condition_expression("#wrong > :zero")
            .expression_attribute_names("#wrong", WRONG)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":zero", number(0));
        self.taken(request).await.map(drop)
    }

    /// Ends a link, once. `No`: there is no such link.
    ///
    /// # Errors
    /// [`StoreError`]; revoking again is safe.
    pub async fn revoke(&self, call: &CallSid, id: &str, now: Timestamp) -> Result<Taken, StoreError> {
        let request = self
            .update(&share_key(call, id))
            .update_expression("SET #revoked = if_not_exists(#revoked, :now)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#revoked", REVOKED_AT)
            .expression_attribute_values(":now", number(now.0));
        self.taken(request).await
    }

    /// Writes to the access log, as long as there is room in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accessed(&self, share: &Share, access: &Access) -> Result<(), StoreError> {
        let counted = self
            .update(&share_key(&share.call, &share.id))
            .update_expression("SET #accesses = #accesses + :one")
            .condition_expression("#accesses < :most")
            .expression_attribute_names("#accesses", ACCESSES)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(MAX_ACCESSES));
        if self.taken(counted).await? == Taken::No {
            return Ok(());
        }
        let unique = random::id(&self.recordings.name)?;
        // Twenty digits, so that the order of the keys is that of the times.
        let key = Key::new(access_partition(&share.id), format!("{:020}#{unique}", access.at.0));
        let draft = Draft::default()
            .time("at", access.at)
            .text("outcome", &access.outcome)
            .optional_text("address", access.address.as_ref());
        self.recordings.put(&key, draft).await
    }

    /// An update that only a link which has not ended lets pass.
    fn good_share(&self, share: &Share, now: Timestamp) -> UpdateItemFluentBuilder {
        self.update(&share_key(&share.call, &share.id))
            .condition_expression(
                "attribute_not_exists(#revoked) AND #ends > :now AND #views < #max AND #wrong < :most",
            )
            .expression_attribute_names("#revoked", REVOKED_AT)
            .expression_attribute_names("#ends", ENDS_AT)
            .expression_attribute_names("#views", VIEWS)
            .expression_attribute_names("#max", MAX_VIEWS)
            .expression_attribute_names("#wrong", WRONG)
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":most", number(MAX_WRONG_PASSCODES))
    }

    async fn taken(&self, request: UpdateItemFluentBuilder) -> Result<Taken, StoreError> {
        match self.recordings.settle(request.send().await)? {
            Outcome::Done(_) => Ok(Taken::Yes),
            Outcome::Refused(_) => Ok(Taken::No),
        }
    }
}

impl Reader {
    /// The link that a token opens, ended or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn share_of(&self, token: &Secret) -> Result<Option<Share>, StoreError> {
        let Some(pointer) = self.recordings.get(&token_key(token)).await? else { return Ok(None) };
        let key = share_key(&pointer.parsed(CALL, CallSid::parse)?, pointer.text(ID)?);
        self.recordings.get(&key).await?.map(|row| share(&row)).transpose()
    }

    /// Every link of a call's recordings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shares(&self, call: &CallSid) -> Result<Vec<Share>, StoreError> {
        self.recordings.query(&partition(call), SHARE).await?.iter().map(share).collect()
    }

    /// The latest visits to a link, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accesses(&self, share_id: &str) -> Result<Vec<Access>, StoreError> {
        let page = self
            .recordings
            .client
            .query()
            .table_name(&*self.recordings.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(access_partition(share_id)))
            .scan_index_forward(false)
            .limit(MAX_ACCESSES_SHOWN)
            .send()
            .await
            .map_err(|e| self.recordings.error(&e))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.recordings.row(item));
        rows.map(|row| {
            Ok(Access {
                at: row.time("at")?,
                outcome: row.text("outcome")?.to_owned(),
                address: row.optional_text("address")?.map(str::to_owned),
            })
        })
        .collect()
    }
}

fn share_key(call: &CallSid, id: &str) -> Key {
    Key::new(partition(call), format!("{SHARE}{id}"))
}

fn token_key(token: &Secret) -> Key {
    Key::new(format!("{SHARE}{}", token_hash(token)), "share")
}

fn access_partition(share_id: &str) -> String {
    format!("access#{share_id}")
}

fn share(row: &Row) -> Result<Share, StoreError> {
    Ok(Share {
        id: row.text(SK)?.strip_prefix(SHARE).ok_or_else(|| row.corrupt(SK))?.to_owned(),
        business: row.parsed("business", BusinessId::parse)?,
        call: row.parsed(CALL, CallSid::parse)?,
        recording: row.parsed(RECORDING, RecordingSid::parse)?,
        disposition: row.parsed("disposition", |text| Disposition::parse(text).ok_or(()))?,
        created_at: row.time("created_at")?,
        ends_at: row.time(ENDS_AT)?,
        max_views: row.number(MAX_VIEWS)?,
        views: row.number(VIEWS)?,
        passcode: row.optional_text("passcode")?.map(str::to_owned),
        wrong_passcodes: row.number(WRONG)?,
        revoked_at: row.optional_time(REVOKED_AT)?,
    })
}
