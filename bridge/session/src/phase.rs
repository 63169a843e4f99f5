//! The phases of a call and how each of its ends looks to Twilio's socket.

use domain::turn::EndReason;

/// Where a call stands. A deadline ends each phase that no event has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The socket is open and Twilio has not said which call it is.
    AwaitingStart,
    /// The token is being claimed, then the model connected. The caller's audio is kept.
    Connecting,
    /// Audio flows both ways.
    Live,
    /// The conversation is over; its last words are being collected.
    Closing(EndReason),
    /// Nothing more will be said or done.
    Closed,
}

/// The WebSocket close code (RFC 6455, section 7.4.1) for each end.
pub(crate) const fn close_code(reason: EndReason) -> u16 {
    match reason {
        EndReason::AgentHangUp
        | EndReason::CallerHangUp
        | EndReason::Silence
        | EndReason::Voicemail
        | EndReason::MaxDuration
        | EndReason::Requested
        | EndReason::OptedOut
        | EndReason::Transfer => 1000,
        EndReason::CallerLost | EndReason::Drained => 1001,
        EndReason::Unauthorised | EndReason::Protocol | EndReason::Superseded => 1008,
        EndReason::ModelLost | EndReason::Internal => 1011,
    }
}
