//! What stands above a file's hunks.

use super::super::{Script, number, wrong};
use super::file_name::{git_names, is_epoch, is_pair, name, unquote};
use crate::binary::BinaryChange;
use crate::edit::{EditBody, EditHunk, EditLine, FileEdit, LineOp};
use crate::error::{ErrorCode, PatchError};
use crate::line::Ending;
use atelier_base::WorkspacePath;

/// The lines above a file's hunks.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// The two names of `diff --git`, when they can be told apart.
    git: Option<(String, String)>,
    is_git: bool,
    is_stripped: bool,
    old: Option<String>,
    new: Option<String>,
    rename_from: Option<String>,
    rename_to: Option<String>,
    copy_from: Option<String>,
    copy_to: Option<String>,
    /// Git's hashes of the content before and afterwards, perhaps shortened.
    index: Option<(String, String)>,
    /// Whether the file may be executed, where that is said.
    executable: Option<bool>,
    is_create: bool,
    is_delete: bool,
    /// Whether a name has the time that `diff -N` gives a file that isn't
    /// there: the old one, the new one.
    is_epoch: (bool, bool),
    /// Whether it has `---` and `+++`.
    pub(super) has_names: bool,
}

/// Reads a header; returns the line after it.
pub(super) fn take(script: &Script<'_>, start: usize) -> Result<(Header, usize), PatchError> {
    let mut header = Header::default();
    let mut at = start;
    let line = script.text_at(at);
    if line.starts_with("diff --cc ") || line.starts_with("diff --combined ") {
        let detail = "this is the diff of a merge, which can't be applied";
        return Err(refusal(ErrorCode::Unsupported, detail, at));
    }
    if is_submodule(line) {
        return Err(refusal(
            ErrorCode::Unsupported,
            "the file is a submodule",
            at,
        ));
    }
    if let Some(names) = line.strip_prefix("diff --git ") {
        header.git = git_names(names);
        header.is_git = true;
        at += 1;
        while header.take_extended(script, at)? {
            at += 1;
        }
    }
    let old = script.text_at(at).strip_prefix("--- ");
    let new = script.text_at(at + 1).strip_prefix("+++ ");
    if let (Some(old), Some(new)) = (old, new) {
        header.old = name(old, script.strict);
        header.new = name(new, script.strict);
        header.is_epoch = (is_epoch(old), is_epoch(new));
        header.is_create |= header.old.is_none();
        header.is_delete |= header.new.is_none();
        header.has_names = true;
        at += 2;
    }
    Ok((header, at))
}

/// Returns whether a line is what `git diff --submodule` says.
pub(super) fn is_submodule(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("Submodule ") else {
        return false;
    };
    let is_hash = |text: &str| text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let mut words = rest.split_whitespace().skip(1);
    words.any(|word| {
        let word = word.trim_end_matches(':');
        let pair = word.split_once("...").or_else(|| word.split_once(".."));
        pair.is_some_and(|(old, new)| is_hash(old) && is_hash(new))
    })
}

fn refusal(kind: ErrorCode, detail: &str, at: usize) -> PatchError {
    PatchError::new(kind, detail).at_line(number(at))
}

impl Header {
    /// Reads one of git's extended lines; returns whether it was one.
    fn take_extended(&mut self, script: &Script<'_>, at: usize) -> Result<bool, PatchError> {
        let line = script.text_at(at);
        if line.starts_with("Binary files ") {
            let detail = "the diff says that a binary file differs and has no content of it; \
                          `git diff --binary` writes it";
            return Err(refusal(ErrorCode::Binary, detail, at));
        }
        let modes = [
            "new file mode ",
            "new mode ",
            "deleted file mode ",
            "old mode ",
        ];
        if let Some(mode) = modes.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            let executable = executable_of(mode.trim(), at)?;
            self.is_create |= line.starts_with("new file");
            self.is_delete |= line.starts_with("deleted file");
            if line.starts_with("new ") {
                self.executable = Some(executable);
            }
            return Ok(true);
        }
        if let Some(index) = line.strip_prefix("index ") {
            let (hashes, mode) = index.split_once(' ').unwrap_or((index, ""));
            if !mode.is_empty() {
                executable_of(mode.trim(), at)?;
            }
            self.index = hashes
                .split_once("..")
                .map(|(old, new)| (old.to_owned(), new.to_owned()));
            return Ok(true);
        }
        let after = |prefixes: [&str; 2]| {
            let mut prefixes = prefixes.iter();
            prefixes.find_map(|prefix| line.strip_prefix(prefix))
        };
        if let Some(path) = after(["rename from ", "rename old "]) {
            self.rename_from = Some(unquote(path));
        } else if let Some(path) = after(["rename to ", "rename new "]) {
            self.rename_to = Some(unquote(path));
        } else if let Some(path) = line.strip_prefix("copy from ") {
            self.copy_from = Some(unquote(path));
        } else if let Some(path) = line.strip_prefix("copy to ") {
            self.copy_to = Some(unquote(path));
        } else {
            return Ok(after(["similarity index ", "dissimilarity index "]).is_some());
        }
        Ok(true)
    }

    /// Returns git's hashes before and afterwards, when they are whole.
    pub(super) fn hashes(&self) -> Option<(String, String)> {
        let is_whole =
            |hash: &String| hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let (old, new) = self.index.clone()?;
        (is_whole(&old) && is_whole(&new))
            .then(|| (old.to_ascii_lowercase(), new.to_ascii_lowercase()))
    }

    /// Makes the edits of a file whose content is not text.
    pub(super) fn binary(
        mut self,
        script: &Script<'_>,
        start: usize,
        change: BinaryChange,
    ) -> Result<Vec<FileEdit>, PatchError> {
        let (old, new) = self.names();
        let target = if change.deletes() { old } else { new };
        let path = path_of(script, start, target)?;
        if self.is_create != change.creates() || self.is_delete != change.deletes() {
            let detail = "the `index` line contradicts the lines above the binary patch";
            return Err(wrong(start, detail));
        }
        let (is_create, is_delete) = (self.is_create, self.is_delete);
        (self.is_create, self.is_delete) = (false, false);
        let executable = self.executable.take();
        let mut edits = Vec::new();
        if !is_create && !is_delete {
            edits = self.edits(script, start, Vec::new())?;
            // A file that stays in its place needs nothing but the content.
            edits.retain(|edit| {
                !matches!(edit, FileEdit::Update { move_to: None, hunks, .. } if hunks.is_empty())
            });
        }
        let change = Box::new(change);
        edits.push(FileEdit::Binary {
            path: path.clone(),
            change,
        });
        edits.extend(mode(path, executable, is_create));
        Ok(edits)
    }

    /// Returns the old and the new name without their prefixes.
    fn names(&mut self) -> (Option<String>, Option<String>) {
        self.strip_prefixes();
        let (git_old, git_new) = self.git.clone().unzip();
        let pick = |names: [Option<String>; 4]| names.into_iter().flatten().next();
        let (from, to) = (self.rename_from.clone(), self.rename_to.clone());
        (
            pick([from, self.copy_from.clone(), self.old.clone(), git_old]),
            pick([to, self.copy_to.clone(), self.new.clone(), git_new]),
        )
    }

    /// Makes the edits of the file.
    pub(super) fn edits(
        mut self,
        script: &Script<'_>,
        start: usize,
        hunks: Vec<EditHunk>,
    ) -> Result<Vec<FileEdit>, PatchError> {
        self.settle_epoch(script, &hunks);
        let (old, new) = self.names();
        let path = |name| path_of(script, start, name);
        self.check_names(start)?;
        if self.is_create && self.is_delete {
            return Err(wrong(start, "the diff both creates and deletes the file"));
        }
        let has_source = self.rename_from.is_some() || self.copy_from.is_some();
        if (self.is_create || self.is_delete) && has_source {
            let detail = "the diff both makes or deletes the file and moves or copies it";
            return Err(wrong(start, detail));
        }
        if self.is_create {
            let (path, text) = (path(new)?, whole(script, start, &hunks, LineOp::Add)?);
            let mode = mode(path.clone(), self.executable, true);
            let create = FileEdit::Create { path, text };
            return Ok(std::iter::once(create).chain(mode).collect());
        }
        if self.is_delete {
            let (path, text) = (path(old)?, whole(script, start, &hunks, LineOp::Remove)?);
            let expected = Some(text).filter(|_| !hunks.is_empty() || script.strict);
            return Ok(vec![FileEdit::Delete { path, expected }]);
        }
        if self.copy_from.is_some() && self.copy_to.is_some() {
            let (path, to) = (path(old)?, path(new)?);
            let copy = FileEdit::Copy {
                path,
                to: to.clone(),
            };
            let change = (!hunks.is_empty()).then(|| FileEdit::Update {
                path: to.clone(),
                move_to: None,
                hunks,
            });
            let mode = mode(to, self.executable, false);
            return Ok(std::iter::once(copy).chain(change).chain(mode).collect());
        }
        let is_move = self.rename_from.is_some() && self.rename_to.is_some();
        if hunks.is_empty() && self.has_names && !is_move {
            return Err(wrong(start, "the diff of this file has no hunks"));
        }
        let (path, move_to) = if is_move {
            (path(old)?, Some(path(new)?))
        } else {
            (path(new.or(old))?, None)
        };
        let target = move_to.clone().unwrap_or_else(|| path.clone());
        let update = FileEdit::Update {
            path,
            move_to,
            hunks,
        };
        let mode = mode(target, self.executable, false);
        Ok(std::iter::once(update).chain(mode).collect())
    }

    /// Refuses names that contradict those of `diff --git`.
    fn check_names(&self, start: usize) -> Result<(), PatchError> {
        let Some((git_old, git_new)) = &self.git else {
            return Ok(());
        };
        let is_same = |name: &str, git: &str| {
            name == git || name.split_once('/').is_some_and(|(_, rest)| rest == git)
        };
        for (name, git) in [(&self.old, git_old), (&self.new, git_new)] {
            if let Some(name) = name.as_ref().filter(|name| !is_same(name, git)) {
                let detail = format!("the diff is for `{git}` by its first line and for `{name}`");
                return Err(wrong(start, detail));
            }
        }
        Ok(())
    }

    /// Takes a file of the time 0 that has no lines for one that isn't there.
    fn settle_epoch(&mut self, script: &Script<'_>, hunks: &[EditHunk]) {
        let has_only = |op| {
            hunks.iter().all(|hunk| match &hunk.body {
                EditBody::Lines(body) => body.iter().all(|line| line.op == op),
                _ => false,
            })
        };
        if !self.is_git && !script.strict && !hunks.is_empty() {
            self.is_create |= self.is_epoch.0 && has_only(LineOp::Add);
            self.is_delete |= self.is_epoch.1 && has_only(LineOp::Remove);
        }
    }

    /// Takes off git's `a/` and `b/`, or the other pairs that it writes, when
    /// both names have them.
    fn strip_prefixes(&mut self) {
        if std::mem::replace(&mut self.is_stripped, true) {
            return;
        }
        let head = |name: &str| name.split_once('/').map(|(head, _)| head.to_owned());
        let rest = |name: &str| name.split_once('/').map_or("", |(_, rest)| rest).to_owned();
        if let Some((old, new)) = &self.git {
            // The first line has both names, so it tells for sure.
            if !is_pair(head(old).as_deref(), head(new).as_deref(), true) {
                return;
            }
            self.git = Some((rest(old), rest(new)));
        }
        let (old, new) = (self.old.as_deref(), self.new.as_deref());
        let has_one = old.is_some() || new.is_some();
        let slash = |name: Option<&str>| name.is_none_or(|name| name.contains('/'));
        let heads = (old.and_then(head), new.and_then(head));
        if has_one
            && slash(old)
            && slash(new)
            && is_pair(heads.0.as_deref(), heads.1.as_deref(), self.is_git)
        {
            self.old = old.map(rest);
            self.new = new.map(rest);
        }
    }
}

fn path_of(
    script: &Script<'_>,
    start: usize,
    name: Option<String>,
) -> Result<WorkspacePath, PatchError> {
    let sole = script.sole_path.map(WorkspacePath::as_str);
    match name.as_deref().or(sole) {
        // A diff says exactly where a name begins and ends.
        Some(name) if name.starts_with(' ') || name.ends_with(' ') => WorkspacePath::new(name)
            .map_err(|rule| PatchError::bad_path(&rule).at_line(number(start))),
        Some(name) => script.path(name, start),
        None => Err(wrong(start, "the diff doesn't say which file it is for")),
    }
}

/// Makes the edit of a file's mode, if the diff says one; a new file has the
/// usual one anyway.
fn mode(path: WorkspacePath, executable: Option<bool>, is_new: bool) -> Option<FileEdit> {
    let executable = executable.filter(|executable| *executable || !is_new)?;
    Some(FileEdit::Mode { path, executable })
}

/// Reads a mode; links, submodules and folders are refused.
fn executable_of(mode: &str, at: usize) -> Result<bool, PatchError> {
    let refuse = |detail| Err(refusal(ErrorCode::Unsupported, detail, at));
    match (mode, u32::from_str_radix(mode, 8)) {
        ("120000", _) => refuse("the file is a symbolic link, which no patch makes or changes"),
        ("160000", _) => refuse("the file is a submodule, which no patch changes"),
        (_, Ok(bits)) if bits >> 12 == 0o10 => Ok(bits & 0o100 != 0),
        _ => Err(wrong(at, format!("`{mode}` is not the mode of a file"))),
    }
}

/// Returns the whole text of a file that is created or deleted: its hunks
/// have no other lines.
fn whole(
    script: &Script<'_>,
    start: usize,
    hunks: &[EditHunk],
    op: LineOp,
) -> Result<String, PatchError> {
    let mut lines: Vec<(&str, Ending)> = Vec::new();
    let mut final_newline = None;
    for hunk in hunks {
        let EditBody::Lines(body) = &hunk.body else {
            continue;
        };
        let blank = |line: &EditLine| line.op == LineOp::Keep && line.text.is_empty();
        if let Some(line) = body.iter().find(|line| line.op != op && !blank(line)) {
            let sign = if op == LineOp::Add { '+' } else { '-' };
            let detail = format!(
                "every line of a file that is created or deleted starts with `{sign}`: `{}`",
                line.text
            );
            return Err(wrong(start, detail));
        }
        lines.extend(
            body.iter()
                .map(|l| (l.text.as_str(), l.ending.unwrap_or_default())),
        );
        final_newline = hunk.anchor.final_newline;
    }
    let mut text = script.join(&lines);
    let states_bare = match op {
        LineOp::Add => final_newline == Some(false),
        LineOp::Keep | LineOp::Remove => final_newline.is_some(),
    };
    if states_bare && text.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}
