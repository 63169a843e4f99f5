//! `switchboard text`: a person with a telephone, in the terminal, who texts with the running system.

mod chat;
pub(super) mod station;
mod typed;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::Folder;
use super::running::Running;

/// The largest file that is sent: Twilio's bound for WhatsApp.
const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Text {
    #[command(flatten)]
    folder: Folder,
    /// Over WhatsApp at Twilio (the default)
    #[arg(long, conflicts_with_all = ["sms", "meta"])]
    whatsapp: bool,
    /// Over SMS, with MMS for files
    #[arg(long, conflicts_with = "meta")]
    sms: bool,
    /// Over WhatsApp at Meta itself
    #[arg(long)]
    meta: bool,
    /// The person's number or, over WhatsApp, an id of theirs such as US.13491208655302741918
    #[arg(long, default_value = local::demo::business::CALLER)]
    from: String,
    /// The business's number
    #[arg(long, default_value = local::demo::business::NUMBER)]
    to: String,
    /// What the person calls themselves; over WhatsApp the business sees it
    #[arg(long, default_value = "Anna Steiner")]
    name: String,
    /// How long an answer is waited for when the lines come from a file or a pipe, seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    wait: u64,
}

/// What a chat goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Sms,
    WhatsApp,
    Meta,
}

impl Way {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "SMS",
            Self::WhatsApp => "WhatsApp",
            Self::Meta => "WhatsApp at Meta",
        }
    }
}

/// Whose phone is wanted.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    way: Way,
    from: String,
    to: String,
    name: String,
}

/// What the person does. A file has a request of its own.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
enum Act {
    Say {
        words: String,
    },
    /// The button with this title or, of a numbered list in the last text, the line with this number.
    Press {
        button: String,
    },
    React {
        emoji: String,
    },
    Stop,
}

/// A file's name and type.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileNote {
    name: String,
    content_type: String,
    caption: String,
}

/// What is seen at the phone.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
enum Seen {
    /// The phone is there, under this number.
    Ready { phone: u64 },
    /// The person did this.
    Did { what: String },
    /// The system has it.
    Taken,
    /// The system has it not.
    Refused { why: String },
    /// The business is writing.
    Writing,
    /// A text of the business.
    Received { words: String },
    /// What the phone has reported of it, as far as the system took the reports.
    Reported { statuses: Vec<String> },
}

pub(super) async fn run(args: Text) -> anyhow::Result<()> {
    let way = match (args.sms, args.meta) {
        (true, _) => Way::Sms,
        (false, true) => Way::Meta,
        (false, false) => Way::WhatsApp,
    };
    if way == Way::Sms && !args.from.starts_with('+') {
        bail!("--from {} is no number: SMS needs one, such as +12025550178", args.from);
    }
    let running = Running::find(&args.folder.data)?;
    let order = Order { way, from: args.from.clone(), to: args.to.clone(), name: args.name.clone() };
    let chat = chat::Chat::open(&running.control_url, &order).await.context("no phone")?;
    chat.go_on(&order, std::time::Duration::from_secs(args.wait)).await
}
