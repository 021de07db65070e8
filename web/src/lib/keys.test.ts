import { describe, expect, it } from "vitest";
import { isApple, keyNames, matches } from "./keys";

const NONE = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

describe("matches", () => {
  it.each([
    ["Mod+K", { key: "k", ctrlKey: true }, false, true],
    ["Mod+K", { key: "k", metaKey: true }, true, true],
    ["Mod+K", { key: "k", metaKey: true }, false, false],
    ["Mod+K", { key: "k", ctrlKey: true }, true, false],
    ["Mod+K", { key: "K", ctrlKey: true, shiftKey: true }, false, false],
    ["Mod+Shift+P", { key: "P", ctrlKey: true, shiftKey: true }, false, true],
    ["Mod+Alt+B", { key: "b", ctrlKey: true, altKey: true }, false, true],
    ["F2", { key: "F2" }, false, true],
    ["F2", { key: "F2", altKey: true }, false, false],
    ["Ctrl+Tab", { key: "Tab", ctrlKey: true }, true, true],
    ["Ctrl+Tab", { key: "Tab", ctrlKey: true }, false, true],
    ["Shift", { key: "Shift", shiftKey: false }, false, true],
  ])("%s and %o, Apple %s: %s", (combination, pressed, apple, expected) => {
    expect(matches(combination, { ...NONE, ...pressed }, apple)).toBe(expected);
  });
});

describe("keyNames", () => {
  it("says what is printed on the keyboard", () => {
    expect(keyNames("Mod+Shift+p", false)).toEqual(["Ctrl", "Shift", "P"]);
    expect(keyNames("Mod+Shift+p", true)).toEqual(["⌘", "⇧", "P"]);
    expect(keyNames("Escape", false)).toEqual(["Esc"]);
  });
});

it("knows Apple's machines", () => {
  expect(isApple("MacIntel")).toBe(true);
  expect(isApple("iPhone")).toBe(true);
  expect(isApple("Linux x86_64")).toBe(false);
});
