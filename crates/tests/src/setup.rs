//! What a [`TestApp`] is made with.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atelier_base::Secret;
use atelier_domain::network::NetworkSettings;
use atelier_domain::provider::EnvironmentProvider;
use atelier_domain::rate::{Rate, RateSettings};
use atelier_domain::terminal::TerminalSettings;
use atelier_domain::{ImportSettings, Settings};
use atelier_model::fake::{FakeModel, Script};
use atelier_sandbox::cell::{CellOptions, Cells, Limits};
use atelier_sandbox::host::{Host, LocalHost};
use atelier_store::testing::TestDatabase;
use tempfile::TempDir;
use url::Url;

use crate::app::TestApp;
use crate::{Caller, FakeNames, LocalSetup, PaperCells, program};

/// Counts the apps of this process, so that no two share a control group or
/// the host users of their workspaces.
static MADE: AtomicU32 = AtomicU32::new(0);
/// Above the host users of `atelier serve`, and of the tests of cells.
const HOST_UIDS: u32 = 300_000;
/// More than any test makes workspaces.
const UIDS_BY_APP: u32 = 100;

/// The key that the environment's model is asked with.
pub(crate) const ENVIRONMENT_KEY: &str = "sk-environment-canary";

/// What a [`TestApp`] is made with; change it before [`Setup::start`].
#[derive(Debug)]
pub struct Setup {
    pub(crate) database: TestDatabase,
    pub(crate) folder: TempDir,
    pub(crate) number: u32,
    /// What the administrator decides.
    pub settings: Settings,
    /// Where code runs, when it is not this machine's real cells.
    pub host: Option<Arc<dyn Host>>,
    /// The address people use, when it is not the one listened on.
    pub public_url: Option<Url>,
    /// The domain that previews are below, when it is not `localhost`.
    pub preview_domain: Option<String>,
    /// The cells of [`Setup::paper_cells`].
    pub(crate) cells: PaperCells,
    /// The hosts that have addresses.
    pub names: FakeNames,
    /// Whether the environment configures the scripted model.
    pub with_model: bool,
    /// The model on this machine.
    pub local: LocalSetup,
    /// How long a model may be silent, when it is not the usual time.
    pub(crate) silence: Option<Duration>,
}

impl Setup {
    /// Begins on SQLite.
    ///
    /// # Panics
    /// When the database can't be made.
    pub async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite().await.unwrap())
    }

    /// Begins on Postgres; `None` when `TEST_DATABASE_URL` names no server.
    ///
    /// # Panics
    /// When the database can't be made.
    pub async fn postgres() -> Option<Self> {
        let database = TestDatabase::postgres_from_environment().await.unwrap();
        database.map(Self::on)
    }

    fn on(database: TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let data = folder.path().join("data");
        let imports = folder.path().join("import");
        std::fs::create_dir(&data).unwrap();
        std::fs::create_dir(&imports).unwrap();
        Self {
            database,
            number,
            settings: settings(data, imports, number),
            folder,
            host: None,
            public_url: None,
            preview_domain: None,
            cells: PaperCells::default(),
            names: FakeNames::default(),
            with_model: true,
            local: LocalSetup::default(),
            silence: None,
        }
    }

    /// Sets how long a model may be silent.
    #[must_use]
    pub fn silence(mut self, longest: Duration) -> Self {
        self.silence = Some(longest);
        self
    }

    /// Changes what the administrator decides.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Runs code there rather than in this machine's cells.
    #[must_use]
    pub fn host(mut self, host: impl Host + 'static) -> Self {
        self.host = Some(Arc::new(host));
        self
    }

    /// Has cells of paper rather than this machine's.
    #[must_use]
    pub fn paper_cells(self) -> Self {
        let cells = self.cells.clone();
        self.host(cells)
    }

    /// Sets the address people use.
    ///
    /// # Panics
    /// When it is no address.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(Url::parse(url).unwrap());
        self
    }

    /// Puts previews below a domain.
    #[must_use]
    pub fn preview_domain(mut self, domain: &str) -> Self {
        self.preview_domain = Some(domain.to_owned());
        self
    }

    /// Gives a host its addresses: those of the first list when it is asked
    /// for the first time, and so on; the last ones stay.
    ///
    /// # Panics
    /// When one is no address.
    #[must_use]
    pub fn host_name(self, name: &str, answers: &[&[&str]]) -> Self {
        self.names.insert(name, answers);
        self
    }

    /// Leaves the model out of the environment.
    #[must_use]
    pub fn without_model(mut self) -> Self {
        self.with_model = false;
        self
    }

    /// Starts the app and signs its owner in.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(mut self) -> TestApp {
        let model = FakeModel::local(Script::default()).await.unwrap();
        if self.with_model {
            self.settings.environment_provider = Some(EnvironmentProvider {
                base_url: model.url(),
                key: Some(Secret::new(ENVIRONMENT_KEY.to_owned())),
                model: "fake-model".to_owned(),
                prices: Some(("0.15".to_owned(), "0.60".to_owned())),
                local: false,
            });
        }
        let host = self
            .host
            .take()
            .unwrap_or_else(|| Arc::new(LocalHost::new(cells(self.number))));
        TestApp::start(self, host, model).await
    }
}

fn settings(data: PathBuf, imports: PathBuf, number: u32) -> Settings {
    Settings {
        data,
        host_uid_base: is_root().then_some(HOST_UIDS + number * UIDS_BY_APP),
        import: ImportSettings {
            max_bytes: 64 * 1024 * 1024,
            max_files: 30_000,
            folders: vec![imports],
            git_allow_http: true,
            git_allow_private: true,
            git_timeout: Duration::from_secs(30),
        },
        run: Limits {
            wall: Duration::from_secs(20),
            memory_bytes: 512 << 20,
            output_bytes: 256 << 10,
            ..Limits::default()
        },
        longest_run: Duration::from_hours(1),
        concurrent_runs: 4,
        concurrent_servers: 2,
        queued_runs: 16,
        terminal: TerminalSettings::default(),
        queued_runs_by_user: 16,
        environment_provider: None,
        network: NetworkSettings::default(),
        rates: generous(),
    }
}

/// The clock of tests stands still, so a bucket never fills again.
fn generous() -> RateSettings {
    let rate = Rate {
        per_minute: 1_000_000,
        burst: 1_000_000,
    };
    RateSettings {
        user: rate,
        token: rate,
    }
}

fn cells(number: u32) -> Cells {
    let options = CellOptions {
        cgroup: format!("atelier-it{number}-{}", std::process::id()),
        path: search_path(),
        max_concurrent: 8,
        cell: atelier_sandbox::cell::Limits {
            memory_bytes: 2 << 30,
            pids: 1024,
            ..atelier_sandbox::cell::Limits::default()
        },
        idle: std::time::Duration::from_mins(5),
    };
    let launcher = atelier_sandbox::cell::Launcher {
        program: program(),
        args: vec!["__cell".into()],
    };
    Cells::new(launcher, options)
}

fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect()
}

/// Says whether the tests run as root; then each workspace has a host user of
/// its own, as with `atelier serve`.
///
/// # Panics
/// When a temporary file can't be made.
pub fn is_root() -> bool {
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

impl Caller {
    /// Returns the bearer key that the environment's model is asked with.
    pub fn environment_key() -> &'static str {
        ENVIRONMENT_KEY
    }
}
