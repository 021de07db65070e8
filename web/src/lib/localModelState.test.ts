import { describe, expect, it } from "vitest";
import { progressOf, pullWords, standingOf } from "./localModelState";

const ABSENT = {
  weights: "absent" as const,
  helper: "ready" as const,
  sizeBytes: 1_117_320_736,
  receivedBytes: 0,
  checkedBytes: 0,
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
    [READY, "ready"],
    [{ ...READY, helper: "loaded" as const }, "loaded"],
  ])("%#", (local, standing) => {
    expect(standingOf(local)).toBe(standing);
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
