//! Conditional writes: what must hold of the object under a key at the moment another takes its place.

use s3s::dto::{ETag, ETagCondition};
use s3s::{S3Result, s3_error};

use super::catalogue::CatalogueError;

/// What a write demands of the object it would replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Nothing.
    Always,
    /// `If-None-Match: *`: there is none.
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

#[cfg(test)]
mod tests {
    use super::*;

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
