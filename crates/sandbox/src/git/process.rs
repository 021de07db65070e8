//! Running git: its environment, its limits and its end.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, OFlags, Timespec, fcntl_getfl, fcntl_setfl, statat};
use rustix::process::{Pid, Signal, kill_process_group};

use super::progress::Reader;
use super::{CloneOptions, CloneWatch};
use crate::error::{FileError, FileResult};
use crate::files::beneath::{self, Mounts};
use crate::files::{names_in, open_child};
use crate::import::{Limits, Progress, Staging};

/// How long to wait for output before looking at the clock.
const TICK: Duration = Duration::from_millis(50);
/// How often to measure what git has written.
const MEASURE: Duration = Duration::from_millis(250);
/// How deep to measure: git's own folders and any working tree we accept.
const MEASURE_DEPTH: usize = 100;
/// The oldest git that takes `http.curloptResolve` (2.38, October 2022).
const PINNING_SINCE: (u32, u32) = (2, 38);

/// How git ended.
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) said: Vec<String>,
}

/// Watches over one git process and all that it starts.
pub(super) struct Supervisor<'a, 'w> {
    staging: &'a Staging,
    options: &'a CloneOptions,
    watch: &'a mut CloneWatch<'w>,
    started: Instant,
    measured: Instant,
}

impl<'a, 'w> Supervisor<'a, 'w> {
    pub(super) fn new(
        staging: &'a Staging,
        options: &'a CloneOptions,
        watch: &'a mut CloneWatch<'w>,
    ) -> Self {
        let now = Instant::now();
        Self {
            staging,
            options,
            watch,
            started: now,
            measured: now,
        }
    }

    /// Runs git in the staging directory to its end, or ends it.
    pub(super) fn run(mut self, arguments: &[String]) -> FileResult<Ended> {
        let mut command = git();
        command
            .args(arguments)
            .current_dir(self.staging.path())
            .stderr(Stdio::piped());
        let child = command
            .spawn()
            .map_err(|source| FileError::GitMissing { source })?;
        let mut group = Group(child);
        let said = match group.0.stderr.take() {
            Some(output) => self.follow(output)?,
            None => Vec::new(),
        };
        let success = loop {
            match group.0.try_wait() {
                Ok(Some(status)) => break status.success(),
                Ok(None) => self.check_limits()?,
                Err(e) => return Err(FileError::io("wait for", "git", e)),
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        self.check_size()?;
        Ok(Ended { success, said })
    }

    /// Reads what git says until it says no more.
    fn follow(&mut self, mut output: ChildStderr) -> FileResult<Vec<String>> {
        let failed = |e: std::io::Error| FileError::io("read the output of", "git", e);
        set_nonblocking(output.as_fd()).map_err(|e| failed(e.into()))?;
        let mut reader = Reader::default();
        let mut chunk = [0; 4096];
        loop {
            match output.read(&mut chunk) {
                Ok(0) => return Ok(reader.said()),
                Ok(read) => reader.feed(&chunk[..read], self.watch.progress),
                Err(e) if e.kind() == ErrorKind::WouldBlock => wait_for(output.as_fd()),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(failed(e)),
            }
            self.check_limits()?;
        }
    }

    fn check_limits(&mut self) -> FileResult<()> {
        if self.watch.cancel.is_cancelled() {
            return Err(FileError::Cancelled);
        }
        if self.started.elapsed() > self.options.timeout {
            return Err(FileError::Timeout {
                what: "the clone",
                seconds: self.options.timeout.as_secs(),
            });
        }
        if self.measured.elapsed() > MEASURE {
            self.check_size()?;
            self.measured = Instant::now();
        }
        Ok(())
    }

    fn check_size(&self) -> FileResult<()> {
        let Limits { bytes, files } = self.options.limits;
        let mut total = Progress::default();
        measure(self.staging.handle().as_fd(), &mut total, MEASURE_DEPTH);
        if total.bytes > bytes {
            return Err(FileError::TooLarge {
                what: "the clone".to_owned(),
                max: bytes,
            });
        }
        if total.files > files {
            return Err(FileError::TooMany {
                what: "files in the clone",
                max: files,
            });
        }
        Ok(())
    }
}

/// Refuses a git that would not keep to the addresses that were checked.
pub(super) fn require_pinning() -> FileResult<()> {
    let output = git()
        .arg("--version")
        .stdout(Stdio::piped())
        .output()
        .map_err(|source| FileError::GitMissing { source })?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = version(&text);
    if version.is_some_and(|version| version >= PINNING_SINCE) {
        return Ok(());
    }
    Err(FileError::Git {
        message: "git 2.38 or newer is needed".to_owned(),
    })
}

/// Reads which branch is checked out, as git wrote it.
pub(super) fn read_head(staging: &Staging) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    let head = beneath::open(staging.handle().as_fd(), ".git/HEAD", flags, Mounts::Stay).ok()?;
    let mut text = String::new();
    File::from(head)
        .take(4_096)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

/// Starts the description of a git process that takes nothing from its
/// surroundings.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where processes are started"
)]
fn git() -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        // No such folder: no `.gitconfig`, `.netrc` or credentials.
        .env("HOME", "/nonexistent")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_LFS_SKIP_SMUDGE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command
}

/// Reads `git version 2.39.5 (Apple Git-154)` and the like.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split(['.', ' ', '\n']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Adds up what is on disk below a folder. What vanishes is not counted.
fn measure(folder: BorrowedFd<'_>, total: &mut Progress, depth: usize) {
    let Ok(folder) = open_child(folder, ".") else {
        return;
    };
    for (name, kind) in names_in(folder.as_fd()).unwrap_or_default() {
        let Ok(stat) = statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW) else {
            continue;
        };
        total.files += 1;
        total.bytes += beneath::size(&stat);
        if kind.is_dir()
            && depth > 0
            && let Ok(child) = open_child(&folder, &name)
        {
            measure(child.as_fd(), total, depth - 1);
        }
    }
}

fn set_nonblocking(output: BorrowedFd<'_>) -> rustix::io::Result<()> {
    fcntl_setfl(output, fcntl_getfl(output)? | OFlags::NONBLOCK)
}

fn wait_for(output: BorrowedFd<'_>) {
    let tick = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(TICK.subsec_nanos()),
    };
    // Whatever comes of it, the caller reads and looks again.
    let _ = poll(&mut [PollFd::new(&output, PollFlags::IN)], Some(&tick));
}

/// A process and those it started. None outlives this.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // The leader is not reaped yet or already gone with its children; its
        // number can't have become another group's while we hold it.
        if let Ok(None) = self.0.try_wait() {
            if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            drop(self.0.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read() {
        for (text, read) in [
            ("git version 2.47.3\n", Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)\n", Some((2, 39))),
            ("git version 3.0\n", Some((3, 0))),
            ("hub version 2.47.3", None),
            ("", None),
        ] {
            assert_eq!(version(text), read);
        }
    }
}
