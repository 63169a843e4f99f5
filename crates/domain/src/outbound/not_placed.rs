//! Why a call is not placed, and whether waiting helps.

use strum::IntoStaticStr;

use super::InvalidOutboundPolicy;
use crate::Timestamp;
use crate::dial::barred::Barred;
use crate::numbering::Country;
use crate::usage::Meter;

/// Why a call is not placed. Its text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotPlaced {
    /// The settings hold a field that is not understood, which may have forbidden the call.
    #[error("the settings hold a field that is not understood and may forbid calls: correct the settings")]
    PolicyNotUnderstood,
    /// The business's own number.
    #[error("the number would call itself: give another one")]
    Itself,
    /// A number that no agent dials.
    #[error("no call is placed to numbers of this kind: {}", .0.as_str())]
    Barred(Barred),
    /// No numbering plan that is known has the number.
    #[error("the number's country is not known: check the number")]
    UnknownCountry,
    /// The business does not call this country, in which the number is or may be.
    #[error("the number is or may be of {0}: add {0} to the countries that may be called")]
    Country(Country),
    /// The person asked not to be called.
    #[error("the person asked this business not to be called")]
    DoNotCall,
    /// It was to be placed before a moment that is over.
    #[error("the call was to be placed before a moment that is over")]
    Late,
    /// The month's cap is reached.
    #[error("this month's cap on {} is reached: raise it or wait for the next month", .0.as_str())]
    MonthCap(Meter),
    /// The day's calls are used up.
    #[error("{max} outbound calls a day are allowed and made: raise the cap or wait for the next day")]
    DayCalls {
        /// The cap.
        max: u64,
        /// When the business's day ends.
        until: Timestamp,
    },
    /// The day's minutes may not last for the call.
    #[error(
        "the call may take outbound calls over {max} minutes a day: raise the cap or wait for the next day"
    )]
    DayMinutes {
        /// The cap, begun minutes.
        max: u64,
        /// When the business's day ends.
        until: Timestamp,
    },
    /// The day's money may not last for the call.
    #[error(
        "the call may take outbound calls over the day's cap on money: raise it or wait for the next day"
    )]
    DayMoney {
        /// The cap, micro-dollars.
        max_micros: u64,
        /// When the business's day ends.
        until: Timestamp,
    },
    /// Money is capped, and what the call may cost is not known.
    #[error("money is capped and the call's price is not known: set the missing price or remove the cap")]
    UnknownPrice,
    /// The called person's time zone cannot be told.
    #[error("the time at the called number is not known: set the contact's time zone")]
    UnknownZone,
    /// It is not a time to call people there.
    #[error(
        "it is, or may be, outside the hours for calls at the called number: wait, or set the contact's time zone"
    )]
    Hours {
        /// The first moment at which the hours allow it. `None`: no moment suits every time zone that the number
        /// may be in.
        until: Option<Timestamp>,
    },
    /// The number was called a short time ago.
    #[error("the number was called a short time ago: wait")]
    CoolingDown {
        /// When it may be called again.
        until: Timestamp,
    },
    /// No slot of the business is left for outbound calls.
    #[error(
        "the business's outbound calls hold all slots that they may: wait for one to end, or raise its share"
    )]
    BusinessSlots,
    /// No slot of the deployment is left for outbound calls.
    #[error("the system carries all outbound calls that it may: wait for one to end")]
    DeploymentSlots,
    /// The Twilio account dials as fast as it may.
    #[error("the Twilio account begins no more calls in this second: try again in the next one")]
    Pace {
        /// When the second is over.
        until: Timestamp,
    },
}

/// When the same call may be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Waiting changes nothing.
    Never,
    /// Not before this moment.
    At(Timestamp),
    /// When another call ends.
    WhenRoom,
    /// In the next month.
    NextMonth,
}

impl NotPlaced {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// When it may be tried again.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::PolicyNotUnderstood
            | Self::Itself
            | Self::Barred(_)
            | Self::UnknownCountry
            | Self::Country(_)
            | Self::DoNotCall
            | Self::Late
            | Self::UnknownPrice
            | Self::UnknownZone
            | Self::Hours { until: None } => Retry::Never,
            Self::MonthCap(_) => Retry::NextMonth,
            Self::DayCalls { until, .. }
            | Self::DayMinutes { until, .. }
            | Self::DayMoney { until, .. }
            | Self::Hours { until: Some(until) }
            | Self::CoolingDown { until }
            | Self::Pace { until } => Retry::At(*until),
            Self::BusinessSlots | Self::DeploymentSlots => Retry::WhenRoom,
        }
    }
}

impl InvalidOutboundPolicy {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}
