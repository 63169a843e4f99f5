//! The whole system on one machine.
//!
//! What runs here is the product: the same handlers, stores and bridge as in AWS, pointed at AWS API endpoints
//! in this process. Functions, routes, queues, tables and buckets come from `template.yaml`, so that there is
//! one list of them.

pub mod demo;
pub mod gateway;
pub mod home;
mod listener;
mod outbox;
pub mod queues;
pub mod redrive;
pub mod resources;
pub mod schedules;
pub mod system;
pub mod template;
