import { describe, expect, it } from "vitest";
import type { Verdict } from "@/api/schema";
import { verdictWords } from "./verdictWords";

const verdict = (change: Partial<Verdict>): Verdict => ({
  id: "v",
  state: "passed",
  hunks: ["a", "b"],
  baseHash: "1",
  treeHash: "2",
  stale: false,
  commands: [],
  reason: null,
  createdAt: "",
  finishedAt: "",
  ...change,
});

describe("verdictWords", () => {
  it.each([
    ["nothing", undefined, ["a"], "Not checked"],
    ["what is chosen", verdict({}), ["b", "a"], "Checks pass"],
    ["a failure", verdict({ state: "failed" }), ["a", "b"], "Checks fail"],
    ["fewer hunks", verdict({}), ["a"], "Not checked"],
    ["other hunks", verdict({}), ["a", "c"], "Not checked"],
    ["another tree", verdict({ stale: true }), ["a", "b"], "Stale"],
    ["checks under way", verdict({ state: "running", stale: true }), [], "Checking"],
    ["checks that a person stopped", verdict({ state: "cancelled" }), ["a", "b"], "Cancelled"],
    ["checks cut off", verdict({ state: "interrupted" }), ["a", "b"], "Not checked"],
  ] as const)("of %s", (_, found, chosen, label) => {
    expect(verdictWords(found, chosen).label).toBe(label);
  });
});
