//! The body of an answer, if it is not too long: the other side decides how much it sends.

use reqwest::Response;

/// Why there is no body.
pub(crate) enum NoBody {
    /// It has, or announces, more bytes than are taken.
    TooLong,
    /// It breaks off.
    Cut(reqwest::Error),
}

/// The whole body, of at most `most` bytes.
pub(crate) async fn bounded_body(response: &mut Response, most: usize) -> Result<Vec<u8>, NoBody> {
    let announced = response.content_length().map_or(Ok(0), usize::try_from).unwrap_or(usize::MAX);
    if announced > most {
        return Err(NoBody::TooLong);
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(NoBody::Cut)? {
        if body.len() + chunk.len() > most {
            return Err(NoBody::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
