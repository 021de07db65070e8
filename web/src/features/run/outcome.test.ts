import { describe, expect, it } from "vitest";
import type { Outcome } from "@/api/schema";
import { endingOf, wordsOf } from "./outcome";

describe("wordsOf", () => {
  it("has its own words for each outcome", () => {
    const outcomes: Outcome[] = [
      "ok",
      "exit",
      "signal",
      "timeout",
      "memory",
      "pids",
      "output",
      "disk",
      "cancelled",
      "interrupted",
      "refused",
    ];
    const labels = outcomes.map((outcome) => wordsOf(outcome).label);
    expect(new Set(labels).size).toBe(outcomes.length);
  });

  it("shows an outcome of a newer server by its name", () => {
    expect(wordsOf("quota" as Outcome)).toMatchObject({ label: "quota", tone: "neutral" });
  });
});

describe("endingOf", () => {
  it.each([
    [{ exitCode: 0, signal: null }, "exit 0"],
    [{ exitCode: 3 }, "exit 3"],
    [{ exitCode: null, signal: 9 }, "signal 9 (SIGKILL)"],
    [{ signal: 64 }, "signal 64"],
    [{}, undefined],
  ])("%j is %s", (run, ending) => {
    expect(endingOf(run)).toBe(ending);
  });
});
