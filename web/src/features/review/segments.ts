/** A file's diff in the parts that a page draws: hunks with what is between them. */
import type { Hunk, ProposalFile } from "@/api/schema";
import {
  type DiffRow,
  diffRows,
  type LineHunk,
  type OpenRange,
  splitLines,
} from "@/editor/diffRows";

export type LineRow = Extract<DiffRow, { kind: "context" | "removed" | "added" }>;
export type GapRow = Extract<DiffRow, { kind: "gap" }>;

export type Segment =
  | { readonly kind: "context"; readonly rows: readonly LineRow[] }
  | { readonly kind: "gap"; readonly gap: GapRow }
  | { readonly kind: "hunk"; readonly hunk: Hunk; readonly rows: readonly DiffRow[] };

/** Cuts a file's diff into segments; `opened` is hidden context that was asked for. */
export function segmentsOf(file: ProposalFile, opened: readonly OpenRange[]): Segment[] {
  const before = splitLines(file.before ?? "");
  const after = splitLines(file.after ?? "");
  const hunks = file.hunks.map((hunk) =>
    linesOfHunk(hunk, before.lines.length, after.lines.length),
  );
  // A file that is only moved has no lines to show.
  const withLines = hunks.filter(({ oldLines, newLines }) => oldLines + newLines > 0);
  const rows = withLines.length === 0 ? [] : diffRows(before, after, withLines, opened);
  const byId = new Map(file.hunks.map((hunk) => [hunk.id, hunk]));
  const segments: Segment[] = file.hunks
    .filter(({ id }) => !withLines.some((hunk) => hunk.id === id))
    .map((hunk) => ({ kind: "hunk", hunk, rows: [] }));
  let open: DiffRow[] = [];
  let openKind: "context" | "hunk" | undefined;
  for (const row of rows) {
    if (row.kind === "gap") {
      segments.push({ kind: "gap", gap: row });
      openKind = undefined;
    } else if (row.kind === "hunk") {
      const hunk = byId.get(row.hunk);
      open = [row];
      openKind = "hunk";
      if (hunk) segments.push({ kind: "hunk", hunk, rows: open });
    } else if (row.kind === "context" && row.hunk === undefined) {
      if (openKind !== "context") {
        open = [];
        openKind = "context";
        segments.push({ kind: "context", rows: open as LineRow[] });
      }
      open.push(row);
    } else {
      open.push(row);
    }
  }
  return segments;
}

/** A hunk that makes or deletes a file is about all of its lines. */
function linesOfHunk(hunk: Hunk, oldCount: number, newCount: number): LineHunk {
  const { id, oldStart, oldLines, newStart, newLines } = hunk;
  if (hunk.kind === "create") {
    return { id, oldStart: 0, oldLines: 0, newStart: 0, newLines: newCount };
  }
  if (hunk.kind === "delete") {
    return { id, oldStart: 0, oldLines: oldCount, newStart: 0, newLines: 0 };
  }
  if (hunk.kind !== "text") return { id, oldStart: 0, oldLines: 0, newStart: 0, newLines: 0 };
  return { id, oldStart, oldLines, newStart, newLines };
}

/** How many rows a file's changed lines take. */
export function changedRows(file: ProposalFile): number {
  return file.hunks.reduce((sum, { oldLines, newLines }) => sum + oldLines + newLines, 0);
}
