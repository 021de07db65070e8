//! Where a scope line such as `@@ class A` stands and what lies in it.

use super::{Finder, Form, Outcome, Position, TooComplex};
use crate::edit::Anchor;
use crate::sheet::LineId;

/// A scope's line and the block under it, as places of the sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) line: LineId,
    /// The place of the line.
    pub(super) start: u64,
    /// The place of the first line below the block.
    end: u64,
    /// The furthest end of this window and those above it.
    reach: u64,
}

/// Every place where a scope may be, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Windows(Vec<Window>);

impl Windows {
    fn new(mut windows: Vec<Window>) -> Self {
        windows.sort_unstable_by_key(|window| window.start);
        let mut reach = 0;
        for window in &mut windows {
            reach = reach.max(window.end);
            window.reach = reach;
        }
        Self(windows)
    }

    pub(super) fn as_slice(&self) -> &[Window] {
        &self.0
    }

    /// Returns whether lines from `first` to `last` (places) touch a window's
    /// line or the block under it.
    pub(super) fn hold(&self, first: u64, last: u64) -> bool {
        let above = self.0.partition_point(|window| window.start <= last);
        above > 0 && self.0[above - 1].reach > first
    }
}

impl Finder {
    /// Finds the innermost of the scope lines, each below the one before it.
    /// `Found` has every place it may be; it is empty without scopes.
    pub(super) fn windows(
        &mut self,
        anchor: &Anchor,
        position: Position,
        strict: bool,
    ) -> Result<Outcome<Windows>, TooComplex> {
        let mut windows = Windows::default();
        for (level, scope) in anchor.scopes.iter().enumerate() {
            let mut found = Vec::new();
            for line in self.scope_lines(scope, strict)? {
                found.push(self.window(line)?);
            }
            if level > 0 {
                found = inside(found, &windows);
            }
            if found.is_empty() {
                return Ok(Outcome::NoScope(level));
            }
            windows = Windows::new(found);
        }
        if let Some(cursor) = position.cursor.filter(|_| anchor.ordered) {
            let cursor = self.sheet.place(cursor);
            let goes_on = |window: &&Window| window.end > cursor;
            let rest: Vec<Window> = windows.0.iter().filter(goes_on).copied().collect();
            if !rest.is_empty() {
                windows = Windows::new(rest);
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

    /// Returns the window of a scope's line. Its block ends with the next line
    /// that is indented no deeper and doesn't start with a bracket.
    fn window(&self, line: LineId) -> Result<Window, TooComplex> {
        let width = indent_width(self.sheet.text(line));
        let mut steps = 0;
        let end = self.sheet.from(self.sheet.after(Some(line))).find(|&id| {
            steps += 1;
            let text = self.sheet.text(id);
            let begins = text.trim_start().chars().next();
            begins.is_some_and(|c| !"{}()[];,".contains(c)) && indent_width(text) <= width
        });
        self.work.charge(steps)?;
        let end = end.map_or(u64::MAX, |line| self.sheet.place(line));
        Ok(Window {
            line,
            start: self.sheet.place(line),
            end,
            reach: end,
        })
    }
}

/// Keeps the windows that begin inside of an outer one, else those below one.
fn inside(mut inner: Vec<Window>, outer: &Windows) -> Vec<Window> {
    let top = outer.0.first().map_or(0, |window| window.start);
    inner.retain(|window| window.start > top);
    let is_inside = |window: &Window| outer.hold(window.start, window.start - 1);
    if inner.iter().any(is_inside) {
        inner.retain(is_inside);
    }
    inner
}

fn indent_width(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
