import { describe, expect, it } from "vitest";
import { ago, bytes, costWords, count, day, dollars, duration, plural, sentence } from "./format";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("ago", () => {
  it.each([
    ["2026-11-21T11:59:30Z", "just now"],
    ["2026-11-21T11:59:10Z", "1 minute ago"],
    ["2026-11-21T11:58:30Z", "1 minute ago"],
    ["2026-11-21T11:15:00Z", "45 minutes ago"],
    ["2026-11-21T09:00:00Z", "3 hours ago"],
    ["2026-11-20T06:00:00Z", "yesterday"],
    ["2026-11-12T12:00:00Z", "last week"],
    ["2026-09-01T12:00:00Z", "1 Sept 2026"],
    ["2026-11-21T12:00:10Z", "just now"],
    ["not a time", ""],
  ])("%s is %j", (time, text) => {
    expect(ago(time, NOW)).toBe(text);
  });
});

describe("numbers", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [500 * 1024 * 1024, "500 MiB"],
    [3 * 1024 ** 4, "3072 GiB"],
  ])("%i bytes are %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [1400, "1.4 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 0 s"],
    [125_000, "2 min 5 s"],
    [3_900_000, "1 h 5 min"],
    [86_400_000, "24 h"],
  ])("%d ms are %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    ["0", "$0.00"],
    ["1.236", "$1.24"],
    ["0.0031", "$0.0031"],
    ["0.05", "$0.05"],
    ["0.00001", "< $0.0001"],
    ["1234.5", "$1,234.50"],
    ["unknown", "unknown"],
  ])("%s dollars are %s", (decimal, text) => {
    expect(dollars(decimal)).toBe(text);
  });

  it.each([
    ["1.236", 0, "$1.24"],
    ["0", 0, "$0.00"],
    ["1.236", 2, "≥ $1.24"],
    [null, 2, "unknown"],
    [undefined, 0, "unknown"],
  ])("a cost of %s with %i uses unpriced is %s", (cost, unpriced, text) => {
    expect(costWords(cost, unpriced)).toBe(text);
  });

  it("groups digits and tells one from many", () => {
    expect(count(1_234_567)).toBe("1,234,567");
    expect(plural(1, "file")).toBe("1 file");
    expect(plural(2, "file")).toBe("2 files");
    expect(plural(0, "use has", "uses have")).toBe("0 uses have");
  });

  it("counts days in UTC", () => {
    expect(day("2026-11-21")).toBe("21 Nov 2026");
    expect(day("2026-11-21T23:59:59Z")).toBe("21 Nov 2026");
    expect(day("nonsense")).toBe("");
  });
});

it.each([
  ["could not connect: nothing listens there", "Could not connect: nothing listens there."],
  ["src/a.py has no line 12", "src/a.py has no line 12."],
  ["`127.0.0.1` is not a public address.", "`127.0.0.1` is not a public address."],
  ["set-user-id programs gain nothing", "Set-user-id programs gain nothing."],
  ["", ""],
])("makes a sentence of %j", (text, expected) => {
  expect(sentence(text)).toBe(expected);
});
