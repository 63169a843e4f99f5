//! Everything that talks to the outside: DynamoDB, S3, SQS, Secrets Manager, Twilio's and OpenAI's HTTP APIs,
//! the environment, the clock and the log.
//!
//! The same adapters run in AWS and on one machine; only the endpoint URLs in the environment differ. Each
//! store is one table and one owner: a `Writer` is handed to the code that owns the facts, a `Reader` to
//! everybody else. What may happen once is decided by a conditional write here, never by a read before it.
//!
//! | module | what it reaches |
//! |---|---|
//! | [`mod@env`], [`secrets`] | settings, read once, every error reported together |
//! | [`aws`], [`tls`] | the AWS clients and the one TLS provider |
//! | [`stores`] | DynamoDB: one module per table or row family |
//! | [`objects`], [`queues`] | S3 and SQS |
//! | [`twilio_rest`], [`openai_http`] | the providers' HTTP APIs |
//! | [`tool_http`], [`public_address`] | the businesses' own tools, and where they may lie |
//! | [`clock`], [`random`], [`telemetry`], [`rate_limit`] | time, tokens, logs, metrics |

pub mod aws;
mod backoff;
pub mod clock;
mod digest;
pub mod env;
mod item;
pub mod objects;
pub mod openai_http;
pub mod public_address;
pub mod queues;
pub mod random;
pub mod rate_limit;
pub mod secrets;
pub mod stores;
pub mod telemetry;
pub mod tls;
pub mod tool_http;
pub mod twilio_rest;

pub use aws::Aws;
pub use secrets::Secrets;
pub use stores::StoreError;
