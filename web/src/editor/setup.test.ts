import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import { indentOf, lineBreakOf, sizeClass } from "./setup";

describe("lineBreakOf", () => {
  it.each([
    ["", "\n"],
    ["a\nb\n", "\n"],
    ["a\r\nb\r\n", "\r\n"],
    ["a\r\nb\n", "\n"],
    ["a\rb", "\n"],
  ])("of %j is %j", (text, lineBreak) => {
    expect(lineBreakOf(text)).toBe(lineBreak);
  });

  it.each(["a\r\nb\nc\r\n", "a\rb\n", "a\r\n\r\nb", "x", "", "\n", "no end\r\nhere"])(
    "keeps %j as it is, through the editor",
    (text) => {
      const extensions = EditorState.lineSeparator.of(lineBreakOf(text));
      expect(EditorState.create({ doc: text, extensions }).sliceDoc()).toBe(text);
    },
  );
});

describe("indentOf", () => {
  it.each([
    ["plain\ntext", "  "],
    ["def f():\n    return 1\n", "    "],
    ["a\n  b\n    c\n", "  "],
    ["a\n\tb\n", "\t"],
    ["/*\n * comment\n */\n", "  "],
  ])("of %j is %j", (text, indent) => {
    expect(indentOf(text)).toBe(indent);
  });
});

describe("sizeClass", () => {
  it.each([
    [0, "normal"],
    [1024 * 1024, "normal"],
    [1024 * 1024 + 1, "large"],
    [5 * 1024 * 1024 + 1, "readOnly"],
  ] as const)("of %d is %s", (length, size) => {
    expect(sizeClass(length)).toBe(size);
  });
});
