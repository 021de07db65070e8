import { describe, expect, it } from "vitest";
import { readRequestRules, requestTexts } from "./requestRules";

describe("the rules of requests", () => {
  it("come back as they were written", () => {
    const rules = { secrets: "refuse" as const, keepDays: 0, keepMb: null };
    expect(requestTexts(rules)).toEqual({ secrets: "refuse", keepDays: "0", keepMb: "" });
    expect(readRequestRules(requestTexts(rules))).toEqual({ rules });
  });

  it("replace secrets when nobody says", () => {
    expect(requestTexts(undefined)).toEqual({ secrets: "replace", keepDays: "", keepMb: "" });
  });

  it.each(["-1", "1.5", "x", "3651"])("refuse %j days", (keepDays) => {
    expect(readRequestRules({ secrets: "replace", keepDays, keepMb: "" })).toHaveProperty(
      "problems.keepDays",
    );
  });
});
