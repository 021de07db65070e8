//! A text to which hunks are applied one after the other.

mod refuse;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::diff::{Hunk, changes};
use crate::edit::{Anchor, EditBody, EditHunk, EditLine, LineOp};
use crate::error::PatchError;
use crate::find::{Finder, Match, Outcome, Piece, Position, Spot, TooComplex, Wanted, Work};
use crate::label::MatchLabel;
use crate::line::{Ending, text_lines};
use crate::sheet::{BOM, LineId};

/// A text, the hunks applied to it so far, and how each was matched.
#[derive(Debug)]
pub(crate) struct Document {
    finder: Finder,
    /// By line: the label of the hunk that last touched it, and whether that
    /// hunk changed it.
    marks: HashMap<LineId, (MatchLabel, bool)>,
    hunks: u32,
}

/// A hunk on its way into a document.
#[derive(Clone, Copy)]
struct Task<'a> {
    hunk: &'a EditHunk,
    position: Position,
    strict: bool,
    /// How many equal hunks follow, this one included.
    equal: usize,
}

impl<'a> Task<'a> {
    fn wanted(&self, body: &'a [EditLine]) -> Wanted<'a> {
        Wanted {
            body,
            anchor: &self.hunk.anchor,
            position: self.position,
            strict: self.strict,
        }
    }
}

impl Document {
    /// Makes a document of a whole text.
    pub(crate) fn new(text: &str, work: Work) -> Self {
        Self {
            finder: Finder::new(text, work),
            marks: HashMap::new(),
            hunks: 0,
        }
    }

    /// Returns whether the text has no lines.
    pub(crate) fn is_empty(&self) -> bool {
        self.finder.sheet.first().is_none()
    }

    /// Returns the text as it is now.
    pub(crate) fn to_text(&self) -> String {
        self.finder.sheet.to_text()
    }

    /// Applies hunks in order; each sees what those before it did.
    ///
    /// # Errors
    /// The first hunk that has no place, or several. The document is then in
    /// between and must be dropped. The error names no path.
    pub(crate) fn apply(&mut self, hunks: &[EditHunk], strict: bool) -> Result<(), PatchError> {
        let mut position = Position::default();
        for (at, hunk) in hunks.iter().enumerate() {
            self.hunks += 1;
            let same = |other: &&EditHunk| other.body == hunk.body && other.anchor == hunk.anchor;
            let task = Task {
                hunk,
                position,
                strict,
                equal: hunks[at..].iter().take_while(same).take(64).count(),
            };
            let done = match &hunk.body {
                EditBody::Lines(body) => self.apply_lines(&task, body),
                EditBody::Text { old, new } => self.apply_text(&task, old, new),
                EditBody::Fill(text) => self.fill(text),
            };
            position = done.map_err(|stop| self.refuse(&task, stop))?;
        }
        Ok(())
    }

    /// Gives the document a whole new text. Lines that stay keep their
    /// endings; the end of the file becomes as `text` has it.
    pub(crate) fn replace(&mut self, text: &str) {
        let bare = text.strip_prefix(BOM).unwrap_or(text);
        if bare.len() != text.len() {
            self.finder.sheet.state_bom();
        }
        let sheet = &self.finder.sheet;
        let old: Vec<&str> = sheet.from(sheet.first()).map(|id| sheet.text(id)).collect();
        let new: Vec<&str> = text_lines(bare).map(|(line, _)| line).collect();
        // With the same lines, or none, only the endings can be meant.
        let body = if old == new || old.is_empty() {
            rewrite(&old, text_lines(bare))
        } else {
            edit_lines(&old, &new)
        };
        let spot = match self.finder.sheet.first() {
            Some(first) => Spot::Lines(first),
            None => Spot::Behind(None),
        };
        self.put(&body, spot, &Match::exact(spot));
        let newline = bare.is_empty() || bare.ends_with('\n');
        self.finder.sheet.state_final_newline(newline);
    }

    /// Returns the first line of a whole new text that stands for lines left
    /// out ("... existing code ...") and isn't in the text already.
    pub(crate) fn first_elision<'a>(&self, text: &'a str) -> Option<&'a str> {
        let sheet = &self.finder.sheet;
        let old = sheet.from(sheet.first()).map(|id| sheet.text(id));
        let known: HashSet<&str> = old.filter(|line| is_elision(line)).collect();
        let mut lines = text_lines(text).map(|(line, _)| line);
        lines.find(|line| is_elision(line) && !known.contains(line))
    }

    /// Gives each hunk between the texts before and now the least sure label
    /// of the hunks that changed its lines, or else of those around it.
    pub(crate) fn label(&self, hunks: &mut [Hunk]) {
        let now: Vec<LineId> = self.finder.sheet.from(self.finder.sheet.first()).collect();
        for hunk in hunks {
            let old = hunk.old_range().filter_map(|id| self.marks.get(&id));
            let new = hunk.new_range().filter_map(|line| now.get(line as usize));
            let new = new.filter_map(|id| self.marks.get(id));
            let marks: Vec<_> = old.chain(new).collect();
            let worst =
                |labels: &mut dyn Iterator<Item = MatchLabel>| labels.reduce(MatchLabel::worse);
            let mut changed = marks.iter().filter(|mark| mark.1).map(|mark| mark.0);
            let mut around = marks.iter().map(|mark| mark.0);
            let label = worst(&mut changed).or_else(|| worst(&mut around));
            hunk.label = label.unwrap_or_default();
        }
    }

    fn apply_lines(&mut self, task: &Task<'_>, body: &[EditLine]) -> Result<Position, Stop> {
        let has_old = body.iter().any(|line| line.op != LineOp::Add);
        let wanted = task.wanted(body);
        let outcome = if has_old {
            self.finder.find_lines(wanted)?
        } else {
            self.finder.find_insertion(wanted)?
        };
        let found = match outcome {
            Outcome::Many(places) if task.equal == places.len() && has_old => {
                self.first_of(wanted, places)?
            }
            outcome => Stop::unless_found(outcome)?,
        };
        Ok(self.put_hunk(&task.hunk.anchor, body, &found))
    }

    /// Takes the first of as many places as there are equal hunks to come:
    /// they are meant one for each.
    fn first_of(&mut self, wanted: Wanted<'_>, places: Vec<LineId>) -> Result<Match, Stop> {
        let anchor = Anchor {
            line: places.first().copied(),
            ..wanted.anchor.clone()
        };
        let position = Position {
            drift: 0,
            ..wanted.position
        };
        let wanted = Wanted {
            anchor: &anchor,
            position,
            ..wanted
        };
        match self.finder.find_lines(wanted)? {
            Outcome::Found(found) => Ok(found),
            _ => Err(Stop::Many(places)),
        }
    }

    fn apply_text(&mut self, task: &Task<'_>, old: &str, new: &str) -> Result<Position, Stop> {
        let lines = text_to_lines(old, new);
        if let Some(body) = &lines {
            let mut wanted = task.wanted(body);
            wanted.strict = true;
            match self.finder.find_lines(wanted)? {
                Outcome::Missing => {}
                outcome => {
                    let found = Stop::unless_found(outcome)?;
                    return Ok(self.put_hunk(&task.hunk.anchor, body, &found));
                }
            }
        }
        let (old, new) = (unify(old), unify(new));
        match self.finder.find_within(&old)? {
            Outcome::Missing => {}
            outcome => {
                let piece = Stop::unless_found(outcome)?;
                return Ok(self.put_piece(piece, &new, MatchLabel::Exact));
            }
        }
        if task.strict {
            return Err(Stop::Missing);
        }
        match lines.map(|body| self.apply_lines(task, &body)) {
            None | Some(Err(Stop::Missing)) => {}
            Some(done) => return done,
        }
        let (piece, new) = Stop::unless_found(self.finder.find_unescaped(&old, &new)?)?;
        Ok(self.put_piece(piece, &new, MatchLabel::EscapeFold))
    }

    fn fill(&mut self, text: &str) -> Result<Position, Stop> {
        if !self.is_empty() {
            return Err(Stop::Filled);
        }
        self.replace(text);
        Ok(Position::default())
    }

    fn put_hunk(&mut self, anchor: &Anchor, body: &[EditLine], found: &Match) -> Position {
        let (head, tail) = found.skipped;
        let cursor = self.put(&body[head..body.len() - tail], found.spot, found);
        if let Some(newline) = anchor.final_newline
            && self.finder.sheet.after(cursor).is_none()
        {
            self.finder.sheet.state_final_newline(newline);
        }
        let drift = match (found.spot, anchor.line) {
            (Spot::Lines(at), Some(line)) if self.finder.sheet.is_original(at) => {
                i64::from(at) - i64::from(line) - i64::try_from(head).unwrap_or(0)
            }
            _ => 0,
        };
        Position { cursor, drift }
    }

    /// Writes a hunk's lines at its place; returns the last line it touched.
    fn put(&mut self, body: &[EditLine], spot: Spot, found: &Match) -> Option<LineId> {
        let sheet = &self.finder.sheet;
        let (mut prev, mut here) = match spot {
            Spot::Lines(id) => (sheet.before(id), Some(id)),
            Spot::Behind(line) => (line, None),
        };
        let mut ending = sheet.ending_beside(prev.or(here).or(sheet.first()));
        let mut added: Vec<(Cow<'_, str>, Ending)> = Vec::new();
        for line in body {
            match (line.op, here) {
                (LineOp::Add, _) => {
                    let text = found.repair.apply(&line.text);
                    let text = text.unwrap_or(Cow::Borrowed(&line.text));
                    added.push((text, line.ending.unwrap_or(ending)));
                }
                (LineOp::Keep, Some(id)) => {
                    self.insert(prev, &mut added, found.label);
                    self.marks.entry(id).or_insert((found.label, false));
                    ending = self.finder.sheet.ending_beside(Some(id));
                    (prev, here) = (Some(id), self.finder.sheet.after(Some(id)));
                }
                (LineOp::Remove, Some(id)) => {
                    ending = self.finder.sheet.ending_beside(Some(id));
                    here = self.finder.sheet.after(Some(id));
                    self.marks.insert(id, (found.label, true));
                    self.finder.sheet.remove(id);
                }
                // A match covers every old line.
                (LineOp::Keep | LineOp::Remove, None) => {}
            }
        }
        self.insert(prev, &mut added, found.label).or(prev)
    }

    /// Adds lines behind `prev`; returns the last of them.
    fn insert(
        &mut self,
        prev: Option<LineId>,
        lines: &mut Vec<(Cow<'_, str>, Ending)>,
        label: MatchLabel,
    ) -> Option<LineId> {
        if lines.is_empty() {
            return None;
        }
        let ids = self.finder.sheet.ids();
        let borrowed: Vec<(&str, Ending)> = lines.iter().map(|(t, e)| (&**t, *e)).collect();
        self.finder.sheet.insert(prev, &borrowed);
        lines.clear();
        let added = ids..self.finder.sheet.ids();
        self.marks
            .extend(added.clone().map(|id| (id, (label, true))));
        added.last()
    }

    /// Replaces a piece of text that begins and ends within lines.
    fn put_piece(&mut self, piece: Piece, new: &str, label: MatchLabel) -> Position {
        let sheet = &self.finder.sheet;
        let prev = sheet.before(piece.first);
        let prefix = &sheet.text(piece.first)[..piece.start];
        let suffix = piece.last.map_or("", |last| &sheet.text(last)[piece.end..]);
        let text = [prefix, new, suffix].concat();
        let mut parts: Vec<&str> = text.split('\n').collect();
        let mut removed: Vec<LineId> = Vec::new();
        for id in sheet.from(Some(piece.first)) {
            removed.push(id);
            if Some(id) == piece.last {
                break;
            }
        }
        let mut ends_file_bare = false;
        if piece.last.is_none() {
            // The piece took the file's last newline with it.
            ends_file_bare = parts.last().is_some_and(|part| !part.is_empty());
            if !ends_file_bare {
                parts.pop();
            }
        }
        let beside = sheet.ending_beside(Some(piece.first));
        let pairs_up = parts.len() == removed.len();
        let last_ending = piece.last.map(|last| sheet.ending(last));
        let ending_of = |at: usize| match removed.get(at) {
            _ if at + 1 == parts.len() && last_ending.is_some() => last_ending.unwrap_or(beside),
            Some(&id) if pairs_up => sheet.ending_beside(Some(id)),
            _ => beside,
        };
        let lines = parts.iter().enumerate();
        let lines = lines.map(|(at, part)| (Cow::Borrowed(*part), ending_of(at)));
        let mut lines: Vec<(Cow<'_, str>, Ending)> = lines.collect();
        for id in removed {
            self.marks.insert(id, (label, true));
            self.finder.sheet.remove(id);
        }
        let cursor = self.insert(prev, &mut lines, label).or(prev);
        if ends_file_bare {
            self.finder.sheet.state_final_newline(false);
        }
        Position { cursor, drift: 0 }
    }
}

impl Match {
    fn exact(spot: Spot) -> Self {
        Self {
            spot,
            skipped: (0, 0),
            repair: crate::find::Repair::default(),
            label: MatchLabel::Exact,
        }
    }
}

/// Why a hunk can't be applied.
#[derive(Debug)]
enum Stop {
    Missing,
    Many(Vec<LineId>),
    NoScope(usize),
    Filled,
    TooComplex,
}

impl Stop {
    fn unless_found<T>(outcome: Outcome<T>) -> Result<T, Self> {
        match outcome {
            Outcome::Found(found) => Ok(found),
            Outcome::Missing => Err(Self::Missing),
            Outcome::Many(places) => Err(Self::Many(places)),
            Outcome::NoScope(level) => Err(Self::NoScope(level)),
        }
    }
}

impl From<TooComplex> for Stop {
    fn from(_: TooComplex) -> Self {
        Self::TooComplex
    }
}

/// Returns whether a line is a comment that stands for lines left out.
fn is_elision(line: &str) -> bool {
    let line = line
        .trim_start()
        .trim_start_matches(['/', '#', '*', '<', '!', '-', ';', '%', '{']);
    let line = line.trim_start().to_lowercase();
    let Some(rest) = line.strip_prefix("...").or_else(|| line.strip_prefix('…')) else {
        return false;
    };
    let rest = rest
        .trim_start_matches(['.', ' '])
        .trim_start_matches("the ");
    let words = [
        "existing",
        "rest of",
        "remaining",
        "unchanged",
        "same ",
        "previous ",
    ];
    words.iter().any(|word| rest.starts_with(word))
}

/// Writes every line ending as `\n`.
fn unify(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Reads an old and a new text as kept, removed and added lines. Not possible
/// when one of them ends with a newline and the other doesn't: then the last
/// line is to be joined with what follows.
fn text_to_lines(old: &str, new: &str) -> Option<Vec<EditLine>> {
    let (plain_old, plain_new) = (unify(old), unify(new));
    if plain_old == plain_new && old != new {
        let lines: Vec<&str> = text_lines(old).map(|(line, _)| line).collect();
        return Some(rewrite(&lines, text_lines(new)));
    }
    let terminated = plain_old.ends_with('\n');
    if terminated && !plain_new.is_empty() && !plain_new.ends_with('\n') {
        return None;
    }
    let split = |text: &'_ str| -> Vec<String> {
        let text = if terminated {
            text.strip_suffix('\n')
        } else {
            Some(text)
        };
        text.map(|text| text.split('\n').map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let (old, new) = (split(&plain_old), split(&plain_new));
    Some(edit_lines(&borrowed(&old), &borrowed(&new)))
}

fn borrowed(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// Returns the lines of an edit from `old` to `new`, as a diff sees it.
pub(crate) fn edit_lines(old: &[&str], new: &[&str]) -> Vec<EditLine> {
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    let mut done = 0;
    for change in changes(old, new) {
        let (from, to) = (change.old.start as usize, change.old.end as usize);
        let added = &new[change.new.start as usize..change.new.end as usize];
        let line = |op| move |text: &&str| EditLine::new(op, *text);
        lines.extend(old[done..from].iter().map(line(LineOp::Keep)));
        lines.extend(old[from..to].iter().map(line(LineOp::Remove)));
        lines.extend(added.iter().map(line(LineOp::Add)));
        done = to;
    }
    lines.extend(
        old[done..]
            .iter()
            .map(|text| EditLine::new(LineOp::Keep, *text)),
    );
    lines
}

/// Returns the lines of an edit that writes every line anew, with endings.
fn rewrite<'a>(old: &[&str], new: impl Iterator<Item = (&'a str, Ending)>) -> Vec<EditLine> {
    let removed = old.iter().map(|text| EditLine::new(LineOp::Remove, *text));
    let added = new.map(|(text, ending)| EditLine {
        ending: Some(ending),
        ..EditLine::new(LineOp::Add, text)
    });
    removed.chain(added).collect()
}
