//! What tests inside the crate share.

#[path = "../tests/it/support/log.rs"]
pub(crate) mod log;

use domain::{CallPlan, testing};

/// A German and English call that was greeted already.
pub(crate) fn plan() -> CallPlan {
    let mut plan = CallPlan { greeting: None, ..testing::plan(1) };
    plan.voice.languages = vec!["de".into(), "en".into()];
    plan.voice.keywords = vec!["Shimano".into()];
    plan
}
