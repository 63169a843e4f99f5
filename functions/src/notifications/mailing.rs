//! Notifications by e-mail: through SES, from the deployment's address.

use domain::notification::notice::Came;
use domain::notification::reason::Reason;
use domain::notification::words::Words;
use platform::mail::{Mail, Mailer, NotMailed};

use crate::edge::StartError;
use crate::edge::parts::{Needs, Opener, Part};

/// Sends e-mails, if the deployment has an address for that.
pub(super) struct Mailing {
    mailer: Mailer,
    from: Option<String>,
}

impl Part for Mailing {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let from = needs.mailed_from();
        Box::new(move |deployment| {
            let mailer = Mailer::new(deployment.aws.ses.clone());
            let mailer = mailer.map_err(|error| StartError::Other(error.to_string()))?;
            Ok(Self { mailer, from })
        })
    }
}

impl Mailing {
    /// Sends once. SES cannot be asked afterwards whether it has taken it.
    pub(super) async fn send(&self, to: &str, words: &Words) -> (Came, Option<u32>) {
        let never = |why| Came::Never { why };
        let Some(from) = &self.from else { return (never(Reason::NoSender), None) };
        let text = words.mail();
        match self.mailer.send(&Mail { from, to, subject: &words.title, text: &text }).await {
            Ok(()) => (Came::Taken, Some(200)),
            Err(NotMailed::Later) => (Came::Later { why: Reason::Overloaded, after: None }, None),
            Err(NotMailed::Refused(code)) => (never(Reason::Refused), Some(code.into())),
            Err(NotMailed::Forbidden) => (never(Reason::Credentials), None),
            Err(NotMailed::Unknown) => (Came::Unknown, None),
        }
    }
}
