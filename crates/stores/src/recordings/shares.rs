//! Share links and who came with them.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::share::{Disposition, Share, pause_of_link, pause_of_visitor};
use domain::{BusinessId, CallSid, RecordingSid, Secret, Timestamp};

use super::row::CALL;
use super::{Reader, Writer, partition};
use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, Row, number, text};
use crate::random;
use crate::table::{Key, SK, WriteOutcome};
use crate::transaction::{Transacted, transact};

const SHARE: &str = "share#";
const ID: &str = "share_id";
const RECORDING: &str = "recording";
const ENDS_AT: &str = "ends_at";
const VIEWS: &str = "views";
const MAX_VIEWS: &str = "max_views";
const WRONG: &str = "wrong_passcodes";
const NEXT_GUESS_AT: &str = "next_guess_at";
const SLOWED_UNTIL: &str = "slowed_until";
const REVOKED_AT: &str = "revoked_at";
/// Wrong passcodes in a row, of one visitor.
const IN_A_ROW: &str = "wrong";
const NOT_BEFORE: &str = "not_before";
const WAS_RIGHT: &str = "was_right";
const ACCESSES: &str = "accesses";

/// Rows of a link's access log beside its views; a link that is hammered does not fill the table. A view, of which
/// there are few, is always written.
const MAX_ACCESSES: u32 = 1_000;
/// When a visitor whose attempt met another one of his own comes back.
const SHORTLY: Duration = Duration::from_secs(1);
/// The most that one look at the log shows.
const MAX_ACCESSES_SHOWN: i32 = 100;

/// Whether a conditional count went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The guess may be made.
    Yes,
    /// The link has ended.
    No,
}

/// Whether a passcode may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// It counts as wrong until [`Writer::right_passcode`] says otherwise.
    Counted,
    /// After this time it may be tried again.
    TooSoon(Duration),
    /// The link has ended.
    Ended,
}

/// One use of a link, successful or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// When the link was used.
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
            // 256 random bits that another link has: ask for others.
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

    /// Counts an attempt of `visitor` at the passcode before it is looked at, so that rivals cannot try more often than
    /// one after another could. Who was wrong too often pauses; the others go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn try_passcode(
        &self,
        share: &Share,
        visitor: &str,
        now: Timestamp,
    ) -> Result<Guess, StoreError> {
        if share.end(now).is_some() {
            return Ok(Guess::Ended);
        }
        let key = guesses_key(&share.id, visitor);
        let known = Guesses::of(self.recordings.get(&key).await?.as_ref())?;
        let paced = share.next_guess_at.filter(|_| !known.was_right);
        if let Some(until) = known.not_before.max(paced).filter(|until| *until > now) {
            return Ok(Guess::TooSoon(until.since(now)));
        }
        let (own, all) = (
            pause_of_visitor(known.wrong.saturating_add(1)),
            pause_of_link(share.wrong_passcodes.saturating_add(1)),
        );
        let seen = known.wrong;
        let guesses = Draft::default()
            .number(IN_A_ROW, known.wrong.saturating_add(1))
            .number(WAS_RIGHT, u8::from(known.was_right))
            .time(NOT_BEFORE, now.plus(own));
        let actions = [
            self.count_guess(share, now, all, own.max(all), known.was_right),
            self.recordings.put_action(key.item(guesses), |put| {
                put.condition_expression("attribute_not_exists(pk) OR #wrong = :seen")
                    .expression_attribute_names("#wrong", IN_A_ROW)
                    .expression_attribute_values(":seen", number(seen))
            }),
        ];
        Ok(match transact(&self.recordings, &actions, &random::id(&self.recordings.name)?).await? {
            Transacted::Done => Guess::Counted,
            // Another attempt was faster, the visitor's own or another's; or the link ended.
            Transacted::Refused(_) => Guess::TooSoon(SHORTLY),
        })
    }

    /// Counts one attempt on the link, which has not ended and is not at its pace for whom it concerns.
    fn count_guess(
        &self,
        share: &Share,
        now: Timestamp,
        pace: Duration,
        pause: Duration,
        was_right: bool,
    ) -> TransactWriteItem {
        let mut set = "SET #wrong = #wrong + :one".to_owned();
        let mut condition = "attribute_not_exists(#revoked) AND #ends > :now AND #views < #max".to_owned();
        let mut update = Update::builder()
            .table_name(&*self.recordings.name)
            .set_key(Some(share_key(&share.call, &share.id).attributes()))
            .expression_attribute_names("#wrong", WRONG)
            .expression_attribute_names("#revoked", REVOKED_AT)
            .expression_attribute_names("#ends", ENDS_AT)
            .expression_attribute_names("#views", VIEWS)
            .expression_attribute_names("#max", MAX_VIEWS)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if !was_right {
            condition += " AND (attribute_not_exists(#next) OR #next <= :now)";
            update = update.expression_attribute_names("#next", NEXT_GUESS_AT);
            if !pace.is_zero() {
                set += ", #next = :next";
                update = update.expression_attribute_values(":next", number(now.plus(pace).0));
            }
        }
        if !pause.is_zero() {
            set += ", #slowed = :slowed";
            update = update
                .expression_attribute_names("#slowed", SLOWED_UNTIL)
                .expression_attribute_values(":slowed", number(now.plus(pause).0));
        }
        let update = update.update_expression(set).condition_expression(condition);
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }

    /// Takes back what [`Self::try_passcode`] counted. A visitor who was right once is not held up by the guesses of others again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn right_passcode(&self, share: &Share, visitor: &str) -> Result<(), StoreError> {
        let request = self
            .update(&share_key(&share.call, &share.id))
            .update_expression("SET #wrong = #wrong - :one REMOVE #next")
            .condition_expression("#wrong > :zero")
            .expression_attribute_names("#wrong", WRONG)
            .expression_attribute_names("#next", NEXT_GUESS_AT)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":zero", number(0));
        self.taken(request).await?;
        let guesses = Draft::default().number(IN_A_ROW, 0).number(WAS_RIGHT, 1);
        self.recordings.put(&guesses_key(&share.id, visitor), guesses).await
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

    /// Writes a view to the access log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn viewed(&self, share: &Share, access: &Access) -> Result<(), StoreError> {
        self.log(share, access).await
    }

    /// Writes any other visit to the access log, as long as there is room in it.
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
        self.log(share, access).await
    }

    async fn log(&self, share: &Share, access: &Access) -> Result<(), StoreError> {
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
            .condition_expression("attribute_not_exists(#revoked) AND #ends > :now AND #views < #max")
            .expression_attribute_names("#revoked", REVOKED_AT)
            .expression_attribute_names("#ends", ENDS_AT)
            .expression_attribute_names("#views", VIEWS)
            .expression_attribute_names("#max", MAX_VIEWS)
            .expression_attribute_values(":now", number(now.0))
    }

    async fn taken(&self, request: UpdateItemFluentBuilder) -> Result<Taken, StoreError> {
        match self.recordings.outcome(request.send().await)? {
            WriteOutcome::Done(_) => Ok(Taken::Yes),
            WriteOutcome::Refused(_) => Ok(Taken::No),
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

fn guesses_key(share_id: &str, visitor: &str) -> Key {
    Key::new(format!("guesses#{share_id}"), visitor)
}

/// What one visitor tried.
#[derive(Default)]
struct Guesses {
    wrong: u32,
    was_right: bool,
    not_before: Option<Timestamp>,
}

impl Guesses {
    fn of(row: Option<&Row>) -> Result<Self, StoreError> {
        let Some(row) = row else { return Ok(Self::default()) };
        Ok(Self {
            wrong: row.number(IN_A_ROW)?,
            was_right: row.number::<u8>(WAS_RIGHT)? == 1,
            not_before: row.optional_time(NOT_BEFORE)?,
        })
    }
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
        next_guess_at: row.optional_time(NEXT_GUESS_AT)?,
        slowed_until: row.optional_time(SLOWED_UNTIL)?,
        revoked_at: row.optional_time(REVOKED_AT)?,
    })
}
