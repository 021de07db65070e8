import { describe, expect, it } from "vitest";
import { borderStep, moveBorder, parseShares } from "./split";

describe("moving a border", () => {
  const sizes = [200, 500, 300];
  const leasts = [100, 150, 250];

  it.each([
    [0, 50, [250, 450, 300]],
    [0, -50, [150, 550, 300]],
    [0, -500, [100, 600, 300]],
    [0, 9_999, [550, 150, 300]],
    [1, 9_999, [200, 550, 250]],
    [1, -9_999, [200, 150, 650]],
    [1, 0, sizes],
  ])("border %i by %i gives %j", (index, delta, expected) => {
    expect(moveBorder(sizes, leasts, index, delta)).toEqual(expected);
  });

  it("never moves the wrong way where a pane is below its least already", () => {
    expect(moveBorder([50, 100], [100, 150], 0, -10)).toEqual([50, 100]);
    expect(moveBorder([50, 100], [100, 150], 0, 10)).toEqual([50, 100]);
  });

  it("keeps the length as it was", () => {
    for (let delta = -700; delta <= 700; delta += 35) {
      const sum = moveBorder(sizes, leasts, 0, delta).reduce((a, b) => a + b);
      expect(sum).toBe(1000);
    }
  });
});

it.each([
  ["ArrowLeft", true, false, -16],
  ["ArrowRight", true, true, 80],
  ["ArrowUp", true, false, undefined],
  ["ArrowDown", false, false, 16],
  ["ArrowLeft", false, false, undefined],
  ["Home", false, false, -Number.MAX_SAFE_INTEGER],
  ["End", true, false, Number.MAX_SAFE_INTEGER],
  ["a", true, false, undefined],
])("%s (side by side %s, large %s) is a step of %s", (key, isWide, isLarge, step) => {
  expect(borderStep(key, isWide, isLarge)).toBe(step);
});

it.each([
  [undefined, {}],
  ["x", {}],
  [{ left: 30, right: "70", middle: -1, more: Number.NaN }, { left: 30 }],
])("reads kept shares %j", (raw, expected) => {
  expect(parseShares(raw)).toEqual(expected);
});
