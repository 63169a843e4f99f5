//! The list of functions. The bins, the local system and the tests read it; a function is added by one line here, its
//! bin in `src/bin`, and its resource in `template.yaml`.

use std::process::ExitCode;

use futures_util::future::BoxFuture;
use platform::env::Reader;

use crate::edge::loaded::{self, Loaded};
use crate::edge::{HttpFunction, QueueFunction, ScheduledFunction, StartError, run};
use crate::{calls, events, recordings, transcripts, voice};

/// One function: its name, which its bin and the template have as well, and how it is started.
pub struct Feature {
    pub name: &'static str,
    load: for<'a> fn(&'a dyn Reader) -> BoxFuture<'a, Result<Loaded, StartError>>,
}

impl Feature {
    /// Starts the function with the settings in `env`.
    ///
    /// # Errors
    /// [`StartError`]; settings that are missing or malformed are named together.
    pub async fn load(&self, env: &dyn Reader) -> Result<Loaded, StartError> {
        (self.load)(env).await
    }
}

/// The function of that name. `None`: there is no such function.
pub fn named(name: &str) -> Option<&'static Feature> {
    ALL.iter().find(|feature| feature.name == name)
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
        },)+];

        #[cfg(test)]
        const BINS: &[&str] = &[$(stringify!($bin),)+];
    };
}

features! {
    voice_inbound: http voice::inbound::Inbound,
    voice_outbound: http voice::outbound::Outbound,
    voice_status: http voice::status::Status,
    voice_after_stream: http voice::after_stream::AfterStream,
    call_sweep: scheduled voice::sweep::Sweep,
    recording_ready: http recordings::ready::Ready,
    recording_archive: queue recordings::worker::Worker,
    recording_sweep: scheduled recordings::sweep::Sweep,
    recordings: http recordings::api::Recordings,
    recording_share: http recordings::share::Shared,
    transcript_step: queue transcripts::worker::Worker,
    transcripts: http transcripts::api::Transcripts,
    call_insights: queue transcripts::insights::worker::Worker,
    events: http events::Events,
    calls: http calls::Calls,
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
