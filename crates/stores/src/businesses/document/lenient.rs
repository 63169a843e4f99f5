//! Reads a value as a type, skips what the type has no field for, and notes it: at every level, in a type that refuses
//! unknown fields, and beside the one word of a choice. So a call that waits for a stored document is served, and a
//! document that comes in is refused by the names of all fields that it should not have.

use std::cell::RefCell;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

use super::{MAX_NAME_CHARS, MAX_UNKNOWN, Unknown, below, nearest};

type Fields = &'static [&'static str];

/// What a value was read as, and the fields that were skipped.
pub(super) struct Read<T> {
    pub(super) value: Result<T, serde_path_to_error::Error<Error>>,
    pub(super) unknown: Vec<Unknown>,
}

pub(super) fn read<T: DeserializeOwned>(value: &Value) -> Read<T> {
    let notes = RefCell::new(vec![]);
    let value = serde_path_to_error::deserialize(Lenient { value, path: String::new(), notes: &notes });
    Read { value, unknown: notes.into_inner() }
}

/// A value that is read so.
#[derive(Clone)]
struct Lenient<'de, 'n> {
    value: &'de Value,
    path: String,
    notes: &'n RefCell<Vec<Unknown>>,
}

impl<'de> Lenient<'de, '_> {
    fn within(&self, value: &'de Value, path: String) -> Self {
        Self { value, path, notes: self.notes }
    }

    fn note(&self, name: &str, given: &Map<String, Value>, known: Fields) {
        let mut notes = self.notes.borrow_mut();
        if notes.len() < MAX_UNKNOWN {
            let free = known.iter().filter(|field| given.get(**field).is_none_or(Value::is_null));
            let near = nearest(name, free.copied()).or_else(|| nearest(name, known.iter().copied()));
            let meant = near.map(|near| below(&self.path, near));
            let name: String = name.chars().take(MAX_NAME_CHARS).collect();
            notes.push(Unknown { path: below(&self.path, &name), meant });
        }
    }

    /// The fields that the type has; for a map, all of them.
    fn fields<V: Visitor<'de>>(self, known: Option<Fields>, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(given) = self.value else { return self.deserialize_any(visitor) };
        let fields = given.iter().filter(|(name, _)| match known {
            Some(known) if !known.contains(&name.as_str()) => {
                self.note(name, given, known);
                false
            }
            Some(_) | None => true,
        });
        let fields = fields.map(|(name, value)| (name.as_str(), self.within(value, below(&self.path, name))));
        visitor.visit_map(MapDeserializer::new(fields))
    }
}

impl<'de> IntoDeserializer<'de, Error> for Lenient<'de, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Lenient<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(index, item)| self.within(item, format!("{}[{index}]", self.path)));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Value::Object(_) => self.fields(None, visitor),
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: Fields,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(Some(fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: Fields,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Object(given) = self.value else {
            return self.value.deserialize_enum(name, words, visitor);
        };
        let mut known = given.iter().filter(|(word, _)| words.contains(&word.as_str()));
        let (Some((word, value)), None) = (known.next(), known.next()) else {
            // None of the words, or several: no choice was made.
            return self.value.deserialize_enum(name, words, visitor);
        };
        for other in given.keys().filter(|other| *other != word) {
            self.note(other, given, &[]);
        }
        visitor.visit_enum(Choice { word, of: self.within(value, below(&self.path, word)) })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The word of a choice, and what belongs to it.
struct Choice<'de, 'n> {
    word: &'de str,
    of: Lenient<'de, 'n>,
}

impl<'de, 'n> EnumAccess<'de> for Choice<'de, 'n> {
    type Error = Error;
    type Variant = Lenient<'de, 'n>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Lenient<'de, 'n>), Error> {
        Ok((seed.deserialize(StrDeserializer::<Error>::new(self.word))?, self.of))
    }
}

impl<'de> VariantAccess<'de> for Lenient<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        // `{"voicemail": null}` is the word alone.
        serde::Deserialize::deserialize(self.value)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: Fields, visitor: V) -> Result<V::Value, Error> {
        self.fields(Some(fields), visitor)
    }
}
