//! The demonstration business, seeded once for each data folder.

use std::time::Duration;

use domain::business::{ChannelPrompt, Policies, Prompts, TranscriptPolicy, TurnDetection, Voice};
use domain::hours::{Span, Week};
use domain::ids::InvalidId;
use domain::insight::InsightPolicy;
use domain::outbound::{OutboundPolicy, Portion};
use domain::phone::InvalidPhoneNumber;
use domain::usage::Caps;
use domain::{Business, BusinessId, PhoneNumber, Revision, Secret, Settings, Toolbox};
use functions::businesses::provision::{NewBusiness, ProvisionError, Writers, provision};
use stores::{StoreError, businesses, keys};

use crate::system::{System, SystemError};

/// From the block of numbers kept for fiction.
pub const NUMBER: &str = "+12025550143";
/// Who calls in the demonstration.
pub const CALLER: &str = "+12025550178";

#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error(transparent)]
    System(#[from] SystemError),
    #[error("cannot seed the demonstration business: {0}")]
    Provision(#[from] ProvisionError),
    #[error("cannot read the demonstration business: {0}")]
    Store(#[from] StoreError),
    #[error("the business's number is not E.164: {0}")]
    Number(#[from] InvalidPhoneNumber),
    #[error(transparent)]
    Id(#[from] InvalidId),
}

/// Makes the demonstration business callable at `number` with this key, and says what it is now. What was changed of it
/// since it was first made stays as it is.
pub async fn seed(system: &System, number: &str, api_key: &Secret) -> Result<NewBusiness, SeedError> {
    let mut new = harbour_bicycles(PhoneNumber::parse(number)?, api_key.clone())?;
    new.settings.prompts.whatsapp = Some(in_writing());
    // Which times are free, its calendar says.
    new.settings.prompts.inbound = Some(ChannelPrompt::new(RECEPTIONIST, GREETING));
    new.settings.tools.appointments = true;
    let table = system.name("BusinessesTable")?;
    let reader = businesses::Reader::new(&system.aws, table);
    if let Some(kept) = reader.business(&new.business.id).await? {
        new.business = kept;
        // The revision that is there is the one to make again; which one is published is not touched.
        if let Some(first) = reader.settings(&new.business.id, Revision::FIRST).await? {
            new.settings = first;
        }
    }
    let writer = businesses::Writer::new(&system.aws, table);
    let keys = keys::Writer::new(&system.aws, system.name("KeysTable")?);
    provision(Writers { businesses: &writer, keys: &keys }, &new, system.aws.clock.now()).await?;
    Ok(new)
}

/// What the agent is told for calls.
const RECEPTIONIST: &str = "\
    You are Robin, the receptionist of {{business_name}}. You help callers to book a bicycle service, you \
    tell them about opening hours, and you note what they need. Open Monday to Saturday, nine to six. A full \
    service takes about two hours and covers brakes, gears, both wheels and a safety check of the frame.";
const GREETING: &str = "Hello, this is Robin at {{business_name}}. How can I help you today?";

/// What the agent is told for texts.
fn in_writing() -> ChannelPrompt {
    let instructions = "\
        You are Robin, the receptionist of {{business_name}}, and you answer text messages. Be short and friendly. You \
        help people to book a bicycle service, you tell them about opening hours, and you note what they need. Open Monday \
        to Saturday, nine to six. A full service takes about two hours and covers brakes, gears, both wheels and a safety \
        check of the frame.";
    ChannelPrompt::new(instructions, "")
}

/// The people whom the demonstration calls are simulated: they may be called at any hour, and again at once.
fn at_any_time() -> OutboundPolicy {
    let day: Option<Span> = "00:00-24:00".parse().ok();
    let day = || day.into_iter().collect::<Vec<_>>();
    let hours = Week {
        monday: day(),
        tuesday: day(),
        wednesday: day(),
        thursday: day(),
        friday: day(),
        saturday: day(),
        sunday: day(),
    };
    OutboundPolicy { hours, cool_down: Duration::ZERO, share: Portion::WHOLE, ..OutboundPolicy::default() }
}

/// A workshop whose agent takes bookings, and calls people about them.
pub fn harbour_bicycles(number: PhoneNumber, api_key: Secret) -> Result<NewBusiness, InvalidId> {
    let free = "On Thursday morning nine o'clock and half past ten are free.";
    Ok(NewBusiness {
        business: Business {
            id: BusinessId::parse("harbour-bicycles")?,
            name: "Harbour Bicycle Workshop".into(),
            time_zone: "Europe/Dublin".into(),
            max_concurrent_calls: 20,
            fallback_number: None,
            caps: Caps::default(),
            twilio_account: None,
            twilio_keys_until: None,
            twilio_change_until: None,
            standing: Default::default(),
        },
        number,
        settings: Settings {
            revision: Revision::FIRST,
            prompts: Prompts {
                inbound: Some(ChannelPrompt::new(format!("{RECEPTIONIST} {free}"), GREETING)),
                outbound: Some(ChannelPrompt::new(
                    "You are Robin of {{business_name}}, who calls customers about their bicycles.",
                    "Hello, this is Robin at {{business_name}}. I am calling about your bicycle.",
                )),
                whatsapp: None,
            },
            voice: Voice {
                model: openai::models::DEFAULT_REALTIME.into(),
                voice: "marin".into(),
                languages: vec!["en".into()],
                transcription_model: Some(openai::models::DEFAULT_TRANSCRIPTION.into()),
                keywords: vec!["Harbour Bicycle Workshop".into(), "Robin".into()],
                turn_detection: TurnDetection::default(),
            },
            policies: Policies {
                record_calls: true,
                recording: Default::default(),
                transcript: TranscriptPolicy::RealtimeFirst,
                ..Policies::default()
            },
            tools: Toolbox { take_messages: true, ..Toolbox::default() },
            insights: InsightPolicy::default(),
            hours: None,
            words: Box::default(),
            outbound: at_any_time(),
            recording_withheld: false,
        },
        api_key,
    })
}
