import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Documents, smallestChange } from "./documents";
import { UnsavedTexts } from "./unsaved";

const v1 = (text: string) => ({ versionId: "v1", text });
const v2 = (text: string) => ({ versionId: "v2", text });

function setUp(kept: Record<string, unknown> = {}) {
  const values = new Map<string, unknown>(Object.entries(kept));
  const unsaved = new UnsavedTexts({
    read: (key) => values.get(key),
    write: (key, value) => void (value === undefined ? values.delete(key) : values.set(key, value)),
  });
  const dirty: string[] = [];
  const documents = new Documents(unsaved, (id, is) => void dirty.push(`${id} ${is}`));
  const view = new EditorView({ state: EditorState.create(), parent: document.body });
  const type = (text: string) => view.dispatch({ changes: { from: 0, insert: text } });
  return { values, unsaved, documents, dirty, view, type };
}

beforeEach(() => {
  vi.useFakeTimers();
  // jsdom lays nothing out; the editor asks where the caret would be.
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
});
afterEach(() => void vi.useRealTimers());

describe("Documents", () => {
  it("opens clean, becomes dirty by typing and clean again by taking it back", () => {
    const { documents, dirty, view, type } = setUp();
    documents.receive("f", "a.txt", v1("one\n"));
    documents.attach("f", view);
    expect(documents.info("f")).toMatchObject({ versionId: "v1", isDirty: false });
    type("x");
    expect(documents.info("f")?.isDirty).toBe(true);
    view.dispatch({ changes: { from: 0, to: 1 } });
    expect(documents.info("f")?.isDirty).toBe(false);
    expect(dirty).toEqual(["f true", "f false"]);
  });

  it("shows a newer text at once when nothing was typed, and keeps the caret", () => {
    const { documents, view } = setUp();
    documents.receive("f", "a.txt", v1("one\ntwo\nthree\n"));
    documents.attach("f", view);
    view.dispatch({ selection: { anchor: 9 } });
    documents.receive("f", "a.txt", v2("zero\none\ntwo\nthree\n"));
    expect(view.state.doc.toString()).toBe("zero\none\ntwo\nthree\n");
    expect(view.state.selection.main.head).toBe(14);
    expect(documents.info("f")).toMatchObject({ versionId: "v2", isDirty: false });
  });

  it("never replaces what was typed: the newer text waits", () => {
    const { documents, view, type } = setUp();
    documents.receive("f", "a.txt", v1("one\n"));
    documents.attach("f", view);
    type("mine ");
    documents.receive("f", "a.txt", v2("theirs\n"));
    expect(documents.text("f")).toBe("mine one\n");
    expect(documents.info("f")).toMatchObject({ versionId: "v1", incoming: v2("theirs\n") });
    documents.discard("f");
    expect(documents.text("f")).toBe("theirs\n");
    expect(documents.info("f")).toMatchObject({ versionId: "v2", isDirty: false });
  });

  it("is clean when the newer text is just what was typed", () => {
    const { documents, view, type } = setUp();
    documents.receive("f", "a.txt", v1("one\n"));
    documents.attach("f", view);
    type("x");
    documents.receive("f", "a.txt", v2("xone\n"));
    expect(documents.info("f")).toMatchObject({ versionId: "v2", isDirty: false });
    expect(documents.info("f")?.incoming).toBeUndefined();
  });

  it("stays dirty when more was typed while a save was under way", () => {
    const { documents, view, type } = setUp();
    documents.receive("f", "a.txt", v1("one\n"));
    documents.attach("f", view);
    type("a");
    const sent = documents.text("f") ?? "";
    type("b");
    documents.saved("f", v2(sent));
    expect(documents.info("f")).toMatchObject({ versionId: "v2", isDirty: true });
  });

  it("puts a resolved text over the version it was resolved against", () => {
    const { documents, view, type } = setUp();
    documents.receive("f", "a.txt", v1("one\n"));
    documents.attach("f", view);
    type("mine ");
    documents.rebase("f", "merged\n", v2("theirs\n"));
    expect(documents.text("f")).toBe("merged\n");
    expect(documents.info("f")).toMatchObject({ versionId: "v2", isDirty: true });
  });

  it("keeps Windows line ends, and mixed ones as they are", () => {
    const { documents, view, type } = setUp();
    documents.receive("w", "w.txt", v1("a\r\nb\r\n"));
    documents.receive("m", "m.txt", v1("a\r\nb\n"));
    documents.attach("w", view);
    const [filter] = view.state.facet(EditorView.clipboardInputFilter);
    type(filter?.("x\ny\r\n", view.state) ?? "");
    expect(documents.text("w")).toBe("x\r\ny\r\na\r\nb\r\n");
    expect(documents.text("m")).toBe("a\r\nb\n");
  });

  it("keeps each document's text and undo history while another is shown", () => {
    const { documents, view, type } = setUp();
    documents.receive("f", "a.txt", v1("one"));
    documents.receive("g", "b.txt", v1("two"));
    documents.attach("f", view);
    type("x");
    documents.attach("g", view);
    expect(view.state.doc.toString()).toBe("two");
    documents.receive("g", "b.txt", v2("three"));
    documents.attach("f", view);
    expect(view.state.doc.toString()).toBe("xone");
    expect(documents.text("g")).toBe("three");
  });

  it.each([
    ["an empty selection", 2, 2, undefined],
    ["a part of a line", 1, 2, { first: 1, last: 1 }],
    ["parts of two lines", 2, 5, { first: 1, last: 2 }],
    ["a line with its break", 0, 4, { first: 1, last: 1 }],
    ["a break alone", 3, 4, { first: 1, last: 1 }],
    ["all of it", 0, 11, { first: 1, last: 3 }],
  ])("tells which lines %s reaches into", (_what, anchor, head, lines) => {
    const { documents, view } = setUp();
    documents.receive("f", "a.txt", v1("one\ntwo\nsix"));
    documents.attach("f", view);
    view.dispatch({ selection: { anchor, head } });
    expect(documents.selectedLines("f")).toEqual(lines);
    view.dispatch({ selection: { anchor: head, head: anchor } });
    expect(documents.selectedLines("f")).toEqual(lines);
    expect(documents.selectedLines("g")).toBeUndefined();
  });

  it("only shows a text beyond five million characters", () => {
    const { documents, view } = setUp();
    documents.receive("f", "big.txt", v1(`${"x".repeat(99)}\n`.repeat(54_000)));
    documents.attach("f", view);
    expect(documents.info("f")?.size).toBe("readOnly");
    expect(view.state.readOnly).toBe(true);
  });
});

describe("unsaved text", () => {
  it("is kept soon after typing and forgotten after a save", () => {
    const { documents, view, type, values } = setUp();
    documents.receive("f", "a.txt", v1("one"));
    documents.attach("f", view);
    type("x");
    expect(values.size).toBe(0);
    vi.advanceTimersByTime(1000);
    expect([...values.values()]).toEqual([v1("xone")]);
    documents.saved("f", v2("xone"));
    expect(values.size).toBe(0);
  });

  it("is written at once when the page goes", () => {
    const { documents, view, type, values, unsaved } = setUp();
    documents.receive("f", "a.txt", v1("one"));
    documents.attach("f", view);
    type("x");
    unsaved.flush();
    expect([...values.values()]).toEqual([v1("xone")]);
  });

  it("comes back with a notice", () => {
    const { documents, dirty } = setUp({ "atelier.unsaved.f": v1("mine") });
    documents.receive("f", "a.txt", v1("one"));
    expect(documents.text("f")).toBe("mine");
    expect(documents.info("f")).toMatchObject({ isDirty: true, isRestored: true });
    expect(documents.info("f")?.incoming).toBeUndefined();
    expect(dirty).toEqual(["f true"]);
  });

  it("comes back over its own version when the file has moved on", () => {
    const { documents } = setUp({ "atelier.unsaved.f": v1("mine") });
    documents.receive("f", "a.txt", v2("theirs"));
    expect(documents.info("f")).toMatchObject({ versionId: "v1", incoming: v2("theirs") });
  });

  it("is dropped when it says nothing new, or is damaged", () => {
    const { documents, values } = setUp({
      "atelier.unsaved.f": v1("one"),
      "atelier.unsaved.g": { text: 7 },
    });
    documents.receive("f", "a.txt", v1("one"));
    documents.receive("g", "b.txt", v1("two"));
    expect(documents.info("f")?.isDirty).toBe(false);
    expect(documents.text("g")).toBe("two");
    expect(values.has("atelier.unsaved.f")).toBe(false);
  });
});

describe("smallestChange", () => {
  const text = (words: string) => EditorState.create({ doc: words }).doc;
  it.each([
    ["abc", "abc", undefined],
    ["abc", "abXc", [2, 2, "X"]],
    ["aXc", "ac", [1, 2, ""]],
    ["aa", "aaa", [2, 2, "a"]],
    ["one\ntwo", "one\nthree", [5, 7, "hree"]],
    ["", "x", [0, 0, "x"]],
  ])("from %j to %j", (from, to, expected) => {
    const change = smallestChange(text(from), text(to));
    expect(change && [change.from, change.to, change.insert.toString()]).toEqual(expected);
  });
});
