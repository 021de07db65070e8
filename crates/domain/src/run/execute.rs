//! Starts a run and follows it to its end.

use std::sync::Arc;

use atelier_base::{RunId, UsageId, UserId, WorkspaceId};
use atelier_sandbox::cell::{Limits, Outcome, Report, RunCommand, Site};
use atelier_sandbox::runtime::Mark;
use atelier_store::{RunEnd, RunOutcome, RunRow, RunStatus, UsageKind, UsageRecordRow};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::NewRun;
use super::output::WAITING;
use super::program::Prepared;
use super::queue::{Place, Queue};
use super::stage::{Stage, Stages};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::event::{RunEvent, WorkspaceEvent};
use crate::live::Batch;
use crate::scan::Cause;
use crate::workspace::WorkspaceSettings;

/// A run on its way.
struct Going {
    id: RunId,
    workspace: WorkspaceId,
    user: UserId,
    command: RunCommand,
    shown: String,
    mark: Option<Mark>,
    /// How many bytes of output it may write.
    room: u64,
    /// Where it works, when that is not the workspace itself.
    draft: Option<Site>,
    /// True once the run is in the store; closed before when it can't be.
    recorded: watch::Receiver<bool>,
}

impl Going {
    /// Waits until the run is in the store; false when it can't be.
    async fn is_recorded(&self) -> bool {
        let mut recorded = self.recorded.clone();
        recorded.wait_for(|is| *is).await.is_ok()
    }
}

/// What became of a run: its stages, the event of the last one's end, and the
/// report.
type Ended = (Vec<Stage>, Option<RunEvent>, Report);

impl Domain {
    /// Starts a run, or queues it when too many go on already.
    ///
    /// # Errors
    /// [`Error::Isolation`] when this machine can't isolate,
    /// [`Error::TooMany`] when the queue is full.
    pub async fn execute(&self, ctx: &Ctx, new: NewRun) -> Result<RunRow> {
        let user = ctx.person()?;
        let workspace = self.require_workspace(ctx, new.workspace).await?;
        self.require_isolation().await?;
        let id = self.ids().next();
        let limits = self.limits(&WorkspaceSettings::of(&workspace)?, new.limits)?;
        let prepared = self.prepare(&new, id, limits.clone()).await?;
        let draft = match new.draft {
            Some(draft) => Some(self.open_draft_site(ctx, new.workspace, draft).await?),
            None => None,
        };
        let token = self.stopping().child_token();
        let place = self.queue_for(&limits).enter(user, id)?;
        let row = self.queued_row(id, user, new.workspace, &prepared, &limits);
        let changed = self.run_changed(row.workspace_id, row.id)?;
        let (record, recorded) = watch::channel(false);
        let going = Going {
            id: row.id,
            workspace: row.workspace_id,
            user,
            command: prepared.command,
            shown: prepared.shown,
            mark: prepared.mark,
            room: limits.output_bytes,
            draft,
            recorded,
        };
        self.follow_to_end(going, place, token.clone());
        self.record_run(row, changed, record, token).await
    }

    /// Stores a run that is on its way; ends it when that fails.
    ///
    /// Whoever asked for it is told when that is done. The program need not
    /// wait for the disk: the run's end, and all else that is stored of it,
    /// comes after.
    async fn record_run(
        &self,
        row: RunRow,
        changed: Batch,
        record: watch::Sender<bool>,
        token: CancellationToken,
    ) -> Result<RunRow> {
        let domain = self.clone();
        let recording = async move {
            let stored = domain
                .streams()
                .write_with(&[changed], async |tx| tx.insert_run(&row).await)
                .await;
            match stored {
                Ok(()) => drop(record.send(true)),
                Err(_) => token.cancel(),
            }
            stored.map(|()| row)
        };
        self.run_to_end(recording).await?
    }

    /// Lets a run take its turn and looks after it, also when nobody waits.
    fn follow_to_end(&self, going: Going, place: Place, token: CancellationToken) {
        let guard = self.running().register(going.id.as_uuid(), token.clone());
        let domain = self.clone();
        self.detach(async move {
            let _registered = guard;
            let id = going.id;
            let going = Arc::new(going);
            let (doing, worker) = (Arc::clone(&going), domain.clone());
            let done = domain.run_to_end(async move { worker.go(&doing, place, token).await });
            if let Err(error) = done.await.flatten() {
                tracing::error!(run.id = %id, error = %chain(&error), "a run failed in the server");
                domain.record_failure(&going).await;
            }
        });
    }

    /// Refuses to go on when runs can't be isolated here.
    pub(crate) async fn require_isolation(&self) -> Result<()> {
        let isolation = self.host().isolation().await;
        if isolation.ready {
            return Ok(());
        }
        Err(Error::Isolation {
            reason: isolation
                .reason
                .unwrap_or_else(|| "isolation is not available".to_owned()),
        })
    }

    /// Returns the line that a run waits in. Who asks for more than the usual
    /// time, such as for a server, does not take the place of the others.
    fn queue_for(&self, limits: &Limits) -> &Queue {
        if limits.wall > self.settings().run.wall {
            self.server_queue()
        } else {
            self.run_queue()
        }
    }

    fn queued_row(
        &self,
        id: RunId,
        user: UserId,
        workspace: WorkspaceId,
        prepared: &Prepared,
        limits: &Limits,
    ) -> RunRow {
        RunRow {
            id,
            workspace_id: workspace,
            user_id: user,
            command: prepared.shown.clone(),
            argv: serde_json::json!(prepared.command.argv).to_string(),
            limits: serde_json::json!({
                "wallMs": u64::try_from(limits.wall.as_millis()).unwrap_or(u64::MAX),
                "memoryBytes": limits.memory_bytes,
                "cpuPercent": limits.cpu_percent,
                "pids": limits.pids,
                "outputBytes": limits.output_bytes,
                "diskBytes": limits.disk_bytes,
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
            stages: "[]".to_owned(),
        }
    }

    async fn go(&self, going: &Going, mut place: Place, token: CancellationToken) -> Result<()> {
        let slot = tokio::select! {
            slot = place.turn() => Some(slot?),
            () = token.cancelled() => None,
        };
        // Before its end is told, so that the places of the others are right.
        drop(place);
        let (rest, ended) = match slot {
            None => {
                let report = Report::unstarted(Outcome::Cancelled, None);
                (Vec::new(), (Vec::new(), None, report))
            }
            Some(_slot) => self.run_in_cell(going, token).await?,
        };
        if !going.is_recorded().await {
            return Ok(());
        }
        self.finish_run(going, rest, ended).await
    }

    /// Tells that a run starts. Its program need not wait for that.
    async fn tell_start(&self, going: &Going) -> Result<()> {
        let now = self.now();
        let started = RunEvent::Started {
            command: going.shown.clone(),
        };
        let mut events = vec![started];
        events.extend(Stages::beginning(going.mark.as_ref()));
        let events = self.streams().batch(going.id, &events)?;
        let changed = self.run_changed(going.workspace, going.id)?;
        self.streams()
            .write_with(&[events, changed], async |tx| {
                tx.start_run(going.id, now).await.map(drop)
            })
            .await
    }

    /// Ends a run that failed in the server, so that nobody waits for it.
    async fn record_failure(&self, going: &Going) {
        let reason = "The run failed in the server; its log has the cause.".to_owned();
        let report = Report::unstarted(Outcome::Interrupted, Some(reason));
        if let Err(error) = self
            .finish_run(going, Vec::new(), (Vec::new(), None, report))
            .await
        {
            tracing::error!(run.id = %going.id, error = %chain(&error), "a run could not be recorded");
        }
    }

    /// Runs the command and stores its output as it comes; returns what of it is
    /// left to be stored.
    async fn run_in_cell(
        &self,
        going: &Going,
        token: CancellationToken,
    ) -> Result<(Vec<RunEvent>, Ended)> {
        let tree = self.trees().open(going.workspace).await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let host = Arc::clone(self.host());
        let mut stages = Stages::begin(going.mark.as_ref(), going.room);
        let cause = Cause {
            user: Some(going.user),
            run: Some(going.id),
        };
        let (site, following) = if let Some(site) = &going.draft {
            // A draft's changes are not the workspace's.
            (site.clone(), None)
        } else {
            let following = self.follow_changes(&tree, cause);
            (Site::workspace(&tree.files), Some(following))
        };
        let run = host.run(&site, going.command.clone(), token, sender);
        let stored = async {
            if !going.is_recorded().await {
                return Ok(Vec::new());
            }
            self.tell_start(going).await?;
            self.store_output(going.id, &mut stages, receiver).await
        };
        let (report, stored) = tokio::join!(run, stored);
        // The run is over, whatever becomes of its record.
        let rest = stored.unwrap_or_else(|error| {
            tracing::error!(run.id = %going.id, error = %chain(&error), "a run's output could not be stored");
            Vec::new()
        });
        if let Some(following) = following
            && let Err(error) = following.end().await
        {
            tracing::error!(run.id = %going.id, error = %chain(&error), "what a run did to the files could not be recorded");
        }
        Ok((rest, stages.end(report)))
    }

    async fn finish_run(&self, going: &Going, rest: Vec<RunEvent>, ended: Ended) -> Result<()> {
        let (stages, stage, mut report) = ended;
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
            cost_micros: Some(0),
            created_at: now,
        };
        let stages = serde_json::to_string(&stages)
            .map_err(|e| Error::Internal(format!("stages can't be written: {e}")))?;
        let finished = RunEvent::Finished {
            outcome: report.outcome.as_str().to_owned(),
            exit_code: report.exit_code,
            signal: report.signal,
            reason: report.reason,
            wall_ms: i64::try_from(wall_ms).unwrap_or(i64::MAX),
        };
        let events = rest.into_iter().chain(stage).chain([finished]);
        let events = self
            .streams()
            .batch(going.id, &events.collect::<Vec<RunEvent>>())?;
        let changed = self.run_changed(going.workspace, going.id)?;
        self.streams()
            .write_with(&[events, changed], async |tx| {
                tx.set_run_stages(going.id, &stages).await?;
                tx.finish_run(going.id, &end).await?;
                tx.insert_usage(&[used]).await
            })
            .await
    }

    /// Makes the event by which a workspace's clients look at a run again.
    fn run_changed(&self, workspace: WorkspaceId, run: RunId) -> Result<Batch> {
        let event = WorkspaceEvent::RunChanged {
            run_id: run.as_uuid(),
        };
        self.streams().batch(workspace, &[event])
    }
}
