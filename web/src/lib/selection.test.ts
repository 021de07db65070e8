import { expect, it } from "vitest";
import { placeLabel, type SelectedLines, withRestored, withSelection } from "./selection";

const selection = (path: string, first: number, last: number, versionId = "v"): SelectedLines => ({
  path,
  versionId,
  lines: { first, last },
});

it("names a place by its path and lines", () => {
  expect(placeLabel("src/a.py", { first: 12, last: 30 })).toBe("src/a.py:12–30");
  expect(placeLabel("src/a.py", { first: 12, last: 12 })).toBe("src/a.py:12");
  expect(placeLabel("src/a.py", null)).toBe("src/a.py");
});

it("keeps each selection once, and of a file those of one version", () => {
  const [a, b, other] = [selection("a", 1, 2), selection("a", 5, 6), selection("b", 1, 2)];
  expect(withSelection([a, b], a)).toEqual([b, a]);
  expect(withSelection([a, other], b)).toEqual([a, other, b]);
  const newer = selection("a", 1, 2, "w");
  expect(withSelection([a, b, other], newer)).toEqual([other, newer]);
});

it("gives back what was not sent, but nothing in place of a newer version", () => {
  const [old, other] = [selection("a", 1, 2), selection("b", 1, 2)];
  const newer = selection("a", 3, 4, "w");
  expect(withRestored([], [old, other])).toEqual([old, other]);
  expect(withRestored([newer], [old, other])).toEqual([newer, other]);
  expect(withRestored([selection("a", 5, 6)], [old])).toEqual([selection("a", 5, 6), old]);
});
