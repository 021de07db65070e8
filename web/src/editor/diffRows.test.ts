import { describe, expect, it } from "vitest";
import { type DiffRow, diffRows, type LineHunk, pieces, splitLines, wordMarks } from "./diffRows";

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join("");

/** Writes rows the way `diff -u` would, so that a test reads like a diff. */
function drawn(rows: readonly DiffRow[]): string[] {
  return rows.map(drawnRow);
}

function drawnRow(row: DiffRow): string {
  switch (row.kind) {
    case "context":
      return ` ${row.oldLine},${row.newLine} ${row.text}`;
    case "removed":
      return `-${row.line} ${row.text}`;
    case "added":
      return `+${row.line} ${row.text}`;
    case "hunk":
      return `@${row.hunk}`;
    case "gap":
      return `~${row.from}+${row.count}`;
  }
}

const replaceLine = (id: string, line: number): LineHunk => ({
  id,
  oldStart: line,
  oldLines: 1,
  newStart: line,
  newLines: 1,
});

describe("splitLines", () => {
  it.each([
    ["", [], []],
    ["a", ["a"], [""]],
    ["a\n", ["a"], ["\n"]],
    ["a\r\nb\n\n", ["a", "b", ""], ["\r\n", "\n", "\n"]],
    ["\r\n", [""], ["\r\n"]],
    ["\n", [""], ["\n"]],
  ])("cuts %j", (text, lines, endings) => {
    expect(splitLines(text)).toEqual({ lines, endings });
  });
});

describe("diffRows", () => {
  const before = splitLines(numbered(20));
  const after = splitLines(numbered(20).replace("line 10\n", "line ten\n"));

  it("shows three lines around a change and gaps beyond", () => {
    expect(drawn(diffRows(before, after, [replaceLine("h", 9)]))).toEqual([
      "~0+6",
      " 7,7 line 7",
      " 8,8 line 8",
      " 9,9 line 9",
      "@h",
      "-10 line 10",
      "+10 line ten",
      " 11,11 line 11",
      " 12,12 line 12",
      " 13,13 line 13",
      "~13+7",
    ]);
  });

  it("opens a part of a gap and leaves the rest closed", () => {
    const rows = diffRows(before, after, [replaceLine("h", 9)], [{ from: 4, to: 6 }]);
    expect(drawn(rows).slice(0, 3)).toEqual(["~0+4", " 5,5 line 5", " 6,6 line 6"]);
  });

  it("has no gap between hunks that are close", () => {
    const both = splitLines(
      numbered(20).replace("line 10\n", "ten\n").replace("line 14\n", "fourteen\n"),
    );
    const rows = diffRows(before, both, [replaceLine("a", 9), replaceLine("b", 13)]);
    expect(rows.filter((row) => row.kind === "gap")).toHaveLength(2);
    expect(drawn(rows).filter((row) => row.startsWith("@"))).toEqual(["@a", "@b"]);
  });

  it("numbers context after an insertion on both sides", () => {
    const longer = splitLines(numbered(3).replace("line 2\n", "line 2\nnew\nnewer\n"));
    const hunk = { id: "h", oldStart: 2, oldLines: 0, newStart: 2, newLines: 2 };
    expect(drawn(diffRows(splitLines(numbered(3)), longer, [hunk])).at(-1)).toBe(" 3,5 line 3");
  });

  it("shows unchanged lines in the middle of a hunk as such", () => {
    const old = splitLines("a\nb\nc\nd\n");
    const fresh = splitLines("new\na\nb\nC\nd\ne\n");
    const hunk = { id: "h", oldStart: 0, oldLines: 4, newStart: 0, newLines: 6 };
    expect(drawn(diffRows(old, fresh, [hunk]))).toEqual([
      "@h",
      "+1 new",
      " 1,2 a",
      " 2,3 b",
      "-3 c",
      "+4 C",
      " 4,5 d",
      "+6 e",
    ]);
  });

  it("draws each line of both sides once, whatever the change", () => {
    const sides = ["", "a\n", "a\nb\n", "b\na\n", "a\nx\nb\ny", "y\nb\n\na\n", "\n\n", "a\r\nb\n"];
    for (const [from, to] of sides.flatMap((from) => sides.map((to) => [from, to] as const))) {
      const [old, fresh] = [splitLines(from), splitLines(to)];
      const hunk = {
        id: "h",
        oldStart: 0,
        oldLines: old.lines.length,
        newStart: 0,
        newLines: fresh.lines.length,
      };
      const rows = diffRows(old, fresh, [hunk]);
      const texts = (kind: "removed" | "added") =>
        rows.flatMap((row) => (row.kind === kind || row.kind === "context" ? [row.text] : []));
      expect(texts("removed"), `${from} to ${to}`).toEqual(old.lines);
      expect(texts("added"), `${from} to ${to}`).toEqual(fresh.lines);
    }
  });

  it("shows a new file as added lines only", () => {
    const hunk = { id: "h", oldStart: 0, oldLines: 0, newStart: 0, newLines: 2 };
    const rows = diffRows(splitLines(""), splitLines("a\nb\n"), [hunk]);
    expect(drawn(rows)).toEqual(["@h", "+1 a", "+2 b"]);
  });

  it("says when only the line ending, only blanks, or the last newline changed", () => {
    const notes = (from: string, to: string) =>
      diffRows(splitLines(from), splitLines(to), [replaceLine("h", 0)]).flatMap((row) =>
        "notes" in row ? row.notes : [],
      );
    expect(notes("a\r\n", "a\n")).toEqual(["lineEndingOnly"]);
    expect(notes("  a\n", "\ta\n")).toEqual(["whitespaceOnly"]);
    expect(notes("a\n", "a")).toEqual(["lineEndingOnly", "noFinalNewline"]);
    expect(notes("a\n", "b\n")).toEqual([]);
  });
});

describe("wordMarks", () => {
  it("marks the word that changed, in the right line", () => {
    const [removed, added] = wordMarks(
      ["def greet(name):", "    return name"],
      ["def greet(person):", "    return person"],
    );
    const cut = (line: string, marks = [{ from: 0, to: 0 }]) =>
      marks.map((mark) => line.slice(mark.from, mark.to));
    expect(cut("def greet(name):", removed[0])).toEqual(["name"]);
    expect(cut("    return person", added[1])).toEqual(["person"]);
  });

  it("marks nothing when nearly all differs, or one side is empty", () => {
    expect(wordMarks(["alpha beta"], ["1234 56789 0"])).toEqual([[[]], [[]]]);
    expect(wordMarks([], ["a"])).toEqual([[], [[]]]);
  });
});

describe("pieces", () => {
  it("cuts a line at its marks and loses nothing", () => {
    const cut = pieces("one two three", [{ from: 4, to: 7 }]);
    expect(cut.map((piece) => piece.text).join("")).toBe("one two three");
    expect(cut.filter((piece) => piece.marked)).toEqual([{ text: "two", marked: true }]);
  });
});
