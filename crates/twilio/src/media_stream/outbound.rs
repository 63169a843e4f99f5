use super::MessageError;
use super::payload::is_base64;

/// Appends a `media` message: `payload`, Base64 of mu-law at 8 kHz and of any length, is queued behind
/// what Twilio already has and played once.
///
/// # Errors
/// [`MessageError::Payload`], with `buf` as it was: Twilio drops such a message (warning 31951).
pub fn media_into(buf: &mut Vec<u8>, stream_sid: &str, payload: &[u8]) -> Result<(), MessageError> {
    if !is_base64(payload) {
        return Err(MessageError::Payload);
    }
    open(buf, b"media", stream_sid);
    buf.extend_from_slice(br#","media":{"payload":""#);
    buf.extend_from_slice(payload);
    buf.extend_from_slice(br#""}}"#);
    Ok(())
}

/// Appends a `mark`: Twilio sends `name` back once everything queued before it was played, or at
/// once when a [`clear_into`] discards that.
pub fn mark_into(buf: &mut Vec<u8>, stream_sid: &str, name: &str) {
    open(buf, b"mark", stream_sid);
    buf.extend_from_slice(br#","mark":{"name":"#);
    string(buf, name);
    buf.extend_from_slice(b"}}");
}

/// Appends a `clear`: Twilio forgets what it has not played, and sends back all marks at once.
pub fn clear_into(buf: &mut Vec<u8>, stream_sid: &str) {
    open(buf, b"clear", stream_sid);
    buf.push(b'}');
}

fn open(buf: &mut Vec<u8>, event: &[u8], stream_sid: &str) {
    buf.extend_from_slice(br#"{"event":""#);
    buf.extend_from_slice(event);
    buf.extend_from_slice(br#"","streamSid":"#);
    string(buf, stream_sid);
}

/// `text` as a JSON string (RFC 8259).
fn string(buf: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    buf.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => buf.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                buf.extend_from_slice(b"\\u00");
                buf.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xF)]]);
            }
            _ => buf.push(byte),
        }
    }
    buf.push(b'"');
}
