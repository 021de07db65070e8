//! Hunks that have a file's first line with its byte order mark, as diffs do.

use std::borrow::Cow;

use super::Document;
use crate::edit::{EditBody, EditHunk, EditLine, LineOp};
use crate::sheet::BOM;

/// A hunk as it is looked for in a text whose byte order mark is set aside.
pub(super) struct Marked<'a> {
    pub(super) hunk: Cow<'a, EditHunk>,
    /// Whether the hunk takes the mark away.
    pub(super) unmarks: bool,
}

impl Document {
    /// Takes the byte order mark off a hunk whose old text begins with that of
    /// the file. Such a mark anywhere else is a character like any other.
    pub(super) fn unmarked<'a>(&self, hunk: &'a EditHunk) -> Marked<'a> {
        let plain = Marked {
            hunk: Cow::Borrowed(hunk),
            unmarks: false,
        };
        if !self.finder.sheet.has_bom() {
            return plain;
        }
        let taken = match &hunk.body {
            EditBody::Lines(lines) => self.unmarked_lines(lines),
            EditBody::Text { old, new } => self.unmarked_text(old, new),
            EditBody::Every { .. } | EditBody::Fill(_) => None,
        };
        let Some((body, keeps)) = taken else {
            return plain;
        };
        let mut hunk = EditHunk {
            body,
            ..hunk.clone()
        };
        let sheet = &self.finder.sheet;
        if let Some(first) = sheet.first().filter(|&id| sheet.is_original(id)) {
            hunk.anchor.line.get_or_insert(first);
        }
        Marked {
            hunk: Cow::Owned(hunk),
            unmarks: !keeps,
        }
    }

    fn unmarked_lines(&self, lines: &[EditLine]) -> Option<(EditBody, bool)> {
        let at = lines.iter().position(|line| line.op != LineOp::Add)?;
        let old = lines[at].text.strip_prefix(BOM)?;
        let first = self.first_line();
        if first.unwrap_or("") != old {
            return None;
        }
        let is_kept = lines[at].op == LineOp::Keep;
        let mut lines = lines.to_vec();
        if first.is_none() {
            // The file is the mark alone, which is no line any more.
            lines.remove(at);
        } else if lines[at].op == LineOp::Keep && at > 0 {
            // Lines come above the mark, so it is no mark afterwards.
            let kept = EditLine::new(LineOp::Add, lines[at].text.clone());
            lines[at] = EditLine::new(LineOp::Remove, old);
            lines.insert(at + 1, kept);
        } else {
            lines[at].text.remove(0);
        }
        let mut new = lines.iter_mut().filter(|line| line.op != LineOp::Remove);
        let keeps = match new.next() {
            Some(line) if line.op == LineOp::Add => strip(line),
            _ => is_kept && at == 0,
        };
        Some((EditBody::Lines(lines), keeps))
    }

    fn unmarked_text(&self, old: &str, new: &str) -> Option<(EditBody, bool)> {
        let old = old.strip_prefix(BOM).filter(|old| !old.is_empty())?;
        let head = old.lines().next().unwrap_or("");
        if !self.first_line()?.starts_with(head) {
            return None;
        }
        let bare = new.strip_prefix(BOM);
        let body = EditBody::Text {
            old: old.to_owned(),
            new: bare.unwrap_or(new).to_owned(),
        };
        Some((body, bare.is_some()))
    }

    fn first_line(&self) -> Option<&str> {
        let sheet = &self.finder.sheet;
        sheet.first().map(|first| sheet.text(first))
    }
}

/// Takes the mark off a line; returns whether there was one.
fn strip(line: &mut EditLine) -> bool {
    let bare = line.text.strip_prefix(BOM).map(str::to_owned);
    let Some(bare) = bare else {
        return false;
    };
    line.text = bare;
    true
}
