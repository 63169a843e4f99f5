use super::MULAW_BYTES_PER_MS;

/// Whether `payload` is Base64 (RFC 4648, standard alphabet, padded) of at least one byte, exactly
/// as a strict decoder would have it, without decoding it.
pub fn is_base64(payload: &[u8]) -> bool {
    if payload.is_empty() || !payload.len().is_multiple_of(4) {
        return false;
    }
    let padding = padding(payload);
    let digits = &payload[..payload.len() - padding];
    // No early exit: the loop is compiled to vector instructions.
    let alphabet = digits.iter().fold(true, |valid, &b| valid & is_digit(b));
    // The bits of the last digit that belong to no byte are zero.
    let unused_bits = match padding {
        0 => 0,
        1 => 0b11,
        _ => 0b1111,
    };
    alphabet && digits.last().is_some_and(|&last| value(last) & unused_bits == 0)
}

/// Bytes that `payload`, valid Base64, stands for.
pub fn decoded_bytes(payload: &[u8]) -> usize {
    (payload.len() / 4 * 3).saturating_sub(padding(payload))
}

/// Whole milliseconds of audio in a payload of `payload_len` Base64 characters, `padding` of which
/// are `=`.
pub fn encoded_ms(payload_len: usize, padding: usize) -> u32 {
    let bytes = (payload_len / 4 * 3).saturating_sub(padding);
    u32::try_from(bytes / MULAW_BYTES_PER_MS).unwrap_or(u32::MAX)
}

fn padding(payload: &[u8]) -> usize {
    payload.iter().rev().take(2).take_while(|&&b| b == b'=').count()
}

fn is_digit(b: u8) -> bool {
    let within = |first: u8, count: u8| b.wrapping_sub(first) < count;
    within(b'A', 26) | within(b'a', 26) | within(b'0', 10) | (b == b'+') | (b == b'/')
}

fn value(digit: u8) -> u8 {
    match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        _ => 63,
    }
}
