import { describe, expect, it } from "vitest";
import {
  abilityWords,
  contextWords,
  parameterWords,
  priceSourceWords,
  priceWords,
  taskWords,
} from "./modelWords";

describe("what a model costs", () => {
  it.each([
    [{}, "unknown"],
    [{ inputUsdPerMillion: null, outputUsdPerMillion: null }, "unknown"],
    [{ inputUsdPerMillion: "0", outputUsdPerMillion: "0" }, "$0.00 in, $0.00 out"],
    [{ inputUsdPerMillion: "1.25", outputUsdPerMillion: "10" }, "$1.25 in, $10.00 out"],
    [{ inputUsdPerMillion: "1.25" }, "$1.25 in, unknown out"],
  ])("%j is %s", (prices, words) => {
    expect(priceWords(prices)).toBe(words);
  });

  it("says who says so, and when it was read", () => {
    expect(priceSourceWords("published", "2026-11-20")).toBe("published, 20 Nov 2026");
    expect(priceSourceWords("person", null)).toBe("set by you");
    expect(priceSourceWords("unknown", null)).toBe("");
  });
});

describe("what a model can do", () => {
  it.each([
    [null, "unknown"],
    [512, "512"],
    [8_192, "8.2k"],
    [128_000, "128k"],
    [1_000_000, "1M"],
    [1_048_576, "1M"],
    [2_500_000, "2.5M"],
  ])("a context of %j tokens is %s", (tokens, words) => {
    expect(contextWords(tokens)).toBe(words);
  });

  it("says how large it is", () => {
    expect(parameterWords(1_540_000_000)).toBe("1.5 billion");
    expect(parameterWords(350_000_000)).toBe("350 million");
  });

  it("tells nothing known from known to do nothing", () => {
    expect(abilityWords({})).toBeUndefined();
    expect(abilityWords({ tools: false })).toEqual([]);
    expect(abilityWords({ tools: true, images: null, fim: true })).toEqual(["tools", "fill-in"]);
  });
});

it("names the tasks, and leaves one that it doesn't know as it is", () => {
  expect(taskWords("commit_message")).toBe("Commit message");
  expect(taskWords("sing")).toBe("sing");
});
