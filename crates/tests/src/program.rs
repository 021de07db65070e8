//! The real program, as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio_util::task::TaskTracker;

use crate::{Caller, within};

/// Returns the program under test, which cargo builds beside the tests.
///
/// # Panics
/// When it is not there.
pub fn program() -> PathBuf {
    beside("atelier-under-test")
}

/// Returns a program that cargo builds beside the tests.
pub(crate) fn beside(name: &str) -> PathBuf {
    // …/debug/deps/it-0123 → …/debug/NAME
    let own = std::env::current_exe().unwrap();
    let built = own.ancestors().nth(2).unwrap().join(name);
    assert!(built.exists(), "{} is not built", built.display());
    built
}

/// How a process ended and what it wrote.
#[derive(Debug)]
pub struct Ended {
    /// The exit status; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the program to its end, in `folder`, with `input` on standard input.
///
/// # Panics
/// When it can't be started or does not end.
pub async fn run_program(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may refuse before it has read everything.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = within("the program to end", child.wait_with_output())
        .await
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program like [`run_program`] and kills it at a moment, as the
/// kernel or a power cut would; returns whether it had not ended by then.
///
/// # Panics
/// When it can't be started.
pub async fn kill_program(
    folder: &Path,
    arguments: &[&str],
    input: &str,
    moment: impl Future<Output = ()>,
) -> bool {
    let mut child = command(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    tokio::select! {
        () = moment => {
            child.kill().await.unwrap();
            true
        }
        ended = child.wait() => {
            ended.unwrap();
            false
        }
    }
}

/// Starts the program, in `folder`, and returns its process, which ends when
/// it is dropped, with the first line that it prints.
///
/// # Panics
/// When it can't be started, or prints nothing.
pub async fn start_program(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut command = command(folder);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = within("the first line", lines.next_line()).await.unwrap();
    (child, line.expect("it prints a line"))
}

/// The program with an environment of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is tested as a process"
)]
fn command(folder: &Path) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A server that runs as a process of its own. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Its address.
    pub base: String,
    /// The sign-in token that it printed.
    pub token: String,
    log: Arc<Mutex<String>>,
    reading: TaskTracker,
}

impl Server {
    /// Starts `atelier serve` over `folder/data`, with the configuration
    /// `folder/atelier.toml` if there is one, and waits until it serves.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(folder: &Path) -> Self {
        let mut command = command(folder);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .env("ATELIER_LOG", "debug")
            .stdin(Stdio::null());
        if folder.join("atelier.toml").exists() {
            command.args(["--config", "atelier.toml"]);
        }
        let mut child = command.spawn().unwrap();
        let (log, reading) = (Arc::<Mutex<String>>::default(), TaskTracker::new());
        let mut stderr = child.stderr.take().unwrap();
        let book = Arc::clone(&log);
        reading.spawn(async move {
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = stderr.read(&mut bytes).await {
                book.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let link = within("the sign-in link", async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, link)) = line.split_once("): ") {
                    return link.to_owned();
                }
            }
            panic!("no sign-in link; it said: {}", log.lock().unwrap());
        })
        .await;
        let (base, token) = link.split_once("/sign-in#token=").unwrap();
        Self {
            child,
            base: base.to_owned(),
            token: token.to_owned(),
            log,
            reading,
        }
    }

    /// Signs the owner in with the printed link.
    pub async fn owner(&self) -> Caller {
        Caller::new(&self.base).sign_in(&self.token).await
    }

    /// Kills it, as the kernel or a power cut would, and waits for its end.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it had ended");
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, waits for its end and returns its exit status.
    ///
    /// # Panics
    /// When it does not end.
    #[expect(
        clippy::disallowed_methods,
        reason = "the standard library sends no signal but SIGKILL"
    )]
    pub async fn terminate(&mut self) -> Option<i32> {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(sent.unwrap().success());
        let status = within("the server to stop", self.child.wait()).await;
        self.reading.close();
        within("the log to end", self.reading.wait()).await;
        status.unwrap().code()
    }

    /// Returns what it logged so far.
    ///
    /// # Panics
    /// When the reading thread panicked.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}
