//! What we tell the model to say when we are the ones who ask. Instructions of a response replace those of the
//! session for that response (OpenAI Realtime GA), so each begins with the call's own.

use domain::business::VoicemailPolicy;
use domain::plan::Resumption;
use domain::turn::EndReason;
use domain::{CallPlan, prompt};

use crate::facts::model_leg::Owed;

pub(crate) fn greeting(plan: &CallPlan, greeting: &str) -> String {
    with_role(plan, &prompt::greeting_instructions(greeting))
}

pub(crate) fn silence_prompt(plan: &CallPlan) -> String {
    with_role(
        plan,
        "The caller has been silent for a while. Ask in one short sentence whether they are still there. \
         Call no tool.",
    )
}

pub(crate) fn goodbye(plan: &CallPlan, reason: EndReason) -> String {
    if let (EndReason::Voicemail, VoicemailPolicy::LeaveMessage { text }) =
        (reason, &plan.conversation.voicemail)
    {
        return message(plan, text);
    }
    let why = match reason {
        EndReason::Silence => "The caller does not answer any more.",
        EndReason::MaxDuration => "The call has reached its longest permitted duration.",
        EndReason::Requested => "The business asks you to end the call now.",
        EndReason::Transfer => return hand_over(plan),
        EndReason::OptedOut => return opted_out(plan),
        EndReason::AgentHangUp
        | EndReason::CallerHangUp
        | EndReason::Voicemail
        | EndReason::CallerLost
        | EndReason::Unauthorised
        | EndReason::Protocol
        | EndReason::Drained
        | EndReason::ModelLost
        | EndReason::Superseded
        | EndReason::Internal => "The matter is settled.",
    };
    with_role(plan, &format!("{why} Say a goodbye in one short sentence and nothing else. Call no tool."))
}

/// The last words to a person who wants no more calls.
fn opted_out(plan: &CallPlan) -> String {
    with_role(
        plan,
        "The person you called does not want to be called again. If record_do_not_call has answered with ok, tell them in one \
         short sentence that this is recorded; if not, say that you have understood and promise nothing. Then say a short \
         goodbye and nothing else. Ask nothing. Call no tool.",
    )
}

/// The last words before the call is transferred.
fn hand_over(plan: &CallPlan) -> String {
    with_role(
        plan,
        "Tell the caller in one short sentence that you are connecting them now, and nothing else. Call no tool.",
    )
}

/// A tool takes its time.
pub(crate) fn filler(plan: &CallPlan) -> String {
    with_role(
        plan,
        "You are still looking something up. Tell the caller so in a few words and promise nothing. Call no tool.",
    )
}

/// The caller has heard nothing for a while, because the model had nothing to give.
pub(crate) fn after_silence(plan: &CallPlan) -> String {
    with_role(
        plan,
        "The caller had to wait for several seconds without a word. Apologise for that in a few words, then answer what \
         they said last, or go on where the conversation stopped.",
    )
}

/// The model said that an appointment is made or changed, and it is not.
pub(crate) fn take_back(plan: &CallPlan) -> String {
    with_role(
        plan,
        "You have just said that an appointment is made, moved or cancelled, but no tool has done it: it is not so. Tell the \
         caller in one short sentence that it is not done yet, and then do it with your tools, or say why you cannot.",
    )
}

/// The model has called tools as often as it may without a word of the caller's.
pub(crate) fn talk_first(plan: &CallPlan) -> String {
    with_role(
        plan,
        "You have looked things up several times without a word to the caller, and no tool works before the caller has \
         spoken again. Tell them in one or two short sentences what you found out or that it did not work, and ask how \
         to go on. Call no tool.",
    )
}

/// What a model must know that is told of a transfer which came to nothing.
pub(crate) fn transfer_failed(label: &str) -> String {
    format!("The call was transferred to {label}, but nobody answered there. The caller is back with you.")
}
/// What is left on an answering machine is the business's own wording.
fn message(plan: &CallPlan, text: &str) -> String {
    format!(
        "{}\n\n# Now\nAn answering machine is recording. Say exactly this, in this wording and nothing else: \
         \"{text}\" Call no tool.",
        plan.instructions
    )
}

/// What the business has the agent say is its own wording.
pub(crate) fn exact_words(plan: &CallPlan, text: &str) -> String {
    format!(
        "{}\n\n# Now\nThe business asks you to tell the caller something. Say exactly this, in this wording and \
         nothing else: \"{text}\" Call no tool.",
        plan.instructions
    )
}

/// What the business tells the agent during the call.
pub(crate) fn note_of_business(text: &str) -> String {
    format!("A note from the business to you, which the caller does not hear: {text}")
}

/// Who is calling and why, for a service that asks in the place of the person who was called.
pub(crate) fn introduction(plan: &CallPlan) -> String {
    let introduction = plan.introduction.as_ref();
    let name = introduction.map_or("the business", |introduction| introduction.name.as_str());
    let why = match introduction.and_then(|introduction| introduction.reason.as_deref()) {
        Some(reason) => format!("and that you are calling about this: {reason}"),
        None => "and in a few words what the call is about".to_owned(),
    };
    with_role(
        plan,
        &format!(
            "A call screening service asks who is calling and why. Say in one short sentence that you are calling from \
             {name}, {why}. Say nothing else and call no tool."
        ),
    )
}

/// Said to a model that would take the service for the person.
pub(crate) const SCREENED: &str = "A call screening service has answered, not the person you called. When the person \
    picks up, introduce yourself to them.";

/// Said to a model whose words were for a machine.
pub(crate) const PERSON_ANSWERED: &str =
    "The person you called has picked up after all. Introduce yourself and go on with the call.";

/// Digits pressed are data: the model is told that they are, in a note that is not the caller's speech.
pub(crate) fn keys_pressed(keys: &str) -> String {
    let mut spaced = String::with_capacity(keys.len() * 2);
    for key in keys.chars() {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push(key);
    }
    format!("The caller pressed these keys on the telephone: {spaced}")
}

/// The model was told that the call ends; it must not go on believing that.
pub(crate) const CALL_GOES_ON: &str =
    "The caller went on speaking, so the call was not ended. Listen and answer.";

/// Said to a model that was told of words which then were cut short.
pub(crate) const NOT_ALL_HEARD: &str =
    "The caller interrupted, and did not hear all of the last words that you were told you said.";

/// The agent's words broke off: the token limit, a filter, or a failure at the provider.
pub(crate) fn finish_sentence(plan: &CallPlan) -> String {
    with_role(
        plan,
        "Your last words broke off in the middle of a sentence. Finish what you were saying in one or two short \
         sentences, in other words than before, without greeting and without repeating what was already said.",
    )
}

pub(crate) fn warning(plan: &CallPlan) -> String {
    with_role(
        plan,
        "This call is about to reach its longest permitted duration. Tell the caller in one short sentence that only \
         about a minute is left, and ask for what matters most. Call no tool.",
    )
}

/// The first words of a session that goes on with a call.
pub(crate) fn resume(plan: &CallPlan) -> String {
    if let Resumption::TransferFailed { label } = &plan.resumption {
        let told = transfer_failed(label);
        return with_role(
            plan,
            &format!(
                "{told} Do not greet and do not introduce yourself again. Say in one short sentence that nobody can be \
                 reached there right now, and ask how else you can help."
            ),
        );
    }
    with_role(
        plan,
        "The connection to the caller failed for a moment and is back. The call goes on: do not greet and do not \
         introduce yourself again. Apologise for the interruption in a few words, then go on where the \
         conversation stopped; if the caller asked something last, answer that.",
    )
}

/// The first words of a model that took over in mid-call. `heard` is what the caller heard of the agent last.
pub(crate) fn go_on(plan: &CallPlan, owed: Owed, heard: Option<&str>) -> String {
    let task = match (owed, heard) {
        (Owed::Rest, Some(heard)) => format!(
            "You were cut off in the middle of what you were saying. Of that the caller heard \"{heard}\". Go on \
             from there without saying it again."
        ),
        (Owed::Rest | Owed::Answer, _) => "Answer what the caller said last.".to_owned(),
        (Owed::Repeat, _) => {
            "What the caller was just saying did not reach you: apologise in a few words and ask for it once more."
                .to_owned()
        }
    };
    with_role(plan, &format!("The call goes on: do not greet and do not introduce yourself again. {task}"))
}

fn with_role(plan: &CallPlan, task: &str) -> String {
    format!("{}\n\n# Now\n{task} Keep to the language of the conversation.", plan.instructions)
}
