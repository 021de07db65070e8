//! Runs: queued, executed in a cell, streamed, recorded.

mod execute;

use atelier_base::{RunId, WorkspaceId, WorkspacePath};
use atelier_sandbox::cell::{Limits, RunCommand};
use atelier_sandbox::runtime::{Language, Runtime};
use atelier_store::{RunRow, RunStatus};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result};
use crate::event::{OutputStream, RunEvent};
use crate::live::Subscription;
use crate::page::{Page, PageOf};

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A command line for `sh -c`.
    Command(String),
    /// A program and its arguments.
    Argv(Vec<String>),
    /// A file of the workspace, by its language's interpreter.
    File(WorkspacePath),
    /// Program text in a language.
    Code {
        /// The language.
        language: String,
        /// The text.
        code: String,
    },
}

/// A run to start.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What is run.
    pub program: Program,
    /// What it reads on standard input.
    pub stdin: String,
    /// Environment variables in addition to the cell's.
    pub env: Vec<(String, String)>,
    /// Limits below the server's.
    pub limits: LimitChange,
}

/// Limits that a request asks for; `None` is the server's.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimitChange {
    /// Wall-clock time in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u32>,
    /// Output in bytes.
    pub output_bytes: Option<u64>,
}

/// A run with what it wrote.
#[derive(Debug)]
pub struct RunOutput {
    /// The run.
    pub run: RunRow,
    /// Standard output so far, lossily decoded.
    pub stdout: String,
    /// Standard error so far, lossily decoded.
    pub stderr: String,
}

/// The most environment variables a request may set.
const ENV_VARIABLES: usize = 200;

impl Domain {
    /// Returns a run with its output; waits up to `wait` for its end.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn get_run(&self, ctx: &Ctx, id: RunId, wait: Duration) -> Result<RunOutput> {
        let run = self.require_run(ctx, id).await?;
        let mut events = self.subscribe(id, Some(0)).await?;
        let mut output = RunOutput {
            run,
            stdout: String::new(),
            stderr: String::new(),
        };
        let mut collected = Collected::default();
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let batch = events.ready().await?;
            let none = batch.is_empty();
            for event in batch {
                collected.take(&event.payload)?;
            }
            if !none {
                continue;
            }
            let finished = collected.finished || output.run.status == RunStatus::Finished;
            if finished
                || tokio::time::timeout_at(deadline, events.wait())
                    .await
                    .is_err()
            {
                break;
            }
        }
        output.run = self.store().read(async |tx| tx.get_run(id).await).await?;
        output.stdout = String::from_utf8_lossy(&collected.stdout).into_owned();
        output.stderr = String::from_utf8_lossy(&collected.stderr).into_owned();
        Ok(output)
    }

    /// Lists a workspace's runs, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_runs(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
        page: &Page,
    ) -> Result<PageOf<RunRow>> {
        self.require_workspace(ctx, workspace).await?;
        let before = page.cursor_as::<RunId>()?;
        let limit = page.limit();
        let rows = self
            .store()
            .read(async |tx| tx.list_runs(workspace, before, limit + 1).await)
            .await?;
        Ok(page.cut(rows, |run| run.id.to_string()))
    }

    /// Subscribes to a run's events.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn watch_run(&self, ctx: &Ctx, id: RunId, after: u64) -> Result<Subscription> {
        let run = self.require_run(ctx, id).await?;
        let over = run.status == RunStatus::Finished;
        Ok(self.subscribe(id, Some(after)).await?.over(over))
    }

    /// Stops a run with all its processes. A finished one stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn cancel_run(&self, ctx: &Ctx, id: RunId) -> Result<RunRow> {
        self.require_run(ctx, id).await?;
        self.running().cancel(id.as_uuid());
        Ok(self.store().read(async |tx| tx.get_run(id).await).await?)
    }

    async fn require_run(&self, ctx: &Ctx, id: RunId) -> Result<RunRow> {
        ctx.person()?;
        let run = self.store().read(async |tx| tx.get_run(id).await).await?;
        self.require_workspace(ctx, run.workspace_id)
            .await
            .map_err(|error| match error {
                Error::NotFound { .. } => Error::NotFound { what: "run" },
                other => other,
            })?;
        Ok(run)
    }

    /// Turns what a request asks for into a command, within the limits.
    async fn command_of(&self, new: &NewRun) -> Result<RunCommand> {
        if new.env.len() > ENV_VARIABLES {
            return Err(Error::invalid(
                "env",
                format!("at most {ENV_VARIABLES} variables"),
            ));
        }
        if let Some((name, _)) = new
            .env
            .iter()
            .find(|(name, value)| !is_variable(name) || value.contains('\0'))
        {
            return Err(Error::invalid(
                "env",
                format!(
                    "`{}` is not a variable's name, or its value has a NUL",
                    name.escape_debug()
                ),
            ));
        }
        let argv = match &new.program {
            Program::Command(line) => vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
            Program::Argv(argv) => argv.clone(),
            Program::File(path) => {
                let language = Language::of_file(path).ok_or_else(|| {
                    Error::invalid("path", format!("no language runs `{path}`; use a command"))
                })?;
                self.runtime(language, "path").await?.file_argv(path)
            }
            Program::Code { language, code } => {
                let known = Language::find(language).ok_or_else(|| {
                    Error::invalid(
                        "language",
                        format!("`{language}` is not one of python, javascript, shell"),
                    )
                })?;
                self.runtime(known, "language").await?.code_argv(code)
            }
        };
        if argv.is_empty() || argv[0].is_empty() || argv.iter().any(|part| part.contains('\0')) {
            return Err(Error::invalid("argv", "a command has a program and no NUL"));
        }
        Ok(RunCommand {
            argv,
            cwd: None,
            env: new.env.clone(),
            stdin: new.stdin.clone().into_bytes(),
            limits: self.limits(new.limits)?,
        })
    }

    async fn runtime(&self, language: Language, field: &'static str) -> Result<Runtime> {
        let runtimes = self.host().runtimes().await;
        runtimes
            .into_iter()
            .find(|runtime| runtime.language == language)
            .ok_or_else(|| {
                Error::invalid(
                    field,
                    format!("{} is not installed on the server", language.as_str()),
                )
            })
    }

    fn limits(&self, change: LimitChange) -> Result<Limits> {
        let mut limits = self.settings().run.clone();
        let wall = u64::try_from(limits.wall.as_millis()).unwrap_or(u64::MAX);
        limits.wall = Duration::from_millis(within("limits.timeoutMs", change.timeout_ms, wall)?);
        limits.memory_bytes = within(
            "limits.memoryBytes",
            change.memory_bytes,
            limits.memory_bytes,
        )?;
        limits.pids = within("limits.pids", change.pids, limits.pids)?;
        limits.output_bytes = within(
            "limits.outputBytes",
            change.output_bytes,
            limits.output_bytes,
        )?;
        Ok(limits)
    }
}

/// Returns the limit asked for, or the server's when none is.
fn within<T: Copy + PartialOrd + Default + std::fmt::Display>(
    field: &'static str,
    wanted: Option<T>,
    most: T,
) -> Result<T> {
    match wanted {
        None => Ok(most),
        Some(wanted) if wanted > T::default() && wanted <= most => Ok(wanted),
        Some(_) => Err(Error::invalid(
            field,
            format!("it is from 1 to {most}, the server's limit"),
        )),
    }
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What a run has written so far, put together from its events.
#[derive(Default)]
struct Collected {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    finished: bool,
}

impl Collected {
    fn take(&mut self, payload: &str) -> Result<()> {
        let event: RunEvent = serde_json::from_str(payload)
            .map_err(|e| Error::Internal(format!("a stored event can't be read: {e}")))?;
        match event {
            RunEvent::Started { .. } => {}
            RunEvent::Finished { .. } => self.finished = true,
            RunEvent::Output {
                stream,
                text,
                base64,
            } => {
                let bytes = match (text, base64) {
                    (Some(text), _) => text.into_bytes(),
                    (None, Some(coded)) => STANDARD.decode(coded).unwrap_or_default(),
                    (None, None) => Vec::new(),
                };
                match stream {
                    OutputStream::Stdout => self.stdout.extend(bytes),
                    OutputStream::Stderr => self.stderr.extend(bytes),
                }
            }
        }
        Ok(())
    }
}
