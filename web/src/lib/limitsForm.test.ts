import { describe, expect, it } from "vitest";
import { LIMITS, parseLimits, textsOf } from "./limitsForm";

const MOST = { timeoutMs: 60_000, memoryBytes: 512 * 1024 * 1024, pids: 64 };

describe("the fields of limits", () => {
  it("are read in their units; an empty one sets nothing", () => {
    expect(
      parseLimits({ timeoutMs: "1.5", memoryBytes: " 256 ", pids: "", outputBytes: "10" }, MOST),
    ).toEqual({
      values: { timeoutMs: 1500, memoryBytes: 256 * 1024 * 1024, outputBytes: 10 * 1024 },
    });
    expect(parseLimits({}, MOST)).toEqual({ values: {} });
  });

  it("may be the server's largest and no more", () => {
    expect(parseLimits({ timeoutMs: "60", pids: "64" }, MOST)).toEqual({
      values: { timeoutMs: 60_000, pids: 64 },
    });
    expect(parseLimits({ timeoutMs: "60.5", memoryBytes: "513", pids: "8" }, MOST)).toEqual({
      problems: {
        timeoutMs: "This server allows at most 60 seconds.",
        memoryBytes: "This server allows at most 512 MiB.",
      },
    });
  });

  it.each(["-1", "1e9", "10 s", "0x10", "1,5", "∞", "."])("refuse %j", (text) => {
    expect(parseLimits({ pids: text }, MOST)).toEqual({
      problems: { pids: "Write a number, such as 30." },
    });
  });

  it.each(["0", "0.0", "0.2"])("refuse %j processes", (text) => {
    expect(parseLimits({ pids: text }, MOST)).toEqual({
      problems: { pids: "It must be more than nothing." },
    });
  });

  it("show what is set, and read it again", () => {
    const values = {
      timeoutMs: 2500,
      memoryBytes: 384 * 1024 * 1024,
      cpuPercent: 150,
      diskBytes: null,
    };
    const texts = textsOf(values);
    expect(texts).toEqual({ timeoutMs: "2.5", memoryBytes: "384", cpuPercent: "150" });
    expect(parseLimits(texts, {})).toEqual({
      values: { timeoutMs: 2500, memoryBytes: 384 * 1024 * 1024, cpuPercent: 150 },
    });
  });

  it("name every limit once", () => {
    expect(new Set(LIMITS.map(({ key }) => key)).size).toBe(LIMITS.length);
  });
});
