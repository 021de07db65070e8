//! Terminals: programs with a screen in a workspace's cell, for several
//! people at a time.
//!
//! A terminal lives in the memory of the server and in the cell, and ends with
//! either. A task follows it from its start to its end and keeps what it
//! writes; whoever looks reads from there, at a place of their own. So it goes
//! on while nobody looks, and nobody who looks slowly holds it up.

mod attachment;
mod follow;
mod live;
mod registry;
mod scrollback;

use std::sync::Arc;
use std::time::Duration;

use atelier_base::{TerminalId, Timestamp, WorkspaceId, WorkspacePath};
use atelier_sandbox::cell::{ARGUMENT_BYTES, Site, Terminal, TerminalCommand};

use crate::ctx::Ctx;
use crate::domain::Domain;
use crate::error::{Error, Result, chain};
use crate::event::WorkspaceEvent;
use crate::follow::Following;
use crate::scan::Cause;
use crate::workspace::checked_name;

use live::LiveTerminal;

pub use atelier_sandbox::cell::{ScreenSize, TerminalEnd};
pub use attachment::{Attachment, Happening, Start, Typist};
pub(crate) use registry::Terminals;

/// The largest screen, in characters each way; larger sizes become this.
pub const SCREEN_MOST: u16 = 1_000;

/// The limits of terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSettings {
    /// How many a workspace may have running.
    pub per_workspace: usize,
    /// How many ended ones a workspace's list keeps; older ones are forgotten.
    pub ended_kept: usize,
    /// How many lines of output the server keeps of each, at least.
    pub scrollback_lines: usize,
    /// How many bytes of output the server keeps of each, whatever the lines.
    pub scrollback_bytes: usize,
}

impl Default for TerminalSettings {
    fn default() -> Self {
        Self {
            per_workspace: 16,
            ended_kept: 16,
            scrollback_lines: 100_000,
            scrollback_bytes: 32 * 1024 * 1024,
        }
    }
}

/// A terminal to start.
#[derive(Clone, Debug)]
pub struct NewTerminal {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The program and its arguments; a shell when empty.
    pub argv: Vec<String>,
    /// The folder to start in; the top of the workspace when `None`.
    pub cwd: Option<WorkspacePath>,
    /// The size of the screen, which is brought within 1 and [`SCREEN_MOST`].
    pub size: ScreenSize,
}

/// What a terminal is like now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalView {
    /// The terminal.
    pub id: TerminalId,
    /// The workspace it is in.
    pub workspace: WorkspaceId,
    /// What it is called.
    pub title: String,
    /// The size of its screen.
    pub size: ScreenSize,
    /// How its program ended, and when, once it has.
    pub end: Option<(TerminalEnd, Timestamp)>,
    /// When it was started.
    pub created_at: Timestamp,
}

impl Domain {
    /// Lists a workspace's terminals, oldest first, the ended ones with them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see the workspace.
    pub async fn list_terminals(
        &self,
        ctx: &Ctx,
        workspace: WorkspaceId,
    ) -> Result<Vec<TerminalView>> {
        self.require_workspace(ctx, workspace).await?;
        let found = self.terminals().of(workspace);
        Ok(found.iter().map(|live| live.view()).collect())
    }

    /// Starts a terminal.
    ///
    /// # Errors
    /// [`Error::TooMany`] when the workspace has all it may have,
    /// [`Error::Isolation`] when no cell can be made or the program can't be
    /// started in it.
    pub async fn create_terminal(&self, ctx: &Ctx, new: NewTerminal) -> Result<TerminalView> {
        self.require_workspace(ctx, new.workspace).await?;
        check_argv(&new.argv)?;
        let most = self.settings().terminal.per_workspace;
        let place = self.terminals().reserve(new.workspace, most).ok_or_else(|| Error::TooMany {
            what: format!("the workspace has {most} terminals, which is the limit; close one you don't need"),
            retry_after: Duration::from_secs(5),
        })?;
        let tree = self.trees().open(new.workspace).await?;
        let site = Site::workspace(&tree.files);
        let size = within_bounds(new.size);
        let command = TerminalCommand {
            argv: new.argv,
            cwd: new.cwd,
            env: environment(),
            size,
        };
        let opened = self.host().open_terminal(&site, command).await;
        let terminal = Arc::new(opened.map_err(|error| Error::Isolation {
            reason: error.reason,
        })?);
        let live = Arc::new(LiveTerminal::new(
            self.ids().next(),
            new.workspace,
            self.now(),
            size,
            self.settings().terminal,
            self.stopping().child_token(),
        ));
        place.fill(&live);
        let cause = Cause {
            user: ctx.person().ok(),
            run: None,
        };
        let changes = self.follow_changes(&tree, cause);
        self.follow_terminal(&live, terminal, changes);
        self.announce_terminals(new.workspace).await?;
        Ok(live.view())
    }

    /// Gives a terminal another title.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it, [`Error::Invalid`]
    /// for a title that is empty or too long.
    pub async fn update_terminal(
        &self,
        ctx: &Ctx,
        id: TerminalId,
        title: Option<&str>,
    ) -> Result<TerminalView> {
        let live = self.require_terminal(ctx, id).await?;
        if let Some(title) = title {
            let title = checked_name(title).map_err(|error| match error {
                Error::Invalid { detail, .. } => Error::invalid("title", detail),
                other => other,
            })?;
            live.rename(title);
            self.announce_terminals(live.workspace).await?;
        }
        Ok(live.view())
    }

    /// Ends a terminal's program, if it still runs, and forgets the terminal.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn delete_terminal(&self, ctx: &Ctx, id: TerminalId) -> Result<()> {
        let live = self.require_terminal(ctx, id).await?;
        self.terminals().remove(id);
        live.close();
        self.announce_terminals(live.workspace).await
    }

    /// Begins to look at a terminal from byte `after` of its output on; from
    /// the oldest that is kept when `None`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the asker may not see it.
    pub async fn attach_terminal(
        &self,
        ctx: &Ctx,
        id: TerminalId,
        after: Option<u64>,
    ) -> Result<Attachment> {
        let live = self.require_terminal(ctx, id).await?;
        Ok(Attachment::new(live, after))
    }

    /// Ends and forgets all terminals of a workspace.
    pub(crate) fn close_terminals(&self, workspace: WorkspaceId) {
        for live in self.terminals().of(workspace) {
            self.terminals().remove(live.id);
            live.close();
        }
    }

    async fn require_terminal(&self, ctx: &Ctx, id: TerminalId) -> Result<Arc<LiveTerminal>> {
        ctx.person()?;
        let missing = || Error::NotFound { what: "terminal" };
        let live = self.terminals().find(id).ok_or_else(missing)?;
        match self.require_workspace(ctx, live.workspace).await {
            Ok(_) => Ok(live),
            Err(Error::NotFound { .. }) => Err(missing()),
            Err(other) => Err(other),
        }
    }

    /// Follows a terminal to its end, in a task that lasts as long as it does.
    /// Until then the workspace's files are followed too.
    fn follow_terminal(
        &self,
        live: &Arc<LiveTerminal>,
        terminal: Arc<Terminal>,
        changes: Following,
    ) {
        live.start(Arc::clone(&terminal));
        let watched = Arc::clone(live);
        let following = self.accompany(async move { follow::follow(&watched, &terminal).await });
        let (live, domain) = (Arc::clone(live), self.clone());
        self.accompany(async move {
            let end = following.await.unwrap_or_else(|failure| {
                tracing::error!(terminal.id = %live.id, error = %failure, "a terminal failed in the server");
                TerminalEnd {
                    reason: Some("It failed in the server; the log has the cause.".to_owned()),
                    ..TerminalEnd::default()
                }
            });
            live.end(end, domain.now());
            if let Err(error) = changes.end().await {
                tracing::error!(terminal.id = %live.id, error = %chain(&error), "what a terminal did to the files could not be recorded");
            }
            // What was deleted, and what ends with the server, is not listed.
            let listed = domain.terminals().find(live.id).is_some();
            if !listed || domain.stopping().is_cancelled() {
                return;
            }
            let kept = domain.settings().terminal.ended_kept;
            domain.terminals().forget_oldest_ended(live.workspace, kept);
            if let Err(error) = domain.announce_terminals(live.workspace).await {
                tracing::error!(terminal.id = %live.id, error = %chain(&error), "the end of a terminal could not be announced");
            }
        });
    }

    async fn announce_terminals(&self, workspace: WorkspaceId) -> Result<()> {
        self.streams()
            .publish(workspace, &WorkspaceEvent::TerminalsChanged)
            .await?;
        Ok(())
    }
}

/// Returns what programs need to know of the screen.
fn environment() -> Vec<(String, String)> {
    let variables = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn check_argv(argv: &[String]) -> Result<()> {
    let bytes: usize = argv.iter().map(|part| part.len() + 1).sum();
    if bytes > ARGUMENT_BYTES {
        let most = format!("{} KiB", ARGUMENT_BYTES / 1024);
        return Err(Error::TooLarge {
            what: "the command".to_owned(),
            limit: most,
        });
    }
    if argv.first().is_some_and(String::is_empty) || argv.iter().any(|part| part.contains('\0')) {
        return Err(Error::invalid("argv", "a command has a program and no NUL"));
    }
    Ok(())
}

/// Brings a size within what a screen may have.
fn within_bounds(size: ScreenSize) -> ScreenSize {
    ScreenSize {
        columns: size.columns.clamp(1, SCREEN_MOST),
        rows: size.rows.clamp(1, SCREEN_MOST),
    }
}
