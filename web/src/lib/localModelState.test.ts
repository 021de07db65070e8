import { describe, expect, it } from "vitest";
import { isComing, isGettable, progressOf, pullWords, standingOf } from "./localModelState";

const ABSENT = {
  weights: "absent" as const,
  helper: "ready" as const,
  sizeBytes: 1_117_320_736,
  receivedBytes: 0,
  checkedBytes: 0,
  build: { state: "unavailable" as const },
};
const READY = { ...ABSENT, weights: "ready" as const, receivedBytes: ABSENT.sizeBytes };

describe("where the local model stands", () => {
  it.each([
    [ABSENT, "absent"],
    [{ ...ABSENT, helper: "missing" as const }, "absent"],
    [{ ...ABSENT, receivedBytes: 5 }, "paused"],
    [{ ...ABSENT, weights: "downloading" as const }, "fetching"],
    [{ ...READY, weights: "checking" as const }, "fetching"],
    [{ ...READY, helper: "missing" as const }, "noHelper"],
    [{ ...ABSENT, build: { state: "running" as const } }, "fetching"],
    [
      { ...READY, helper: "missing" as const, build: { state: "needsPackages" as const } },
      "asking",
    ],
    [READY, "ready"],
    [{ ...READY, helper: "loaded" as const }, "loaded"],
  ])("%#", (local, standing) => {
    expect(standingOf(local)).toBe(standing);
  });

  it.each([
    [ABSENT, true, "Get the local model (1.1 GB)"],
    [{ ...READY, helper: "missing" as const }, false, "Build its program"],
    [
      { ...READY, helper: "missing" as const, build: { state: "idle" as const } },
      true,
      "Build its program",
    ],
    [
      { ...READY, helper: "missing" as const, build: { state: "failed" as const } },
      true,
      "Build its program",
    ],
    [{ ...READY, helper: "missing" as const, build: { state: "running" as const } }, false, ""],
    [READY, false, ""],
  ])("offers what can be got: %#", (local, gettable, words) => {
    expect(isGettable(local)).toBe(gettable);
    if (words) expect(pullWords(local)).toBe(words);
  });

  it("is looked at while anything is on its way", () => {
    expect(isComing(READY)).toBe(false);
    expect(isComing({ ...READY, build: { state: "running" as const } })).toBe(true);
    expect(isComing({ ...ABSENT, weights: "downloading" as const })).toBe(true);
  });

  it("says how much there is to fetch", () => {
    expect(pullWords(ABSENT)).toBe("Get the local model (1.1 GB)");
    expect(pullWords({ ...ABSENT, receivedBytes: 617_320_736 })).toBe(
      "Go on with the download (0.5 GB left)",
    );
  });

  it("tells downloading from comparing, and never passes all of it", () => {
    const half = { ...ABSENT, weights: "downloading" as const, receivedBytes: 558_660_368 };
    expect(progressOf(half)).toEqual({
      label: "Downloading: 533 MiB of 1.0 GiB",
      percent: 50,
    });
    const over = { ...READY, weights: "checking" as const, checkedBytes: 2e9 };
    expect(progressOf(over).percent).toBe(100);
  });
});
