import { describe, expect, it } from "vitest";
import type { Conflict } from "@/api/schema";
import { resolutionsOf, undecidedIn } from "./resolutions";

const conflict = (path: string, isThere = true): Conflict => ({
  path,
  reason: "both changed it",
  versionId: isThere ? `v-${path}` : null,
  base: "base",
  yours: "a",
  theirs: "b",
  merged: null,
  pieces: isThere
    ? [
        { type: "same", text: "<<<<<<< not a marker\n" },
        { type: "conflict", base: "base\n", yours: "a\n", theirs: "b\n" },
      ]
    : [],
});

describe("resolutions", () => {
  it("are complete when every place is decided", () => {
    const [x, y] = [conflict("x"), conflict("y")];
    expect(undecidedIn(x, new Map())).toBe(1);
    expect(resolutionsOf([x, y], new Map())).toBeUndefined();
    const half = new Map([["x", { text: "a\n", open: 0 }]]);
    expect([undecidedIn(x, half), undecidedIn(y, half)]).toEqual([0, 1]);
    expect(resolutionsOf([x, y], half)).toBeUndefined();
    expect(resolutionsOf([x, y], new Map([...half, ["y", { text: "b\n", open: 0 }]]))).toEqual([
      { path: "x", content: "a\n", versionId: "v-x" },
      { path: "y", content: "b\n", versionId: "v-y" },
    ]);
  });

  it("can't be given for a file that is gone", () => {
    expect(undecidedIn(conflict("x", false), new Map())).toBeUndefined();
    expect(resolutionsOf([conflict("x", false)], new Map())).toBeUndefined();
  });
});
