//! A plan brought onto files that have changed since it was made, and turned
//! round: what applies a patch to later work, and what takes one back.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use atelier_base::WorkspacePath;

use crate::diff::Hunk;
use crate::label::MatchLabel;
use crate::line::lines;
use crate::merge::{Conflict, merge};
use crate::plan::{Change, Plan, PlannedFile};
use crate::source::{Entry, Source, SourceError};

/// The most conflicts, and lines of each of their sides, that an error shows.
const SHOWN_PLACES: usize = 4;
const SHOWN_LINES: usize = 3;

/// Why a plan can't be brought onto the files as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OntoError {
    /// A file could not be read.
    Unreadable(WorkspacePath, SourceError),
    /// What the plan changes was changed otherwise. Each of these files.
    Clashes(Vec<Clash>),
}

/// One file that was changed otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The file, where it is now.
    pub path: WorkspacePath,
    /// What happened to it, in one sentence.
    pub reason: &'static str,
    /// The lines that both sides changed, if that is what happened.
    pub places: Vec<ClashPlace>,
    /// Both sides in one text, with conflict markers around those lines.
    pub merged: Option<Vec<u8>>,
}

/// Lines that were changed, and that the plan wants to change otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClashPlace {
    /// Which lines of the file as it is now, from 0.
    pub lines: Range<u32>,
    /// Those lines.
    pub now: String,
    /// What the plan makes of what they were.
    pub wanted: String,
}

/// Brings a plan onto the files as `now` has them: each file's change is
/// merged with what was written since. What is already as the plan has it is
/// left out; a merged file's hunks are labelled [`MatchLabel::Merged`].
///
/// # Errors
/// When the same lines were changed otherwise, a file to change is gone, or
/// something is where one is to be made; then nothing is planned.
pub fn onto(plan: &Plan, now: &dyn Source) -> Result<Plan, OntoError> {
    let left = plan.files.iter().filter_map(|file| match &file.change {
        Change::Delete => Some(&file.path),
        Change::Rename { from } => Some(from),
        Change::Create | Change::Modify | Change::Copy { .. } => None,
    });
    let onto = Onto {
        now,
        left: left.collect(),
    };
    let mut files = Vec::new();
    let mut clashes = Vec::new();
    for file in &plan.files {
        match onto.file(file) {
            Ok(placed) => files.extend(placed),
            Err(Failure::Unreadable(path, error)) => {
                return Err(OntoError::Unreadable(path, error));
            }
            Err(Failure::Clash(clash)) => clashes.push(*clash),
        }
    }
    if clashes.is_empty() {
        Ok(Plan { files })
    } else {
        Err(OntoError::Clashes(clashes))
    }
}

impl Plan {
    /// Returns the plan that takes this one back. Bring it [`onto`] the files
    /// as they are, which may have changed since.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            files: self.files.iter().map(reversed).collect(),
        }
    }
}

fn reversed(file: &PlannedFile) -> PlannedFile {
    let (path, change) = match &file.change {
        Change::Create | Change::Copy { .. } => (file.path.clone(), Change::Delete),
        Change::Delete => (file.path.clone(), Change::Create),
        Change::Modify => (file.path.clone(), Change::Modify),
        Change::Rename { from } => {
            let from_now = file.path.clone();
            (from.clone(), Change::Rename { from: from_now })
        }
    };
    let keeps = matches!(change, Change::Modify | Change::Rename { .. });
    let after = (change != Change::Delete).then(|| file.before.clone());
    let executable = if keeps {
        file.executable_before
    } else {
        file.executable
    };
    let reversed = PlannedFile::of(
        path,
        change,
        file.after.clone(),
        after.flatten(),
        executable,
    );
    PlannedFile {
        encoding: file.encoding,
        ..reversed.with_executable_before(file.executable)
    }
}

struct Onto<'a> {
    now: &'a dyn Source,
    /// The paths that the plan itself makes free.
    left: BTreeSet<&'a WorkspacePath>,
}

enum Failure {
    Unreadable(WorkspacePath, SourceError),
    Clash(Box<Clash>),
}

impl Onto<'_> {
    fn file(&self, file: &PlannedFile) -> Result<Option<PlannedFile>, Failure> {
        match &file.change {
            Change::Create => self.create(file, true),
            Change::Copy { from } => {
                let source = self.read(from)?;
                let same = matches!(&source, Entry::File { bytes, .. }
                    if file.before.as_ref() == Some(bytes));
                self.create(file, same)
            }
            Change::Delete => self.delete(file),
            Change::Modify => self.change(file, &file.path),
            Change::Rename { from } => self.change(file, from),
        }
    }

    /// Makes a file; when `as_planned` is not set, of nothing but its bytes.
    fn create(&self, file: &PlannedFile, as_planned: bool) -> Result<Option<PlannedFile>, Failure> {
        match self.read(&file.path)? {
            Entry::File { bytes, .. } if file.after.as_ref() == Some(&bytes) => Ok(None),
            _ if !self.is_free(&file.path)? => {
                Err(clash(&file.path, "something is there that the patch makes"))
            }
            _ if as_planned => Ok(Some(file.clone())),
            _ => {
                let (path, after) = (file.path.clone(), file.after.clone());
                let made = PlannedFile::of(path, Change::Create, None, after, file.executable);
                Ok(Some(PlannedFile {
                    encoding: file.encoding,
                    ..made
                }))
            }
        }
    }

    fn delete(&self, file: &PlannedFile) -> Result<Option<PlannedFile>, Failure> {
        match self.read(&file.path)? {
            Entry::Missing => Ok(None),
            Entry::File { bytes, .. } if file.before.as_ref() == Some(&bytes) => {
                Ok(Some(file.clone()))
            }
            _ => Err(clash(
                &file.path,
                "it was changed, and the patch deletes it",
            )),
        }
    }

    /// Changes the file at `home`, and moves it to the plan's path.
    fn change(
        &self,
        file: &PlannedFile,
        home: &WorkspacePath,
    ) -> Result<Option<PlannedFile>, Failure> {
        let moves = *home != file.path;
        let (bytes, executable) = match self.read(home)? {
            Entry::File { bytes, executable } => (bytes, executable),
            Entry::Missing if moves && self.is_done(file)? => return Ok(None),
            Entry::Missing => return Err(clash(home, "the file that the patch changes is gone")),
            Entry::Directory | Entry::TooLarge | Entry::Other(_) => {
                return Err(clash(home, "it is no file any more"));
            }
        };
        if moves && !self.is_free(&file.path)? {
            return Err(clash(
                &file.path,
                "something is where the patch moves a file",
            ));
        }
        let wanted = if file.executable == file.executable_before {
            executable
        } else {
            file.executable
        };
        let before = file.before.as_deref().unwrap_or_default();
        if bytes == before && executable == file.executable_before {
            return Ok(Some(file.clone()));
        }
        let after = merged(file, home, before, &bytes)?;
        if !moves && after == bytes && wanted == executable {
            return Ok(None);
        }
        let (path, change) = (file.path.clone(), file.change.clone());
        let placed = PlannedFile::of(path, change, Some(bytes), Some(after), wanted)
            .with_executable_before(executable);
        Ok(Some(label(placed, file)))
    }

    fn read(&self, path: &WorkspacePath) -> Result<Entry, Failure> {
        let entry = self.now.read(path);
        entry.map_err(|error| Failure::Unreadable(path.clone(), error))
    }

    /// Whether nothing is at a path once the plan's own files have left.
    fn is_free(&self, path: &WorkspacePath) -> Result<bool, Failure> {
        Ok(self.left.contains(path) || self.read(path)? == Entry::Missing)
    }

    /// Whether a moved file is where, and what, it should be.
    fn is_done(&self, file: &PlannedFile) -> Result<bool, Failure> {
        Ok(match self.read(&file.path)? {
            Entry::File { bytes, .. } => file.after.as_ref() == Some(&bytes),
            _ => false,
        })
    }
}

/// Merges a file's change with what was written since.
fn merged(
    file: &PlannedFile,
    home: &WorkspacePath,
    before: &[u8],
    now: &[u8],
) -> Result<Vec<u8>, Failure> {
    let after = file.after.as_deref().unwrap_or_default();
    if now == before || now == after {
        return Ok(after.to_vec());
    }
    if before == after {
        return Ok(now.to_vec());
    }
    if file.binary {
        return Err(clash(home, "it was changed, and is not text to merge"));
    }
    let merge = merge(before, now, after);
    if merge.conflicts.is_empty() {
        return Ok(merge.bytes);
    }
    let places = merge.conflicts.iter().map(|at| place(at, now, after));
    Err(Failure::Clash(Box::new(Clash {
        path: home.clone(),
        reason: "the same lines were changed otherwise",
        places: places.collect(),
        merged: Some(merge.bytes),
    })))
}

fn place(conflict: &Conflict, now: &[u8], wanted: &[u8]) -> ClashPlace {
    let text = |bytes, range: &Range<u32>| {
        let lines = lines(bytes).skip(range.start as usize);
        let bytes: Vec<&[u8]> = lines.take(range.len()).collect();
        String::from_utf8_lossy(&bytes.concat()).into_owned()
    };
    ClashPlace {
        lines: conflict.ours.clone(),
        now: text(now, &conflict.ours),
        wanted: text(wanted, &conflict.theirs),
    }
}

/// Labels the hunks of a merged file: merged, or as unsure as any was before.
fn label(mut placed: PlannedFile, file: &PlannedFile) -> PlannedFile {
    let labels = file.hunks.iter().map(|hunk: &Hunk| hunk.label);
    let label = labels.fold(MatchLabel::Merged, MatchLabel::worse);
    for hunk in &mut placed.hunks {
        hunk.label = label;
    }
    placed.encoding = file.encoding;
    placed
}

fn clash(path: &WorkspacePath, reason: &'static str) -> Failure {
    Failure::Clash(Box::new(Clash {
        path: path.clone(),
        reason,
        places: Vec::new(),
        merged: None,
    }))
}

impl fmt::Display for OntoError {
    /// At most 40 lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clashes = match self {
            Self::Unreadable(path, error) => return write!(f, "`{path}`: {error}"),
            Self::Clashes(clashes) => clashes,
        };
        let mut shown = 0;
        for clash in clashes.iter().take(SHOWN_PLACES) {
            if shown > 0 {
                f.write_str("\n")?;
            }
            write!(f, "`{}`: {}", clash.path, clash.reason)?;
            shown += 1;
            for place in clash.places.iter().take(SHOWN_PLACES.saturating_sub(shown)) {
                write!(f, "\n  line {}", place.lines.start + 1)?;
                side(f, "is now", &place.now)?;
                side(f, "wanted", &place.wanted)?;
                shown += 1;
            }
        }
        let more = clashes.len().saturating_sub(SHOWN_PLACES);
        if more > 0 {
            write!(f, "\nand {more} more files")?;
        }
        Ok(())
    }
}

fn side(f: &mut fmt::Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    let count = text.lines().count();
    for line in text.lines().take(SHOWN_LINES) {
        let line: String = line.escape_debug().take(200).collect();
        write!(f, "\n    {name}: {line}")?;
    }
    if count == 0 {
        write!(f, "\n    {name}: nothing")?;
    }
    if count > SHOWN_LINES {
        write!(f, "\n    {name}: … {} more lines", count - SHOWN_LINES)?;
    }
    Ok(())
}

impl std::error::Error for OntoError {}
