//! One run, from the request to the report.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::cgroup::{Cgroup, Kept};
use super::command::{ARGUMENT_BYTES, Limits, Outcome, Output, RunCommand, STDIN_BYTES};
use super::ending::{self, Ending, Evidence};
use super::flow::{self, Ends, Pipes};
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
    let made = match Made::start(ground, order).await {
        Ok(made) => made,
        Err(reason) => return Ending::refused(reason),
    };
    let ending = async {
        tokio::select! {
            outcome = ending => outcome,
            () = tokio::time::sleep(limits.wall) => Outcome::Timeout,
        }
    };
    let Made { ends, group } = made;
    let flowed = flow::flow(ends, limits.output_bytes, ending, output).await;
    let evidence = Evidence {
        flowed,
        limits,
        wall: start.elapsed(),
        memory_kills: group.memory_kills(),
        refused_processes: group.refused_processes(),
        peak_memory: group.peak_memory(),
    };
    // Nothing but the launcher, which is not in the group, is alive any more;
    // nobody needs to wait for what is cleared away.
    if let Some(group) = ground.cgroups().take_back(&evidence.limits, group) {
        ground.tasks().spawn(async { group.remove().await });
    }
    ending::conclude(evidence)
}

struct Made {
    ends: Ends,
    group: Cgroup,
}

impl Made {
    async fn start(ground: &Ground, order: Order<'_>) -> Result<Self, String> {
        let identity = identify(order.workspace)?;
        let (pipes, theirs) =
            Pipes::make().map_err(|error| format!("No pipe could be made: {error}"))?;
        let cgroups = ground.cgroups();
        let group = cgroups
            .lend(&order.limits)
            .map_err(|error| format!("No control group could be made: {error}"))?;
        let spec = specify(&order, identity, &group, cgroups.kept())?;
        let control = ground.zygote().launch(&spec, &theirs).await?;
        let ends = pipes.into_ends(order.input, control);
        Ok(Self { ends, group })
    }
}

/// Decides who the cell is on the host. A server that is not root has no
/// choice; root's is the folder's owner, so that a kernel bug or a stray file
/// is never root's.
pub(super) fn identify(workspace: Option<&Path>) -> Result<Option<Identity>, String> {
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
    order: &Order<'_>,
    identity: Option<Identity>,
    group: &Cgroup,
    kept: Kept,
) -> Result<Spec, String> {
    let limits = &order.limits;
    Ok(Spec {
        identity,
        cgroup_join: group.join_files(),
        workspace: order.workspace.map(text).transpose()?,
        draft: None,
        observe: Vec::new(),
        rlimits: rlimits(limits, kept),
        tmp_bytes: limits.tmp_bytes,
        watch: watch(limits, kept),
        task: order.task.clone(),
    })
}

/// Returns a path as the launcher is told it.
pub(super) fn text(path: &Path) -> Result<String, String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| "The workspace's path is not UTF-8".to_owned())
}

pub(super) fn rlimits(limits: &Limits, kept: Kept) -> Rlimits {
    Rlimits {
        file_bytes: limits.file_bytes,
        processes: if kept.pids {
            // High enough that the control group, which counts, is met first.
            u64::from(limits.pids) * 2 + 64
        } else {
            u64::from(limits.pids) + 1
        },
    }
}

pub(super) fn watch(limits: &Limits, kept: Kept) -> Watch {
    Watch {
        memory_bytes: (!kept.memory).then_some(limits.memory_bytes),
        disk_bytes: limits.disk_bytes,
    }
}
