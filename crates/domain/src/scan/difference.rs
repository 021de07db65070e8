//! How a tree differs from its rows.

use std::collections::HashMap;

use atelier_base::WorkspacePath;
use atelier_sandbox::files::{EntryKind, Found};
use atelier_store::{FileKind, LiveFile};

use super::kind_of;

/// One difference between the tree and its rows.
pub(super) enum Difference {
    Gone(LiveFile),
    /// The same file is at another path, its content unchanged.
    Moved(LiveFile, Found),
    New(Found),
    Changed(LiveFile, Found),
}

impl Difference {
    /// Returns the paths that it is about.
    pub(super) fn paths(&self) -> impl Iterator<Item = &WorkspacePath> {
        let (row, found) = match self {
            Self::Gone(row) => (Some(row), None),
            Self::New(found) => (None, Some(found)),
            Self::Moved(row, found) | Self::Changed(row, found) => (Some(row), Some(found)),
        };
        let paths = row.map(|row| &row.path).into_iter();
        paths.chain(found.map(|found| &found.path))
    }

    /// Rows that go make way for rows that take their paths.
    fn order(&self) -> (u8, WorkspacePath) {
        match self {
            Self::Gone(file) => (0, file.path.clone()),
            Self::Moved(_, found) => (1, found.path.clone()),
            Self::New(found) | Self::Changed(_, found) => (2, found.path.clone()),
        }
    }
}

/// Compares the tree with its rows.
pub(super) fn compare(found: Vec<Found>, known: Vec<LiveFile>) -> Vec<Difference> {
    let mut known: HashMap<WorkspacePath, LiveFile> = known
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect();
    let unseen: Vec<WorkspacePath> = found
        .iter()
        .filter(|found| found.kind == EntryKind::Directory && found.left_out)
        .map(|found| found.path.clone())
        .collect();
    let (mut differences, mut new) = (Vec::new(), Vec::new());
    for found in found {
        let Some(kind) = kind_of(found.kind) else {
            continue;
        };
        match known.remove(&found.path) {
            None => new.push(found),
            Some(file) if file.kind != kind || is_other_link(&file, &found) => {
                differences.push(Difference::Gone(file));
                differences.push(Difference::New(found));
            }
            Some(file) if kind == FileKind::File && !same_stat(&file, &found) => {
                differences.push(Difference::Changed(file, found));
            }
            Some(_) => {}
        }
    }
    // A person's own file in a folder that is not entered is not gone.
    known.retain(|path, _| {
        let inside = |folder: &WorkspacePath| path != folder && path.is_within(folder);
        !unseen.iter().any(inside)
    });
    differences.extend(pair(known.into_values().collect(), new));
    differences.sort_by_cached_key(Difference::order);
    differences
}

/// Tells what moved from what came and went. The file system keeps inode, size
/// and time of a file that is renamed; an inode alone may be another file's
/// by now.
fn pair(gone: Vec<LiveFile>, new: Vec<Found>) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut files: HashMap<u64, LiveFile> = HashMap::new();
    for row in gone {
        if row.kind != FileKind::File || row.inode == 0 {
            differences.push(Difference::Gone(row));
        } else if let Some(link) = files.insert(row.inode, row) {
            // Hard links of one file: either may be what moved.
            differences.push(Difference::Gone(link));
        }
    }
    for found in new {
        let moved = files
            .get(&found.inode)
            .is_some_and(|file| found.kind == EntryKind::File && same_stat(file, &found));
        let row = if moved {
            files.remove(&found.inode)
        } else {
            None
        };
        differences.push(match row {
            Some(row) => Difference::Moved(row, found),
            None => Difference::New(found),
        });
    }
    differences.extend(files.into_values().map(Difference::Gone));
    differences
}

/// Says whether a link was made anew, and so perhaps leads elsewhere: where a
/// link leads is never changed in place.
fn is_other_link(file: &LiveFile, found: &Found) -> bool {
    file.kind == FileKind::Link
        && file.inode != 0
        && (file.inode, file.modified_ns) != (found.inode, found.modified_ns)
}

pub(super) fn same_stat(file: &LiveFile, found: &Found) -> bool {
    (
        file.size_bytes,
        file.modified_ns,
        file.inode,
        file.executable,
    ) == (found.size, found.modified_ns, found.inode, found.executable)
}
