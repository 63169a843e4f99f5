//! Why an appointment is not made or changed, as a word for programs and a sentence for people and models.

use strum::IntoStaticStr;

/// Why something cannot be done with a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// Another appointment, or a time that is held, is in the way.
    #[error("this time is taken")]
    SlotTaken,
    /// The calendar is not open at that time, or not for as long as the service takes.
    #[error("the calendar is not open at this time for as long as the service takes")]
    OutsideHours,
    /// It is not on the grid on which the service begins, or is the second of two equal wall times.
    #[error("the service does not begin at this minute")]
    NotASlot,
    /// Less than the service's notice is left.
    #[error("this is earlier than the notice that the service needs")]
    TooSoon,
    /// It is behind the window in which the service can be booked.
    #[error("this is later than the service can be booked")]
    TooFar,
    /// There is no such service, or it is not offered now.
    #[error("there is no such service")]
    UnknownService,
    /// There is no such calendar, it is closed, or it does not offer the service.
    #[error("there is no such calendar for this service")]
    UnknownCalendar,
    /// It is not known what is taken, so nothing counts as free.
    #[error("it is not known at the moment what is taken in this calendar")]
    CalendarUnavailable,
    /// There is no such appointment of this person.
    #[error("there is no such appointment of this person")]
    NotYours,
    /// It was cancelled, is over, or is only held, so this cannot be done with it.
    #[error("the appointment is in a state in which this cannot be done")]
    WrongStatus,
    /// The hold ran out.
    #[error("the time was held for 180 seconds, and these are over")]
    HoldExpired,
    /// The token of a slot was made up, altered, or given in another conversation.
    #[error("this slot was not offered in this conversation")]
    InvalidSlot,
    /// The token of a slot is older than ten minutes.
    #[error("this offer is older than ten minutes")]
    StaleSlot,
    /// A person without a number cannot be given an appointment by an agent.
    #[error("a telephone number is needed")]
    NeedsPhone,
    /// More than a day of a calendar can hold.
    #[error("the day holds no further appointments")]
    DayFull,
}

impl Refusal {
    /// Every one of them.
    pub const ALL: [Self; 15] = [
        Self::SlotTaken,
        Self::OutsideHours,
        Self::NotASlot,
        Self::TooSoon,
        Self::TooFar,
        Self::UnknownService,
        Self::UnknownCalendar,
        Self::CalendarUnavailable,
        Self::NotYours,
        Self::WrongStatus,
        Self::HoldExpired,
        Self::InvalidSlot,
        Self::StaleSlot,
        Self::NeedsPhone,
        Self::DayFull,
    ];

    /// The word for programs.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// What an agent is told to do about it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::SlotTaken | Self::DayFull => {
                "Say that the time has just been taken, and offer one of the alternatives or look for others."
            }
            Self::OutsideHours | Self::NotASlot | Self::TooSoon | Self::TooFar => {
                "Say that this time cannot be booked, and look for slots again."
            }
            Self::UnknownService | Self::UnknownCalendar => {
                "Ask which of the services is wanted; name only those that find_slots listed."
            }
            Self::CalendarUnavailable => {
                "Say that the calendar cannot be reached, that nothing is booked, and offer to take a message."
            }
            Self::NotYours => {
                "Say that there is no such appointment under the number that they call from. Tell nothing of others."
            }
            Self::WrongStatus => "Say that this cannot be done with that appointment any more.",
            Self::HoldExpired | Self::InvalidSlot | Self::StaleSlot => {
                "Call find_slots again and use one of its slots exactly as given. Nothing is booked."
            }
            Self::NeedsPhone => {
                "Say that without a telephone number nothing can be booked here; offer a message."
            }
        }
    }
}
