//! The acceptance tests: one file per behaviour, each against the whole product running in process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::process::ExitCode;

mod account;
mod actions;
mod admission;
mod alarms;
mod answer;
mod answers;
mod api;
mod appointments;
mod bridge_permissions;
mod businesses;
mod call;
mod callbacks;
mod channels;
mod consent;
mod contacts;
mod cost;
mod crash;
mod evil_model;
mod figures;
mod health;
mod hours;
mod isolation;
mod jobs;
mod listening;
mod lists;
mod log;
mod members;
mod messages;
mod model_loss;
mod model_tls;
mod model_trouble;
mod modules;
mod no_agent;
mod oidc;
mod outbound;
mod outbound_answers;
mod outbound_policy;
mod outbox;
mod own_account;
mod ownership;
mod permissions;
mod prompts;
mod recording;
mod recording_given_up;
mod refusal;
mod reprocess;
mod resume;
mod retention;
mod secret_permissions;
mod settings;
mod share;
mod sign_in;
mod signature;
mod store;
mod stream;
mod structure;
mod suite;
mod summary;
mod sweep;
mod test_calls;
mod texts;
mod texts_loops;
mod texts_meta;
mod tools;
mod transcript;
mod transcript_long;
mod usage;

fn main() -> ExitCode {
    acceptance::suite::run(&[
        // The longest first: the others fill the time beside them.
        crash::TESTS,
        transcript_long::TESTS,
        figures::TESTS,
        account::TESTS,
        actions::TESTS,
        admission::TESTS,
        alarms::TESTS,
        answer::TESTS,
        answers::TESTS,
        appointments::TESTS,
        api::TESTS,
        bridge_permissions::TESTS,
        businesses::TESTS,
        call::TESTS,
        callbacks::TESTS,
        channels::TESTS,
        consent::TESTS,
        contacts::TESTS,
        cost::TESTS,
        evil_model::TESTS,
        health::TESTS,
        hours::TESTS,
        isolation::TESTS,
        jobs::TESTS,
        listening::TESTS,
        lists::TESTS,
        log::TESTS,
        members::TESTS,
        messages::TESTS,
        model_loss::TESTS,
        model_tls::TESTS,
        model_trouble::TESTS,
        modules::TESTS,
        no_agent::TESTS,
        oidc::TESTS,
        outbound::TESTS,
        outbound_answers::TESTS,
        outbound_policy::TESTS,
        outbox::TESTS,
        own_account::TESTS,
        ownership::TESTS,
        permissions::TESTS,
        permissions::contacts::TESTS,
        permissions::limits::TESTS,
        permissions::messages::TESTS,
        permissions::setting_up::TESTS,
        permissions::sign_in::TESTS,
        permissions::test_calls::TESTS,
        permissions::texts::TESTS,
        prompts::TESTS,
        recording::TESTS,
        recording_given_up::TESTS,
        refusal::TESTS,
        reprocess::TESTS,
        resume::TESTS,
        retention::TESTS,
        secret_permissions::TESTS,
        settings::TESTS,
        share::TESTS,
        sign_in::TESTS,
        signature::TESTS,
        store::TESTS,
        stream::TESTS,
        structure::TESTS,
        structure::catalogue::TESTS,
        structure::commands::TESTS,
        structure::one_place::TESTS,
        structure::plain_words::TESTS,
        structure::routes::TESTS,
        structure::walkthroughs::TESTS,
        suite::TESTS,
        summary::TESTS,
        sweep::TESTS,
        test_calls::TESTS,
        texts::TESTS,
        texts_loops::TESTS,
        texts_meta::TESTS,
        tools::TESTS,
        transcript::TESTS,
        usage::TESTS,
    ])
}
