//! Places with a few lines more or fewer than the hunk.
//!
//! Every removed line has to be there as it is, with the same lines beside it
//! as in the hunk, at one place only; what is more or less lies elsewhere
//! between the lines that the hunk keeps.

use super::fuzzy::{LINE, SAME, alike, alike_cost, ratio_part};
use super::repair::Shift;
use super::{Finder, TooComplex};
use crate::edit::{EditLine, LineOp};
use crate::sheet::LineId;

/// How many lines a place may have more or fewer than the hunk, together.
const GAPS: usize = 3;
/// Longer hunks than this, in lines, are only compared line by line.
const LINES: usize = 400;
/// What a line of the place costs that the hunk doesn't have.
const EXTRA: f64 = 0.5;

/// A hunk laid beside the lines of a place.
#[derive(Clone, Debug)]
pub(super) struct Alignment {
    /// The first line of the place.
    pub(super) first: LineId,
    /// The first of its lines that is changed or beside a change.
    pub(super) core: LineId,
    /// How many lines the place has.
    pub(super) length: usize,
    /// The mean likeness, 0 to 1; lines without a partner count as 0.
    pub(super) score: f64,
    pub(super) shift: Shift,
    /// The hunk with the lines that the place has.
    pub(super) body: Vec<EditLine>,
}

/// A line of a hunk that the place has.
struct OldLine<'a> {
    text: &'a str,
    /// Whether it is removed or beside a change, and must be there as it is.
    is_firm: bool,
}

/// What becomes of a line in an alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A line of the hunk is one of the place.
    Pair,
    /// The place doesn't have the hunk's line.
    Missing,
    /// The hunk doesn't have the place's line.
    Extra,
}

/// The best way to a state, and its last step.
type Cell = Option<(f64, Step)>;

/// By old lines done, lines of the window passed beyond these, and gaps.
struct Table(Vec<[[Cell; GAPS + 1]; WIDTH]>);

/// How many lines the window may be ahead of the hunk.
const WIDTH: usize = 2 * GAPS + 1;

impl Finder {
    /// Lays a hunk beside the lines around `start`. `None` when that takes
    /// more than a few gaps, or when one is where the hunk changes something.
    pub(super) fn align(
        &self,
        start: LineId,
        body: &[EditLine],
    ) -> Result<Option<Alignment>, TooComplex> {
        let old = old_lines(body);
        if old.len() > LINES {
            return Ok(None);
        }
        let window = self.window_around(start, old.len());
        let likeness = self.likenesses(&old, &window)?;
        let Some((skipped, steps)) = Table::fill(&old, &likeness).trace() else {
            return Ok(None);
        };
        let lines: Vec<LineId> = window.iter().copied().flatten().collect();
        let place = &lines[skipped.saturating_sub(window.len() - lines.len())..];
        let Some(rebuilt) = self.rebuild(body, &steps, place) else {
            return Ok(None);
        };
        let texts: Vec<&str> = lines.iter().map(|&id| self.sheet.text(id)).collect();
        if !has_one_core(body, &texts) {
            return Ok(None);
        }
        Ok(self.judge(&old, &steps, place, rebuilt))
    }

    /// Returns the lines in which a hunk of so many lines may have its place,
    /// from a few above `start` on; `None` for lines above the first.
    fn window_around(&self, start: LineId, length: usize) -> Vec<Option<LineId>> {
        let (mut top, mut above) = (start, 0);
        while above < GAPS
            && let Some(before) = self.sheet.before(top)
        {
            (top, above) = (before, above + 1);
        }
        let lines = self.sheet.from(Some(top)).take(length + above + GAPS);
        let nothing = std::iter::repeat_n(None, GAPS - above);
        nothing.chain(lines.map(Some)).collect()
    }

    /// Returns how like each old line is to the lines of the window that it
    /// may stand for; a removed line is only like its equal.
    fn likenesses(
        &self,
        old: &[OldLine<'_>],
        window: &[Option<LineId>],
    ) -> Result<Vec<[f64; WIDTH]>, TooComplex> {
        let mut rows = Vec::with_capacity(old.len());
        for (
            at,
            OldLine {
                text: line,
                is_firm,
            },
        ) in old.iter().enumerate()
        {
            let mut row = [0.0; WIDTH];
            for (cell, id) in row.iter_mut().zip(window.iter().skip(at)) {
                let Some(id) = *id else { continue };
                let text = self.sheet.text(id);
                self.work.charge(alike_cost(line, text))?;
                let score = alike(line, text);
                let least = if *is_firm { 1.0 } else { LINE };
                *cell = if score >= least { score } else { 0.0 };
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Returns the hunk with the place's extra lines and without those that
    /// the place doesn't have; `None` when an extra one is beside a change.
    fn rebuild(
        &self,
        body: &[EditLine],
        steps: &[Step],
        place: &[LineId],
    ) -> Option<Vec<EditLine>> {
        let is_kept = |line: Option<&EditLine>| line.is_none_or(|line| line.op == LineOp::Keep);
        let mut out: Vec<EditLine> = Vec::with_capacity(body.len() + GAPS);
        let (mut at, mut lines) = (0, place.iter());
        for step in steps {
            let here = body[at..].iter().position(|l| l.op != LineOp::Add);
            let here = here.map_or(body.len(), |here| at + here);
            out.extend_from_slice(&body[at..here]);
            let before = here.checked_sub(1).and_then(|before| body.get(before));
            match step {
                Step::Pair => {
                    lines.next()?;
                    out.push(body.get(here)?.clone());
                    at = here + 1;
                }
                Step::Missing => at = here + 1,
                Step::Extra if is_kept(before) && is_kept(body.get(here)) => {
                    let text = self.sheet.text(*lines.next()?);
                    out.push(EditLine::new(LineOp::Keep, text));
                    at = here;
                }
                Step::Extra => return None,
            }
        }
        out.extend_from_slice(&body[at..]);
        Some(out)
    }

    /// Says how good an alignment is; `None` when too little of it is the
    /// same, a line beside a change among it, or its indentation is uneven.
    fn judge(
        &self,
        old: &[OldLine<'_>],
        steps: &[Step],
        place: &[LineId],
        body: Vec<EditLine>,
    ) -> Option<Alignment> {
        let (mut lines, mut hunk) = (place.iter(), old.iter());
        let mut same: Vec<(&str, &str)> = Vec::new();
        let (mut sum, mut extra, mut core) = (0.0, 0, None);
        for step in steps {
            match step {
                Step::Pair => {
                    let (line, &id) = (hunk.next()?, lines.next()?);
                    let text = self.sheet.text(id);
                    let score = alike(line.text, text);
                    sum += score;
                    if score >= 1.0 {
                        same.push((line.text, text));
                    }
                    core = core.or(line.is_firm.then_some(id));
                }
                Step::Missing => {
                    hunk.next()?;
                }
                Step::Extra => {
                    lines.next()?;
                    extra += 1;
                }
            }
        }
        let telling = same.iter().filter(|(text, _)| !text.trim().is_empty());
        if telling.count() < 3 || ratio_part(same.len()) < SAME * ratio_part(old.len()) {
            return None;
        }
        Some(Alignment {
            first: *place.first()?,
            core: core?,
            length: place.len() - lines.count(),
            score: sum / ratio_part(old.len() + extra),
            shift: Shift::between(same.into_iter())?,
            body,
        })
    }
}

fn old_lines(body: &[EditLine]) -> Vec<OldLine<'_>> {
    let is_firm = |at: usize| {
        let around = &body[at.saturating_sub(1)..(at + 2).min(body.len())];
        around.iter().any(|line| line.op != LineOp::Keep)
    };
    let old = body.iter().enumerate();
    let old = old.filter(|(_, line)| line.op != LineOp::Add);
    let old = old.map(|(at, line)| OldLine {
        text: &line.text,
        is_firm: is_firm(at),
    });
    old.collect()
}

impl Table {
    fn fill(old: &[OldLine<'_>], likeness: &[[f64; WIDTH]]) -> Self {
        let mut table = Self(vec![[[None; GAPS + 1]; WIDTH]; old.len() + 1]);
        for cells in &mut table.0[0] {
            // The place may begin anywhere in the window's head.
            cells[0] = Some((0.0, Step::Pair));
        }
        for done in 0..=old.len() {
            for ahead in 0..WIDTH {
                for gaps in 0..=GAPS {
                    if let Some((score, _)) = table.0[done][ahead][gaps] {
                        table.go_on(old, likeness, (done, ahead, gaps), score);
                    }
                }
            }
        }
        table
    }

    fn go_on(
        &mut self,
        old: &[OldLine<'_>],
        likeness: &[[f64; WIDTH]],
        (done, ahead, gaps): (usize, usize, usize),
        score: f64,
    ) {
        let Some(line) = old.get(done) else {
            return;
        };
        let like = likeness[done][ahead];
        if like > 0.0 {
            self.offer((done + 1, ahead, gaps), score + like, Step::Pair);
        }
        if gaps < GAPS && !line.is_firm && ahead > 0 {
            self.offer((done + 1, ahead - 1, gaps + 1), score, Step::Missing);
        }
        if gaps < GAPS && done > 0 && ahead + 1 < WIDTH {
            self.offer((done, ahead + 1, gaps + 1), score - EXTRA, Step::Extra);
        }
    }

    fn offer(&mut self, (done, ahead, gaps): (usize, usize, usize), score: f64, step: Step) {
        let cell = &mut self.0[done][ahead][gaps];
        if cell.is_none_or(|(best, _)| score > best) {
            *cell = Some((score, step));
        }
    }

    /// Returns the steps of the best alignment, and how many lines of the
    /// window lie above it.
    fn trace(&self) -> Option<(usize, Vec<Step>)> {
        let mut done = self.0.len() - 1;
        let mut best: Option<(f64, usize, usize)> = None;
        for (ahead, cells) in self.0[done].iter().enumerate() {
            for (gaps, cell) in cells.iter().enumerate() {
                if let Some((score, _)) = cell
                    && best.is_none_or(|(most, ..)| *score > most)
                {
                    best = Some((*score, ahead, gaps));
                }
            }
        }
        let (_, mut ahead, mut gaps) = best?;
        let mut steps = Vec::new();
        while done > 0 {
            let (_, step) = self.0[done][ahead][gaps]?;
            match step {
                Step::Pair => done -= 1,
                Step::Missing => (done, ahead, gaps) = (done - 1, ahead + 1, gaps - 1),
                Step::Extra => (ahead, gaps) = (ahead - 1, gaps - 1),
            }
            steps.push(step);
        }
        steps.reverse();
        Some((ahead, steps))
    }
}

/// Returns whether every change, with the line above and below it, is in the
/// window once and no more.
fn has_one_core(body: &[EditLine], window: &[&str]) -> bool {
    let mut at = 0;
    while let Some(start) = body[at..].iter().position(|l| l.op != LineOp::Keep) {
        let start = at + start;
        let end = body[start..].iter().position(|l| l.op == LineOp::Keep);
        let end = end.map_or(body.len(), |end| start + end);
        let around = start.saturating_sub(1)..(end + 1).min(body.len());
        let core = body[around].iter().filter(|line| line.op != LineOp::Add);
        let core: Vec<&str> = core.map(|line| line.text.as_str()).collect();
        let is_core = |lines: &&[&str]| {
            let mut pairs = lines.iter().zip(&core);
            pairs.all(|(a, b)| alike(a, b) >= 1.0)
        };
        if window.windows(core.len()).filter(is_core).count() != 1 {
            return false;
        }
        at = end;
    }
    true
}
