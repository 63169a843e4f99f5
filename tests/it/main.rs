//! The acceptance tests: one file per behaviour, each against the whole product running in process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::process::ExitCode;

/// Tests allocate at every request to every store: a tenth of their time less than with the allocator of glibc.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod account;
mod actions;
mod admission;
mod alarms;
mod answer;
mod answers;
mod api;
mod appointment_people;
mod appointments;
mod bridge_permissions;
mod businesses;
mod calendar_sources;
mod call;
mod call_backs;
mod callbacks;
mod campaigns;
mod campaigns_cut;
mod campaigns_made;
mod campaigns_operated;
mod channels;
mod consent;
mod contact_files;
mod contact_files_cut;
mod contacts;
mod cost;
mod crash;
mod endpoints;
mod endpoints_faults;
mod endpoints_made;
mod events;
mod evil_model;
mod figures;
mod figures_contacts;
mod figures_endpoints;
mod health;
mod hours;
mod isolation;
mod jobs;
mod leads;
mod leads_calls;
mod leads_cut;
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
mod notifications;
mod notifications_faults;
mod notifications_texts;
mod oidc;
mod opt_outs;
mod outbound;
mod outbound_answers;
mod outbound_policy;
mod outbox;
mod own_account;
mod ownership;
mod permissions;
mod person_erasure;
mod person_erasure_cut;
mod person_export;
mod person_export_cut;
mod prompts;
mod recording;
mod recording_given_up;
mod refusal;
mod reminders;
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
mod texts_carriers;
mod texts_crash;
mod texts_figures;
mod texts_loops;
mod texts_media;
mod texts_meta;
mod texts_people;
mod texts_receipts;
mod texts_rows;
mod texts_takeover;
mod texts_tools;
mod tools;
mod transcript;
mod transcript_long;
mod usage;

fn main() -> ExitCode {
    acceptance::suite::run(&[
        // The longest first: the others fill the time beside them.
        crash::TESTS,
        transcript_long::TESTS,
        texts_crash::TESTS,
        contact_files_cut::TESTS,
        person_erasure_cut::TESTS,
        person_export_cut::TESTS,
        endpoints_faults::TESTS,
        notifications_faults::TESTS,
        figures::TESTS,
        figures_contacts::TESTS,
        figures_endpoints::TESTS,
        account::TESTS,
        actions::TESTS,
        admission::TESTS,
        alarms::TESTS,
        answer::TESTS,
        answers::TESTS,
        appointment_people::TESTS,
        appointments::TESTS,
        api::TESTS,
        bridge_permissions::TESTS,
        businesses::TESTS,
        call::TESTS,
        calendar_sources::TESTS,
        campaigns::TESTS,
        campaigns_cut::TESTS,
        campaigns_made::TESTS,
        campaigns_operated::TESTS,
        call_backs::TESTS,
        callbacks::TESTS,
        channels::TESTS,
        consent::TESTS,
        contact_files::TESTS,
        contacts::TESTS,
        cost::TESTS,
        endpoints::TESTS,
        endpoints_made::TESTS,
        events::TESTS,
        evil_model::TESTS,
        health::TESTS,
        hours::TESTS,
        isolation::TESTS,
        jobs::TESTS,
        leads::TESTS,
        leads_calls::TESTS,
        leads_cut::TESTS,
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
        notifications::TESTS,
        notifications_texts::TESTS,
        oidc::TESTS,
        opt_outs::TESTS,
        outbound::TESTS,
        outbound_answers::TESTS,
        outbound_policy::TESTS,
        outbox::TESTS,
        own_account::TESTS,
        ownership::TESTS,
        permissions::TESTS,
        permissions::contacts::TESTS,
        permissions::campaigns::TESTS,
        permissions::endpoints::TESTS,
        permissions::leads::TESTS,
        permissions::limits::TESTS,
        permissions::messages::TESTS,
        permissions::notifications::TESTS,
        permissions::reminders::TESTS,
        permissions::setting_up::TESTS,
        permissions::sign_in::TESTS,
        permissions::test_calls::TESTS,
        permissions::texts::TESTS,
        permissions::persons::TESTS,
        permissions::person_exports::TESTS,
        person_erasure::TESTS,
        person_export::TESTS,
        prompts::TESTS,
        recording::TESTS,
        recording_given_up::TESTS,
        refusal::TESTS,
        reminders::TESTS,
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
        structure::privacy::TESTS,
        structure::routes::TESTS,
        structure::walkthroughs::TESTS,
        suite::TESTS,
        summary::TESTS,
        sweep::TESTS,
        test_calls::TESTS,
        texts::TESTS,
        texts_carriers::TESTS,
        texts_figures::TESTS,
        texts_loops::TESTS,
        texts_media::TESTS,
        texts_meta::TESTS,
        texts_people::TESTS,
        texts_receipts::TESTS,
        texts_rows::TESTS,
        texts_takeover::TESTS,
        texts_tools::TESTS,
        tools::TESTS,
        transcript::TESTS,
        usage::TESTS,
    ])
}
