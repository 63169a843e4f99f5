//! Just enough of an XML tree for TwiML.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Deepest nesting accepted; TwiML with SSML needs about five.
const MAX_DEPTH: usize = 32;

/// An element: its text and its children apart, and the text of both together for SSML.
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    own_text: String,
    deep_text: String,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The element's own text without the white space around it.
    pub(super) fn text(&self) -> String {
        self.own_text.trim().to_owned()
    }

    /// The text of the element and of all inside it, in order.
    pub(super) fn all_text(&self) -> String {
        self.deep_text.trim().to_owned()
    }

    fn open(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: start.name().as_ref().to_owned(),
            attributes,
            children: Vec::new(),
            own_text: String::new(),
            deep_text: String::new(),
        })
    }

    fn push_text(&mut self, text: &str) {
        self.own_text.push_str(text);
        self.deep_text.push_str(text);
    }
}

/// The document element, or what is not well-formed.
pub(super) fn parse(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
                }
                open.push(Element::open(&start)?);
            }
            Event::Empty(start) => close(Element::open(&start)?, &mut open, &mut root)?,
            Event::End(_) => {
                let element = open.pop().ok_or("an end tag without its start")?;
                close(element, &mut open, &mut root)?;
            }
            Event::Text(content) => add_text(&content.xml10_content(), &mut open)?,
            Event::CData(content) => add_text(&content.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                let name = reference.xml10_content();
                match character {
                    Some(character) => add_text(character.encode_utf8(&mut [0; 4]), &mut open)?,
                    None => add_text(
                        resolve_predefined_entity(&name).ok_or_else(|| format!("&{name}; is not defined"))?,
                        &mut open,
                    )?,
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or_else(|| "there is no element".to_owned()),
            Event::Eof => return Err("an element is not closed".to_owned()),
        }
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => {
            parent.deep_text.push_str(&element.deep_text);
            parent.children.push(element);
        }
        None if root.is_some() => return Err("there is more than one document element".to_owned()),
        None => *root = Some(element),
    }
    Ok(())
}

fn add_text(text: &str, open: &mut [Element]) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.push_text(text),
        None if text.trim_matches(['\u{feff}', ' ', '\n', '\r', '\t']).is_empty() => {}
        None => return Err("there is text outside the document element".to_owned()),
    }
    Ok(())
}
