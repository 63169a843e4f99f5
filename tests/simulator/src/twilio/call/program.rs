//! Following TwiML from document to document.

use super::document::{DocumentRequest, Loaded};
use super::{Ending, Runner};
use crate::twilio::events::{CallStatus, EndedBy, WebhookKind};
use crate::twilio::spec::{Direction, TwimlSource};
use crate::twilio::twiml::Verb;

/// Documents followed in one call; TwiML that redirects to itself ends here.
const MAX_DOCUMENTS: usize = 200;

const APOLOGY: &str = "We are sorry, an application error has occurred. Goodbye.";

/// Where a verb leads.
pub(super) enum AfterVerb {
    Verb,
    Document(DocumentRequest),
    End(Ending),
}

impl Runner {
    /// Follows the call's TwiML, or that of a redirect, to its end.
    pub(super) async fn follow(&self, redirected: Option<TwimlSource>) -> Ending {
        let mut request = match redirected {
            Some(source) => DocumentRequest::action(source, Vec::new()),
            None => match self.first_request().await {
                Ok(request) => request,
                Err(ending) => return ending,
            },
        };
        for _ in 0..MAX_DOCUMENTS {
            let document = match self.load(&request).await {
                Ok(document) => document,
                Err(error) => match self.fallback(&request, &error) {
                    Some(fallback) => {
                        request = fallback;
                        continue;
                    }
                    None => return self.apologise().await,
                },
            };
            match self.run_document(&document).await {
                AfterVerb::Document(next) => request = next,
                AfterVerb::Verb => return Ending::new(EndedBy::Twiml),
                AfterVerb::End(ending) => return ending,
            }
        }
        self.call.debugger(11215, format!("the TwiML led through {MAX_DOCUMENTS} documents"));
        self.apologise().await
    }

    async fn first_request(&self) -> Result<DocumentRequest, Ending> {
        let spec = &self.call.spec;
        if spec.direction == Direction::OutboundApi
            && let Some(ending) = self.dial_out().await
        {
            return Err(ending);
        }
        if spec.direction == Direction::Inbound {
            self.set_status(CallStatus::Ringing).await;
        }
        let mut extra = spec.extra_params.clone();
        if let Some(answered_by) = self.call.progress().answered_by {
            extra.push(("AnsweredBy".to_owned(), answered_by.to_owned()));
        }
        Ok(DocumentRequest { kind: WebhookKind::Voice, source: spec.twiml.clone(), extra })
    }

    async fn apologise(&self) -> Ending {
        self.answer().await;
        self.say(APOLOGY, 1).await;
        Ending::new(EndedBy::ApplicationError)
    }

    /// Runs the verbs in order; `AfterVerb::Verb` when they run out.
    async fn run_document(&self, document: &Loaded) -> AfterVerb {
        if self.call.progress().answered.is_none() {
            if let Some(Verb::Reject { busy }) = document.verbs.first() {
                let unanswered = if *busy { CallStatus::Busy } else { CallStatus::NoAnswer };
                return AfterVerb::End(Ending { by: EndedBy::Rejected, unanswered });
            }
            self.answer().await;
        }
        for verb in &document.verbs {
            match self.run_verb(document, verb).await {
                AfterVerb::Verb => {}
                elsewhere @ (AfterVerb::Document(_) | AfterVerb::End(_)) => return elsewhere,
            }
        }
        AfterVerb::Verb
    }
}
