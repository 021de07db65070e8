import { describe, expect, it } from "vitest";
import { parseGrant, remaining, untilOf } from "./grantForm";

describe("a host to allow", () => {
  it.each([
    ["pypi.org", "pypi.org"],
    ["  PyPI.org ", "pypi.org"],
    ["*.npmjs.org", "*.npmjs.org"],
    ["db.example.org:5432", "db.example.org:5432"],
    ["https://user@files.example.org:8443/a/b?c", "files.example.org:8443"],
    ["https://pypi.org/simple/", "pypi.org"],
    ["10.0.0.7", "10.0.0.7"],
    ["localhost", "localhost"],
    ["bücher.example", "bücher.example"],
  ])("%j is %s", (text, resource) => {
    expect(parseGrant(text)).toEqual({ resource });
  });

  it.each([
    ["", /Write a host/],
    ["example.org:0", /port/],
    ["example.org:99999", /port/],
    ["example.org:", /port/],
    ["two words", /not the name/],
    ["-dash.org", /not the name/],
    ["a..b", /not the name/],
    ["pypi.*", /only at the front/],
    ["*.org", /top-level/],
    ["*", /only at the front/],
    [`${"a".repeat(64)}.org`, /not the name/],
  ])("%j is refused", (text, problem) => {
    expect(parseGrant(text)).toEqual({ problem: expect.stringMatching(problem) });
  });
});

describe("how long it is allowed", () => {
  const now = Date.parse("2026-11-21T08:00:00Z");

  it("is a time, or for ever", () => {
    expect(untilOf("always", now)).toBeUndefined();
    expect(untilOf("hour", now)).toBe("2026-11-21T09:00:00.000Z");
    expect(untilOf("week", now)).toBe("2026-11-28T08:00:00.000Z");
  });

  it.each([
    ["2026-11-21T08:20:00Z", "20 min left"],
    ["2026-11-21T11:00:00Z", "3 h left"],
    ["2026-11-28T08:00:00Z", "7 days left"],
    ["2026-11-21T07:59:00Z", "over"],
    ["nonsense", ""],
  ])("%s is told as %j", (until, words) => {
    expect(remaining(until, now)).toBe(words);
  });
});
