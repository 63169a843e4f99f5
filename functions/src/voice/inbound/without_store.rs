//! The answer to a phone that rings, when the store does not say in time whether the call was opened.
//!
//! A copy of the webhook, or a write whose answer was lost, may have opened it. The answer to an opened call needs
//! no store: it is a function of the call and of what its business has every caller hear. If there is no call behind
//! it, the bridge lets the stream go and `after-stream` sends the caller back here, once. Where nothing was written
//! for sure, or what the caller must hear first is not known, Twilio is made to ask again while it has time. Words are
//! the last resort, and a person or a voicemail comes before them.

use std::time::Duration;

use moka::future::Cache;

/// A store that refuses at once is asked again after this long, not at once.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// How often Twilio asks: once, and `rc` times more (`DELIVERY`).
const TWILIO_ASKS: u32 = 3;
/// Longer than Twilio goes on asking (`tt` in `DELIVERY`).
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
const MAX_REMEMBERED: u64 = 10_000;

/// What is known without the store.
pub(super) struct Known<S> {
    /// The business's settings, if they were read in the last half minute.
    pub(super) settings: Option<S>,
    /// No attempt is known to have failed for certain.
    pub(super) may_be_open: bool,
    /// The caller had the answer of an opened call, and there was none.
    pub(super) came_back: bool,
    /// Counted from 1.
    pub(super) attempt: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum FallbackAnswer<S> {
    /// That of the opened call.
    AsOpened(S),
    /// 503.
    AskAgain,
    /// What the business has in place of an agent, as far as that is known.
    WithoutAgent(Option<S>),
}

pub(super) fn answer<S>(known: Known<S>) -> FallbackAnswer<S> {
    let is_last = known.attempt >= TWILIO_ASKS;
    match known.settings {
        Some(settings) if !known.came_back && (known.may_be_open || is_last) => {
            FallbackAnswer::AsOpened(settings)
        }
        _ if !is_last => FallbackAnswer::AskAgain,
        settings => FallbackAnswer::WithoutAgent(settings),
    }
}

/// How often calls were asked about in vain, as far as this process knows. Twilio does not say. A process that sees
/// an attempt for the first time takes it for the first one: if three of them do, Twilio ends the call in its own
/// words.
pub(super) struct Attempts(Cache<String, u32>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(REMEMBERED_FOR).build())
    }
}

impl Attempts {
    pub(super) const LAST: u32 = TWILIO_ASKS;

    /// Which attempt this is.
    pub(super) async fn count(&self, call: &str) -> u32 {
        let counted = self.0.entry_by_ref(call).and_upsert_with(|before| {
            std::future::ready(before.map_or(1, |before| before.into_value().saturating_add(1)))
        });
        counted.await.into_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Option<&str> = Some("settings");

    fn known(settings: Option<&str>, may_be_open: bool, came_back: bool, attempt: u32) -> Known<&str> {
        Known { settings, may_be_open, came_back, attempt }
    }

    #[test]
    fn the_answer_of_an_opened_call_is_given_where_one_may_be_open() {
        for attempt in 1..5 {
            assert_eq!(answer(known(SETTINGS, true, false, attempt)), FallbackAnswer::AsOpened("settings"));
        }
        assert_eq!(
            answer(known(SETTINGS, false, false, 1)),
            FallbackAnswer::AskAgain,
            "nothing was written, and there is time"
        );
        let last = answer(known(SETTINGS, false, false, Attempts::LAST));
        assert_eq!(last, FallbackAnswer::AsOpened("settings"), "a copy elsewhere may have been luckier");
    }

    #[test]
    fn without_settings_twilio_asks_again_and_words_come_last() {
        let answers = [1, 2, 3].map(|attempt| answer(known(None, true, false, attempt)));
        assert_eq!(
            answers,
            [FallbackAnswer::AskAgain, FallbackAnswer::AskAgain, FallbackAnswer::WithoutAgent(None)]
        );
    }

    #[test]
    fn a_caller_who_came_back_gets_no_second_stream_without_a_call() {
        assert_eq!(answer(known(SETTINGS, true, true, 1)), FallbackAnswer::AskAgain);
        assert_eq!(answer(known(SETTINGS, true, true, 3)), FallbackAnswer::WithoutAgent(SETTINGS));
    }

    #[tokio::test]
    async fn attempts_are_counted_by_call() {
        let attempts = Attempts::default();
        assert_eq!(
            (attempts.count("a").await, attempts.count("a").await, attempts.count("b").await),
            (1, 2, 1)
        );
    }
}
