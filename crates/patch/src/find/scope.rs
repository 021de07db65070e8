//! Where a scope line such as `@@ class A` stands and what lies in it.

use super::{Finder, Form, Outcome, Position, TooComplex};
use crate::edit::Anchor;
use crate::sheet::LineId;

/// A scope's line and the first line below its block; `None` when the block
/// reaches to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) line: LineId,
    pub(super) end: Option<LineId>,
}

impl Finder {
    /// Finds the innermost of the scope lines, each below the one before it.
    /// `Found` has every place it may be; it is empty without scopes.
    pub(super) fn windows(
        &mut self,
        anchor: &Anchor,
        position: Position,
        strict: bool,
    ) -> Result<Outcome<Vec<Window>>, TooComplex> {
        let mut windows: Vec<Window> = Vec::new();
        for (level, scope) in anchor.scopes.iter().enumerate() {
            let mut found = Vec::new();
            for line in self.scope_lines(scope, strict)? {
                let end = self.block_end(line)?;
                found.push(Window { line, end });
            }
            if level > 0 {
                found = self.inside(found, &windows);
            }
            if found.is_empty() {
                return Ok(Outcome::NoScope(level));
            }
            windows = found;
        }
        if anchor.ordered
            && let Some(cursor) = position.cursor
        {
            let cursor = self.sheet.place(cursor);
            let is_past = |w: &Window| w.end.is_some_and(|end| self.sheet.place(end) <= cursor);
            if windows.iter().any(|window| !is_past(window)) {
                windows.retain(|window| !is_past(window));
            }
        }
        Ok(Outcome::Found(windows))
    }

    /// Returns the lines that a scope's text means: those with this text, or
    /// else those that begin with it.
    fn scope_lines(&mut self, scope: &str, strict: bool) -> Result<Vec<LineId>, TooComplex> {
        for form in [Form::Exact, Form::Trim, Form::Fold] {
            let lines = self.runs(form, &[scope])?;
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
        let scope = scope.trim();
        if strict || scope.is_empty() {
            return Ok(Vec::new());
        }
        self.work.charge(u64::from(self.sheet.ids()))?;
        let begins = |&id: &LineId| {
            let rest = self.sheet.text(id).trim_start().strip_prefix(scope);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        Ok(self.sheet.from(self.sheet.first()).filter(begins).collect())
    }

    /// Returns the first line that is not part of the block under `line`: the
    /// next one that is indented no deeper and doesn't start with a bracket.
    fn block_end(&self, line: LineId) -> Result<Option<LineId>, TooComplex> {
        let width = indent_width(self.sheet.text(line));
        let mut steps = 0;
        let end = self.sheet.from(self.sheet.after(Some(line))).find(|&id| {
            steps += 1;
            let text = self.sheet.text(id);
            let begins = text.trim_start().chars().next();
            begins.is_some_and(|c| !"{}()[];,".contains(c)) && indent_width(text) <= width
        });
        self.work.charge(steps)?;
        Ok(end)
    }

    /// Keeps the windows that begin inside of an outer one, else those below.
    fn inside(&self, mut inner: Vec<Window>, outer: &[Window]) -> Vec<Window> {
        let place = |line| self.sheet.place(line);
        let below = |w: &Window, outer: &Window| place(w.line) > place(outer.line);
        let inside = |w: &Window, outer: &Window| {
            below(w, outer) && outer.end.is_none_or(|end| place(w.line) < place(end))
        };
        inner.retain(|w| outer.iter().any(|outer| below(w, outer)));
        if inner
            .iter()
            .any(|w| outer.iter().any(|outer| inside(w, outer)))
        {
            inner.retain(|w| outer.iter().any(|outer| inside(w, outer)));
        }
        inner
    }
}

fn indent_width(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
