//! Receipt handles: opaque to clients, and good for one receive of one message of one queue.

use uuid::Uuid;

use super::errors::SqsError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handle {
    /// The row of the queue.
    pub(super) queue: i64,
    /// The row of the message.
    pub(super) message: i64,
    /// Which receive of it.
    pub(super) receive: Uuid,
}

impl Handle {
    pub(super) fn encode(&self) -> String {
        hex::encode(format!("{}.{}.{}", self.queue, self.message, self.receive.simple()))
    }

    /// Reads a handle that was issued for `queue`.
    pub(super) fn decode(handle: &str, queue: i64) -> Result<Self, SqsError> {
        if handle.is_empty() {
            return Err(SqsError::MissingParameter("ReceiptHandle"));
        }
        Self::read(handle).filter(|read| read.queue == queue).ok_or(SqsError::ReceiptHandleIsInvalid)
    }

    fn read(handle: &str) -> Option<Self> {
        let text = String::from_utf8(hex::decode(handle).ok()?).ok()?;
        let mut fields = text.split('.');
        let queue = fields.next()?.parse().ok()?;
        let message = fields.next()?.parse().ok()?;
        let receive = Uuid::parse_str(fields.next()?).ok()?;
        fields.next().is_none().then_some(Self { queue, message, receive })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_handle_reads_back_for_its_own_queue_only(queue in 0..i64::MAX, message: i64, receive: u128) {
            let handle = Handle { queue, message, receive: Uuid::from_u128(receive) };
            prop_assert_eq!(&Handle::decode(&handle.encode(), queue).unwrap(), &handle);
            prop_assert!(Handle::decode(&handle.encode(), queue + 1).is_err());
        }

        #[test]
        fn anything_else_is_refused(text in ".*") {
            prop_assert!(Handle::decode(&text, 1).is_err());
            prop_assert!(Handle::decode(&hex::encode(&text), 1).is_err());
        }
    }
}
