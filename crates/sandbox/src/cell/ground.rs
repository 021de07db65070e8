//! What all cells of a server share, and the ways in.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cgroup::Cgroups;
use super::command::{Limits, Outcome, Output, Report, RunCommand};
use super::ending::Ending;
use super::keep::{self, Keeper};
use super::live::Program;
use super::run::{self, Order};
use super::site::Site;
use super::spec::{Common, PROXY_PORT, Task};
use super::terminal::{Terminal, TerminalCommand};
use super::zygote::Zygote;
use super::{CellOptions, Launcher, facts, filter, isolation, root};
use crate::doctor::Isolation;
use crate::host::CellError;
use crate::runtime::{self, Runtime};

/// What all cells share.
#[derive(Debug)]
pub(super) struct Ground {
    /// Where programs are looked for in a cell.
    path: Vec<String>,
    zygote: Zygote,
    options: CellOptions,
    cgroups: OnceLock<Cgroups>,
    keeper: Keeper,
    slots: Semaphore,
    tasks: TaskTracker,
    stop: CancellationToken,
    isolation: OnceCell<Isolation>,
    runtimes: OnceCell<Vec<Runtime>>,
}

impl Ground {
    pub(super) fn new(launcher: Launcher, options: CellOptions) -> Self {
        let root = root::find(&options.path);
        let path = root.path.clone();
        let common = filter::compile()
            .map(|programs| programs.iter().map(filter::encode).collect())
            .map(|filters| Common { root, filters })
            .map_err(|error| format!("No system call filter could be made: {error}"));
        Self {
            path,
            zygote: Zygote::new(launcher, common),
            keeper: Keeper::new(),
            slots: Semaphore::new(options.max_concurrent.max(1)),
            options,
            cgroups: OnceLock::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            isolation: OnceCell::new(),
            runtimes: OnceCell::new(),
        }
    }

    /// Returns what makes control groups, found the first time.
    pub(super) fn cgroups(&self) -> &Cgroups {
        self.cgroups
            .get_or_init(|| Cgroups::prepare(&self.options.cgroup))
    }

    pub(super) fn zygote(&self) -> &Zygote {
        &self.zygote
    }

    /// Returns the limits of a cell that stays, as a whole.
    pub(super) fn cell_limits(&self) -> &Limits {
        &self.options.cell
    }

    /// Returns how long a cell stays when nobody uses it.
    pub(super) fn idle(&self) -> Duration {
        self.options.idle
    }

    pub(super) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.zygote.end().await;
        if let Some(cgroups) = self.cgroups.get() {
            cgroups.clear();
        }
    }
}

/// Runs a command. The run is a task of its own, so that it is ended and
/// cleaned up after even when nobody waits for it any more.
pub(super) async fn run(
    ground: &Arc<Ground>,
    workspace: &Path,
    command: RunCommand,
    cancel: CancellationToken,
    output: mpsc::Sender<Output>,
) -> Report {
    let task = match run::task(&command, &ground.path) {
        Ok(task) => task,
        Err(reason) => return Report::refused(reason),
    };
    let workspace = workspace.to_owned();
    let abandoned = CancellationToken::new();
    let _abandon = abandoned.clone().drop_guard();
    let ending = ending(cancel, abandoned, ground.stop.clone());
    let ground = Arc::clone(ground);
    let tasks = ground.tasks.clone();
    let run = tasks.spawn(async move {
        let order = Order {
            workspace: Some(&workspace),
            task,
            input: command.stdin,
            limits: command.limits,
        };
        in_turn(&ground, order, ending, &output).await.report
    });
    let lost = || Report::unstarted(Outcome::Interrupted, Some("The run was lost".to_owned()));
    run.await.unwrap_or_else(|_| lost())
}

/// Runs a command in the cell of a site, likewise.
pub(super) async fn run_in(
    ground: &Arc<Ground>,
    site: &Site,
    command: RunCommand,
    cancel: CancellationToken,
    output: mpsc::Sender<Output>,
) -> Report {
    let program = match run::task(&command, &ground.path) {
        Ok(Task::Run { argv, env, cwd }) => Program {
            argv,
            env: with_way_out(env),
            cwd,
        },
        Ok(_) => return Report::refused("The command is no program"),
        Err(reason) => return Report::refused(reason),
    };
    let abandoned = CancellationToken::new();
    let _abandon = abandoned.clone().drop_guard();
    let ending = ending(cancel, abandoned, ground.stop.clone());
    let (site, tasks) = (site.clone(), ground.tasks.clone());
    let ground = Arc::clone(ground);
    let run = tasks.spawn(async move {
        tokio::pin!(ending);
        let _slot = tokio::select! {
            biased;
            outcome = &mut ending => return Report::unstarted(outcome, None),
            slot = ground.slots.acquire() => slot,
        };
        let held = match keep::hold(&ground, &site).await {
            Ok(held) => held,
            Err(reason) => return Report::refused(reason),
        };
        let run = held.live().run(
            &ground,
            program,
            command.stdin,
            command.limits,
            ending,
            &output,
        );
        run.await.report
    });
    let lost = || Report::unstarted(Outcome::Interrupted, Some("The run was lost".to_owned()));
    run.await.unwrap_or_else(|_| lost())
}

/// Opens a terminal in the cell of a site.
pub(super) async fn open_terminal(
    ground: &Arc<Ground>,
    site: &Site,
    command: TerminalCommand,
) -> Result<Terminal, CellError> {
    let mut argv = command.argv;
    if argv.is_empty() {
        argv.push(shell().to_owned());
    }
    let mut run = RunCommand::new(argv);
    run.cwd = command.cwd;
    run.env = vec![
        ("COLORTERM".to_owned(), "truecolor".to_owned()),
        ("SHELL".to_owned(), shell().to_owned()),
    ];
    run.env.extend(command.env);
    let program = match run::task(&run, &ground.path).map_err(CellError::new)? {
        Task::Run { argv, env, cwd } => Program {
            argv,
            env: with_way_out(env),
            cwd,
        },
        _ => return Err(CellError::new("The command is no program")),
    };
    let held = keep::hold(ground, site).await.map_err(CellError::new)?;
    let live = Arc::clone(held.live());
    let opened = live.open_terminal(ground, program, command.size, held);
    opened.await.map_err(CellError::new)
}

/// The shell that a terminal runs; what the system has lies in the cell too.
fn shell() -> &'static str {
    if Path::new("/bin/bash").exists() {
        "/bin/bash"
    } else {
        "/bin/sh"
    }
}

/// Adds the variables by which programs find the way out of the cell, before
/// those that were asked for.
fn with_way_out(env: Vec<(String, String)>) -> Vec<(String, String)> {
    let proxy = format!("http://127.0.0.1:{PROXY_PORT}");
    let proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
    let direct = ["NO_PROXY", "no_proxy"].map(|name| (name, "localhost,127.0.0.1,::1"));
    let all = proxies
        .iter()
        .map(|name| (*name, proxy.as_str()))
        .chain(direct)
        // Node does not look at the others without it.
        .chain([("NODE_USE_ENV_PROXY", "1")]);
    let all = all.map(|(name, value)| (name.to_owned(), value.to_owned()));
    all.chain(env).collect()
}

async fn ending(
    cancel: CancellationToken,
    abandoned: CancellationToken,
    stop: CancellationToken,
) -> Outcome {
    tokio::select! {
        () = stop.cancelled() => Outcome::Interrupted,
        () = cancel.cancelled() => Outcome::Cancelled,
        () = abandoned.cancelled() => Outcome::Cancelled,
    }
}

/// Waits for a slot, then runs.
async fn in_turn(
    ground: &Ground,
    order: Order<'_>,
    ending: impl Future<Output = Outcome>,
    output: &mpsc::Sender<Output>,
) -> Ending {
    tokio::pin!(ending);
    let slot = tokio::select! {
        biased;
        outcome = &mut ending => return Ending::unstarted(outcome),
        slot = ground.slots.acquire() => slot,
    };
    let ending = run::run(ground, order, ending, output).await;
    drop(slot);
    ending
}

/// Starts a cell that looks at its own walls.
pub(super) async fn probe(ground: &Arc<Ground>) -> Isolation {
    let probed = ground.isolation.get_or_init(|| async {
        let (ending, _) = look(ground, Task::Probe).await;
        let own = facts::namespaces();
        let kept = ground.cgroups().kept();
        isolation::assemble(ending.facts.as_ref(), ending.refusal.as_ref(), &own, kept)
    });
    probed.await.clone()
}

/// Asks each interpreter that was found for its version.
pub(super) async fn runtimes(ground: &Arc<Ground>) -> Vec<Runtime> {
    let asked = ground.runtimes.get_or_init(|| async {
        let mut found = runtime::find(&ground.options.path);
        for runtime in &mut found {
            let command = [&*runtime.command.to_string_lossy(), "--version"].map(str::to_owned);
            let Ok(task) = run::task(&RunCommand::new(command), &ground.path) else {
                continue;
            };
            let (_, text) = look(ground, task).await;
            runtime.version = runtime::version_in(&text);
        }
        found
    });
    asked.await.clone()
}

/// Runs a task of our own in a cell without a workspace.
async fn look(ground: &Arc<Ground>, task: Task) -> (Ending, String) {
    let (sender, mut receiver) = mpsc::channel(64);
    let stop = ground.stop.clone();
    let looking = Arc::clone(ground);
    let look = ground.tasks.spawn(async move {
        let order = Order {
            workspace: None,
            task,
            input: Vec::new(),
            limits: Limits {
                wall: Duration::from_secs(10),
                // What a full channel of chunks holds.
                output_bytes: 64 * 1024,
                ..Limits::default()
            },
        };
        let ending = async {
            stop.cancelled().await;
            Outcome::Interrupted
        };
        run::run(&looking, order, ending, &sender).await
    });
    let mut text = Vec::new();
    while let Some(output) = receiver.recv().await {
        text.extend(output.bytes);
    }
    let lost = |_| Ending::refused("The cell was lost".to_owned());
    let ending = look.await.unwrap_or_else(lost);
    (ending, String::from_utf8_lossy(&text).into_owned())
}
