use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why a store did not do what it was asked. Names tables and attributes, never what is in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The record forbids it: another writer was first, or it is in another state. Trying again changes nothing.
    #[error("table {table}: {rule}")]
    Conditional {
        /// The table's name.
        table: String,
        /// What the record does not allow.
        rule: &'static str,
    },
    /// More requests than the table's capacity, after the retries.
    #[error("table {table} is throttled: try again in a while")]
    Throttled {
        /// The table's name.
        table: String,
    },
    /// Others kept writing the same items, throughout the retries.
    #[error("table {table}: the item is being written by others: try again")]
    Contended {
        /// The table's name.
        table: String,
    },
    /// No answer, or an internal error. A write may have been applied; all of ours may be repeated.
    #[error("table {table} is unavailable ({reason}): try again")]
    Unavailable {
        /// The table's name.
        table: String,
        /// What failed, without data.
        reason: String,
    },
    /// DynamoDB will not have the request: a permission, a missing table or a malformed request.
    #[error(
        "table {table} refused the request ({code}): check its name, its keys and the role's permissions"
    )]
    Rejected {
        /// The table's name.
        table: String,
        /// The service's error code.
        code: String,
    },
    /// An attribute of an item is missing or of another type: our code has not written the item.
    #[error("table {table}: attribute {attribute} of an item is missing or not what it should be")]
    Corrupt {
        /// The table's name.
        table: String,
        /// The attribute's name.
        attribute: &'static str,
    },
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::Contended { .. } | Self::Unavailable { .. } => true,
            Self::Conditional { .. } | Self::Rejected { .. } | Self::Corrupt { .. } => false,
        }
    }

    /// The label in metrics and logs.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Conditional { .. } => "conditional",
            Self::Throttled { .. } => "throttled",
            Self::Contended { .. } => "contended",
            Self::Unavailable { .. } => "unavailable",
            Self::Rejected { .. } => "rejected",
            Self::Corrupt { .. } => "corrupt",
        }
    }

    /// Sorts a failed request by DynamoDB's error codes. Its message could quote data and is dropped.
    pub(crate) fn from_sdk<E: ProvideErrorMetadata>(
        table: &str,
        rule: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let table = table.to_owned();
        let unavailable =
            |reason: &str| Self::Unavailable { table: table.clone(), reason: reason.to_owned() };
        match error {
            SdkError::TimeoutError(_) => unavailable("no answer in time"),
            SdkError::DispatchFailure(_) => unavailable("no connection"),
            SdkError::ResponseError(_) => unavailable("an unreadable answer"),
            SdkError::ServiceError(service) => match service.err().code().unwrap_or("unknown") {
                "ConditionalCheckFailedException" => Self::Conditional { table, rule },
                "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
                    Self::Throttled { table }
                }
                "TransactionConflictException" | "TransactionInProgressException" => {
                    Self::Contended { table }
                }
                code if service.raw().status().is_server_error() => unavailable(code),
                code => Self::Rejected { table, code: code.to_owned() },
            },
            // A construction failure, and whatever kinds the SDK adds.
            _ => Self::Rejected { table, code: "not sent".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_may_be_tried_again_and_each_kind_has_its_label() {
        let table = || "calls".to_owned();
        for (error, retryable, label) in [
            (StoreError::Conditional { table: table(), rule: "rule" }, false, "conditional"),
            (StoreError::Throttled { table: table() }, true, "throttled"),
            (StoreError::Contended { table: table() }, true, "contended"),
            (StoreError::Unavailable { table: table(), reason: "gone".into() }, true, "unavailable"),
            (StoreError::Rejected { table: table(), code: "code".into() }, false, "rejected"),
            (StoreError::Corrupt { table: table(), attribute: "body" }, false, "corrupt"),
        ] {
            assert_eq!((error.is_retryable(), error.label()), (retryable, label), "{error}");
        }
    }
}
