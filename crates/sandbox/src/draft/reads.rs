//! Which of the workspace's files the programs of a draft opened.
//!
//! The record lies in the draft's directory, beside its layers, where no
//! program of a cell comes: the folders that are watched, and what was opened
//! in them, added as it happens. A record that may lack something is none: its
//! list of folders is gone, and what is left says why.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atelier_base::WorkspacePath;

use super::Draft;
use crate::error::{FileError, FileResult};

/// The folders that are watched.
const FOLDERS: &str = "folders";
/// What was opened in them.
const OPENED: &str = "opened";
/// Is there while a cell adds to the record.
const UNSETTLED: &str = "unsettled";
/// Why there is no record.
const REASON: &str = "unknown";

/// The most folders that are watched for one draft.
const FOLDERS_MOST: usize = 16_384;
/// The most files and folders that a record names.
const NAMES_MOST: usize = 100_000;

/// What is known of what a draft's programs read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All that they opened is known.
    Observed(Observed),
    /// Any file of the workspace may have been read.
    All {
        /// Why that is not known better.
        reason: String,
    },
}

/// What a draft's programs opened of the workspace. `None` stands for the
/// workspace's top folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The files. Some may be no files of the workspace.
    pub files: BTreeSet<WorkspacePath>,
    /// The folders that were opened themselves, and so perhaps listed.
    pub folders: BTreeSet<Option<WorkspacePath>>,
    /// The folders in which nothing was opened unseen.
    pub watched: BTreeSet<Option<WorkspacePath>>,
}

impl Draft {
    /// Has what is opened in `folders` and in the top folder recorded from the
    /// next cell on. Without it, and with more than 16,383 folders, a draft
    /// does not tell its reads.
    ///
    /// # Errors
    /// When the list can't be written.
    pub fn observe<'a>(
        &self,
        folders: impl IntoIterator<Item = &'a WorkspacePath>,
    ) -> FileResult<()> {
        let mut list = vec![0];
        let mut count = 1;
        for folder in folders {
            list.extend_from_slice(folder.as_str().as_bytes());
            list.push(0);
            count += 1;
        }
        let place = &self.directory;
        let written = if count > FOLDERS_MOST {
            let reason = format!("the workspace has more than {FOLDERS_MOST} folders");
            fs::write(place.join(REASON), reason)
        } else {
            fs::write(place.join(FOLDERS), list)
        };
        written.map_err(|error| failed("note the folders of the draft", place, error))
    }

    /// Returns what is known of what the draft's programs read so far.
    ///
    /// # Errors
    /// When the record can't be read.
    pub fn reads(&self) -> FileResult<Reads> {
        let doing = "read what the draft opened";
        let at = |name| {
            let found = fs::read(self.directory.join(name));
            optional(found).map_err(|error| failed(doing, &self.directory, error))
        };
        let Some(folders) = at(FOLDERS)? else {
            let reason = at(REASON)?.unwrap_or_default();
            let reason = String::from_utf8_lossy(&reason).into_owned();
            let reason = Some(reason).filter(|reason| !reason.is_empty());
            return Ok(Reads::All {
                reason: reason.unwrap_or_else(|| "nothing was watched in this draft".to_owned()),
            });
        };
        let lines = at(OPENED)?.unwrap_or_default();
        Ok(Reads::Observed(Observed::parse(&folders, &lines)))
    }

    /// Gives a record up that a cell added to when its server died. To be
    /// called when the draft has no cell.
    ///
    /// # Errors
    /// When that can't be noted.
    pub fn settle_reads(&self) -> FileResult<()> {
        let unsettled = self.directory.join(UNSETTLED);
        let doing = "settle the record of the draft";
        if unsettled.exists() {
            give_up(
                &self.directory,
                "the server ended while programs ran in the draft",
            )
            .and_then(|()| fs::remove_file(&unsettled))
            .map_err(|error| failed(doing, &self.directory, error))?;
        }
        Ok(())
    }
}

impl Observed {
    fn parse(folders: &[u8], lines: &[u8]) -> Self {
        let mut observed = Self {
            watched: names(folders).filter_map(place).collect(),
            ..Self::default()
        };
        for line in names(lines) {
            let Some((kind, name)) = line.split_at_checked(1) else {
                continue;
            };
            match (kind, place(name)) {
                ("o", Some(Some(path))) => {
                    observed.files.insert(path);
                }
                ("l", Some(folder)) => {
                    observed.folders.insert(folder);
                }
                ("m", Some(folder)) => {
                    observed.watched.remove(&folder);
                }
                // A name that no workspace has.
                _ => {}
            }
        }
        observed
    }
}

/// A record that a cell adds to. Its methods block, shortly.
#[derive(Debug)]
pub(crate) struct Record {
    directory: PathBuf,
    /// `None` when the record was given up.
    file: Option<File>,
    known: HashSet<String>,
    waiting: Vec<u8>,
}

impl Record {
    /// Begins to add to the record of the draft in `directory`; returns it
    /// with the folders to watch. `None` when there is none.
    pub(crate) fn open(directory: &Path) -> io::Result<Option<(Self, Vec<String>)>> {
        let Some(folders) = optional(fs::read(directory.join(FOLDERS)))? else {
            return Ok(None);
        };
        if directory.join(UNSETTLED).exists() {
            give_up(directory, "a cell of the draft was lost")?;
            return Ok(None);
        }
        let known = optional(fs::read(directory.join(OPENED)))?.unwrap_or_default();
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .open(directory.join(OPENED))?;
        fs::write(directory.join(UNSETTLED), "")?;
        let record = Self {
            directory: directory.to_owned(),
            file: Some(file),
            known: names(&known).map(str::to_owned).collect(),
            waiting: Vec::new(),
        };
        Ok(Some((record, names(&folders).map(str::to_owned).collect())))
    }

    /// Notes that a file was opened.
    pub(crate) fn opened(&mut self, folder: &str, name: &str) {
        let line = match folder {
            "" => format!("o{name}"),
            folder => format!("o{folder}/{name}"),
        };
        self.note(line);
    }

    /// Notes that a folder was opened, and so perhaps listed.
    pub(crate) fn listed(&mut self, folder: &str) {
        self.note(format!("l{folder}"));
    }

    /// Notes that a folder is not watched.
    pub(crate) fn missed(&mut self, folder: &str) {
        self.note(format!("m{folder}"));
    }

    fn note(&mut self, line: String) {
        if self.file.is_none() || self.known.contains(&line) {
            return;
        }
        if self.known.len() >= NAMES_MOST {
            return self.give_up(&format!("more than {NAMES_MOST} files were opened"));
        }
        self.waiting.extend_from_slice(line.as_bytes());
        self.waiting.push(0);
        self.known.insert(line);
    }

    /// Gives the record up: any file may have been read.
    pub(crate) fn give_up(&mut self, reason: &str) {
        self.file = None;
        self.known = HashSet::new();
        self.waiting = Vec::new();
        if let Err(error) = give_up(&self.directory, reason) {
            tracing::warn!(%error, path = %self.directory.display(), "the record of a draft could not be given up");
        }
    }

    /// Writes down what was noted.
    pub(crate) fn flush(&mut self) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(&self.waiting) {
            return self.give_up(&format!(
                "what was opened could not be written down: {error}"
            ));
        }
        self.waiting.clear();
    }

    /// Ends the record, when nothing is added to it any more.
    pub(crate) fn close(mut self) {
        self.flush();
        // One that stays has the record given up, which is safe.
        let _ = fs::remove_file(self.directory.join(UNSETTLED));
    }
}

/// Removing needs no room on the disk, so it comes first.
fn give_up(directory: &Path, reason: &str) -> io::Result<()> {
    optional(fs::remove_file(directory.join(FOLDERS)))?;
    let _ = fs::write(directory.join(REASON), reason);
    Ok(())
}

/// Splits what ends in NUL each; what comes after the last was cut off.
fn names(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let last = bytes.iter().rposition(|byte| *byte == 0);
    let whole = last.map(|last| bytes[..last].split(|byte| *byte == 0));
    let parts = whole.into_iter().flatten();
    parts.filter_map(|name| std::str::from_utf8(name).ok())
}

/// Returns the folder or file of a name; `None` for what no workspace has.
#[expect(clippy::option_option, reason = "the top folder has no path")]
fn place(name: &str) -> Option<Option<WorkspacePath>> {
    match name {
        "" => Some(None),
        name => WorkspacePath::new(name).ok().map(Some),
    }
}

fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

fn failed(doing: &'static str, place: &Path, error: io::Error) -> FileError {
    FileError::io(doing, place.display(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> WorkspacePath {
        WorkspacePath::new(name).unwrap()
    }

    fn draft(folders: &[&str]) -> (tempfile::TempDir, Draft) {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("upper")).unwrap();
        let draft = Draft::open(place.path()).unwrap();
        let folders: Vec<_> = folders.iter().map(|name| path(name)).collect();
        draft.observe(&folders).unwrap();
        (place, draft)
    }

    fn observed(draft: &Draft) -> Observed {
        match draft.reads().unwrap() {
            Reads::Observed(observed) => observed,
            Reads::All { reason } => panic!("{reason}"),
        }
    }

    fn reason(draft: &Draft) -> String {
        match draft.reads().unwrap() {
            Reads::Observed(observed) => panic!("{observed:?}"),
            Reads::All { reason } => reason,
        }
    }

    #[test]
    fn a_record_goes_on_where_the_last_cell_left_it() {
        let (place, draft) = draft(&["a", "a/b"]);
        let (mut record, folders) = Record::open(place.path()).unwrap().unwrap();
        assert_eq!(folders, ["", "a", "a/b"]);
        record.opened("", "top");
        record.opened("a/b", "x");
        record.listed("");
        record.close();
        let (mut record, _) = Record::open(place.path()).unwrap().unwrap();
        record.opened("a/b", "x");
        record.opened("a", "no\u{7}name");
        record.missed("a/b");
        record.flush();
        let found = observed(&draft);
        assert_eq!(found.files, BTreeSet::from([path("a/b/x"), path("top")]));
        assert_eq!(found.folders, BTreeSet::from([None]));
        assert_eq!(found.watched, BTreeSet::from([None, Some(path("a"))]));
        let lines = std::fs::read(place.path().join(OPENED)).unwrap();
        assert_eq!(names(&lines).filter(|line| *line == "oa/b/x").count(), 1);
        // What was being written when the power went is no name.
        std::fs::write(place.path().join(OPENED), b"oone\0otw").unwrap();
        assert_eq!(observed(&draft).files, BTreeSet::from([path("one")]));
    }

    #[test]
    fn a_record_that_may_lack_something_is_none() {
        let (place, first) = draft(&[]);
        let (mut record, _) = Record::open(place.path()).unwrap().unwrap();
        record.opened("", "a");
        record.give_up("too much at once");
        record.opened("", "b");
        record.close();
        assert_eq!(reason(&first), "too much at once");
        assert!(Record::open(place.path()).unwrap().is_none(), "for good");

        let (place, killed) = draft(&[]);
        let (record, _) = Record::open(place.path()).unwrap().unwrap();
        drop(record);
        killed.settle_reads().unwrap();
        assert!(reason(&killed).contains("server ended"));

        let (place, lost) = draft(&[]);
        drop(Record::open(place.path()).unwrap().unwrap());
        assert!(Record::open(place.path()).unwrap().is_none());
        assert!(reason(&lost).contains("lost"));

        let (place, settled) = draft(&[]);
        Record::open(place.path()).unwrap().unwrap().0.close();
        settled.settle_reads().unwrap();
        assert_eq!(observed(&settled).files, BTreeSet::new());
    }

    #[test]
    fn too_many_folders_and_files_are_not_told_apart() {
        let many: Vec<String> = (0..FOLDERS_MOST).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let (_place, wide) = draft(&many);
        assert!(reason(&wide).contains("16384 folders"), "{}", reason(&wide));
        let (place, busy) = draft(&[]);
        let (mut record, _) = Record::open(place.path()).unwrap().unwrap();
        for number in 0..=NAMES_MOST {
            record.opened("", &number.to_string());
        }
        record.close();
        assert!(reason(&busy).contains("files were opened"));
    }
}
