//! Starts a run and follows it to its end.

use std::sync::Arc;
use std::time::Duration;

use atelier_base::{RunId, UsageId, UserId, WorkspaceId};
use atelier_sandbox::cell::{Outcome, Output, Report, RunCommand, Site, Stream};
use atelier_store::{RunEnd, RunOutcome, RunRow, RunStatus, UsageKind, UsageRecordRow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{NewRun, Program};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::event::{OutputStream, RunEvent, WorkspaceEvent};
use crate::scan::Cause;

/// Output is gathered this long, or to this size, before it becomes an event.
const GATHER: Duration = Duration::from_millis(15);
const GATHER_BYTES: usize = 32 * 1024;
/// How many pieces of output wait for the store before the program does.
const WAITING: usize = 64;

/// A run on its way.
struct Going {
    id: RunId,
    workspace: WorkspaceId,
    user: UserId,
    command: RunCommand,
    shown: String,
}

impl Domain {
    /// Starts a run, or queues it when too many go on already.
    ///
    /// # Errors
    /// [`Error::Isolation`] when this machine can't isolate,
    /// [`Error::TooMany`] when the queue is full.
    pub async fn execute(&self, ctx: &Ctx, new: NewRun) -> Result<RunRow> {
        let user = ctx.person()?;
        self.require_workspace(ctx, new.workspace).await?;
        let isolation = self.host().isolation().await;
        if !isolation.ready {
            return Err(Error::Isolation {
                reason: isolation
                    .reason
                    .unwrap_or_else(|| "isolation is not available".to_owned()),
            });
        }
        let command = self.command_of(&new).await?;
        let token = self.stopping().child_token();
        let place = self.queue_place()?;
        let row = self.queued_row(user, &new, &command);
        self.store()
            .write(async |tx| tx.insert_run(&row).await)
            .await?;
        self.announce_run(row.workspace_id, row.id).await?;
        let going = Going {
            id: row.id,
            workspace: row.workspace_id,
            user,
            command,
            shown: row.command.clone(),
        };
        let guard = self.running().register(row.id.as_uuid(), token.clone());
        let domain = self.clone();
        self.detach(async move {
            let _registered = guard;
            let _place = place;
            let id = going.id;
            let going = Arc::new(going);
            let (doing, worker) = (Arc::clone(&going), domain.clone());
            let done = domain.run_to_end(async move { worker.go(&doing, token).await });
            if let Err(error) = done.await.flatten() {
                tracing::error!(run.id = %id, error = %chain(&error), "a run failed in the server");
                domain.record_failure(&going).await;
            }
        });
        Ok(row)
    }

    fn queued_row(&self, user: UserId, new: &NewRun, command: &RunCommand) -> RunRow {
        let limits = &command.limits;
        RunRow {
            id: self.ids().next(),
            workspace_id: new.workspace,
            user_id: user,
            command: shown(&new.program, command),
            argv: serde_json::json!(command.argv).to_string(),
            limits: serde_json::json!({
                "wallMs": u64::try_from(limits.wall.as_millis()).unwrap_or(u64::MAX),
                "memoryBytes": limits.memory_bytes,
                "cpuPercent": limits.cpu_percent,
                "pids": limits.pids,
                "outputBytes": limits.output_bytes,
            })
            .to_string(),
            status: RunStatus::Queued,
            outcome: None,
            exit_code: None,
            signal: None,
            reason: None,
            wall_ms: None,
            cpu_ms: None,
            peak_memory_bytes: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
            created_at: self.now(),
            started_at: None,
            finished_at: None,
        }
    }

    async fn go(&self, going: &Going, token: CancellationToken) -> Result<()> {
        let slot = tokio::select! {
            slot = self.run_slots().acquire() => slot.ok(),
            () = token.cancelled() => None,
        };
        let report = match slot {
            None => Report::unstarted(Outcome::Cancelled, None),
            Some(_slot) => {
                let now = self.now();
                self.store()
                    .write(async |tx| tx.start_run(going.id, now).await)
                    .await?;
                self.streams()
                    .publish(
                        going.id,
                        &RunEvent::Started {
                            command: going.shown.clone(),
                        },
                    )
                    .await?;
                self.announce_run(going.workspace, going.id).await?;
                self.run_in_cell(going, token).await?
            }
        };
        self.finish_run(going, report).await
    }

    /// Ends a run that failed in the server, so that nobody waits for it.
    async fn record_failure(&self, going: &Going) {
        let reason = "The run failed in the server; its log has the cause.".to_owned();
        let report = Report::unstarted(Outcome::Interrupted, Some(reason));
        if let Err(error) = self.finish_run(going, report).await {
            tracing::error!(run.id = %going.id, error = %chain(&error), "a run could not be recorded");
        }
    }

    /// Runs the command and stores its output as it comes.
    async fn run_in_cell(&self, going: &Going, token: CancellationToken) -> Result<Report> {
        let tree = self.trees().open(going.workspace).await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let host = Arc::clone(self.host());
        let site = Site::workspace(&tree.files);
        let run = host.run(&site, going.command.clone(), token, sender);
        let (report, stored) = tokio::join!(run, self.store_output(going.id, receiver));
        // The run is over, whatever becomes of its record.
        if let Err(error) = stored {
            tracing::error!(run.id = %going.id, error = %chain(&error), "a run's output could not be stored");
        }
        let cause = Cause {
            user: Some(going.user),
            run: Some(going.id),
        };
        if let Err(error) = self.scan(&tree, cause).await {
            tracing::error!(run.id = %going.id, error = %chain(&error), "what a run did to the files could not be recorded");
        }
        Ok(report)
    }

    async fn store_output(&self, run: RunId, mut output: mpsc::Receiver<Output>) -> Result<()> {
        let mut gathered = Gathered::default();
        while let Some(piece) = output.recv().await {
            gathered.add(piece);
            let until = tokio::time::Instant::now() + GATHER;
            while gathered.bytes < GATHER_BYTES
                && let Ok(Some(piece)) = tokio::time::timeout_at(until, output.recv()).await
            {
                gathered.add(piece);
            }
            self.streams()
                .publish_all(run, &gathered.take(false))
                .await?;
        }
        self.streams().publish_all(run, &gathered.take(true)).await
    }

    async fn finish_run(&self, going: &Going, mut report: Report) -> Result<()> {
        // A run that the server's stop ends was not cancelled by a person.
        if report.outcome == Outcome::Cancelled && self.stopping().is_cancelled() {
            report.outcome = Outcome::Interrupted;
        }
        let wall_ms = u64::try_from(report.wall.as_millis()).unwrap_or(u64::MAX);
        let now = self.now();
        let end = RunEnd {
            outcome: RunOutcome::parse(report.outcome.as_str())
                .ok_or_else(|| Error::Internal("an outcome has no word".to_owned()))?,
            exit_code: report.exit_code,
            signal: report.signal,
            reason: report.reason.clone(),
            wall_ms: Some(wall_ms),
            cpu_ms: report
                .cpu
                .map(|cpu| u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX)),
            peak_memory_bytes: report.peak_memory_bytes,
            stdout_bytes: report.stdout_bytes,
            stderr_bytes: report.stderr_bytes,
            finished_at: now,
        };
        let used = UsageRecordRow {
            id: self.ids().next::<UsageId>(),
            user_id: going.user,
            workspace_id: going.workspace,
            turn_id: None,
            run_id: Some(going.id),
            model: None,
            kind: UsageKind::RunMs,
            quantity: wall_ms,
            cost_nanos: Some(0),
            created_at: now,
        };
        self.store()
            .write(async |tx| {
                tx.finish_run(going.id, &end).await?;
                tx.insert_usage(&[used]).await
            })
            .await?;
        let event = RunEvent::Finished {
            outcome: report.outcome.as_str().to_owned(),
            exit_code: report.exit_code,
            signal: report.signal,
            reason: report.reason,
            wall_ms: i64::try_from(wall_ms).unwrap_or(i64::MAX),
        };
        self.streams().publish(going.id, &event).await?;
        self.announce_run(going.workspace, going.id).await
    }

    async fn announce_run(&self, workspace: WorkspaceId, run: RunId) -> Result<()> {
        self.streams()
            .publish(
                workspace,
                &WorkspaceEvent::RunChanged {
                    run_id: run.as_uuid(),
                },
            )
            .await?;
        Ok(())
    }
}

/// Returns what is run as a person would write it.
fn shown(program: &Program, command: &RunCommand) -> String {
    let quoted_all = |argv: &[String]| {
        argv.iter()
            .map(|part| quoted(part))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let text = match program {
        Program::Command(line) => line.clone(),
        Program::Argv(argv) => quoted_all(argv),
        Program::Code { language, .. } => format!("{language} (code)"),
        // The interpreter's own path says nothing to the person who asked.
        Program::File(path) => {
            let name = command
                .argv
                .first()
                .and_then(|program| program.rsplit('/').next())
                .unwrap_or_default();
            quoted_all(&[name.to_owned(), path.to_string()])
        }
    };
    text.chars().take(2_000).collect()
}

/// Quotes an argument for a shell when it needs it.
fn quoted(part: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !part.is_empty() && part.chars().all(plain) {
        return part.to_owned();
    }
    format!("'{}'", part.replace('\'', r"'\''"))
}

/// Output that waits to become events: neighbours of one stream together, in
/// order, cut only between characters.
#[derive(Default)]
struct Gathered {
    pieces: Vec<Output>,
    bytes: usize,
}

impl Gathered {
    fn add(&mut self, piece: Output) {
        self.bytes += piece.bytes.len();
        match self.pieces.last_mut() {
            Some(last) if last.stream == piece.stream => last.bytes.extend(piece.bytes),
            _ => self.pieces.push(piece),
        }
    }

    /// Takes what can be sent; half a character at the end stays for later,
    /// unless this is the end.
    fn take(&mut self, end: bool) -> Vec<RunEvent> {
        let mut pieces = std::mem::take(&mut self.pieces);
        self.bytes = 0;
        if !end && let Some(last) = pieces.last_mut() {
            let rest = last
                .bytes
                .split_off(last.bytes.len() - unfinished(&last.bytes));
            if !rest.is_empty() {
                self.add(Output {
                    stream: last.stream,
                    bytes: rest,
                });
            }
        }
        pieces
            .into_iter()
            .filter(|piece| !piece.bytes.is_empty())
            .map(event)
            .collect()
    }
}

fn event(piece: Output) -> RunEvent {
    let stream = match piece.stream {
        Stream::Stdout => OutputStream::Stdout,
        Stream::Stderr => OutputStream::Stderr,
    };
    match String::from_utf8(piece.bytes) {
        Ok(text) => RunEvent::Output {
            stream,
            text: Some(text),
            base64: None,
        },
        Err(error) => RunEvent::Output {
            stream,
            text: None,
            base64: Some(STANDARD.encode(error.as_bytes())),
        },
    }
}

/// Returns how many bytes at the end may be the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(bytes: &[u8]) -> Output {
        Output {
            stream: Stream::Stdout,
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn a_character_is_never_cut_in_two() {
        let mut gathered = Gathered::default();
        let euro = "€".as_bytes();
        gathered.add(out(b"a"));
        gathered.add(out(&euro[..2]));
        let text = |text: &str| RunEvent::Output {
            stream: OutputStream::Stdout,
            text: Some(text.to_owned()),
            base64: None,
        };
        assert_eq!(gathered.take(false), [text("a")]);
        gathered.add(out(&euro[2..]));
        assert_eq!(gathered.take(false), [text("€")]);
        assert_eq!(gathered.take(true), []);
    }

    #[test]
    fn bytes_that_are_not_text_come_whole() {
        let mut gathered = Gathered::default();
        gathered.add(out(&[0xff, 0xfe]));
        let coded = RunEvent::Output {
            stream: OutputStream::Stdout,
            text: None,
            base64: Some("//4=".to_owned()),
        };
        assert_eq!(gathered.take(true), [coded]);
    }

    #[test]
    fn commands_are_shown_as_a_shell_would_take_them() {
        assert_eq!(quoted("a b'c"), r"'a b'\''c'");
        assert_eq!(quoted("--x=1"), "--x=1");
        assert_eq!(quoted(""), "''");
    }
}
