import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { describe, expect, it } from "vitest";
import { conflictChoices, conflictsIn, settled } from "./conflictMarkers";

const merged =
  "a\n<<<<<<< yours\nmine 1\nmine 2\n=======\ntheirs\n>>>>>>> theirs\nb\n<<<<<<<\n=======\nx\n>>>>>>>\n";
const withBase = "<<<<<<< yours\nm\n||||||| base\nold\n=======\nt\n>>>>>>> theirs\n";

describe("conflictsIn", () => {
  it("finds each with its sides", () => {
    expect(conflictsIn(merged).map(({ mine, theirs }) => [mine, theirs])).toEqual([
      ["mine 1\nmine 2\n", "theirs\n"],
      ["", "x\n"],
    ]);
  });

  it("leaves the common ancestor out", () => {
    expect(conflictsIn(withBase)).toMatchObject([{ mine: "m\n", theirs: "t\n" }]);
  });

  it.each(["", "no markers\n", "=======\n", "<<<<<<< a\nx\n=======\ny\n", ">>>>>>> b\n"])(
    "finds none in %j",
    (text) => {
      expect(conflictsIn(text)).toEqual([]);
    },
  );

  it("covers exactly the marked lines", () => {
    const [first] = conflictsIn(merged);
    expect(first && merged.slice(0, first.from) + merged.slice(first.to)).toMatch(/^a\nb\n/u);
  });
});

describe("settled", () => {
  const [block] = conflictsIn(withBase);
  it.each([
    ["mine", "m\n"],
    ["theirs", "t\n"],
    ["both", "m\nt\n"],
  ] as const)("with %s", (settlement, text) => {
    expect(block && settled(block, settlement)).toBe(text);
  });
});

describe("conflictChoices", () => {
  it("puts the chosen side in the conflict's place", () => {
    const extensions = conflictChoices({ mine: "mine", theirs: "theirs" });
    const state = EditorState.create({ doc: merged, extensions });
    const view = new EditorView({ state, parent: document.body });
    const button = (label: string) =>
      [...view.dom.querySelectorAll("button")].find(({ textContent }) => textContent === label);
    button("Keep theirs")?.click();
    expect(view.state.doc.toString()).toMatch(/^a\ntheirs\nb\n<<<<<<<\n/u);
    button("Keep mine")?.click();
    expect(view.state.doc.toString()).toBe("a\ntheirs\nb\n");
    expect(view.dom.querySelector("button")).toBeNull();
  });
});
