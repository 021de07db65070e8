//! Cells end with whoever made them, and leave nothing.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use atelier_sandbox::cell::{Outcome, RunCommand};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lab::{
    Copy, Lab, STAYS, USER_STAYS, as_ordinary_user, await_processes, is_root, mark, processes_with,
    role, say,
};

/// Starts this very test again in another part and waits for it.
pub(crate) fn again(test: &str, part: &str, wrapper: &[&str]) {
    let copy = Copy::new();
    let args = ["--exact", test, "--nocapture"];
    let output = copy.command(part, wrapper, &args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{errors}"
    );
}

/// Runs all tests again in another part.
fn all_again(part: &str, wrapper: &[&str]) {
    if role().is_some() {
        return;
    }
    let copy = Copy::new();
    // Cells that stay have tests of their own, which the user's part runs too.
    let skipped: &[&str] = if part == "user" {
        &[]
    } else {
        &["--skip=stay::", "--skip=reads::"]
    };
    let args = [&["--test-threads=2", "--skip=all_of_it_holds"], skipped].concat();
    let output = copy.command(part, wrapper, &args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    for line in errors.lines().filter(|line| line.starts_with("NOT TESTED")) {
        say(line);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{errors}");
}

#[test]
fn all_of_it_holds_for_an_ordinary_user_too() {
    if is_root() {
        all_again("user", as_ordinary_user());
    }
}

#[test]
fn all_of_it_holds_in_a_cell_that_stays_too() {
    all_again(STAYS, &["env"]);
}

#[test]
fn all_of_it_holds_in_an_ordinary_users_cell_that_stays_too() {
    if is_root() {
        all_again(USER_STAYS, as_ordinary_user());
    }
}

/// Waits until a process is gone, at most ten seconds.
pub(crate) fn await_end(pid: i32) {
    let Ok(handle) = pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()) else {
        return;
    };
    let mut events = [PollFd::new(&handle, PollFlags::IN)];
    let limit = Timespec {
        tv_sec: 10,
        tv_nsec: 0,
    };
    let ended = loop {
        match poll(&mut events, Some(&limit)) {
            // A child of this program ended meanwhile.
            Err(rustix::io::Errno::INTR) => {}
            ended => break ended,
        }
    };
    assert_eq!(ended, Ok(1), "process {pid} is still there");
}

/// Starts two processes, one of them in a session of its own, and says when
/// both are there.
fn two_sleepers(mark: &str) -> RunCommand {
    let script = format!("setsid sh -c 'echo up; exec sleep {mark}' & wait");
    RunCommand::new(["sh", "-c", &script])
}

#[tokio::test]
async fn a_cell_ends_when_its_server_is_killed() {
    if role().as_deref() == Some("server") {
        let lab = Lab::new();
        let (sender, mut receiver) = mpsc::channel(16);
        let command = two_sleepers(&mark(987_655, std::process::id()));
        let run = lab
            .cells
            .run(lab.path(), command, CancellationToken::new(), sender);
        let pass_on = async {
            receiver.recv().await.unwrap();
            say("the cell is up");
            receiver.recv().await
        };
        tokio::join!(run, pass_on);
        return;
    }
    let copy = Copy::new();
    let test = "life::a_cell_ends_when_its_server_is_killed";
    let mut command = copy.command("server", &["env"], &["--exact", test, "--nocapture"]);
    let mut server = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "the cell is up"));
    let cell = await_processes(&mark(987_655, server.id()), 2).await;
    server.kill().unwrap();
    server.wait().unwrap();
    cell.into_iter().for_each(await_end);
}

#[tokio::test]
async fn a_cell_ends_when_its_launcher_is_killed() {
    let lab = Lab::new();
    let (sender, mut receiver) = mpsc::channel(16);
    let mark = mark(987_656, std::process::id());
    let run = lab.cells.run(
        lab.path(),
        two_sleepers(&mark),
        CancellationToken::new(),
        sender,
    );
    let kill = async {
        receiver.recv().await.unwrap();
        let cell = await_processes(&mark, 2).await;
        let first = parent(cell.iter().copied().min().unwrap());
        let launcher = Pid::from_raw(parent(first)).unwrap();
        kill_process(launcher, Signal::KILL).unwrap();
        cell.into_iter().for_each(await_end);
    };
    let (report, ()) = tokio::join!(run, kill);
    assert_eq!(report.outcome, Outcome::Interrupted, "{report:?}");
}

pub(crate) fn parent(pid: i32) -> i32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_run_ends_when_nobody_waits_for_it() {
    let lab = Lab::new();
    let (sender, mut receiver) = mpsc::channel(16);
    let mark = mark(987_657, std::process::id());
    let command = two_sleepers(&mark);
    let run = lab
        .cells
        .run(lab.path(), command, CancellationToken::new(), sender);
    let mut run = Box::pin(run);
    tokio::select! {
        report = &mut run => panic!("{report:?}"),
        _ = receiver.recv() => {}
    }
    drop(run);
    assert_eq!(receiver.recv().await, None);
    lab.cells.close().await;
    assert_eq!(processes_with(&mark), [] as [i32; 0]);
}

#[tokio::test]
async fn closing_ends_everything_and_later_runs_at_once() {
    let lab = Lab::new();
    let (sender, mut receiver) = mpsc::channel(16);
    let mark = mark(987_658, std::process::id());
    let command = two_sleepers(&mark);
    let run = lab
        .cells
        .run(lab.path(), command, CancellationToken::new(), sender);
    let close = async {
        receiver.recv().await.unwrap();
        lab.cells.close().await;
        assert_eq!(processes_with(&mark), [] as [i32; 0]);
    };
    let (report, ()) = tokio::join!(run, close);
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert_eq!(lab.sh("true").await.outcome(), Outcome::Interrupted);
}

#[tokio::test]
async fn nothing_is_left_after_many_runs() {
    let lab = Lab::new();
    let groups = || groups_named(Path::new("/sys/fs/cgroup"), &lab.group, 5);
    let mark = mark(987_659, std::process::id());
    let failing = format!("sleep {mark} & exit 1");
    for _ in 0..10 {
        let (a, b) = tokio::join!(lab.sh("exit 0"), lab.sh(&failing));
        assert_eq!((a.outcome(), b.outcome()), (Outcome::Ok, Outcome::Exit));
    }
    lab.cells.stop(&lab.site()).await;
    let empty = |group: &PathBuf| {
        let cells = std::fs::read_dir(group).unwrap().flatten();
        let mut cells = cells.filter(|entry| entry.path().is_dir());
        cells.all(|cell| {
            std::fs::read(cell.path().join("cgroup.procs"))
                .unwrap()
                .is_empty()
        })
    };
    assert!(groups().iter().all(empty));
    lab.cells.close().await;
    let cells = groups()
        .into_iter()
        .filter_map(|group| std::fs::read_dir(group).ok());
    let left = cells
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir());
    assert_eq!(
        left.map(|entry| entry.path()).collect::<Vec<_>>(),
        [] as [PathBuf; 0]
    );
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(lab.path().to_str().unwrap()));
    assert_eq!(processes_with(&mark), [] as [i32; 0]);
    let Lab {
        cells,
        folder,
        group,
    } = lab;
    drop(cells);
    assert_eq!(
        groups_named(Path::new("/sys/fs/cgroup"), &group, 5),
        [] as [PathBuf; 0]
    );
    drop(folder);
}

pub(crate) fn groups_named(folder: &Path, name: &str, depth: u32) -> Vec<PathBuf> {
    if depth == 0 {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let found = folders.flat_map(|entry| {
        if entry.file_name() == name {
            vec![entry.path()]
        } else {
            groups_named(&entry.path(), name, depth - 1)
        }
    });
    found.collect()
}

#[tokio::test]
async fn without_namespaces_nothing_runs_and_the_reason_is_told() {
    if role().as_deref() == Some("without namespaces") {
        let lab = Lab::new();
        let ran = lab.sh("echo ran > ran").await;
        assert_eq!(ran.outcome(), Outcome::Refused);
        let reason = ran.report.reason.unwrap();
        assert!(reason.contains("user.max_user_namespaces"), "{reason}");
        assert!(!lab.path().join("ran").exists());
        let isolation = lab.cells.probe().await;
        assert!(!isolation.ready);
        assert!(
            isolation
                .reason
                .unwrap()
                .contains("user.max_user_namespaces")
        );
        return;
    }
    let no_more = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let namespace = [
        "unshare",
        "-U",
        "-c",
        "--keep-caps",
        "sh",
        "-c",
        no_more,
        "sh",
    ];
    let wrapper = [as_ordinary_user(), &namespace].concat();
    let test = "life::without_namespaces_nothing_runs_and_the_reason_is_told";
    again(test, "without namespaces", &wrapper);
}

#[tokio::test]
async fn a_launcher_that_is_none_is_a_refusal() {
    use atelier_sandbox::cell::{CellOptions, Cells, Launcher, Limits};
    for program in ["/bin/true", "/bin/false", "/no/such/program"] {
        let launcher = Launcher {
            program: program.into(),
            args: Vec::new(),
        };
        let options = CellOptions {
            cgroup: format!("atelier-none-{}", std::process::id()),
            path: Vec::new(),
            max_concurrent: 1,
            cell: Limits::default(),
            idle: Duration::from_mins(5),
        };
        let cells = Cells::new(launcher, options);
        let folder = tempfile::tempdir().unwrap();
        let (sender, _receiver) = mpsc::channel(1);
        let mut command = RunCommand::new(["true"]);
        command.limits.wall = Duration::from_secs(5);
        let run = cells.run(folder.path(), command, CancellationToken::new(), sender);
        let report = run.await;
        assert_eq!(report.outcome, Outcome::Refused, "{program}: {report:?}");
    }
}
