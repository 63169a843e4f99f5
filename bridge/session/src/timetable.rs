//! When each wait is over: read from the fact or rule that waits.
//!
//! There is no table of armed deadlines that could disagree with the facts. A wait ends when what passed has been told
//! to its owner, who then waits no longer.

use std::time::{Duration, Instant};

use crate::deadline::Deadline;
use crate::facts::Facts;
use crate::phase::Phase;
use crate::rules::Rules;

/// Twilio says which call it is right after connecting.
const START_WAIT: Duration = Duration::from_secs(5);
/// One conditional delete takes milliseconds; a store that takes longer is down. The caller waits in silence.
const CLAIM_WAIT: Duration = Duration::from_millis(1_500);

/// The wait that is over first. Of those that are over at one moment, the first in the order of [`Deadline::ALL`].
pub(crate) fn earliest(phase: Phase, facts: &Facts, rules: &Rules) -> Option<(Instant, Deadline)> {
    match phase {
        Phase::AwaitingStart => first(|deadline| awaiting_start(deadline, facts)),
        Phase::Connecting => first(|deadline| connecting(deadline, facts, rules)),
        Phase::Live => first(|deadline| live(deadline, facts, rules)),
        Phase::Closing(_) => first(|deadline| closing(deadline, facts)),
        Phase::Closed => None,
    }
}

fn first(moment: impl Fn(Deadline) -> Option<Instant>) -> Option<(Instant, Deadline)> {
    let waits = Deadline::ALL.iter().filter_map(|deadline| Some((moment(*deadline)?, *deadline)));
    waits.min_by_key(|(at, _)| *at)
}

fn awaiting_start(deadline: Deadline, facts: &Facts) -> Option<Instant> {
    (deadline == Deadline::Start).then(|| facts.call.born() + START_WAIT)
}

fn connecting(deadline: Deadline, facts: &Facts, rules: &Rules) -> Option<Instant> {
    match deadline {
        Deadline::Claim => {
            facts.call.started().filter(|_| facts.call.plan().is_none()).map(|started| started + CLAIM_WAIT)
        }
        Deadline::ModelReady | Deadline::ModelAttempt | Deadline::ModelRetry | Deadline::Media => {
            live(deadline, facts, rules)
        }
        _ => None,
    }
}

fn closing(deadline: Deadline, facts: &Facts) -> Option<Instant> {
    match deadline {
        Deadline::Stop => facts.after_call.stop_by(),
        Deadline::LateTranscripts => facts.after_call.transcripts_by(),
        _ => None,
    }
}

fn live(deadline: Deadline, facts: &Facts, rules: &Rules) -> Option<Instant> {
    match deadline {
        Deadline::Media => facts.line.lives_until(),
        Deadline::SpeechFrame => facts.speech.frame_by(),
        Deadline::SpeechEnd => facts.speech.ends_by(),
        Deadline::Interruption => facts.speech.undecided_until(),
        Deadline::Overheard => facts.speech.overheard_until(),
        Deadline::Answer => facts.speech.answer_by(),
        Deadline::ModelReady => facts.leg.ready_by(),
        Deadline::ModelAttempt => facts.leg.attempt_by(),
        Deadline::ModelRetry => facts.leg.retry_at(),
        Deadline::Rollover => facts.leg.rollover_at(),
        Deadline::LastRollover => facts.leg.last_rollover_at(),
        Deadline::ResponseCreated => facts.gate.created_by(),
        Deadline::ResponseProgress => facts.gate.progress_by(),
        Deadline::GateRetry => facts.gate.retry_at(),
        Deadline::Playout => facts.playback.marks_lost_at(),
        Deadline::Tool => facts.tools.due(),
        Deadline::Filler => facts.tools.filler_due(),
        Deadline::Turn => facts.turns.waits_until(),
        Deadline::Goodbye => facts.ending.goodbye_by(),
        Deadline::Words => facts.steering.begins_by(),
        Deadline::Screening => facts.party.screened_until(),
        Deadline::Silence => rules.silence.until(),
        Deadline::Wordless => rules.presence.wordless_until(),
        Deadline::Monologue => rules.voicemail.monologue_until(),
        Deadline::Voicemail => rules.voicemail.silence_ends(),
        Deadline::Farewell => rules.farewell.pause_ends(),
        Deadline::Warning => rules.call_limit.warns_at(),
        Deadline::LastWords => rules.call_limit.last_words_at(),
        Deadline::MaxDuration => rules.call_limit.ends_at(),
        Deadline::Dtmf => rules.keys.sent_at(),
        Deadline::Drain => rules.drain.leaves_from(),
        Deadline::LastDrain => rules.drain.last(),
        // Of other phases.
        Deadline::Start | Deadline::Claim | Deadline::Stop | Deadline::LateTranscripts => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::testing::{facts, origin, secs};

    #[test]
    fn each_phase_waits_for_its_own() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let rules = Rules::default();
        let name = |phase, facts: &Facts| {
            earliest(phase, facts, &rules).map(|(at, deadline)| (at.duration_since(now), deadline.name()))
        };
        assert_eq!(name(Phase::AwaitingStart, &facts), Some((START_WAIT, "start")));
        facts.line.lives(now);
        assert_eq!(name(Phase::Connecting, &facts), Some((secs(30), "media")), "the plan was claimed");
        facts.caller_began(now, "item", None);
        assert_eq!(name(Phase::Live, &facts), Some((Duration::from_millis(750), "speech_frame")));
        facts.after_call.hung_up(now);
        let closing = Phase::Closing(domain::turn::EndReason::AgentHangUp);
        assert_eq!(name(closing, &facts), Some((secs(5), "stop")));
        facts.after_call.await_words(now);
        assert_eq!(name(closing, &facts), Some((secs(2), "late_transcripts")));
        assert_eq!(name(Phase::Closed, &facts), None);
    }

    #[test]
    fn of_waits_that_are_over_at_once_the_first_in_order_passes_first() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let mut rules = Rules::default();
        rules.drain.told(now, Duration::ZERO);
        assert_eq!(earliest(Phase::Live, &facts, &rules), Some((now, Deadline::Drain)));
        facts.speech.decide_at(now);
        assert_eq!(earliest(Phase::Live, &facts, &rules), Some((now, Deadline::Interruption)));
    }
}
