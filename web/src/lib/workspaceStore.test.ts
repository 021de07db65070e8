import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorkspaceStore, parseKept, workspaceStore } from "./workspaceStore";

const A = { fileId: "a", path: "src/a.py" };
const B = { fileId: "b", path: "src/b.py" };
const C = { fileId: "c", path: "src/c.py" };

describe("tabs", () => {
  it("open once and take a new path when the file is renamed", () => {
    const store = createWorkspaceStore();
    store.getState().openTab(A);
    store.getState().openTab(B);
    store.getState().openTab({ ...A, path: "src/renamed.py" });
    expect(store.getState().tabs).toEqual([{ ...A, path: "src/renamed.py" }, B]);
  });

  it.each([
    ["a", "b"],
    ["b", "c"],
    ["c", "b"],
  ])("closing %s shows %s", (closed, next) => {
    const store = createWorkspaceStore();
    for (const tab of [A, B, C]) store.getState().openTab(tab);
    expect(store.getState().closeTab(closed)).toBe(next);
    expect(store.getState().tabs.map((tab) => tab.fileId)).not.toContain(closed);
  });

  it("closing the last one shows nothing", () => {
    const store = createWorkspaceStore();
    store.getState().openTab(A);
    expect(store.getState().closeTab("a")).toBeNull();
  });

  it("forget unsaved text with the tab", () => {
    const store = createWorkspaceStore();
    store.getState().openTab(A);
    store.getState().setDirty("a", true);
    store.getState().closeTab("a");
    expect(store.getState().dirty.size).toBe(0);
  });

  it("move along the row", () => {
    const store = createWorkspaceStore();
    for (const tab of [A, B, C]) store.getState().openTab(tab);
    store.getState().moveTab("c", 0);
    expect(store.getState().tabs.map((tab) => tab.fileId)).toEqual(["c", "a", "b"]);
  });
});

describe("a workspace's store", () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => kept.clear());

  it("is the same one for the same workspace and keeps what survives a reload", () => {
    const store = workspaceStore("w1");
    expect(workspaceStore("w1")).toBe(store);
    expect(workspaceStore("w2")).not.toBe(store);
    store.getState().openTab(A);
    store.getState().setDraft("new", "Round the prices");
    store.getState().setExpanded("src", true);
    store.getState().setScroll("a", 120);
    store.getState().setDirty("a", true);
    expect(parseKept(JSON.parse(kept.get("atelier.workspace.w1") ?? ""))).toEqual({
      tabs: [A],
      lastFile: null,
      expanded: ["src"],
      drafts: { new: "Round the prices" },
      scroll: { a: 120 },
    });
    store.getState().setDraft("new", "");
    expect(parseKept(JSON.parse(kept.get("atelier.workspace.w1") ?? "")).drafts).toEqual({});
  });
});

describe("what was kept", () => {
  it.each([
    undefined,
    null,
    7,
    "text",
    [],
    { tabs: "no", expanded: [1, 2], drafts: { new: 3 }, scroll: { a: "x" }, lastFile: 4 },
    { tabs: [{ fileId: 1 }, null, "x"] },
  ])("is dropped where it isn't understood: %j", (raw) => {
    expect(parseKept(raw)).toEqual({
      tabs: [],
      lastFile: null,
      expanded: [],
      drafts: {},
      scroll: {},
    });
  });
});
