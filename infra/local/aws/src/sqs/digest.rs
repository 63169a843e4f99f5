//! The MD5 digests by which SDKs check that messages arrived as they were sent.

use base64::prelude::{BASE64_STANDARD, Engine};
use md5::{Digest, Md5};

use super::errors::SqsError;
use super::wire::{MessageAttribute, MessageAttributes};

/// The digest of a body.
pub(super) fn of_body(body: &str) -> String {
    hex::encode(Md5::digest(body.as_bytes()))
}

/// The digest of message attributes, if there are any: each in order of name as length-prefixed name, length-prefixed
/// type, a byte for the kind of value, length-prefixed value ("Amazon SQS message metadata", Developer Guide).
pub(super) fn of_attributes(attributes: &MessageAttributes) -> Result<Option<String>, SqsError> {
    if attributes.is_empty() {
        return Ok(None);
    }
    let mut md5 = Md5::new();
    for (name, attribute) in attributes {
        let value = attribute.value(name)?;
        prefixed(&mut md5, name.as_bytes());
        prefixed(&mut md5, attribute.data_type.as_bytes());
        md5.update([value.kind()]);
        prefixed(&mut md5, value.bytes());
    }
    Ok(Some(hex::encode(md5.finalize())))
}

fn prefixed(md5: &mut Md5, bytes: &[u8]) {
    // The limits on messages keep every length far below 4 GiB.
    md5.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    md5.update(bytes);
}

/// The value of an attribute, decoded.
pub(super) enum Value<'a> {
    /// Of a `String` or `Number`.
    Text(&'a str),
    /// Of a `Binary`.
    Binary(Vec<u8>),
}

impl Value<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::Binary(_) => 2,
        }
    }
}

impl MessageAttribute {
    /// Reads the value that the type calls for; `name` is for the error.
    pub(super) fn value(&self, name: &str) -> Result<Value<'_>, SqsError> {
        let unfit =
            |what: &str| SqsError::InvalidParameterValue(format!("The message attribute {name} {what}."));
        let kind = self.data_type.split('.').next().unwrap_or_default();
        match (kind, &self.string_value, &self.binary_value) {
            ("String" | "Number", Some(text), None) if !text.is_empty() => Ok(Value::Text(text)),
            ("Binary", None, Some(encoded)) => match BASE64_STANDARD.decode(encoded) {
                Ok(bytes) if !bytes.is_empty() => Ok(Value::Binary(bytes)),
                Ok(_) | Err(_) => Err(unfit("has an empty value or one that is not base64")),
            },
            ("String" | "Number" | "Binary", _, _) => {
                Err(unfit("must have a non-empty value of its own type and no other"))
            }
            (_, _, _) => Err(unfit("must have the type String, Number or Binary, with an optional .label")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> MessageAttribute {
        MessageAttribute { data_type: data_type.into(), string_value: Some(value.into()), binary_value: None }
    }

    #[test]
    fn the_digest_of_attributes_covers_names_types_kinds_and_values() {
        let one = MessageAttributes::from([("timestamp".into(), text("Number", "1493147359900"))]);
        // MD5 of 00000009 "timestamp" 00000006 "Number" 01 0000000d "1493147359900".
        let mut spelt = Vec::new();
        spelt.extend(b"\0\0\0\x09timestamp\0\0\0\x06Number\x01\0\0\0\x0d1493147359900");
        assert_eq!(of_attributes(&one).unwrap().unwrap(), hex::encode(Md5::digest(&spelt)));
        let renamed = MessageAttributes::from([("timestamps".into(), text("Number", "1493147359900"))]);
        assert_ne!(of_attributes(&one).unwrap(), of_attributes(&renamed).unwrap());
        assert_eq!(of_attributes(&MessageAttributes::new()).unwrap(), None);
    }

    #[test]
    fn a_value_must_fit_its_type() {
        assert!(text("String.json", "{}").value("a").is_ok());
        assert!(text("String", "").value("a").is_err());
        assert!(text("Text", "x").value("a").is_err());
        assert!(text("Binary", "x").value("a").is_err());
        let binary = |value: &str| MessageAttribute {
            data_type: "Binary".into(),
            string_value: None,
            binary_value: Some(value.into()),
        };
        assert_eq!(binary("AAH/").value("a").unwrap().bytes(), [0, 1, 255]);
        assert!(binary("%").value("a").is_err());
    }
}
