//! One atomic change of several files.
//!
//! A transaction either happens whole or not at all, also through `kill -9`
//! and power loss. The order is what makes it so:
//!
//! 1. Every new content is written to a staged file in the state directory
//!    and synced; every file that goes away or moves gets a second name
//!    there. Nothing in the tree has changed yet.
//! 2. The journal, which lists what remains to be done and carries the
//!    caller's `rows`, is written, synced and renamed to `ID.pending`. That
//!    rename is **the commit point**.
//! 3. The listed steps are carried out: renames and unlinks only, each of
//!    which can be repeated without harm. The touched folders are synced and
//!    the journal becomes `ID.applied`.
//! 4. The caller writes `rows` to its database and calls
//!    [`Committed::finish`], which deletes the journal.
//!
//! After a crash [`Root::recover`] carries out what a pending journal lists,
//! by the same code, and returns every transaction whose journal is left: the
//! caller can't know whether step 4 was reached, so its database must take
//! the same id twice.

mod durable;
mod journal;
mod plan;
mod rules;
mod state;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use atelier_base::{ContentHash, TransactionId, WorkspacePath, limit};

use crate::error::{FileError, FileResult};
use crate::files::Root;
use journal::{Journal, Stage};
use plan::Plan;
use step::{Run, Step};

pub(crate) use state::StateDirectory;

/// The largest file that is hashed to check an expectation, in bytes.
pub const CHECKED_FILE_BYTES: u64 = limit::IMPORT_BYTES;
/// The most file changes in one transaction.
pub const CHANGES_MAX: u64 = limit::IMPORT_FILES;
/// The largest journal, `rows` included, in bytes.
pub const JOURNAL_BYTES: u64 = 64 * 1024 * 1024;

/// What one transaction changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Names the transaction. Committing the same id twice does nothing the
    /// second time, as long as it is not finished.
    pub id: TransactionId,
    /// The changes. Their order means nothing: all removals and renames take
    /// effect together, then all new content. So files can swap names, and a
    /// path can be removed and written in one transaction.
    pub files: Vec<FileChange>,
    /// What the caller's database must say afterwards, in the caller's own
    /// encoding.
    pub rows: Vec<u8>,
}

/// One change. Folders on the way to a new path are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// Makes or overwrites a regular file. A file that exists keeps its mode,
    /// but for the executable bits, and its owner; other hard links to it
    /// keep the old content.
    Write {
        /// The file.
        path: WorkspacePath,
        /// All of its new content.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
        /// What must be there.
        expect: Expect,
    },
    /// Removes a file; a link or another thing that is not a folder too, when
    /// `expect` is `Any`. Its folder stays.
    Remove {
        /// The file.
        path: WorkspacePath,
        /// What must be there.
        expect: Expect,
    },
    /// Renames a file to a path where nothing is.
    Rename {
        /// The old path.
        from: WorkspacePath,
        /// The new one.
        to: WorkspacePath,
        /// What must be at the old path.
        expect: Expect,
    },
    /// Gives a file a path where nothing is, and new content. It keeps its
    /// mode, but for the executable bits, and its owner.
    MoveAndWrite {
        /// The old path.
        from: WorkspacePath,
        /// The new one.
        to: WorkspacePath,
        /// All of its new content.
        bytes: Vec<u8>,
        /// Whether it may be executed.
        executable: bool,
        /// What must be at the old path.
        expect: Expect,
    },
    /// Makes an empty folder where nothing is.
    MakeDirectory {
        /// The folder.
        path: WorkspacePath,
    },
    /// Removes a folder.
    RemoveDirectory {
        /// The folder.
        path: WorkspacePath,
        /// What to do with what is in it.
        content: FolderContent,
    },
    /// Renames a folder to a path where nothing is. No other change may touch
    /// what is in it.
    RenameDirectory {
        /// The old path.
        from: WorkspacePath,
        /// The new one.
        to: WorkspacePath,
    },
}

/// What becomes of a removed folder's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderContent {
    /// There must be none left after the transaction's other removals.
    MustBeEmpty,
    /// All of it is removed.
    Remove,
}

/// What must be at a path for a change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Missing,
    /// A regular file with this content.
    Hash(ContentHash),
    /// Whatever is there. It must still be something the change works on.
    Any,
}

/// A transaction whose files are changed for good and whose journal is still
/// there. Dropping it leaves the journal for the next [`Root::recover`].
#[derive(Debug)]
#[must_use = "call `finish` once the database has the rows"]
pub struct Committed {
    journal: Journal,
    state: Arc<StateDirectory>,
}

impl Root {
    /// Changes the files, all or none, and returns once that is durable.
    ///
    /// Commits through any number of `Root`s on the same state directory, in
    /// any number of processes, happen one after the other.
    ///
    /// # Errors
    /// Nothing has changed, unless the error is [`FileError::Unfinished`].
    pub fn commit(&self, changes: &Changes) -> FileResult<Committed> {
        let state = self.state()?;
        let _locked = state.lock()?;
        self.finish_interrupted()?;
        if let Some(journal) = state.find(changes.id)? {
            return Ok(Committed::of(state, journal));
        }
        let plan = Plan::make(self, changes)?;
        let journal = plan.journal(changes);
        let steps = plan.steps(&journal)?;
        self.carry_out(&journal, &steps)?;
        Ok(Committed::of(state, journal))
    }

    /// Finishes what a crash interrupted: carries out every journal that is
    /// past its commit point, deletes what was staged without reaching it,
    /// and returns, oldest first, the transactions whose rows may be missing.
    ///
    /// # Errors
    /// When a journal can't be read or carried out. Nothing of it is lost:
    /// call again when the cause is gone.
    pub fn recover(&self) -> FileResult<Vec<Committed>> {
        let state = self.state()?;
        let _locked = state.lock()?;
        self.finish_interrupted()?;
        let content = state.list()?;
        content.delete_orphans(state)?;
        let mut committed = Vec::new();
        for (id, _) in content.journals {
            if let Some(journal) = state.find(id)? {
                committed.push(Committed::of(state, journal));
            }
        }
        Ok(committed)
    }

    /// Closes the workspace and deletes its state directory if nothing is in
    /// it: for one that lies in a person's own folder.
    ///
    /// # Errors
    /// When the directory is empty and still can't be deleted.
    pub fn close(self) -> FileResult<()> {
        let state = self.state()?;
        let _locked = state.lock()?;
        state.remove_if_empty()
    }

    /// Carries out the journals that a crash, or a full disk, left pending.
    fn finish_interrupted(&self) -> FileResult<()> {
        let state = self.state()?;
        for (id, stage) in state.list()?.journals {
            if stage == Stage::Pending
                && let Some(journal) = state.find(id)?
            {
                let run = Run::new(self, state, id);
                Step::after_commit(&journal)
                    .iter()
                    .try_for_each(|step| run.step(step))
                    .map_err(|error| unfinished(id, error))?;
            }
        }
        Ok(())
    }

    /// Runs a whole commit. Before the commit point a failure undoes what was
    /// staged; after it nothing is undone.
    fn carry_out(&self, journal: &Journal, steps: &[Step<'_>]) -> FileResult<()> {
        let state = self.state()?;
        let run = Run::new(self, state, journal.id);
        let mut committed = false;
        for step in steps {
            if let Err(error) = run.step(step) {
                if committed {
                    return Err(unfinished(journal.id, error));
                }
                // What can't be deleted now, `recover` deletes.
                drop(state.discard(journal.id, journal.staged));
                return Err(error);
            }
            committed |= matches!(step, Step::Publish);
        }
        Ok(())
    }
}

impl Committed {
    fn of(state: &Arc<StateDirectory>, journal: Journal) -> Self {
        Self {
            journal,
            state: Arc::clone(state),
        }
    }

    /// Returns the transaction's id.
    pub fn id(&self) -> TransactionId {
        self.journal.id
    }

    /// Returns what the database must say.
    pub fn rows(&self) -> &[u8] {
        &self.journal.rows
    }

    /// Deletes the journal: call it when the database has the rows.
    ///
    /// Losing this deletion in a power failure is harmless: `recover` then
    /// returns the transaction once more.
    ///
    /// # Errors
    /// When the journal can't be deleted; it is then returned by the next
    /// `recover`.
    pub fn finish(self) -> FileResult<()> {
        self.state.finish(self.journal.id, self.journal.staged)
    }
}

fn unfinished(id: TransactionId, error: FileError) -> FileError {
    FileError::Unfinished {
        id,
        source: Box::new(error),
    }
}
