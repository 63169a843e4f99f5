//! A file is read twice: for how it is written, and then for its rows.

use bytes::Bytes;
use encoding_rs::Encoding;
use platform::objects::{ObjectError, Pieces};
use tokio::sync::mpsc;

use super::encoding::{Look, Written};

/// How a file is written, where it is not said.
pub(crate) async fn look(
    mut pieces: Pieces,
    said: (Option<&'static Encoding>, Option<char>),
) -> Result<Written, ObjectError> {
    let mut look = Look::default();
    while let Some(piece) = pieces.next().await? {
        look.at(&piece);
    }
    Ok(look.found(said))
}

/// Gives the pieces of a file to its reader, while `taking` takes the slices that come of them. Inside: why the file is no table.
pub(crate) async fn fed<T, E>(
    mut pieces: Pieces,
    to_reader: mpsc::Sender<Bytes>,
    taking: impl Future<Output = Result<Result<T, E>, ObjectError>>,
) -> Result<Result<T, E>, ObjectError> {
    let feeding = async move {
        while let Some(piece) = pieces.next().await? {
            // A reader that is gone wants no more of it.
            if to_reader.send(piece).await.is_err() {
                break;
            }
        }
        Ok::<(), ObjectError>(())
    };
    let (fed, taken) = tokio::join!(feeding, taking);
    let taken = taken?;
    // A file that is cut off has fewer rows, and is not to be taken for a shorter one.
    if taken.is_ok() {
        fed?;
    }
    Ok(taken)
}
