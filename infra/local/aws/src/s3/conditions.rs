//! Conditional writes: what must hold of the object under a key at the moment another takes its place. Conditional
//! reads: whether the object is told at all.

use http::{HeaderMap, HeaderValue, header};
use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::catalogue::CatalogueError;

/// What a write demands of the object it would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing.
    Always,
    /// `If-None-Match: *`: the object does not exist.
    Absent,
    /// `If-Match: *`: there is one.
    Present,
    /// `If-Match: "<etag>"`: it is this one.
    Is(String),
}

impl Condition {
    /// Reads the two headers. S3 takes only `*` in `If-None-Match` of a write ("Conditional writes", S3 User Guide).
    pub(super) fn from_headers(
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<Self> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::Always),
            (None, Some(ETagCondition::Any)) => Ok(Self::Absent),
            (Some(ETagCondition::Any), None) => Ok(Self::Present),
            (Some(ETagCondition::ETag(ETag::Strong(etag))), None) => Ok(Self::Is(etag.clone())),
            (Some(ETagCondition::ETag(ETag::Weak(_))), None) => {
                Err(s3_error!(InvalidArgument, "If-Match takes the strong ETag that S3 returned"))
            }
            (None, Some(ETagCondition::ETag(_))) => {
                Err(s3_error!(NotImplemented, "If-None-Match on a write takes only *"))
            }
            (Some(_), Some(_)) => {
                Err(s3_error!(NotImplemented, "If-Match and If-None-Match cannot be given together"))
            }
        }
    }

    /// Checks the condition against the ETag of the object now under the key.
    ///
    /// `If-Match` on a missing key is a 404, every other failure a 412.
    pub(super) fn check(&self, current: Option<&str>) -> Result<(), CatalogueError> {
        match (self, current) {
            (Self::Always, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Is(wanted), Some(etag)) if wanted == etag => Ok(()),
            (Self::Absent | Self::Is(_), Some(_)) => Err(CatalogueError::PreconditionFailed),
            (Self::Present | Self::Is(_), None) => Err(CatalogueError::NoSuchKey),
        }
    }
}

/// What a read demands of the object it finds.
#[derive(Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) if_match: Option<&'a ETagCondition>,
    pub(super) if_none_match: Option<&'a ETagCondition>,
    pub(super) if_modified_since: Option<&'a Timestamp>,
    pub(super) if_unmodified_since: Option<&'a Timestamp>,
}

impl Wish<'_> {
    /// 412 or 304 if the object is another than is wanted. An ETag decides before a date does (RFC 9110, 13.2.2).
    pub(super) fn check(&self, etag: &str, modified: &Timestamp) -> S3Result<()> {
        let matches = |condition: &ETagCondition, weakly: bool| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(ETag::Strong(wanted)) => wanted == etag,
            ETagCondition::ETag(ETag::Weak(wanted)) => weakly && wanted == etag,
        };
        let wanted = match (self.if_match, self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, false),
            (None, Some(since)) => modified <= since,
            (None, None) => true,
        };
        if !wanted {
            return Err(CatalogueError::PreconditionFailed.into());
        }
        let known = match (self.if_none_match, self.if_modified_since) {
            (Some(condition), _) => matches(condition, true),
            (None, Some(since)) => modified <= since,
            (None, None) => false,
        };
        if known { Err(not_modified(etag)) } else { Ok(()) }
    }
}

fn not_modified(etag: &str) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    let tag = HeaderValue::try_from(format!("\"{etag}\""));
    error.set_headers(HeaderMap::from_iter(tag.into_iter().map(|tag| (header::ETAG, tag))));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_is_told_what_it_knows_and_refused_what_it_does_not_want() {
        let seconds = |s: u64| Timestamp::from(std::time::UNIX_EPOCH + std::time::Duration::from_secs(s));
        let strong = |etag: &str| ETagCondition::ETag(ETag::Strong(etag.into()));
        let weak = ETagCondition::ETag(ETag::Weak("a".into()));
        let none =
            Wish { if_match: None, if_none_match: None, if_modified_since: None, if_unmodified_since: None };
        let code = |wish: Wish<'_>| wish.check("a", &seconds(100)).err().map(|error| error.code().clone());
        let (failed, known) = (Some(S3ErrorCode::PreconditionFailed), Some(S3ErrorCode::NotModified));
        let (a, b, any) = (strong("a"), strong("b"), ETagCondition::Any);
        let (before, at, after) = (seconds(99), seconds(100), seconds(101));
        assert_eq!(code(Wish { ..none }), None);
        assert_eq!(code(Wish { if_match: Some(&a), ..none }), None);
        assert_eq!(code(Wish { if_match: Some(&any), ..none }), None);
        assert_eq!(code(Wish { if_match: Some(&b), ..none }), failed);
        assert_eq!(code(Wish { if_match: Some(&weak), ..none }), failed);
        assert_eq!(code(Wish { if_none_match: Some(&a), ..none }), known);
        assert_eq!(code(Wish { if_none_match: Some(&weak), ..none }), known);
        assert_eq!(code(Wish { if_none_match: Some(&any), ..none }), known);
        assert_eq!(code(Wish { if_none_match: Some(&b), ..none }), None);
        assert_eq!(code(Wish { if_modified_since: Some(&before), ..none }), None);
        assert_eq!(code(Wish { if_modified_since: Some(&at), ..none }), known);
        assert_eq!(code(Wish { if_unmodified_since: Some(&before), ..none }), failed);
        assert_eq!(code(Wish { if_unmodified_since: Some(&after), ..none }), None);
        let both = Wish { if_match: Some(&a), if_unmodified_since: Some(&before), ..none };
        assert_eq!(code(both), None, "the ETag decides");
        let both = Wish { if_none_match: Some(&b), if_modified_since: Some(&after), ..none };
        assert_eq!(code(both), None, "the ETag decides");
    }

    #[test]
    fn each_condition_holds_only_for_its_own_state() {
        let refused = |condition: Condition, current| condition.check(current).unwrap_err();
        assert!(Condition::Always.check(None).is_ok() && Condition::Always.check(Some("a")).is_ok());
        assert!(Condition::Absent.check(None).is_ok());
        assert!(matches!(refused(Condition::Absent, Some("a")), CatalogueError::PreconditionFailed));
        assert!(Condition::Present.check(Some("a")).is_ok());
        assert!(matches!(refused(Condition::Present, None), CatalogueError::NoSuchKey));
        assert!(Condition::Is("a".into()).check(Some("a")).is_ok());
        assert!(matches!(refused(Condition::Is("a".into()), Some("b")), CatalogueError::PreconditionFailed));
        assert!(matches!(refused(Condition::Is("a".into()), None), CatalogueError::NoSuchKey));
    }

    #[test]
    fn a_write_refuses_conditions_that_s3_does_not_know() {
        let etag = ETagCondition::ETag(ETag::Strong("a".into()));
        assert!(Condition::from_headers(None, Some(&etag)).is_err());
        assert!(Condition::from_headers(Some(&etag), Some(&ETagCondition::Any)).is_err());
    }
}
