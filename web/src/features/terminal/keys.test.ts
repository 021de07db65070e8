import { describe, expect, it } from "vitest";
import { type PageKey, pageKeyOf, sequenceOf, withControl } from "./keys";

describe("the row of keys", () => {
  it("sends what a keyboard sends", () => {
    expect(sequenceOf("Escape", false, false)).toBe("\u001b");
    expect(sequenceOf("Tab", true, false)).toBe("\t");
    expect(sequenceOf("ArrowUp", false, false)).toBe("\u001b[A");
    expect(sequenceOf("ArrowUp", true, false)).toBe("\u001bOA");
    expect(sequenceOf("ArrowLeft", true, true)).toBe("\u001b[1;5D");
  });

  it.each([
    ["c", "\u0003"],
    ["C", "\u0003"],
    ["[", "\u001b"],
    ["_", "\u001f"],
    [" ", "\0"],
    ["?", "\u007f"],
    ["1", "1"],
    ["é", "é"],
    ["two", "two"],
  ])("turns %j with Control into %j", (typed, sent) => {
    expect(withControl(typed)).toBe(sent);
  });
});

describe("a key that the page keeps", () => {
  const press = (change: Partial<KeyboardEvent>) => ({
    key: "",
    code: "",
    ctrlKey: false,
    shiftKey: false,
    altKey: false,
    metaKey: false,
    ...change,
  });

  it.each<[Partial<KeyboardEvent>, PageKey | undefined]>([
    [{ key: "Dead", code: "Backquote", ctrlKey: true }, "leave"],
    [{ key: "F6", code: "F6", shiftKey: true }, "leave"],
    [{ key: "F6", code: "F6" }, undefined],
    [{ key: "C", code: "KeyC", ctrlKey: true, shiftKey: true }, "copy"],
    [{ key: "V", code: "KeyV", ctrlKey: true, shiftKey: true }, "paste"],
    [{ key: "c", code: "KeyC", ctrlKey: true }, undefined],
    [{ key: "Tab", code: "Tab" }, undefined],
    [{ key: "`", code: "Backquote", ctrlKey: true, altKey: true }, undefined],
  ])("%o means %s", (change, meaning) => {
    expect(pageKeyOf(press(change))).toBe(meaning);
  });
});
