//! The requests and answers about share links, from the business's side.

use domain::share::Share;
use domain::{RecordingSid, Timestamp};
use serde::{Deserialize, Serialize};
use stores::recordings::Access;
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// The body of `POST .../shares`, which may be left out. Unknown fields are refused with 422.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expires_in": 86_400, "max_views": 3, "disposition": "inline"}))]
pub(super) struct NewShare {
    /// How long the link is good for, seconds.
    #[schema(minimum = 60, maximum = 7_776_000)]
    pub(super) expires_in: Option<u64>,
    /// How often the recording may be opened.
    #[schema(minimum = 1, maximum = 1_000)]
    pub(super) max_views: Option<u32>,
    /// What a visitor must know besides the address.
    #[schema(min_length = 6, max_length = 64)]
    pub(super) passcode: Option<String>,
    /// `attachment` has a browser save the recording, `inline` play it.
    #[schema(value_type = Option<Use>)]
    pub(super) disposition: Option<String>,
}

/// What a browser does with the recording.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum Use {
    /// It saves it.
    Attachment,
    /// It plays it.
    Inline,
}

/// A share link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Share)]
pub(super) struct ShareView<'a> {
    /// Names the link; it is not its address.
    #[schema(value_type = schema::ShareId)]
    id: &'a str,
    #[schema(value_type = schema::RecordingSid)]
    recording: &'a RecordingSid,
    disposition: &'static str,
    created_at: Time,
    expires_at: Time,
    max_views: u32,
    /// How often the recording was opened.
    views: u32,
    /// Whether a passcode is asked for.
    passcode: bool,
    wrong_passcodes: u32,
    /// Until then a new address may guess once in five minutes.
    slowed_until: Option<Time>,
    revoked_at: Option<Time>,
    /// Why the link is good no more.
    #[schema(value_type = Option<schema::ShareEndWord>)]
    ended: Option<&'static str>,
}

impl<'a> ShareView<'a> {
    pub(super) fn new(share: &'a Share, now: Timestamp) -> Self {
        Self {
            id: &share.id,
            recording: &share.recording,
            disposition: share.disposition.as_str(),
            created_at: Time(share.created_at),
            expires_at: Time(share.ends_at),
            max_views: share.max_views,
            views: share.views,
            passcode: share.passcode.is_some(),
            wrong_passcodes: share.wrong_passcodes,
            slowed_until: share.slowed_until.filter(|until| *until > now).map(Time),
            revoked_at: share.revoked_at.map(Time),
            ended: share.end(now).map(|end| end.as_str()),
        }
    }
}

/// The link that was made: 201.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeShare)]
pub(super) struct NewShareAnswer<'a> {
    #[serde(flatten)]
    pub(super) share: ShareView<'a>,
    /// The link's address. Only this answer ever names it.
    pub(super) url: String,
}

/// The links of one recording with their visits.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShareList<'a> {
    shares: Vec<VisitedShare<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct VisitedShare<'a> {
    #[serde(flatten)]
    share: ShareView<'a>,
    /// The newest first.
    visits: Vec<Visit<'a>>,
}

/// One visit of a link.
#[derive(Debug, Serialize, ToSchema)]
struct Visit<'a> {
    at: Time,
    /// `page_shown`, `passcode_wanted`, `viewed`, `wrong_passcode`, `too_soon`, `recording_gone`, or how the link had
    /// ended.
    outcome: &'a str,
    /// A pseudonym, the same for every visit of one address to one link; null where the address is not known.
    address: Option<&'a str>,
}

impl<'a> ShareList<'a> {
    pub(super) fn new(shares: &'a [(Share, Vec<Access>)], now: Timestamp) -> Self {
        let visit = |access: &'a Access| Visit {
            at: Time(access.at),
            outcome: &access.outcome,
            address: access.address.as_deref(),
        };
        let shares = shares.iter().map(|(share, visits)| VisitedShare {
            share: ShareView::new(share, now),
            visits: visits.iter().map(visit).collect(),
        });
        Self { shares: shares.collect() }
    }
}
