//! What was heard of a recording so far: kept turn by turn under the lease, so that the next run goes on behind it.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::RecordingSid;
use domain::transcript::speech::Piece;
use platform::Clock;
use stores::leases::{Lease, LeaseError, Leases};

use super::heard::{HeardTurn, ListenError};

/// The notes of one run.
pub(super) struct TurnNotes<'a> {
    leases: &'a Leases,
    lease: &'a Lease,
    recording: &'a RecordingSid,
    clock: &'a Clock,
    added: AtomicU32,
}

impl<'a> TurnNotes<'a> {
    pub(super) fn new(
        leases: &'a Leases,
        lease: &'a Lease,
        recording: &'a RecordingSid,
        clock: &'a Clock,
    ) -> Self {
        Self { leases, lease, recording, clock, added: AtomicU32::new(0) }
    }

    /// What an earlier run heard in this piece.
    pub(super) async fn of(&self, piece: &Piece) -> Result<Option<HeardTurn>, ListenError> {
        let part = part(self.recording, piece);
        let kept = self.leases.part(self.lease, &part, self.clock.now()).await;
        let kept = kept.map_err(ListenError::passing)?;
        // A note that cannot be read, because it is another release's, is one that was not taken.
        Ok(kept.and_then(|body| serde_json::from_str(&body).ok()))
    }

    pub(super) async fn keep(&self, piece: &Piece, answer: &HeardTurn) -> Result<(), ListenError> {
        let body = serde_json::to_string(answer)
            .map_err(|_| ListenError::Final("an answer has no JSON form".to_owned()))?;
        let kept = self.leases.keep_part(self.lease, &part(self.recording, piece), &body).await;
        kept.map_err(|error| match error {
            LeaseError::Fenced => ListenError::Lease(error),
            LeaseError::Store(error) => ListenError::passing(error),
        })?;
        self.added.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Pieces that this run was the first to hear.
    pub(super) fn added(&self) -> u32 {
        self.added.load(Ordering::Relaxed)
    }
}

/// Names a piece by what it is, not by its number: should the recording be cut otherwise by the time of the next
/// run, what was heard in other pieces is not taken for theirs.
fn part(recording: &RecordingSid, piece: &Piece) -> String {
    let Piece { channel, start, end, .. } = piece;
    format!("{recording}#{channel}#{}-{}", start.as_millis(), end.as_millis())
}
