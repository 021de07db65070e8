/**
 * Turns a proposal's file into the rows of a unified diff: context, removed and
 * added lines with word-level marks, hunk heads and gaps that can be opened.
 *
 * Owns line arithmetic only; it knows neither the DOM nor the wire types.
 */
import { diff, presentableDiff } from "@codemirror/merge";

/** A range of lines that a change replaces. Starts count from 0. */
export interface LineHunk {
  readonly id: string;
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
}

/** A stretch of a line that differs, in UTF-16 units. */
export interface Mark {
  readonly from: number;
  readonly to: number;
}

/** What, besides the words, is worth saying about a line. */
export type LineNote = "noFinalNewline" | "lineEndingOnly" | "whitespaceOnly";

/** One row of a diff. Line numbers count from 1, as people do. */
export type DiffRow =
  | {
      readonly kind: "context";
      readonly oldLine: number;
      readonly newLine: number;
      readonly text: string;
      /** The hunk it is in, when it is an unchanged line between two changed ones. */
      readonly hunk?: string;
    }
  | {
      readonly kind: "removed" | "added";
      readonly hunk: string;
      readonly line: number;
      readonly text: string;
      readonly marks: readonly Mark[];
      readonly notes: readonly LineNote[];
    }
  | { readonly kind: "hunk"; readonly hunk: string; readonly notes: readonly LineNote[] }
  | {
      readonly kind: "gap";
      /** Where the hidden context begins, in the old text, from 0. */
      readonly from: number;
      readonly count: number;
    };

/** Which hidden context has been opened: old line numbers from 0, end excluded. */
export interface OpenRange {
  readonly from: number;
  readonly to: number;
}

/** A text cut into lines, line endings taken off. */
export interface Lines {
  readonly lines: readonly string[];
  /** The ending of each line: `\n`, `\r\n`, or nothing at the end of the file. */
  readonly endings: readonly string[];
}

/** How many unchanged lines are shown around a change. */
export const CONTEXT_LINES = 3;

/** Beyond this many characters on one side, word-level marks cost more than they tell. */
const MARK_LIMIT = 20_000;

/** A hunk of more lines than this is shown as one block. */
const SPLIT_LIMIT = 4_000;

/** A hunk in which more than this share differs is better read as two blocks. */
const MARK_SHARE = 0.7;

/** Cuts a text into lines the way the server counts them. */
export function splitLines(text: string): Lines {
  const lines: string[] = [];
  const endings: string[] = [];
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const hasReturn = newline > at && text[newline - 1] === "\r";
    lines.push(text.slice(at, hasReturn ? end - 1 : end));
    endings.push(newline < 0 ? "" : hasReturn ? "\r\n" : "\n");
    at = newline < 0 ? text.length : newline + 1;
  }
  return { lines, endings };
}

/**
 * Builds the rows of one file.
 *
 * `hunks` must be in the order of their lines and must not overlap, as the
 * server sends them.
 */
export function diffRows(
  before: Lines,
  after: Lines,
  hunks: readonly LineHunk[],
  opened: readonly OpenRange[] = [],
): DiffRow[] {
  const rows: DiffRow[] = [];
  let oldAt = 0;
  let newAt = 0;
  hunks.forEach((hunk, index) => {
    const isFirst = index === 0;
    addContext(rows, before, oldAt, newAt, hunk.oldStart, isFirst ? "head" : "middle", opened);
    addHunk(rows, before, after, hunk);
    oldAt = hunk.oldStart + hunk.oldLines;
    newAt = hunk.newStart + hunk.newLines;
  });
  const place = hunks.length === 0 ? "whole" : "tail";
  addContext(rows, before, oldAt, newAt, before.lines.length, place, opened);
  return rows;
}

type Place = "head" | "middle" | "tail" | "whole";

function addContext(
  rows: DiffRow[],
  before: Lines,
  oldFrom: number,
  newFrom: number,
  oldTo: number,
  place: Place,
  opened: readonly OpenRange[],
): void {
  const keepAtStart = place === "middle" || place === "tail" ? CONTEXT_LINES : 0;
  const keepAtEnd = place === "middle" || place === "head" ? CONTEXT_LINES : 0;
  const isOpen = (line: number) => opened.some((range) => line >= range.from && line < range.to);
  let hiddenFrom = -1;
  for (let line = oldFrom; line < oldTo; line += 1) {
    const isNear = line < oldFrom + keepAtStart || line >= oldTo - keepAtEnd;
    if (!isNear && !isOpen(line)) {
      hiddenFrom = hiddenFrom < 0 ? line : hiddenFrom;
      continue;
    }
    closeGap(rows, hiddenFrom, line);
    hiddenFrom = -1;
    rows.push({
      kind: "context",
      oldLine: line + 1,
      newLine: newFrom + (line - oldFrom) + 1,
      text: before.lines[line] ?? "",
    });
  }
  closeGap(rows, hiddenFrom, oldTo);
}

function closeGap(rows: DiffRow[], from: number, to: number): void {
  if (from >= 0) {
    rows.push({ kind: "gap", from, count: to - from });
  }
}

function addHunk(rows: DiffRow[], before: Lines, after: Lines, hunk: LineHunk): void {
  rows.push({ kind: "hunk", hunk: hunk.id, notes: hunkNotes(before, after, hunk) });
  const oldEnd = hunk.oldStart + hunk.oldLines;
  let oldAt = hunk.oldStart;
  let newAt = hunk.newStart;
  for (const part of changedParts(before, after, hunk)) {
    addUnchanged(rows, before, hunk.id, oldAt, newAt, part.oldStart);
    addChanged(rows, before, after, part);
    oldAt = part.oldStart + part.oldLines;
    newAt = part.newStart + part.newLines;
  }
  addUnchanged(rows, before, hunk.id, oldAt, newAt, oldEnd);
}

/** The lines of a hunk that really differ: it may span some that don't. */
function changedParts(before: Lines, after: Lines, hunk: LineHunk): LineHunk[] {
  const { id, oldStart, newStart } = hunk;
  const removed = sliceOf(before, oldStart, hunk.oldLines);
  const added = sliceOf(after, newStart, hunk.newLines);
  const isTooLong = removed.length + added.length > SPLIT_LIMIT;
  if (removed.length === 0 || added.length === 0 || isTooLong) return [hunk];
  const [a, b] = asCharacters(removed, added);
  return diff(a, b, { scanLimit: 2_000, timeout: 50 }).map(({ fromA, toA, fromB, toB }) => ({
    id,
    oldStart: oldStart + fromA,
    oldLines: toA - fromA,
    newStart: newStart + fromB,
    newLines: toB - fromB,
  }));
}

/** Writes each line as one character, the same for the same line: a text to compare by line. */
function asCharacters(a: readonly string[], b: readonly string[]): [string, string] {
  const characters = new Map<string, string>();
  const write = (line: string): string => {
    const known = characters.get(line);
    if (known !== undefined) return known;
    // From a range of the code points that has no surrogates and no marks that combine.
    const character = String.fromCharCode(0x4e00 + characters.size);
    characters.set(line, character);
    return character;
  };
  return [a.map(write).join(""), b.map(write).join("")];
}

/** Lines with what ends them made visible to a comparison. */
function sliceOf(side: Lines, start: number, count: number): string[] {
  const marks: Record<string, string> = { "\r\n": "\r", "": "\0" };
  return side.lines
    .slice(start, start + count)
    .map((line, index) => line + (marks[side.endings[start + index] ?? ""] ?? ""));
}

function addUnchanged(
  rows: DiffRow[],
  before: Lines,
  hunk: string,
  oldFrom: number,
  newFrom: number,
  oldTo: number,
): void {
  for (let line = oldFrom; line < oldTo; line += 1) {
    const newLine = newFrom + (line - oldFrom) + 1;
    const text = before.lines[line] ?? "";
    rows.push({ kind: "context", oldLine: line + 1, newLine, text, hunk });
  }
}

function addChanged(rows: DiffRow[], before: Lines, after: Lines, part: LineHunk): void {
  const removed = before.lines.slice(part.oldStart, part.oldStart + part.oldLines);
  const added = after.lines.slice(part.newStart, part.newStart + part.newLines);
  const [removedMarks, addedMarks] = wordMarks(removed, added);
  removed.forEach((text, index) => {
    const line = part.oldStart + index;
    const notes = endNotes(before, line);
    const marks = removedMarks[index] ?? [];
    rows.push({ kind: "removed", hunk: part.id, line: line + 1, text, marks, notes });
  });
  added.forEach((text, index) => {
    const line = part.newStart + index;
    const notes = endNotes(after, line);
    const marks = addedMarks[index] ?? [];
    rows.push({ kind: "added", hunk: part.id, line: line + 1, text, marks, notes });
  });
}

function endNotes(side: Lines, line: number): LineNote[] {
  return side.endings[line] === "" ? ["noFinalNewline"] : [];
}

function hunkNotes(before: Lines, after: Lines, hunk: LineHunk): LineNote[] {
  if (hunk.oldLines !== hunk.newLines || hunk.oldLines === 0) {
    return [];
  }
  const pairs = Array.from({ length: hunk.oldLines }, (_, index) => ({
    old: before.lines[hunk.oldStart + index] ?? "",
    new: after.lines[hunk.newStart + index] ?? "",
  }));
  if (pairs.every((pair) => pair.old === pair.new)) {
    return ["lineEndingOnly"];
  }
  const bare = (text: string) => text.replace(/\s+/gu, "");
  return pairs.every((pair) => bare(pair.old) === bare(pair.new)) ? ["whitespaceOnly"] : [];
}

/** Finds which words of a hunk's lines differ, for each removed and added line. */
export function wordMarks(
  removed: readonly string[],
  added: readonly string[],
): [Mark[][], Mark[][]] {
  const none = (lines: readonly string[]): Mark[][] => lines.map(() => []);
  const a = removed.join("\n");
  const b = added.join("\n");
  const isPointless = a.length === 0 || b.length === 0;
  if (isPointless || a.length > MARK_LIMIT || b.length > MARK_LIMIT) {
    return [none(removed), none(added)];
  }
  const changes = presentableDiff(a, b, { scanLimit: 2_000, timeout: 50 });
  const differing = changes.reduce(
    (sum, change) => sum + (change.toA - change.fromA) + (change.toB - change.fromB),
    0,
  );
  if (differing > (a.length + b.length) * MARK_SHARE) {
    return [none(removed), none(added)];
  }
  const inA = changes.map((change) => ({ from: change.fromA, to: change.toA }));
  const inB = changes.map((change) => ({ from: change.fromB, to: change.toB }));
  return [marksByLine(removed, inA), marksByLine(added, inB)];
}

/** Cuts ranges over joined lines into ranges within each line. */
function marksByLine(lines: readonly string[], ranges: readonly Mark[]): Mark[][] {
  let start = 0;
  let first = 0;
  return lines.map((line) => {
    const end = start + line.length;
    const marks: Mark[] = [];
    while (first < ranges.length && (ranges[first]?.to ?? 0) <= start) {
      first += 1;
    }
    for (let index = first; index < ranges.length; index += 1) {
      const range = ranges[index];
      if (!range || range.from >= end) {
        break;
      }
      const from = Math.max(range.from, start) - start;
      const to = Math.min(range.to, end) - start;
      if (to > from) {
        marks.push({ from, to });
      }
    }
    start = end + 1;
    return marks;
  });
}

/** A stretch of a line: marked or not. */
export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

/** Cuts a line at its marks. */
export function pieces(text: string, marks: readonly Mark[]): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const mark of marks) {
    if (mark.from > at) {
      found.push({ text: text.slice(at, mark.from), marked: false });
    }
    found.push({ text: text.slice(mark.from, mark.to), marked: true });
    at = mark.to;
  }
  if (at < text.length) {
    found.push({ text: text.slice(at), marked: false });
  }
  return found;
}
