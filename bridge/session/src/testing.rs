//! What tests inside the crate share.

use std::time::Instant;

/// Some moment to count from: an `Instant` cannot be made of nothing.
#[expect(clippy::disallowed_methods, reason = "the tests' one look at a clock; all times are relative to it")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}
