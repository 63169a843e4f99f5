//! The addresses that Twilio is given, one place for those who give them and those who answer there.
//!
//! A path may carry a query: it is part of the signed address, so what it says is ours.

use domain::{DialId, Epoch};

use crate::edge::verified_form::DELIVERY;

/// A phone rings.
pub(crate) const INBOUND: &str = "/twilio/voice/inbound";
/// Where a caller comes back to whose stream was let go because the call had not been opened: once.
pub(crate) const INBOUND_AGAIN: &str = "/twilio/voice/inbound?again=1";
/// An outbound call was answered.
pub(crate) const OUTBOUND: &str = "/twilio/voice/outbound";
/// A call or a leg of it changed its status.
pub(crate) const CALL_STATUS: &str = "/twilio/voice/status";
/// A stream began, ended or failed.
pub(crate) const STREAM_STATUS: &str = "/twilio/stream/status";
/// The verdict of machine detection.
pub(crate) const MACHINE_DETECTION: &str = "/twilio/voice/amd";
/// `<Connect>` is over.
pub(crate) const AFTER_STREAM: &str = "/twilio/voice/after-stream";
/// The leg that a transfer dialled is over.
pub(crate) const AFTER_TRANSFER: &str = "/twilio/voice/after-dial";
/// The business's fallback number was rung.
pub(crate) const AFTER_FALLBACK: &str = "/twilio/voice/no-agent/after-dial";
/// The caller left a message.
pub(crate) const AFTER_MESSAGE: &str = "/twilio/voice/no-agent/after-message";
/// A recording began, is there, or never came to be.
pub(crate) const RECORDING_STATUS: &str = "/twilio/recording";

/// A text came, over Twilio.
pub(crate) const TEXT: &str = "/twilio/messages";
/// What became of a text that Twilio sent.
pub(crate) const TEXT_STATUS: &str = "/twilio/messages/status";
/// What Meta has to say, and where it subscribes.
pub(crate) const META: &str = "/meta/whatsapp";

/// Where Twilio reports what becomes of a text, below our public address, with our own name of it: it may come before the
/// answer that says Twilio's.
pub(crate) fn of_text(base: &str, text: &str) -> String {
    format!("{base}{TEXT_STATUS}?text={text}#{DELIVERY}")
}

/// Where Twilio asks when the stream of `epoch` is over. Its request names no stream, so the address does.
pub(crate) fn after_stream(epoch: Epoch) -> String {
    format!("{AFTER_STREAM}?epoch={epoch}")
}

/// Where Twilio asks when the person that the session of `epoch` handed the call to was rung.
pub(crate) fn after_transfer(epoch: Epoch) -> String {
    format!("{AFTER_TRANSFER}?epoch={epoch}")
}

/// One of these paths with the order that a call was placed for.
pub(crate) fn of_order(path: &str, id: &DialId) -> String {
    format!("{path}?dial={id}")
}
