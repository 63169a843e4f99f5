//! A thread as a model reads it: who said what, the oldest first. What has no words is told in a line of its own.

use super::Text;
use super::incoming::{Incoming, Kind};
use super::outgoing::{Content, Delivery, Outgoing};
use super::tool_use::ToolUse;

/// Texts that a model reads, at most.
pub const MAX_TEXTS: u16 = 40;
/// The longest that one of them may be, characters.
const MAX_CHARS: usize = 4_000;

/// A side of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The person.
    Person,
    /// The business: its agent, or a person of it, which read alike.
    Business,
}

/// One piece of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<'a> {
    /// Words of a side.
    Words(Side, String),
    /// The agent used a tool.
    Tool(&'a ToolUse),
}

impl Said<'_> {
    /// Whether the business has the last word with it.
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Words(Side::Business, _))
    }
}

/// What was said, in the order of the texts. Texts in a row of one side are one. What the person wrote, or what a tool
/// answered, comes last, or there is nothing to answer.
pub fn said<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Vec<Said<'a>> {
    let mut said: Vec<Said<'a>> = vec![];
    for text in texts {
        let line = match text {
            Text::In(incoming) => came(incoming),
            Text::Out(outgoing) => sent(outgoing),
            Text::Tool(used) => {
                said.push(Said::Tool(used));
                None
            }
        };
        let Some((side, words)) = line else { continue };
        let words: String = words.chars().take(MAX_CHARS).collect();
        match said.last_mut() {
            Some(Said::Words(last, before)) if *last == side => {
                before.push('\n');
                before.push_str(&words);
            }
            _ => said.push(Said::Words(side, words)),
        }
    }
    said
}

fn came(incoming: &Incoming) -> Option<(Side, String)> {
    let body = incoming.body.as_str().trim();
    let said: Vec<&str> =
        incoming.media.iter().filter_map(|media| media.said.as_ref()).map(|said| said.as_str()).collect();
    let noted = |note: &str| if body.is_empty() { format!("[{note}]") } else { format!("[{note}] {body}") };
    let words = match incoming.kind {
        Kind::Text | Kind::Choice => body.to_owned(),
        Kind::Echo => return (!body.is_empty()).then(|| (Side::Business, body.to_owned())),
        Kind::Media if !said.is_empty() => noted(&format!("a voice note] {} [end of it", said.join("\n"))),
        Kind::Media if incoming.media.iter().any(|media| media.voice) => {
            noted("a voice note that you cannot hear")
        }
        Kind::Media => noted("a picture or file that you cannot see"),
        Kind::Location => noted("a place"),
        Kind::Card => noted("a contact"),
        Kind::Order => noted("an order from the catalogue"),
        Kind::Edit => noted("corrected"),
        Kind::Reaction | Kind::Deletion | Kind::System | Kind::Unsupported => return None,
    };
    (!words.is_empty()).then_some((Side::Person, words))
}

/// What did not arrive was not said.
fn sent(outgoing: &Outgoing) -> Option<(Side, String)> {
    if outgoing.fate.delivery.is_failure() || outgoing.fate.delivery == Delivery::Intended {
        return None;
    }
    match &outgoing.content {
        Content::Words(body) => Some((Side::Business, body.as_str().to_owned())),
        Content::Template(template) => {
            let values: Vec<&str> = template.in_order().into_iter().map(|(_, value)| value).collect();
            Some((Side::Business, format!("[the template {}] {}", template.name, values.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outgoing::{Author, Fate};
    use super::super::tests::{handle, whatsapp};
    use super::super::{Body, incoming::Media};
    use super::*;
    use crate::Timestamp;

    fn text(kind: Kind, body: &str) -> Text {
        let media = Media { source: "m".into(), voice: true, ..Media::default() };
        Text::In(Box::new(Incoming {
            key: "k".into(),
            account: None,
            sender: whatsapp(),
            from: handle("436641234567"),
            also: vec![],
            name: None,
            kind,
            body: Body(body.into()),
            media: if kind == Kind::Media { vec![media] } else { vec![] },
            about: None,
            wish: None,
            own: false,
            said_at: None,
            came_at: Timestamp(0),
        }))
    }

    fn answer(body: &str, delivery: Delivery) -> Text {
        let mut out = Outgoing::new(Author::Notice, Content::Words(Body(body.into())), 0, Timestamp(0));
        out.fate = Fate::of(delivery);
        Text::Out(Box::new(out))
    }

    #[test]
    fn a_burst_is_one_and_what_was_not_said_is_left_out() {
        let texts = [
            text(Kind::Text, "Hi"),
            text(Kind::Text, "are you open?"),
            text(Kind::Reaction, "x"),
            answer("lost", Delivery::Failed),
            answer("Until six.", Delivery::Read),
            text(Kind::Echo, "and tomorrow too"),
            text(Kind::Media, ""),
        ];
        let words = |side, words: &str| Said::Words(side, words.to_owned());
        assert_eq!(
            said(&texts),
            [
                words(Side::Person, "Hi\nare you open?"),
                words(Side::Business, "Until six.\nand tomorrow too"),
                words(Side::Person, "[a voice note that you cannot hear]"),
            ]
        );
    }
}
