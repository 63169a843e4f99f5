//! Notifications as the chats take them: Slack's incoming webhooks, and Teams' workflows that post an Adaptive Card.
//!
//! Everything that a person has said stands where the chat reads no markup: a plain text in Slack's blocks, a run of text in a
//! card. So a name is no link and no mention.

use serde::Serialize;

use super::words::Words;

/// A message to an incoming webhook of Slack (docs.slack.dev, "Sending messages using incoming webhooks").
#[derive(Debug, Serialize)]
pub struct SlackMessage {
    /// What a notification of the chat shows. Slack reads markup in it, so three characters are written as entities.
    text: String,
    blocks: [SlackBlock; 3],
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SlackBlock {
    Header { text: SlackText },
    Section { text: SlackText },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "text", rename_all = "snake_case")]
enum SlackText {
    PlainText(String),
    Mrkdwn(String),
}

/// A header of Slack has at most 150 characters.
const MAX_HEADER: usize = 150;

impl SlackMessage {
    /// These words for Slack.
    pub fn of(words: &Words) -> Self {
        let plain = |text: &str| SlackText::PlainText(text.to_owned());
        let title: String = words.title.chars().take(MAX_HEADER).collect();
        // The address is ours, and has none of the characters that would end it.
        let link = format!("<{}|{}>", words.link, words.open);
        Self {
            text: escaped(&format!("{}\n{}", words.title, words.text)),
            blocks: [
                SlackBlock::Header { text: SlackText::PlainText(title) },
                SlackBlock::Section { text: plain(&words.text) },
                SlackBlock::Section { text: SlackText::Mrkdwn(link) },
            ],
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A message to a workflow of Teams: one Adaptive Card (learn.microsoft.com, "Create incoming webhooks with workflows").
#[derive(Debug, Serialize)]
pub struct TeamsMessage {
    r#type: &'static str,
    attachments: [Attachment; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    content_type: &'static str,
    content: Card,
}

#[derive(Debug, Serialize)]
struct Card {
    #[serde(rename = "$schema")]
    schema: &'static str,
    r#type: &'static str,
    version: &'static str,
    body: [RichText; 2],
    actions: [OpenUrl; 1],
}

#[derive(Debug, Serialize)]
struct RichText {
    r#type: &'static str,
    inlines: [TextRun; 1],
}

#[derive(Debug, Serialize)]
struct TextRun {
    r#type: &'static str,
    text: String,
    weight: &'static str,
}

#[derive(Debug, Serialize)]
struct OpenUrl {
    r#type: &'static str,
    title: &'static str,
    url: String,
}

impl TeamsMessage {
    /// These words for Teams.
    pub fn of(words: &Words) -> Self {
        let text = |text: &str, weight| RichText {
            r#type: "RichTextBlock",
            inlines: [TextRun { r#type: "TextRun", text: text.to_owned(), weight }],
        };
        let content = Card {
            schema: "http://adaptivecards.io/schemas/adaptive-card.json",
            r#type: "AdaptiveCard",
            version: "1.4",
            body: [text(&words.title, "Bolder"), text(&words.text, "Default")],
            actions: [OpenUrl { r#type: "Action.OpenUrl", title: words.open, url: words.link.clone() }],
        };
        let content_type = "application/vnd.microsoft.card.adaptive";
        Self { r#type: "message", attachments: [Attachment { content_type, content }] }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notification::words::{Told, What, Who};

    /// A caller who knows the markup of both chats.
    fn words() -> Words {
        let name = "<!channel> [here](https://evil.example) & *co*";
        let who = Who { name: Some(name), number: Some("+12025550178") };
        let link = "https://calls.example/console/#/b/harbour/messages";
        Words::of(&Told { business: "Harbour <Bikes>", what: What::Voicemail, who, link }, "en")
    }

    #[test]
    fn slack_gets_a_text_without_markup_and_blocks_that_read_none() {
        let message = serde_json::to_value(SlackMessage::of(&words())).unwrap();
        let text = message["text"].as_str().unwrap();
        assert!(text.starts_with("Harbour &lt;Bikes&gt;: New voicemail\n&lt;!channel&gt;"), "{text}");
        assert!(!text.contains('<'), "{text}");
        let kinds: Vec<&Value> =
            message["blocks"].as_array().unwrap().iter().map(|block| &block["text"]["type"]).collect();
        assert_eq!(json!(kinds), json!(["plain_text", "plain_text", "mrkdwn"]));
        assert_eq!(
            message["blocks"][2]["text"]["text"],
            "<https://calls.example/console/#/b/harbour/messages|Open in the console>"
        );
        assert_eq!(message["blocks"][0]["type"], "header");
    }

    #[test]
    fn teams_gets_one_card_with_runs_of_text_and_a_way_to_the_console() {
        let message = serde_json::to_value(TeamsMessage::of(&words())).unwrap();
        let card = &message["attachments"][0]["content"];
        assert_eq!((&message["type"], &card["type"]), (&json!("message"), &json!("AdaptiveCard")));
        assert_eq!(card["body"][1]["inlines"][0]["type"], "TextRun");
        assert!(card["body"][1]["inlines"][0]["text"].as_str().unwrap().starts_with("<!channel> [here]"));
        assert_eq!(card["actions"][0]["url"], "https://calls.example/console/#/b/harbour/messages");
    }
}
