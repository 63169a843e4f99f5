//! What a message is.

use serde_json::Value;

use super::read::{list, number, text};

/// What a message is.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Words.
    Text(String),
    /// A picture, a voice note, a document, a sticker.
    Media(Media),
    /// A place.
    Location {
        /// Degrees, as received.
        latitude: String,
        /// Degrees, as received.
        longitude: String,
        /// What it is called, and its address.
        label: Option<String>,
    },
    /// Cards of an address book: the names on them.
    Cards(Vec<String>),
    /// A button or a row of a list that the person chose.
    Choice {
        /// What it stands for.
        id: Option<String>,
        /// What it says.
        title: String,
    },
    /// A form that the person filled in: JSON.
    Form(String),
    /// Goods that the person ordered: how many of what.
    Order {
        /// Each with its name at the catalogue and how many.
        items: Vec<(String, i64)>,
    },
    /// A sign at a message. `None`: it was taken off.
    Reaction {
        /// The message.
        about: Option<String>,
        /// The sign.
        emoji: Option<String>,
    },
    /// Other words in the place of a message's.
    Edit {
        /// The message.
        about: Option<String>,
        /// What it says now.
        body: String,
    },
    /// A message was taken back.
    Deletion {
        /// The message.
        about: Option<String>,
    },
    /// Meta tells something of the person.
    System {
        /// Meta's word, such as `user_changed_number`.
        what: String,
        /// The person's new number, digits alone.
        wa_id: Option<String>,
        /// The person's new id.
        user_id: Option<String>,
    },
    /// What Meta does not hand on, or what we do not know.
    Unsupported {
        /// Meta's word for its type.
        what: String,
        /// Meta's error code.
        code: Option<i64>,
    },
}

/// A picture, a voice note, a document or a sticker.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    /// Meta's word: `image`, `audio`, `video`, `document`, `sticker`.
    pub what: String,
    /// Meta's name of it, by which it is asked for.
    pub id: String,
    /// What Meta says that it is.
    pub mime_type: Option<String>,
    /// SHA-256 of the bytes, as received.
    pub sha256: Option<String>,
    /// The words with it.
    pub caption: Option<String>,
    /// A document's name.
    pub file_name: Option<String>,
    /// Whether it is a voice note.
    pub voice: bool,
}

impl Content {
    /// Reads one message. What is not understood is unsupported, and never lost.
    pub(super) fn of(item: &Value) -> Self {
        let what = text(item, "type").unwrap_or_default();
        Self::read(&what, item).unwrap_or_else(|| {
            let code = list(item, "errors").iter().find_map(|error| number(error, "code"));
            Self::Unsupported { what, code }
        })
    }

    fn read(what: &str, item: &Value) -> Option<Self> {
        let own = item.get(what)?;
        Some(match what {
            "text" => Self::Text(text(own, "body")?),
            "image" | "audio" | "video" | "document" | "sticker" => Self::Media(Media {
                what: what.to_owned(),
                id: text(own, "id")?,
                mime_type: text(own, "mime_type"),
                sha256: text(own, "sha256"),
                caption: text(own, "caption"),
                file_name: text(own, "filename"),
                voice: own.get("voice").and_then(Value::as_bool).unwrap_or(false),
            }),
            "location" => {
                let label =
                    [text(own, "name"), text(own, "address")].into_iter().flatten().collect::<Vec<_>>();
                Self::Location {
                    latitude: text(own, "latitude")?,
                    longitude: text(own, "longitude")?,
                    label: (!label.is_empty()).then(|| label.join(", ")),
                }
            }
            "contacts" => {
                let cards = own.as_array()?.iter();
                Self::Cards(cards.filter_map(|card| text(card.get("name")?, "formatted_name")).collect())
            }
            "button" => Self::Choice { id: text(own, "payload"), title: text(own, "text")? },
            "interactive" => interactive(own)?,
            "order" => {
                let items = list(own, "product_items").iter();
                let item = |item: &Value| {
                    Some((text(item, "product_retailer_id")?, number(item, "quantity").unwrap_or(1)))
                };
                Self::Order { items: items.filter_map(item).collect() }
            }
            "reaction" => Self::Reaction { about: text(own, "message_id"), emoji: text(own, "emoji") },
            "edit" | "edited_message" => {
                let body = own.get("message").and_then(|message| text(message.get("text")?, "body"));
                Self::Edit {
                    about: text(own, "original_message_id").or_else(|| text(own, "message_id")),
                    body: body.or_else(|| text(own.get("text")?, "body")).unwrap_or_default(),
                }
            }
            "revoke" | "deleted_message" => {
                Self::Deletion { about: text(own, "original_message_id").or_else(|| text(own, "message_id")) }
            }
            "system" => Self::System {
                what: text(own, "type").unwrap_or_default(),
                wa_id: text(own, "new_wa_id").or_else(|| text(own, "wa_id")),
                user_id: text(own, "new_user_id").or_else(|| text(own, "user_id")),
            },
            _ => return None,
        })
    }

    /// The label in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Media(_) => "media",
            Self::Location { .. } => "location",
            Self::Cards(_) => "cards",
            Self::Choice { .. } => "choice",
            Self::Form(_) => "form",
            Self::Order { .. } => "order",
            Self::Reaction { .. } => "reaction",
            Self::Edit { .. } => "edit",
            Self::Deletion { .. } => "deletion",
            Self::System { .. } => "system",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

// What a person wrote is not printed.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

// Meta's name of it opens it for those with the token.
impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media").field("what", &self.what).finish_non_exhaustive()
    }
}

fn interactive(own: &Value) -> Option<Content> {
    let kind = text(own, "type")?;
    let reply = own.get(&kind)?;
    Some(match kind.as_str() {
        "button_reply" | "list_reply" => Content::Choice {
            id: text(reply, "id"),
            title: text(reply, "title").or_else(|| text(reply, "id"))?,
        },
        "nfm_reply" => Content::Form(text(reply, "response_json")?),
        _ => return None,
    })
}
