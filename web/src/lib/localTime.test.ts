import { describe, expect, it } from "vitest";
import { moment, withLocalTimes } from "./localTime";

const NOW = Date.parse("2026-11-30T18:30:00Z");

describe("a time where the person is", () => {
  it.each([
    ["2026-11-30T19:05:00Z", "UTC", "today at 19:05"],
    ["2026-12-01T00:00:00Z", "UTC", "tomorrow at 00:00"],
    ["2026-12-01T00:00:00Z", "America/New_York", "today at 19:00"],
    ["2026-12-01T00:00:00Z", "Asia/Kolkata", "today at 05:30"],
    ["2026-11-29T23:59:59.123456Z", "UTC", "yesterday at 23:59"],
    ["2027-01-01T00:00:00Z", "Europe/Berlin", "on 1 Jan 2027 at 01:00"],
    ["soon", "UTC", "soon"],
  ])("%s in %s", (time, zone, words) => {
    expect(moment(time, NOW, zone)).toBe(words);
  });

  it("stands in a text of the server in the place of its stamp", () => {
    const hint = "Wait until it begins anew at 2026-12-01T00:00:00Z, or raise it.";
    expect(withLocalTimes(hint, NOW, "Europe/Berlin")).toBe(
      "Wait until it begins anew tomorrow at 01:00, or raise it.",
    );
    expect(withLocalTimes("no time: 2026-12-01", NOW)).toBe("no time: 2026-12-01");
  });
});
