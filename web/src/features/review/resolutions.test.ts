import { describe, expect, it } from "vitest";
import type { Conflict } from "@/api/schema";
import { firstAnswers, resolutionsOf, undecidedIn } from "./resolutions";

const marked = "<<<<<<< yours\na\n=======\nb\n>>>>>>> theirs\n";
const conflict = (path: string, merged: string | null): Conflict => ({
  path,
  reason: "both changed it",
  versionId: merged === null ? null : `v-${path}`,
  base: "base",
  yours: "a",
  theirs: "b",
  merged,
});

describe("resolutions", () => {
  it("are complete when no marker is left", () => {
    const conflicts = [conflict("x", marked), conflict("y", "fine\n")];
    const first = firstAnswers(conflicts);
    expect(undecidedIn(conflicts[0] as Conflict, first)).toBe(1);
    expect(resolutionsOf(conflicts, first)).toBeUndefined();
    expect(resolutionsOf(conflicts, new Map([...first, ["x", "a\n"]]))).toEqual([
      { path: "x", content: "a\n", versionId: "v-x" },
      { path: "y", content: "fine\n", versionId: "v-y" },
    ]);
  });

  it("can't be given for a file that is gone", () => {
    const conflicts = [conflict("x", null)];
    expect(undecidedIn(conflicts[0] as Conflict, firstAnswers(conflicts))).toBeUndefined();
    expect(resolutionsOf(conflicts, firstAnswers(conflicts))).toBeUndefined();
  });
});
