import { describe, expect, it } from "vitest";
import { secretProblems } from "./secretForm";

describe("a secret as it is written", () => {
  it.each(["DB_PASSWORD", "_x", "stripe.key-2"])("may be called %s", (name) => {
    expect(secretProblems(name, "long enough")).toEqual({});
  });

  it.each(["", "2nd", "a b", "é", "a".repeat(65)])("may not be called %j", (name) => {
    expect(secretProblems(name, "long enough")).toHaveProperty("name");
  });

  it("has a value that can be found again, and is no file", () => {
    expect(secretProblems("A", "1234567")).toHaveProperty("value");
    expect(secretProblems("A", "12345678")).toEqual({});
    expect(secretProblems("A", "x".repeat(65_537))).toEqual({ value: "At most 64 KiB." });
  });
});
