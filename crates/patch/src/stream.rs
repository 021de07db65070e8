//! Showing a patch while it is still being written.
//!
//! Text comes in pieces that are cut anywhere, and hunks come out as soon as
//! they are whole, the same ones for every way of cutting. What comes out is
//! for the eye only: it has no place in a file, and nothing may be applied
//! from it. That takes the whole text, [`crate::parse`] and [`crate::plan`].
//!
//! Named code blocks are shown only when the format is given as whole files, for
//! beside other edits they are examples; JSON only when the text begins with it.

mod diff;
mod envelope;
mod json;
mod search;

use std::collections::VecDeque;
use std::mem;

use atelier_base::{WorkspacePath, limit};

use crate::apply::edit_lines;
use crate::diff::HunkKind;
use crate::edit::{EditBody, Format, LineOp, ParseOptions};
use crate::read::tagged::Tagged;
use crate::read::{fence, name};

/// The longest line that is shown, in bytes; the rest of it is left out.
const LINE_BYTES: usize = 16 * 1024;
/// The most white space before JSON, in bytes.
const START_BYTES: usize = 512;
/// The most removed and the most added lines that one hunk shows.
const HUNK_LINES: usize = 2_000;

/// A change as it is shown before it is whole or has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewHunk {
    /// The file; `None` when none is named, or the name is no path.
    pub path: Option<WorkspacePath>,
    /// What it changes.
    pub kind: HunkKind,
    /// The lines it removes, without unchanged ones and without endings.
    pub removed: Vec<String>,
    /// The lines it adds, likewise.
    pub added: Vec<String>,
    /// Whether it was written to its end. One that isn't comes only from
    /// [`Reader::finish`].
    pub done: bool,
    /// Whether lines or parts of lines are left out, for it is too long.
    pub cut: bool,
}

impl PreviewHunk {
    fn new(path: Option<WorkspacePath>, kind: HunkKind) -> Self {
        Self {
            path,
            kind,
            removed: Vec::new(),
            added: Vec::new(),
            done: false,
            cut: false,
        }
    }

    fn put(&mut self, op: LineOp, line: &str) {
        let lines = match op {
            LineOp::Keep => return,
            LineOp::Remove => &mut self.removed,
            LineOp::Add => &mut self.added,
        };
        if lines.len() < HUNK_LINES {
            lines.push(line.to_owned());
        } else {
            self.cut = true;
        }
    }

    /// Puts what leads from the old lines to the new ones.
    fn put_all(&mut self, old: &[&str], new: &[&str]) {
        if old.len() < HUNK_LINES && new.len() < HUNK_LINES {
            for line in edit_lines(old, new) {
                self.put(line.op, &line.text);
            }
        } else {
            for line in old {
                self.put(LineOp::Remove, line);
            }
            for line in new {
                self.put(LineOp::Add, line);
            }
        }
    }

    /// Puts what a change says.
    fn put_body(&mut self, body: &EditBody) {
        match body {
            EditBody::Fill(text) => {
                self.kind = HunkKind::Create;
                self.put_all(&[], &text.lines().collect::<Vec<_>>());
            }
            EditBody::Text { old, new } | EditBody::Every { old, new } => {
                let old: Vec<&str> = old.lines().collect();
                self.put_all(&old, &new.lines().collect::<Vec<_>>());
            }
            EditBody::Lines(lines) => {
                for line in lines {
                    self.put(line.op, &line.text);
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.kind == HunkKind::Text && self.removed.is_empty() && self.added.is_empty()
    }
}

/// Reads a patch as it comes, for showing it.
///
/// ```
/// # use atelier_patch::{ParseOptions, stream::Reader};
/// let mut reader = Reader::new(ParseOptions::default());
/// let first = "a.py\n<<<<<<< SEARCH\nx = 1\n==";
/// assert!(reader.push(first).is_empty());
/// assert_eq!(reader.pending().map(|hunk| hunk.removed.len()), Some(1));
/// let hunks = reader.push("=====\nx = 2\n>>>>>>> REPLACE\n");
/// assert_eq!(hunks[0].added, ["x = 2"]);
/// assert!(hunks[0].done && reader.finish().is_empty());
/// ```
#[derive(Debug)]
pub struct Reader {
    options: ParseOptions,
    /// The line that is not at its end yet.
    line: String,
    /// Whether the line is longer than is kept of it.
    is_cut: bool,
    /// The bytes read so far.
    bytes: usize,
    /// The last lines of prose: names stand in them.
    above: VecDeque<String>,
    /// The file that the last block was for.
    current: Option<WorkspacePath>,
    state: State,
    pending: Option<PreviewHunk>,
    ready: Vec<PreviewHunk>,
}

/// What the lines belong to.
#[derive(Debug)]
enum State {
    /// What came before it is clear whether the text is JSON.
    Start(String),
    Json(json::Json),
    Prose,
    Envelope(envelope::Envelope),
    Search(search::Search),
    Tagged(Tagged),
    Diff(diff::Diff),
    /// A named block: the fence's character and length.
    Block(char, usize),
}

impl Reader {
    /// Makes a reader of a patch that will come in the options' format.
    pub fn new(options: ParseOptions) -> Self {
        Self {
            line: String::new(),
            is_cut: false,
            bytes: 0,
            above: VecDeque::new(),
            current: None,
            state: match options.format {
                Format::Auto => State::Start(String::new()),
                Format::Edits => State::Json(json::Json::default()),
                _ => State::Prose,
            },
            options,
            pending: None,
            ready: Vec::new(),
        }
    }

    /// Takes the next piece of text; returns the hunks that became whole. Text
    /// past `limit::PATCH_BYTES` is passed over.
    pub fn push(&mut self, text: &str) -> Vec<PreviewHunk> {
        for c in text.chars() {
            let end = self.bytes + c.len_utf8();
            if end > limit::PATCH_BYTES {
                self.bytes = limit::PATCH_BYTES;
                break;
            }
            self.bytes = end;
            self.take(c);
        }
        mem::take(&mut self.ready)
    }

    /// Returns the hunk that is being written, as far as it is there.
    pub const fn pending(&self) -> Option<&PreviewHunk> {
        self.pending.as_ref()
    }

    /// Ends the text; returns the hunks that came out last, one that was cut
    /// off among them.
    pub fn finish(mut self) -> Vec<PreviewHunk> {
        if let State::Start(begun) = &mut self.state {
            let begun = mem::take(begun);
            self.state = State::Prose;
            begun.chars().for_each(|c| self.take(c));
        }
        if !self.line.is_empty() {
            self.end_line();
        }
        match mem::replace(&mut self.state, State::Prose) {
            State::Diff(diff) => diff.end(&mut self),
            _ => self.flush(false),
        }
        self.ready
    }

    fn take(&mut self, c: char) {
        match &mut self.state {
            State::Start(begun) => {
                begun.push(c);
                // White space tells nothing; there is an end to it.
                let known = json::Json::is_begun(begun);
                let known = known.or((begun.len() > START_BYTES).then_some(false));
                if let Some(is_json) = known {
                    let begun = mem::take(begun);
                    self.state = if is_json {
                        State::Json(json::Json::default())
                    } else {
                        State::Prose
                    };
                    begun.chars().for_each(|c| self.take(c));
                }
            }
            State::Json(json) => {
                let mut json = mem::take(json);
                json.take(self, c);
                self.state = State::Json(json);
            }
            _ if c == '\n' => self.end_line(),
            _ if !self.is_cut && self.line.len() + c.len_utf8() <= LINE_BYTES => self.line.push(c),
            _ => self.is_cut = true,
        }
    }

    fn end_line(&mut self) {
        let line = mem::take(&mut self.line);
        let is_cut = mem::take(&mut self.is_cut);
        self.read(line.strip_suffix('\r').unwrap_or(&line));
        if let Some(pending) = self.pending.as_mut().filter(|_| is_cut) {
            pending.cut = true;
        }
    }

    fn read(&mut self, line: &str) {
        let state = mem::replace(&mut self.state, State::Prose);
        self.state = match state {
            State::Start(_) | State::Json(_) | State::Prose => self.prose(line),
            State::Envelope(envelope) => envelope.read(self, line),
            State::Search(search) => search.read(self, line),
            State::Tagged(tagged) => search::read_tagged(self, tagged, line),
            State::Diff(diff) => diff.read(self, line),
            State::Block(c, length) => self.block(c, length, line),
        };
    }

    /// Reads a line outside of any edit.
    fn prose(&mut self, line: &str) -> State {
        let next = if self.reads(Format::ApplyPatch) && envelope::begins(line) {
            Some(State::Envelope(envelope::Envelope::begin(self, line)))
        } else if self.reads(Format::SearchReplace)
            && let Some(search) = search::Search::begin(self, line)
        {
            Some(State::Search(search))
        } else if self.reads(Format::SearchReplace)
            && let Some(state) = search::begin_tagged(self, line)
        {
            Some(state)
        } else if self.reads(Format::Unified)
            && let Some(diff) =
                diff::Diff::begin(self.above.back().map_or("", String::as_str), line)
        {
            Some(State::Diff(diff))
        } else if self.options.format == Format::Whole {
            self.named_block(line)
        } else {
            None
        };
        if next.is_none() {
            self.above.push_back(line.to_owned());
            if self.above.len() > name::REACH {
                self.above.pop_front();
            }
        } else {
            self.above.clear();
        }
        next.unwrap_or(State::Prose)
    }

    fn reads(&self, format: Format) -> bool {
        matches!(self.options.format, Format::Auto) || self.options.format == format
    }

    /// Begins a file at a fence that is headed by its name.
    fn named_block(&mut self, line: &str) -> Option<State> {
        let (c, length, info) = fence::marker(line)?;
        let mut above = self.above.iter().rev().take(2);
        let heading = above.find(|line| !line.trim().is_empty());
        let heading = heading.and_then(|line| name::alone(line).or_else(|| name::spaced(line)));
        let path = path_of(name::in_info(info).or(heading)?);
        self.pending = Some(PreviewHunk::new(path, HunkKind::Create));
        Some(State::Block(c, length))
    }

    fn block(&mut self, c: char, length: usize, line: &str) -> State {
        let closes = |(other, least, info): (char, usize, &str)| {
            other == c && least >= length && info.is_empty()
        };
        if fence::marker(line).is_some_and(closes) {
            self.flush(true);
            return State::Prose;
        }
        self.put(LineOp::Add, line);
        State::Block(c, length)
    }

    fn put(&mut self, op: LineOp, line: &str) {
        if let Some(pending) = &mut self.pending {
            pending.put(op, line);
        }
    }

    /// Gives out the hunk under way.
    fn flush(&mut self, done: bool) {
        if let Some(mut hunk) = self.pending.take().filter(|hunk| !hunk.is_empty()) {
            hunk.done = done;
            self.ready.push(hunk);
        }
    }

    /// Gives out a hunk without lines.
    fn tell(&mut self, path: Option<WorkspacePath>, kind: HunkKind) {
        let mut hunk = PreviewHunk::new(path, kind);
        hunk.done = true;
        self.ready.push(hunk);
    }
}

fn path_of(name: &str) -> Option<WorkspacePath> {
    let mut name = name.trim();
    while let Some(rest) = name.strip_prefix("./") {
        name = rest;
    }
    WorkspacePath::new(name).ok()
}
