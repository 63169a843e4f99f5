use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// One XML element. Names are ours and therefore static; values may be any text.
pub(super) struct Element<'a> {
    name: &'static str,
    attributes: Vec<(&'static str, Cow<'a, str>)>,
    text: &'a str,
    children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), text: "", children: Vec::new() }
    }

    pub(super) fn attribute(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(super) fn optional(self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    pub(super) fn text(mut self, text: &'a str) -> Self {
        self.text = text;
        self
    }

    pub(super) fn child(mut self, child: Element<'a>) -> Self {
        self.children.push(child);
        self
    }

    /// The whole document with this element as its root; `None` beyond `max_bytes`.
    pub(super) fn document(&self, max_bytes: usize) -> Option<String> {
        let mut writer = Writer::new(Bounded { bytes: Vec::new(), max_bytes });
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))).ok()?;
        self.write(&mut writer).ok()?;
        String::from_utf8(writer.into_inner().bytes).ok()
    }

    fn write(&self, writer: &mut Writer<Bounded>) -> io::Result<()> {
        let mut start = BytesStart::new(self.name);
        for (name, value) in &self.attributes {
            start.push_attribute((*name, legal(value).as_ref()));
        }
        if self.text.is_empty() && self.children.is_empty() {
            return writer.write_event(Event::Empty(start));
        }
        writer.write_event(Event::Start(start))?;
        writer.write_event(Event::Text(BytesText::new(&legal(self.text))))?;
        for child in &self.children {
            child.write(writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new(self.name)))
    }
}

/// Memory for a document. Being full is the only way in which writing can fail.
struct Bounded {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + part.len() > self.max_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `text` without the characters that no XML 1.0 document may contain, escaped or not.
fn legal(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_legal) {
        Cow::Borrowed(text)
    } else {
        text.chars().filter(|c| is_legal(*c)).collect()
    }
}

/// The production `Char` of XML 1.0.
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}
