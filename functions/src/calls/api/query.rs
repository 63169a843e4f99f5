//! The queries about calls.

use std::time::Duration;

use domain::turn::EndReason;
use domain::{CallStatus, Direction, PhoneNumber, Timestamp};
use platform::clock;
use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use stores::calls::{Order, Wanted, WantedStatus};
use utoipa::IntoParams;

use crate::calls::parts::{Include, Included, ListInclude};
use crate::calls::search::Beside;
use crate::edge::api::schema;
use crate::edge::problem::Problem;

/// The longest word of a business for what a call came to, characters.
const MAX_WORD_CHARS: usize = 100;
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// The query of `GET /v1/calls`. Filters are combined: a call has to fit all of them. Unknown and repeated parameters are
/// refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::calls) struct ListCalls {
    /// Calls on one page, 1 to 100; 25 without it. A page with filters may have fewer, or none, and yet a `next`.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(in crate::calls) limit: Option<u16>,
    /// `next` of the page before, with the same filters and order.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(in crate::calls) cursor: Option<String>,
    /// `desc`: the call that was opened last comes first; `asc`: the one that was opened first.
    #[param(value_type = Option<schema::OrderFilter>, inline, nullable = false)]
    order: Option<Order>,
    /// How far a call is; `live`: not over.
    #[serde(default, deserialize_with = "status")]
    #[param(value_type = Option<schema::StatusFilter>, inline, nullable = false)]
    status: Option<WantedStatus>,
    /// Which way a call goes.
    #[param(value_type = Option<schema::DirectionFilter>, inline, nullable = false)]
    direction: Option<Direction>,
    /// The number of the business that was called, or that the call was placed from: E.164, `+` as `%2B`.
    #[serde(default, deserialize_with = "number")]
    #[param(value_type = Option<schema::E164>, nullable = false)]
    number: Option<PhoneNumber>,
    /// The person at the other end, who called or was called: E.164, `+` as `%2B`.
    #[serde(default, deserialize_with = "number")]
    #[param(value_type = Option<schema::E164>, nullable = false)]
    party: Option<PhoneNumber>,
    /// Opened at this moment or later, RFC 3339.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>, format = DateTime, nullable = false)]
    opened_after: Option<Timestamp>,
    /// Opened before this moment, RFC 3339.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>, format = DateTime, nullable = false)]
    opened_before: Option<Timestamp>,
    /// The call's least duration in milliseconds, by the whole seconds that Twilio counts.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, nullable = false)]
    min_duration_ms: Option<u64>,
    /// Why the call's last session ended. Looked up for each call that the filters above let pass: a page looks at 200 of
    /// them at most.
    #[param(value_type = Option<schema::EndReasonFilter>, inline, nullable = false)]
    end_reason: Option<EndReason>,
    /// What the call came to, one of the business's own words. Looked up like `end_reason`.
    #[param(min_length = 1, max_length = 100, nullable = false)]
    lead_status: Option<String>,
    /// Whether the recording of the conversation can be fetched. Looked up like `end_reason`.
    #[param(nullable = false)]
    has_recording: Option<bool>,
    /// What is told of each call besides the call itself, words with commas between them. Each costs one more read for each
    /// call of the page. `last_turn` takes the scope `transcripts:read` besides.
    #[serde(default, deserialize_with = "included::<_, ListInclude>")]
    #[param(value_type = Vec<schema::ListIncludeWord>, style = Form, explode = false, required = false)]
    pub(in crate::calls) include: Included,
}

/// Which calls are listed, in which order.
pub(in crate::calls) struct Wish {
    pub(in crate::calls) wanted: Wanted,
    pub(in crate::calls) beside: Beside,
    pub(in crate::calls) order: Order,
}

impl ListCalls {
    /// # Errors
    /// 400 for filters that no call can fit.
    pub(in crate::calls) fn read(&self) -> Result<Wish, Problem> {
        if let (Some(after), Some(before)) = (self.opened_after, self.opened_before)
            && after >= before
        {
            return Err(Problem::bad_request("`opened_after` must be earlier than `opened_before`"));
        }
        let lead_status = self.lead_status.clone();
        if lead_status.as_ref().is_some_and(|word| !(1..=MAX_WORD_CHARS).contains(&word.chars().count())) {
            return Err(Problem::bad_request(format!(
                "`lead_status` is a word of the business of 1 to {MAX_WORD_CHARS} characters"
            )));
        }
        // What is longer is no whole number to every reader of JSON.
        if self.min_duration_ms.is_some_and(|least| least > MAX_SAFE_INTEGER) {
            return Err(Problem::bad_request(format!("`min_duration_ms` is {MAX_SAFE_INTEGER} at most")));
        }
        let wanted = Wanted {
            status: self.status,
            direction: self.direction,
            number: self.number.clone(),
            party: self.party.clone(),
            opened_after: self.opened_after,
            opened_before: self.opened_before,
            min_duration: self.min_duration_ms.map(Duration::from_millis),
        };
        let beside = Beside { end_reason: self.end_reason, lead_status, has_recording: self.has_recording };
        Ok(Wish { wanted, beside, order: self.order.unwrap_or_default() })
    }
}

/// The query of `GET /v1/calls/{sid}`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::calls) struct GetCall {
    /// What is told besides the call itself, words with commas between them, such as `turns,recordings`. Each costs one
    /// more read; `turns`, `transcript` and `insights` one for each megabyte of their words.
    #[serde(default, deserialize_with = "included::<_, Include>")]
    #[param(value_type = Vec<schema::IncludeWord>, style = Form, explode = false, required = false)]
    pub(in crate::calls) include: Included,
}

/// Words of a list of parts.
fn included<'de, D, P>(reader: D) -> Result<Included, D::Error>
where
    D: Deserializer<'de>,
    P: Deserialize<'de> + Into<Include>,
{
    let text = String::deserialize(reader)?;
    let mut included = Included::default();
    for word in text.split(',').filter(|_| !text.is_empty()) {
        let part = P::deserialize(word.to_owned().into_deserializer());
        let part = part.map_err(|error: serde::de::value::Error| D::Error::custom(error))?.into();
        included.add(part);
    }
    Ok(included)
}

fn status<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<WantedStatus>, D::Error> {
    let word = String::deserialize(reader)?;
    if word == "live" {
        return Ok(Some(WantedStatus::Live));
    }
    let status = CallStatus::parse(&word).map(WantedStatus::Is);
    status.map(Some).ok_or_else(|| {
        let words: Vec<String> =
            CallStatus::ALL.iter().map(|status| format!("`{}`", status.as_str())).collect();
        D::Error::custom(format_args!("unknown word `{word}`, expected `live`, {}", words.join(", ")))
    })
}

fn number<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<PhoneNumber>, D::Error> {
    let text = String::deserialize(reader)?;
    // In a query a bare `+` is a space, and no number begins with one.
    let text = text.strip_prefix(' ').map_or_else(|| text.clone(), |digits| format!("+{digits}"));
    PhoneNumber::parse(&text)
        .map(Some)
        .map_err(|_| D::Error::custom("expected a telephone number in E.164 form, its `+` written as `%2B`"))
}

fn time<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(reader)?;
    clock::from_rfc3339(&text).map(Some).ok_or_else(|| {
        D::Error::custom("expected a time such as `2026-12-01T08:30:00Z`; the `+` of an offset is `%2B`")
    })
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;
    use utoipa::openapi::{RefOr, Schema};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(query: &str) -> Result<T, String> {
        let uri = format!("/v1/calls?{query}").parse().unwrap();
        let read = axum::extract::Query::<T>::try_from_uri(&uri);
        read.map(|axum::extract::Query(read)| read).map_err(|error| error.body_text())
    }

    /// The document's words and the reader's stand in two places.
    #[test]
    fn every_part_that_the_document_names_is_read() {
        let words = |schema: RefOr<Schema>| -> Vec<String> {
            let described = serde_json::to_value(schema).unwrap();
            serde_json::from_value(described["enum"].clone()).unwrap()
        };
        let (of_one, of_many) =
            (words(schema::IncludeWord::schema()), words(schema::ListIncludeWord::schema()));
        assert!(of_one.len() > of_many.len() && !of_many.is_empty());
        for word in of_one {
            assert!(read::<GetCall>(&format!("include={word}")).is_ok(), "{word}");
        }
        for word in of_many {
            assert!(read::<ListCalls>(&format!("include={word}")).is_ok(), "{word}");
        }
    }

    #[test]
    fn filters_are_read_and_what_is_none_is_named() {
        let query = read::<ListCalls>(
            "order=asc&status=no-answer&direction=outbound&number=%2B43720000001&party=+43720000002\
             &opened_after=2026-12-01T08:30:00Z&opened_before=2026-12-01T10:30:00%2B01:00&min_duration_ms=1500\
             &end_reason=agent_hang_up&lead_status=booked&has_recording=false&include=session,cost",
        );
        let query = query.unwrap();
        let Wish { wanted, beside, order } = query.read().unwrap();
        assert_eq!(order, Order::Asc);
        assert_eq!(wanted.status, Some(WantedStatus::Is(CallStatus::NoAnswer)));
        assert_eq!(wanted.number.unwrap().as_e164(), "+43720000001");
        assert_eq!(wanted.party.unwrap().as_e164(), "+43720000002");
        let hour = Duration::from_secs(3_600);
        assert_eq!(wanted.opened_before, wanted.opened_after.map(|after| after.plus(hour)));
        assert_eq!(wanted.min_duration, Some(Duration::from_millis(1_500)));
        assert_eq!(beside.end_reason, Some(EndReason::AgentHangUp));
        assert_eq!((beside.lead_status.as_deref(), beside.has_recording), (Some("booked"), Some(false)));
        assert!(query.include.has(Include::Cost) && !query.include.has(Include::Insights));
        for (bad, named) in [
            ("status=ended", "status"),
            ("status=", "status"),
            ("direction=sideways", "direction"),
            ("number=0172", "number"),
            ("party=hidden", "party"),
            ("opened_after=yesterday", "opened_after"),
            ("opened_before=2026-12-01", "opened_before"),
            ("min_duration_ms=-1", "min_duration_ms"),
            ("min_duration_ms=1.5", "min_duration_ms"),
            ("end_reason=bored", "end_reason"),
            ("has_recording=yes", "has_recording"),
            ("order=newest", "order"),
            ("include=words", "include"),
            ("include=cost,", "include"),
            ("include=turns", "include"),
            ("direction=inbound&direction=outbound", "direction"),
            ("from=%2B43720000001", "from"),
        ] {
            let refused = read::<ListCalls>(bad).err().unwrap_or_else(|| panic!("{bad} is taken"));
            assert!(refused.contains(named), "{bad}: {refused}");
        }
        for bad in ["opened_after=2026-12-01T08:30:00Z&opened_before=2026-12-01T08:30:00Z", "lead_status="] {
            assert_eq!(read::<ListCalls>(bad).unwrap().read().err().unwrap().status(), 400, "{bad}");
        }
    }

    #[test]
    fn every_part_is_named_by_its_word() {
        let all = [
            Include::Events,
            Include::Turns,
            Include::LastTurn,
            Include::Messages,
            Include::Listeners,
            Include::Session,
            Include::Sessions,
            Include::Recordings,
            Include::Transcript,
            Include::Insights,
            Include::Cost,
        ];
        let included = |query: &str| read::<GetCall>(query).map(|query| query.include);
        let words =
            "events,turns,last_turn,messages,listeners,session,sessions,recordings,transcript,insights,cost";
        let everything = included(&format!("include={words}")).unwrap();
        assert!(all.iter().all(|part| everything.has(*part)));
        for none in ["", "include="] {
            let included = included(none).unwrap();
            assert!(!all.iter().any(|part| included.has(*part)));
        }
        assert!(included("include=cost,cost").unwrap().has(Include::Cost));
        assert!(included("include=cost,words").is_err());
    }
}
