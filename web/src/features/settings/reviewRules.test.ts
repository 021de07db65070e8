import { describe, expect, it } from "vitest";
import { settingsOf, textsOf } from "./reviewRules";

describe("the rules of reviews", () => {
  const limits = {};
  it("come back as they were written", () => {
    const settings = {
      limits,
      lockedPaths: ["keys/", "*.lock"],
      checks: [{ name: "Tests", argv: ["sh", "-c", "npm test"] }],
      destructive: { deletedFiles: 3, lostPercent: null, totalLines: 100 },
    };
    expect(settingsOf(textsOf(settings))).toEqual({
      lockedPaths: settings.lockedPaths,
      checks: settings.checks,
      destructive: settings.destructive,
    });
  });

  it("show a command that is no line for the shell as one", () => {
    const texts = textsOf({ limits, checks: [{ name: "x", argv: ["echo", "it's", "a b"] }] });
    expect(texts.checks[0]?.line).toBe("echo 'it'\\''s' 'a b'");
  });

  it("leave out what is empty, and name a check after its command", () => {
    const texts = { ...textsOf(undefined), lockedPaths: "\n a \n\n" };
    const checks = [
      { id: 0, name: "", line: " make " },
      { id: 1, name: "", line: "" },
    ];
    const read = settingsOf({ ...texts, checks, deletedFiles: "x", totalLines: "-1" });
    expect(read.lockedPaths).toEqual(["a"]);
    expect(read.checks).toEqual([{ name: "make", argv: ["sh", "-c", "make"] }]);
    expect(read.destructive).toEqual({ deletedFiles: null, lostPercent: null, totalLines: null });
  });
});
