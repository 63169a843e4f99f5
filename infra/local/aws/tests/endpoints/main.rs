//! The endpoints as the AWS SDK sees them, over real sockets.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod dynamodb;
mod restart;
mod s3;
mod secrets_manager;
mod signatures;
mod sqs;
mod support;
