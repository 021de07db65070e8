//! The tree while a patch is planned: what was read of it and what has become
//! of it.

mod moves;
mod room;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use atelier_base::{ContentHash, WorkspacePath};
use foldhash::fast::RandomState;

use room::{not_a_file, too_large};

use super::Plan;
use super::content::{Body, Bytes, Content, Original, Slot, text_of};
use super::finish::Step;
use crate::apply::Document;
use crate::binary::BinaryChange;
use crate::edit::{EditBody, EditHunk, FileEdit, LineOp};
use crate::encoding::{self, Encoding};
use crate::error::{ErrorCode, PatchError};
use crate::find::Work;
use crate::line::text_lines;
use crate::source::{Entry, Source};
use crate::style::{Rules, Style};

/// The most bytes that the copies and binary files in a patch make: a line of
/// it makes a file.
const MADE_BYTES: u64 = 64 * 1024 * 1024;

/// The paths a patch has named so far.
pub(super) struct Tree<'a> {
    source: &'a dyn Source,
    strict: bool,
    work: Work,
    slots: HashMap<WorkspacePath, Slot, RandomState>,
    /// The slots' paths in the order they were first named.
    order: Vec<WorkspacePath>,
    /// What was created, by its path without case.
    created: HashMap<String, WorkspacePath>,
    /// What the project says of its files.
    rules: Rules,
    /// The bytes that copies and binary files have made.
    made: u64,
    /// The paths that later renames of a diff take their files from.
    leaving: HashSet<WorkspacePath>,
    /// Files of such paths, while others are there already.
    lifted: HashMap<WorkspacePath, Content>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(source: &'a dyn Source, strict: bool) -> Self {
        Self {
            source,
            strict,
            work: Work::full(),
            slots: HashMap::default(),
            order: Vec::new(),
            created: HashMap::new(),
            rules: Rules::default(),
            made: 0,
            leaving: HashSet::new(),
            lifted: HashMap::new(),
        }
    }

    /// Does one edit.
    ///
    /// # Errors
    /// Why it can't be done; the tree is then in between and must be dropped.
    pub(super) fn edit(&mut self, edit: &FileEdit) -> Result<(), PatchError> {
        let line = first_line(edit);
        let done = match edit {
            FileEdit::Create { path, text } => self.create(path, text, false),
            FileEdit::Delete { path, expected } => self.delete(path, expected.as_deref()),
            FileEdit::Replace { path, text } => self.replace(path, text),
            FileEdit::Copy { path, to } => self.copy(path, to),
            FileEdit::Binary { path, change } => self.binary(path, change),
            FileEdit::Mode { path, executable } => self.content(path).map(|content| {
                content.executable = *executable;
                content.states_mode = true;
            }),
            FileEdit::Update {
                path,
                move_to,
                hunks,
            } => match move_to {
                Some(to) if to != path => self.update_and_rename(path, hunks, to),
                _ => self.update(path, hunks),
            },
        };
        done.map_err(|mut error| {
            error.path.get_or_insert_with(|| edit.path().clone());
            error.patch_line = error.patch_line.or(line);
            error
        })
    }

    /// Writes the text of a file that no further edit names, while it is at
    /// hand: with all files at the end, each would have to be fetched again.
    pub(super) fn close(&mut self, path: &WorkspacePath) {
        let content = self.slots.get_mut(path).and_then(|slot| slot.now.as_mut());
        if let Some(Body::Document(document)) = content.map(|content| &mut content.body) {
            document.close();
        }
    }

    /// Returns the changes from the source to the tree as it is now.
    pub(super) fn finish(self) -> Result<Plan, PatchError> {
        let mut steps = Vec::with_capacity(self.order.len());
        let mut slots = self.slots;
        for path in self.order {
            if let Some(slot) = slots.remove(&path) {
                let after = slot.now.map(Content::into_after);
                steps.push(Step {
                    path,
                    before: slot.before,
                    after,
                });
            }
        }
        super::finish::finish(steps)
    }

    /// Makes a file as the project wants its files; `adds_newline` when the
    /// text doesn't say that it ends without one.
    fn create(
        &mut self,
        path: &WorkspacePath,
        text: &str,
        adds_newline: bool,
    ) -> Result<(), PatchError> {
        self.vacant(path)?;
        let style = self.style(path);
        let mut document = Document::new(Arc::default(), self.work.clone());
        document.replace(&style.dress(text, adds_newline));
        let encoding = style.encoding.unwrap_or_default();
        self.slot(path)?.now = Some(Content::made(document, encoding));
        Ok(())
    }

    fn delete(&mut self, path: &WorkspacePath, expected: Option<&str>) -> Result<(), PatchError> {
        self.content(path)?;
        if let Some(expected) = expected {
            let text = self.document(path)?.to_text();
            // A diff doesn't say which return belongs to which ending.
            let bare = |(line, _)| str::trim_end_matches(line, '\r');
            let (found, expected) = (text_lines(&text).map(bare), text_lines(expected).map(bare));
            if !found.eq(expected) {
                return Err(PatchError::new(
                    ErrorCode::ContentChanged,
                    "the file to delete has other text than the patch says",
                ));
            }
        }
        self.slot(path)?.now = None;
        Ok(())
    }

    fn replace(&mut self, path: &WorkspacePath, text: &str) -> Result<(), PatchError> {
        if self.slot(path)?.now.is_none() {
            return self.create(path, text, true);
        }
        let document = self.document(path)?;
        if let Some(line) = document.first_elision(text) {
            let detail = format!("the file's text has a placeholder in it: `{line}`");
            return Err(PatchError::new(ErrorCode::Elided, detail));
        }
        document.replace(text);
        Ok(())
    }

    fn update(&mut self, path: &WorkspacePath, hunks: &[EditHunk]) -> Result<(), PatchError> {
        if self.slot(path)?.now.is_none()
            && let Some((text, adds_newline)) = filled(hunks)
        {
            self.create(path, &text, adds_newline)?;
            return match &hunks[1..] {
                [] => Ok(()),
                rest => self.update(path, rest),
            };
        }
        self.content(path)?;
        if hunks.is_empty() {
            return Ok(());
        }
        let strict = self.strict;
        let done = self.document(path)?.apply(hunks, strict);
        done.map_err(|mut error| {
            let before = self.slots.get(path).and_then(|slot| slot.before.as_ref());
            if let (Some(evidence), Some(before)) = (&mut error.evidence, before) {
                evidence.file_hash = Some(ContentHash::of(before.bytes.as_slice()));
            }
            error
        })
    }

    /// Copies a file as it was before the patch, which git's copies mean; one
    /// that the patch itself made is copied as it is now.
    fn copy(&mut self, path: &WorkspacePath, to: &WorkspacePath) -> Result<(), PatchError> {
        self.vacant(to).map_err(|error| error.in_file(to))?;
        let before = self.slot(path)?.before.as_ref();
        let copy = if let Some(original) = before {
            let size = original.bytes.as_slice().len() as u64;
            let content = Content {
                copied: true,
                ..Content::untouched(path, original)
            };
            self.weigh(size)?;
            content
        } else {
            let encoding = self.content(path)?.encoding;
            let text = self.document(path)?.to_text();
            self.weigh(text.len() as u64)?;
            let mut document = Document::new(Arc::default(), self.work.clone());
            document.replace(&text);
            Content::made(document, encoding)
        };
        self.slot(to)?.now = Some(copy);
        Ok(())
    }

    fn binary(&mut self, path: &WorkspacePath, change: &BinaryChange) -> Result<(), PatchError> {
        if change.creates() {
            self.vacant(path)?;
        } else {
            self.content(path)?;
        }
        let before = self.bytes(path)?;
        let after = change.apply(before.as_slice())?;
        self.weigh(after.len() as u64)?;
        if change.deletes() {
            self.slot(path)?.now = None;
            return Ok(());
        }
        let slot = self.slot(path)?;
        let mut content = slot.now.take().unwrap_or_else(Content::empty);
        content.encoding = Encoding::of(&after);
        content.body = Body::Bytes(after.into());
        slot.now = Some(content);
        Ok(())
    }

    /// Counts bytes that the patch makes without having them in it.
    fn weigh(&mut self, bytes: u64) -> Result<(), PatchError> {
        self.made += bytes;
        if self.made > MADE_BYTES {
            let detail = "the patch's copies and binary files have more than 64 MiB";
            return Err(PatchError::new(ErrorCode::TooLarge, detail));
        }
        Ok(())
    }

    /// Returns the file's bytes as they are now; none when there is no file.
    fn bytes(&self, path: &WorkspacePath) -> Result<Bytes, PatchError> {
        let nothing = || Bytes::from(Vec::new());
        let Some(content) = self.slots.get(path).and_then(|slot| slot.now.as_ref()) else {
            return Ok(nothing());
        };
        match &content.body {
            Body::Bytes(bytes) => Ok(bytes.clone()),
            Body::Document(document) => {
                let bytes = encoding::bytes_of(document.to_text(), content.encoding);
                bytes.map(Bytes::from)
            }
            Body::Untouched => {
                let origin = content.origin.as_ref().unwrap_or(path);
                let original = self.slots.get(origin).and_then(|slot| slot.before.as_ref());
                Ok(original.map_or_else(nothing, |original| original.bytes.clone()))
            }
        }
    }

    /// Returns the file at a path.
    fn content(&mut self, path: &WorkspacePath) -> Result<&mut Content, PatchError> {
        let missing = || PatchError::new(ErrorCode::FileMissing, "the file doesn't exist");
        self.slot(path)?.now.as_mut().ok_or_else(missing)
    }

    /// Returns the file at a path as a text that can be edited.
    fn document(&mut self, path: &WorkspacePath) -> Result<&mut Document, PatchError> {
        let work = self.work.clone();
        let content = self.content(path)?;
        if !matches!(content.body, Body::Document(_)) {
            let origin = content.origin.clone().unwrap_or_else(|| path.clone());
            let is_untouched = matches!(content.body, Body::Untouched);
            let bytes = self.bytes(path)?;
            let encoding = Encoding::settle(bytes.as_slice(), self.style(&origin).encoding);
            let text = text_of(&bytes, encoding)?;
            let is_file = is_untouched && encoding == Encoding::Utf8;
            let document = Box::new(if is_file {
                Document::of_file(text, work)
            } else {
                Document::new(text, work)
            });
            let content = self.content(path)?;
            content.encoding = encoding;
            content.body = Body::Document(document);
        }
        match &mut self.content(path)?.body {
            Body::Document(document) => Ok(document),
            Body::Untouched | Body::Bytes(_) => Err(PatchError::new(
                ErrorCode::Unreadable,
                "the file's text was lost while planning",
            )),
        }
    }

    fn slot(&mut self, path: &WorkspacePath) -> Result<&mut Slot, PatchError> {
        if !self.slots.contains_key(path) {
            let before = match self.read(path)? {
                Entry::Missing => None,
                Entry::File { bytes, executable } => Some(self.original(path, bytes, executable)),
                Entry::Directory => return Err(not_a_file(path, "a folder")),
                Entry::TooLarge => return Err(too_large(path)),
                Entry::Other(what) => return Err(not_a_file(path, what)),
            };
            let now = before.as_ref();
            let now = now.map(|original| Content::untouched(path, original));
            self.order.push(path.clone());
            self.slots.insert(path.clone(), Slot { before, now });
        }
        let lost = || PatchError::new(ErrorCode::Unreadable, "the path was lost while planning");
        self.slots.get_mut(path).ok_or_else(lost)
    }

    /// Makes an original; what isn't UTF-8 is in the encoding that is declared
    /// for it, so that it can be shown even if no edit reads it.
    fn original(&mut self, path: &WorkspacePath, bytes: Vec<u8>, executable: bool) -> Original {
        let bytes = Bytes::of_file(bytes);
        let declared = match bytes {
            Bytes::Utf8(_) => None,
            Bytes::Other(_) => self.style(path).encoding,
        };
        Original {
            encoding: Encoding::settle(bytes.as_slice(), declared),
            bytes,
            executable,
        }
    }

    /// Returns how the project wants a file to be; an encoding that the source
    /// knows of goes first.
    fn style(&mut self, path: &WorkspacePath) -> Style {
        let source = self.source;
        let mut style = self.rules.style(path, |rules| match source.read(rules) {
            Ok(Entry::File { bytes, .. }) => String::from_utf8(bytes).ok(),
            _ => None,
        });
        if let Some(encoding) = source.declared_encoding(path) {
            style.encoding = Some(encoding);
        }
        style
    }

    fn read(&self, path: &WorkspacePath) -> Result<Entry, PatchError> {
        self.source.read(path).map_err(|error| {
            let detail = format!("the file could not be read: {error}");
            PatchError::new(ErrorCode::Unreadable, detail).in_file(path)
        })
    }
}

fn first_line(edit: &FileEdit) -> Option<u32> {
    match edit {
        FileEdit::Update { hunks, .. } => hunks.first().map(|hunk| hunk.patch_line),
        _ => None,
    }
    .filter(|&line| line > 0)
}

/// Returns the text that the first of some hunks makes a file of, and whether
/// it may get a last newline: a text without an old one, or `@@ -0,0 +1,3 @@`
/// in a diff.
fn filled(hunks: &[EditHunk]) -> Option<(String, bool)> {
    let (hunk, rest) = hunks.split_first()?;
    match &hunk.body {
        EditBody::Fill(text) => Some((text.clone(), true)),
        EditBody::Lines(body) if rest.is_empty() && hunk.anchor.line == Some(0) => {
            let mut text = String::new();
            for line in body {
                if line.op != LineOp::Add {
                    return None;
                }
                text.push_str(&line.text);
                text.push_str(line.ending.unwrap_or_default().as_str());
            }
            if hunk.anchor.final_newline == Some(false) && text.ends_with('\n') {
                text.pop();
            }
            Some((text, false))
        }
        _ => None,
    }
}
