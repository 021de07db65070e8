//! A text to which hunks are applied one after the other.

mod again;
mod elide;
mod lines;
mod mark;
mod part;
mod put;
mod refuse;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use atelier_base::limit;
use foldhash::fast::FixedState;

use crate::diff::Hunk;
use crate::edit::{Anchor, EditBody, EditHunk, EditLine, LineOp};
use crate::error::PatchError;
use crate::find::{Finder, Match, Outcome, Position, Spot, TooComplex, Wanted, Work};
use crate::label::MatchLabel;
use crate::line::{Ending, count, text_lines};
use crate::sheet::{BOM, LineId};

pub(crate) use lines::edit_lines;
use lines::{is_elision, rewrite, text_to_lines, unify};

/// A text, the hunks applied to it so far, and how each was matched.
#[derive(Debug)]
pub(crate) struct Document {
    finder: Finder,
    /// By line: the label of the hunk that last touched it, and whether that
    /// hunk changed it.
    marks: HashMap<LineId, (MatchLabel, bool), FixedState>,
    hunks: u32,
    /// Whether its text was the very bytes of a file.
    is_file: bool,
    /// What is known of it once it is closed.
    closing: Option<Closing>,
}

/// What a document came to.
#[derive(Debug, Default)]
struct Closing {
    text: String,
    /// The lines as they were in the end.
    lines: Vec<Range<LineId>>,
    /// The hunks between the texts before and now, unless these must be
    /// compared.
    hunks: Option<Vec<Hunk>>,
    /// Whether both are known to be text.
    is_text: bool,
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
    pub(crate) fn new(text: Arc<String>, work: Work) -> Self {
        Self {
            finder: Finder::new(text, work),
            marks: HashMap::default(),
            hunks: 0,
            is_file: false,
            closing: None,
        }
    }

    /// Makes a document of a file's bytes.
    pub(crate) fn of_file(text: Arc<String>, work: Work) -> Self {
        Self {
            is_file: true,
            ..Self::new(text, work)
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

    /// Writes the text as it is now and lets go of all but that and what tells
    /// how the hunks were matched. There must be no hunk to come.
    pub(crate) fn close(&mut self) {
        if self.closing.is_some() {
            return;
        }
        let empty = Finder::new(Arc::default(), Work::full());
        let sheet = std::mem::replace(&mut self.finder, empty).sheet;
        let written = sheet.write();
        self.closing = Some(Closing {
            hunks: self.is_file.then(|| sheet.hunks(&written)).flatten(),
            is_text: self.is_file && !sheet.adds_nul(),
            text: written.text,
            lines: written.lines,
        });
    }

    /// Closes the document and takes its text from it.
    pub(crate) fn take_text(&mut self) -> String {
        self.close();
        let closing = self.closing.as_mut();
        closing.map_or_else(String::new, |closing| std::mem::take(&mut closing.text))
    }

    /// Returns the hunks between the texts before and now, if it knows them
    /// without comparing these. The document must be closed.
    pub(crate) fn take_hunks(&mut self) -> Option<Vec<Hunk>> {
        self.closing.as_mut()?.hunks.take()
    }

    /// Returns whether the bytes before and now are known to be text. The
    /// document must be closed.
    pub(crate) fn is_text(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.is_text)
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
            let marked = self.unmarked(hunk);
            let same = |other: &&EditHunk| other.body == hunk.body && other.anchor == hunk.anchor;
            let task = Task {
                hunk: &marked.hunk,
                position,
                strict,
                equal: hunks[at..].iter().take_while(same).take(64).count(),
            };
            let done = match &task.hunk.body {
                EditBody::Lines(body) => self.apply_lines(&task, body),
                EditBody::Text { old, new } => self.apply_text(&task, old, new),
                EditBody::Every { old, new } => self.apply_every(old, new),
                EditBody::Fill(text) => self.fill(text),
            };
            position = done.map_err(|stop| self.refuse(&task, stop))?;
            if marked.unmarks {
                self.finder.sheet.state_bom(false);
            }
            self.finder.sheet.settle_end();
        }
        Ok(())
    }

    /// Gives the document a whole new text. Lines that stay keep their
    /// endings; the end of the file becomes as `text` has it.
    pub(crate) fn replace(&mut self, text: &str) {
        let bare = text.strip_prefix(BOM).unwrap_or(text);
        if bare.len() != text.len() {
            self.finder.sheet.state_bom(true);
        }
        let sheet = &self.finder.sheet;
        let old: Vec<&str> = sheet.from(sheet.first()).map(|id| sheet.text(id)).collect();
        let new: Vec<&str> = text_lines(bare).map(|(line, _)| line).collect();
        // With the same lines, endings that are written out must be meant.
        let body = if old.is_empty() || (old == new && bare.contains("\r\n")) {
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
    /// The document must be closed.
    pub(crate) fn label(&self, hunks: &mut [Hunk]) {
        let mut runs = self.closing.iter().flat_map(|closing| &closing.lines);
        // The run of lines that the next line is in, and the first one's number.
        let (mut run, mut start) = (0..0, 0);
        let mut id_of = |line: u32| {
            while line - start >= count(run.len()) {
                start += count(run.len());
                run = runs.next()?.clone();
            }
            Some(run.start + (line - start))
        };
        for hunk in hunks {
            let old = hunk.old_range().filter_map(|id| self.marks.get(&id));
            let new = hunk.new_range().filter_map(&mut id_of);
            let new = new.filter_map(|id| self.marks.get(&id));
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
            Outcome::Missing if !task.strict && has_old => match elide::parts(body) {
                Some(parts) => return self.apply_parts(task, &parts),
                None => return self.apply_part(task, body),
            },
            outcome => Stop::unless_found(outcome)?,
        };
        let is_placed = has_old || !task.hunk.anchor.scopes.is_empty();
        if is_placed && self.repeats(body, &found) {
            return Err(Stop::Repeated);
        }
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
            if let Outcome::Found(found) = self.finder.find_lines(wanted)?
                && (!old.ends_with('\n') || self.ends_with_newline(body, &found))
            {
                return Ok(self.put_hunk(&task.hunk.anchor, body, &found));
            }
        }
        let (old, new) = (unify(old), unify(new));
        match self.finder.find_within(&old, task.hunk.anchor.line)? {
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

    /// Returns whether the last of the lines found for a hunk has a newline,
    /// which a file's last line may not have.
    fn ends_with_newline(&self, body: &[EditLine], found: &Match) -> bool {
        let old = body.iter().filter(|line| line.op != LineOp::Add).count();
        let sheet = &self.finder.sheet;
        let last = match found.spot {
            Spot::Lines(first) => sheet.from(Some(first)).nth(old.saturating_sub(1)),
            Spot::Behind(_) => None,
        };
        last.is_some_and(|last| sheet.ending(last) != Ending::None)
    }

    /// Replaces a text in all its places; what is between them stays.
    fn apply_every(&mut self, old: &str, new: &str) -> Result<Position, Stop> {
        let (old, new) = (unify(old), unify(new));
        let text = self.to_text();
        self.finder.charge(text.len())?;
        let text = unify(&text);
        let places = text.matches(&*old).count();
        if old.is_empty() || places == 0 {
            return Err(Stop::Missing);
        }
        let grown = new.len().saturating_sub(old.len()).saturating_mul(places);
        if (text.len() + grown) as u64 > limit::TEXT_FILE_BYTES {
            return Err(Stop::TooLarge);
        }
        self.replace(&text.replace(&*old, &new));
        Ok(Position::default())
    }

    fn fill(&mut self, text: &str) -> Result<Position, Stop> {
        if !self.is_empty() {
            return Err(Stop::Filled);
        }
        self.replace(text);
        Ok(Position::default())
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
    TooLarge,
    Repeated,
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
