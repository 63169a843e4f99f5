//! AWS Signature Version 4, checked: what the client says it signed is signed again with the secret we know.
//!
//! S3's signatures are checked by `s3s`; these are DynamoDB's and SQS's, whose bodies are small.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use http::request::Parts;
use http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;

use crate::keys::Keys;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
/// How far a client's clock may be off ("Signature Version 4 signing process", AWS General Reference).
const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsigned {
    #[error("Request is missing Authentication Token")]
    Missing,
    #[error(
        "Authorization header requires Credential, SignedHeaders with host and x-amz-date, and Signature."
    )]
    Incomplete,
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Credential should be scoped to the correct service and date.")]
    Scope,
    #[error("Signature expired or not yet current: X-Amz-Date is more than 15 minutes off.")]
    Skewed,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key."
    )]
    Mismatch,
}

/// What an `Authorization` header says.
struct Claim<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, Unsigned> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = values.next().ok_or(Unsigned::Missing)?;
        let text = value.to_str().ok().filter(|_| values.next().is_none()).ok_or(Unsigned::Incomplete)?;
        let fields = text.strip_prefix(ALGORITHM).ok_or(Unsigned::Incomplete)?;
        let field = |name: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            fields.find_map(|(known, value)| (known == name).then_some(value)).ok_or(Unsigned::Incomplete)
        };
        let mut scope = field("Credential")?.rsplitn(5, '/');
        let mut next = || scope.next().ok_or(Unsigned::Incomplete);
        let (end, service, region, date, access_key_id) = (next()?, next()?, next()?, next()?, next()?);
        if end != "aws4_request" {
            return Err(Unsigned::Incomplete);
        }
        let (signed_headers, signature) = (field("SignedHeaders")?, field("Signature")?);
        Ok(Self { access_key_id, date, region, service, signed_headers, signature })
    }

    /// The headers that were signed, as they came.
    fn signed(&self, headers: &'a HeaderMap) -> Result<Vec<(&'a str, &'a str)>, Unsigned> {
        let names: Vec<&str> = self.signed_headers.split(';').collect();
        if !names.iter().all(|name| headers.contains_key(*name)) {
            return Err(Unsigned::Incomplete);
        }
        let signed = headers.iter().filter(|(name, _)| names.contains(&name.as_str()));
        let signed = signed.map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signed = signed.collect::<Option<Vec<_>>>().ok_or(Unsigned::Incomplete)?;
        let is_signed = |name: &str| signed.iter().any(|(known, _)| *known == name);
        if is_signed(header::HOST.as_str()) && is_signed(DATE) {
            Ok(signed)
        } else {
            Err(Unsigned::Incomplete)
        }
    }
}

/// Whether `keys` signed this request for `service`, not long before or after `now`.
pub(crate) fn check(
    head: &Parts,
    body: &[u8],
    service: &str,
    keys: &Keys,
    now: SystemTime,
) -> Result<(), Unsigned> {
    let claim = Claim::read(&head.headers)?;
    if claim.access_key_id != keys.access_key_id {
        return Err(Unsigned::UnknownKey);
    }
    let date = head.headers.get(DATE).and_then(|date| date.to_str().ok()).ok_or(Unsigned::Incomplete)?;
    if claim.service != service || !date.starts_with(claim.date) || claim.date.len() != 8 {
        return Err(Unsigned::Scope);
    }
    let at = time(date).ok_or(Unsigned::Incomplete)?;
    let off = now.duration_since(at).unwrap_or_else(|earlier| earlier.duration());
    if off > MAX_SKEW {
        return Err(Unsigned::Skewed);
    }
    let expected = signature(head, body, &claim, keys, at).ok_or(Unsigned::Incomplete)?;
    if bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
        Ok(())
    } else {
        Err(Unsigned::Mismatch)
    }
}

fn signature(head: &Parts, body: &[u8], claim: &Claim<'_>, keys: &Keys, at: SystemTime) -> Option<String> {
    let identity =
        Credentials::new(&keys.access_key_id, keys.secret_access_key.as_str(), None, None, "local").into();
    let mut settings = SigningSettings::default();
    // Exactly what the client signed, whatever it is. The date is the signer's to add.
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(claim.region)
        .name(claim.service)
        .time(at)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let signed = claim.signed(&head.headers).ok()?;
    let headers = signed.into_iter().filter(|(name, _)| *name != DATE);
    // The host is a signed header; here it only has to be one.
    let uri = format!("http://localhost{}", head.uri.path_and_query().map_or("/", |path| path.as_str()));
    let request = SignableRequest::new(head.method.as_str(), uri, headers, SignableBody::Bytes(body)).ok()?;
    Some(sign(request, &params).ok()?.into_parts().1)
}

/// `20261128T213000Z`.
fn time(date: &str) -> Option<SystemTime> {
    let (day, clock) = date.strip_suffix('Z')?.split_once('T')?;
    if day.len() != 8 || clock.len() != 6 || !date.is_ascii() {
        return None;
    }
    let text = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &day[..4],
        &day[4..6],
        &day[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    );
    SystemTime::try_from(DateTime::from_str(&text, Format::DateTime).ok()?).ok()
}

/// The `Authorization` of a request whose body was changed on its way, for tests that stand in between.
pub(crate) fn signed_again(head: &Parts, body: &[u8], keys: &Keys) -> Option<String> {
    let claim = Claim::read(&head.headers).ok()?;
    let at = time(head.headers.get(DATE)?.to_str().ok()?)?;
    let signature = signature(head, body, &claim, keys, at)?;
    let Claim { access_key_id, date, region, service, signed_headers, .. } = claim;
    Some(format!(
        "{ALGORITHM} Credential={access_key_id}/{date}/{region}/{service}/aws4_request, \
         SignedHeaders={signed_headers}, Signature={signature}"
    ))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    /// "Example: signed request", AWS General Reference: IAM's ListUsers, with the key pair of its documentation taken
    /// apart so that no scanner takes it for one.
    fn documented() -> (Parts, Keys) {
        let keys = Keys {
            access_key_id: ["AKID", "EXAMPLE"].concat(),
            secret_access_key: ["wJalrXUtnFEMI/K7MDENG", "+bPxRfiCYEXAMPLEKEY"].concat(),
        };
        let credential = format!("{}/20150830/us-east-1/iam/aws4_request", keys.access_key_id);
        let authorization = format!(
            "{ALGORITHM} Credential={credential}, SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
        let request = Request::get("/?Action=ListUsers&Version=2010-05-08")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("host", "iam.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header("user-agent", "not signed")
            .header("authorization", authorization);
        (request.body(()).unwrap().into_parts().0, keys)
    }

    fn then() -> SystemTime {
        time("20150830T123700Z").unwrap()
    }

    #[test]
    fn the_documented_request_is_believed_and_each_change_to_it_is_not() {
        let (head, keys) = documented();
        assert_eq!(check(&head, b"", "iam", &keys, then()), Ok(()));
        assert_eq!(check(&head, b"{}", "iam", &keys, then()), Err(Unsigned::Mismatch));
        assert_eq!(check(&head, b"", "sqs", &keys, then()), Err(Unsigned::Scope));
        let wrong = Keys { secret_access_key: "another".into(), ..keys.clone() };
        assert_eq!(check(&head, b"", "iam", &wrong, then()), Err(Unsigned::Mismatch));
        let other = Keys { access_key_id: "another".into(), ..keys.clone() };
        assert_eq!(check(&head, b"", "iam", &other, then()), Err(Unsigned::UnknownKey));
        for late in ["20150830T125101Z", "20150830T122059Z", "20261128T000000Z"] {
            assert_eq!(check(&head, b"", "iam", &keys, time(late).unwrap()), Err(Unsigned::Skewed), "{late}");
        }
        for (name, value) in
            [("host", "elsewhere"), ("content-type", "text/plain"), ("x-amz-date", "20150830T123601Z")]
        {
            let mut changed = head.clone();
            changed.headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(check(&changed, b"", "iam", &keys, then()), Err(Unsigned::Mismatch), "{name}");
        }
        let mut moved = head;
        moved.uri = "/?Action=DeleteUser&Version=2010-05-08".parse().unwrap();
        assert_eq!(check(&moved, b"", "iam", &keys, then()), Err(Unsigned::Mismatch));
    }

    #[test]
    fn what_is_no_signature_is_told_apart_from_a_wrong_one() {
        let (head, keys) = documented();
        let mut bare = head.clone();
        bare.headers.remove("authorization");
        assert_eq!(check(&bare, b"", "iam", &keys, then()), Err(Unsigned::Missing));
        let whole = head.headers["authorization"].to_str().unwrap().to_owned();
        for broken in [
            "Bearer key".to_owned(),
            ALGORITHM.to_owned(),
            whole.replace("host;", ""),
            whole.replace(";x-amz-date", ""),
            whole.replace("content-type;", "content-type;x-not-there;"),
            whole.replace("aws4_request", "aws5"),
            whole.replace("Signature=", "Sig="),
        ] {
            bare.headers.insert("authorization", HeaderValue::try_from(&broken).unwrap());
            assert_eq!(check(&bare, b"", "iam", &keys, then()), Err(Unsigned::Incomplete), "{broken}");
        }
        let mut twice = head;
        twice.headers.append("authorization", HeaderValue::try_from(whole).unwrap());
        assert_eq!(check(&twice, b"", "iam", &keys, then()), Err(Unsigned::Incomplete));
    }

    #[test]
    fn a_request_changed_on_its_way_can_be_signed_again() {
        let (mut head, keys) = documented();
        let again = signed_again(&head, b"{}", &keys).unwrap();
        head.headers.insert("authorization", HeaderValue::try_from(again).unwrap());
        assert_eq!(check(&head, b"{}", "iam", &keys, then()), Ok(()));
        assert_eq!(check(&head, b"", "iam", &keys, then()), Err(Unsigned::Mismatch));
    }

    #[test]
    fn only_the_basic_format_is_a_date() {
        assert!(time("20261128T213000Z").is_some());
        for text in
            ["", "2026-11-28T21:30:00Z", "20261128T213000", "20261341T213000Z", "20261128T2130é0Z", "Z"]
        {
            assert!(time(text).is_none(), "{text}");
        }
    }
}
