//! What stands above a file's hunks.

use super::super::{Script, number, wrong};
use crate::edit::{EditBody, EditHunk, EditLine, FileEdit, LineOp};
use crate::error::{ErrorCode, PatchError};
use crate::line::Ending;
use atelier_base::WorkspacePath;

/// The lines above a file's hunks.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// The two names of `diff --git`, when they can be told apart.
    git: Option<(String, String)>,
    old: Option<String>,
    new: Option<String>,
    rename_from: Option<String>,
    rename_to: Option<String>,
    is_create: bool,
    is_delete: bool,
    /// Whether it has `---` and `+++`.
    pub(super) has_names: bool,
}

/// Reads a header; returns the line after it.
pub(super) fn take(script: &Script<'_>, start: usize) -> Result<(Header, usize), PatchError> {
    let mut header = Header::default();
    let mut at = start;
    if let Some(names) = script.text_at(at).strip_prefix("diff --git ") {
        header.git = git_names(names);
        at += 1;
        while header.take_extended(script, at)? {
            at += 1;
        }
    }
    let old = script.text_at(at).strip_prefix("--- ");
    let new = script.text_at(at + 1).strip_prefix("+++ ");
    if let (Some(old), Some(new)) = (old, new) {
        header.old = name(old);
        header.new = name(new);
        header.is_create |= header.old.is_none();
        header.is_delete |= header.new.is_none();
        header.has_names = true;
        at += 2;
    }
    Ok((header, at))
}

impl Header {
    /// Reads one of git's extended lines; returns whether it was one.
    fn take_extended(&mut self, script: &Script<'_>, at: usize) -> Result<bool, PatchError> {
        let line = script.text_at(at);
        let refuse = |kind, detail: &str| Err(PatchError::new(kind, detail).at_line(number(at)));
        if line.starts_with("GIT binary patch") || line.starts_with("Binary files ") {
            return refuse(ErrorCode::Binary, "binary patches are not applied");
        }
        if line.starts_with("copy from ") || line.starts_with("copy to ") {
            return refuse(
                ErrorCode::Unsupported,
                "copies are not applied; create the file",
            );
        }
        let modes = [
            "new file mode ",
            "new mode ",
            "deleted file mode ",
            "old mode ",
        ];
        if let Some(mode) = modes.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            match mode.trim() {
                "120000" => return refuse(ErrorCode::Unsupported, "the file is a symbolic link"),
                "160000" => return refuse(ErrorCode::Unsupported, "the file is a submodule"),
                _ => {}
            }
            self.is_create |= line.starts_with("new file");
            self.is_delete |= line.starts_with("deleted file");
            return Ok(true);
        }
        let from = ["rename from ", "rename old "];
        let to = ["rename to ", "rename new "];
        if let Some(path) = from.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            self.rename_from = Some(unquote(path));
        } else if let Some(path) = to.iter().find_map(|prefix| line.strip_prefix(prefix)) {
            self.rename_to = Some(unquote(path));
        } else {
            let others = ["index ", "similarity index ", "dissimilarity index "];
            return Ok(others.iter().any(|prefix| line.starts_with(prefix)));
        }
        Ok(true)
    }

    /// Makes the edits of the file.
    pub(super) fn edits(
        mut self,
        script: &Script<'_>,
        start: usize,
        hunks: Vec<EditHunk>,
    ) -> Result<Vec<FileEdit>, PatchError> {
        self.strip_prefixes();
        let (git_old, git_new) = self.git.clone().unzip();
        let pick = |names: [Option<String>; 3]| names.into_iter().flatten().next();
        let old = pick([self.rename_from.clone(), self.old.clone(), git_old]);
        let new = pick([self.rename_to.clone(), self.new.clone(), git_new]);
        let path = |name: Option<String>| -> Result<WorkspacePath, PatchError> {
            match name
                .as_deref()
                .or(script.sole_path.map(WorkspacePath::as_str))
            {
                Some(name) => script.path(name, start),
                None => Err(wrong(start, "the diff doesn't say which file it is for")),
            }
        };
        if self.is_create && self.is_delete {
            return Err(wrong(start, "the diff both creates and deletes the file"));
        }
        if self.is_create {
            let (path, text) = (path(new)?, whole(script, start, &hunks, LineOp::Add)?);
            return Ok(vec![FileEdit::Create { path, text }]);
        }
        if self.is_delete {
            let (path, text) = (path(old)?, whole(script, start, &hunks, LineOp::Remove)?);
            let expected = Some(text).filter(|_| !hunks.is_empty() || script.strict);
            return Ok(vec![FileEdit::Delete { path, expected }]);
        }
        if self.rename_from.is_some() && self.rename_to.is_some() {
            let (path, move_to) = (path(old)?, Some(path(new)?));
            return Ok(vec![FileEdit::Update {
                path,
                move_to,
                hunks,
            }]);
        }
        if hunks.is_empty() && self.has_names {
            return Err(wrong(start, "the diff of this file has no hunks"));
        }
        let path = path(new.or(old))?;
        Ok(vec![FileEdit::Update {
            path,
            move_to: None,
            hunks,
        }])
    }

    /// Takes off git's `a/` and `b/`, when both names have them.
    fn strip_prefixes(&mut self) {
        let has = |name: &Option<String>, prefix| {
            name.as_ref().is_none_or(|name| name.starts_with(prefix))
        };
        let is_git = self.git.is_some() || self.old.is_some() || self.new.is_some();
        let strip = |name: &str| name.split_once('/').map_or("", |(_, rest)| rest).to_owned();
        if is_git && has(&self.old, "a/") && has(&self.new, "b/") {
            self.old = self.old.as_deref().map(strip);
            self.new = self.new.as_deref().map(strip);
        }
        if let Some((old, new)) = &self.git
            && old.starts_with("a/")
            && new.starts_with("b/")
        {
            self.git = Some((strip(old), strip(new)));
        }
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

/// Reads a name of a `---` or `+++` line; `None` is `/dev/null`.
fn name(text: &str) -> Option<String> {
    let bare = if text.starts_with('"') {
        unquote(text)
    } else {
        let bare = text.split('\t').next().unwrap_or(text).trim_end();
        bare.to_owned()
    };
    Some(bare).filter(|name| name != "/dev/null")
}

/// Splits the names of `diff --git`. Without quotes they can only be told
/// apart when they are the same but for `a/` and `b/`.
fn git_names(text: &str) -> Option<(String, String)> {
    if let Some(rest) = text.strip_prefix('"') {
        let end = rest.find("\" ")? + 2;
        return Some((unquote(&text[..end]), unquote(text[end..].trim())));
    }
    let text = text.trim_end();
    let middle = text.len() / 2;
    let (old, new) = (text.get(..middle)?, text.get(middle + 1..)?);
    let same = old.split_once('/')?.1 == new.split_once('/')?.1;
    (same && text.as_bytes()[middle] == b' ').then(|| (old.to_owned(), new.to_owned()))
}

/// Undoes git's quoting of a name: `"` around it, C escapes and octal bytes.
fn unquote(text: &str) -> String {
    let text = text.trim_end();
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        match tail {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest = tail;
            }
            [escaped, tail @ ..] => {
                bytes.push(match escaped {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    other => *other,
                });
                rest = tail;
            }
            [] => {}
        }
    }
    // A NUL makes a path of what is not UTF-8 be refused.
    String::from_utf8(bytes).unwrap_or_else(|_| "\0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_git_writes_them() {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        for (text, expected) in [
            ("a/x b/x", pair("a/x", "b/x")),
            ("a/x y b/x y", pair("a/x y", "b/x y")),
            ("a/old b/new", None),
            ("\"a/\\303\\274\" \"b/\\303\\274\"", pair("a/ü", "b/ü")),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(git_names(text), expected, "{text}");
        }
        assert_eq!(name("/dev/null"), None);
        assert_eq!(name("a/x\t2026-01-01 00:00:00"), Some("a/x".to_owned()));
        assert_eq!(name("\"a/q\\\"\\t\""), Some("a/q\"\t".to_owned()));
    }
}
