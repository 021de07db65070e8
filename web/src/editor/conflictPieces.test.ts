import { history, undo } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { afterEach, describe, expect, it } from "vitest";
import { conflictPlaces, type MergePart, mergeDraft } from "./conflictPieces";

const same = (text: string): MergePart => ({ type: "same", text });
const both = (yours: string, theirs: string): MergePart => ({ type: "conflict", yours, theirs });

const views: EditorView[] = [];
afterEach(() => {
  for (const view of views.splice(0)) view.destroy();
});

/** An editor for the parts; presses buttons by the place's number and the label. */
function open(parts: readonly MergePart[], lineBreak = "\n") {
  const { text, places } = mergeDraft(parts, lineBreak);
  let left = places.length;
  const onOpen = (count: number) => {
    left = count;
  };
  const view = new EditorView({
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorState.lineSeparator.of(lineBreak),
        history(),
        conflictPlaces(places, { mine: "yours", theirs: "theirs" }, onOpen),
      ],
    }),
  });
  views.push(view);
  const press = (number: number, label: string) => {
    const rows = view.dom.querySelectorAll(".cm-conflict-choices");
    const buttons = [...(rows[number]?.querySelectorAll("button") ?? [])];
    buttons.find((button) => button.textContent === label)?.click();
  };
  return { view, press, text: () => view.state.sliceDoc(), left: () => left };
}

describe("a merge in pieces", () => {
  it.each([
    ["Keep yours", "a\nmine\nb\n"],
    ["Keep theirs", "a\nwanted\nmore\nb\n"],
    ["Keep both", "a\nmine\nwanted\nmore\nb\n"],
    ["Keep as it stands", "a\nmine\nwanted\nmore\nb\n"],
  ])("%s", (label, expected) => {
    const { press, text, left } = open([
      same("a\n"),
      both("mine\n", "wanted\nmore\n"),
      same("b\n"),
    ]);
    expect(left()).toBe(1);
    press(0, label);
    expect([text(), left()]).toEqual([expected, 0]);
  });

  it("takes no text of the file for a marker", () => {
    const marker = "<<<<<<< ours\nq\n=======\nr\n>>>>>>> theirs\n";
    const { press, text, left } = open([same(marker), both("mine\n", "wanted\n"), same(marker)]);
    press(0, "Keep yours");
    expect([text(), left()]).toEqual([`${marker}mine\n${marker}`, 0]);
  });

  it("keeps the end of the file and the line endings", () => {
    const bare = open([same("a\n"), both("mine", "wanted")]);
    bare.press(0, "Keep both");
    expect(bare.text()).toBe("a\nmine\nwanted");
    const windows = open([same("a\r\n"), both("x\r\ny\r\n", ""), both("1\r\n", "2")], "\r\n");
    windows.press(1, "Keep theirs");
    windows.press(0, "Keep yours");
    expect([windows.text(), windows.left()]).toEqual(["a\r\nx\r\ny\r\n2", 0]);
  });

  it("follows what is typed around its places, and a choice that is undone", () => {
    const { view, press, text, left } = open([
      same("a\n"),
      both("1\n", "2\n"),
      same("b\n"),
      both("3\n", "4\n"),
    ]);
    view.dispatch({ changes: { from: 0, insert: "above\n" } });
    press(1, "Keep theirs");
    expect([text(), left()]).toEqual(["above\na\n1\n2\nb\n4\n", 1]);
    undo(view);
    expect([text(), left()]).toEqual(["above\na\n1\n2\nb\n3\n4\n", 2]);
    press(1, "Keep yours");
    press(0, "Keep yours");
    expect([text(), left()]).toEqual(["above\na\n1\nb\n3\n", 0]);
  });
});
