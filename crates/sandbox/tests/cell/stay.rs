//! Cells that stay: what runs share, what they don't, and how a cell ends.

use std::path::{Path, PathBuf};
use std::time::Duration;

use atelier_sandbox::cell::{Limits, Outcome, RunCommand, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lab::{Lab, Ran, await_processes, mark, processes_with};
use crate::life::{await_end, groups_named, parent};

impl Lab {
    /// Runs a script in the workspace's cell.
    pub(crate) async fn inside(&self, script: &str) -> Ran {
        self.inside_of(&self.site(), script, CancellationToken::new())
            .await
    }

    pub(crate) async fn inside_of(
        &self,
        site: &Site,
        script: &str,
        cancel: CancellationToken,
    ) -> Ran {
        let (sender, mut receiver) = mpsc::channel(16);
        let command = RunCommand::new(["sh", "-c", script]);
        let run = self.cells.run_in(site, command, cancel, sender);
        let collect = async {
            let mut output = Vec::new();
            while let Some(chunk) = receiver.recv().await {
                output.push(chunk);
            }
            output
        };
        let (report, output) = tokio::join!(run, collect);
        Ran { report, output }
    }
}

#[tokio::test]
async fn runs_share_what_is_the_cells() {
    let lab = Lab::new();
    lab.inside("echo kept > /tmp/note; mkdir -p $HOME/x")
        .await
        .ok();
    assert_eq!(
        lab.inside("cat /tmp/note; ls -d ~/x").await.ok(),
        "kept\n/tmp/home/x\n"
    );
    let state = lab.cells.state(&lab.site()).await.unwrap();
    assert_eq!(state.processes, []);
    assert_eq!(state.ports, []);
    lab.cells.stop(&lab.site()).await;
    assert_eq!(lab.cells.state(&lab.site()).await, None);
    assert_eq!(lab.inside("cat /tmp/note").await.outcome(), Outcome::Exit);
}

#[tokio::test]
async fn what_a_run_leaves_behind_ends_with_it_and_no_other_run_does() {
    let lab = Lab::new();
    let (kept, left) = (
        mark(987_700, std::process::id()),
        mark(987_701, std::process::id()),
    );
    let cancel = CancellationToken::new();
    let script = format!("sleep {kept} & sleep {kept}; true");
    let site = lab.site();
    let long = lab.inside_of(&site, &script, cancel.clone());
    let short = async {
        let survivors = format!(
            "setsid sh -c 'sleep {left} & setsid sleep {left} &' & \
             (sleep {left} & ) ; nohup sleep {left} >/dev/null 2>&1 & sleep 0.05; exit 3"
        );
        for _ in 0..5 {
            let ran = lab.inside(&survivors).await;
            assert_eq!(
                (ran.outcome(), ran.report.exit_code),
                (Outcome::Exit, Some(3))
            );
            assert_eq!(processes_with(&left), [] as [i32; 0]);
        }
        assert!(!processes_with(&kept).is_empty());
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(long, short);
    assert_eq!(ran.outcome(), Outcome::Cancelled);
    assert_eq!(processes_with(&kept), [] as [i32; 0]);
    assert_eq!(lab.inside("echo well").await.ok(), "well\n");
}

#[tokio::test]
async fn many_runs_at_once_keep_their_output_and_ends_apart() {
    let lab = Lab::new();
    let runs = (0..24).map(|n| {
        let lab = &lab;
        async move {
            let ran = lab
                .inside(&format!("echo {n}; sleep 0.0{}; exit {n}", n % 7))
                .await;
            (ran.stdout(), ran.report.exit_code)
        }
    });
    let ended = futures_util::future::join_all(runs).await;
    for (n, (text, code)) in ended.into_iter().enumerate() {
        assert_eq!(
            (text, code),
            (format!("{n}\n"), Some(i32::try_from(n).unwrap()))
        );
    }
}

#[tokio::test]
async fn one_run_can_not_reach_another_or_what_looks_after_them() {
    let lab = Lab::new();
    let cancel = CancellationToken::new();
    let site = lab.site();
    let other = lab.inside_of(&site, "SECRET=whisper exec sleep 300", cancel.clone());
    let attack = async {
        let script = "
for p in /proc/[0-9]*; do
  (tr '\\0' '\\n' < $p/environ | grep -s whisper) 2>/dev/null
done
kill -9 1; kill -STOP 1; kill -TERM 1
python3 - <<'P'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in [int(p) for p in os.listdir('/proc') if p.isdigit()]:
    if os.getsid(pid) != os.getsid(0) and libc.ptrace(16, pid, 0, 0) == 0: print('traced', pid)
for pid in [1]:
    for name in ['fd', 'ns/user', 'mem', 'environ', 'map_files']:
        try: os.listdir(f'/proc/{pid}/{name}') if name in ('fd', 'map_files') else open(f'/proc/{pid}/{name}', 'rb').read(1); print('read', name)
        except OSError: pass
P
echo done";
        let ran = lab.inside(script).await;
        cancel.cancel();
        ran
    };
    let (other, attack) = tokio::join!(other, attack);
    assert_eq!(attack.ok(), "done\n");
    assert_eq!(other.outcome(), Outcome::Cancelled, "{:?}", other.report);
}

#[tokio::test]
async fn a_port_that_is_listened_on_is_seen_and_reached() {
    let lab = Lab::new();
    let cancel = CancellationToken::new();
    let site = lab.site();
    let script = "
import socket, sys
for family, address, port in [(socket.AF_INET, '127.0.0.1', 8123), (socket.AF_INET6, '::1', 8124)]:
    s = socket.socket(family); s.bind((address, port)); s.listen()
    if port == 8123: first = s
print('up', flush=True)
for s in (first, s):
    c, _ = s.accept(); c.sendall(b'hello ' + c.recv(100)); c.close()
sys.stdin.read()
import time; time.sleep(1000)
";
    let (sender, mut receiver) = mpsc::channel(16);
    let command = RunCommand::new(["python3", "-c", script]);
    let server = lab.cells.run_in(&site, command, cancel.clone(), sender);
    let client = async {
        receiver.recv().await.unwrap();
        let state = lab.cells.state(&site).await.unwrap();
        let ports: Vec<_> = state.ports.iter().map(|port| port.port).collect();
        assert_eq!(ports, [8123, 8124]);
        let program = state.ports[0].program.as_deref().unwrap();
        assert!(program.starts_with("python3"), "{program}");
        assert!(
            state
                .processes
                .iter()
                .any(|process| process.command.contains("python3"))
        );
        assert!(state.memory_bytes > 0);
        for port in [8123, 8124] {
            let mut stream = lab.cells.connect(&site, port).await.unwrap();
            stream.write_all(b"you").await.unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "hello you");
        }
        let refused = lab.cells.connect(&site, 8125).await.unwrap_err();
        assert!(refused.reason.contains("8125"), "{refused}");
        cancel.cancel();
    };
    tokio::join!(server, client);
    // Nothing of it is on the host.
    assert!(std::net::TcpStream::connect("127.0.0.1:8123").is_err());
}

#[tokio::test]
async fn the_way_out_leads_to_the_server_and_nowhere_else() {
    let lab = Lab::new();
    let mut exits = lab.cells.take_exits().unwrap();
    assert!(lab.cells.take_exits().is_none());
    let site = lab.site();
    let script = "python3 -c \"
import os, socket
from urllib.parse import urlparse
proxy = urlparse(os.environ['HTTPS_PROXY'])
s = socket.create_connection((proxy.hostname, proxy.port)); s.sendall(b'out?'); print(s.recv(100).decode())
for target in [('1.1.1.1', 80), ('10.0.0.1', 22)]:
    try: socket.create_connection(target, 2); print('reached', target)
    except OSError as e: print(e.errno)
\"";
    let serve = async {
        let exit = exits.recv().await.unwrap();
        assert_eq!(exit.site, site);
        let (mut stream, _) = exit.listener.accept().await.unwrap();
        let mut asked = [0; 4];
        stream.read_exact(&mut asked).await.unwrap();
        stream.write_all(b"here").await.unwrap();
    };
    let (ran, ()) = tokio::join!(lab.inside(script), serve);
    assert_eq!(ran.ok(), format!("here\n{0}\n{0}\n", libc::ENETUNREACH));
}

#[tokio::test]
async fn one_workspace_can_not_reach_another() {
    let (victim, attacker) = (Lab::new(), Lab::new());
    let (site, cancel) = (victim.site(), CancellationToken::new());
    let mark = mark(987_705, std::process::id());
    let script = format!(
        "python3 -c \"
import socket, time
a = socket.create_server(('127.0.0.1', 9000))
b = socket.socket(socket.AF_UNIX); b.bind('\\0abstract'); b.listen()
open('/tmp/secret', 'w').write('x'); open('/workspace/secret', 'w').write('x')
time.sleep({mark})\""
    );
    let served = victim.inside_of(&site, &script, cancel.clone());
    let attack = async {
        while victim
            .cells
            .state(&site)
            .await
            .is_none_or(|state| state.ports.is_empty())
        {
            tokio::task::yield_now().await;
        }
        let host = victim.path().display();
        let script = format!(
            "python3 -c \"
import os, socket
def tried(what):
    try: what(); print('reached')
    except OSError: print('no')
tried(lambda: socket.create_connection(('127.0.0.1', 9000), 2))
tried(lambda: socket.socket(socket.AF_UNIX).connect('\\0abstract'))
tried(lambda: open('/tmp/secret'))
tried(lambda: open('/workspace/secret'))
tried(lambda: os.listdir('{host}'))
others = [p for p in os.listdir('/proc') if p.isdigit() and '{mark}' in open(f'/proc/{{p}}/cmdline').read()]
print(len(others) - 1)\""
        );
        let ran = attacker.inside(&script).await;
        cancel.cancel();
        ran
    };
    let (_, attack) = tokio::join!(served, attack);
    // The one process with the mark on its command line is the asker itself,
    // and the shell that started it.
    let text = attack.ok();
    assert!(text.starts_with("no\nno\nno\nno\nno\n"), "{text}");
    assert!(text.ends_with("\n1\n") || text.ends_with("\n0\n"), "{text}");
}

#[tokio::test]
async fn a_cell_that_nobody_uses_ends_and_comes_back() {
    let lab = Lab::idling(Duration::from_millis(150));
    let cancel = CancellationToken::new();
    let site = lab.site();
    let ran = lab
        .inside("touch /tmp/before; sleep 0.6; ls /tmp/before")
        .await;
    assert_eq!(ran.ok(), "/tmp/before\n");
    while lab.cells.state(&site).await.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ran = lab
        .inside_of(&site, "ls /tmp/before 2>/dev/null; echo new", cancel)
        .await;
    assert_eq!(ran.ok(), "new\n");
}

#[tokio::test]
async fn stopping_a_cell_ends_its_runs_as_interrupted() {
    let lab = Lab::new();
    let site = lab.site();
    let (sender, mut receiver) = mpsc::channel(16);
    let mark = mark(987_702, std::process::id());
    let command = RunCommand::new(["sh", "-c", &format!("echo up; sleep {mark}")]);
    let run = lab
        .cells
        .run_in(&site, command, CancellationToken::new(), sender);
    let stop = async {
        receiver.recv().await.unwrap();
        lab.cells.stop(&site).await;
        assert_eq!(processes_with(&mark), [] as [i32; 0]);
    };
    let (report, ()) = tokio::join!(run, stop);
    assert_eq!(report.outcome, Outcome::Interrupted, "{report:?}");
}

#[tokio::test]
async fn a_cell_that_stays_ends_when_its_server_is_killed() {
    use std::io::BufRead;
    let test = "stay::a_cell_that_stays_ends_when_its_server_is_killed";
    if crate::lab::role().as_deref() == Some("staying server") {
        let lab = Lab::new();
        let (sender, mut receiver) = mpsc::channel(16);
        let mark = mark(987_703, std::process::id());
        let script = format!("setsid sh -c 'echo up; exec sleep {mark}' & sleep {mark}");
        let command = RunCommand::new(["sh", "-c", &script]);
        let site = lab.site();
        let run = lab
            .cells
            .run_in(&site, command, CancellationToken::new(), sender);
        let pass_on = async {
            receiver.recv().await.unwrap();
            crate::lab::say("the cell is up");
            receiver.recv().await
        };
        tokio::join!(run, pass_on);
        return;
    }
    if crate::lab::role().is_some() {
        return;
    }
    let copy = crate::lab::Copy::new();
    for _ in 0..3 {
        let mut command = copy.command(
            "staying server",
            &["env"],
            &["--exact", test, "--nocapture"],
        );
        let mut server = command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(server.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "the cell is up"));
        let cell = processes_with(&mark(987_703, server.id()));
        assert!(cell.len() >= 2, "{cell:?}");
        server.kill().unwrap();
        server.wait().unwrap();
        cell.into_iter().for_each(await_end);
    }
}

#[tokio::test]
async fn a_draft_takes_all_changes_and_the_workspace_none() {
    let lab = Lab::new();
    lab.put("a.txt", "one\n");
    lab.put("b.txt", "two\n");
    let draft = tempfile::Builder::new()
        .prefix("cell-draft-")
        .tempdir()
        .unwrap();
    let meta = std::fs::metadata(lab.path()).unwrap();
    let owner = {
        use std::os::unix::fs::MetadataExt;
        (Some(meta.uid()), Some(meta.gid()))
    };
    for folder in ["upper", "work"] {
        std::fs::create_dir(draft.path().join(folder)).unwrap();
        std::os::unix::fs::chown(draft.path().join(folder), owner.0, owner.1).unwrap();
    }
    std::os::unix::fs::chown(draft.path(), owner.0, owner.1).unwrap();
    let site = Site {
        workspace: lab.path().to_owned(),
        draft: Some(draft.path().to_owned()),
    };
    let script = "cat a.txt; echo more >> a.txt; rm b.txt; mkdir d; echo new > d/c.txt; chmod +x a.txt; ls -A; ls -A /run; mv d e";
    let ran = lab.inside_of(&site, script, CancellationToken::new()).await;
    assert_eq!(ran.ok(), "one\na.txt\nd\n");
    let again = lab
        .inside_of(&site, "cat a.txt e/c.txt; ls", CancellationToken::new())
        .await;
    assert_eq!(again.ok(), "one\nmore\nnew\na.txt\ne\n");
    assert_eq!(
        std::fs::read_to_string(lab.path().join("a.txt")).unwrap(),
        "one\n"
    );
    assert_eq!(
        std::fs::read_to_string(lab.path().join("b.txt")).unwrap(),
        "two\n"
    );
    let upper = draft.path().join("upper");
    assert_eq!(
        std::fs::read_to_string(upper.join("a.txt")).unwrap(),
        "one\nmore\n"
    );
    // The workspace's own cell sees the workspace, also what changes there.
    assert_eq!(lab.inside("cat a.txt b.txt").await.ok(), "one\ntwo\n");
    lab.put("late.txt", "late\n");
    let late = lab
        .inside_of(&site, "cat late.txt", CancellationToken::new())
        .await;
    assert_eq!(late.ok(), "late\n");
    lab.cells.stop(&site).await;
}

#[tokio::test]
async fn a_cells_limits_hold_for_all_its_runs_together() {
    let lab = Lab::with_cell(Limits {
        memory_bytes: 256 << 20,
        pids: 64,
        ..Limits::default()
    });
    let hungry = "python3 -c \"
import time
x = bytearray(160 << 20)
time.sleep(2)\"";
    let (a, b) = tokio::join!(lab.inside(hungry), lab.inside(hungry));
    let outcomes = [a.outcome(), b.outcome()];
    assert!(outcomes.contains(&Outcome::Memory), "{outcomes:?}");
    assert_eq!(lab.inside("echo well").await.ok(), "well\n");
}

/// Whatever ends a cell, nothing is left of it, and the next one starts.
#[tokio::test]
async fn cells_come_and_go_and_leave_nothing() {
    let cycles = if crate::lab::role().as_deref() == Some("a thousand") {
        1000
    } else {
        40
    };
    let lab = Lab::new();
    let (site, mark) = (lab.site(), mark(987_704, std::process::id()));
    let script = format!("setsid sleep {mark} & echo up; sleep {mark}");
    for cycle in 0..cycles {
        let (sender, mut receiver) = mpsc::channel(16);
        let cancel = CancellationToken::new();
        let command = RunCommand::new(["sh", "-c", &script]);
        let run = lab.cells.run_in(&site, command, cancel.clone(), sender);
        let end = async {
            if receiver.recv().await.is_none() {
                // The report says why.
                return Vec::new();
            }
            let cell = await_processes(&mark, 3).await;
            let first = parent(cell.iter().copied().min().unwrap());
            match cycle % 4 {
                0 => lab.cells.stop(&site).await,
                1 => kill(first),
                2 => kill(parent(first)),
                _ => {
                    cancel.cancel();
                    while receiver.recv().await.is_some() {}
                    lab.cells.stop(&site).await;
                }
            }
            cell
        };
        let (report, cell) = tokio::join!(run, end);
        let expected = [Outcome::Interrupted, Outcome::Cancelled][usize::from(cycle % 4 == 3)];
        assert_eq!(report.outcome, expected, "cycle {cycle}: {report:?}");
        cell.into_iter().for_each(await_end);
    }
    let Lab {
        cells,
        folder,
        group,
    } = lab;
    cells.close().await;
    drop(cells);
    let groups = groups_named(Path::new("/sys/fs/cgroup"), &group, 5);
    assert_eq!(groups, [] as [PathBuf; 0]);
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(folder.path().to_str().unwrap()));
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
