//! A private Postgres for the tests: made from nothing, gone afterwards.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::scratch::Scratch;
use crate::{apt, process};

/// Where Debian puts the server's programs, one folder per version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Debian's packages, the one we develop against first.
const PACKAGES: &[&str] = &["postgresql-15", "postgresql"];
/// How long a server may take to answer after its start.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running server with one superuser, reachable from this machine alone.
/// Dropping it stops it and removes its data.
pub(crate) struct Postgres {
    server: Child,
    port: u16,
    programs: PathBuf,
    folder: Scratch,
}

impl Postgres {
    /// Starts a server on a free port, installing Postgres first when this
    /// machine has none and we may.
    ///
    /// # Errors
    /// There is no Postgres and it can't be installed, or it doesn't start.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs()?;
        let folder = Scratch::made_by(as_postgres("mktemp".as_ref()))?;
        let data = data_folder(&folder);
        process::run(
            as_postgres(&programs.join("initdb"))
                .args(["--auth=trust", "--username=postgres", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
                .arg(&data)
                .stdout(Stdio::null()),
        )?;
        let log = fs::File::create(folder.path().join("log"))
            .context("could not create the log of Postgres")?;
        let port = free_port()?;
        let server = serve(&programs, &data, port)
            .stderr(log)
            .spawn()
            .context("could not start Postgres")?;
        let mut postgres = Self {
            server,
            port,
            programs,
            folder,
        };
        postgres.wait_until_ready()?;
        println!("Postgres listens on 127.0.0.1:{port}");
        Ok(postgres)
    }

    /// Where the server's first database is.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(status) = self.server.try_wait().context("could not watch Postgres")? {
                bail!("Postgres ended with {status}: {}", self.last_words());
            }
            let mut ask = Command::new(self.programs.join("pg_isready"));
            ask.args(["--quiet", "--host=127.0.0.1", "--port"]);
            if ask.arg(self.port.to_string()).status()?.success() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("Postgres didn't answer: {}", self.last_words())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().last().unwrap_or("it said nothing").to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = as_postgres(&self.programs.join("pg_ctl"));
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]);
        let stopped = process::run(stop.arg(data_folder(&self.folder)));
        if let Err(error) = stopped {
            println!("warning: {error:#}; killing Postgres");
            // It may have ended by itself; then there is nothing to kill.
            let _ = self.server.kill();
        }
        // Reaps the process; its status says nothing that we need.
        let _ = self.server.wait();
    }
}

/// The server itself rather than `pg_ctl start`: as a child in our process
/// group it gets our Ctrl-C, and it is told to stop when we die otherwise.
fn serve(programs: &Path, data: &Path, port: u16) -> Command {
    let mut serve = Command::new("setpriv");
    serve.arg("--pdeathsig=INT");
    if process::is_root() {
        serve.args(BECOME_POSTGRES);
    }
    serve
        .current_dir("/")
        .arg(programs.join("postgres"))
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(data)
        .args(["-p", &port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "max_connections=300",
        // The data is thrown away: nothing needs to survive a power loss.
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
    ] {
        serve.args(["-c", setting]);
    }
    serve.stdin(Stdio::null()).stdout(Stdio::null());
    serve
}

const BECOME_POSTGRES: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];

/// Postgres refuses to run as root, so root lends it the user that the
/// package made for it.
fn as_postgres(program: &Path) -> Command {
    let mut command = if process::is_root() {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(BECOME_POSTGRES).arg(program);
        setpriv
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}

fn programs() -> Result<PathBuf> {
    if let Some(found) = installed() {
        return Ok(found);
    }
    apt::install_one_of(
        PACKAGES,
        "The tests also run on Postgres and need its server",
    )?;
    installed().context("the Postgres server is installed but its programs were not found")
}

/// The folder of the newest installed server's programs.
fn installed() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(VERSIONS)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let elsewhere =
        process::find("initdb").and_then(|initdb| initdb.parent().map(Path::to_path_buf));
    versions
        .into_iter()
        .rev()
        .map(|(_, programs)| programs)
        .chain(elsewhere)
        .find(|programs| programs.join("initdb").is_file())
}

fn data_folder(folder: &Scratch) -> PathBuf {
    folder.path().join("data")
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}
