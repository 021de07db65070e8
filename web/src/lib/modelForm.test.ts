import { describe, expect, it } from "vitest";
import { factProblems, factsOf, longPriceWords, textsOf } from "./modelForm";

const PUBLISHED = {
  inputUsdPerMillion: "1.25",
  outputUsdPerMillion: "10",
  contextTokens: 400_000,
  parameters: null,
  priceSource: "published",
};
const LEFT = {
  inputUsdPerMillion: null,
  outputUsdPerMillion: null,
  cachedInputUsdPerMillion: null,
  cacheWriteUsdPerMillion: null,
};

describe("the facts of a model", () => {
  it("leave to others what the person did not touch", () => {
    expect(factsOf(textsOf(PUBLISHED), PUBLISHED)).toEqual(LEFT);
    const texts = { ...textsOf(PUBLISHED), parameters: "1.54" };
    expect(factsOf(texts, PUBLISHED)).toEqual({ ...LEFT, parameters: 1_540_000_000 });
  });

  it("keep the person's own prices when only a size is said", () => {
    const own = { ...PUBLISHED, priceSource: "person" };
    const texts = { ...textsOf(own), context: "32,768" };
    expect(factsOf(texts, own)).toEqual({
      ...LEFT,
      inputUsdPerMillion: "1.25",
      outputUsdPerMillion: "10",
      contextTokens: 32_768,
    });
  });

  it("take a size back that is emptied", () => {
    const texts = { ...textsOf(PUBLISHED), context: " " };
    expect(factsOf(texts, PUBLISHED)).toEqual({ ...LEFT, contextTokens: null });
  });

  it("are numbers, and prices come in pairs or not at all", () => {
    const none = textsOf({ priceSource: "unknown" });
    expect(factProblems(none)).toEqual({});
    expect(factProblems({ ...none, output: "3" })).toHaveProperty("input");
    for (const text of ["0", "many", "1.5", "2000000000"]) {
      expect(factProblems({ ...none, answer: text }), text).toHaveProperty("answer");
    }
    for (const text of ["0", "-1", "7e9", "1000001"]) {
      expect(factProblems({ ...none, parameters: text }), text).toHaveProperty("parameters");
    }
    expect(factProblems({ ...none, context: "128 000", parameters: ".5" })).toEqual({});
  });

  it("keep what a long conversation costs beside prices of the person's own", () => {
    const long = { fromTokens: 200_000, inputUsdPerMillion: "2.5" };
    const own = { ...PUBLISHED, long, priceSource: "person" };
    expect(factsOf(textsOf(own), own)).toMatchObject({ inputUsdPerMillion: "1.25", long });
    expect(factsOf(textsOf({ priceSource: "person" }), own)).toEqual({
      ...LEFT,
      contextTokens: null,
    });
    expect(longPriceWords(own)).toContain("200,000 tokens are sent, they cost $2.5");
    expect(longPriceWords(PUBLISHED)).toBeUndefined();
  });
});
