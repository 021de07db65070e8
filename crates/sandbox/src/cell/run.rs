//! One run, from the request to the report.

use std::fs;
use std::io::{self, IoSlice, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::MemfdFlags;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::net::unix::pipe;
use tokio::process::Child;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Launcher;
use super::cgroup::{Cgroup, Kept};
use super::command::{ARGUMENT_BYTES, Limits, Outcome, Output, RunCommand, STDIN_BYTES};
use super::ending::{self, Ending, Evidence};
use super::flow::{self, Ends};
use super::ground::Ground;
use super::spec::{Identity, ROOT_FOLDER_ID, Rlimits, Spec, Task, WORKSPACE, Watch};

/// What a cell is made for.
pub(super) struct Order<'a> {
    /// The folder to mount; `None` for an empty one.
    pub workspace: Option<&'a Path>,
    pub task: Task,
    pub input: Vec<u8>,
    pub limits: Limits,
}

/// Checks a command and says what to do in the cell for it.
pub(super) fn task(command: &RunCommand, path: &[String]) -> Result<Task, String> {
    let pairs = command.env.iter().flat_map(|(name, value)| [name, value]);
    let bytes: usize = command.argv.iter().chain(pairs).map(String::len).sum();
    let texts = command
        .argv
        .iter()
        .chain(command.env.iter().map(|(_, value)| value));
    let names = command.env.iter().map(|(name, _)| name);
    if command.argv.first().is_none_or(String::is_empty) {
        return Err("The command is empty".to_owned());
    }
    if bytes > ARGUMENT_BYTES || command.stdin.len() > STDIN_BYTES {
        return Err("The command, its environment or its input is too large".to_owned());
    }
    if texts.chain(names.clone()).any(|text| text.contains('\0')) {
        return Err("The command or its environment holds a NUL character".to_owned());
    }
    if names
        .clone()
        .any(|name| name.is_empty() || name.contains('='))
    {
        return Err("A variable has no name, or a name with `=` in it".to_owned());
    }
    Ok(Task::Run {
        argv: command.argv.clone(),
        env: environment(&command.env, path),
        cwd: match &command.cwd {
            Some(folder) => format!("{WORKSPACE}/{folder}"),
            None => WORKSPACE.to_owned(),
        },
    })
}

/// A cell's environment, made from nothing.
fn environment(added: &[(String, String)], path: &[String]) -> Vec<(String, String)> {
    let own = [
        ("PATH", path.join(":")),
        ("HOME", "/tmp/home".to_owned()),
        ("USER", "user".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TERM", "xterm-256color".to_owned()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value));
    own.into_iter().chain(added.iter().cloned()).collect()
}

/// Makes a cell, runs it to its end and reports. `ending` resolves when it is
/// to end early, and says why.
pub(super) async fn run(
    ground: &Ground,
    order: Order<'_>,
    ending: impl Future<Output = Outcome>,
    output: &mpsc::Sender<Output>,
) -> Ending {
    let start = Instant::now();
    let limits = order.limits.clone();
    let made = match Made::start(ground, order) {
        Ok(made) => made,
        Err(reason) => return Ending::refused(reason),
    };
    let ending = async {
        tokio::select! {
            outcome = ending => outcome,
            () = tokio::time::sleep(limits.wall) => Outcome::Timeout,
        }
    };
    let Made {
        ends,
        mut child,
        group,
    } = made;
    let flowed = flow::flow(ends, limits.output_bytes, ending, output).await;
    if !flowed.complete {
        let _ = child.start_kill();
    }
    let mut evidence = Evidence {
        flowed,
        limits,
        wall: start.elapsed(),
        memory_kills: group.memory_kills(),
        refused_processes: group.refused_processes(),
        peak_memory: group.peak_memory(),
        supervised: false,
    };
    // Nothing but the launcher, which is not in the group, is alive any more.
    let (status, ()) = tokio::join!(child.wait(), group.remove());
    evidence.supervised = status.is_ok_and(|status| status.code().is_some());
    ending::conclude(evidence)
}

struct Made {
    ends: Ends,
    child: Child,
    group: Cgroup,
}

impl Made {
    fn start(ground: &Ground, order: Order<'_>) -> Result<Self, String> {
        let identity = identify(order.workspace)?;
        let started = Started::new(&ground.launcher)
            .map_err(|error| format!("The launcher could not be started: {error}"))?;
        // The launcher is loading meanwhile.
        let cgroups = ground.cgroups();
        let group = cgroups
            .create(&order.limits)
            .map_err(|error| format!("No control group could be made: {error}"))?;
        let spec = specify(ground, &order, identity, &group, cgroups.kept())?;
        started
            .tell(&spec, order.input)
            .map(|(ends, child)| Self { ends, child, group })
            .map_err(|error| format!("The launcher could not be told what to do: {error}"))
    }
}

/// Decides who the cell is on the host. A server that is not root has no
/// choice; root's is the folder's owner, so that a kernel bug or a stray file
/// is never root's.
fn identify(workspace: Option<&Path>) -> Result<Option<Identity>, String> {
    let owner = match workspace {
        None => (ROOT_FOLDER_ID, ROOT_FOLDER_ID),
        Some(path) => match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => (meta.uid(), meta.gid()),
            Ok(_) => return Err("The workspace is not a directory".to_owned()),
            Err(error) => return Err(format!("The workspace can't be opened: {error}")),
        },
    };
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    Ok(Some(match owner {
        (0, _) => Identity {
            uid: ROOT_FOLDER_ID,
            gid: ROOT_FOLDER_ID,
            map_root: true,
        },
        // Root's group would open files that are closed to the owner.
        (uid, 0) => Identity {
            uid,
            gid: uid,
            map_root: false,
        },
        (uid, gid) => Identity {
            uid,
            gid,
            map_root: false,
        },
    }))
}

fn specify(
    ground: &Ground,
    order: &Order<'_>,
    identity: Option<Identity>,
    group: &Cgroup,
    kept: Kept,
) -> Result<Vec<u8>, String> {
    let limits = &order.limits;
    let workspace = match order.workspace.map(Path::to_str) {
        Some(None) => return Err("The workspace's path is not UTF-8".to_owned()),
        Some(path) => path,
        None => None,
    };
    let processes = if kept.pids {
        // High enough that the control group, which counts, is met first.
        u64::from(limits.pids) * 2 + 64
    } else {
        u64::from(limits.pids) + 1
    };
    let spec = Spec {
        identity,
        cgroup_join: group.join_files(),
        root: ground.root.clone(),
        workspace: workspace.map(str::to_owned),
        rlimits: Rlimits {
            file_bytes: limits.file_bytes,
            processes,
        },
        tmp_bytes: limits.tmp_bytes,
        watch: Watch {
            memory_bytes: (!kept.memory).then_some(limits.memory_bytes),
            disk_bytes: limits.disk_bytes,
        },
        filters: ground.filters.clone()?,
        task: order.task.clone(),
    };
    serde_json::to_vec(&spec).map_err(|error| error.to_string())
}

/// A launcher that waits to be told what to do.
struct Started {
    child: Child,
    control: UnixStream,
    stdin: (OwnedFd, pipe::Sender),
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
}

impl Started {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the sandbox starts processes"
    )]
    fn new(launcher: &Launcher) -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        let (stdin_in, stdin_out) = io::pipe()?;
        let (stdout_in, stdout_out) = io::pipe()?;
        let (stderr_in, stderr_out) = io::pipe()?;
        let child = tokio::process::Command::new(&launcher.program)
            .args(&launcher.args)
            .env_clear()
            // An interrupt typed at the server's terminal is the server's.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(stdout_out)))
            .stderr(Stdio::from(OwnedFd::from(stderr_out)))
            .spawn()?;
        Ok(Self {
            child,
            control,
            stdin: (
                stdin_in.into(),
                pipe::Sender::from_owned_fd(stdin_out.into())?,
            ),
            stdout: pipe::Receiver::from_owned_fd(stdout_in.into())?,
            stderr: pipe::Receiver::from_owned_fd(stderr_in.into())?,
        })
    }

    fn tell(self, spec: &[u8], input: Vec<u8>) -> io::Result<(Ends, Child)> {
        let memory = rustix::fs::memfd_create("cell", MemfdFlags::CLOEXEC)?;
        let mut memory = fs::File::from(memory);
        memory.write_all(spec)?;
        memory.rewind()?;
        let (theirs, stdin) = self.stdin;
        let fds = [memory.as_fd(), theirs.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        message.push(SendAncillaryMessage::ScmRights(&fds));
        let byte = [IoSlice::new(b"c")];
        sendmsg(&self.control, &byte, &mut message, SendFlags::NOSIGNAL)?;
        self.control.set_nonblocking(true)?;
        let ends = Ends {
            stdin,
            input,
            stdout: self.stdout,
            stderr: self.stderr,
            control: tokio::net::UnixStream::from_std(self.control)?,
        };
        Ok((ends, self.child))
    }
}
