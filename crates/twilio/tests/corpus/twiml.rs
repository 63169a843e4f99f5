//! Text in TwiML: it comes out as it went in, less what XML cannot hold, and adds no element.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use twilio::twiml::{Connect, Response, Say, Stream};

pub(crate) fn check(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let mut parts = input.splitn(3, '\u{1}');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (text, value, name) = (part(), part(), format!("n{}", part()));
    let stream = Stream {
        url: "wss://media.example.com/s".into(),
        name: None,
        status_callback: None,
        parameters: vec![(name.clone(), value.clone())],
    };
    let response = Response::new().then(Connect { action: None, stream }).then(Say {
        text: text.clone(),
        voice: Some(value.clone()),
        language: None,
    });
    // Too long for Twilio.
    let Ok(xml) = response.to_xml() else { return };

    let mut elements = vec![];
    let mut said = String::new();
    let mut reader = Reader::from_str(&xml);
    loop {
        match reader.read_event().expect("well formed") {
            Event::Start(tag) | Event::Empty(tag) => {
                let mut attributes = vec![];
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("well formed");
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0).expect("well formed");
                    attributes.push(value.into_owned());
                }
                elements.push((tag.name().as_ref().to_owned(), attributes));
            }
            Event::Text(text) => said.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().expect("well formed") {
                Some(c) => said.push(c),
                None => said.push_str(resolve_xml_entity(&reference).expect("one of XML's own")),
            },
            Event::End(_) | Event::Decl(_) => {}
            Event::Eof => break,
            unexpected => panic!("{unexpected:?}"),
        }
    }
    let names: Vec<_> = elements.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Response", "Connect", "Stream", "Parameter", "Say"]);
    assert_eq!(elements[3].1, [legal(&name), legal(&value)]);
    assert_eq!(elements[4].1, [legal(&value)]);
    assert_eq!(said, legal(&text));
}

/// The production `Char` of XML 1.0.
fn legal(text: &str) -> String {
    let is_legal = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(is_legal).collect()
}
