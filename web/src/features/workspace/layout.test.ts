import { describe, expect, it } from "vitest";
import { parseLayout } from "./layoutStore";
import { newlyNamed } from "./useFollowAddress";

describe("a kept layout", () => {
  it("shows every part where nothing is understood", () => {
    const atFirst = {
      files: true,
      dock: true,
      side: true,
      sidePanel: "chat",
      dockPanel: "run",
    };
    expect(parseLayout(null)).toEqual(atFirst);
    expect(parseLayout({ files: "no", sidePanel: "kitchen" })).toEqual(atFirst);
    expect(parseLayout({ dock: false, sidePanel: "review", dockPanel: "terminal" })).toEqual({
      ...atFirst,
      dock: false,
      sidePanel: "review",
      dockPanel: "terminal",
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
