//! From planned files to changes of the directory.

use std::collections::BTreeSet;

use atelier_base::{ContentHash, WorkspacePath};
use atelier_patch::{Change, Plan, PlannedFile};
use atelier_sandbox::FileError;
use atelier_sandbox::files::{EntryKind, Root, WalkOptions};
use atelier_sandbox::transaction::{Expect, FileChange, FolderContent};

/// Returns the changes of one planned file. Each expects what the plan was
/// made for, so that what is written meanwhile is a conflict and not lost.
pub(super) fn of(file: &PlannedFile) -> Vec<FileChange> {
    let before = file.before.as_deref().map_or(Expect::Missing, |bytes| {
        Expect::Hash(ContentHash::of(bytes))
    });
    let write = |expect| FileChange::Write {
        path: file.path.clone(),
        bytes: file.after.clone().unwrap_or_default(),
        executable: file.executable,
        expect,
    };
    match &file.change {
        Change::Create | Change::Copy { .. } => vec![write(Expect::Missing)],
        Change::Modify => vec![write(before)],
        Change::Delete => vec![FileChange::Remove {
            path: file.path.clone(),
            expect: before,
        }],
        Change::Rename { from }
            if file.before == file.after && file.executable == file.executable_before =>
        {
            vec![FileChange::Rename {
                from: from.clone(),
                to: file.path.clone(),
                expect: before,
            }]
        }
        Change::Rename { from } => vec![FileChange::MoveAndWrite {
            from: from.clone(),
            to: file.path.clone(),
            bytes: file.after.clone().unwrap_or_default(),
            executable: file.executable,
            expect: before,
        }],
    }
}

/// Lists the folders that a plan will make, outer ones first.
pub(super) fn new_folders(root: &Root, plan: &Plan) -> Result<BTreeSet<WorkspacePath>, FileError> {
    let mut folders = BTreeSet::new();
    for file in &plan.files {
        for folder in std::iter::successors(file.path.parent(), WorkspacePath::parent) {
            if folders.contains(&folder) || root.entry(&folder)? != EntryKind::Missing {
                break;
            }
            folders.insert(folder);
        }
    }
    Ok(folders)
}

/// Removes those folders in which nothing is left once the plan's files have
/// left: what made them takes them away again.
pub(super) fn empty_folders(
    root: &Root,
    made: &BTreeSet<WorkspacePath>,
    plan: &Plan,
) -> Result<Vec<FileChange>, FileError> {
    let left = plan.files.iter().filter_map(|file| match &file.change {
        Change::Delete => Some(&file.path),
        Change::Rename { from } => Some(from),
        Change::Create | Change::Modify | Change::Copy { .. } => None,
    });
    let mut gone: BTreeSet<WorkspacePath> = left.cloned().collect();
    let comes = |folder: &WorkspacePath| {
        let stays = |file: &PlannedFile| file.change != Change::Delete;
        let mut files = plan.files.iter().filter(|file| stays(file));
        files.any(|file| file.path.is_within(folder))
    };
    let mut changes = Vec::new();
    // Inner folders first: an outer one is empty once they are gone.
    for folder in made.iter().rev() {
        if comes(folder) || root.entry(folder)? != EntryKind::Directory {
            continue;
        }
        let options = WalkOptions {
            below: Some(folder.clone()),
            ..WalkOptions::default()
        };
        let listing = root.walk(&options)?;
        let empty = listing.skipped.is_empty();
        if empty && listing.found.iter().all(|found| gone.contains(&found.path)) {
            gone.insert(folder.clone());
            changes.push(FileChange::RemoveDirectory {
                path: folder.clone(),
                content: FolderContent::MustBeEmpty,
            });
        }
    }
    Ok(changes)
}
