//! How settings are described to programs: texts that are read as more than a text. The other types derive it.

use std::borrow::Cow;

use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::announcement::Wording;
use crate::locale::Said;

/// Types of the document that are texts: each has a name, a description, and what else its builder is given.
#[macro_export]
macro_rules! text_schemas {
    ($($(#[doc = $doc:literal])+ $name:ident = $further:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $name {}

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::Schema> {
                use ::utoipa::openapi::{ObjectBuilder, Type};
                let further: fn(ObjectBuilder) -> ObjectBuilder = $further;
                let text = ObjectBuilder::new().schema_type(Type::String);
                further(text.description(Some(concat!($($doc),+).trim()))).into()
            }
        }

        impl ::utoipa::ToSchema for $name {
            fn name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+};
}

/// Texts by their patterns, each with an example.
#[macro_export]
macro_rules! pattern_schemas {
    ($($(#[doc = $doc:literal])+ $name:ident = $pattern:literal, $example:literal;)+) => {
        $crate::text_schemas! {
            $($(#[doc = $doc])+ $name = |text| text.pattern(Some($pattern)).examples([$example]);)+
        }
    };
}

crate::pattern_schemas! {
    /// A telephone number in E.164 form.
    E164 = "^\\+[1-9][0-9]{6,14}$", "+12025550143";
    /// From one time of a day until another, by clocks in the business's zone. An end that is not later than the beginning
    /// is one of the next day; the whole day is `00:00-24:00`.
    HoursSpan = "^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "09:00-12:30";
}

/// What Twilio says in the agent's place, where it is not what the product says in the business's language: what is null
/// is. [`locale::OwnWords`](crate::locale::OwnWords) in the document.
#[derive(Debug)]
pub enum OwnWords {}

impl PartialSchema for OwnWords {
    fn schema() -> RefOr<Schema> {
        let words = ObjectBuilder::new().schema_type(Type::Object).description(Some(
            "What Twilio says in the agent's place, in the business's own words; null: in the product's, in the \
             business's language.",
        ));
        let null = || ObjectBuilder::new().schema_type(Type::Null);
        let own = || OneOfBuilder::new().item(null()).item(Ref::from_schema_name(Wording::name()));
        let property = |words: ObjectBuilder, said: &Said| {
            words.property(said.as_str(), own().description(Some(said.described())))
        };
        Said::ALL.iter().fold(words, property).into()
    }
}

impl ToSchema for OwnWords {
    fn name() -> Cow<'static, str> {
        "OwnWords".into()
    }
}
