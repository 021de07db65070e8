//! JSON edits, object by object.
//!
//! The text is only looked through for where objects begin and end; each that
//! could be an edit is then read as JSON.

use std::mem;

use atelier_base::WorkspacePath;

use super::{PreviewHunk, Reader, path_of};
use crate::diff::HunkKind;
use crate::edit::EditBody;
use crate::read::edits;

/// How deep an edit may stand in lists and objects.
const DEPTH: usize = 8;
/// How deep lists and objects may be nested at all.
const LEVELS: usize = 128;

/// JSON that is being read.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// The text from where the outermost list or object begins.
    text: String,
    levels: Vec<Level>,
    /// Where the string under way begins.
    string: Option<usize>,
    is_escaped: bool,
    /// Whether it is nested too deep to be edits.
    is_lost: bool,
}

/// A list or an object that is open.
#[derive(Debug, Default)]
struct Level {
    start: usize,
    is_object: bool,
    /// Whether a string here is a key.
    expects_key: bool,
    key: String,
    /// The file that it names.
    path: Option<String>,
    /// Whether an edit was found in it, so that it is none itself.
    has_edit: bool,
}

impl Json {
    /// Returns whether a text that begins so is JSON rather than prose;
    /// `None` when more of it must be seen.
    pub(super) fn is_begun(text: &str) -> Option<bool> {
        let mut chars = text.chars().filter(|c| !c.is_whitespace());
        Some(match chars.next()? {
            '{' => matches!(chars.next()?, '"' | '}'),
            '[' => matches!(chars.next()?, '{' | '[' | ']'),
            _ => false,
        })
    }

    pub(super) fn take(&mut self, reader: &mut Reader, c: char) {
        if self.is_lost {
            return;
        }
        if self.levels.is_empty() {
            self.text.clear();
            if !matches!(c, '{' | '[') {
                return;
            }
        }
        let at = self.text.len();
        self.text.push(c);
        if let Some(start) = self.string {
            if mem::take(&mut self.is_escaped) {
                return;
            }
            match c {
                '\\' => self.is_escaped = true,
                '"' => self.end_string(start),
                _ => {}
            }
            return;
        }
        match c {
            '"' => self.string = Some(at),
            '{' | '[' if self.levels.len() == LEVELS => {
                *self = Self {
                    is_lost: true,
                    ..Self::default()
                };
            }
            '{' | '[' => self.levels.push(Level {
                start: at,
                is_object: c == '{',
                expects_key: c == '{',
                ..Level::default()
            }),
            '}' | ']' => self.end_level(reader),
            ',' | ':' => {
                if let Some(level) = self.levels.last_mut() {
                    level.expects_key = level.is_object && c == ',';
                }
            }
            _ => {}
        }
    }

    fn end_string(&mut self, start: usize) {
        self.string = None;
        let Some(level) = self.levels.last_mut().filter(|level| level.is_object) else {
            return;
        };
        let is_path = edits::PATH.contains(&level.key.as_str());
        if !level.expects_key && !is_path {
            return;
        }
        let text = serde_json::from_str::<String>(&self.text[start..]).unwrap_or_default();
        if level.expects_key {
            level.key = text;
        } else {
            level.path = Some(text);
        }
    }

    fn end_level(&mut self, reader: &mut Reader) {
        let depth = self.levels.len();
        let Some(level) = self.levels.pop() else {
            return;
        };
        let mut found = level.has_edit;
        if level.is_object && !found && depth <= DEPTH {
            let outer = self
                .levels
                .iter()
                .rev()
                .find_map(|level| level.path.as_deref());
            let path = level.path.as_deref().or(outer);
            if let Ok(map) = serde_json::from_str(&self.text[level.start..])
                && let Some(body) = edits::shown(&map)
            {
                found = true;
                let path = match path {
                    Some(path) => path_of(path),
                    None => reader.options.sole_path.clone(),
                };
                reader.ready.push(of_body(path, &body));
            }
        }
        if let Some(outer) = self.levels.last_mut() {
            outer.has_edit |= found;
        }
    }
}

fn of_body(path: Option<WorkspacePath>, body: &EditBody) -> PreviewHunk {
    let mut hunk = PreviewHunk::new(path, HunkKind::Text);
    hunk.put_body(body);
    hunk.done = true;
    hunk
}
