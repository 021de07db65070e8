//! The app under test, and what must hold of it after every story.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use atelier_base::{Clock as _, ContentHash, Ids, ManualClock, Secret, Timestamp, WorkspaceId};
use atelier_domain::vault::{KEY_BYTES, Vault};
use atelier_domain::{Domain, FileKind, Parts, Settings, UserRow};
use atelier_model::fake::FakeModel;
use atelier_model::{Gateway, GatewayOptions};
use atelier_sandbox::host::Host;
use atelier_server::{App, Options};
use atelier_store::Store;
use atelier_store::testing::TestDatabase;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::subscriber::DefaultGuard;
use uuid::Uuid;

use crate::local::local_model;
use crate::{Caller, FakeNames, Logbook, PaperCells, Setup, within};

/// When every story begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
/// How long stopping may take, open streams included.
const STOPPING: Duration = Duration::from_secs(2);
/// Folders that are listed, but not what is in them.
const LEFT_OUT: [&str; 3] = ["node_modules", ".venv", "__pycache__"];

/// The whole product, serving on a socket of its own.
#[derive(Debug)]
pub struct TestApp {
    /// The rules, for what no request can do.
    pub domain: Domain,
    /// The rows, for what no request shows.
    pub store: Store,
    /// The time; it stands still unless it is moved.
    pub clock: ManualClock,
    /// The model that turns ask.
    pub model: FakeModel,
    /// The cells, when they are of paper.
    pub cells: PaperCells,
    /// The hosts that have addresses.
    pub names: FakeNames,
    /// What was logged.
    pub log: Logbook,
    /// What the administrator decided.
    pub(crate) settings: Settings,
    address: SocketAddr,
    owner: Caller,
    stop: CancellationToken,
    serving: TaskTracker,
    _log: DefaultGuard,
    // Last: the database goes when nothing uses it any more.
    folder: TempDir,
    database: TestDatabase,
}

impl TestApp {
    pub(crate) async fn start(setup: Setup, host: Arc<dyn Host>, model: FakeModel) -> Self {
        let (log, guard) = Logbook::open();
        let store = setup.database.open().await.unwrap();
        let clock = ManualClock::new(BEGINNING);
        let mut options = GatewayOptions {
            local: Some(local_model(&setup.settings.data, setup.local)),
            ..GatewayOptions::default()
        };
        if let Some(silence) = setup.silence {
            (options.first_byte_timeout, options.idle_timeout) = (silence, silence);
        }
        let domain = Domain::start(Parts {
            store: store.clone(),
            host,
            gateway: Gateway::new(options).unwrap(),
            vault: Vault::new(&Secret::new([7; KEY_BYTES])),
            clock: Arc::new(clock.clone()),
            names: Arc::new(setup.names.clone()),
            ids: Ids::seeded(Arc::new(clock.clone()), u64::from(setup.number)),
            settings: setup.settings.clone(),
        })
        .await
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = Options {
            public_url: setup.public_url,
            allowed_hosts: Vec::new(),
            preview_domain: setup.preview_domain,
            version: "0.0.0-test",
        };
        let served = App::new(domain.clone(), options);
        served.open_network();
        let router = atelier_server::router(served);
        let (stop, serving) = (CancellationToken::new(), TaskTracker::new());
        serving.spawn(atelier_server::serve(listener, router, stop.clone()));
        let token = domain.create_sign_in_token().await.unwrap();
        let nobody = Caller::new(&format!("http://{address}"));
        let owner = nobody.sign_in(token.expose()).await;
        Self {
            domain,
            store,
            clock,
            model,
            cells: setup.cells,
            names: setup.names,
            log,
            settings: setup.settings,
            address,
            owner,
            stop,
            serving,
            _log: guard,
            folder: setup.folder,
            database: setup.database,
        }
    }

    pub(crate) async fn open_store(&self) -> Store {
        self.database.open().await.unwrap()
    }

    /// Returns the signed-in owner.
    pub fn owner(&self) -> Caller {
        self.owner.clone()
    }

    /// Returns somebody who is not signed in.
    pub fn nobody(&self) -> Caller {
        Caller::new(&format!("http://{}", self.address))
    }

    /// Signs in somebody who is a member of nothing.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn stranger(&self) -> Caller {
        // A link is for the person who was there first, so this one was.
        let user = UserRow {
            id: Uuid::from_u128(1).into(),
            name: "Stranger".to_owned(),
            created_at: self.clock.now(),
        };
        self.store
            .write(async |tx| tx.insert_user(&user).await)
            .await
            .unwrap();
        let token = self.domain.create_sign_in_token().await.unwrap();
        self.nobody().sign_in(token.expose()).await
    }

    /// Returns `host:port` of the server.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Returns the folder that workspaces may be copied from.
    pub fn imports(&self) -> PathBuf {
        self.folder.path().join("import")
    }

    /// Returns the data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Returns where the contents of versions are.
    pub fn blobs(&self) -> PathBuf {
        self.database.blobs_dir()
    }

    /// Returns where a workspace's files are on this machine.
    pub fn files_of(&self, workspace: Uuid) -> PathBuf {
        self.data()
            .join("workspaces")
            .join(workspace.to_string())
            .join("files")
    }

    /// Waits until no turn and no run is going on.
    pub async fn settle(&self) {
        within("turns and runs to end", self.domain.settle()).await;
    }

    /// Returns what is on disk in a workspace: each file's bytes by its path,
    /// `None` for folders and links.
    ///
    /// # Panics
    /// When it can't be read.
    pub fn disk(&self, workspace: Uuid) -> BTreeMap<String, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        read_tree(&self.files_of(workspace), "", &mut found);
        found
    }

    /// Ends the story: nothing may be left undone, files and rows must agree,
    /// and the server must stop in time.
    ///
    /// # Panics
    /// When something is left, or does not agree.
    pub async fn finish(self) {
        self.settle().await;
        // Requests whose clients left may still be on their way.
        let begun = Instant::now();
        self.stop_serving().await;
        self.settle().await;
        let took = begun.elapsed();
        self.assert_at_rest().await;
        for workspace in self.workspaces().await {
            self.assert_files_match_rows(workspace).await;
        }
        self.model.assert_finished();
        assert_eq!(self.log.errors(), Vec::<String>::new(), "errors in the log");
        let begun = Instant::now();
        within("the domain to stop", self.domain.stop(STOPPING)).await;
        let took = took + begun.elapsed();
        assert!(took < STOPPING, "stopping took {took:?}");
    }

    /// Stops taking requests, and ends those that are open.
    pub async fn stop_serving(&self) {
        self.stop.cancel();
        self.domain.begin_stop();
        self.serving.close();
        within("the server to stop", self.serving.wait()).await;
    }

    async fn assert_at_rest(&self) {
        let now = self.clock.now();
        let running = self
            .store
            .write(async |tx| {
                let turns = tx.interrupt_running_turns(now).await?.len();
                let runs = tx.interrupt_unfinished_runs(now).await?.len();
                Ok::<_, atelier_store::Error>((turns, runs))
            })
            .await
            .unwrap();
        assert_eq!(running, (0, 0), "turns and runs that never ended");
        self.assert_nothing_staged();
    }

    /// Checks that no import left anything behind.
    ///
    /// # Panics
    /// When one did.
    pub fn assert_nothing_staged(&self) {
        assert_eq!(names(&self.data().join("imports")), Vec::<String>::new());
    }

    /// Checks that there are as many workspaces on disk as in the rows.
    ///
    /// # Panics
    /// When there are not.
    pub async fn assert_workspaces(&self, count: usize) {
        assert_eq!(self.workspaces().await.len(), count, "rows");
        let folders = names(&self.data().join("workspaces"));
        assert_eq!(folders.len(), count, "folders: {folders:?}");
        self.assert_nothing_staged();
    }

    async fn workspaces(&self) -> Vec<WorkspaceId> {
        self.store
            .read(async |tx| tx.list_workspace_ids().await)
            .await
            .unwrap()
    }

    /// Checks that a workspace's rows say exactly what is on its disk.
    async fn assert_files_match_rows(&self, workspace: WorkspaceId) {
        let rows = self
            .store
            .read(async |tx| tx.list_live_all(workspace).await)
            .await
            .unwrap();
        let disk = self.disk(workspace.as_uuid());
        let said: BTreeMap<String, Option<ContentHash>> = rows
            .into_iter()
            .map(|row| (row.path.to_string(), row.content_hash))
            .collect();
        let found: BTreeMap<String, Option<ContentHash>> = disk
            .iter()
            .map(|(path, bytes)| (path.clone(), bytes.as_deref().map(ContentHash::of)))
            .collect();
        assert_eq!(said, found, "rows and files of {workspace} differ");
        let journals = names(&self.files_of(workspace.as_uuid()).with_file_name("state"));
        let pending: Vec<_> = journals.iter().filter(|name| *name != "lock").collect();
        assert!(pending.is_empty(), "journals left: {pending:?}");
    }

    /// Returns the kinds of a workspace's live rows, by path.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn kinds(&self, workspace: Uuid) -> BTreeMap<String, FileKind> {
        let rows = self
            .store
            .read(async |tx| tx.list_live_all(workspace.into()).await)
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| (row.path.to_string(), row.kind))
            .collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
        self.domain.begin_stop();
    }
}

/// Returns the names in a folder, sorted; none when there is no folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn read_tree(folder: &Path, below: &str, found: &mut BTreeMap<String, Option<Vec<u8>>>) {
    for name in names(folder) {
        if name == ".git" {
            continue;
        }
        let (place, entered) = (folder.join(&name), !LEFT_OUT.contains(&name.as_str()));
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        let kind = fs::symlink_metadata(&place).unwrap().file_type();
        if kind.is_file() {
            found.insert(path, Some(fs::read(&place).unwrap()));
        } else {
            found.insert(path.clone(), None);
            if kind.is_dir() && entered {
                read_tree(&place, &path, found);
            }
        }
    }
}
