import { describe, expect, it } from "vitest";
import type { Comment } from "@/api/schema";
import { diffRows, splitLines } from "@/editor/diffRows";
import { isWithin, lastRowOf, mostLines, rangeBetween, rangeWords, threadsOf } from "./lineRange";

// Rows: 0 head, 1 −b, 2 −c, 3 +B, 4 +C, 5 +more.
const hunk = { id: "h", oldStart: 1, oldLines: 2, newStart: 1, newLines: 3 };
const rows = diffRows(splitLines("a\nb\nc\nd\n"), splitLines("a\nB\nC\nmore\nd\n"), [hunk]).filter(
  (row) => row.kind === "hunk" || row.kind === "removed" || row.kind === "added",
);
const old = (line: number, lineCount = 1) => ({ side: "old", line, lineCount }) as const;
const next = (line: number, lineCount = 1) => ({ side: "new", line, lineCount }) as const;

describe("rangeBetween", () => {
  it.each([
    ["one line", 3, 3, next(1)],
    ["downwards", 3, 5, next(1, 3)],
    ["upwards", 5, 4, next(2, 2)],
    ["across sides, only those of the first", 2, 4, old(2)],
    ["across sides, upwards", 4, 1, next(1, 2)],
    ["nothing on the head of a hunk", 0, 0, undefined],
  ] as const)("takes %s", (_, anchor, head, range) => {
    expect(rangeBetween(rows, anchor, head)).toEqual(range);
  });
});

describe("a range", () => {
  it("knows its rows", () => {
    expect(lastRowOf(rows, next(1, 2))).toBe(4);
    expect(lastRowOf(rows, next(40))).toBe(-1);
    expect(rows.map((row) => isWithin(row, next(1, 2)))).toEqual(
      [0, 0, 0, 1, 1, 0].map((is) => is === 1),
    );
    expect([mostLines(rows, next(2)), mostLines(rows, old(1))]).toEqual([2, 2]);
  });

  it("is said as people count", () => {
    expect([rangeWords(next(1)), rangeWords(old(1, 2))]).toEqual(["line 2", "old lines 2–3"]);
  });
});

describe("threadsOf", () => {
  const comment = (id: string, on: Partial<Comment>): Comment => ({
    id,
    proposalId: "p",
    userId: "u",
    body: "",
    createdAt: "",
    outdated: false,
    ...on,
  });

  it("puts comments at their lines and the others at the hunk", () => {
    const { byRow, whole } = threadsOf(
      [
        comment("1", next(1, 2)),
        comment("2", {}),
        comment("3", next(2)),
        comment("4", next(1, 2)),
        comment("5", next(40)),
      ],
      rows,
    );
    const shown = [...byRow].map(([row, threads]) => [
      row,
      threads.map(({ comments }) => comments.map(({ id }) => id)),
    ]);
    expect(shown).toEqual([[4, [["1", "4"], ["3"]]]]);
    expect(whole.map(({ id }) => id)).toEqual(["2", "5"]);
  });
});
