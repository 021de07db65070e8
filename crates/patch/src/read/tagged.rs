//! Old and new text in tags, as Zed's models write them:
//! `<old_text line=12>` … `</old_text>` `<new_text>` … `</new_text>`.

use atelier_base::WorkspacePath;

use super::{Script, number, search_replace, wrong};
use crate::edit::{Anchor, EditBody, EditHunk, FileEdit};
use crate::error::PatchError;

/// The names of the tags behind `old_` and `new_`.
const NAMES: [&str; 3] = ["text", "string", "str"];

/// Returns whether an edit begins in a line.
pub(super) fn begins(script: &Script<'_>, at: usize) -> bool {
    !script.strict && Tagged::begin(script.text_at(at)).is_some()
}

/// Reads the edit that begins in a line; returns the next line too. `current`
/// is the file that the edit before was for.
pub(super) fn take(
    script: &Script<'_>,
    head: usize,
    current: &mut Option<WorkspacePath>,
) -> Result<(FileEdit, usize), PatchError> {
    let Some((mut tagged, mut step)) = Tagged::begin(script.text_at(head)) else {
        return Err(wrong(head, "an edit begins with `<old_text>`"));
    };
    let mut at = head + 1;
    while step == Step::More {
        let Some(line) = script.get(at) else {
            break;
        };
        step = tagged.read(line.text);
        at += 1;
    }
    if step != Step::Done {
        let name = tagged.name;
        let detail = format!(
            "`<old_{name}>` is not followed by `</old_{name}>`, `<new_{name}>` and `</new_{name}>`"
        );
        return Err(wrong(head, detail));
    }
    let path = search_replace::path_of(script, head, current.as_ref())?;
    *current = Some(path.clone());
    let hunk = EditHunk {
        anchor: Anchor {
            line: tagged.line.and_then(|line| line.checked_sub(1)),
            ..Anchor::default()
        },
        body: tagged.into_body(),
        patch_line: number(head),
    };
    let edit = FileEdit::Update {
        path,
        move_to: None,
        hunks: vec![hunk],
    };
    Ok((edit, at))
}

/// An edit in tags that is being read.
#[derive(Debug)]
pub(crate) struct Tagged {
    name: &'static str,
    /// The line that is hinted at, from 1.
    line: Option<u32>,
    part: Part,
    old: String,
    new: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Old,
    Between,
    New,
}

/// How far an edit has come with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It goes on.
    More,
    /// It is whole.
    Done,
    /// Something else came.
    Broken,
}

impl Tagged {
    /// Begins an edit if a line does.
    pub(crate) fn begin(line: &str) -> Option<(Self, Step)> {
        let (head, rest) = line.trim_start().split_once('>')?;
        let tag = head.strip_prefix("<old_")?;
        let (tag, hint) = tag.split_once(' ').unwrap_or((tag, ""));
        let name = NAMES.into_iter().find(|name| *name == tag)?;
        let hint = hint.trim();
        let line = hint
            .strip_prefix("line=")
            .and_then(|line| line.trim_matches('"').parse().ok());
        if line.is_none() && !hint.is_empty() {
            return None;
        }
        let mut tagged = Self {
            name,
            line,
            part: Part::Old,
            old: String::new(),
            new: String::new(),
        };
        let step = tagged.read(rest);
        Some((tagged, step))
    }

    /// Reads the next line.
    pub(crate) fn read(&mut self, line: &str) -> Step {
        let mut rest = line;
        loop {
            let (text, close) = match self.part {
                Part::Old => (&mut self.old, format!("</old_{}>", self.name)),
                Part::New => (&mut self.new, format!("</new_{}>", self.name)),
                Part::Between => {
                    rest = rest.trim();
                    if rest.is_empty() {
                        return Step::More;
                    }
                    let open = format!("<new_{}>", self.name);
                    let Some(inside) = rest.strip_prefix(&open) else {
                        return Step::Broken;
                    };
                    (self.part, rest) = (Part::New, inside);
                    continue;
                }
            };
            let Some((head, tail)) = rest.split_once(&close) else {
                text.push_str(rest);
                text.push('\n');
                return Step::More;
            };
            text.push_str(head);
            if self.part == Part::New {
                return Step::Done;
            }
            (self.part, rest) = (Part::Between, tail);
        }
    }

    /// Returns what the edit changes: the line breaks beside the tags are not
    /// part of the texts.
    pub(crate) fn into_body(self) -> EditBody {
        let bare = |text: &str| {
            let text = text.strip_prefix('\n').unwrap_or(text);
            text.strip_suffix('\n').unwrap_or(text).to_owned()
        };
        let (old, mut new) = (bare(&self.old), bare(&self.new));
        if old.trim().is_empty() {
            new.push('\n');
            return EditBody::Fill(new);
        }
        EditBody::Text { old, new }
    }
}
