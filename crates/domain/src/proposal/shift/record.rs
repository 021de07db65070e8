//! What a step writes down: edits, what undoing needs to know, conflicts.

use atelier_base::{ContentHash, FileId};
use atelier_sandbox::transaction::Expect;
use atelier_store::{AuthorKind, TransactionKind};

use super::{Moving, Shift};
use crate::commit::{AppliedFile, Author, FileEdit, Origin};
use crate::proposal::conflict::{Found, conflict};
use crate::proposal::{Standing, hunks_of};

impl Shift<'_> {
    pub(super) fn write(
        &mut self,
        one: &Moving<'_>,
        place: Place,
        bytes: Vec<u8>,
        executable: bool,
    ) {
        let after = ContentHash::of(&bytes);
        self.done.files.push(FileEdit::Write {
            file: place.file,
            origin: place.origin,
            path: one.to.path.clone(),
            bytes,
            executable,
            expect: place.expect,
            author: self.author(),
        });
        self.note(one, place.before, Some(after));
    }

    /// Remembers what the step found and wrote, so that taking all of the
    /// file's hunks back can be exact.
    pub(super) fn note(
        &mut self,
        one: &Moving<'_>,
        found: Option<ContentHash>,
        wrote: Option<ContentHash>,
    ) {
        let mut hunks = hunks_of(self.stored, one.file.position);
        let is_first = !hunks.any(|hunk| self.from.contains(&hunk.id));
        let (before, after) = if one.is_end {
            (None, None)
        } else if is_first {
            (found, wrote)
        } else if found.is_some() && found == one.file.applied_after_hash {
            (one.file.applied_before_hash, wrote)
        } else {
            (None, None)
        };
        self.done.applied.push(AppliedFile {
            position: one.file.position,
            before,
            after,
        });
    }

    pub(super) fn forget(&mut self, one: &Moving<'_>) {
        self.done.applied.push(AppliedFile {
            position: one.file.position,
            before: None,
            after: None,
        });
    }

    pub(super) fn note_merge(&mut self, one: &Moving<'_>) {
        let hunks = hunks_of(self.stored, one.file.position);
        let new = hunks.filter(|hunk| self.to.contains(&hunk.id) && !self.from.contains(&hunk.id));
        self.done.merged.extend(new.map(|hunk| hunk.id));
    }

    pub(super) fn author(&self) -> Author {
        let proposal = &self.stored.proposal;
        // A patch that a person sent is the person's work, and so is undoing.
        let by_assistant = proposal.turn_id.is_some() && self.kind == TransactionKind::Apply;
        Author {
            kind: if by_assistant {
                AuthorKind::Assistant
            } else {
                AuthorKind::User
            },
            turn: proposal.turn_id.filter(|_| by_assistant),
            run: None,
            proposal: Some(proposal.id),
        }
    }

    pub(super) fn refuse(
        &mut self,
        one: &Moving<'_>,
        now: Option<Standing>,
        reason: &str,
        found: Option<Found>,
    ) {
        let sides = (one.from.bytes.as_deref(), one.to.bytes.as_deref());
        let conflict = conflict(one.file, sides, now, reason, found);
        self.done.conflicts.push(conflict);
    }
}

/// Where something is written, and over what.
pub(super) struct Place {
    pub(super) file: FileId,
    pub(super) origin: Origin,
    pub(super) expect: Expect,
    pub(super) before: Option<ContentHash>,
}

impl Place {
    pub(super) fn over(now: &Standing) -> Self {
        Self {
            file: now.file,
            origin: Origin::Known,
            expect: Expect::Hash(now.hash),
            before: Some(now.hash),
        }
    }
}
