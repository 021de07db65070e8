//! `atelier serve`: the server.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use atelier_base::{Ids, SystemClock};
use atelier_domain::network::SystemNames;
use atelier_domain::{Domain, Parts, Settings};
use atelier_model::{Gateway, GatewayOptions};
use atelier_sandbox::host::{self, LocalHost};
use atelier_server::{App, Options};
use atelier_store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config, ServeArguments, Storage};
use crate::{local, lock, machine, say};

/// How long turns and runs may take to be recorded when the server stops.
const PATIENCE: Duration = Duration::from_millis(600);

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn main(arguments: ServeArguments) -> Result<ExitCode> {
    let config = config::server(arguments)?;
    log_to_stderr();
    // Before anything else runs in this process, which is moved as a whole.
    machine::delegation();
    runtime()?.block_on(run(config))
}

/// Makes the executor that everything runs on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start")
}

/// Sends the log to standard error; standard output is for what was asked.
pub(crate) fn log_to_stderr() {
    let filter =
        EnvFilter::try_new(config::log_filter()).unwrap_or_else(|_| EnvFilter::new("info"));
    // Fails only when a log is set up already, which is as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}

async fn run(config: Config) -> Result<ExitCode> {
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("could not listen on {}; is something else listening there? Choose another with --listen", config.listen)
    })?;
    let address = listener.local_addr()?;
    let options = Options {
        public_url: config.public_url.clone(),
        allowed_hosts: config.allowed_hosts.clone(),
        preview_domain: config.preview_domain.clone(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let base = config.public_url.clone().map_or_else(
        || format!("http://{address}"),
        |url| url.origin().ascii_serialization(),
    );
    let _lock = lock::share(&config.storage.data)?;
    let domain = open(config).await?;
    let token = domain.create_sign_in_token().await?;
    domain.bound_requests();
    let app = App::new(domain.clone(), options);
    app.open_network();
    let router = atelier_server::router(app);
    // Before anybody is told that it serves, and so may ask it to stop.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    say(&format!("Atelier is at {base}"));
    say(&format!(
        "Sign in (once, within an hour): {base}/sign-in#token={}",
        token.expose()
    ));
    let stop = CancellationToken::new();
    let serving = atelier_server::serve(listener, router, stop.clone());
    let stopping = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        say("Stopping.");
        stop.cancel();
        // Ends the streams, which would keep their connections open.
        domain.begin_stop();
    };
    tokio::join!(serving, stopping);
    domain.stop(PATIENCE).await;
    Ok(ExitCode::SUCCESS)
}

/// Opens the store and puts the domain together.
async fn open(config: Config) -> Result<Domain> {
    let Storage {
        data,
        database,
        keys,
    } = config.storage;
    let store = Store::open(&database, &data.join("blobs"))
        .await
        .with_context(|| format!("could not open the database {database}"))?;
    store.blobs().remove_leftovers().await?;
    let cells = machine::cells(
        config.concurrent_runs + config.concurrent_servers,
        config.cell,
    )?;
    let domain = Domain::start(Parts {
        store,
        host: Arc::new(LocalHost::new(cells)),
        gateway: Gateway::new(GatewayOptions {
            local: Some(local::served(&data, config.local)?),
            ..GatewayOptions::default()
        })?,
        vault: keys.vault()?,
        clock: Arc::new(SystemClock),
        ids: Ids::system(),
        names: Arc::new(SystemNames),
        settings: Settings {
            data,
            host_uid_base: host::runs_as_root().then_some(machine::HOST_UID_BASE),
            import: config.import,
            run: config.run,
            longest_run: config.longest_run,
            concurrent_runs: config.concurrent_runs,
            concurrent_servers: config.concurrent_servers,
            queued_runs: config.queued_runs,
            terminal: config.terminal,
            queued_runs_by_user: config.queued_runs_by_user,
            environment_provider: config.model,
            network: config.network,
            rates: config.rates,
        },
    })
    .await
    .context("could not start")?;
    Ok(domain)
}
