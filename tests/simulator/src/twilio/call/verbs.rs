//! What each verb does (Twilio docs, "TwiML for Programmable Voice").

use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::document::{DocumentRequest, Loaded};
use super::program::AfterVerb;
use super::{Ending, Runner};
use crate::twilio::events::{CallEventKind, EndedBy, StreamEnd};
use crate::twilio::line::Heard;
use crate::twilio::spec::DialOutcome;
use crate::twilio::stream;
use crate::twilio::twiml::{ActionAddress, GatherVerb, StreamNoun, Verb};

impl Runner {
    pub(super) async fn run_verb(&self, document: &Loaded, verb: &Verb) -> AfterVerb {
        match verb {
            Verb::Say { .. } | Verb::Play { .. } | Verb::Pause { .. } => {
                self.prompt(document, verb).await;
                AfterVerb::Verb
            }
            Verb::Connect { action, stream } => self.connect(document, action.as_ref(), stream).await,
            Verb::Record(record) => self.record(document, record).await,
            Verb::StartRecording(recording) => {
                self.record_in_background(document, recording);
                AfterVerb::Verb
            }
            Verb::Dial { action, timeout_s, numbers } => {
                self.dial(document, action.as_ref(), *timeout_s, numbers).await
            }
            Verb::Gather(gather) => self.gather(document, gather).await,
            Verb::Redirect(target) => self.go_to(document, target, Vec::new()),
            Verb::Reject { .. } => {
                self.call.debugger(12200, "<Reject> must be the first verb of an unanswered call");
                AfterVerb::Verb
            }
            Verb::Hangup => AfterVerb::End(Ending::new(EndedBy::Twiml)),
        }
    }

    /// The document at `target`, or the next verb if that is no URL.
    pub(super) fn go_to(
        &self,
        document: &Loaded,
        target: &ActionAddress,
        extra: Vec<(String, String)>,
    ) -> AfterVerb {
        match document.resolve(&self.call, target) {
            Some(source) => AfterVerb::Document(DocumentRequest::action(source, extra)),
            None => AfterVerb::Verb,
        }
    }

    async fn connect(
        &self,
        document: &Loaded,
        action: Option<&ActionAddress>,
        noun: &StreamNoun,
    ) -> AfterVerb {
        let status_callback =
            noun.status_callback.as_ref().and_then(|target| document.resolve(&self.call, target));
        let end = stream::run(&self.account, &self.call, noun, document.base.as_ref(), status_callback).await;
        match (end, action) {
            (StreamEnd::Broken, _) if !self.account.config.connect_action_after_break => AfterVerb::Verb,
            (_, Some(action)) => self.go_to(document, action, Vec::new()),
            (_, None) => AfterVerb::Verb,
        }
    }

    async fn dial(
        &self,
        document: &Loaded,
        action: Option<&ActionAddress>,
        timeout_s: u64,
        numbers: &[String],
    ) -> AfterVerb {
        if numbers.iter().all(String::is_empty) {
            self.call.debugger(12200, "<Dial> names nobody to call");
        }
        let (status, talked) = match self.call.spec.dial {
            DialOutcome::Answered(talked) => ("completed", talked),
            DialOutcome::Busy => ("busy", Duration::ZERO),
            DialOutcome::Failed => ("failed", Duration::ZERO),
            DialOutcome::NoAnswer(rings) => {
                tokio::time::sleep(rings.min(Duration::from_secs(timeout_s))).await;
                ("no-answer", Duration::ZERO)
            }
        };
        tokio::time::sleep(talked).await;
        self.call.line.log(CallEventKind::Dialled { status });
        let Some(action) = action else { return AfterVerb::Verb };
        let mut extra = vec![
            ("DialCallStatus", status.to_owned()),
            ("DialCallSid", format!("CA{}", Uuid::new_v4().simple())),
            ("DialBridged", (status == "completed").to_string()),
        ];
        if status == "completed" {
            extra.push(("DialCallDuration", talked.as_secs().to_string()));
        }
        self.go_to(document, action, owned(extra))
    }

    /// Keys only: speech is what the media stream is for. Without any key the next verb runs.
    async fn gather(&self, document: &Loaded, gather: &GatherVerb) -> AfterVerb {
        let (_, mut heard) = self.call.line.listen();
        let prompts = async {
            for prompt in &gather.prompts {
                self.prompt(document, prompt).await;
            }
        };
        let mut digits = String::new();
        let mut key = tokio::select! {
            key = next_digit(&mut heard) => key,
            () = Box::pin(prompts) => None,
        };
        let wait = Duration::from_secs(gather.timeout_s);
        loop {
            let pressed = match key.take() {
                Some(pressed) => pressed,
                None => match tokio::time::timeout(wait, next_digit(&mut heard)).await {
                    Ok(Some(pressed)) => pressed,
                    Ok(None) | Err(_) => break,
                },
            };
            if gather.finish_on_key.contains(pressed) {
                break;
            }
            digits.push(pressed);
            if gather.num_digits == Some(digits.len()) {
                break;
            }
        }
        self.call.line.detach();
        if digits.is_empty() && !gather.action_on_empty_result {
            return AfterVerb::Verb;
        }
        let here = ActionAddress { url: String::new(), get: false };
        self.go_to(document, gather.action.as_ref().unwrap_or(&here), owned(vec![("Digits", digits)]))
    }
}

async fn next_digit(heard: &mut mpsc::Receiver<Heard>) -> Option<char> {
    loop {
        if let Heard::Digit(digit) = heard.recv().await? {
            return Some(digit);
        }
    }
}

pub(super) fn owned(params: Vec<(&str, String)>) -> Vec<(String, String)> {
    params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
