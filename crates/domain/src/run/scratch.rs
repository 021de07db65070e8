//! Programs run apart from any workspace: their files come with the request,
//! lie in a folder of their own while they run, and are deleted after.
//!
//! Each stage is a command of its own in a cell of its own, with its own limits
//! and output; what is built lies in the folder, beside the files.

use std::path::Path;
use std::time::Duration;

use atelier_base::{RunId, UserId, WorkspacePath};
use atelier_sandbox::FileError;
use atelier_sandbox::cell::{Limits, Outcome, Output, Report, RunCommand, Stream};
use atelier_sandbox::import::{Staging, TemplateFile, write_template};
use atelier_sandbox::runtime::{Language, Runtime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::output::WAITING;
use super::selector;
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::tree::blocking;

/// A program that comes with its files.
#[derive(Clone, Debug)]
pub struct ScratchJob {
    /// The language, by a name or alias.
    pub language: String,
    /// Which of its versions, as a selector such as `^3.9`.
    pub version: String,
    /// The files; the program begins in the first one of text.
    pub files: Vec<ScratchFile>,
    /// What the program reads on standard input.
    pub stdin: String,
    /// The program's arguments.
    pub args: Vec<String>,
    /// How much the compiler may use.
    pub compile: StageLimits,
    /// How much the program may use.
    pub run: StageLimits,
}

/// A file of a [`ScratchJob`].
#[derive(Clone, Debug)]
pub struct ScratchFile {
    /// Its path.
    pub path: WorkspacePath,
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it is source text, rather than data.
    pub source: bool,
}

/// How much one stage may use; `None` is the server's limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct StageLimits {
    /// Wall-clock time in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Processor time of each process in milliseconds, rounded up to seconds.
    pub cpu_ms: Option<u64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
}

/// What came of a [`ScratchJob`].
#[derive(Clone, Debug)]
pub struct ScratchResult {
    /// The language.
    pub language: Language,
    /// The version that was selected.
    pub version: String,
    /// What came of the compiler, when there is one.
    pub compile: Option<StageResult>,
    /// What came of the program; `None` when the compiler failed.
    pub run: Option<StageResult>,
}

/// What came of one stage.
#[derive(Clone, Debug)]
pub struct StageResult {
    /// How it ended.
    pub report: Report,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Both, in the order in which they came.
    pub output: Vec<u8>,
}

/// The most files of a job.
const FILES: usize = 200;
/// The most arguments of a program.
const ARGUMENTS: usize = 1_000;
/// The folders in a job's folder: its files, and what is built of them.
const JOB: &str = "job";
const BUILD: &str = "../build";
const BUILD_MARK: &str = "build/.keep";

/// A job that is ready to run.
struct Scratch {
    files: Vec<(WorkspacePath, Vec<u8>)>,
    compile: Option<RunCommand>,
    run: RunCommand,
}

impl Domain {
    /// Runs a program that comes with its files, to its end. When the asker
    /// goes away it is ended.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown language or version and for limits
    /// above the server's, [`Error::Isolation`] when this machine can't
    /// isolate, [`Error::TooMany`] when the queue is full.
    pub async fn run_scratch(&self, ctx: &Ctx, job: ScratchJob) -> Result<ScratchResult> {
        let user = ctx.person()?;
        self.require_isolation().await?;
        let (runtime, version) = self.selected(&job.language, &job.version).await?;
        let language = runtime.language;
        let scratch = self.scratch(&runtime, job)?;
        let (compile, run) = self.run_in_scratch(user, scratch, &ctx.cancel).await?;
        Ok(ScratchResult {
            language,
            version,
            compile,
            run,
        })
    }

    /// Lists the languages that can be run, with the versions by which they are
    /// selected.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is signed in.
    pub async fn list_scratch_runtimes(&self, ctx: &Ctx) -> Result<Vec<(Runtime, String)>> {
        let found = self.list_runtimes(ctx).await?;
        let with_version = found.into_iter().map(|runtime| {
            let version = selector::whole(runtime.version.as_deref().unwrap_or_default());
            (runtime, version)
        });
        Ok(with_version.collect())
    }

    async fn selected(&self, language: &str, version: &str) -> Result<(Runtime, String)> {
        let wanted = Language::find(language);
        let found = self.host().runtimes().await.into_iter().find_map(|known| {
            let told = known.version.clone().unwrap_or_default();
            let right = wanted == Some(known.language) && selector::selects(version, &told);
            right.then(|| (known, selector::whole(&told)))
        });
        let short = |text: &str| text.chars().take(60).collect::<String>();
        found.ok_or_else(|| {
            let named = format!("{}-{}", short(language), short(version));
            Error::invalid("language", format!("{named} runtime is unknown"))
        })
    }

    fn scratch(&self, runtime: &Runtime, job: ScratchJob) -> Result<Scratch> {
        if job.files.len() > FILES || job.args.len() > ARGUMENTS {
            let detail = format!("at most {FILES} files and {ARGUMENTS} args");
            return Err(Error::invalid("files", detail));
        }
        let compile_limits = self.stage_limits(job.compile, &COMPILE)?;
        let run_limits = self.stage_limits(job.run, &RUN)?;
        let mut files = job.files;
        let sources = sources(runtime.language, &mut files)?;
        let plan = runtime.file_plan(&sources, BUILD);
        let cwd = Some(WorkspacePath::new(JOB)?);
        let command = |argv: Vec<String>, cpu, limits| RunCommand {
            argv: with_cpu_limit(argv, cpu),
            cwd: cwd.clone(),
            limits,
            ..RunCommand::default()
        };
        let mut argv = plan.run;
        argv.extend(job.args);
        if argv.iter().any(|word| word.contains('\0')) {
            return Err(Error::invalid("args", "args have no NUL"));
        }
        Ok(Scratch {
            compile: plan
                .compile
                .map(|argv| command(argv, job.compile.cpu_ms, compile_limits)),
            run: RunCommand {
                stdin: job.stdin.into_bytes(),
                ..command(argv, job.run.cpu_ms, run_limits)
            },
            files: placed(files)?,
        })
    }

    fn stage_limits(&self, wanted: StageLimits, names: &[&'static str; 2]) -> Result<Limits> {
        let most = &self.settings().run;
        let longest = u64::try_from(most.wall.as_millis()).unwrap_or(u64::MAX);
        let wall = at_most(names[0], wanted.timeout_ms, longest)?;
        Ok(Limits {
            wall: Duration::from_millis(wall),
            memory_bytes: at_most(names[1], wanted.memory_bytes, most.memory_bytes)?,
            ..most.clone()
        })
    }

    async fn run_in_scratch(
        &self,
        user: UserId,
        scratch: Scratch,
        token: &CancellationToken,
    ) -> Result<(Option<StageResult>, Option<StageResult>)> {
        let id: RunId = self.ids().next();
        let mut place = self.run_queue().enter(user, id)?;
        let slot = tokio::select! {
            slot = place.turn() => slot?,
            () = token.cancelled() => return Err(Error::Cancelled),
        };
        let path = self.trees().staging().join(format!("scratch-{id}"));
        let (files, uid) = (scratch.files, self.settings().host_uid_base);
        // Workspaces are numbered from 1: the first of the host's users is free.
        let folder = blocking(move || make(&path, &files, uid)).await?;
        let stages = self
            .stages(folder.path(), scratch.compile, scratch.run, token)
            .await;
        drop(slot);
        // Dropping it deletes the folder.
        blocking(move || {
            drop(folder);
            Ok(())
        })
        .await?;
        stages
    }

    async fn stages(
        &self,
        folder: &Path,
        compile: Option<RunCommand>,
        run: RunCommand,
        token: &CancellationToken,
    ) -> Result<(Option<StageResult>, Option<StageResult>)> {
        let compiled = match compile {
            None => None,
            Some(command) => Some(self.stage(folder, command, token).await?),
        };
        if let Some(stage) = &compiled
            && stage.report.outcome != Outcome::Ok
        {
            return Ok((compiled, None));
        }
        let ran = self.stage(folder, run, token).await?;
        Ok((compiled, Some(ran)))
    }

    async fn stage(
        &self,
        folder: &Path,
        command: RunCommand,
        token: &CancellationToken,
    ) -> Result<StageResult> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let run = self
            .host()
            .run_alone(folder, command, token.clone(), sender);
        let (report, [stdout, stderr, output]) = tokio::join!(run, collect(receiver));
        match report.outcome {
            Outcome::Refused => Err(Error::Isolation {
                reason: report.reason.unwrap_or_default(),
            }),
            Outcome::Cancelled | Outcome::Interrupted => Err(Error::Cancelled),
            _ => Ok(StageResult {
                report,
                stdout,
                stderr,
                output,
            }),
        }
    }
}

const COMPILE: [&str; 2] = ["compile_timeout", "compile_memory_limit"];
const RUN: [&str; 2] = ["run_timeout", "run_memory_limit"];

fn at_most(field: &'static str, wanted: Option<u64>, most: u64) -> Result<u64> {
    match wanted {
        Some(wanted) if wanted > most => {
            let detail = format!("{field} cannot exceed the configured limit of {most}");
            Err(Error::invalid(field, detail))
        }
        Some(wanted) if wanted > 0 => Ok(wanted),
        _ => Ok(most),
    }
}

/// Returns the source files, the one in which the program begins first, and
/// gives that one its language's extension where it needs it.
fn sources(language: Language, files: &mut [ScratchFile]) -> Result<Vec<WorkspacePath>> {
    let known = |path: &WorkspacePath| Language::of_file(path) == Some(language);
    let Some(first) = files.iter_mut().find(|file| file.source) else {
        let detail = "files must include at least one utf8 encoded file";
        return Err(Error::invalid("files", detail));
    };
    if language.needs_extension()
        && !known(&first.path)
        && let Some(extension) = language.extensions().first()
    {
        first.path = WorkspacePath::new(&format!("{}.{extension}", first.path))?;
    }
    let main = first.path.clone();
    let more = files.iter().filter(|file| file.source && file.path != main);
    let more = more.map(|file| file.path.clone()).filter(known);
    Ok(std::iter::once(main.clone()).chain(more).collect())
}

/// Returns the files of a job's folder.
fn placed(files: Vec<ScratchFile>) -> Result<Vec<(WorkspacePath, Vec<u8>)>> {
    let mut placed = vec![(WorkspacePath::new(BUILD_MARK)?, Vec::new())];
    for file in files {
        let path = WorkspacePath::new(&format!("{JOB}/{}", file.path))?;
        if placed.iter().any(|(other, _)| *other == path) {
            let detail = format!("two files are named {}", file.path);
            return Err(Error::invalid("files", detail));
        }
        placed.push((path, file.bytes));
    }
    Ok(placed)
}

/// Makes a job's folder, owned by the user that its cells get.
fn make(
    path: &Path,
    files: &[(WorkspacePath, Vec<u8>)],
    uid: Option<u32>,
) -> Result<Staging, FileError> {
    let staging = Staging::create(path)?;
    let files = files.iter().map(|(path, bytes)| TemplateFile {
        path,
        bytes,
        executable: false,
    });
    write_template(&staging, &files.collect::<Vec<_>>())?;
    if let Some(uid) = uid {
        staging.assign_owner(uid)?;
    }
    Ok(staging)
}

/// Lets the shell limit the processor time of what it becomes.
fn with_cpu_limit(argv: Vec<String>, cpu_ms: Option<u64>) -> Vec<String> {
    let Some(cpu) = cpu_ms.filter(|&cpu| cpu > 0) else {
        return argv;
    };
    let script = "ulimit -t \"$1\" && shift && exec \"$@\"";
    let seconds = cpu.div_ceil(1_000).to_string();
    let words = ["sh", "-c", script, "sh", &seconds].map(str::to_owned);
    words.into_iter().chain(argv).collect()
}

/// Collects what a stage writes, which the output limit bounds: both streams,
/// and both together in the order in which they came.
async fn collect(mut receiver: mpsc::Receiver<Output>) -> [Vec<u8>; 3] {
    let mut collected = [Vec::new(), Vec::new(), Vec::new()];
    while let Some(piece) = receiver.recv().await {
        let own = usize::from(piece.stream == Stream::Stderr);
        collected[own].extend_from_slice(&piece.bytes);
        collected[2].extend(piece.bytes);
    }
    collected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_begins_in_the_first_file_of_text() {
        let file = |name: &str, source| ScratchFile {
            path: WorkspacePath::new(name).unwrap(),
            bytes: Vec::new(),
            source,
        };
        for (language, names, expected) in [
            (Language::Python, &["file0.code"][..], &["file0.code"][..]),
            (
                Language::C,
                &["file0.code", "b.c", "c.h"],
                &["file0.code.c", "b.c"],
            ),
            (Language::Cpp, &["!data", "main.cc"], &["main.cc"]),
            (Language::Java, &["Main"], &["Main.java"]),
            (Language::Python, &["!data"], &[]),
        ] {
            let mut files: Vec<_> = names
                .iter()
                .map(|name| match name.strip_prefix('!') {
                    Some(data) => file(data, false),
                    None => file(name, true),
                })
                .collect();
            let found = sources(language, &mut files).unwrap_or_default();
            let found: Vec<&str> = found.iter().map(WorkspacePath::as_str).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn processor_time_is_limited_in_whole_seconds() {
        let argv = vec!["true".to_owned()];
        assert_eq!(with_cpu_limit(argv.clone(), None), argv);
        assert_eq!(with_cpu_limit(argv.clone(), Some(0)), argv);
        assert_eq!(with_cpu_limit(argv, Some(1_001))[4..], ["2", "true"]);
    }
}
