/** Lines of a hunk that a comment is on, and where they are among its rows. */
import type { Comment } from "@/api/schema";
import type { DiffRow } from "@/editor/diffRows";

type Side = "old" | "new";

/** Lines of one side's whole text, from 0. */
export interface LineRange {
  readonly side: Side;
  readonly line: number;
  readonly lineCount: number;
}

/** What people say of the same lines. */
export interface Thread {
  readonly key: string;
  readonly range: LineRange;
  readonly comments: readonly Comment[];
}

/** The line of a row on a side, from 0. */
function lineOn(row: DiffRow | undefined, side: Side): number | undefined {
  switch (row?.kind) {
    case "context":
      return (side === "old" ? row.oldLine : row.newLine) - 1;
    case "removed":
      return side === "old" ? row.line - 1 : undefined;
    case "added":
      return side === "new" ? row.line - 1 : undefined;
    default:
      return undefined;
  }
}

/** Whether a row is a line of the text. */
export function isLine(row: DiffRow | undefined): boolean {
  return row !== undefined && row.kind !== "hunk" && row.kind !== "gap";
}

/** The lines from one row to another, of the side that the first is of. */
export function rangeBetween(
  rows: readonly DiffRow[],
  anchor: number,
  head: number,
): LineRange | undefined {
  const side = rows[anchor]?.kind === "removed" ? "old" : "new";
  const [from, to] = anchor < head ? [anchor, head] : [head, anchor];
  const lines = rows.slice(from, to + 1).flatMap((row) => lineOn(row, side) ?? []);
  const [line] = lines;
  return line === undefined ? undefined : { side, line, lineCount: lines.length };
}

/** Whether a row is one of the lines. */
export function isWithin(row: DiffRow, { side, line, lineCount }: LineRange): boolean {
  const at = lineOn(row, side);
  return at !== undefined && at >= line && at < line + lineCount;
}

/** The row of the last of the lines; -1 when the hunk does not have it. */
export function lastRowOf(rows: readonly DiffRow[], range: LineRange): number {
  const last = range.line + range.lineCount - 1;
  return rows.findIndex((row) => lineOn(row, range.side) === last);
}

/** How many lines a range can have at most, from where it begins. */
export function mostLines(rows: readonly DiffRow[], { side, line }: LineRange): number {
  return rows.filter((row) => (lineOn(row, side) ?? -1) >= line).length;
}

/** The lines as a person counts them, from 1. */
export function rangeWords({ side, line, lineCount }: LineRange): string {
  const words = lineCount === 1 ? `line ${line + 1}` : `lines ${line + 1}–${line + lineCount}`;
  return side === "old" ? `old ${words}` : words;
}

/** Sorts a hunk's comments into those at a row, by row, and those on the whole hunk. */
export function threadsOf(
  comments: readonly Comment[],
  rows: readonly DiffRow[],
): { readonly byRow: ReadonlyMap<number, readonly Thread[]>; readonly whole: readonly Comment[] } {
  const byRow = new Map<number, Thread[]>();
  const whole: Comment[] = [];
  for (const comment of comments) {
    const range = rangeOf(comment);
    const row = range ? lastRowOf(rows, range) : -1;
    if (!range || row < 0) {
      whole.push(comment);
      continue;
    }
    const key = `${range.side}${range.line}+${range.lineCount}`;
    const threads = byRow.get(row) ?? [];
    const found = threads.findIndex((thread) => thread.key === key);
    const said = threads[found]?.comments ?? [];
    const thread = { key, range, comments: [...said, comment] };
    byRow.set(row, found < 0 ? [...threads, thread] : threads.with(found, thread));
  }
  return { byRow, whole };
}

function rangeOf({ side, line, lineCount }: Comment): LineRange | undefined {
  if (side == null || line == null) return undefined;
  return { side, line, lineCount: lineCount ?? 1 };
}
