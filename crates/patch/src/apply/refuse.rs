//! Why a hunk was refused, with what the file says instead.

use super::lines::{text_to_lines, unify};
use super::{Document, Stop, Task};
use crate::edit::{EditBody, EditLine, LineOp};
use crate::error::{ErrorCode, Evidence, PatchError};
use crate::find::{Outcome, TooComplex};
use crate::line::count;
use crate::sheet::LineId;

/// Lines shown around the closest place, to read again.
const AROUND: u32 = 5;

impl Document {
    /// Makes the error for a hunk that has no one place.
    pub(super) fn refuse(&mut self, task: &Task<'_>, stop: Stop) -> PatchError {
        let scopes = &task.hunk.anchor.scopes;
        let mut error = match stop {
            Stop::Missing => self.refuse_missing(task).unwrap_or_else(|_| too_complex()),
            Stop::Many(places) => self.refuse_many(&places, !scopes.is_empty()),
            Stop::NoScope(level) => {
                let scope = scopes.get(level).map_or("", String::as_str);
                let detail = format!("the line after `@@` is not in the file: `{scope}`");
                PatchError::new(ErrorCode::ScopeNotFound, detail)
            }
            Stop::Filled => PatchError::new(
                ErrorCode::FileExists,
                "the hunk has no old text, which means a new file, but this file has text already",
            ),
            Stop::TooComplex => too_complex(),
            Stop::Repeated => PatchError::new(
                ErrorCode::AlreadyApplied,
                "the lines to add stand beside the hunk's context already: it was applied already",
            ),
            Stop::TooLarge => PatchError::new(
                ErrorCode::TooLarge,
                "the result would be larger than text may be, 8 MiB",
            ),
        };
        error.hunk = Some(self.hunks);
        // Its file's hash is told of every hunk.
        error.evidence.get_or_insert_default();
        error.at_line(task.hunk.patch_line)
    }

    fn refuse_missing(&mut self, task: &Task<'_>) -> Result<PatchError, TooComplex> {
        if self.has_new_text(&task.hunk.body)? {
            return Ok(PatchError::new(
                ErrorCode::AlreadyApplied,
                "the old text is not in the file, but the new text is: it was applied already",
            ));
        }
        let body = body_lines(&task.hunk.body);
        if body.iter().all(|line| line.op == LineOp::Add) {
            return Ok(PatchError::new(
                ErrorCode::ContextNotFound,
                "the added lines have no context, and the file has no line with this number",
            ));
        }
        let (candidates, divergence) = self.finder.explain(&body)?;
        let end = self
            .finder
            .sheet
            .last()
            .map_or(1, |last| self.finder.shown_line(last));
        let length = count(body.iter().filter(|line| line.op != LineOp::Add).count());
        let reread = candidates.first().map(|first| {
            let last = first.saturating_add(length + AROUND).min(end);
            (first.saturating_sub(AROUND).max(1), last)
        });
        let detail = if !task.hunk.anchor.scopes.is_empty() {
            "the old text is not in the file below the line after `@@`"
        } else if candidates.is_empty() {
            "the old text is not in the file, and nothing in it is like it"
        } else {
            "the old text is not in the file"
        };
        let mut error = PatchError::new(ErrorCode::ContextNotFound, detail);
        error.evidence = Some(Box::new(Evidence {
            divergence,
            candidates,
            reread,
            file_hash: None,
        }));
        Ok(error)
    }

    fn refuse_many(&self, places: &[LineId], has_scope: bool) -> PatchError {
        let what = if has_scope { "place" } else { "old text" };
        let many = places.len();
        let detail = if many > 1 {
            format!("the {what} occurs {many} times in the file; it must be clear which is meant")
        } else {
            format!("the {what} occurs several times in one line; it must be clear which is meant")
        };
        let mut error = PatchError::new(ErrorCode::Ambiguous, detail);
        let candidates = places.iter().take(3).map(|&id| self.finder.shown_line(id));
        let candidates: Vec<u32> = candidates.collect();
        let sheet = &self.finder.sheet;
        let end = sheet.last().map_or(1, |last| self.finder.shown_line(last));
        let reread = candidates.first().map(|first| {
            let last = first.saturating_add(AROUND).min(end);
            (first.saturating_sub(AROUND).max(1), last)
        });
        error.evidence = Some(Box::new(Evidence {
            candidates,
            reread,
            ..Evidence::default()
        }));
        error
    }

    /// Returns whether what a hunk would make is there already.
    fn has_new_text(&mut self, body: &EditBody) -> Result<bool, TooComplex> {
        let lines = body_lines(body);
        let new = lines.iter().filter(|line| line.op != LineOp::Remove);
        let new: Vec<&str> = new.map(|line| line.text.as_str()).collect();
        let adds = lines
            .iter()
            .any(|line| line.op == LineOp::Add && is_telling(&line.text));
        let telling = new.iter().filter(|text| is_telling(text)).count();
        // What only removes lines is told by the lines that were around them.
        let tells = adds || (telling > 1 && !removes_at_edge(&lines));
        if tells && self.finder.has_lines(&new)? {
            return Ok(true);
        }
        match body {
            // A part of the old text may be there without the rest of it.
            EditBody::Text { old, new } | EditBody::Every { old, new }
                if is_telling(new) && !old.contains(new.as_str()) =>
            {
                let outcome = self.finder.find_within(&unify(new), None)?;
                Ok(!matches!(outcome, Outcome::Missing))
            }
            _ => Ok(false),
        }
    }
}

/// Returns whether a hunk takes its first or last line away.
fn removes_at_edge(lines: &[EditLine]) -> bool {
    let edges = [lines.first(), lines.last()];
    edges
        .into_iter()
        .flatten()
        .any(|line| line.op == LineOp::Remove)
}

/// Returns whether a text is more than a bracket or a blank.
pub(super) fn is_telling(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() > 2
}

fn body_lines(body: &EditBody) -> Vec<EditLine> {
    match body {
        EditBody::Lines(lines) => lines.clone(),
        EditBody::Text { old, new } | EditBody::Every { old, new } => text_to_lines(old, new)
            .unwrap_or_else(|| {
                let old = old.lines().map(|line| EditLine::new(LineOp::Remove, line));
                let new = new.lines().map(|line| EditLine::new(LineOp::Add, line));
                old.chain(new).collect()
            }),
        EditBody::Fill(_) => Vec::new(),
    }
}

fn too_complex() -> PatchError {
    PatchError::new(
        ErrorCode::TooComplex,
        "finding the hunks would take too long: their lines occur too often in the file",
    )
}
