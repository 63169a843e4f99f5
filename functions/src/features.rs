//! The list of functions. The bins, the local system and the tests read it; a function is added by one line here, its
//! bin in `src/bin`, and its resource in `template.yaml`.

use std::process::ExitCode;

use futures_util::future::BoxFuture;
use platform::env::Reader;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::edge::api::rule::{KEY, Rules};
use crate::edge::api::{ApiFunction, described};
use crate::edge::loaded::{self, Loaded};
use crate::edge::{HttpFunction, QueueFunction, ScheduledFunction, StartError, run};
use crate::{
    businesses, call_actions, calls, console, do_not_call, document, events, health, messages, prompts,
    recordings, sign_in, transcripts, usage, voice,
};

/// One function: its name, which its bin and the template have as well, and how it is started.
pub struct Feature {
    pub name: &'static str,
    load: for<'a> fn(&'a dyn Reader) -> BoxFuture<'a, Result<Loaded, StartError>>,
    document: fn() -> Option<(OpenApi, Rules)>,
}

impl Feature {
    /// Starts the function with the settings in `env`.
    ///
    /// # Errors
    /// [`StartError`]; settings that are missing or malformed are named together.
    pub async fn load(&self, env: &dyn Reader) -> Result<Loaded, StartError> {
        (self.load)(env).await
    }

    /// Its part of the OpenAPI document, and what each of its routes asks for. `None`: it is not behind `/v1`.
    pub fn document(&self) -> Option<(OpenApi, Rules)> {
        (self.document)()
    }
}

/// The function of that name. `None`: there is no such function.
pub fn named(name: &str) -> Option<&'static Feature> {
    ALL.iter().find(|feature| feature.name == name)
}

/// The OpenAPI document, made of the routes of all functions.
pub fn document() -> OpenApi {
    let description = "Calls, recordings, transcripts, settings and keys of the businesses of a deployment.\n\n\
        A business's key acts for its business. An operator's key names the business in the path: \
        `/v1/businesses/{business}/calls` in place of `/v1/calls`, and so for every route of a business.";
    let info = InfoBuilder::new().title("Switchboard").version("1.0.0").description(Some(description));
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("swb_bus_... or swb_op_...")
        .description(Some("An API key. Each operation names the scope that the key must have."))
        .build();
    let mut components = Components::new();
    components.add_security_scheme(KEY, SecurityScheme::Http(key));
    described::components(&mut components);
    let whole = OpenApiBuilder::new().info(info.build()).components(Some(components));
    let mut whole = whole.tags(Some(described::areas())).build();
    for (part, _) in ALL.iter().filter_map(Feature::document) {
        whole.merge(part);
    }
    if let Some(components) = &mut whole.components {
        businesses::settings::schema::describe(components);
    }
    whole
}

/// What a function has of the OpenAPI document.
macro_rules! documented {
    (api $function:ty) => {
        || Some(<$function>::routes().document())
    };
    ($kind:ident $function:ty) => {
        || None
    };
}

/// For each `bin: kind type`, the bin's body and an entry of [`ALL`].
macro_rules! features {
    ($($bin:ident: $kind:ident $function:ty,)+) => {
        $(
            #[doc = concat!("The body of the bin `", stringify!($bin), "`, its underscores written as hyphens.")]
            pub fn $bin() -> ExitCode {
                run::$kind::<$function>()
            }
        )+

        /// Every function of the product.
        pub const ALL: &[Feature] = &[$(Feature {
            name: <$function>::NAME,
            load: |env| Box::pin(loaded::$kind::<$function>(env)),
            document: documented!($kind $function),
        },)+];

        #[cfg(test)]
        const BINS: &[&str] = &[$(stringify!($bin),)+];
    };
}

features! {
    voice_inbound: http voice::inbound::Inbound,
    voice_outbound: api voice::outbound::Outbound,
    voice_status: http voice::status::Status,
    voice_after_stream: http voice::after_stream::AfterStream,
    call_sweep: scheduled voice::sweep::Sweep,
    recording_ready: http recordings::ready::Ready,
    recording_archive: queue recordings::worker::Worker,
    recording_sweep: scheduled recordings::sweep::Sweep,
    recordings: api recordings::api::Recordings,
    recording_share: http recordings::share::Shared,
    transcript_step: queue transcripts::worker::Worker,
    transcripts: api transcripts::api::Transcripts,
    call_insights: queue transcripts::insights::worker::Worker,
    events: api events::Events,
    calls: api calls::Calls,
    businesses: api businesses::profiles::Businesses,
    business_sweep: scheduled businesses::sweep::Sweep,
    keys: api businesses::keys::Keys,
    numbers: api businesses::numbers::Numbers,
    twilio_account: api businesses::twilio_account::TwilioAccount,
    settings: api businesses::settings::SettingsOfBusinesses,
    call_actions: api call_actions::CallActions,
    test_calls: api voice::test_calls::TestCalls,
    prompts: api prompts::Prompts,
    usage: api usage::Usage,
    do_not_call: api do_not_call::DoNotCall,
    messages: api messages::Messages,
    health: api health::Health,
    sign_in: api sign_in::SignIns,
    console: http console::Console,
    api_document: http document::Document,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_and_its_function_have_one_name() {
        let bins: Vec<String> = BINS.iter().map(|bin| bin.replace('_', "-")).collect();
        assert_eq!(bins, ALL.iter().map(|feature| feature.name).collect::<Vec<_>>());
    }
}
