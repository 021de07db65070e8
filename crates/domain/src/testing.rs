//! The rules over a store alone, for tests of what needs no cell, no model and
//! no socket.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atelier_base::{Clock as _, Ids, ManualClock, Secret, UserId};
use atelier_model::{Gateway, GatewayOptions};
use atelier_sandbox::cell::{Limits, Output, Report, RunCommand, Site};
use atelier_sandbox::doctor::Isolation;
use atelier_sandbox::host::{BoxFuture, Host};
use atelier_sandbox::runtime::Runtime;
use atelier_store::{Store, UserRow};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ctx::{Actor, Ctx};
use crate::domain::{Domain, ImportSettings, Parts, Settings};
use crate::network::{NetworkSettings, SystemNames};
use crate::rate::RateSettings;
use crate::terminal::TerminalSettings;
use crate::vault::{KEY_BYTES, Vault};

/// A host without cells.
#[derive(Debug)]
struct NoCells;

impl Host for NoCells {
    fn run<'a>(
        &'a self,
        _site: &'a Site,
        _command: RunCommand,
        _cancel: CancellationToken,
        _output: mpsc::Sender<Output>,
    ) -> BoxFuture<'a, Report> {
        Box::pin(async { Report::refused("there are no cells") })
    }

    fn isolation(&self) -> BoxFuture<'_, Isolation> {
        Box::pin(async { unreachable!("nobody asks") })
    }

    fn runtimes(&self) -> BoxFuture<'_, Vec<Runtime>> {
        Box::pin(async { Vec::new() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Starts the rules over a store, as a server does.
pub(crate) async fn start(store: Store, data: &Path, clock: &ManualClock, ids: &Ids) -> Domain {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    let gateway = GATEWAY.get_or_init(|| Gateway::new(GatewayOptions::default()).unwrap());
    let parts = Parts {
        store,
        host: Arc::new(NoCells),
        gateway: gateway.clone(),
        vault: Vault::new(&Secret::new([7; KEY_BYTES])),
        clock: Arc::new(clock.clone()),
        ids: ids.clone(),
        names: Arc::new(SystemNames),
        settings: settings(data),
    };
    Domain::start(parts).await.unwrap()
}

/// Adds a person and returns how they ask.
pub(crate) async fn person(store: &Store, clock: &ManualClock, id: UserId) -> Ctx {
    let user = UserRow {
        id,
        name: "Ana".to_owned(),
        created_at: clock.now(),
    };
    store
        .write(async |tx| tx.insert_user(&user).await)
        .await
        .unwrap();
    Ctx {
        actor: Actor::Person(id),
        request: id.as_uuid().into(),
        cancel: CancellationToken::new(),
    }
}

fn settings(data: &Path) -> Settings {
    Settings {
        data: data.to_owned(),
        host_uid_base: None,
        import: ImportSettings {
            max_bytes: 1 << 20,
            max_files: 100,
            folders: Vec::new(),
            git_allow_http: false,
            git_allow_private: false,
            git_timeout: Duration::from_secs(1),
        },
        run: Limits::default(),
        longest_run: Duration::from_mins(1),
        concurrent_runs: 1,
        concurrent_servers: 1,
        queued_runs: 1,
        queued_runs_by_user: 1,
        terminal: TerminalSettings::default(),
        environment_provider: None,
        rates: RateSettings::default(),
        network: NetworkSettings::default(),
    }
}
