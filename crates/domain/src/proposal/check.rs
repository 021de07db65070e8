//! Checks of a proposal: the workspace's commands, run in a draft that has the
//! proposal's hunks in it. What they say is a verdict on exactly that tree.

mod ground;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use atelier_base::{HunkId, ProposalId, RunId, UserId, VerdictId, WorkspaceId};
use atelier_sandbox::cell::{Limits, Outcome, Report, RunCommand, Site};
use atelier_sandbox::draft;
use atelier_store::{Proposal as Stored, VerdictRow, VerdictState};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::ground::{filling, tail, tree_hash};
use super::shift::Shift;
use super::side::{Set, applied_hunks, check_needs};
use super::{Proposal, ReadyCheck};
use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::run::LimitChange;
use crate::scan::Cause;
use crate::tree::blocking;
use crate::workspace::WorkspaceSettings;

/// Pieces of output that wait before the program does.
const WAITING: usize = 8;

/// What checks said of a proposal.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The verdict.
    pub row: VerdictRow,
    /// The hunks it is on.
    pub hunks: Vec<HunkId>,
    /// The commands, and what came of each.
    pub commands: Vec<CheckedCommand>,
    /// Whether the workspace is neither the tree that the hunks were put on nor
    /// the one that came of it.
    pub is_stale: bool,
}

/// A command of a check, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedCommand {
    /// What it is called.
    pub name: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// How far it is.
    pub state: CheckState,
    /// How it ended, in the words of a run's outcome.
    pub outcome: Option<String>,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub wall_ms: Option<u64>,
    /// The last lines that it wrote.
    pub output: String,
}

/// How far a command of a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    /// It has not begun.
    Waiting,
    /// It runs.
    Running,
    /// It exited with 0.
    Passed,
    /// It ended in another way.
    Failed,
    /// It ran when the checks were stopped.
    Cancelled,
    /// It was not run, because the checks ended before.
    Skipped,
}

/// A check on its way.
struct Checking {
    row: VerdictRow,
    commands: Vec<CheckedCommand>,
    workspace: WorkspaceId,
    site: Site,
    place: PathBuf,
    limits: Limits,
}

impl Domain {
    /// Runs the workspace's checks on the workspace with the named hunks in
    /// it, or with all, in a draft. The verdict is on the proposal and changes
    /// as the commands end. While checks go on, asking again does nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the workspace has no checks,
    /// [`Error::MergeConflict`] when the hunks don't go together with the
    /// files, [`Error::Isolation`] when this machine can't isolate.
    pub async fn check_proposal(
        &self,
        ctx: &Ctx,
        id: ProposalId,
        hunks: Option<Vec<HunkId>>,
    ) -> Result<Proposal> {
        let stored = self.require_proposal(ctx, id).await?;
        let user = ctx.person()?;
        let workspace = self
            .require_workspace(ctx, stored.proposal.workspace_id)
            .await?;
        let settings = WorkspaceSettings::of(&workspace)?;
        if settings.checks.is_empty() {
            let detail = "the workspace has no checks; add some in its settings";
            return Err(Error::invalid("checks", detail));
        }
        self.require_isolation().await?;
        let limits = self.limits(&settings, LimitChange::default())?;
        let newest = self.find_verdict(id).await?;
        if newest.is_some_and(|row| row.state == VerdictState::Running) {
            return self.get_proposal(ctx, id).await;
        }
        let ready = self.ready_check(ctx, user, &stored, hunks).await?;
        let waiting = |command: crate::workspace::CheckCommand| CheckedCommand {
            name: command.name,
            argv: command.argv,
            state: CheckState::Waiting,
            outcome: None,
            exit_code: None,
            wall_ms: None,
            output: String::new(),
        };
        let mut checking = Checking {
            row: ready.row,
            commands: settings.checks.into_iter().map(waiting).collect(),
            workspace: workspace.id,
            site: ready.site,
            place: ready.place,
            limits,
        };
        checking.row.commands = checking.encoded()?;
        // Before anybody can see it, so that who does can stop it.
        let token = self.stopping().child_token();
        let guard = self
            .running()
            .register(checking.row.id.as_uuid(), token.clone());
        self.store()
            .write(async |tx| tx.insert_verdict(&checking.row).await)
            .await?;
        self.announce_proposal(workspace.id, id).await?;
        let domain = self.clone();
        self.detach(async move {
            let _registered = guard;
            domain.carry_out(checking, user, token).await;
        });
        self.get_proposal(ctx, id).await
    }

    /// Stops the checks of a proposal: the command that runs is killed and
    /// the others are not run. The verdict says so when they have ended. Does
    /// nothing when none run.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the proposal.
    pub async fn cancel_check(&self, ctx: &Ctx, id: ProposalId) -> Result<Proposal> {
        self.require_proposal(ctx, id).await?;
        if let Some(verdict) = self.find_verdict(id).await? {
            self.running().cancel(verdict.id.as_uuid());
        }
        self.get_proposal(ctx, id).await
    }

    /// Returns the newest verdict on a proposal.
    pub(super) async fn verdict(&self, stored: &Stored) -> Result<Option<Verdict>> {
        let Some(row) = self.find_verdict(stored.proposal.id).await? else {
            return Ok(None);
        };
        let now = self.tree_now(stored.proposal.workspace_id).await?;
        let now = tree_hash(&now);
        let broken = |e| Error::Internal(format!("a verdict can't be read: {e}"));
        let hunks: Vec<Uuid> = serde_json::from_str(&row.hunks).map_err(broken)?;
        Ok(Some(Verdict {
            hunks: hunks.into_iter().map(Into::into).collect(),
            commands: serde_json::from_str(&row.commands).map_err(broken)?,
            is_stale: now != row.base_hash && now != row.tree_hash,
            row,
        }))
    }

    async fn find_verdict(&self, id: ProposalId) -> Result<Option<VerdictRow>> {
        let store = self.store();
        Ok(store.query(async |tx| tx.find_verdict(id).await).await?)
    }

    /// Puts the hunks into a draft of their own.
    async fn ready_check(
        &self,
        ctx: &Ctx,
        user: UserId,
        stored: &Stored,
        hunks: Option<Vec<HunkId>>,
    ) -> Result<ReadyCheck> {
        let workspace = stored.proposal.workspace_id;
        let tree = self.trees().open(workspace).await?;
        let cause = Cause {
            user: Some(user),
            run: None,
        };
        self.scan(&tree, cause).await?;
        let writing = self.write_to(&tree).await?;
        let from = applied_hunks(stored);
        let all: Set = stored.hunks.iter().map(|hunk| hunk.id).collect();
        let to: Set = match hunks {
            None => all,
            Some(named) => {
                if let Some(other) = named.iter().find(|hunk| !all.contains(hunk)) {
                    let detail = format!("{other} is not a hunk of this proposal");
                    return Err(Error::invalid("hunks", detail));
                }
                from.iter().copied().chain(named).collect()
            }
        };
        check_needs(stored, &to)?;
        let mut now = self.tree_now(workspace).await?;
        let base_hash = tree_hash(&now);
        let sets = (from, to.clone());
        let shift = Shift::new(self, ctx, &tree, stored, sets, BTreeMap::new());
        let mut shifted = shift.run().await?;
        shifted.check()?;
        let filling = filling(&tree, shifted.files, &mut now).await?;
        let id = self.ids().next::<VerdictId>();
        let place = draft::place(&self.settings().data, &id.to_string());
        let (folder, below) = (place.clone(), Arc::clone(&tree));
        let filled = self.ids().next();
        blocking(move || crate::draft::make_bare(&folder, &below.root, &[])?.fill(filled, filling))
            .await?;
        drop(writing);
        let checked = stored.hunks.iter().filter(|hunk| to.contains(&hunk.id));
        let checked: Vec<Uuid> = checked.map(|hunk| hunk.id.as_uuid()).collect();
        Ok(ReadyCheck {
            row: VerdictRow {
                id,
                proposal_id: stored.proposal.id,
                user_id: user,
                state: VerdictState::Running,
                hunks: serde_json::json!(checked).to_string(),
                base_hash,
                tree_hash: tree_hash(&now),
                commands: "[]".to_owned(),
                reason: None,
                created_at: self.now(),
                finished_at: None,
            },
            site: Site {
                draft: Some(place.clone()),
                ..Site::workspace(&tree.files)
            },
            place,
        })
    }

    /// Runs the commands to their end, whatever comes, and cleans up.
    async fn carry_out(&self, mut checking: Checking, user: UserId, token: CancellationToken) {
        if let Err(error) = self.run_checks(&mut checking, user, &token).await {
            // What the server's stop ends was not cancelled by a person.
            if token.is_cancelled() && !self.stopping().is_cancelled() {
                checking.row.state = VerdictState::Cancelled;
            } else {
                tracing::error!(verdict.id = %checking.row.id, error = %chain(&error), "checks could not be carried out");
                checking.row.state = VerdictState::Interrupted;
                checking.row.reason = Some(cut_off(error));
            }
        }
        for command in &mut checking.commands {
            if matches!(command.state, CheckState::Waiting | CheckState::Running) {
                command.state = CheckState::Skipped;
            }
        }
        self.host().stop(&checking.site).await;
        crate::draft::remove(checking.place.clone()).await;
        checking.row.finished_at = Some(self.now());
        if let Err(error) = self.tell_check(&mut checking).await {
            tracing::error!(verdict.id = %checking.row.id, error = %chain(&error), "a verdict could not be recorded");
        }
    }

    async fn run_checks(
        &self,
        checking: &mut Checking,
        user: UserId,
        token: &CancellationToken,
    ) -> Result<()> {
        let mut place = self.run_queue().enter(user, self.ids().next::<RunId>())?;
        let _slot = tokio::select! {
            slot = place.turn() => slot?,
            () = token.cancelled() => return Err(Error::Cancelled),
        };
        let mut all_passed = true;
        for number in 0..checking.commands.len() {
            checking.begin(number);
            self.tell_check(checking).await?;
            let command = checking.command(number);
            let (sender, receiver) = mpsc::channel(WAITING);
            let run = self
                .host()
                .run(&checking.site, command, token.clone(), sender);
            let (report, output) = tokio::join!(run, tail(receiver));
            match report.outcome {
                Outcome::Refused => {
                    let reason = report.reason.unwrap_or_default();
                    return Err(Error::Isolation { reason });
                }
                Outcome::Cancelled | Outcome::Interrupted => {
                    checking.end(number, &report, output);
                    return Err(Error::Cancelled);
                }
                _ => all_passed &= checking.end(number, &report, output),
            }
        }
        checking.row.state = if all_passed {
            VerdictState::Passed
        } else {
            VerdictState::Failed
        };
        Ok(())
    }

    async fn tell_check(&self, checking: &mut Checking) -> Result<()> {
        checking.row.commands = checking.encoded()?;
        let row = &checking.row;
        self.store()
            .write(async |tx| tx.update_verdict(row).await)
            .await?;
        self.announce_proposal(checking.workspace, row.proposal_id)
            .await
    }
}

/// Says why checks did not come to their end.
fn cut_off(error: Error) -> String {
    match error {
        Error::Cancelled => "The checks were cut off.".to_owned(),
        Error::Isolation { reason } => reason,
        Error::TooMany { what, .. } => what,
        _ => "The checks failed in the server; its log has the cause.".to_owned(),
    }
}

impl Checking {
    fn encoded(&self) -> Result<String> {
        serde_json::to_string(&self.commands)
            .map_err(|e| Error::Internal(format!("a verdict can't be written: {e}")))
    }

    fn begin(&mut self, number: usize) {
        if let Some(command) = self.commands.get_mut(number) {
            command.state = CheckState::Running;
        }
    }

    fn command(&self, number: usize) -> RunCommand {
        let argv = self
            .commands
            .get(number)
            .map(|command| command.argv.clone());
        RunCommand {
            argv: argv.unwrap_or_default(),
            limits: self.limits.clone(),
            ..RunCommand::default()
        }
    }

    /// Notes how a command ended; returns whether it passed.
    fn end(&mut self, number: usize, report: &Report, output: String) -> bool {
        let passed = report.outcome == Outcome::Ok;
        if let Some(command) = self.commands.get_mut(number) {
            command.state = match report.outcome {
                Outcome::Ok => CheckState::Passed,
                Outcome::Cancelled | Outcome::Interrupted => CheckState::Cancelled,
                _ => CheckState::Failed,
            };
            command.outcome = Some(report.outcome.as_str().to_owned());
            command.exit_code = report.exit_code;
            command.wall_ms = u64::try_from(report.wall.as_millis()).ok();
            command.output = output;
            if let (true, Some(reason)) = (command.output.is_empty(), &report.reason) {
                command.output.clone_from(reason);
            }
        }
        passed
    }
}
