import { describe, expect, it } from "vitest";
import { bestMatches } from "./pathMatch";

const paths = ["src/main.py", "main/readme.md", "src/domain.py", "test/m_a_i_n.txt", "x.txt"];

describe("bestMatches", () => {
  it("puts names before folders and whole words before scattered letters", () => {
    expect(bestMatches(paths, "Main", 10)).toEqual([
      "src/main.py",
      "src/domain.py",
      "main/readme.md",
      "test/m_a_i_n.txt",
    ]);
  });

  it("gives the first ones for nothing, and no more than asked for", () => {
    expect(bestMatches(paths, "  ", 2)).toEqual(paths.slice(0, 2));
    expect(bestMatches(paths, "zzz", 2)).toEqual([]);
  });
});
