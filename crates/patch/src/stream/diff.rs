//! Unified diffs, line by line.

use atelier_base::WorkspacePath;

use super::{PreviewHunk, Reader, State, path_of};
use crate::diff::HunkKind;
use crate::edit::LineOp;
use crate::read::unified::file_name::{git_names, name, unquote};
use crate::read::unified::range;

/// A file's diff that is open.
#[derive(Debug)]
pub(super) struct Diff {
    path: Option<WorkspacePath>,
    kind: HunkKind,
    /// The name of a `---` line whose `+++` line comes next.
    old: Option<String>,
    part: Part,
}

/// What the lines of a diff belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Header,
    /// A hunk: the lines it still counts, or that it counts none.
    Hunk(Option<(u32, u32)>),
    Packed,
}

impl Diff {
    /// Begins a file's diff: at git's line, or at `+++` below `---`.
    pub(super) fn begin(before: &str, line: &str) -> Option<Self> {
        if let Some(names) = line.strip_prefix("diff --git ") {
            let name = git_names(names).map(|(_, new)| new);
            return Some(Self {
                path: name.and_then(|name| bare(&name)),
                kind: HunkKind::Text,
                old: None,
                part: Part::Header,
            });
        }
        let (old, new) = (before.strip_prefix("--- ")?, line.strip_prefix("+++ ")?);
        let mut diff = Self {
            path: None,
            kind: HunkKind::Text,
            old: Some(old.to_owned()),
            part: Part::Header,
        };
        diff.names(new);
        Some(diff)
    }

    pub(super) fn read(mut self, reader: &mut Reader, line: &str) -> State {
        let is_counted = matches!(self.part, Part::Hunk(Some((old, new))) if old > 0 || new > 0);
        let is_next = matches!(self.part, Part::Hunk(_)) && line.starts_with("--- ");
        if line.starts_with("diff --git ") || (is_next && !is_counted) {
            self.end(reader);
            return reader.prose(line);
        }
        if let Some(head) = line.strip_prefix("@@").filter(|_| !is_counted) {
            self.end_hunk(reader);
            reader.pending = Some(PreviewHunk::new(self.path.clone(), self.kind));
            let counts = range(head).map(|range| (range.old_lines, range.new_lines));
            self.part = Part::Hunk(counts);
            return State::Diff(self);
        }
        match self.part {
            Part::Header => self.header(reader, line),
            Part::Hunk(left) => self.body(reader, left, line),
            Part::Packed if line.is_empty() => {
                reader.flush(true);
                State::Prose
            }
            Part::Packed => State::Diff(self),
        }
    }

    /// Ends the file's diff.
    pub(super) fn end(mut self, reader: &mut Reader) {
        self.end_hunk(reader);
        if self.part == Part::Header && matches!(self.kind, HunkKind::Create | HunkKind::Delete) {
            reader.tell(self.path, self.kind);
        }
    }

    fn end_hunk(&mut self, reader: &mut Reader) {
        let is_whole = !matches!(self.part, Part::Packed)
            && !matches!(self.part, Part::Hunk(Some((old, new))) if old > 0 || new > 0);
        reader.flush(is_whole);
    }

    fn header(mut self, reader: &mut Reader, line: &str) -> State {
        if let Some(old) = line.strip_prefix("--- ") {
            self.old = Some(old.to_owned());
        } else if let Some(new) = line.strip_prefix("+++ ").filter(|_| self.old.is_some()) {
            self.names(new);
        } else if line.starts_with("new file mode ") {
            self.kind = HunkKind::Create;
        } else if line.starts_with("deleted file mode ") {
            self.kind = HunkKind::Delete;
        } else if line.starts_with("new mode ") {
            reader.tell(self.path.clone(), HunkKind::Mode);
        } else if let Some(to) = line.strip_prefix("rename to ") {
            self.path = path_of(&unquote(to));
            reader.tell(self.path.clone(), HunkKind::Rename);
        } else if let Some(to) = line.strip_prefix("copy to ") {
            self.path = path_of(&unquote(to));
            reader.tell(self.path.clone(), HunkKind::Copy);
        } else if line == "GIT binary patch" {
            let kind = if self.kind == HunkKind::Text {
                HunkKind::Binary
            } else {
                self.kind
            };
            reader.pending = Some(PreviewHunk::new(self.path.clone(), kind));
            self.part = Part::Packed;
        } else if !is_header(line) {
            self.end(reader);
            return reader.prose(line);
        }
        State::Diff(self)
    }

    fn body(mut self, reader: &mut Reader, left: Option<(u32, u32)>, line: &str) -> State {
        let is_counted = left.is_some_and(|(old, new)| old > 0 || new > 0);
        let op = match line.as_bytes().first() {
            Some(b'+') => LineOp::Add,
            Some(b'-') => LineOp::Remove,
            Some(b' ') => LineOp::Keep,
            Some(b'\\') => return State::Diff(self),
            None if is_counted => LineOp::Keep,
            _ => {
                self.end(reader);
                return reader.prose(line);
            }
        };
        // A mail's end looks like a removed line.
        if !is_counted && left.is_some() && line == "-- " {
            self.end(reader);
            return State::Prose;
        }
        self.part = Part::Hunk(left.map(|(old, new)| {
            (
                old.saturating_sub(u32::from(op != LineOp::Add)),
                new.saturating_sub(u32::from(op != LineOp::Remove)),
            )
        }));
        reader.put(op, line.get(1..).unwrap_or(""));
        State::Diff(self)
    }

    /// Takes the names of `---` and `+++`.
    fn names(&mut self, new: &str) {
        let old = self.old.take().and_then(|old| name(&old, false));
        let new = name(new, false);
        match (&old, &new) {
            (None, Some(_)) => self.kind = HunkKind::Create,
            (Some(_), None) => self.kind = HunkKind::Delete,
            _ => {}
        }
        let is_git = old.as_ref().is_none_or(|old| old.starts_with("a/"))
            && new.as_ref().is_none_or(|new| new.starts_with("b/"));
        self.path = new
            .or(old)
            .and_then(|name| if is_git { bare(&name) } else { path_of(&name) });
    }
}

/// Returns the path of a name with git's mark of a side.
fn bare(name: &str) -> Option<WorkspacePath> {
    let rest = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"));
    path_of(rest.unwrap_or(name))
}

fn is_header(line: &str) -> bool {
    [
        "index ",
        "old mode ",
        "similarity index ",
        "dissimilarity index ",
        "rename from ",
        "copy from ",
        "Binary files ",
    ]
    .iter()
    .any(|head| line.starts_with(head))
}
