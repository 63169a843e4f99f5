//! The plan a call is carried with: made when it is answered, and again whenever it is resumed.

use std::time::Duration;

use domain::business::{ConversationPolicy, Policies, Voice, VoicemailPolicy};
use domain::plan::{Introduction, Resumption};
use domain::prompt::{self, CallContext, Compiled, ListeningHint};
use domain::tools::TakenMessage;
use domain::{Call, CallPlan, Epoch, Timestamp, Turn};
use stores::businesses::Published;

use super::history;
use crate::shared::about_contact::Told;

/// How long a stream may take to open after the answer.
pub(super) const TOKEN_TTL: Duration = Duration::from_secs(60);
/// The longest announcement that may come before it.
const ANNOUNCEMENT: Duration = Duration::from_secs(120);
/// What a resumed call may last at least, so that it can be ended with a goodbye.
const MIN_RESUMED: Duration = Duration::from_secs(20);

/// The same for the first stream of a call, which waits until the announcement is over.
pub(super) fn token_ttl(policies: &Policies) -> Duration {
    policies.consent.as_ref().map_or(TOKEN_TTL, |_| TOKEN_TTL + ANNOUNCEMENT)
}

/// The plan of a call that was just answered.
pub(super) fn first(
    call: &Call,
    published: &Published,
    compiled: &Compiled,
    told: &Told,
    now: Timestamp,
) -> CallPlan {
    let Published { business, settings } = published;
    // A test call without a purpose is one that comes in to the agent.
    let task = call.task.as_ref().filter(|task| call.is_twilios() || task.has_purpose());
    let context = CallContext { caller: &call.from, task, about: told.about(), now };
    CallPlan {
        call: call.sid.clone(),
        epoch: Epoch::FIRST,
        business: call.business.clone(),
        account: call.account.clone(),
        revision: published.settings.revision,
        direction: call.direction,
        minted_at: now,
        voice: voice(published),
        conversation: conversation(published),
        instructions: prompt::for_call(compiled, business, settings, &context),
        greeting: Some(compiled.greeting.clone()),
        history: vec![],
        resumption: Resumption::default(),
        tools: published.settings.tools.clone(),
        caller: call.other_party().cloned(),
        introduction: task
            .map(|task| Introduction { name: published.business.name.clone(), reason: task.reason.clone() }),
        safety_identifier: call.safety_identifier(),
        contact: call.contact,
        merged: told.merged.clone(),
        call_back: None,
    }
}

/// The agent's voice, and what the session listens for: the same as the transcription of the recording does.
fn voice(published: &Published) -> Voice {
    let ListeningHint { context: _, keywords, languages } =
        prompt::for_listening(&published.business, &published.settings);
    Voice { keywords, languages, ..published.settings.voice.clone() }
}

/// The business's manners, with its name where they speak of it.
fn conversation(published: &Published) -> ConversationPolicy {
    let mut conversation = published.settings.policies.conversation.clone();
    if let VoicemailPolicy::LeaveMessage { text } = &mut conversation.voicemail {
        *text = prompt::filled(text, &published.business);
    }
    conversation
}

/// The plan that goes on after that of the epoch `lost`: the same agent with the same instructions, told what was
/// said, and greeting no second time. The limit on a call's duration is the call's, not each session's.
pub(super) fn resumed(
    before: CallPlan,
    lost: Epoch,
    turns: &[Turn],
    messages: &[(Timestamp, TakenMessage)],
    now: Timestamp,
) -> CallPlan {
    let mut conversation = before.conversation;
    let lasted = now.since(before.minted_at);
    conversation.max_call = conversation.max_call.saturating_sub(lasted).max(MIN_RESUMED);
    CallPlan {
        epoch: lost.next(),
        minted_at: now,
        greeting: None,
        history: history::of(turns, messages),
        resumption: Resumption::default(),
        conversation,
        ..before
    }
}
