import { describe, expect, it } from "vitest";
import { byWhom, choicesOf, undecidedIn } from "./conflict";

describe("choicesOf", () => {
  it("offers mine, theirs and the merge", () => {
    const stale = { versionId: "v2", content: "theirs", base: "base", merged: "both", clean: true };
    expect(choicesOf("mine", stale)).toEqual({ mine: "mine", theirs: "theirs", merged: "both" });
  });

  it("offers mine alone when the file was deleted", () => {
    const stale = { versionId: null, content: null, base: null, merged: "x", clean: false };
    expect(choicesOf("mine", stale)).toEqual({
      mine: "mine",
      theirs: undefined,
      merged: undefined,
    });
  });
});

describe("undecidedIn", () => {
  it("counts the places that still have markers", () => {
    const place = "<<<<<<< yours\na\n=======\nb\n>>>>>>> theirs\n";
    expect([undecidedIn("a\n"), undecidedIn(place), undecidedIn(place + place)]).toEqual([0, 1, 2]);
  });
});

describe("byWhom", () => {
  it.each([
    ["assistant", "by the assistant"],
    [undefined, "elsewhere"],
  ] as const)("of %s", (author, words) => {
    expect(byWhom(author)).toBe(words);
  });
});
