//! `switchboard up`: everything on one machine, with a call to watch.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use bridge::LiveEvents;
use functions::edge::address;
use functions::edge::verified_form::DELIVERY;
use local::demo::{business, offer, place, story};
use local::home::{Identity, create_private, create_private_dir};
use local::system::{AwsSource, Config, System};
use local::template::Template;
use simulator::meta::Sender;
use simulator::twilio::{CallSpec, Callee};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

use super::providers::{self, Chosen};
use super::running::Running;
use super::{Up, call, say, text};

pub(super) async fn run(args: Up) -> anyhow::Result<()> {
    let began = Instant::now();
    let parameters = parameters(&args)?;
    let data = args.folder.data.as_path();
    log_to_file(data)?;
    tell(format_args!(
        "Switchboard {}: starting the whole system on this machine",
        env!("CARGO_PKG_VERSION")
    ));
    let identity = Identity::open(data)?;
    // The simulated issuer runs as long as it is held.
    let Chosen { urls, identity, twilio, openai, meta, issuer } = providers::choose(identity).await?;
    let live = LiveEvents::broadcasting();
    let config = Config {
        aws: AwsSource::Embedded { data_dir: Some(data.join("aws")) },
        identity: identity.clone(),
        providers: urls,
        parameters,
        api_port: args.port,
        media_port: if args.port == 0 { 0 } else { args.port.wrapping_add(1) },
        public_base_url: args.public_base_url.clone(),
        stream_url: args.stream_url.clone(),
        live: live.clone(),
        ahead: None,
        schedules: true,
    };
    let system = Box::pin(System::start(config)).await?;
    let seeded = business::seed(&system, &args.number, &identity.api_key).await?;
    offer::open(&system.local_url, &identity.api_key).await?;
    let webhook = |path| Url::parse(&format!("{}#{DELIVERY}", address::of(&system.api_url, path)));
    let voice_url = webhook("/twilio/voice/inbound")?;
    let status_url = webhook("/twilio/voice/status")?;
    let text_url = webhook("/twilio/messages")?;
    let target = place::CallTarget {
        voice_url: voice_url.clone(),
        status_url: Some(status_url.clone()),
        api: Some((system.api_url.clone(), identity.api_key.clone())),
        recordings: data.join("recordings"),
    };

    tell(format_args!("  data       {}", data.display()));
    for (name, variable) in [
        ("DynamoDB", "AWS_ENDPOINT_URL_DYNAMODB"),
        ("S3", "AWS_ENDPOINT_URL_S3"),
        ("SQS", "AWS_ENDPOINT_URL_SQS"),
        ("Secrets", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        ("SES", "AWS_ENDPOINT_URL_SESV2"),
    ] {
        tell(format_args!("  {name:<10} {}", system.environment.get(variable).map_or("", String::as_str)));
    }
    tell(format_args!("  API        {}", system.api_url));
    tell(format_args!("  media      {}", system.stream_url));
    tell(format_args!("  Twilio     {}", if twilio.is_some() { "simulated" } else { "real" }));
    tell(format_args!("  Meta       {}", if meta.is_some() { "simulated" } else { "real" }));
    tell(format_args!("  OpenAI     {}", if openai.is_some() { "simulated" } else { "real" }));
    tell(format_args!("  sign-in    {}", if issuer.is_some() { "simulated" } else { "real" }));
    tell(format_args!("  business   {} at {}", seeded.business.name, seeded.number.as_e164()));
    tell(format_args!("up after {} ms\n", began.elapsed().as_millis()));

    if let Some(twilio) = &twilio {
        // A call to the customer, ordered over the API, is the same conversation as the customer's own calls.
        twilio.set_callee(business::CALLER, Callee::answers(story::caller()));
        twilio.point_number(&args.number, &voice_url, &status_url);
    }
    let station = twilio.map(|twilio| Arc::new(call::Station { twilio, openai, live, target }));
    let outcome = match &station {
        Some(station) if !args.no_call => demonstrate(station, &args.number).await,
        Some(_) | None => Ok(()),
    };
    if args.once || outcome.is_err() {
        system.stop().await;
        return outcome;
    }

    if let Some(meta) = &meta {
        let display_phone_number = args.number.trim_start_matches('+').to_owned();
        let phone_number_id = text::station::PHONE_NUMBER_ID.to_owned();
        meta.add_sender(Sender { phone_number_id, display_phone_number });
        // What Meta signs has no address in it, so the simulated one need not come by a tunnel.
        meta.subscribe(Url::parse(&address::of(&system.local_url, "/meta/whatsapp"))?).await?;
    }
    let carriers = text::station::Carriers { calls: station.clone(), meta, webhook: text_url.clone() };
    let control = control(station, carriers).await?;
    let mut environment = system.environment.clone();
    // What the README's requests are made with.
    environment
        .insert("SWITCHBOARD_URL".to_owned(), system.api_url.as_str().trim_end_matches('/').to_owned());
    environment.insert("SWITCHBOARD_KEY".to_owned(), identity.api_key.expose().to_owned());
    let announced = Running { control_url: control.to_string(), environment }.announce(data)?;
    tell(format_args!("\nStaying up. The console is at {}", address::of(&system.api_url, "/console")));
    tell(format_args!(
        "  sign in as {} with {}, or as the operator with {}",
        seeded.business.name,
        identity.api_key.expose(),
        identity.operator_key.expose()
    ));
    tell("Point a Twilio number at");
    tell(format_args!("  voice webhook     {voice_url}   (HTTP POST)"));
    tell(format_args!("  status callback   {status_url}   (HTTP POST)"));
    tell(format_args!("  messaging webhook {text_url}   (HTTP POST)"));
    if args.public_base_url.is_none() {
        tell(
            "  (through a tunnel: set --public-base-url and --stream-url, TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN)",
        );
    }
    tell(
        "Text with the agent by `switchboard text`, place another call with `switchboard call`, or have the business call a customer with POST /v1/calls.",
    );
    tell("Stop with Ctrl-C.");
    stopped().await?;
    tell("stopping");
    drop(announced);
    system.stop().await;
    tell("stopped");
    Ok(())
}

/// What `--set` says. A name that the template does not have would change nothing.
fn parameters(args: &Up) -> anyhow::Result<BTreeMap<String, String>> {
    let parameters: BTreeMap<String, String> = args.parameters.iter().cloned().collect();
    let known = Template::load()?.parameters;
    for name in parameters.keys() {
        anyhow::ensure!(
            known.contains_key(name),
            "--set {name}: template.yaml has no such parameter with a default"
        );
    }
    Ok(parameters)
}

async fn demonstrate(station: &Arc<call::Station>, number: &str) -> anyhow::Result<()> {
    tell(format_args!("A customer calls {number}:"));
    let (lines, mut shown) = mpsc::channel(place::LINES);
    let spec = CallSpec::inbound(business::CALLER, number, station.target.voice_url.clone(), story::caller());
    let station = Arc::clone(station);
    let call = tokio::spawn(async move { station.place(spec, &lines).await });
    while let Some(line) = shown.recv().await {
        tell(line);
    }
    call.await.context("the demonstration call")?
}

/// Another `switchboard` asks here for calls and telephones; loopback only, and on a port that only the data folder tells.
async fn control(
    station: Option<Arc<call::Station>>,
    carriers: text::station::Carriers,
) -> anyhow::Result<Url> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    let router = call::control(station).merge(text::station::router(carriers));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// The system goes on when its terminal is closed.
fn tell(line: impl std::fmt::Display) {
    let _ = say(line);
}

/// The terminal belongs to the call; the log has a file.
fn log_to_file(data: &Path) -> anyhow::Result<()> {
    create_private_dir(data).with_context(|| {
        format!("cannot use {} as the data folder; give another with --data DIR", data.display())
    })?;
    let path = data.join("switchboard.log");
    let file = create_private(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(tracing_subscriber::EnvFilter::try_new(&level).context("RUST_LOG")?)
        .with_writer(std::sync::Mutex::new(file))
        .init();
    Ok(())
}

async fn stopped() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    Ok(tokio::signal::ctrl_c().await?)
}
