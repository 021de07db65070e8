import { describe, expect, it } from "vitest";
import { labelsOf } from "./tabLabels";

describe("labelsOf", () => {
  it.each([
    [
      ["a/x.ts", "b/y.ts"],
      ["x.ts", "y.ts"],
    ],
    [
      ["a/x.ts", "b/x.ts"],
      ["x.ts a", "x.ts b"],
    ],
    [
      ["one/a/x.ts", "two/a/x.ts", "y.ts"],
      ["x.ts one/a", "x.ts two/a", "y.ts"],
    ],
    [
      ["x.ts", "a/x.ts"],
      ["x.ts ./", "x.ts a"],
    ],
  ])("of %j", (paths, labels) => {
    const shown = labelsOf(paths).map(({ name, folder }) =>
      [name, folder].filter(Boolean).join(" "),
    );
    expect(shown).toEqual(labels);
  });
});
