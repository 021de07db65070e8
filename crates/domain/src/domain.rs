//! The one value that everything is asked of, and what it is made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use atelier_base::{Clock, Ids, RequestId, Timestamp};
use atelier_model::Gateway;
use atelier_sandbox::cell::Limits;
use atelier_sandbox::host::Host;
use atelier_store::{Presence, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call::{Ledger, Unswept};
use crate::cell::Watched;
use crate::egress::Egress;
use crate::error::{Error, Result};
use crate::follow::Follows;
use crate::live::{Running, Streams, Subscription};
use crate::network::{Names, Network, NetworkSettings};
use crate::preview::Previews;
use crate::provider::EnvironmentProvider;
use crate::rate::{Buckets, RateSettings};
use crate::route::Catalogues;
use crate::run::{Capacity, Queue};
use crate::served::Keepsakes;
use crate::terminal::{TerminalSettings, Terminals};
use crate::token::Tokens;
use crate::tree::Trees;
use crate::vault::Vault;

/// What the administrator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where workspaces' files live.
    pub data: PathBuf,
    /// When the server runs as root: workspace number N belongs to this host
    /// uid plus N, so that no two workspaces share one.
    pub host_uid_base: Option<u32>,
    /// Limits of imports.
    pub import: ImportSettings,
    /// The limits of a run; a request may ask for less.
    pub run: Limits,
    /// The longest time that a run may ask for. Those that ask for more than
    /// the usual time count as servers.
    pub longest_run: Duration,
    /// How many runs go on at once; the others wait.
    pub concurrent_runs: usize,
    /// How many servers go on at once, beside the other runs.
    pub concurrent_servers: usize,
    /// How many runs may wait before more are refused.
    pub queued_runs: usize,
    /// The limits of terminals.
    pub terminal: TerminalSettings,
    /// How many runs of one person may wait.
    pub queued_runs_by_user: usize,
    /// The provider of the server's environment.
    pub environment_provider: Option<EnvironmentProvider>,
    /// How often models may be asked.
    pub rates: RateSettings,
    /// What programs may reach once it is granted.
    pub network: NetworkSettings,
}

/// What may be imported.
#[derive(Clone, Debug)]
pub struct ImportSettings {
    /// The most bytes, unpacked.
    pub max_bytes: u64,
    /// The most files.
    pub max_files: u64,
    /// Folders that a workspace may be copied from, themselves or below.
    pub folders: Vec<PathBuf>,
    /// Whether git may use plain `http` too, not only `https`.
    pub git_allow_http: bool,
    /// Whether git may reach private addresses.
    pub git_allow_private: bool,
    /// How long a clone may take.
    pub git_timeout: Duration,
}

/// What the rules stand on.
#[derive(Debug)]
pub struct Parts {
    /// The database and the blobs.
    pub store: Store,
    /// Where files and processes live.
    pub host: Arc<dyn Host>,
    /// The way to models.
    pub gateway: Gateway,
    /// The encrypted secrets.
    pub vault: Vault,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Ids,
    /// The addresses of hosts.
    pub names: Arc<dyn Names>,
    /// What the administrator decides.
    pub settings: Settings,
}

/// The rules, over one store and one host. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Domain(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    streams: Streams,
    running: Running,
    trees: Trees,
    terminals: Terminals,
    run_queue: Queue,
    server_queue: Queue,
    network: Network,
    previews: Previews,
    egress: Egress,
    tokens: Tokens,
    buckets: Buckets,
    keepsakes: Keepsakes,
    watched: Watched,
    ledger: Ledger,
    unswept: Unswept,
    catalogues: Catalogues,
    tasks: TaskTracker,
    lasting: TaskTracker,
    follows: Follows,
    signed_out: watch::Sender<()>,
    stop: CancellationToken,
    /// This server's number among those on the database.
    server: Option<i64>,
}

impl Domain {
    /// Puts the parts together, then finishes what a crash left half-done.
    ///
    /// # Errors
    /// Fails when the store fails or a journal can't be read.
    pub async fn start(parts: Parts) -> Result<Self> {
        let presence = parts.store.enter().await?;
        let settings = &parts.settings;
        let queue = |going| {
            Queue::new(Capacity {
                going,
                waiting: settings.queued_runs,
                waiting_by_user: settings.queued_runs_by_user,
            })
        };
        let inner = Inner {
            streams: Streams::new(parts.store.clone(), parts.clock.clone()),
            running: Running::default(),
            trees: Trees::new(&parts.settings.data),
            terminals: Terminals::default(),
            run_queue: queue(parts.settings.concurrent_runs),
            server_queue: queue(parts.settings.concurrent_servers),
            network: Network::default(),
            previews: Previews::default(),
            egress: Egress::default(),
            tokens: Tokens::default(),
            buckets: Buckets::default(),
            keepsakes: Keepsakes::default(),
            watched: Watched::default(),
            ledger: Ledger::default(),
            unswept: Unswept::default(),
            catalogues: Catalogues::default(),
            tasks: TaskTracker::new(),
            lasting: TaskTracker::new(),
            follows: Follows::default(),
            signed_out: watch::Sender::new(()),
            stop: CancellationToken::new(),
            server: presence.as_ref().map(Presence::number),
            parts,
        };
        let domain = Self(Arc::new(inner));
        domain.recover().await?;
        if let Some(presence) = presence {
            domain.attend(presence);
        }
        Ok(domain)
    }

    /// Cancels turns, runs and streams, without waiting for them.
    pub fn begin_stop(&self) {
        self.0.stop.cancel();
    }

    /// Cancels turns, runs and terminals, waits up to `patience` for them to be
    /// recorded, and closes.
    pub async fn stop(&self, patience: Duration) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.lasting.close();
        let ended = async { tokio::join!(self.0.tasks.wait(), self.0.lasting.wait()) };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!("stopped before everything was recorded; the next start says so");
        }
        if let Some(model) = self.gateway().local() {
            model.close();
        }
        self.host().close().await;
        self.store().close().await;
    }

    /// Waits until no turn and no run is going on.
    pub async fn settle(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.tasks.reopen();
    }

    /// Runs work to its end even if the caller stops waiting for it.
    ///
    /// # Errors
    /// Fails when the work panicked.
    pub async fn run_to_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let running = self.0.tasks.spawn(work).await;
        running.map_err(|failure| Error::Internal(format!("work ended early: {failure}")))
    }

    /// Starts work that goes on by itself and that stopping waits for.
    pub fn detach(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(work);
    }

    /// Starts work that lasts as long as the server, or as something in it
    /// that nobody waits for, such as a terminal. It must end when
    /// [`stopping`](Self::stopping) says so: stopping waits for it, settling
    /// does not.
    pub fn accompany<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.lasting.spawn(work)
    }

    /// Makes the name of a request.
    pub fn new_request_id(&self) -> RequestId {
        self.ids().next()
    }

    /// Returns how many bytes an uploaded archive may have: no more than what
    /// it may unpack to.
    pub fn import_limit_bytes(&self) -> u64 {
        self.settings().import.max_bytes
    }

    /// Returns a path for an upload, in the folder where imports are made.
    pub fn new_upload_path(&self) -> PathBuf {
        let id = self.new_request_id();
        self.trees().staging().join(format!("upload-{id}"))
    }

    /// Returns the token that stopping cancels.
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(crate) fn signed_out(&self) -> &watch::Sender<()> {
        &self.0.signed_out
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub(crate) fn host(&self) -> &Arc<dyn Host> {
        &self.0.parts.host
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.0.parts.gateway
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.parts.vault
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.0.parts.ids
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    pub(crate) fn running(&self) -> &Running {
        &self.0.running
    }

    pub(crate) fn follows(&self) -> &Follows {
        &self.0.follows
    }

    pub(crate) fn trees(&self) -> &Trees {
        &self.0.trees
    }

    pub(crate) fn terminals(&self) -> &Terminals {
        &self.0.terminals
    }

    pub(crate) fn names(&self) -> &Arc<dyn Names> {
        &self.0.parts.names
    }

    pub(crate) fn network(&self) -> &Network {
        &self.0.network
    }

    pub(crate) fn previews(&self) -> &Previews {
        &self.0.previews
    }

    pub(crate) fn server(&self) -> Option<i64> {
        self.0.server
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(crate) fn unswept(&self) -> &Unswept {
        &self.0.unswept
    }

    pub(crate) fn catalogues(&self) -> &Catalogues {
        &self.0.catalogues
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.0.egress
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(crate) fn buckets(&self) -> &Buckets {
        &self.0.buckets
    }

    pub(crate) fn keepsakes(&self) -> &Keepsakes {
        &self.0.keepsakes
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.0.watched
    }

    /// Returns the line of the usual runs.
    pub(crate) fn run_queue(&self) -> &Queue {
        &self.0.run_queue
    }

    /// Returns the line of the runs that may take longer than usual.
    pub(crate) fn server_queue(&self) -> &Queue {
        &self.0.server_queue
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// Returns the time, in seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.now().as_micros() / 1_000_000
    }

    /// Says that the store answers.
    ///
    /// # Errors
    /// Fails when it does not.
    pub async fn ready(&self) -> Result<()> {
        Ok(self.store().ping().await?)
    }

    pub(crate) async fn subscribe(
        &self,
        stream: impl Into<atelier_base::EventStreamId>,
        after: Option<u64>,
    ) -> Result<Subscription> {
        self.streams().subscribe(stream, after).await
    }
}
