import { describe, expect, it } from "vitest";
import {
  ancestorsOf,
  buildTree,
  filteredRows,
  findByTyping,
  moveFor,
  nameProblem,
  type TreeFile,
  type TreeRow,
  visibleRows,
} from "./treeModel";

const files = (...paths: string[]): TreeFile[] =>
  paths.map((path, index) => ({
    id: `f${index}`,
    path: path.replace(/\/$/u, ""),
    kind: path.endsWith("/") ? "directory" : "file",
  }));

const drawn = (rows: readonly TreeRow<TreeFile>[]) =>
  rows.map(
    (row) =>
      "  ".repeat(row.level - 1) +
      row.node.name +
      (row.node.isFolder ? (row.isExpanded ? " -" : " +") : ""),
  );

const sample = files(
  "src/",
  "src/b.ts",
  "src/a/",
  "src/a/x.ts",
  "README.md",
  "file10.txt",
  "file2.txt",
  "über straße/naïve file.md",
  ".env",
);

describe("visibleRows", () => {
  const tree = buildTree(sample);

  it("puts folders first and numbers in their order, closed at first", () => {
    expect(drawn(visibleRows(tree, () => false))).toEqual([
      "src +",
      "über straße +",
      ".env",
      "file2.txt",
      "file10.txt",
      "README.md",
    ]);
  });

  it("shows what is in open folders, and makes folders that only paths name", () => {
    const open = new Set(["src", "src/a", "über straße"]);
    expect(drawn(visibleRows(tree, (path) => open.has(path))).slice(0, 6)).toEqual([
      "src -",
      "  a -",
      "    x.ts",
      "  b.ts",
      "über straße -",
      "  naïve file.md",
    ]);
  });

  it("counts siblings for screen readers", () => {
    const rows = visibleRows(tree, () => false);
    expect(rows.map((row) => `${row.position}/${row.siblings}`).at(0)).toBe("1/6");
  });

  it("keeps apart names that differ only in case", () => {
    const rows = visibleRows(buildTree(files("a.txt", "A.txt")), () => false);
    expect(drawn(rows)).toEqual(["A.txt", "a.txt"]);
  });

  it("shows only the open folders of a tree of 20,000 files", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `d${index % 100}/f${index}.ts`);
    const big = buildTree(files(...many));
    expect(visibleRows(big, () => false)).toHaveLength(100);
    expect(visibleRows(big, (path) => path === "d7")).toHaveLength(300);
  });
});

describe("filteredRows", () => {
  it.each([
    ["x.ts", ["src -", "  a -", "    x.ts"]],
    ["README", ["README.md"]],
    ["src b", ["src -", "  b.ts"]],
    ["src", ["src -"]],
    ["src/a", ["src -", "  a -", "    x.ts"]],
    ["nothing here", []],
  ])("finds %j", (filter, rows) => {
    expect(drawn(filteredRows(buildTree(sample), filter))).toEqual(rows);
  });
});

describe("moveFor", () => {
  const tree = buildTree(sample);
  const rows = visibleRows(tree, (path) => path === "src");
  it.each([
    ["src", "ArrowDown", { type: "focus", path: "src/a" }],
    ["src", "ArrowRight", { type: "focus", path: "src/a" }],
    ["src/a", "ArrowRight", { type: "expand", path: "src/a" }],
    ["src/b.ts", "ArrowRight", undefined],
    ["src/b.ts", "ArrowLeft", { type: "focus", path: "src" }],
    ["src", "ArrowLeft", { type: "collapse", path: "src" }],
    ["README.md", "ArrowLeft", undefined],
    ["README.md", "Home", { type: "focus", path: "src" }],
    ["src", "End", { type: "focus", path: "README.md" }],
    ["README.md", "ArrowDown", undefined],
    ["gone", "ArrowDown", { type: "focus", path: "src" }],
    ["src", "x", undefined],
  ])("at %s, %s", (path, key, move) => {
    expect(moveFor(rows, path, key)).toEqual(move);
  });
});

describe("findByTyping", () => {
  const rows = visibleRows(buildTree(sample), () => false);
  it("goes on to the next match, wraps, and narrows", () => {
    expect(findByTyping(rows, "src", "f")).toBe("file2.txt");
    expect(findByTyping(rows, "file2.txt", "f")).toBe("file10.txt");
    expect(findByTyping(rows, "file10.txt", "f")).toBe("file2.txt");
    expect(findByTyping(rows, "file2.txt", "file1")).toBe("file10.txt");
    expect(findByTyping(rows, "src", "zz")).toBeUndefined();
  });
});

describe("nameProblem", () => {
  const taken = (path: string) => path === "src/b.ts";
  it.each([
    ["c.ts", "src", undefined],
    ["deep/er/c.ts", "src", undefined],
    ["two words ü.txt", "", undefined],
    ["b.ts", "src", "b.ts exists already."],
    ["  ", "", "Type a name."],
    ["../x", "src", "Every part between slashes needs a name other than . and .."],
    ["/x", "src", "Every part between slashes needs a name other than . and .."],
    ["a\\b", "", "A name can't have backslashes or control characters."],
    ["é".repeat(128), "", "That name is too long."],
  ])("%j in %j", (name, folder, problem) => {
    expect(nameProblem(name, folder, taken)).toBe(problem);
  });
});

describe("ancestorsOf", () => {
  it("lists folders from the outside in", () => {
    expect(ancestorsOf("a/b/c.ts")).toEqual(["a", "a/b"]);
    expect(ancestorsOf("c.ts")).toEqual([]);
  });
});
