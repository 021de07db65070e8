import { describe, expect, it } from "vitest";
import { rangeOf, usagePeriod } from "./usagePeriod";

describe("the time of a usage", () => {
  it("is a month of UTC, also around the new year", () => {
    const now = Date.parse("2027-01-01T00:30:00Z");
    expect(rangeOf("month", now)).toEqual({ from: "2027-01-01T00:00:00.000Z" });
    expect(rangeOf("last", now)).toEqual({
      from: "2026-12-01T00:00:00.000Z",
      to: "2027-01-01T00:00:00.000Z",
    });
    expect(rangeOf("all", now)).toEqual({});
  });

  it("is this month when an address says nothing that is known", () => {
    expect(["last", "all", "week", undefined].map(usagePeriod)).toEqual([
      "last",
      "all",
      "month",
      "month",
    ]);
  });
});
