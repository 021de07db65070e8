import { describe, expect, it } from "vitest";
import { keptLayout } from "@/ui/SplitPane";
import { parseLayout } from "./layoutStore";
import { newlyNamed } from "./useFollowAddress";

describe("a kept layout", () => {
  const panes = [{ id: "left" }, { id: "right" }];

  it("is used when it fits the panes", () => {
    expect(keptLayout({ left: 30, right: 70 }, panes)).toEqual({ left: 30, right: 70 });
  });

  it.each([
    undefined,
    "30",
    { left: 100 },
    { left: 30, middle: 70 },
    { left: "30", right: 70 },
    { left: -1, right: 101 },
    { left: 20, right: 70, more: 10 },
  ])("is dropped when it doesn't: %j", (raw) => {
    expect(keptLayout(raw, panes)).toBeUndefined();
  });

  it("shows every part where nothing is understood", () => {
    const atFirst = { files: true, run: true, side: true, sidePanel: "chat" };
    expect(parseLayout(null)).toEqual(atFirst);
    expect(parseLayout({ files: "no", sidePanel: "kitchen" })).toEqual(atFirst);
    expect(parseLayout({ run: false, sidePanel: "review" })).toEqual({
      ...atFirst,
      run: false,
      sidePanel: "review",
    });
  });
});

describe("what the address newly names", () => {
  const none = { file: undefined, proposal: undefined, run: undefined };

  it.each([
    [{ file: "f" }, "editor"],
    [{ proposal: "p", file: "f" }, "review"],
    [{ run: "r" }, "run"],
    [{}, undefined],
  ])("%o is shown in %s", (now, panel) => {
    expect(newlyNamed(none, { ...none, ...now })).toBe(panel);
  });

  it("is nothing when a name goes or stays", () => {
    expect(
      newlyNamed({ ...none, proposal: "p", file: "f" }, { ...none, file: "f" }),
    ).toBeUndefined();
  });
});
