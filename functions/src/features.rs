//! The list of functions, by the program that holds them. The programs, the local system and the tests read it; a function is
//! added by one line here and its resource in `template.yaml`.

mod of_person;

use std::process::ExitCode;

use futures_util::future::BoxFuture;
use platform::env::{EX_USAGE, ProcessEnv, Reader};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::edge::api::rule::{KEY, Rules};
use crate::edge::api::{ApiFunction, described, shared_parts};
use crate::edge::loaded::{self, Loaded};
use crate::edge::{HttpFunction, QueueFunction, ScheduledFunction, StartError, run};
use crate::{
    appointments, businesses, call_actions, calls, console, contacts, do_not_call, document, endpoints,
    events, health, leads, messages, notifications, persons, prompts, recordings, sign_in, texts,
    transcripts, usage, voice,
};

/// What Lambda tells a program in: which of its functions it is.
const HANDLER: &str = "_HANDLER";

/// One function and how it is started.
pub struct Feature {
    /// The `Handler` of its resource in the template.
    pub name: &'static str,
    /// The bin that it is a part of.
    pub program: &'static str,
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
    shared_parts::share(&mut whole);
    events::described::describe(&mut whole);
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

/// For each program and each `kind type` in it, the program's body and the entries of [`ALL`].
macro_rules! features {
    ($($(#[$doc:meta])+ $program:ident { $($kind:ident $function:ty,)+ })+) => {
        $(
            $(#[$doc])+
            pub fn $program() -> ExitCode {
                start(stringify!($program), &[$((<$function>::NAME, run::$kind::<$function>),)+])
            }
        )+

        /// Every function of the product.
        pub const ALL: &[Feature] = &[$($(Feature {
            name: <$function>::NAME,
            program: stringify!($program),
            load: |env| Box::pin(loaded::$kind::<$function>(env)),
            document: documented!($kind $function),
        },)+)+];
    };
}

// What a program does not list is not linked into it. The webhooks stand apart, since the start of their program is what
// a caller waits for; the others are many, and each program more is built, linked and stored once more.
features! {
    /// The program of the functions that Twilio asks about a call in progress.
    webhooks {
        http voice::inbound::Inbound,
        api voice::outbound::Outbound,
        http voice::status::Status,
        http voice::after_stream::AfterStream,
        http recordings::ready::Ready,
        http texts::inbound::TextInbound,
    }

    /// The program of the functions that people and programs ask.
    api {
        api recordings::api::Recordings,
        http recordings::share::Shared,
        http leads::inbound::Inbound,
        api transcripts::api::Transcripts,
        api events::Events,
        api calls::Calls,
        api businesses::profiles::Businesses,
        api businesses::keys::Keys,
        api businesses::numbers::Numbers,
        api businesses::twilio_account::TwilioAccount,
        api businesses::settings::SettingsOfBusinesses,
        api call_actions::CallActions,
        api voice::test_calls::TestCalls,
        api voice::campaigns::api::Campaigns,
        api leads::LeadSources,
        api prompts::Prompts,
        api usage::Usage,
        api do_not_call::DoNotCall,
        api appointments::Appointments,
        api messages::Messages,
        api texts::threads::ThreadsOfBusinesses,
        api contacts::Contacts,
        api endpoints::Endpoints,
        api notifications::Notifications,
        api health::Health,
        api sign_in::SignIns,
        http console::Console,
        http document::Document,
    }

    /// The program of the functions that queues and schedules start.
    workers {
        scheduled voice::sweep::Sweep,
        queue recordings::worker::Worker,
        scheduled recordings::sweep::Sweep,
        queue transcripts::worker::Worker,
        queue transcripts::insights::worker::Worker,
        queue texts::worker::Worker,
        scheduled texts::looking::Sweep,
        queue contacts::worker::Worker,
        queue persons::worker::Worker,
        queue persons::exporting::Exporter<of_person::Everything>,
        queue endpoints::worker::Worker,
        scheduled endpoints::sweep::Sweep,
        queue notifications::worker::Worker,
        scheduled notifications::sweep::Sweep,
        scheduled voice::reminders::Reminders,
        queue voice::campaigns::worker::Worker,
        scheduled voice::campaigns::sweep::Sweep,
        queue voice::lead_calls::LeadCalls,
        scheduled leads::sweep::Sweep,
        scheduled appointments::fetching::Sources,
        scheduled businesses::sweep::Sweep,
    }
}

/// A function's name, and what runs it.
type Named = (&'static str, fn() -> ExitCode);

/// Runs the function of a program that Lambda names: the `Handler` of its resource in the template.
fn start(program: &str, functions: &[Named]) -> ExitCode {
    let name = ProcessEnv.var(HANDLER).unwrap_or_default();
    match functions.iter().find(|(known, _)| *known == name) {
        Some((_, run)) => run(),
        None => {
            let known: Vec<&str> = functions.iter().map(|(name, _)| *name).collect();
            platform::telemetry::init("functions");
            tracing::error!(program, known = known.join(" "), "{HANDLER} names no function of this program");
            ExitCode::from(EX_USAGE)
        }
    }
}
