//! A workspace, cells, and what a run in them wrote.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atelier_sandbox::cell::{
    CellOptions, Cells, Launcher, Limits, Outcome, Output, Report, RunCommand, Site, Stream,
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Names the part that a started copy of this test program plays.
const ROLE: &str = "ATELIER_CELL_TEST_ROLE";

/// The parts in which runs share the cell of their workspace.
pub(crate) const STAYS: &str = "stays";
pub(crate) const USER_STAYS: &str = "user, stays";

static MADE: AtomicU32 = AtomicU32::new(0);

/// A workspace of its own host user, and cells.
pub(crate) struct Lab {
    pub(crate) cells: Cells,
    pub(crate) folder: TempDir,
    pub(crate) group: String,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) report: Report,
    pub(crate) output: Vec<Output>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with_cell(Limits {
            memory_bytes: 2 << 30,
            pids: 1024,
            ..Limits::default()
        })
    }

    /// A lab whose workspace's cell has these limits when it stays.
    pub(crate) fn with_cell(cell: Limits) -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = tempfile::Builder::new()
            .prefix("cell-test-")
            .tempdir()
            .unwrap();
        if is_root() {
            let owner = Some(200_000 + number);
            std::os::unix::fs::chown(folder.path(), owner, owner).unwrap();
        }
        Self::over(folder, number, cell, Duration::from_mins(5))
    }

    /// A lab whose cell ends when it was not used for `idle`.
    pub(crate) fn idling(idle: Duration) -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Self::over(
            tempfile::tempdir().unwrap(),
            number,
            Limits::default(),
            idle,
        )
    }

    /// A workspace that belongs to whoever runs the tests.
    pub(crate) fn in_own_folder() -> Self {
        Self::idling(Duration::from_mins(5))
    }

    /// A lab whose cells have the tools of whoever runs the tests.
    pub(crate) fn with_tools() -> Self {
        let mut lab = Self::new();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let options = CellOptions {
            cgroup: format!("{}-{}", lab.group.replace('-', "t"), std::process::id()),
            path: std::env::split_paths(&path).collect(),
            max_concurrent: 8,
            cell: Limits {
                memory_bytes: 2 << 30,
                pids: 1024,
                ..Limits::default()
            },
            idle: Duration::from_mins(5),
        };
        lab.cells = Cells::new(launcher(), options);
        lab
    }

    /// Whether a command that is only tried ends well.
    pub(crate) async fn ran_well(&self, script: &str) -> bool {
        self.sh(script).await.outcome() == Outcome::Ok
    }

    fn over(folder: TempDir, number: u32, cell: Limits, idle: Duration) -> Self {
        // Each lab has a control group of its own name, so that one's end does
        // not remove another's.
        let group = format!("atelier-test{number}-{}", std::process::id());
        let options = CellOptions {
            cgroup: group.clone(),
            path: Vec::new(),
            max_concurrent: 8,
            cell,
            idle,
        };
        Self {
            cells: Cells::new(launcher(), options),
            folder,
            group,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn site(&self) -> Site {
        Site::workspace(self.path())
    }

    /// Puts a file into the workspace, as its owner's.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        let meta = std::fs::metadata(self.path()).unwrap();
        let (uid, gid) = {
            use std::os::unix::fs::MetadataExt;
            (meta.uid(), meta.gid())
        };
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).unwrap();
    }

    pub(crate) async fn run(&self, command: RunCommand) -> Ran {
        self.run_until(command, CancellationToken::new()).await
    }

    pub(crate) async fn run_until(&self, command: RunCommand, cancel: CancellationToken) -> Ran {
        let (sender, mut receiver) = mpsc::channel(16);
        let collect = async {
            let mut output = Vec::new();
            while let Some(chunk) = receiver.recv().await {
                output.push(chunk);
            }
            output
        };
        let run = async {
            if stays() {
                self.cells
                    .run_in(&self.site(), command, cancel, sender)
                    .await
            } else {
                self.cells.run(self.path(), command, cancel, sender).await
            }
        };
        let (report, output) = tokio::join!(run, collect);
        Ran { report, output }
    }

    pub(crate) async fn sh(&self, script: &str) -> Ran {
        self.run(RunCommand::new(["sh", "-c", script])).await
    }

    pub(crate) async fn python(&self, script: &str) -> Ran {
        self.run(RunCommand::new(["/usr/bin/python3", "-c", script]))
            .await
    }

    pub(crate) async fn limited(&self, script: &str, limits: Limits) -> Ran {
        let mut command = RunCommand::new(["sh", "-c", script]);
        command.limits = limits;
        self.run(command).await
    }
}

impl Ran {
    pub(crate) fn text(&self, stream: Stream) -> String {
        let chunks = self.output.iter().filter(|output| output.stream == stream);
        let bytes: Vec<u8> = chunks.flat_map(|output| output.bytes.clone()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn stdout(&self) -> String {
        self.text(Stream::Stdout)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.report.outcome
    }

    /// Asserts that the program ended well and returns what it wrote.
    #[track_caller]
    pub(crate) fn ok(&self) -> String {
        assert_eq!(
            self.outcome(),
            Outcome::Ok,
            "{:?}\n{}",
            self.report,
            self.text(Stream::Stderr)
        );
        self.stdout()
    }
}

/// Whether runs share the cell of their workspace.
pub(crate) fn stays() -> bool {
    role().is_some_and(|role| role == STAYS || role == USER_STAYS)
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The launcher: the copy beside this program if there is one, because an
/// ordinary user may not reach the folder that it was built in.
fn launcher() -> Launcher {
    let beside = std::env::current_exe()
        .unwrap()
        .with_file_name("atelier-cell");
    let built = PathBuf::from(env!("CARGO_BIN_EXE_atelier-cell"));
    Launcher {
        program: if beside.exists() { beside } else { built },
        args: Vec::new(),
    }
}

/// Says that something was not tested here.
pub(crate) fn not_tested(what: &str) {
    let who = if is_root() {
        "root"
    } else {
        "an ordinary user"
    };
    say(&format!("NOT TESTED as {who}: {what}"));
}

/// Writes a line past the test runner's capture, which takes only what the
/// printing macros write.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether a program is in the system's folders, which every cell sees.
pub(crate) fn has(program: &str) -> bool {
    let there = Path::new("/usr/bin").join(program).exists();
    if !there {
        not_tested(&format!("{program}, which this machine does not have"));
    }
    there
}

/// Returns the part that this process plays, if it is a started copy.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// A copy of this test program and the launcher where every user reaches them.
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    pub(crate) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let own = std::env::current_exe().unwrap();
        std::fs::copy(own, folder.path().join("tests")).unwrap();
        std::fs::copy(launcher().program, folder.path().join("atelier-cell")).unwrap();
        Self { folder }
    }

    /// Starts the copy in a part, through `wrapper`, with arguments for the
    /// test runner.
    #[expect(clippy::disallowed_methods, reason = "tests start themselves")]
    pub(crate) fn command(&self, role: &str, wrapper: &[&str], args: &[&str]) -> Command {
        let mut words: Vec<OsString> = wrapper.iter().map(OsString::from).collect();
        words.push(self.folder.path().join("tests").into());
        words.extend(args.iter().map(OsString::from));
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env(ROLE, role)
            .stdin(Stdio::null());
        command
    }
}

/// Becomes an ordinary user, when run as root.
pub(crate) fn as_ordinary_user() -> &'static [&'static str] {
    if is_root() {
        &[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ]
    } else {
        &["env"]
    }
}

/// A number of seconds to sleep that only the processes of this one test
/// program, or of the one with the process id `pid`, have on their command line.
pub(crate) fn mark(number: u32, pid: u32) -> String {
    format!("{number}.{pid}")
}

/// The host's processes whose command line holds `mark`.
pub(crate) fn processes_with(mark: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != std::process::id().cast_signed()
            && line.windows(mark.len()).any(|part| part == mark.as_bytes())
    })
    .collect()
}

/// Waits until so many processes have `mark` on their command line: one that
/// is becoming another program has none for a moment.
pub(crate) async fn await_processes(mark: &str, count: usize) -> Vec<i32> {
    loop {
        let found = processes_with(mark);
        if found.len() >= count {
            assert_eq!(found.len(), count, "{found:?}");
            return found;
        }
        tokio::task::yield_now().await;
    }
}
