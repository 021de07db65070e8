//! The process that is kept ready for the next job of a cell that stays.

use std::time::Duration;

use atelier_sandbox::cell::{Outcome, Report, RunCommand, Site, TerminalCommand};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lab::{Lab, await_processes, mark};
use crate::life::{await_end, parent};

/// A lab whose cell is up, and the host's number of its first process.
async fn cell(number: u32) -> (Lab, i32) {
    let lab = Lab::new();
    let (cancel, mark) = (CancellationToken::new(), mark(number, std::process::id()));
    let script = format!("exec sleep {mark}");
    let site = lab.site();
    let run = lab.inside_of(&site, &script, cancel.clone());
    let find = async {
        let first = parent(await_processes(&mark, 1).await[0]);
        cancel.cancel();
        first
    };
    let (_, first) = tokio::join!(run, find);
    (lab, first)
}

fn children(pid: i32) -> Vec<i32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap();
    let numbers = children.split_ascii_whitespace();
    numbers.map(|number| number.parse().unwrap()).collect()
}

/// Waits until one is kept ready; returns it.
async fn ready(first: i32) -> i32 {
    loop {
        if let [one] = children(first)[..] {
            return one;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs a script for at most the time `wall`; returns what it wrote too.
async fn within(lab: &Lab, script: &str, wall: Duration) -> (Report, String) {
    let mut command = RunCommand::new(["sh", "-c", script]);
    command.limits.wall = wall;
    let (sender, mut receiver) = mpsc::channel(16);
    let (site, cancel) = (lab.site(), CancellationToken::new());
    let run = lab.cells.run_in(&site, command, cancel, sender);
    let collect = async {
        let mut text = Vec::new();
        while let Some(output) = receiver.recv().await {
            text.extend(output.bytes);
        }
        String::from_utf8(text).unwrap()
    };
    tokio::join!(run, collect)
}

#[tokio::test]
async fn it_becomes_the_next_program_and_is_nobodys_before() {
    let (lab, first) = cell(987_710).await;
    let site = lab.site();
    for _ in 0..5 {
        let one = ready(first).await;
        let state = lab.cells.state(&site).await.unwrap();
        assert_eq!(state.processes, []);
        let cancel = CancellationToken::new();
        let mark = mark(987_711, std::process::id());
        let script = format!("exec sleep {mark}");
        let run = lab.inside_of(&site, &script, cancel.clone());
        let look = async {
            assert_eq!(await_processes(&mark, 1).await, [one]);
            // None is kept ready beside a program.
            assert_eq!(children(first), [one]);
            let state = lab.cells.state(&site).await.unwrap();
            assert_eq!(state.processes.len(), 1);
            cancel.cancel();
        };
        let (ran, ()) = tokio::join!(run, look);
        assert_eq!(ran.outcome(), Outcome::Cancelled);
    }
}

/// What is ended, for want of memory say, or has no way to become a program is
/// no job's harm.
#[tokio::test]
async fn one_that_is_ended_is_made_up_for() {
    let (lab, first) = cell(987_712).await;
    for _ in 0..3 {
        let one = ready(first).await;
        kill_process(Pid::from_raw(one).unwrap(), Signal::KILL).unwrap();
        await_end(one);
        assert_eq!(lab.inside("echo well").await.ok(), "well\n");
    }
    ready(first).await;
    let mut command = RunCommand::new(["true"]);
    command.cwd = Some("nowhere".parse().unwrap());
    let (sender, _output) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let site = lab.site();
    let run = lab.cells.run_in(&site, command, cancel, sender);
    let report = run.await;
    assert_eq!(report.outcome, Outcome::Refused, "{report:?}");
    assert!(report.reason.unwrap().contains("enter /workspace/nowhere"));
    assert_eq!(lab.inside("nonesuch").await.report.exit_code, Some(127));
    assert_eq!(lab.inside("echo well").await.ok(), "well\n");
}

/// A program may do to others of its user what it likes. There must be none
/// that a later job depends on.
#[tokio::test]
async fn no_program_ever_meets_it() {
    let (lab, first) = cell(987_713).await;
    let hostile = "
set -- /proc/[0-9]*; echo $#
setsid sh -c 'while :; do kill -STOP -1; done' 2>/dev/null &
python3 - <<'P'
import os, resource, signal
others = [int(p) for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]
for pid in others:
    for hinder in [lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (4, 4)),
                   lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
                   lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
                   lambda: os.setpriority(os.PRIO_PROCESS, pid, 19)]:
        try: hinder()
        except OSError: pass
P
kill -STOP -1; kill -KILL -1; true";
    let check = "ulimit -n; ulimit -t; nice; set -- /proc/[0-9]*; echo $#";
    let sound = lab.inside(check).await.ok();
    for round in 0..6 {
        if round % 2 == 0 {
            ready(first).await;
        }
        // The first process and the shell, which may stop itself.
        let (_, text) = within(&lab, hostile, Duration::from_secs(1)).await;
        assert_eq!(text, "2\n");
        let (report, text) = within(&lab, check, Duration::from_secs(20)).await;
        assert_eq!(report.outcome, Outcome::Ok, "{report:?}");
        assert_eq!(text, sound);
    }
}

#[tokio::test]
async fn a_terminal_is_started_by_it_too() {
    let (lab, first) = cell(987_714).await;
    let site: Site = lab.site();
    for _ in 0..3 {
        let one = ready(first).await;
        let command = TerminalCommand {
            argv: ["sh", "-c", "stty size; tty; read line; echo \"<$line>\""]
                .map(str::to_owned)
                .to_vec(),
            ..TerminalCommand::default()
        };
        let terminal = lab.cells.open_terminal(&site, command).await.unwrap();
        assert!(children(first).contains(&one));
        // Runs beside it have none kept ready, and go well.
        assert_eq!(lab.inside("echo well").await.ok(), "well\n");
        assert_eq!(children(first), [one]);
        terminal.write(b"typed\r").await.unwrap();
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        while let count @ 1.. = terminal.read(&mut buffer).await.unwrap() {
            text.extend_from_slice(&buffer[..count]);
        }
        let text = String::from_utf8_lossy(&text);
        for expected in ["24 80\r\n", "/dev/pts/", "<typed>\r\n"] {
            assert!(text.contains(expected), "{text}");
        }
        assert_eq!(terminal.ended().await.exit_code, Some(0));
    }
}
