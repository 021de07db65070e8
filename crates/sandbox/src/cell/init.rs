//! The cell's first process: builds the walls around itself, starts the
//! program, collects the dead, and ends the cell when the program ends.

use std::fs::File;
use std::io::{self, PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use super::confine;
use super::facts;
use super::failure::Step;
use super::spec::{Common, Failure, News, Spec, Task};
use super::stay;
use super::system::{self, Wake};
use super::walls::{self, Sources};
use super::watch::Watcher;

/// How long the left-over of a program may take to end.
const CLEARING: Duration = Duration::from_millis(300);

/// What the first process brings from the launcher.
pub(super) struct Inheritance {
    /// The program's standard input.
    pub stdin: OwnedFd,
    /// Open control group files to join through.
    pub cgroups: Vec<File>,
    /// The host directories, when the launcher had to open them.
    pub sources: Option<Sources>,
    /// The inotify instance of [`Spec::observe`].
    pub opens: Option<OwnedFd>,
    /// Our ids on the host.
    pub ids: (u32, u32),
}

/// Lives the life of the cell's first process, telling `news` of it.
pub(super) fn live(
    common: &Common,
    spec: &Spec,
    mut inheritance: Inheritance,
    news: &PipeWriter,
) -> ! {
    let opens = inheritance.opens.take();
    let last = build(common, spec, inheritance, news).and_then(|layer| match &spec.task {
        Task::Probe => facts::look().map(|facts| Some(News::Facts(facts))),
        Task::Run { argv, env, cwd } => run(argv, env, cwd, spec),
        Task::Stay => stay::stay(common, spec, layer, opens),
    });
    if let Some(last) = last.unwrap_or_else(|failure| Some(News::Failed(failure))) {
        tell(news, &last);
    }
    system::leave(0)
}

fn run(
    argv: &[String],
    env: &[(String, String)],
    cwd: &str,
    spec: &Spec,
) -> Result<Option<News>, Failure> {
    std::env::set_current_dir(cwd).step(&format!("enter {cwd}"))?;
    let program = match start(argv, env) {
        Ok(program) => program,
        Err(error) => {
            let errno = error.raw_os_error().unwrap_or(0);
            return Ok(Some(News::NotStarted { errno }));
        }
    };
    // Only now, because a program inherits what is held back. Its end is not
    // missed: before the first wait, `attend` looks.
    system::hold_signals();
    let last = attend(program, spec);
    clear();
    Ok(last)
}

/// Builds the walls; returns the draft's own layer, if there is a draft.
fn build(
    common: &Common,
    spec: &Spec,
    inheritance: Inheritance,
    news: &PipeWriter,
) -> Result<Option<OwnedFd>, Failure> {
    // This closes the control socket, whose end must come when the server goes.
    system::adopt(inheritance.stdin.as_fd(), 0).step("take standard input")?;
    for mut group in inheritance.cgroups {
        group.write_all(b"0").step("join the control group")?;
    }
    // Made here, not with the others, so that its root is the group just joined.
    system::unshare(libc::CLONE_NEWCGROUP).step("make a control group namespace")?;
    let (uid, gid) = inheritance.ids;
    confine::map_ids(uid, gid)?;
    // The kernel should end a program, not the server, when memory runs out.
    std::fs::write("/proc/self/oom_score_adj", "500").step("offer the cell to the OOM killer")?;
    // A session without a terminal, so that there is none to push characters to.
    rustix::process::setsid().step("make a session")?;
    system::set_host_name("cell").step("name the cell")?;
    system::raise_loopback().step("raise the loopback interface")?;
    let sources = match inheritance.sources {
        Some(sources) => sources,
        None => Sources::open(&common.root, spec, None)?,
    };
    let layer = walls::build(&common.root, spec, &sources)?;
    match spec.task {
        Task::Stay => stay::give_up()?,
        Task::Run { .. } | Task::Probe => confine::give_up(common, spec)?,
    }
    confine::tie_to_parent(news)?;
    Ok(layer)
}

/// Starts the program. Unlike a fork, this copies no memory.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the sandbox starts processes"
)]
fn start(argv: &[String], env: &[(String, String)]) -> io::Result<Pid> {
    let mut words = argv.iter();
    let child = Command::new(words.next().map_or("", String::as_str))
        .args(words)
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)))
        .process_group(0)
        .spawn()?;
    let pid = Pid::from_raw(child.id().cast_signed());
    pid.ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
}

/// Collects the dead until the program is among them, a limit is passed or the
/// launcher asks for the end.
fn attend(program: Pid, spec: &Spec) -> Option<News> {
    let mut watcher = Watcher::new(&spec.watch);
    loop {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == program {
                return Some(ended(status));
            }
        }
        if system::await_signal(watcher.rest()) == Wake::Stop {
            return None;
        }
        if let Some(over) = watcher.look() {
            return Some(over);
        }
    }
}

/// Ends and collects whatever is left. The kernel would do the same when we
/// leave, but would not count the time that the left-over used.
fn clear() {
    let last = Instant::now() + CLEARING;
    while system::kill_all_others() && Instant::now() < last {
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        system::await_signal(Duration::from_millis(1));
    }
}

fn ended(status: WaitStatus) -> News {
    News::Ended {
        exit_code: status.exit_status(),
        signal: status.terminating_signal(),
    }
}

/// Writes one line; the launcher reads them when the cell has ended. A line is
/// far shorter than what a pipe takes without a reader.
fn tell(mut to: &PipeWriter, news: &News) {
    if let Ok(mut line) = serde_json::to_vec(news) {
        line.push(b'\n');
        let _ = to.write_all(&line);
    }
}
