//! Campaigns: lists of people whom a business calls one after another, each at a time at which they may be called.
//!
//! A campaign moves by one function ([`Campaign::step`]), and so does each entry of it ([`entry::Entry::apply`]). What is counted
//! is a sum over entries ([`progress`]), so the counters of a store are right if each change of an entry goes with the difference
//! that it makes. When a person may be called is the intersection of everything that knows of it ([`window`], [`law`]); when they
//! are called again after an attempt is a table ([`retry`]); when a campaign stops by itself is in [`guard`], and when it will be
//! over in [`forecast`].

pub mod decision;
pub mod entry;
pub mod file;
pub mod forecast;
pub mod goal;
pub mod guard;
pub mod law;
pub mod progress;
mod reason;
pub mod retry;
pub mod sheet;
pub mod window;
mod words;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::access::KeyId;
use crate::event::Type;
use crate::hours::Week;
use crate::ids::named_by_request;
use crate::numbering::Country;
use crate::{BusinessId, PhoneNumber, Timestamp};
use goal::Goal;
use guard::Sample;
use retry::Retries;

/// The most campaigns of a business that are not over.
pub const MAX_OPEN: u64 = 20;
/// The most campaigns that a business has ever had.
pub const MAX_CAMPAIGNS: u64 = 1_000;
/// The longest name, characters.
pub const MAX_NAME: usize = 100;
/// The most numbers that a campaign calls from.
pub const MAX_NUMBERS: usize = 10;
/// The most calls of one campaign at once.
pub const MAX_AT_ONCE: u16 = 100;
/// The largest file, bytes.
pub const MAX_FILE_BYTES: u64 = 50 * 1024 * 1024;
/// The most rows of a file.
pub const MAX_ROWS: u32 = 100_000;
/// The pause between calls of different campaigns, or of a campaign after a single call, to one number.
pub const PAUSE: Duration = Duration::from_secs(4 * 3_600);

named_by_request! {
    /// Names a campaign.
    CampaignId, business: BusinessId
}

/// What the calls of a campaign are for. Marketing needs a recorded consent of each person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    /// About something that the person has with the business: an appointment, a repair, an order.
    Service,
    /// To sell, to advertise, to ask for a gift.
    Marketing,
}

/// How far a campaign is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// It waits for its file and for a check of it.
    Draft,
    /// The file is being checked.
    Checking,
    /// The report is there. It may be started, or another file may be put and checked.
    Ready,
    /// It was started, and its entries are being made.
    Loading,
    /// People are called.
    Running,
    /// No call begins until it is resumed. Calls that run go on.
    Paused,
    /// No call begins any more. Calls that run go on, and the entries that are left are closed.
    Stopping,
    /// Everybody was dealt with.
    Completed,
    /// It was ended before everybody was dealt with.
    Stopped,
}

impl Purpose {
    /// Both.
    pub const ALL: &[Self] = Self::VARIANTS;
}

impl State {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether nothing happens any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Stopped)
    }

    /// Whether a worker has something to do, now or later.
    pub const fn has_work(self) -> bool {
        matches!(self, Self::Checking | Self::Loading | Self::Running | Self::Paused | Self::Stopping)
    }
}

/// Why a campaign is paused.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Pause {
    /// It was asked for.
    Requested,
    /// Too many of the last calls failed for a technical reason.
    Failures,
    /// The budget is used up.
    Budget,
    /// The business is suspended, its settings have no prompt for outbound calls, or none of the campaign's numbers is its own.
    Settings,
}

impl Pause {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What is so, and what to do about it, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Requested => "it was paused by hand: resume it when calls are to go on",
            Self::Failures => {
                "at least half of the last calls failed for a technical reason: look at these calls, then resume it"
            }
            Self::Budget => {
                "its budget is used up, counting calls that run with the most that they may cost: raise it or stop the campaign"
            }
            Self::Settings => {
                "the business cannot place these calls: it is suspended, has no prompt for outbound calls, or the numbers are not its own"
            }
        }
    }
}

/// Caps on what a campaign may come to. What is not capped has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Budget {
    /// The most that its calls may cost, micro-dollars.
    pub micros: Option<u64>,
    /// The most begun minutes.
    pub minutes: Option<u64>,
}

/// How a campaign is to be conducted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What its people call it.
    pub name: String,
    /// What the calls are for.
    pub purpose: Purpose,
    /// The numbers that it calls from: each person is always called from the same one.
    pub from: Vec<PhoneNumber>,
    /// Why the call is made, for the agent to say; `{{name}}` and every column of the file may stand in it.
    pub reason: Option<String>,
    /// What the agent should know; the same.
    pub context: Option<String>,
    /// The language that the agent opens in; a column `language` goes before it.
    pub language: Option<String>,
    /// When people may be called, by their clocks, beside what the settings and the law of their country say.
    pub hours: Option<Week>,
    /// Before this no call begins.
    pub starts_at: Option<Timestamp>,
    /// From then on no call begins any more.
    pub ends_at: Option<Timestamp>,
    /// The most calls at once.
    pub at_once: u16,
    /// How often people are tried.
    pub retries: Retries,
    /// The most that it may come to.
    pub budget: Budget,
    /// The country of numbers in the file without a country code.
    pub country: Option<Country>,
    /// What its calls are to bring about.
    #[serde(default)]
    pub goal: Option<Goal>,
}

// It speaks of people.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// What a check of the file found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// When the check began: what it wrote stands under this name.
    pub began_at: Timestamp,
    /// Rows, without the one of the headers and without empty ones.
    pub rows: u32,
    /// Those that will be called.
    pub valid: u32,
    /// Those that are left out.
    pub left_out: u32,
    /// What there is to say of rows, all in all.
    pub problems: u32,
    /// Slices of rows that were written.
    pub slices: u32,
    /// Columns of the file, by their headers.
    pub headers: Vec<String>,
    /// Variables that the words need and the file does not have.
    pub missing: Vec<String>,
    /// How many of those that will be called are of each country.
    pub countries: std::collections::BTreeMap<String, u32>,
    /// The same by country and time zone, parted by a space; by the country alone for those whose zone the file does not say.
    #[serde(default)]
    pub places: std::collections::BTreeMap<String, u32>,
    /// Why the file is no list of people, if it is not.
    pub refused: Option<(String, String)>,
}

impl Report {
    /// Whether the campaign may be started.
    pub const fn is_good(&self) -> bool {
        self.valid > 0 && self.missing.is_empty() && self.refused.is_none()
    }
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Which.
    pub id: CampaignId,
    /// How it is conducted.
    pub plan: Plan,
    /// The length of its file, bytes.
    pub bytes: u64,
    /// Who made it.
    pub by: KeyId,
    /// When.
    pub created_at: Timestamp,
    /// How far it is.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Why it is paused, while it is.
    pub pause: Option<Pause>,
    /// The calls because of which it is paused, if it paused by itself.
    pub samples: Vec<Sample>,
    /// What the check found.
    pub report: Option<Report>,
    /// The slices of rows whose entries are made.
    pub loaded: u32,
    /// Since when it calls without a pause: calls at once become more from then on.
    pub running_since: Option<Timestamp>,
    /// People who were dealt with by then.
    #[serde(default)]
    pub over_before: u64,
    /// Calls that run are ended with a goodbye, since it was asked for with the end of the campaign.
    #[serde(default)]
    pub hangs_up: bool,
}

/// Something that happens to a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The file is to be checked.
    Check,
    /// It was checked.
    Checked(Report),
    /// It is to be started.
    Start,
    /// The entries of a slice are made.
    LoadedSlice(u32),
    /// No call is to begin.
    Pause(Pause, Vec<Sample>),
    /// Calls are to go on.
    Resume,
    /// It is to be ended.
    Stop {
        /// So are its calls that run.
        hang_up: bool,
    },
    /// No entry is left to be called and none is being called.
    Drained,
}

/// Why something cannot happen to a campaign now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotNow {
    /// It is in another state.
    #[error("a campaign that is `{}` cannot do that", .0.as_str())]
    State(State),
    /// The check found that it cannot be started.
    #[error("the check found no person to call, or variables that the file does not have: see `report`")]
    Report,
    /// Its time is over.
    #[error("`ends_at` is over: make another campaign")]
    Over,
}

impl Campaign {
    /// Moves the campaign. What does not change it is `Ok(false)`: a request that comes again.
    ///
    /// # Errors
    /// [`NotNow`], and the campaign is as it was.
    pub fn step(&mut self, step: Step, now: Timestamp) -> Result<bool, NotNow> {
        let to = match (self.state, step) {
            (State::Draft | State::Ready, Step::Check) => {
                self.report = None;
                State::Checking
            }
            (State::Checking, Step::Checked(report)) => {
                let is_table = report.refused.is_none();
                self.report = Some(report);
                if is_table { State::Ready } else { State::Draft }
            }
            (State::Ready, Step::Start) => {
                if !self.report.as_ref().is_some_and(Report::is_good) {
                    return Err(NotNow::Report);
                }
                if self.plan.ends_at.is_some_and(|end| end <= now) {
                    return Err(NotNow::Over);
                }
                State::Loading
            }
            (State::Loading, Step::LoadedSlice(slice)) => {
                // A slice that was counted before is not counted again.
                self.loaded = self.loaded.max(slice + 1);
                let all = self.report.as_ref().map_or(0, |report| report.slices);
                if self.loaded < all {
                    return Ok(true);
                }
                self.running_since = Some(now);
                State::Running
            }
            (State::Running, Step::Pause(why, samples)) => {
                (self.pause, self.samples) = (Some(why), samples);
                State::Paused
            }
            (State::Paused, Step::Resume) => {
                (self.pause, self.samples) = (None, vec![]);
                self.running_since = Some(now);
                State::Running
            }
            (State::Draft | State::Checking | State::Ready, Step::Stop { .. }) => State::Stopped,
            (State::Loading | State::Running | State::Paused, Step::Stop { hang_up }) => {
                self.hangs_up = hang_up;
                State::Stopping
            }
            (State::Stopping, Step::Stop { hang_up: true }) if !self.hangs_up => {
                self.hangs_up = true;
                return Ok(true);
            }
            (State::Running, Step::Drained) => State::Completed,
            (State::Stopping, Step::Drained) => State::Stopped,
            (State::Checking, Step::Check)
            | (State::Loading | State::Running, Step::Start)
            | (State::Running, Step::Resume)
            | (State::Paused, Step::Pause(Pause::Requested, _))
            | (State::Stopping | State::Stopped, Step::Stop { .. }) => return Ok(false),
            (state, _) => return Err(NotNow::State(state)),
        };
        if to != State::Paused {
            self.pause = None;
        }
        (self.state, self.since) = (to, now);
        Ok(true)
    }

    /// The event that tells a business that the campaign moved from `before`; `None`: it is not told of that.
    pub const fn told(&self, before: State) -> Option<Type> {
        match (before, self.state) {
            (State::Ready, State::Loading) => Some(Type::CampaignStarted),
            (State::Running, State::Paused) => Some(Type::CampaignPaused),
            (State::Paused, State::Running) => Some(Type::CampaignResumed),
            (State::Running, State::Completed) => Some(Type::CampaignCompleted),
            (State::Stopping, State::Stopped) => Some(Type::CampaignStopped),
            _ => None,
        }
    }

    /// The number from which an entry is called, the same at each attempt as long as it is among those that are the business's
    /// `own`; then the next one that is. Entries are spread over all of them.
    pub fn number_for(&self, entry: u32, own: &[&PhoneNumber]) -> Option<&PhoneNumber> {
        let from = &self.plan.from;
        let first = usize::try_from(entry).ok()?.checked_rem(from.len())?;
        let (before, behind) = from.split_at(first);
        behind.iter().chain(before).find(|number| own.contains(number))
    }

    /// Whether calls may begin, as far as the campaign itself says.
    pub fn calls_at(&self, now: Timestamp) -> bool {
        self.state == State::Running
            && self.plan.starts_at.is_none_or(|start| start <= now)
            && !self.is_late(now)
    }

    /// Whether its time is over.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.plan.ends_at.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests;
