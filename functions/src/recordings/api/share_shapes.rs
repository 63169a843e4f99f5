//! The requests and answers about share links, from the business's side.

use domain::share::Share;
use domain::{RecordingSid, Timestamp};
use serde::{Deserialize, Serialize};
use stores::recordings::Access;

use crate::shared::shapes::Time;

/// The body of `POST .../shares`, which may be left out. Unknown fields are refused with 422.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewShare {
    /// How long the link is good for, seconds.
    pub(super) expires_in: Option<u64>,
    /// How often the recording may be opened.
    pub(super) max_views: Option<u32>,
    /// What a visitor must know besides the address.
    pub(super) passcode: Option<String>,
    /// `attachment` has a browser save the recording, `inline` play it.
    pub(super) disposition: Option<String>,
}

/// A share link.
#[derive(Debug, Serialize)]
pub(super) struct ShareView<'a> {
    /// Names the link; it is not its address.
    id: &'a str,
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
    /// Why the link is good no more: `revoked`, `expired` or `used_up`.
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
#[derive(Debug, Serialize)]
pub(super) struct NewShareAnswer<'a> {
    #[serde(flatten)]
    pub(super) share: ShareView<'a>,
    /// The link's address. Only this answer ever names it.
    pub(super) url: String,
}

/// The links of one recording with their visits.
#[derive(Debug, Serialize)]
pub(super) struct ShareList<'a> {
    shares: Vec<VisitedShare<'a>>,
}

#[derive(Debug, Serialize)]
struct VisitedShare<'a> {
    #[serde(flatten)]
    share: ShareView<'a>,
    /// The newest first.
    visits: Vec<Visit<'a>>,
}

/// One visit of a link.
#[derive(Debug, Serialize)]
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
