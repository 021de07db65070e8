//! A file of a proposal under some of its hunks, and what hunks need of one
//! another.
//!
//! Every set of hunks gives every file one place and content. Applying and
//! undoing are both the step from one set to another.

use std::collections::{HashMap, HashSet};
use std::str::FromStr as _;

use atelier_base::{HunkId, WorkspacePath};
use atelier_patch::{Change, Encoding, Hunk, PlannedFile, Selected, select};
use atelier_store::{
    FileChange, HunkState, Proposal as Stored, ProposalFileRow, ProposalHunkRow, ProposalState,
};

use super::{engine_hunk, hunks_of};
use crate::domain::Domain;
use crate::error::{Error, Result};

/// The hunks whose changes are, or will be, in the files.
pub(super) type Set = HashSet<HunkId>;

/// Returns the hunks whose changes are in the files.
pub(super) fn applied_hunks(stored: &Stored) -> Set {
    // Proposals that were undone before hunks said so keep them as accepted.
    if stored.proposal.state == ProposalState::Undone {
        return Set::new();
    }
    let accepted = |hunk: &&ProposalHunkRow| hunk.state == HunkState::Accepted;
    stored
        .hunks
        .iter()
        .filter(accepted)
        .map(|hunk| hunk.id)
        .collect()
}

/// Returns a file under `set`.
pub(super) fn side(
    stored: &Stored,
    file: &ProposalFileRow,
    planned: &PlannedFile,
    set: &Set,
) -> Selected {
    let flags: Vec<bool> = hunks_of(stored, file.position)
        .map(|hunk| set.contains(&hunk.id))
        .collect();
    select(planned, &flags)
}

/// Returns the step of a file from one set to another, for weighing what it
/// destroys.
pub(super) fn step_of(
    stored: &Stored,
    file: &ProposalFileRow,
    planned: PlannedFile,
    (from, to): (&Set, &Set),
) -> PlannedFile {
    let from = side(stored, file, &planned, from);
    let to = side(stored, file, &planned, to);
    PlannedFile {
        path: to.path,
        change: match (&from.bytes, &to.bytes) {
            (None, Some(_)) => Change::Create,
            (Some(_), None) => Change::Delete,
            _ => Change::Modify,
        },
        before: from.bytes,
        after: to.bytes,
        hunks: Vec::new(),
        ..planned
    }
}

/// Returns the encoding of a stored file's text.
pub(super) fn encoding_of(file: &ProposalFileRow) -> Encoding {
    Encoding::from_str(&file.encoding).unwrap_or_default()
}

/// Returns, for each hunk that needs others of the proposal, which.
///
/// The lines and mode of a copy need the copy. What comes to a path at which
/// something is needs what goes away from there.
pub(super) fn needs(stored: &Stored) -> HashMap<HunkId, Vec<HunkId>> {
    let mut leaving: HashMap<&WorkspacePath, HunkId> = HashMap::new();
    for file in &stored.files {
        if let Some(hunk) = presence(stored, file) {
            match (file.change, &file.from_path) {
                (FileChange::Delete, _) => leaving.insert(&file.path, hunk.id),
                (FileChange::Rename, Some(from)) => leaving.insert(from, hunk.id),
                _ => None,
            };
        }
    }
    let mut needs: HashMap<HunkId, Vec<HunkId>> = HashMap::new();
    for file in &stored.files {
        let Some(own) = presence(stored, file) else {
            continue;
        };
        if file.change != FileChange::Delete
            && let Some(left) = leaving.get(&file.path)
        {
            needs.entry(own.id).or_default().push(*left);
        }
        if file.change == FileChange::Copy {
            for hunk in hunks_of(stored, file.position).filter(|hunk| hunk.id != own.id) {
                needs.entry(hunk.id).or_default().push(own.id);
            }
        }
    }
    needs
}

/// Refuses a set in which a hunk lacks another one that it needs.
pub(super) fn check_needs(stored: &Stored, set: &Set) -> Result<()> {
    let needs = needs(stored);
    for (number, hunk) in (1..).zip(&stored.hunks) {
        let wanted = needs.get(&hunk.id).into_iter().flatten();
        for lacking in wanted.filter(|_| set.contains(&hunk.id)) {
            if !set.contains(lacking) {
                return Err(lacks(stored, number, hunk, *lacking));
            }
        }
    }
    Ok(())
}

fn lacks(stored: &Stored, number: usize, hunk: &ProposalHunkRow, lacking: HunkId) -> Error {
    let path = |hunk: &ProposalHunkRow| {
        let mut files = stored.files.iter();
        let file = files.find(|file| file.position == hunk.file_position);
        file.map_or_else(String::new, |file| file.path.to_string())
    };
    let place = stored.hunks.iter().position(|other| other.id == lacking);
    let other = place.and_then(|place| Some((place + 1, stored.hunks.get(place)?)));
    let other = other.map_or_else(String::new, |(number, other)| {
        format!("hunk {number} ({} of `{}`)", other.kind, path(other))
    });
    Error::invalid(
        "hunks",
        format!(
            "hunk {number} of `{}` can't be applied without {other}; take both or neither",
            path(hunk)
        ),
    )
}

/// Returns the hunk that makes, moves, copies or removes the file.
fn presence<'a>(stored: &'a Stored, file: &ProposalFileRow) -> Option<&'a ProposalHunkRow> {
    let mut hunks = hunks_of(stored, file.position);
    hunks.find(|hunk| ["create", "delete", "rename", "copy"].contains(&hunk.kind.as_str()))
}

impl Domain {
    /// Returns a stored file of a proposal in the edit engine's form.
    pub(super) async fn planned(
        &self,
        stored: &Stored,
        file: &ProposalFileRow,
    ) -> Result<PlannedFile> {
        let hunks = hunks_of(stored, file.position).map(engine_hunk);
        let read = async |hash: Option<_>| match hash {
            Some(hash) => self.blob(Some(hash)).await.map(Some),
            None => Ok(None),
        };
        let from = file.from_path.clone().unwrap_or_else(|| file.path.clone());
        Ok(PlannedFile {
            path: file.path.clone(),
            change: match file.change {
                FileChange::Create => Change::Create,
                FileChange::Modify => Change::Modify,
                FileChange::Delete => Change::Delete,
                FileChange::Rename => Change::Rename { from },
                FileChange::Copy => Change::Copy { from },
            },
            before: read(file.before_hash).await?,
            after: read(file.after_hash).await?,
            executable: file.executable,
            executable_before: file.executable_before,
            binary: file.is_binary,
            encoding: encoding_of(file),
            hunks: hunks.collect::<Result<Vec<Hunk>>>()?,
        })
    }
}
